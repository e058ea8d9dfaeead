/* SPDX-License-Identifier: Apache-2.0 */
/* Values of keys: ranges and defaults, Reject, Irrelevant and NotUnderstood both ways, keys out of their
 * place. RFC 7143 6.1, 6.2, 6.3, chapter 13. */
#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

#include "rig.h"

#define TO_OPERATIONAL                                                                                       \
    "expect LoginRequest csg=0 nsg=1 T=1\n"                                                                  \
    "send LoginResponse text{AuthMethod=None TargetPortalGroupTag=1}\n"

/* Every answer a target owes. */
static const char *const due[] = {"HeaderDigest=None",      "DataDigest=None",      "InitialR2T=Yes",
                                  "ImmediateData=Yes",      "MaxBurstLength=65536", "FirstBurstLength=65536",
                                  "MaxOutstandingR2T=1",    "MaxConnections=1",     "ErrorRecoveryLevel=0",
                                  "DefaultTime2Wait=2",     "DefaultTime2Retain=0", "DataPDUInOrder=Yes",
                                  "DataSequenceInOrder=Yes"};

/* All of them, but with `instead` for that of its key; "KEY=-" leaves it out. */
static void write_answers(char *to, size_t room, const char *instead)
{
    size_t key = strcspn(instead, "="), n = 0;
    bool left_out = !strcmp(instead + key, "=-");
    *to = 0;
    for (size_t i = 0; i < sizeof due / sizeof *due; i++)
        if (strncmp(due[i], instead, key + 1))
            n += (size_t)snprintf(to + n, room - n, "%s ", due[i]);
    if (!left_out)
        snprintf(to + n, room - n, "%s", instead);
}

static struct rig *answered(const char *instead, const char *rest, int line)
{
    char answers[1024], text[2048];
    write_answers(answers, sizeof answers, instead);
    snprintf(text, sizeof text, TO_OPERATIONAL "expect LoginRequest csg=1\nsend LoginResponse text{%s}\n%s",
             answers, rest);
    return rig_new(text, __FILE__, line);
}

static void taken(const char *instead, int line)
{
    struct rig *r = answered(instead, "", line);
    rig_open(r);
    rig_end(r);
}

static void refused(const char *instead, enum lun_layer layer, int line)
{
    struct rig *r = answered(instead, "expect-close\n", line);
    char key[64];
    snprintf(key, sizeof key, "%.*s", (int)strcspn(instead, "="), instead);
    rig_refused(r, layer, key); /* the error names the key */
    rig_end(r);
}

#define TAKEN(instead) taken(instead, __LINE__)
#define REFUSED(instead) refused(instead, LUN_PROTOCOL, __LINE__)

/* ---- Ranges: both ends, and one beyond ---- */

Test(answers, s13_12_max_recv_data_segment_length)
{
    TAKEN("MaxRecvDataSegmentLength=512");
    TAKEN("MaxRecvDataSegmentLength=16777215");
    REFUSED("MaxRecvDataSegmentLength=511");
    REFUSED("MaxRecvDataSegmentLength=16777216");
}

Test(answers, s13_13_max_burst_length)
{
    TAKEN("MaxBurstLength=512");
    TAKEN("MaxBurstLength=1048576"); /* what we offer */
    REFUSED("MaxBurstLength=511");
    REFUSED("MaxBurstLength=1048577");
}

Test(answers, s13_14_first_burst_length)
{
    TAKEN("FirstBurstLength=512");
    TAKEN("FirstBurstLength=262144");
    REFUSED("FirstBurstLength=511");
    REFUSED("FirstBurstLength=262145");
}

Test(answers, s13_15_default_time2wait)
{
    TAKEN("DefaultTime2Wait=3600");
    REFUSED("DefaultTime2Wait=3601");
}

Test(answers, s13_16_default_time2retain)
{
    TAKEN("DefaultTime2Retain=0");
    REFUSED("DefaultTime2Retain=3601");
}

Test(answers, s13_17_max_outstanding_r2t)
{
    TAKEN("MaxOutstandingR2T=8"); /* what we offer */
    REFUSED("MaxOutstandingR2T=9");
    REFUSED("MaxOutstandingR2T=65536");
}

Test(answers, s13_2_max_connections)
{
    REFUSED("MaxConnections=0");
    REFUSED("MaxConnections=2"); /* we offer 1 */
}

Test(answers, s13_20_error_recovery_level)
{
    REFUSED("ErrorRecoveryLevel=1"); /* we offer 0 */
    REFUSED("ErrorRecoveryLevel=3");
}

/* 13.18, 13.19: OR, and we say Yes. */
Test(answers, s13_18_order)
{
    REFUSED("DataPDUInOrder=No");
    REFUSED("DataSequenceInOrder=No");
}

/* 13.9: 16 bits, 0 included. */
Test(answers, s13_9_portal_group_tag)
{
    TAKEN("TargetAlias=a TargetPortalGroupTag=1");
    REFUSED("TargetPortalGroupTag=2"); /* it was 1 */
    REFUSED("TargetPortalGroupTag=65536");
}

/* ---- Answers that may be missing ---- */

/* 6.2.2: OR and Yes: the outcome is known. */
Test(answers, s6_2_2_answer_that_is_optional)
{
    TAKEN("DataPDUInOrder=-");
    TAKEN("DataSequenceInOrder=-");
}

/* All others are required. */
Test(answers, s6_2_2_answer_that_is_required)
{
    REFUSED("InitialR2T=-");
    REFUSED("ImmediateData=-");
    REFUSED("FirstBurstLength=-");
    REFUSED("MaxOutstandingR2T=-");
    REFUSED("DefaultTime2Wait=-");
    REFUSED("DefaultTime2Retain=-");
}

/* ---- Reject, Irrelevant, NotUnderstood ---- */

/* 6.2: a rejected key stays at its default: MaxBurstLength 262144, below our offer, so we go on with it. */
Test(answers, s6_2_rejected_key_has_its_default)
{
    struct rig *r = answered("MaxBurstLength=Reject",
                             "serve opened\n"
                             "expect ScsiCommand as=w cdb=write(0,1024) F=1 data=*\n"
                             "send R2T to=w offset=8192 length=262144\n"
                             "expect DataOut to=w datasn=0 offset=8192 data=*\n"
                             "reset\n",
                             __LINE__);
    rig_open(r);
    struct rig_io *io = rig_start(r, LUN_OP_WRITE, 0, 524288);
    rig_signal(r, "opened");
    rig_lost(r, LUN_CONNECT, "");
    rig_close(r);
    rig_fails(io);
    rig_end(r);
}

/* 6.2: the default of FirstBurstLength is above an offer of 4096: nothing to go on with. */
Test(answers, s6_2_rejected_key_whose_default_is_too_large)
{
    struct rig *r = answered("FirstBurstLength=Reject", "expect-close\n", __LINE__);
    r->options.first_burst_length = 4096;
    rig_refused(r, LUN_LOGIN, "FirstBurstLength");
    rig_end(r);
}

/* 6.2: every key of the document must be understood. */
Test(answers, s6_2_not_understood_is_a_protocol_error)
{
    REFUSED("MaxBurstLength=NotUnderstood");
    REFUSED("InitialR2T=NotUnderstood");
}

/* 6.2: the reserved words are answers, never proposals. */
Test(answers, s6_2_reserved_word_as_a_proposal)
{
    REFUSED("TaskReporting=Reject");
    REFUSED("X-com.example.speed=Irrelevant");
}

static void proposes(const char *proposal, const char *answer, int line)
{
    char answers[1024], text[2048];
    write_answers(answers, sizeof answers, "none=-");
    snprintf(text, sizeof text,
             TO_OPERATIONAL "expect LoginRequest csg=1\n"
                            "send LoginResponse T=0 text{%s %s}\n"
                            "expect LoginRequest csg=1 nsg=3 T=1 text!{%s}\n"
                            "send LoginResponse\n",
             answers, proposal, answer);
    struct rig *r = rig_new(text, __FILE__, line);
    rig_open(r);
    rig_end(r);
}

#define PROPOSES(proposal, answer) proposes(proposal, answer, __LINE__)

/* 6.2.1: none of the list is for us. */
Test(answers, s6_2_1_our_reject)
{
    PROPOSES("TaskReporting=FastAbort", "TaskReporting=Reject");
}

/* 6.2.2: what is not admissible is rejected. */
Test(answers, s6_2_2_our_reject)
{
    PROPOSES("iSCSIProtocolLevel=32", "iSCSIProtocolLevel=Reject");
    PROPOSES("iSCSIProtocolLevel=x", "iSCSIProtocolLevel=Reject");
}

/* Chapter 13, "Irrelevant when: SessionType=Discovery". */
Test(answers, s6_2_our_irrelevant)
{
    struct rig *r = RIG(TO_OPERATIONAL
                        "expect LoginRequest csg=1\n"
                        "send LoginResponse T=0 text{HeaderDigest=None DataDigest=None DefaultTime2Wait=2 "
                        "DefaultTime2Retain=0 ErrorRecoveryLevel=0 MaxBurstLength=4096 InitialR2T=No}\n"
                        "expect LoginRequest csg=1 text!{MaxBurstLength=Irrelevant InitialR2T=Irrelevant}\n"
                        "send LoginResponse\n"
                        "expect TextRequest\n"
                        "send TextResponse text{TargetName=iqn.2026-01.com.example:a}\n");
    struct lun_found *found = NULL;
    rig_assert(r, lun_discover(r->pool, r->portal, NULL, 20000, &found, &r->error));
    lun_found_free(found);
    rig_end(r);
}

/* ---- Keys out of their place ---- */

static void in_security(const char *keys, const char *words, int line)
{
    char text[1024];
    snprintf(text, sizeof text, "expect LoginRequest csg=0\nsend LoginResponse text{%s}\nexpect-close\n",
             keys);
    struct rig *r = rig_new(text, __FILE__, line);
    rig_refused(r, LUN_PROTOCOL, words);
    rig_end(r);
}

/* 6.3: operational keys in the security stage. */
Test(answers, s6_3_operational_key_in_the_security_stage)
{
    in_security("AuthMethod=None HeaderDigest=None", "HeaderDigest", __LINE__);
    in_security("AuthMethod=None MaxRecvDataSegmentLength=8192", "MaxRecvDataSegmentLength", __LINE__);
}

/* 6.3: and the other way round. */
Test(answers, s6_3_security_key_in_the_operational_stage)
{
    REFUSED("AuthMethod=CHAP");
    REFUSED("CHAP_C=0x01");
}

/* 13.3, 13.4: SendTargets is ours, TargetName the target's only in answer to it. */
Test(answers, s13_4_key_of_the_other_side)
{
    REFUSED("SendTargets=All");
    REFUSED("TargetName=iqn.2026-01.com.example:other");
    REFUSED("InitiatorName=iqn.2026-01.com.example:other");
}

/* Some targets say again who we are: what we said ourselves is no news. */
Test(answers, initiator_name_repeated)
{
    TAKEN("InitiatorName=" RIG_INITIATOR);
}

/* ---- Form ---- */

/* 6.1: a simple value has 255 bytes at most. */
Test(answers, s6_1_value_of_256_bytes)
{
    TAKEN("TargetAddress=repeat(a,255)");
    REFUSED("TargetAddress=repeat(a,256)");
    in_security("AuthMethod=None TargetAddress=repeat(a,256)", "TargetAddress", __LINE__);
}

/* 6.3: a second time is once too often, known or not. */
Test(answers, s6_3_unknown_key_twice)
{
    REFUSED("X-com.example.a=1 X-com.example.a=2");
}

/* 6.1: keys are case sensitive: this is another one, and ours remains unanswered. */
Test(answers, s6_1_case_of_keys)
{
    struct rig *r = answered("MaxBurstLength=-", "", __LINE__);
    rig_refused(r, LUN_PROTOCOL, "MaxBurstLength");
    rig_end(r);
    REFUSED("ImmediateData=YES");
}

/* 6.1: no leading zero, no sign, nothing behind. */
Test(answers, s6_1_numbers_in_no_form)
{
    REFUSED("MaxBurstLength=065536");
    REFUSED("MaxBurstLength=+65536");
    REFUSED("MaxBurstLength=65536\\s");
    REFUSED("MaxBurstLength=0x");
    REFUSED("MaxBurstLength=0xg");
}

/* 6.2: a range is no answer. */
Test(answers, s6_2_range_as_an_answer)
{
    REFUSED("MaxBurstLength=512~65536");
}

/* 6.2.1: one word is chosen, not several. */
Test(answers, s6_2_1_list_as_an_answer)
{
    struct rig *r = answered("HeaderDigest=CRC32C,None", "expect-close\n", __LINE__);
    r->options.header_digest = LUN_DIGEST_PREFER_CRC32C;
    rig_refused(r, LUN_PROTOCOL, "HeaderDigest");
    rig_end(r);
}

/* ---- MaxRecvDataSegmentLength, our direction ---- */

/* 13.12: what we declared limits the target, whatever it declared itself. */
Test(answers, s13_12_data_in_longer_than_we_declared)
{
    struct rig *r = RIG("login MaxRecvDataSegmentLength=65536\n"
                        "serve opened\n"
                        "expect ScsiCommand as=r cdb=read(0,32)\n"
                        "send DataIn to=r datasn=0 offset=0 data=pattern(0,8196) F=1\n"
                        "expect-close\n");
    r->options.max_recv_data_segment_length = 8192;
    rig_open(r);
    struct rig_io *io = rig_start(r, LUN_OP_READ, 0, 16384);
    rig_lost(r, LUN_PROTOCOL, "");
    rig_close(r);
    rig_fails(io);
    rig_end(r);
}

/* And may be used to the full. */
Test(answers, s13_12_data_in_as_long_as_we_declared)
{
    struct rig *r = RIG("login MaxRecvDataSegmentLength=512\n"
                        "serve opened\n"
                        "expect ScsiCommand as=r cdb=read(0,16)\n"
                        "send DataIn to=r datasn=0 offset=0 data=pattern(0,8192) S=1\n");
    r->options.max_recv_data_segment_length = 8192;
    rig_open(r);
    rig_read(r, 0, 8192);
    rig_end(r);
}

/* ---- Every status (11.13.5) ---- */

Test(answers, s11_13_5_every_status)
{
    static const struct {
        int code;
        bool retry;
        const char *words;
    } table[] = {
        {0x0200, false, "initiator error"},
        {0x0201, false, "authentication failure"},
        {0x0202, false, "authorization failure"},
        {0x0203, false, "target not found"},
        {0x0204, false, "target removed"},
        {0x0205, false, "version"},
        {0x0206, false, "too many connections"},
        {0x0207, false, "missing parameter"},
        {0x0208, false, "cannot include"},
        {0x0209, false, "session type"},
        {0x020a, false, "session does not exist"},
        {0x020b, false, "invalid request"},
        {0x0300, true, "target error"},
        {0x0301, true, "service unavailable"},
        {0x0302, true, "out of resources"},
        {0x02ff, false, "initiator error of an unknown kind"},
        {0x03ff, true, "target error of an unknown kind"},
        {0x0400, false, "unknown class"},
    };
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        char text[200];
        snprintf(text, sizeof text,
                 "expect LoginRequest\nsend LoginResponse T=0 class=%d detail=%d\nexpect-close\n",
                 table[i].code >> 8, table[i].code & 0xff);
        struct rig *r = rig_new(text, __FILE__, __LINE__);
        rig_refused(r, LUN_LOGIN, table[i].words);
        rig_assert(r, r->error.code == table[i].code && r->error.retry == table[i].retry);
        rig_end(r);
    }
}

/* ---- CHAP, as configured ---- */

/* 12.1.3: the list in the user's order. */
Test(answers, s12_1_3_algorithms_in_the_configured_order)
{
    struct rig *r = RIG("expect LoginRequest csg=0 text{AuthMethod=CHAP}\n"
                        "send LoginResponse T=0 text{AuthMethod=CHAP TargetPortalGroupTag=1}\n"
                        "expect LoginRequest csg=0 text!{CHAP_A=7,5}\n"
                        "send LoginResponse T=0 text{CHAP_A=7 CHAP_I=1 CHAP_C=0xrepeat(5c,32)}\n"
                        "expect LoginRequest csg=0 T=1 text!{CHAP_N=bob "
                        "CHAP_R=chap(SHA256,1,012345678901,0xrepeat(5c,32))}\n"
                        "send LoginResponse\n"
                        "login\n");
    r->options.auth = (struct lun_auth){.user = "bob", .secret = "012345678901", .algorithms = {7, 5}};
    rig_open(r);
    rig_end(r);
}

/* 9.2.1: fewer than 96 bits, because the user insists. */
Test(answers, s9_2_1_short_secret_on_request)
{
    struct rig *r = RIG("expect LoginRequest csg=0\n"
                        "send LoginResponse T=0 text{AuthMethod=CHAP TargetPortalGroupTag=1}\n"
                        "expect LoginRequest csg=0 text{CHAP_A=*}\n"
                        "send LoginResponse T=0 text{CHAP_A=5 CHAP_I=1 CHAP_C=0xrepeat(5c,32)}\n"
                        "expect LoginRequest csg=0 T=1 text!{CHAP_N=bob "
                        "CHAP_R=chap(MD5,1,short,0xrepeat(5c,32))}\n"
                        "send LoginResponse\n"
                        "login\n");
    r->options.auth = (struct lun_auth){.user = "bob", .secret = "short", .allow_short_secret = true};
    rig_open(r);
    rig_end(r);
}
