/* SPDX-License-Identifier: Apache-2.0 */
/* Operational negotiation: offers, answers of every kind, and what the target offers itself (RFC 7143 6.2,
 * chapter 13). */
#include "peer.h"

#include <stdio.h>

/* The answers that every session needs, without the key a test is about. */
#define DIGESTS "HeaderDigest=None\nDataDigest=None\n"
#define R2T "InitialR2T=No\nImmediateData=Yes\n"
#define BURSTS "MaxBurstLength=1048576\nFirstBurstLength=262144\n"
#define TIMES "DefaultTime2Wait=2\nDefaultTime2Retain=20\n"
#define MAX_R2T "MaxOutstandingR2T=8\n"

static struct login *negotiated(const char *answers)
{
    struct login_options o = peer_options();
    return peer_negotiated(&o, answers);
}

static void refused(const char *answers, enum lun_layer layer, const char *why)
{
    peer_failed(negotiated(answers), layer, why);
}

Test(operational, lower_values_of_the_target_hold)
{
    struct login *l = negotiated(DIGESTS "InitialR2T=Yes\nImmediateData=No\nMaxBurstLength=65536\n"
                                         "FirstBurstLength=4096\nDefaultTime2Wait=9\nDefaultTime2Retain=0\n"
                                         "MaxOutstandingR2T=1\nMaxRecvDataSegmentLength=0x10000\n");
    const struct login_result *r = login_result(l);
    cr_assert(r->initial_r2t && !r->immediate_data);
    cr_assert_eq(r->max_burst, 65536);
    cr_assert_eq(r->first_burst, 4096);
    cr_assert_eq(r->time2wait, 9);
    cr_assert_eq(r->time2retain, 0);
    cr_assert_eq(r->max_outstanding_r2t, 1);
    cr_assert_eq(r->max_send, 65536);
    cr_assert_eq(r->max_recv, 262144);
    cr_assert(r->data_pdu_in_order && r->data_sequence_in_order);
    cr_assert_eq(r->error_recovery_level, 0);
    peer_done(l);
}

Test(operational, offers_follow_the_options)
{
    struct login_options o = peer_options();
    o.initial_r2t = true;
    o.immediate_data = false;
    o.max_burst = 8192;
    o.first_burst = 4096;
    o.max_recv = 16777215;
    o.max_outstanding_r2t = 1;
    o.header_digest = LUN_DIGEST_CRC32C;
    o.data_digest = LUN_DIGEST_PREFER_NONE;
    struct login *l = peer_login(&o);
    peer_skip(l);
    peer_answer(l, SECURITY, OPERATIONAL, "AuthMethod=None\n");
    peer_expect(l, OPERATIONAL, FULL,
                "HeaderDigest=CRC32C\nDataDigest=None,CRC32C\nMaxConnections=1\nInitialR2T=Yes\n"
                "ImmediateData=No\nMaxRecvDataSegmentLength=16777215\nMaxBurstLength=8192\n"
                "FirstBurstLength=4096\nDefaultTime2Wait=0\nDefaultTime2Retain=20\nMaxOutstandingR2T=1\n"
                "DataPDUInOrder=Yes\nDataSequenceInOrder=Yes\nErrorRecoveryLevel=0\n");
    login_free(l);
}

/* 13.14 */
Test(operational, first_burst_is_never_offered_above_max_burst)
{
    struct login_options o = peer_options();
    o.max_burst = 65536;
    struct login *l =
        peer_negotiated(&o, DIGESTS R2T "MaxBurstLength=65536\nFirstBurstLength=65537\n" TIMES MAX_R2T);
    peer_failed(l, LUN_PROTOCOL, "FirstBurstLength=65537, not a possible outcome of our offer 65536");
}

Test(operational, first_burst_is_never_used_above_max_burst)
{
    struct login *l = negotiated(DIGESTS R2T "MaxBurstLength=65536\nFirstBurstLength=262144\n" TIMES MAX_R2T);
    cr_assert_eq(login_result(l)->first_burst, 65536);
    peer_done(l);
}

Test(operational, digest_agreed_from_a_list)
{
    struct login_options o = peer_options();
    o.header_digest = LUN_DIGEST_PREFER_CRC32C;
    o.data_digest = LUN_DIGEST_PREFER_CRC32C;
    struct login *l = peer_negotiated(&o, "HeaderDigest=CRC32C\nDataDigest=None\n" R2T BURSTS TIMES MAX_R2T);
    cr_assert(login_result(l)->header_digest);
    cr_assert_not(login_result(l)->data_digest);
    peer_done(l);
}

/* 6.2.1: the selection of a value not proposed is a protocol error. */
Test(operational, digest_that_was_not_offered_refused)
{
    refused("HeaderDigest=CRC32C\nDataDigest=None\n" R2T BURSTS TIMES MAX_R2T, LUN_PROTOCOL,
            "HeaderDigest=CRC32C to an offer of None");
}

Test(operational, list_as_answer_refused)
{
    struct login_options o = peer_options();
    o.header_digest = LUN_DIGEST_PREFER_CRC32C;
    peer_failed(peer_negotiated(&o, "HeaderDigest=CRC32C,None\n"), LUN_PROTOCOL,
                "HeaderDigest=CRC32C,None to an offer of CRC32C,None");
}

Test(operational, required_digest_rejected)
{
    struct login_options o = peer_options();
    o.header_digest = LUN_DIGEST_CRC32C;
    peer_failed(peer_negotiated(&o, "HeaderDigest=Reject\n"), LUN_LOGIN, "HeaderDigest=Reject");
}

/* 6.2: Reject leaves the default, here one we could have agreed on. */
Test(operational, rejected_numbers_keep_their_defaults)
{
    struct login *l = negotiated(DIGESTS "InitialR2T=Reject\nImmediateData=Reject\nMaxBurstLength=Reject\n"
                                         "FirstBurstLength=Reject\nDefaultTime2Wait=Reject\n"
                                         "DefaultTime2Retain=Reject\nMaxOutstandingR2T=Reject\n");
    const struct login_result *r = login_result(l);
    cr_assert(r->initial_r2t && r->immediate_data);
    cr_assert_eq(r->max_burst, 262144);
    cr_assert_eq(r->first_burst, 65536);
    cr_assert_eq(r->max_outstanding_r2t, 1);
    peer_done(l);
}

Test(operational, reject_that_leaves_a_default_above_our_offer_refused)
{
    struct login_options o = peer_options();
    o.max_burst = 65536;
    peer_failed(peer_negotiated(&o, "MaxBurstLength=Reject\n"), LUN_LOGIN, "MaxBurstLength=Reject");
}

/* 6.2 gives this very example. */
Test(operational, first_burst_irrelevant_without_unsolicited_data)
{
    struct login *l = negotiated(DIGESTS "InitialR2T=Yes\nImmediateData=No\nFirstBurstLength=Irrelevant\n"
                                         "MaxBurstLength=1048576\n" TIMES MAX_R2T);
    cr_assert_eq(login_result(l)->max_burst, 1048576);
    peer_done(l);
}

Test(operational, first_burst_irrelevant_whatever_our_offer)
{
    struct login_options o = peer_options();
    o.first_burst = 4096;
    peer_done(peer_negotiated(&o, DIGESTS "InitialR2T=Yes\nImmediateData=No\nFirstBurstLength=Irrelevant\n"
                                          "MaxBurstLength=1048576\n" TIMES MAX_R2T));
}

Test(operational, first_burst_unanswered_without_unsolicited_data)
{
    peer_done(negotiated(DIGESTS "InitialR2T=Yes\nImmediateData=No\nMaxBurstLength=1048576\n" TIMES MAX_R2T));
}

Test(operational, first_burst_unanswered_with_unsolicited_data_refused)
{
    refused(DIGESTS R2T "MaxBurstLength=1048576\n" TIMES MAX_R2T, LUN_PROTOCOL,
            "did not answer our offer of FirstBurstLength");
}

Test(operational, missing_answers_are_named)
{
    refused(DIGESTS "ImmediateData=Yes\n" BURSTS TIMES MAX_R2T, LUN_PROTOCOL, "our offer of InitialR2T");
    refused(DIGESTS R2T BURSTS TIMES, LUN_PROTOCOL, "our offer of MaxOutstandingR2T");
    refused(DIGESTS R2T BURSTS "DefaultTime2Retain=2\n" MAX_R2T, LUN_PROTOCOL,
            "our offer of DefaultTime2Wait");
}

Test(operational, missing_answer_to_a_choice_of_digests_refused)
{
    struct login_options o = peer_options();
    o.data_digest = LUN_DIGEST_PREFER_CRC32C;
    peer_failed(peer_negotiated(&o, "HeaderDigest=None\n" R2T BURSTS TIMES MAX_R2T), LUN_PROTOCOL,
                "our offer of DataDigest");
}

Test(operational, missing_answer_to_a_required_digest_refused)
{
    struct login_options o = peer_options();
    o.data_digest = LUN_DIGEST_CRC32C;
    peer_failed(peer_negotiated(&o, "HeaderDigest=None\n" R2T BURSTS TIMES MAX_R2T), LUN_PROTOCOL,
                "our offer of DataDigest");
}

/* 6.2.2 for booleans, and the same reason for the others. */
Test(operational, answers_that_could_only_be_one_may_be_missing)
{
    struct login_options o = peer_options();
    o.initial_r2t = true;
    o.immediate_data = false;
    struct login *l = peer_negotiated(&o, BURSTS TIMES MAX_R2T);
    cr_assert(login_result(l)->initial_r2t);
    cr_assert_not(login_result(l)->immediate_data);
    cr_assert_not(login_result(l)->header_digest);
    peer_done(l);
}

/* 6.2: all keys of the document must be understood. */
Test(operational, not_understood_refused)
{
    refused("DataPDUInOrder=NotUnderstood\n", LUN_PROTOCOL, "DataPDUInOrder=NotUnderstood");
}

Test(operational, values_out_of_range_refused)
{
    refused("MaxBurstLength=511\n", LUN_PROTOCOL, "MaxBurstLength=511");
    refused("MaxBurstLength=268435456\n", LUN_PROTOCOL, "MaxBurstLength=268435456");
    refused("MaxRecvDataSegmentLength=16777216\n", LUN_PROTOCOL, "MaxRecvDataSegmentLength=16777216");
    refused("MaxRecvDataSegmentLength=0\n", LUN_PROTOCOL, "MaxRecvDataSegmentLength=0");
    refused("DefaultTime2Wait=3601\n", LUN_PROTOCOL, "DefaultTime2Wait=3601");
}

Test(operational, values_of_the_wrong_type_refused)
{
    refused("MaxBurstLength=big\n", LUN_PROTOCOL, "MaxBurstLength=big");
    refused("InitialR2T=1\n", LUN_PROTOCOL, "InitialR2T=1");
    refused("ImmediateData=\n", LUN_PROTOCOL, "ImmediateData=");
}

/* 6.2.2: a selection that the result function cannot give is a protocol error. */
Test(operational, impossible_outcomes_refused)
{
    refused("MaxBurstLength=1048577\n", LUN_PROTOCOL, "not a possible outcome of our offer 1048576");
    refused("MaxConnections=2\n", LUN_PROTOCOL, "MaxConnections=2");
    refused("ErrorRecoveryLevel=1\n", LUN_PROTOCOL, "ErrorRecoveryLevel=1");
    refused("DefaultTime2Retain=21\n", LUN_PROTOCOL, "DefaultTime2Retain=21");
    refused("DataPDUInOrder=No\n", LUN_PROTOCOL, "DataPDUInOrder=No");
}

Test(operational, immediate_data_cannot_be_switched_on_by_the_target)
{
    struct login_options o = peer_options();
    o.immediate_data = false;
    peer_failed(peer_negotiated(&o, "ImmediateData=Yes\n"), LUN_PROTOCOL, "ImmediateData=Yes");
}

/* 6.3 */
Test(operational, key_twice_in_one_text_refused)
{
    refused("MaxBurstLength=8192\nMaxBurstLength=8192\n", LUN_PROTOCOL, "MaxBurstLength twice");
}

Test(operational, key_again_in_a_later_text_refused)
{
    struct login_options o = peer_options();
    struct login *l = peer_to_operational(&o);
    peer_answer(l, OPERATIONAL, STAY, ANSWERS);
    peer_skip(l);
    peer_answer(l, OPERATIONAL, FULL, "MaxBurstLength=8192\n");
    peer_failed(l, LUN_PROTOCOL, "MaxBurstLength a second time");
}

Test(operational, declaration_again_in_a_later_text_refused)
{
    struct login_options o = peer_options();
    struct login *l = peer_to_operational(&o);
    peer_answer(l, OPERATIONAL, STAY, ANSWERS "MaxRecvDataSegmentLength=8192\n");
    peer_skip(l);
    peer_answer(l, OPERATIONAL, FULL, "MaxRecvDataSegmentLength=16384\n");
    peer_failed(l, LUN_PROTOCOL, "MaxRecvDataSegmentLength a second time");
}

/* ---- Keys that the target offers ---- */

/* Sends `offer` with all answers and T=0, and expects `answer` with T=1. */
static void proposes(const char *offer, const char *answer)
{
    char text[1024];
    struct login_options o = peer_options();
    struct login *l = peer_to_operational(&o);
    snprintf(text, sizeof text, "%s%s", ANSWERS, offer);
    peer_answer(l, OPERATIONAL, STAY, text);
    peer_expect(l, OPERATIONAL, FULL, answer);
    peer_answer(l, OPERATIONAL, FULL, "");
    peer_done(l);
}

Test(operational, unknown_keys_are_not_understood)
{
    proposes("X-com.example.colour=blue\n", "X-com.example.colour=NotUnderstood\n");
    proposes("Colour=blue\nShape=round\n", "Colour=NotUnderstood\nShape=NotUnderstood\n");
}

/* 13.25 */
Test(operational, obsolete_markers_are_rejected)
{
    proposes("IFMarker=No\nOFMarker=Yes\nIFMarkInt=2048~8192\nOFMarkInt=2048\n",
             "IFMarker=Reject\nOFMarker=Reject\nIFMarkInt=Reject\nOFMarkInt=Reject\n");
}

/* 13.23: fast abort is never agreed to. */
Test(operational, task_reporting_of_the_old_kind)
{
    proposes("TaskReporting=FastAbort,ResponseFence,RFC3720\n", "TaskReporting=RFC3720\n");
    proposes("TaskReporting=FastAbort\n", "TaskReporting=Reject\n");
}

/* 13.24, RFC 7144: this initiator speaks level 1 and no more. */
Test(operational, protocol_level_is_one)
{
    proposes("iSCSIProtocolLevel=2\n", "iSCSIProtocolLevel=1\n");
    proposes("iSCSIProtocolLevel=32\n", "iSCSIProtocolLevel=Reject\n");
}

Test(operational, declarations_need_no_answer)
{
    proposes("X#NodeArchitecture=ExampleOS/1\nTargetAlias=a\nTargetAddress=192.0.2.1:3260,1\n"
             "TargetAddress=192.0.2.2:3260,1\nMaxRecvDataSegmentLength=65536\n",
             "");
}

Test(operational, answer_to_a_key_that_was_not_offered_refused)
{
    refused("TaskReporting=Irrelevant\n", LUN_PROTOCOL, "TaskReporting=Irrelevant, which was not offered");
    refused("X-com.example.x=NotUnderstood\n", LUN_PROTOCOL, "which was not offered");
}

/* 11.13.6 */
Test(operational, offer_with_the_end_of_the_stage_refused)
{
    refused(ANSWERS "TaskReporting=RFC3720\n", LUN_PROTOCOL, "keys that need an answer");
}

Test(operational, unknown_key_with_the_end_of_the_stage_is_passed_over)
{
    peer_done(negotiated(ANSWERS "X-com.example.colour=blue\n"));
}

Test(operational, irrelevant_offers_in_a_discovery_session)
{
    struct login_options o = peer_options();
    o.target_name = NULL;
    struct login *l = peer_to_operational(&o);
    peer_answer(l, OPERATIONAL, STAY,
                DIGESTS TIMES "ErrorRecoveryLevel=0\nMaxBurstLength=65536\nInitialR2T=No\n");
    peer_expect(l, OPERATIONAL, FULL, "InitialR2T=Irrelevant\nMaxBurstLength=Irrelevant\n");
    peer_answer(l, OPERATIONAL, FULL, "");
    peer_done(l);
}

/* ---- Keys in the wrong place ---- */

Test(operational, operational_key_in_the_security_stage_refused)
{
    struct login_options o = peer_options();
    struct login *l = peer_login(&o);
    peer_skip(l);
    peer_answer(l, SECURITY, OPERATIONAL, "AuthMethod=None\nMaxBurstLength=8192\n");
    peer_failed(l, LUN_PROTOCOL, "MaxBurstLength=8192 in the security stage");
}

Test(operational, security_key_in_the_operational_stage_refused)
{
    refused(ANSWERS "AuthMethod=None\n", LUN_PROTOCOL, "AuthMethod=None in the operational stage");
}

Test(operational, keys_of_the_initiator_echoed_by_the_target_are_passed_over)
{
    peer_done(negotiated(ANSWERS "InitiatorName=" INITIATOR "\nTargetName=" TARGET "\nSessionType=Normal\n"));
}

Test(operational, keys_of_the_initiator_with_another_value_refused)
{
    refused(ANSWERS "InitiatorName=iqn.2026-01.org.example:other\n", LUN_PROTOCOL,
            "target sends InitiatorName=");
    refused(ANSWERS "SendTargets=All\n", LUN_PROTOCOL, "target sends SendTargets=All");
}

Test(operational, offers_out_of_range_refused_before_anything_is_sent)
{
    struct login_options o = peer_options();
    o.max_recv = 511;
    peer_unusable(&o, "MaxRecvDataSegmentLength=511");
    o = peer_options();
    o.max_burst = 0;
    peer_unusable(&o, "MaxBurstLength=0");
    o = peer_options();
    o.max_outstanding_r2t = 0;
    peer_unusable(&o, "MaxOutstandingR2T=0");
}
