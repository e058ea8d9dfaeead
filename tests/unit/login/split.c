/* SPDX-License-Identifier: Apache-2.0 */
/* Texts that span PDUs, in both directions, and texts that are none (RFC 7143 6.1, 6.2, 11.12.2, 11.13.7). */
#include "peer.h"

#include <stdio.h>
#include <stdlib.h>

static void send_part(struct login *l, const char *text)
{
    struct pdu_login_response r = peer_response(OPERATIONAL, STAY);
    r.more = true;
    peer_send(l, &r, text);
}

Test(split, target_text_in_two_parts)
{
    struct login_options o = peer_options();
    struct login *l = peer_to_operational(&o);
    const char *half = strstr(ANSWERS, "rstLength");
    char first[512];
    snprintf(first, sizeof first, "%.*s", (int)(half - ANSWERS), ANSWERS);
    send_part(l, first);
    peer_expect(l, OPERATIONAL, FULL, ""); /* 6.2: no text while the target's is incomplete */
    peer_answer(l, OPERATIONAL, FULL, half);
    cr_assert_eq(login_result(l)->first_burst, 262144);
    peer_done(l);
}

Test(split, target_text_in_many_parts)
{
    struct login_options o = peer_options();
    struct login *l = peer_to_operational(&o);
    const char *text = ANSWERS;
    size_t n = strlen(text), at = 0;
    for (; at + 20 < n; at += 20) {
        char part[21];
        snprintf(part, sizeof part, "%.20s", text + at);
        send_part(l, part);
        peer_expect(l, OPERATIONAL, FULL, "");
    }
    peer_answer(l, OPERATIONAL, STAY, text + at);
    peer_expect(l, OPERATIONAL, FULL, "");
    peer_answer(l, OPERATIONAL, FULL, "");
    peer_done(l);
}

Test(split, each_part_is_acknowledged)
{
    struct login_options o = peer_options();
    struct login *l = peer_to_operational(&o);
    struct pdu_login_response r = peer_response(OPERATIONAL, STAY);
    r.more = true;
    peer_send(l, &r, "HeaderDigest=No");
    cr_assert_eq(peer_skip(l).expstatsn, r.statsn + 1);
    login_free(l);
}

/* 11.13.7 */
Test(split, incomplete_text_that_ends_the_stage_refused)
{
    struct login_options o = peer_options();
    struct login *l = peer_to_operational(&o);
    struct pdu_login_response r = peer_response(OPERATIONAL, FULL);
    r.more = true;
    peer_send(l, &r, ANSWERS);
    peer_failed(l, LUN_PROTOCOL, "malformed response");
}

Test(split, more_than_64_kib_of_text_refused)
{
    struct login_options o = peer_options();
    struct login *l = peer_to_operational(&o);
    char *part = malloc(8193);
    memset(part, 'a', 8192);
    memcpy(part, "X=", 2);
    part[8192] = 0;
    for (int i = 0; i < 8; i++) {
        send_part(l, part);
        peer_expect(l, OPERATIONAL, FULL, "");
    }
    send_part(l, "b");
    free(part);
    peer_failed(l, LUN_PROTOCOL, "more than 65536 bytes");
}

/* 6.3: the default MaxRecvDataSegmentLength holds during login. */
Test(split, segment_above_8192_bytes_refused)
{
    struct login_options o = peer_options();
    struct login *l = peer_to_operational(&o);
    char *part = malloc(8194);
    memset(part, 'a', 8193);
    part[8193] = 0;
    send_part(l, part);
    free(part);
    peer_failed(l, LUN_PROTOCOL, "more than 8192 bytes");
}

Test(split, parts_without_end_are_ended)
{
    struct login_options o = peer_options();
    struct login *l = peer_to_operational(&o);
    for (int i = 0; i < 1000 && login_phase(l) == LOGIN_RUNNING; i++) {
        send_part(l, "");
        if (login_phase(l) == LOGIN_RUNNING)
            peer_skip(l);
    }
    peer_failed(l, LUN_PROTOCOL, "no end after 64 requests");
}

/* Unknown keys whose answers make more than 8192 bytes: "Key000=NotUnderstood" and a NUL are 21. */
static struct login *with_long_answer(int keys)
{
    struct login_options o = peer_options();
    struct login *l = peer_to_operational(&o);
    char *text = malloc(8192);
    size_t n = 0;
    for (int i = 0; i < keys; i++)
        n += (size_t)sprintf(text + n, "Key%03d=\n", i);
    peer_answer(l, OPERATIONAL, STAY, text);
    free(text);
    return l;
}

static struct pdu_login_request take(struct login *l, uint32_t *ret_length)
{
    uint8_t bhs[PDU_BHS];
    const uint8_t *data;
    struct pdu_login_request r;
    cr_assert(login_next(l, bhs, &data, ret_length));
    cr_assert(pdu_get_login_request(bhs, &r));
    return r;
}

Test(split, our_text_in_two_parts)
{
    struct login *l = with_long_answer(500);
    uint32_t n;
    struct pdu_login_request r = take(l, &n);
    cr_assert_eq(n, 8192);
    cr_assert(r.more && !r.transit);
    peer_answer(l, OPERATIONAL, STAY, "");
    r = take(l, &n);
    cr_assert_eq(n, 500 * 21 - 8192);
    cr_assert(r.transit && !r.more);
    cr_assert_eq(r.nsg, FULL);
    peer_answer(l, OPERATIONAL, FULL, ANSWERS);
    peer_done(l);
}

Test(split, our_text_of_exactly_one_segment_is_not_split)
{
    struct login_options o = peer_options();
    struct login *l = peer_to_operational(&o);
    char text[2 * 4096];
    size_t n = 0;
    for (int i = 0; i < 390; i++) /* 390 answers of 21 bytes are 8190: two bytes more make 8192 */
        n += (size_t)sprintf(text + n, "Key%03d%s=\n", i, i ? "" : "xx");
    peer_answer(l, OPERATIONAL, STAY, text);
    uint32_t length;
    struct pdu_login_request r = take(l, &length);
    cr_assert_eq(length, 8192);
    cr_assert(r.transit && !r.more);
    login_free(l);
}

/* 6.2: a target must answer an incomplete text with no text. */
Test(split, target_text_before_ours_is_complete_refused)
{
    struct login *l = with_long_answer(500);
    uint32_t n;
    take(l, &n);
    peer_answer(l, OPERATIONAL, STAY, "TargetAlias=x\n");
    peer_failed(l, LUN_PROTOCOL, "before ours is complete");
}

/* `count` unknown keys of `length` bytes, in segments of 8192 bytes at most. */
static struct login *with_unknown(int count, int length)
{
    struct login_options o = peer_options();
    struct login *l = peer_to_operational(&o);
    char part[8193];
    size_t n = 0;
    for (int i = 0; i < count && login_phase(l) == LOGIN_RUNNING; i++) {
        n += (size_t)sprintf(part + n, "K%0*d=b\n", length - 1, i);
        if (n + (size_t)length + 4 < sizeof part)
            continue;
        send_part(l, part);
        peer_skip(l);
        n = 0;
    }
    part[n] = 0;
    peer_answer(l, OPERATIONAL, STAY, part);
    return l;
}

Test(split, more_keys_than_can_be_answered_refused)
{
    /* 900 answers of 60 + 15 bytes: more than 64 KiB */
    peer_failed(with_unknown(900, 60), LUN_PROTOCOL, "more keys than can be answered");
}

Test(split, more_unknown_keys_than_any_target_has_refused)
{
    peer_failed(with_unknown(1025, 5), LUN_PROTOCOL, "more than 1024 keys");
}

/* 6.3: unknown or not, in one text or over two. */
Test(split, unknown_key_twice_refused)
{
    struct login_options o = peer_options();
    struct login *l = peer_to_operational(&o);
    peer_answer(l, OPERATIONAL, STAY, "A=b\nB=c\nA=b\n");
    peer_failed(l, LUN_PROTOCOL, "A a second time");
    l = peer_to_operational(&o);
    peer_answer(l, OPERATIONAL, STAY, "A=b\n");
    peer_expect(l, OPERATIONAL, FULL, "A=NotUnderstood\n");
    peer_answer(l, OPERATIONAL, STAY, "A=b\n");
    peer_failed(l, LUN_PROTOCOL, "A a second time");
}

/* ---- Texts that are none ---- */

static void malformed(const char *text, const char *why)
{
    struct login_options o = peer_options();
    struct login *l = peer_login(&o);
    peer_skip(l);
    peer_answer(l, SECURITY, STAY, text);
    peer_failed(l, LUN_PROTOCOL, why);
}

Test(split, texts_that_are_no_pairs_refused)
{
    malformed("AuthMethod=None", "login: text of the target");
    malformed("AuthMethod\n", "login: text of the target");
    malformed("=None\n", "login: text of the target");
    malformed("Auth\x01Method=None\n", "login: text of the target");
}

Test(split, value_of_more_than_8192_bytes_refused)
{
    struct login_options o = peer_options();
    struct login *l = peer_to_operational(&o);
    char part[8193] = "TargetAlias=";
    memset(part + 12, 'a', 8180);
    part[8192] = 0;
    send_part(l, part);
    peer_skip(l);
    peer_answer(l, OPERATIONAL, STAY, "aaaaaaaaaaaaaaaa\n");
    peer_failed(l, LUN_PROTOCOL, "login: text of the target");
}

Test(split, stray_nuls_are_padding)
{
    struct login_options o = peer_options();
    struct login *l = peer_login(&o);
    peer_skip(l);
    peer_answer(l, SECURITY, OPERATIONAL, "\n\nAuthMethod=None\n\n\n");
    peer_expect(l, OPERATIONAL, FULL, OFFERS);
    login_free(l);
}
