/* SPDX-License-Identifier: Apache-2.0 */
/* The ways through the stages of a login, and texts of ours that need several PDUs. RFC 7143 6.3, 6.2. */
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "rig.h"

#define ANSWERS                                                                                              \
    "HeaderDigest=None DataDigest=None InitialR2T=Yes ImmediateData=Yes MaxBurstLength=65536 "               \
    "FirstBurstLength=65536 MaxOutstandingR2T=1 MaxConnections=1 ErrorRecoveryLevel=0 DefaultTime2Wait=2 "   \
    "DefaultTime2Retain=0 DataPDUInOrder=Yes DataSequenceInOrder=Yes"

#define SECRET "012345678901"

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

static struct rig *by(struct rig *r, enum lun_login_stages stages)
{
    r->options.login_stages = stages;
    return r;
}

static struct rig *with_user(struct rig *r)
{
    r->options.auth.user = "bob";
    r->options.auth.secret = SECRET;
    return r;
}

/* ---- Both ---- */

/* 6.3: the target stays in the security stage as long as it likes; T again in each request (6.3.3). */
Test(stages, s6_3_target_stays_in_security)
{
    works(RIG("expect LoginRequest csg=0 nsg=1 T=1 text{AuthMethod=None}\n"
              "send LoginResponse T=0 text{TargetPortalGroupTag=1}\n"
              "expect LoginRequest csg=0 nsg=1 T=1 data=zeros(0)\n"
              "send LoginResponse T=0 text{AuthMethod=None}\n"
              "expect LoginRequest csg=0 nsg=1 T=1 data=zeros(0)\n"
              "send LoginResponse T=0 text{TargetAlias=a}\n"
              "expect LoginRequest csg=0 nsg=1 T=1 data=zeros(0)\n"
              "send LoginResponse\n"
              "login\n"));
}

/* 6.3.1: "the Login Response only contains the TargetPortalGroupTag key", T=1: security is skipped. */
Test(stages, s6_3_1_target_skips_security)
{
    works(RIG("expect LoginRequest csg=0 nsg=1 T=1\n"
              "send LoginResponse text!{TargetPortalGroupTag=1}\n"
              "login\n"));
}

/* 6.3.3: the answers to our offers spread over as many responses as the target likes. */
Test(stages, s6_3_3_answers_in_many_responses)
{
    works(RIG("expect LoginRequest csg=0\n"
              "send LoginResponse text{AuthMethod=None TargetPortalGroupTag=1}\n"
              "expect LoginRequest csg=1 nsg=3 T=1\n"
              "send LoginResponse T=0 text{HeaderDigest=None DataDigest=None}\n"
              "expect LoginRequest csg=1 nsg=3 T=1 data=zeros(0)\n"
              "send LoginResponse T=0 text{InitialR2T=Yes ImmediateData=Yes MaxConnections=1}\n"
              "expect LoginRequest csg=1 nsg=3 T=1 data=zeros(0)\n"
              "send LoginResponse T=0 text{MaxBurstLength=65536 FirstBurstLength=65536 MaxOutstandingR2T=1 "
              "ErrorRecoveryLevel=0}\n"
              "expect LoginRequest csg=1 nsg=3 T=1 data=zeros(0)\n"
              "send LoginResponse text{DefaultTime2Wait=2 DefaultTime2Retain=0 DataPDUInOrder=Yes "
              "DataSequenceInOrder=Yes}\n"));
}

/* 6.2: at least six exchanges must be borne. */
Test(stages, s6_2_many_exchanges)
{
    works(RIG("expect LoginRequest csg=0 nsg=1 T=1\n"
              "send LoginResponse T=0 text{AuthMethod=None TargetPortalGroupTag=1}\n"
              "expect LoginRequest csg=0\nsend LoginResponse T=0\n"
              "expect LoginRequest csg=0\nsend LoginResponse T=0\n"
              "expect LoginRequest csg=0\nsend LoginResponse T=0\n"
              "expect LoginRequest csg=0\nsend LoginResponse T=0\n"
              "expect LoginRequest csg=0\nsend LoginResponse T=0\n"
              "expect LoginRequest csg=0\nsend LoginResponse T=0\n"
              "expect LoginRequest csg=0\nsend LoginResponse T=0\n"
              "login\n"));
}

/* ---- Operational at once ---- */

/* 6.3: start to operational: names and offers in the first request, and nothing of security. */
Test(stages, s6_3_operational_at_once)
{
    works(by(RIG("expect LoginRequest csg=1 nsg=3 T=1 tsih=0 text{InitiatorName=" RIG_INITIATOR
                 " TargetName=" RIG_IQN " SessionType=Normal AuthMethod=- InitialR2T=No MaxBurstLength=*}\n"
                 "send LoginResponse text{TargetPortalGroupTag=1 " ANSWERS "}\n"),
             LUN_STAGES_OPERATIONAL));
}

/* 6.3.1: a target that wants security says "authentication failure". */
Test(stages, s6_3_1_operational_refused_by_the_target)
{
    struct rig *r = by(RIG("expect LoginRequest csg=1\n"
                           "send LoginResponse T=0 class=2 detail=1\n"
                           "expect-close\n"),
                       LUN_STAGES_OPERATIONAL);
    rig_refused(r, LUN_LOGIN, "authentication failure");
    rig_assert(r, r->error.code == 0x0201);
    rig_end(r);
}

/* 6.3: no way back to security. */
Test(stages, s6_3_operational_to_security_refused)
{
    refused(by(RIG("expect LoginRequest csg=1\n"
                   "send LoginResponse T=1 nsg=0 text{TargetPortalGroupTag=1 " ANSWERS "}\n"
                   "expect-close\n"),
               LUN_STAGES_OPERATIONAL),
            LUN_PROTOCOL, "stage 0");
}

Test(stages, operational_cannot_authenticate)
{
    struct rig *r = by(with_user(RIG("")), LUN_STAGES_OPERATIONAL);
    refused(r, LUN_USAGE, "security stage");
}

/* ---- From security to full feature phase ---- */

/* 6.3: security to full feature phase: no key has been negotiated, so each has its default (chapter 13): R2T
 * is awaited, 8192 bytes go with the command. */
Test(stages, s6_3_security_to_full_feature)
{
    struct rig *r = by(RIG("expect LoginRequest csg=0 nsg=3 T=1 text{AuthMethod=None MaxBurstLength=-}\n"
                           "send LoginResponse text{AuthMethod=None TargetPortalGroupTag=1}\n"
                           "serve opened\n"
                           "expect ScsiCommand as=w cdb=write(0,32) F=1 data=pattern(0,8192)\n"
                           "send R2T to=w offset=8192 length=8192\n"
                           "expect DataOut to=w datasn=0 offset=8192 F=1 data=pattern(8192,8192)\n"
                           "send ScsiResponse to=w\n"),
                       LUN_STAGES_SECURITY);
    rig_open(r);
    rig_write(r, 0, 16384);
    rig_end(r);
}

/* 6.3: the target may choose an earlier stage than the one asked for. */
Test(stages, s6_3_target_wants_operational_too)
{
    works(by(RIG("expect LoginRequest csg=0 nsg=3 T=1\n"
                 "send LoginResponse nsg=1 text{AuthMethod=None TargetPortalGroupTag=1}\n"
                 "expect LoginRequest csg=1 nsg=3 T=1 text{MaxBurstLength=* AuthMethod=-}\n"
                 "send LoginResponse text{" ANSWERS "}\n"),
             LUN_STAGES_SECURITY));
}

/* 6.3.2: with authentication. */
Test(stages, s6_3_2_chap_to_full_feature)
{
    works(by(with_user(RIG("expect LoginRequest csg=0 T=0 text{AuthMethod=CHAP}\n"
                           "send LoginResponse T=0 text{AuthMethod=CHAP TargetPortalGroupTag=1}\n"
                           "expect LoginRequest csg=0 T=0 text{CHAP_A=*}\n"
                           "send LoginResponse T=0 text{CHAP_A=5 CHAP_I=7 CHAP_C=0xrepeat(ab,16)}\n"
                           "expect LoginRequest csg=0 nsg=3 T=1 text!{CHAP_N=bob CHAP_R=chap(MD5,7," SECRET
                           ",0xrepeat(ab,16))}\n"
                           "send LoginResponse\n")),
             LUN_STAGES_SECURITY));
}

/* 6.3.2: a target that goes on to full feature phase without having authenticated itself. */
Test(stages, s6_3_2_full_feature_before_the_target_is_known)
{
    struct rig *r = by(with_user(RIG("expect LoginRequest csg=0 T=0\n"
                                     "send LoginResponse T=0 text{AuthMethod=CHAP TargetPortalGroupTag=1}\n"
                                     "expect LoginRequest csg=0 T=0\n"
                                     "send LoginResponse T=0 text{CHAP_A=5 CHAP_I=7 CHAP_C=0xrepeat(ab,16)}\n"
                                     "expect LoginRequest csg=0 nsg=3 T=1 text{CHAP_R=* CHAP_C=*}\n"
                                     "send LoginResponse\n"
                                     "expect-close\n")),
                       LUN_STAGES_SECURITY);
    r->options.auth.mutual_user = "disk";
    r->options.auth.mutual_secret = "abcdefghijkl";
    refused(r, LUN_LOGIN, "authentic");
}

/* 13.1: a digest we insist on cannot be agreed on without the operational stage. */
Test(stages, s13_1_digest_that_was_never_negotiated)
{
    struct rig *r = by(RIG("expect LoginRequest csg=0 nsg=3 T=1\n"
                           "send LoginResponse text{AuthMethod=None TargetPortalGroupTag=1}\n"
                           "expect-close\n"),
                       LUN_STAGES_SECURITY);
    r->options.header_digest = LUN_DIGEST_CRC32C;
    refused(r, LUN_LOGIN, "HeaderDigest");
}

/* 11.12.3: 2 is reserved. */
Test(stages, s11_12_3_reserved_stage_refused)
{
    refused(by(RIG("expect LoginRequest csg=0 nsg=3 T=1\n"
                   "send LoginResponse nsg=2 text{AuthMethod=None TargetPortalGroupTag=1}\n"
                   "expect-close\n"),
               LUN_STAGES_SECURITY),
            LUN_PROTOCOL, "");
}

/* ---- Texts of several PDUs, ours ---- */

/* `count` unknown keys K000=, K001=, ..., each to be answered by 5 + 13 bytes and a NUL. */
#define KEYS 450
#define ANSWER_LENGTH (KEYS * 19)

/* A login whose operational stage has them, and goes on as `rest` says. */
static struct rig *asked_much(const char *rest, int line)
{
    char *keys = malloc(16 * KEYS + 1), *text;
    size_t n = 0;
    for (int i = 0; i < KEYS; i++) {
        char key[8];
        snprintf(key, sizeof key, "K%03d=", i);
        for (int c = 0; c < 6; c++) /* with its NUL */
            n += (size_t)sprintf(keys + n, "%02x", (unsigned)key[c]);
    }
    cr_assert_geq(asprintf(&text,
                           "expect LoginRequest csg=0\n"
                           "send LoginResponse text{AuthMethod=None TargetPortalGroupTag=1}\n"
                           "expect LoginRequest csg=1 nsg=3 T=1\n"
                           "send LoginResponse T=0 data=hex(%s)\n"
                           "expect LoginRequest csg=1 C=1 T=0 dlen=8192 data=*\n"
                           "%s",
                           keys, rest),
                  0);
    struct rig *r = rig_new(text, __FILE__, line);
    free(text);
    free(keys);
    return r;
}

/* 6.2, 11.12.2: what does not fit into 8192 bytes goes on in the next request; T only with the last. The
 * target answers the first with nothing. */
Test(stages, s11_12_2_our_text_in_two_requests)
{
    _Static_assert(ANSWER_LENGTH - 8192 == 358, "the length below");
    works(asked_much("send LoginResponse T=0\n"
                     "expect LoginRequest csg=1 nsg=3 C=0 T=1 dlen=358 data=*\n"
                     "send LoginResponse text{" ANSWERS "}\n",
                     __LINE__));
}

/* 6.2: the target must answer C=1 with no text. */
Test(stages, s6_2_text_in_answer_to_half_of_ours)
{
    refused(asked_much("send LoginResponse T=0 text{" ANSWERS "}\n"
                       "expect-close\n",
                       __LINE__),
            LUN_PROTOCOL, "before ours is complete");
}
