/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Text data segments as a target sends them: pairs, the key table, values of each type, CHAP's binary values,
 * the answers written back, and an answer to SendTargets. The first byte chooses stage and role, the rest is
 * one whole text. RFC 7143 6.1-6.3, chapter 13, Appendix C. One thread.
 */
#include "wire/text.h"

#include <stdlib.h>

#include "fuzz.h"
#include "login/chap.h"
#include "login/collect.h"
#include "login/keys.h"
#include "login/negotiate.h"
#include "session/discovery.h"
#include "wire/name.h"

#define ANSWERS 65536

static void check_value(const char *value)
{
    uint8_t binary[CHAP_BINARY_MAX];
    size_t n = 0;
    uint32_t number;
    uint64_t large;
    char again[2 * CHAP_BINARY_MAX + 6];
    if (chap_decode(value, binary, sizeof binary, &n)) {
        uint8_t same[CHAP_BINARY_MAX];
        size_t m = 0;
        FUZZ_CHECK(n > 0 && n <= sizeof binary);
        for (int base64 = 0; base64 < 2; base64++) {
            chap_encode(binary, n, base64, again);
            FUZZ_CHECK(chap_decode(again, same, sizeof same, &m) && m == n && chap_equal(same, binary, n));
        }
    }
    keys_number(value, &large);
    for (enum key_id id = 0; id < KEY_COUNT; id++) {
        const struct key *k = keys_get(id);
        if (!keys_parse(k, value, &number))
            continue;
        FUZZ_CHECK(k->type == KEY_TEXT || (number >= k->lowest && number <= k->highest));
    }
}

/* A pair, written again, is the same bytes. */
static void check_pair(const struct text_pair *p)
{
    char key[TEXT_KEY_MAX + 1];
    uint8_t out[TEXT_KEY_MAX + TEXT_VALUE_MAX + 2];
    struct writer w = writer_over(out, sizeof out);
    FUZZ_CHECK(p->key_length > 0 && p->key_length <= TEXT_KEY_MAX && p->value_length <= TEXT_VALUE_MAX);
    memcpy(key, p->key, p->key_length);
    key[p->key_length] = '\0';
    text_put(&w, key, p->value);
    FUZZ_CHECK(!w.bad && writer_used(&w) == p->key_length + p->value_length + 2);
    FUZZ_CHECK(!memcmp(out, p->key, writer_used(&w)));
    check_value(p->value);
}

static void pairs(const uint8_t *text, size_t n)
{
    struct reader r = reader_over(text, n);
    struct text_pair p;
    const char *why = NULL;
    enum text_next next;
    while ((next = text_next(&r, &p, &why)) == TEXT_PAIR)
        check_pair(&p);
    FUZZ_CHECK(next == TEXT_END || (why && *why));
}

static void negotiate(const uint8_t *text, size_t n, uint8_t flags)
{
    static uint8_t answers[ANSWERS];
    struct login_options o = {.initiator_name = "iqn.2026-01.org.example:host7",
                              .target_name = flags & 1 ? NULL : "iqn.2026-01.com.example:disk",
                              .header_digest = flags & 2 ? LUN_DIGEST_PREFER_CRC32C : LUN_DIGEST_NONE,
                              .initial_r2t = flags & 4,
                              .immediate_data = true,
                              .max_recv = 262144,
                              .first_burst = 262144,
                              .max_burst = 1048576,
                              .max_outstanding_r2t = 8,
                              .portal_group = -1};
    struct key_values declared = {0}, got = {0};
    static struct collect_unknown unknown;
    struct collect rules = {.unknown = &unknown,
                            .declared = &declared,
                            .stage = flags & 8 ? KEY_S : KEY_O,
                            .transit = flags & 16};
    unknown.count = 0;
    struct writer w = writer_over(answers, sizeof answers);
    struct negotiation negotiation = {0};
    struct login_result result = {0};
    struct lun_error e = {0};
    FUZZ_CHECK(negotiate_start(&negotiation, &o, &e));
    if (!collect_text(&rules, text, n, &got, &w, &e)) {
        fuzz_check_error(&e);
        return;
    }
    for (enum key_id id = 0; id < KEY_COUNT; id++) {
        if (!got.of[id] || keys_get(id)->target & KEY_S)
            continue;
        if (!negotiate_take(&negotiation, id, got.of[id], &w, &e)) {
            fuzz_check_error(&e);
            return;
        }
    }
    if (!negotiate_finish(&negotiation, &result, &e)) {
        fuzz_check_error(&e);
        return;
    }
    FUZZ_CHECK(result.max_send >= 512 && result.max_send <= 0xffffff);
    FUZZ_CHECK(result.max_burst >= 512 && result.first_burst <= result.max_burst);
    FUZZ_CHECK(result.max_outstanding_r2t >= 1 && result.error_recovery_level == 0);
}

/* What SendTargets answers: targets and their portals. */
static void discover(const uint8_t *text, size_t n)
{
    struct login_result negotiated = {.cmdsn = 1, .expcmdsn = 1, .maxcmdsn = 8, .expstatsn = 1};
    struct discovery *d = discovery_new(&negotiated, 0);
    uint8_t bhs[PDU_BHS];
    struct pdu_out out;
    struct lun_error e = {0};
    FUZZ_CHECK(d && discovery_next(d, &out));
    pdu_put_text_response(
        bhs, &(struct pdu_text_response){
                 .final = true, .itt = 1, .ttt = PDU_TAG_NONE, .statsn = 1, .expcmdsn = 2, .maxcmdsn = 9});
    struct pdu_in in = {.bhs = bhs, .ahs = bhs, .data = text, .data_length = (uint32_t)n};
    FUZZ_CHECK(discovery_receive(d, &in, &e));
    struct lun_found *found = discovery_result(d, "192.0.2.1:3260", &e);
    if (!found)
        fuzz_check_error(&e);
    for (size_t i = 0; found && i < found->count; i++) {
        FUZZ_CHECK(lun_name_check(found->targets[i].iqn, &e) && found->targets[i].portal_count);
        for (size_t j = 0; j < found->targets[i].portal_count; j++)
            fuzz_touch(found->targets[i].portals[j].address, strlen(found->targets[i].portals[j].address));
    }
    lun_found_free(found);
    discovery_free(d);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    if (!n || n > 65536)
        return 0;
    uint8_t *text = fuzz_copy(data + 1, n - 1);
    pairs(text, n - 1);
    negotiate(text, n - 1, data[0]);
    discover(text, n - 1);
    free(text);
    return 0;
}
