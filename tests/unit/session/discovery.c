/* SPDX-License-Identifier: Apache-2.0 */
/* SendTargets (RFC 7143 4.3, 11.10, 11.11, Appendix C): the exchange, split answers, hostile text. */
#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

#include "session/discovery.h"

static struct {
    struct discovery *d;
    struct lun_error e;
    struct pdu_out out;
    uint32_t statsn, maxcmdsn;
    struct lun_found *found;
} t;

static void start(void)
{
    static const struct login_result n = {.cmdsn = 3, .expcmdsn = 3, .maxcmdsn = 20, .expstatsn = 70};
    t.statsn = n.expstatsn;
    t.maxcmdsn = n.maxcmdsn;
    t.d = discovery_new(&n, 0);
    cr_assert_not_null(t.d);
}

static void end(void)
{
    lun_found_free(t.found);
    discovery_free(t.d);
}

TestSuite(discovery, .init = start, .fini = end);

static struct pdu_text_request request(void)
{
    struct pdu_text_request p;
    cr_assert(discovery_next(t.d, &t.out), "nothing to send");
    cr_assert(pdu_get_text_request(t.out.bhs, &p), "a %s was sent", pdu_name(pdu_opcode(t.out.bhs)));
    return p;
}

static bool receive(uint8_t *bhs, const void *data, size_t n)
{
    pdu_set_lengths(bhs, 0, (uint32_t)n);
    struct pdu_in in = {.bhs = bhs, .data = data, .data_length = (uint32_t)n};
    return discovery_receive(t.d, &in, &t.e);
}

static bool response(struct pdu_text_response p, const void *data, size_t n)
{
    uint8_t bhs[PDU_BHS];
    p.statsn = t.statsn++;
    p.expcmdsn = 3;
    p.maxcmdsn = t.maxcmdsn;
    pdu_put_text_response(bhs, &p);
    return receive(bhs, data, n);
}

/* The whole answer in one segment. */
static bool answer(const void *text, size_t n)
{
    uint32_t itt = request().itt;
    return response((struct pdu_text_response){.final = true, .itt = itt, .ttt = PDU_TAG_NONE}, text, n);
}

static void result(void)
{
    t.found = discovery_result(t.d, "192.0.2.1:3260", &t.e);
}

/* The answer is taken but makes no sense: with these words. */
static void no_result(const char *text, size_t n, const char *words)
{
    cr_assert(answer(text, n), "%s", t.e.text);
    result();
    cr_assert_null(t.found);
    cr_assert(strstr(t.e.text, words), "%s", t.e.text);
}

#define TEXT(s) s, sizeof s /* its last NUL is part of it */

static const char two[] = "TargetName=iqn.2026-01.com.example:a\0"
                          "TargetAddress=192.0.2.10:3260,1\0"
                          "TargetAddress=[fd00::5]:3261,2\0"
                          "TargetName=iqn.2026-01.com.example:b";

static void two_found(void)
{
    result();
    cr_assert_not_null(t.found, "%s", t.e.text);
    cr_assert_eq(t.found->count, 2);
    const struct lun_found_target *a = &t.found->targets[0], *b = &t.found->targets[1];
    cr_assert_str_eq(a->iqn, "iqn.2026-01.com.example:a");
    cr_assert_eq(a->portal_count, 2);
    cr_assert_str_eq(a->portals[0].address, "192.0.2.10:3260");
    cr_assert_eq(a->portals[0].portal_group, 1);
    cr_assert_str_eq(a->portals[1].address, "[fd00::5]:3261");
    cr_assert_eq(a->portals[1].portal_group, 2);
    cr_assert_str_eq(b->iqn, "iqn.2026-01.com.example:b");
    cr_assert_eq(b->portal_count, 1);
    cr_assert_str_eq(b->portals[0].address, "192.0.2.1:3260");
    cr_assert_eq(b->portals[0].portal_group, -1);
}

Test(discovery, asks_for_all)
{
    struct pdu_text_request p = request();
    cr_assert(p.final && !p.more);
    cr_assert_eq(p.ttt, PDU_TAG_NONE);
    cr_assert_eq(p.cmdsn, 3);
    cr_assert_eq(p.expstatsn, 70);
    cr_assert_eq(t.out.data_length, 16);
    cr_assert_arr_eq(t.out.data, "SendTargets=All", 16);
    cr_assert_not(discovery_next(t.d, &t.out));
}

Test(discovery, two_targets)
{
    cr_assert(answer(TEXT(two)), "%s", t.e.text);
    cr_assert_eq(discovery_phase(t.d), DISCOVERY_LEAVING);
    two_found();
}

Test(discovery, no_targets)
{
    cr_assert(answer("", 0));
    result();
    cr_assert_not_null(t.found);
    cr_assert_eq(t.found->count, 0);
}

Test(discovery, logs_out_and_is_done)
{
    struct pdu_logout_request p;
    uint8_t bhs[PDU_BHS];
    cr_assert(answer(TEXT(two)));
    cr_assert(discovery_next(t.d, &t.out));
    cr_assert(pdu_get_logout_request(t.out.bhs, &p));
    cr_assert(p.immediate);
    cr_assert_eq(p.expstatsn, 71);
    cr_assert_not(discovery_next(t.d, &t.out));
    pdu_put_logout_response(bhs, &(struct pdu_logout_response){.itt = p.itt, .statsn = 71});
    cr_assert(receive(bhs, NULL, 0));
    cr_assert_eq(discovery_phase(t.d), DISCOVERY_DONE);
    two_found();
}

/* 11.11: while F is 0 the initiator goes on asking with the tag it was given. */
Test(discovery, an_answer_in_two_sequences)
{
    uint32_t itt = request().itt;
    cr_assert(response((struct pdu_text_response){.itt = itt, .ttt = 0x77, .lun = 5}, two, 50));
    cr_assert_eq(discovery_phase(t.d), DISCOVERY_RUNNING);
    struct pdu_text_request p = request();
    cr_assert_eq(p.itt, itt);
    cr_assert_eq(p.ttt, 0x77);
    cr_assert_eq(p.lun, 5);
    cr_assert_eq(p.cmdsn, 4);
    cr_assert_eq(p.expstatsn, 71);
    cr_assert_eq(t.out.data_length, 0);
    cr_assert(response((struct pdu_text_response){.final = true, .itt = itt, .ttt = PDU_TAG_NONE}, two + 50,
                       sizeof two - 50));
    two_found();
}

/* Wherever the text is cut, with the C bit, in the middle of a key or a value. */
Test(discovery, every_cut)
{
    end();
    for (size_t cut = 1; cut < sizeof two; cut++) {
        start();
        t.found = NULL;
        uint32_t itt = request().itt;
        cr_assert(response((struct pdu_text_response){.more = true, .itt = itt, .ttt = 9}, two, cut), "%s",
                  t.e.text);
        request();
        cr_assert(response((struct pdu_text_response){.final = true, .itt = itt, .ttt = PDU_TAG_NONE},
                           two + cut, sizeof two - cut));
        two_found();
        end();
    }
    t.found = NULL;
    start();
}

Test(discovery, a_byte_at_a_time)
{
    t.maxcmdsn = 1000;
    for (size_t i = 0; i < sizeof two; i++) {
        bool final = i + 1 == sizeof two;
        uint32_t itt = request().itt;
        cr_assert(response(
                      (struct pdu_text_response){
                          .final = final, .more = !final, .itt = itt, .ttt = final ? PDU_TAG_NONE : 1},
                      two + i, 1),
                  "%s", t.e.text);
    }
    two_found();
}

Test(discovery, keys_of_no_interest_are_passed_over)
{
    static const char text[] = "TargetName=iqn.2026-01.com.example:a\0"
                               "TargetAlias=a disk\0"
                               "X-com.example.colour=blue\0"
                               "TargetAddress=192.0.2.10:3260,1";
    cr_assert(answer(TEXT(text)));
    result();
    cr_assert_not_null(t.found, "%s", t.e.text);
    cr_assert_eq(t.found->targets[0].portal_count, 1);
}

Test(discovery, waits_for_the_window)
{
    uint32_t itt = request().itt;
    t.maxcmdsn = 3;
    discovery_free(t.d);
    static const struct login_result shut = {.cmdsn = 3, .expcmdsn = 3, .maxcmdsn = 2, .expstatsn = 70};
    t.d = discovery_new(&shut, 0);
    cr_assert_not(discovery_next(t.d, &t.out));
    uint8_t bhs[PDU_BHS];
    pdu_put_nop_in(bhs,
                   &(struct pdu_nop_in){
                       .itt = PDU_TAG_NONE, .ttt = PDU_TAG_NONE, .statsn = 70, .expcmdsn = 3, .maxcmdsn = 3});
    cr_assert(receive(bhs, NULL, 0));
    cr_assert_eq(request().itt, itt);
}

/* A record for each address makes one target all the same, in the place of its first record. */
Test(discovery, a_target_named_again)
{
    cr_assert(answer(TEXT("TargetName=iqn.2026-01.com.example:b\0"
                          "TargetAddress=192.0.2.10:3260,1\0"
                          "TargetName=iqn.2026-01.com.example:a\0"
                          "TargetName=iqn.2026-01.com.example:B\0"
                          "TargetAddress=192.0.2.11:3260,2")),
              "%s", t.e.text);
    result();
    cr_assert_eq(t.found->count, 2);
    cr_assert_str_eq(t.found->targets[0].iqn, "iqn.2026-01.com.example:b");
    cr_assert_eq(t.found->targets[0].portal_count, 2);
    cr_assert_str_eq(t.found->targets[0].portals[1].address, "192.0.2.11:3260");
    cr_assert_eq(t.found->targets[0].portals[1].portal_group, 2);
    cr_assert_str_eq(t.found->targets[1].iqn, "iqn.2026-01.com.example:a");
    cr_assert_eq(t.found->targets[1].portal_count, 1);
}

/* fe80::2 is of use only on a link, and that is the one on which we asked; other addresses have none. */
Test(discovery, link_local_addresses_get_our_scope)
{
    cr_assert(answer(TEXT("TargetName=iqn.2026-01.com.example:a\0"
                          "TargetAddress=[fe80::2]:3261,1\0"
                          "TargetAddress=[fe80::3],1\0"
                          "TargetAddress=[fd00::5]:3260,1")),
              "%s", t.e.text);
    t.found = discovery_result(t.d, "[fe80::1%eth0]:3260", &t.e);
    cr_assert_not_null(t.found, "%s", t.e.text);
    const struct lun_found_portal *p = t.found->targets[0].portals;
    cr_assert_str_eq(p[0].address, "[fe80::2%eth0]:3261");
    cr_assert_eq(p[0].portal_group, 1);
    cr_assert_str_eq(p[1].address, "[fe80::3%eth0]:3260");
    cr_assert_str_eq(p[2].address, "[fd00::5]:3260");
}

Test(discovery, link_local_addresses_without_a_scope_of_ours)
{
    cr_assert(answer(TEXT("TargetName=iqn.2026-01.com.example:a\0TargetAddress=[fe80::2]:3261,1")), "%s",
              t.e.text);
    result();
    cr_assert_str_eq(t.found->targets[0].portals[0].address, "[fe80::2]:3261");
}

/* ---- a target that breaks the protocol --------------------------------------------------------------- */

Test(discovery, not_final_without_a_tag)
{
    uint32_t itt = request().itt;
    cr_assert_not(response((struct pdu_text_response){.itt = itt, .ttt = PDU_TAG_NONE}, two, 20));
    cr_assert_eq(t.e.layer, LUN_PROTOCOL);
}

Test(discovery, an_answer_before_the_request)
{
    cr_assert_not(
        response((struct pdu_text_response){.final = true, .itt = 1, .ttt = PDU_TAG_NONE}, NULL, 0));
    cr_assert_eq(t.e.layer, LUN_PROTOCOL);
}

Test(discovery, an_answer_to_something_else)
{
    uint32_t itt = request().itt;
    cr_assert_not(
        response((struct pdu_text_response){.final = true, .itt = itt + 1, .ttt = PDU_TAG_NONE}, NULL, 0));
    cr_assert_eq(t.e.layer, LUN_PROTOCOL);
}

Test(discovery, a_wrong_statsn)
{
    uint32_t itt = request().itt;
    t.statsn++;
    cr_assert_not(
        response((struct pdu_text_response){.final = true, .itt = itt, .ttt = PDU_TAG_NONE}, NULL, 0));
    cr_assert(strstr(t.e.text, "StatSN 71 where 70 was due"), "%s", t.e.text);
}

Test(discovery, a_scsi_response)
{
    uint8_t bhs[PDU_BHS] = {PDU_SCSI_RESPONSE, 0x80};
    cr_assert_not(receive(bhs, NULL, 0));
    cr_assert(strstr(t.e.text, "SCSI Response (opcode 21) in a discovery session"), "%s", t.e.text);
}

Test(discovery, logged_out_unasked)
{
    uint8_t bhs[PDU_BHS];
    pdu_put_logout_response(bhs, &(struct pdu_logout_response){.itt = 2});
    cr_assert_not(receive(bhs, NULL, 0));
    cr_assert_eq(discovery_phase(t.d), DISCOVERY_RUNNING);
}

Test(discovery, an_answer_without_end)
{
    bool ok = true;
    t.maxcmdsn = 100000;
    for (int i = 0; ok && i < 10000; i++) {
        uint32_t itt = request().itt;
        ok = response((struct pdu_text_response){.itt = itt, .ttt = 1}, NULL, 0);
    }
    cr_assert_not(ok);
    cr_assert(strstr(t.e.text, "does not end"), "%s", t.e.text);
    cr_assert_not(t.e.retry);
}

Test(discovery, an_answer_too_long)
{
    static char text[65536];
    bool ok = true;
    t.maxcmdsn = 1000;
    for (int i = 0; ok && i < 100; i++) {
        uint32_t itt = request().itt;
        ok = response((struct pdu_text_response){.itt = itt, .ttt = 1}, text, sizeof text);
    }
    cr_assert_not(ok);
    cr_assert(strstr(t.e.text, "longer than 4194304 bytes"), "%s", t.e.text);
}

/* ---- text that makes no sense ------------------------------------------------------------------------ */

Test(discovery, an_address_before_any_name)
{
    no_result(TEXT("TargetAddress=192.0.2.10:3260,1"), "before any TargetName");
}

Test(discovery, no_equals_sign)
{
    no_result(TEXT("TargetName"), "answer to SendTargets");
}

Test(discovery, no_final_nul)
{
    no_result("TargetName=iqn.2026-01.com.example:a", 36, "answer to SendTargets");
}

Test(discovery, a_name_that_is_none)
{
    no_result(TEXT("TargetName=disk"), "disk");
}

Test(discovery, an_empty_name)
{
    no_result(TEXT("TargetName="), "name");
}

Test(discovery, a_name_too_long)
{
    char text[400];
    memset(text, 'a', sizeof text);
    memcpy(text, "TargetName=iqn.2026-01.com.example:", 35);
    text[sizeof text - 1] = '\0';
    no_result(text, sizeof text, "223");
}

Test(discovery, a_control_character_in_a_name)
{
    no_result(TEXT("TargetName=iqn.2026-01.com.example:\033[2J"), "");
}

static void bad_address(const char *address)
{
    char text[600];
    int n = snprintf(text, sizeof text, "TargetName=iqn.2026-01.com.example:a%cTargetAddress=%s", 0, address);
    no_result(text, (size_t)n + 1, "");
    cr_assert_neq(t.e.layer, LUN_OK);
}

Test(discovery, an_address_with_a_bad_port)
{
    bad_address("192.0.2.10:99999,1");
}

Test(discovery, an_address_with_a_bad_group)
{
    bad_address("192.0.2.10:3260,70000");
}

Test(discovery, an_address_with_a_group_that_is_no_number)
{
    bad_address("192.0.2.10:3260,x");
}

Test(discovery, an_empty_address)
{
    bad_address("");
}

Test(discovery, an_address_without_its_bracket)
{
    bad_address("[fd00::5:3260,1");
}
