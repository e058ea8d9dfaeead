/* SPDX-License-Identifier: Apache-2.0 */
/* Stages, headers and sequence numbers of the login phase (RFC 7143 6.3, 11.12, 11.13). */
#include "peer.h"

#include <stdio.h>

#define FIRST "InitiatorName=" INITIATOR "\nTargetName=" TARGET "\nSessionType=Normal\nAuthMethod=None\n"

Test(stages, login_without_authentication)
{
    struct login_options o = peer_options();
    struct login *l = peer_login(&o);
    peer_expect(l, SECURITY, OPERATIONAL, FIRST);
    peer_answer(l, SECURITY, OPERATIONAL, "TargetPortalGroupTag=1\nAuthMethod=None\n");
    peer_expect(l, OPERATIONAL, FULL, OFFERS);
    peer_answer(l, OPERATIONAL, FULL, ANSWERS);
    peer_done(l);
}

/* The two texts that tgt 1.0.85 sent in answer to exactly these offers. */
Test(stages, recorded_from_tgt)
{
    struct login_options o = peer_options();
    struct login *l = peer_login(&o);
    peer_expect(l, SECURITY, OPERATIONAL, FIRST);
    peer_answer(l, SECURITY, OPERATIONAL, "TargetPortalGroupTag=1\nAuthMethod=None\n");
    peer_expect(l, OPERATIONAL, FULL, OFFERS);
    peer_answer(l, OPERATIONAL, FULL,
                "HeaderDigest=None\nDataDigest=None\nMaxConnections=1\nInitialR2T=Yes\nImmediateData=Yes\n"
                "MaxBurstLength=262144\nFirstBurstLength=65536\nDefaultTime2Wait=2\nDefaultTime2Retain=20\n"
                "MaxOutstandingR2T=1\nDataPDUInOrder=Yes\nDataSequenceInOrder=Yes\nErrorRecoveryLevel=0\n");
    const struct login_result *r = login_result(l);
    cr_assert(r);
    cr_assert(r->initial_r2t && r->immediate_data);
    cr_assert_eq(r->max_burst, 262144);
    cr_assert_eq(r->first_burst, 65536);
    cr_assert_eq(r->max_outstanding_r2t, 1);
    cr_assert_eq(r->max_send, 8192, "tgt declares no MaxRecvDataSegmentLength");
    cr_assert_eq(r->max_recv, 262144);
    peer_done(l);
}

/* The two texts that istgt 0.4 sent. */
Test(stages, recorded_from_istgt)
{
    struct login_options o = peer_options();
    struct login *l = peer_login(&o);
    peer_skip(l);
    peer_answer(l, SECURITY, OPERATIONAL,
                "TargetAlias=a none disk\nTargetPortalGroupTag=1\nAuthMethod=None\n");
    peer_skip(l);
    peer_answer(l, OPERATIONAL, FULL,
                "HeaderDigest=None\nDataDigest=None\nMaxConnections=1\nInitialR2T=Yes\nImmediateData=Yes\n"
                "MaxRecvDataSegmentLength=262144\nMaxBurstLength=1048576\nFirstBurstLength=262144\n"
                "DefaultTime2Wait=2\nDefaultTime2Retain=20\nMaxOutstandingR2T=8\nDataPDUInOrder=Yes\n"
                "DataSequenceInOrder=Yes\nErrorRecoveryLevel=0\n");
    cr_assert_str_eq(login_result(l)->target_alias, "a none disk");
    cr_assert_eq(login_result(l)->max_send, 262144);
    peer_done(l);
}

/* The two texts that LIO (Linux 6.1) sent: it leaves out answers that could only be Yes. */
Test(stages, recorded_from_lio)
{
    struct login_options o = peer_options();
    struct login *l = peer_login(&o);
    peer_skip(l);
    peer_answer(l, SECURITY, OPERATIONAL,
                "AuthMethod=None\nTargetAlias=LIO Target\nTargetPortalGroupTag=1\n");
    peer_skip(l);
    peer_answer(l, OPERATIONAL, FULL,
                "HeaderDigest=None\nDataDigest=None\nMaxConnections=1\nInitialR2T=Yes\nImmediateData=No\n"
                "MaxRecvDataSegmentLength=262144\nMaxBurstLength=65536\nFirstBurstLength=16384\n"
                "DefaultTime2Wait=2\nDefaultTime2Retain=20\nMaxOutstandingR2T=4\nErrorRecoveryLevel=0\n");
    const struct login_result *r = login_result(l);
    cr_assert(r);
    cr_assert(r->data_pdu_in_order && r->data_sequence_in_order && !r->immediate_data);
    cr_assert_eq(r->max_outstanding_r2t, 4);
    peer_done(l);
}

Test(stages, discovery_session_offers_only_what_is_relevant)
{
    struct login_options o = peer_options();
    o.target_name = NULL;
    struct login *l = peer_login(&o);
    peer_expect(l, SECURITY, OPERATIONAL,
                "InitiatorName=" INITIATOR "\nSessionType=Discovery\nAuthMethod=None\n");
    peer_answer(l, SECURITY, OPERATIONAL, "TargetPortalGroupTag=1\nAuthMethod=None\n");
    peer_expect(l, OPERATIONAL, FULL,
                "HeaderDigest=None\nDataDigest=None\nMaxRecvDataSegmentLength=262144\nDefaultTime2Wait=0\n"
                "DefaultTime2Retain=20\nErrorRecoveryLevel=0\n");
    peer_answer(l, OPERATIONAL, FULL,
                "HeaderDigest=None\nDataDigest=None\nDefaultTime2Wait=2\nDefaultTime2Retain=20\n"
                "ErrorRecoveryLevel=0\n");
    cr_assert_eq(login_result(l)->max_connections, 1);
    peer_done(l);
}

Test(stages, alias_of_the_initiator_is_declared)
{
    struct login_options o = peer_options();
    o.initiator_alias = "Web Server 4";
    struct login *l = peer_login(&o);
    peer_expect(l, SECURITY, OPERATIONAL,
                "InitiatorName=" INITIATOR "\nTargetName=" TARGET
                "\nInitiatorAlias=Web Server 4\nSessionType=Normal\nAuthMethod=None\n");
    login_free(l);
}

Test(stages, every_request_carries_the_same_identity)
{
    struct login_options o = peer_options();
    o.cid = 3;
    struct login *l = peer_login(&o);
    struct pdu_login_request a = peer_skip(l);
    peer_answer(l, SECURITY, OPERATIONAL, "AuthMethod=None\n");
    struct pdu_login_request b = peer_skip(l);
    cr_assert_eq(a.itt, b.itt);
    cr_assert_neq(a.itt, PDU_TAG_NONE);
    cr_assert_arr_eq(a.isid, o.isid, 6);
    cr_assert_arr_eq(b.isid, o.isid, 6);
    cr_assert(a.cid == 3 && b.cid == 3);
    cr_assert(a.cmdsn == 77 && b.cmdsn == 77); /* 11.12.8 */
    cr_assert(a.version_max == 0 && a.version_min == 0 && b.version_max == 0 && b.version_min == 0);
    login_free(l);
}

/* 11.12.9 */
Test(stages, each_response_is_acknowledged)
{
    struct login_options o = peer_options();
    struct login *l = peer_login(&o);
    cr_assert_eq(peer_skip(l).expstatsn, 0);
    struct pdu_login_response r = peer_response(SECURITY, OPERATIONAL);
    r.statsn = 0xffffffff;
    peer_send(l, &r, "AuthMethod=None\n");
    cr_assert_eq(peer_skip(l).expstatsn, 0);
    r = peer_response(OPERATIONAL, FULL);
    r.statsn = 0;
    peer_send(l, &r, ANSWERS);
    cr_assert_eq(login_result(l)->expstatsn, 1);
    peer_done(l);
}

Test(stages, result_has_the_session_and_its_window)
{
    struct login_options o = peer_options();
    struct login *l = peer_negotiated(&o, ANSWERS);
    const struct login_result *r = login_result(l);
    cr_assert_eq(r->tsih, 0x1234);
    cr_assert_eq(r->portal_group, 1);
    cr_assert_eq(r->cmdsn, 77);
    cr_assert_eq(r->expcmdsn, 77);
    cr_assert_eq(r->maxcmdsn, 108);
    cr_assert_eq(r->chap_algorithm, 0);
    peer_done(l);
}

Test(stages, nothing_to_send_until_the_target_answers)
{
    struct login_options o = peer_options();
    struct login *l = peer_login(&o);
    uint8_t bhs[PDU_BHS];
    const uint8_t *data;
    uint32_t length;
    peer_skip(l);
    cr_assert_not(login_next(l, bhs, &data, &length));
    login_free(l);
}

/* 6.3.3: T=0 is answered with T=1 again, even without text. */
Test(stages, target_that_stays_in_the_security_stage)
{
    struct login_options o = peer_options();
    struct login *l = peer_login(&o);
    peer_skip(l);
    peer_answer(l, SECURITY, STAY, "AuthMethod=None\n");
    peer_expect(l, SECURITY, OPERATIONAL, "");
    peer_answer(l, SECURITY, OPERATIONAL, "");
    peer_expect(l, OPERATIONAL, FULL, OFFERS);
    login_free(l);
}

Test(stages, target_that_stays_in_the_operational_stage)
{
    struct login_options o = peer_options();
    struct login *l = peer_to_operational(&o);
    peer_answer(l, OPERATIONAL, STAY, ANSWERS);
    peer_expect(l, OPERATIONAL, FULL, "");
    peer_answer(l, OPERATIONAL, FULL, "");
    peer_done(l);
}

Test(stages, answers_spread_over_several_responses)
{
    struct login_options o = peer_options();
    struct login *l = peer_to_operational(&o);
    peer_answer(l, OPERATIONAL, STAY, "HeaderDigest=None\nDataDigest=None\nInitialR2T=Yes\n");
    peer_expect(l, OPERATIONAL, FULL, "");
    peer_answer(l, OPERATIONAL, FULL,
                "ImmediateData=No\nMaxBurstLength=8192\nDefaultTime2Wait=2\nDefaultTime2Retain=0\n"
                "MaxOutstandingR2T=1\n");
    cr_assert_eq(login_result(l)->max_burst, 8192);
    peer_done(l);
}

Test(stages, missing_answer_to_auth_method_none_is_no_objection)
{
    struct login_options o = peer_options();
    struct login *l = peer_login(&o);
    peer_skip(l);
    peer_answer(l, SECURITY, OPERATIONAL, "TargetPortalGroupTag=1\n");
    peer_expect(l, OPERATIONAL, FULL, OFFERS);
    login_free(l);
}

/* 6.3: the target's NSG must not exceed ours. */
Test(stages, jump_beyond_what_was_asked_refused)
{
    struct login_options o = peer_options();
    struct login *l = peer_login(&o);
    peer_skip(l);
    peer_answer(l, SECURITY, FULL, "AuthMethod=None\n");
    peer_failed(l, LUN_PROTOCOL, "target goes to stage 3, not 1");
}

Test(stages, transition_to_the_same_stage_refused)
{
    struct login_options o = peer_options();
    struct login *l = peer_login(&o);
    peer_skip(l);
    peer_answer(l, SECURITY, SECURITY, "AuthMethod=None\n");
    peer_failed(l, LUN_PROTOCOL, "target goes to stage 0");
}

Test(stages, transition_to_the_reserved_stage_refused)
{
    struct login_options o = peer_options();
    struct login *l = peer_to_operational(&o);
    peer_answer(l, OPERATIONAL, 2, ANSWERS);
    peer_failed(l, LUN_PROTOCOL, "stage 2");
}

/* 11.13.6 */
Test(stages, transition_that_was_not_asked_for_refused)
{
    struct login_options o = peer_chap(false);
    struct login *l = peer_login(&o);
    peer_skip(l);
    peer_answer(l, SECURITY, OPERATIONAL, "AuthMethod=CHAP\n");
    peer_failed(l, LUN_PROTOCOL, "leaves the stage before we do");
}

Test(stages, response_for_another_stage_refused)
{
    struct login_options o = peer_options();
    struct login *l = peer_login(&o);
    peer_skip(l);
    peer_answer(l, OPERATIONAL, STAY, "AuthMethod=None\n");
    peer_failed(l, LUN_PROTOCOL, "response for stage 1 in stage 0");
}

Test(stages, another_task_tag_refused)
{
    struct login_options o = peer_options();
    struct login *l = peer_login(&o);
    peer_skip(l);
    struct pdu_login_response r = peer_response(SECURITY, OPERATIONAL);
    r.itt ^= 1;
    peer_send(l, &r, "AuthMethod=None\n");
    peer_failed(l, LUN_PROTOCOL, "Initiator Task Tag");
}

Test(stages, another_isid_refused)
{
    struct login_options o = peer_options();
    struct login *l = peer_login(&o);
    peer_skip(l);
    struct pdu_login_response r = peer_response(SECURITY, OPERATIONAL);
    r.isid[5]++;
    peer_send(l, &r, "AuthMethod=None\n");
    peer_failed(l, LUN_PROTOCOL, "ISID");
}

Test(stages, another_version_refused)
{
    struct login_options o = peer_options();
    struct login *l = peer_login(&o);
    peer_skip(l);
    struct pdu_login_response r = peer_response(SECURITY, OPERATIONAL);
    r.version_max = r.version_active = 2;
    peer_send(l, &r, "AuthMethod=None\n");
    peer_failed(l, LUN_PROTOCOL, "version 2");
}

Test(stages, response_without_a_request_refused)
{
    struct login_options o = peer_options();
    struct login *l = peer_login(&o);
    peer_answer(l, SECURITY, OPERATIONAL, "AuthMethod=None\n");
    peer_failed(l, LUN_PROTOCOL, "without a request");
}

Test(stages, any_other_pdu_refused)
{
    struct login_options o = peer_options();
    struct login *l = peer_login(&o);
    uint8_t bhs[PDU_BHS];
    peer_skip(l);
    pdu_put_nop_in(bhs, &(struct pdu_nop_in){.itt = PDU_TAG_NONE, .ttt = 1});
    login_receive(l, bhs, NULL, 0);
    peer_failed(l, LUN_PROTOCOL, "NOP-In");
}

Test(stages, bytes_after_the_end_change_nothing)
{
    struct login_options o = peer_options();
    struct login *l = peer_negotiated(&o, ANSWERS);
    peer_answer(l, OPERATIONAL, FULL, "MaxBurstLength=512\n");
    cr_assert_eq(login_result(l)->max_burst, 1048576);
    peer_done(l);
}

/* 11.13.3 has targets give another value; those that do not can still be used with one connection. */
Test(stages, tsih_of_zero_is_accepted)
{
    struct login_options o = peer_options();
    struct login *l = peer_to_operational(&o);
    struct pdu_login_response r = peer_response(OPERATIONAL, FULL);
    r.tsih = 0;
    peer_send(l, &r, ANSWERS);
    cr_assert_eq(login_result(l)->tsih, 0);
    peer_done(l);
}

/* 6.3.1, chapter 13: "leading only" keys stay with the first connection. */
Test(stages, second_connection_offers_no_session_keys)
{
    struct login_options o = peer_options();
    o.tsih = 0x1234;
    o.cid = 1;
    struct login *l = peer_login(&o);
    struct pdu_login_request r = peer_expect(
        l, SECURITY, OPERATIONAL, "InitiatorName=" INITIATOR "\nTargetName=" TARGET "\nAuthMethod=None\n");
    cr_assert_eq(r.tsih, 0x1234);
    peer_answer(l, SECURITY, OPERATIONAL, "AuthMethod=None\n");
    peer_expect(l, OPERATIONAL, FULL,
                "HeaderDigest=None\nDataDigest=None\nMaxRecvDataSegmentLength=262144\n");
    peer_answer(l, OPERATIONAL, FULL, "HeaderDigest=None\nDataDigest=None\n");
    peer_done(l);
}

/* tgt gives a second connection a session of its own. */
Test(stages, second_connection_in_another_session_refused)
{
    struct login_options o = peer_options();
    o.tsih = 0x7777;
    struct login *l = peer_to_operational(&o);
    peer_answer(l, OPERATIONAL, FULL, "HeaderDigest=None\nDataDigest=None\n");
    peer_failed(l, LUN_PROTOCOL, "session 4660 where a connection was added to 30583");
}

Test(stages, portal_group_as_expected)
{
    struct login_options o = peer_options();
    o.portal_group = 1;
    peer_done(peer_negotiated(&o, ANSWERS));
}

Test(stages, another_portal_group_refused)
{
    struct login_options o = peer_options();
    o.portal_group = 2;
    struct login *l = peer_login(&o);
    peer_skip(l);
    peer_answer(l, SECURITY, OPERATIONAL, "TargetPortalGroupTag=1\nAuthMethod=None\n");
    peer_failed(l, LUN_LOGIN, "portal group 1, not to 2");
}

Test(stages, portal_group_of_zero_and_of_16_bits_are_legal)
{
    struct login_options o = peer_options();
    struct login *l = peer_login(&o);
    peer_skip(l);
    peer_answer(l, SECURITY, STAY, "TargetPortalGroupTag=0\nAuthMethod=None\n");
    peer_skip(l);
    peer_answer(l, SECURITY, STAY, "TargetPortalGroupTag=65536\n");
    peer_failed(l, LUN_PROTOCOL, "TargetPortalGroupTag=65536");
}

Test(stages, portal_group_that_changes_refused)
{
    struct login_options o = peer_options();
    struct login *l = peer_to_operational(&o);
    peer_answer(l, OPERATIONAL, FULL, ANSWERS "TargetPortalGroupTag=2\n");
    peer_failed(l, LUN_PROTOCOL, "changes its TargetPortalGroupTag");
}

Test(stages, any_stage_keys_may_come_in_either_stage)
{
    struct login_options o = peer_options();
    struct login *l = peer_negotiated(&o, ANSWERS "TargetPortalGroupTag=1\nTargetAlias=Bob's disk\n");
    cr_assert_str_eq(login_result(l)->target_alias, "Bob's disk");
    peer_done(l);
}

Test(stages, long_alias_is_cut)
{
    struct login_options o = peer_options();
    char text[1024];
    int n = snprintf(text, sizeof text, "%sTargetAlias=", ANSWERS);
    memset(text + n, 'a', 300);
    strcpy(text + n + 300, "\n");
    struct login *l = peer_negotiated(&o, text);
    cr_assert_eq(strlen(login_result(l)->target_alias), 255);
    peer_done(l);
}

Test(stages, exchange_without_end_is_ended)
{
    struct login_options o = peer_options();
    struct login *l = peer_to_operational(&o);
    int sent = 2;
    while (login_phase(l) == LOGIN_RUNNING && sent < 1000) {
        peer_answer(l, OPERATIONAL, STAY, "");
        if (login_phase(l) == LOGIN_RUNNING) {
            peer_skip(l);
            sent++;
        }
    }
    cr_assert_eq(sent, 64);
    peer_failed(l, LUN_PROTOCOL, "no end after 64 requests");
}

Test(stages, names_of_impossible_length_refused)
{
    char name[225];
    memset(name, 'n', sizeof name);
    name[224] = 0;
    struct login_options o = peer_options();
    o.target_name = name;
    peer_unusable(&o, "target name has 224 bytes");
    o = peer_options();
    o.initiator_name = "";
    peer_unusable(&o, "initiator name has 0 bytes");
    o.initiator_name = NULL;
    peer_unusable(&o, "initiator name has 0 bytes");
}

Test(stages, freeing_nothing)
{
    login_free(NULL);
}
