/* SPDX-License-Identifier: Apache-2.0 */
/* Operational negotiation: what is offered, and what of the target's answers is taken. RFC 7143 6.2,
 * chapter 13. */
#include <criterion/criterion.h>
#include <string.h>

#include "rig.h"

#define TO_OPERATIONAL                                                                                       \
    "expect LoginRequest csg=0 nsg=1 T=1\n"                                                                  \
    "send LoginResponse text{AuthMethod=None TargetPortalGroupTag=1}\n"

/* Every answer a target owes, but for the keys a test is about. */
#define DIGESTS " HeaderDigest=None DataDigest=None"
#define R2T " InitialR2T=Yes ImmediateData=Yes"
#define BURSTS " MaxBurstLength=65536 FirstBurstLength=65536"
#define OTHERS                                                                                               \
    " MaxOutstandingR2T=1 MaxConnections=1 ErrorRecoveryLevel=0 DefaultTime2Wait=2 DefaultTime2Retain=0"     \
    " DataPDUInOrder=Yes DataSequenceInOrder=Yes"

static void works(struct rig *r)
{
    rig_open(r);
    rig_end(r);
}

static void refused(struct rig *r, enum lun_layer layer, const char *words)
{
    rig_refused(r, layer, words);
    rig_end(r);
}

/* Keys that answer the operational request of the first kind, with T=1. */
#define ANSWER(keys) RIG(TO_OPERATIONAL "expect LoginRequest csg=1\nsend LoginResponse text{" keys "}\n")
#define BAD(keys, layer, words)                                                                              \
    refused(                                                                                                 \
        RIG(TO_OPERATIONAL "expect LoginRequest csg=1\nsend LoginResponse text{" keys "}\nexpect-close\n"),  \
        layer, words)

Test(negotiate, s13_default_offers)
{
    works(RIG(
        TO_OPERATIONAL
        "expect LoginRequest csg=1 nsg=3 T=1 text{InitialR2T=No ImmediateData=Yes "
        "MaxRecvDataSegmentLength=262144 MaxBurstLength=1048576 FirstBurstLength=262144 MaxOutstandingR2T=8 "
        "MaxConnections=1 ErrorRecoveryLevel=0 DataPDUInOrder=Yes DataSequenceInOrder=Yes "
        "HeaderDigest=-|None DataDigest=-|None InitiatorName=- TargetName=-}\n"
        "send LoginResponse text{" DIGESTS R2T BURSTS OTHERS "}\n"));
}

Test(negotiate, s13_offers_as_configured)
{
    struct rig *r =
        RIG(TO_OPERATIONAL "expect LoginRequest csg=1 text{InitialR2T=Yes ImmediateData=No "
                           "MaxRecvDataSegmentLength=8192 MaxBurstLength=32768 FirstBurstLength=16384 "
                           "MaxOutstandingR2T=2 HeaderDigest=CRC32C DataDigest=CRC32C,None}\n"
                           "send LoginResponse text{HeaderDigest=CRC32C DataDigest=None InitialR2T=Yes "
                           "ImmediateData=No MaxBurstLength=32768 FirstBurstLength=Irrelevant" OTHERS "}\n");
    r->options.initial_r2t = 2;
    r->options.immediate_data = 1;
    r->options.max_recv_data_segment_length = 8192;
    r->options.max_burst_length = 32768;
    r->options.first_burst_length = 16384;
    r->options.max_outstanding_r2t = 2;
    r->options.header_digest = LUN_DIGEST_CRC32C;
    r->options.data_digest = LUN_DIGEST_PREFER_CRC32C;
    works(r);
}

/* 13.12: the target declares nothing: 8192 holds, and a write of 16 KiB goes in pieces no longer. */
Test(negotiate, s13_12_default_segment_length_is_8192)
{
    struct rig *r =
        RIG("login MaxRecvDataSegmentLength=- InitialR2T=No FirstBurstLength=65536\n"
            "serve opened\n"
            "expect ScsiCommand as=w cdb=write(0,32) F=0 data=pattern(0,8192)\n"
            "expect DataOut to=w ttt=0xffffffff datasn=0 offset=8192 F=1 data=pattern(8192,8192)\n"
            "send ScsiResponse to=w\n");
    rig_open(r);
    rig_write(r, 0, 16384);
    rig_end(r);
}

/* 13.12: what the target declares limits what we send, odd or not. */
Test(negotiate, s13_12_declared_segment_length_limits_us)
{
    struct rig *r = RIG("login MaxRecvDataSegmentLength=1000 InitialR2T=Yes\n"
                        "serve opened\n"
                        "expect ScsiCommand as=w cdb=write(0,4) F=1 data=pattern(0,1000)\n"
                        "send R2T offset=1000 length=1048\n"
                        "expect DataOut to=w datasn=0 offset=1000 F=0 data=pattern(1000,1000)\n"
                        "expect DataOut to=w datasn=1 offset=2000 F=1 data=pattern(2000,48)\n"
                        "send ScsiResponse to=w\n");
    rig_open(r);
    rig_write(r, 0, 2048);
    rig_end(r);
}

/* 6.2: a key we do not know gets NotUnderstood, and the login goes on. */
Test(negotiate, s6_2_unknown_key_is_answered_not_understood)
{
    works(RIG(TO_OPERATIONAL "expect LoginRequest csg=1\n"
                             "send LoginResponse T=0 text{X-com.example.speed=11" DIGESTS R2T BURSTS OTHERS
                             "}\n"
                             "expect LoginRequest csg=1 text!{X-com.example.speed=NotUnderstood}\n"
                             "send LoginResponse\n"));
}

/* 6.2.2: numbers may be written in hexadecimal. */
Test(negotiate, s6_1_hexadecimal_numbers)
{
    works(ANSWER("MaxRecvDataSegmentLength=0x10000 MaxBurstLength=0x10000 FirstBurstLength=0X8000" DIGESTS R2T
                     OTHERS));
}

/* 13.10, 6.2: the answer to a list is one of its words. */
Test(negotiate, s6_2_1_digest_chosen_from_the_list)
{
    struct rig *r = RIG("login HeaderDigest=CRC32C\n");
    r->options.header_digest = LUN_DIGEST_PREFER_NONE;
    works(r);
}

/* 13.14: FirstBurstLength means nothing when no data may come unasked. */
Test(negotiate, s13_14_irrelevant_first_burst)
{
    works(ANSWER(
        "InitialR2T=Yes ImmediateData=No FirstBurstLength=Irrelevant MaxBurstLength=65536" DIGESTS OTHERS));
}

/* 13.14: FirstBurstLength must not exceed MaxBurstLength. A target that says so all the same gets no more
 * than MaxBurstLength unasked. */
Test(negotiate, s13_14_first_burst_longer_than_burst)
{
    struct rig *r = RIG("login InitialR2T=No ImmediateData=No MaxBurstLength=4096 FirstBurstLength=8192\n"
                        "serve opened\n"
                        "expect ScsiCommand as=w cdb=write(0,16) F=0\n"
                        "expect DataOut to=w ttt=0xffffffff datasn=0 offset=0 F=1 data=pattern(0,4096)\n"
                        "send R2T to=w offset=4096 length=4096\n"
                        "expect DataOut to=w datasn=0 offset=4096 F=1 data=pattern(4096,4096)\n"
                        "send ScsiResponse to=w\n");
    rig_open(r);
    rig_write(r, 0, 8192);
    rig_end(r);
}

/* 13.9: once in each login; repeated, it must be the same. */
Test(negotiate, s13_9_portal_group_repeated)
{
    works(ANSWER("TargetPortalGroupTag=1 TargetAlias=a\\squiet\\sdisk" DIGESTS R2T BURSTS OTHERS));
}

Test(negotiate, s13_9_portal_group_as_expected)
{
    struct rig *r = RIG("login TargetPortalGroupTag=7\n");
    r->options.portal_group = 7;
    works(r);
}

/* 6.3.1: it must be the one discovery gave. */
Test(negotiate, s13_9_other_portal_group_refused)
{
    struct rig *r = RIG("expect LoginRequest csg=0\n"
                        "send LoginResponse text{AuthMethod=None TargetPortalGroupTag=1}\n"
                        "expect-close\n");
    r->options.portal_group = 7;
    refused(r, LUN_LOGIN, "portal group");
}

/* ---- What is refused ---- */

/* 13.13: minimum: never more than we offered. Seen: a target that answers 268435456. */
Test(negotiate_refuses, s13_13_burst_larger_than_offered)
{
    BAD("MaxBurstLength=16777215 FirstBurstLength=65536" DIGESTS R2T OTHERS, LUN_PROTOCOL, "MaxBurstLength");
}

Test(negotiate_refuses, s13_13_burst_out_of_range)
{
    BAD("MaxBurstLength=268435456 FirstBurstLength=65536" DIGESTS R2T OTHERS, LUN_PROTOCOL, "MaxBurstLength");
}

/* 13.11: AND. */
Test(negotiate_refuses, s13_11_immediate_data_nobody_offered)
{
    struct rig *r = RIG(TO_OPERATIONAL
                        "expect LoginRequest csg=1 text{ImmediateData=No}\n"
                        "send LoginResponse text{ImmediateData=Yes InitialR2T=Yes" DIGESTS BURSTS OTHERS "}\n"
                        "expect-close\n");
    r->options.immediate_data = 1;
    refused(r, LUN_PROTOCOL, "ImmediateData");
}

/* 13.10: OR. */
Test(negotiate_refuses, s13_10_no_initial_r2t_when_we_want_it)
{
    struct rig *r = RIG(TO_OPERATIONAL
                        "expect LoginRequest csg=1 text{InitialR2T=Yes}\n"
                        "send LoginResponse text{ImmediateData=Yes InitialR2T=No" DIGESTS BURSTS OTHERS "}\n"
                        "expect-close\n");
    r->options.initial_r2t = 2;
    refused(r, LUN_PROTOCOL, "InitialR2T");
}

Test(negotiate_refuses, s6_1_boolean_that_is_none)
{
    BAD("ImmediateData=yes InitialR2T=Yes" DIGESTS BURSTS OTHERS, LUN_PROTOCOL, "ImmediateData");
}

Test(negotiate_refuses, s6_1_number_that_is_none)
{
    BAD("MaxBurstLength=64k FirstBurstLength=65536" DIGESTS R2T OTHERS, LUN_PROTOCOL, "MaxBurstLength");
}

Test(negotiate_refuses, s6_1_empty_number)
{
    BAD("MaxBurstLength= FirstBurstLength=65536" DIGESTS R2T OTHERS, LUN_PROTOCOL, "MaxBurstLength");
}

Test(negotiate_refuses, s6_1_number_that_overflows)
{
    BAD("MaxBurstLength=18446744073709617152 FirstBurstLength=65536" DIGESTS R2T OTHERS, LUN_PROTOCOL,
        "MaxBurstLength");
}

/* 13.12: 512 to 2^24 - 1. Zero would have us send for ever. */
Test(negotiate_refuses, s13_12_segment_length_zero)
{
    BAD("MaxRecvDataSegmentLength=0" DIGESTS R2T BURSTS OTHERS, LUN_PROTOCOL, "MaxRecvDataSegmentLength");
}

Test(negotiate_refuses, s13_17_outstanding_r2t_zero)
{
    BAD("MaxOutstandingR2T=0 MaxConnections=1 ErrorRecoveryLevel=0 DefaultTime2Wait=2 DefaultTime2Retain=0 "
        "DataPDUInOrder=Yes DataSequenceInOrder=Yes" DIGESTS R2T BURSTS,
        LUN_PROTOCOL, "MaxOutstandingR2T");
}

Test(negotiate_refuses, s13_20_recovery_level_we_did_not_offer)
{
    BAD("ErrorRecoveryLevel=2 MaxOutstandingR2T=1 MaxConnections=1 DefaultTime2Wait=2 DefaultTime2Retain=0 "
        "DataPDUInOrder=Yes DataSequenceInOrder=Yes" DIGESTS R2T BURSTS,
        LUN_PROTOCOL, "ErrorRecoveryLevel");
}

Test(negotiate_refuses, s13_1_digest_that_was_not_offered)
{
    struct rig *r =
        RIG(TO_OPERATIONAL "expect LoginRequest csg=1 text{HeaderDigest=CRC32C}\n"
                           "send LoginResponse text{HeaderDigest=None DataDigest=None" R2T BURSTS OTHERS "}\n"
                           "expect-close\n");
    r->options.header_digest = LUN_DIGEST_CRC32C;
    refused(r, LUN_PROTOCOL, "HeaderDigest");
}

/* A target that rejects digests we insist on. */
Test(negotiate_refuses, s13_1_digest_rejected)
{
    struct rig *r = RIG(TO_OPERATIONAL
                        "expect LoginRequest csg=1 text{HeaderDigest=CRC32C}\n"
                        "send LoginResponse text{HeaderDigest=Reject DataDigest=None" R2T BURSTS OTHERS "}\n"
                        "expect-close\n");
    r->options.header_digest = LUN_DIGEST_CRC32C;
    refused(r, LUN_LOGIN, "HeaderDigest");
}

Test(negotiate_refuses, s6_2_missing_answer)
{
    BAD("FirstBurstLength=65536" DIGESTS R2T OTHERS, LUN_PROTOCOL, "MaxBurstLength");
}

/* 6.3: a negotiated key only once, even over two PDUs. */
Test(negotiate_refuses, s6_3_key_twice)
{
    refused(RIG(TO_OPERATIONAL "expect LoginRequest csg=1\n"
                               "send LoginResponse T=0 text{MaxBurstLength=65536}\n"
                               "expect LoginRequest csg=1\n"
                               "send LoginResponse T=0 text{MaxBurstLength=4096}\n"
                               "expect-close\n"),
            LUN_PROTOCOL, "MaxBurstLength");
}

/* 13.21: not the target's to say. */
Test(negotiate_refuses, s13_21_session_type_from_the_target)
{
    BAD("SessionType=Discovery" DIGESTS R2T BURSTS OTHERS, LUN_PROTOCOL, "SessionType");
}

/* 6.1: a key has at most 63 characters. */
Test(negotiate_refuses, s6_1_key_of_64_characters)
{
    BAD("X-aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa=1" DIGESTS R2T BURSTS OTHERS,
        LUN_PROTOCOL, "");
}
