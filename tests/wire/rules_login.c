/* SPDX-License-Identifier: Apache-2.0 */
/* Rules of RFC 7143 about names, texts and login that belong to no other file of transcripts: docs/rfc7143.md
 * names the section of each. */
#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

#include "rig.h"

#define TO_OPERATIONAL                                                                                       \
    "expect LoginRequest csg=0 nsg=1 T=1\n"                                                                  \
    "send LoginResponse text{AuthMethod=None TargetPortalGroupTag=1}\n"
#define ANSWERS                                                                                              \
    "HeaderDigest=None DataDigest=None InitialR2T=Yes ImmediateData=Yes MaxBurstLength=65536 "               \
    "FirstBurstLength=65536 MaxOutstandingR2T=1 MaxConnections=1 ErrorRecoveryLevel=0 DefaultTime2Wait=2 "   \
    "DefaultTime2Retain=0 DataPDUInOrder=Yes DataSequenceInOrder=Yes"

static void works(struct rig *r)
{
    rig_open(r);
    rig_end(r);
}

/* The target asks with these keys, we answer with those. */
static void asked(const char *keys, const char *answers, int line)
{
    char text[2000];
    snprintf(text, sizeof text,
             TO_OPERATIONAL "expect LoginRequest csg=1\n"
                            "send LoginResponse T=0 text{" ANSWERS " %s}\n"
                            "expect LoginRequest csg=1 nsg=3 T=1 text!{%s}\n"
                            "send LoginResponse\n"
                            "serve opened\n" /* and commands go on as ever */
                            "expect ScsiCommand cdb=read(0,1)\n"
                            "send DataIn data=pattern(0,512) S=1\n",
             keys, answers);
    struct rig *r = rig_new(text, __FILE__, line);
    rig_open(r);
    rig_read(r, 0, 512);
    rig_end(r);
}

#define ASKED(keys, answers) asked(keys, answers, __LINE__)

/* 223 bytes is the longest a name may be. */
Test(rules_login, s4_2_7_1_target_name_of_223_bytes)
{
    char iqn[224], text[600];
    size_t n = strlen(strcpy(iqn, "iqn.2026-01.com.example:"));
    memset(iqn + n, 'a', 223 - n);
    iqn[223] = '\0';
    snprintf(text, sizeof text,
             "expect LoginRequest text{TargetName=%s}\n"
             "send LoginResponse text{AuthMethod=None TargetPortalGroupTag=1}\n"
             "login\n",
             iqn);
    struct rig *r = rig_new(text, __FILE__, __LINE__);
    r->options.iqn = iqn;
    works(r);
}

/* In one text, of as many bytes as both sides must be able to take: ours says nothing to the key we do not
 * know, since the stage ends with it. */
Test(rules_login, s6_1_text_of_8192_bytes_is_taken)
{
    char text[10000];
    size_t rest = 8192 - sizeof ANSWERS - sizeof "X-com.example.long=";
    snprintf(text, sizeof text,
             TO_OPERATIONAL "expect LoginRequest csg=1 nsg=3\n"
                            "send LoginResponse text{" ANSWERS " X-com.example.long=repeat(a,%zu)}\n",
             rest);
    works(rig_new(text, __FILE__, __LINE__));
}

#define SECRET "0123456789abcdef" /* 16 bytes: 128 bits */

Test(rules_login, s9_2_1_secret_of_16_bytes)
{
    struct rig *r =
        RIG("expect LoginRequest csg=0 text{AuthMethod=CHAP|CHAP,None}\n"
            "send LoginResponse T=0 text{AuthMethod=CHAP TargetPortalGroupTag=1}\n"
            "expect LoginRequest csg=0 T=0 text{CHAP_A=*}\n"
            "send LoginResponse T=0 text{CHAP_A=5 CHAP_I=1 CHAP_C=0xrepeat(5a,16)}\n"
            "expect LoginRequest csg=0 nsg=1 T=1 text{CHAP_R=chap(MD5,1," SECRET ",0xrepeat(5a,16))}\n"
            "send LoginResponse\n"
            "login\n");
    r->options.auth.user = "bob";
    r->options.auth.secret = SECRET;
    works(r);
}

/* Our request for CHAP_A has T=0; the response may not have T=1. */
Test(rules_login, s11_13_6_transit_nobody_asked_for)
{
    struct rig *r = RIG("expect LoginRequest csg=0\n"
                        "send LoginResponse T=0 text{AuthMethod=CHAP TargetPortalGroupTag=1}\n"
                        "expect LoginRequest csg=0 T=0 text{CHAP_A=*}\n"
                        "send LoginResponse T=1 nsg=1 text{CHAP_A=5 CHAP_I=1 CHAP_C=0xrepeat(5a,16)}\n"
                        "expect-close\n");
    r->options.auth.user = "bob";
    r->options.auth.secret = SECRET;
    rig_refused(r, LUN_PROTOCOL, "stage");
    rig_end(r);
}

Test(rules_login, s13_24_protocol_level_is_answered_with_1)
{
    ASKED("iSCSIProtocolLevel=1", "iSCSIProtocolLevel=1");
    ASKED("iSCSIProtocolLevel=2", "iSCSIProtocolLevel=1");
}

/* Obsolete keys may still come; NotUnderstood is forbidden. */
Test(rules_login, s13_25_marker_keys_are_answered_as_said)
{
    ASKED("IFMarker=Yes OFMarker=No IFMarkInt=2048~8192 OFMarkInt=1~65535",
          "IFMarker=Reject|No OFMarker=Reject|No IFMarkInt=Reject OFMarkInt=Reject");
}

/* FastAbort is not for us: the first of the list that is. */
Test(rules_login, s6_2_1_first_supported_value_of_a_list)
{
    ASKED("TaskReporting=FastAbort,ResponseFence,RFC3720", "TaskReporting=RFC3720");
    ASKED("TaskReporting=Another,RFC3720", "TaskReporting=RFC3720");
}

/* A declaration: nothing answers it, and nothing changes. */
Test(rules_login, s13_26_2_node_architecture_changes_nothing)
{
    ASKED("X#NodeArchitecture=ExampleOS/v1234,ExampleDriver/v0.9b", "X#NodeArchitecture=-");
}

/* The LUN and the tag of a part of the answer come back in the request for the next. */
Test(rules_login, s11_11_4_lun_is_copied)
{
    struct rig *r =
        RIG("login\n"
            "expect TextRequest as=t ttt=0xffffffff lun=0 F=1 C=0 text!{SendTargets=All}\n"
            "send TextResponse F=0 C=1 ttt=0x77 lun=0x0102030405060708 data=text(TargetName=)\n"
            "expect TextRequest itt=@t ttt=0x77 lun=0x0102030405060708 F=1 C=0 I=@t.I data=zeros(0)\n"
            "send TextResponse data=text(iqn.2026-01.com.example:a)+zeros(1)\n");
    struct lun_found *found = NULL;
    rig_assert(r, lun_discover(r->pool, r->portal, NULL, 20000, &found, &r->error));
    rig_assert(r, found->count == 1);
    lun_found_free(found);
    rig_end(r);
}

/* With F=1 the tag means nothing, whatever it is. */
Test(rules_login, s11_10_4_tag_of_a_final_response_is_ignored)
{
    struct rig *r = RIG("login\n"
                        "expect TextRequest text!{SendTargets=All}\n"
                        "send TextResponse F=1 ttt=0x77 text{TargetName=iqn.2026-01.com.example:a}\n"
                        "expect LogoutRequest\n"
                        "send LogoutResponse\n"
                        "expect-close\n");
    struct lun_found *found = NULL;
    rig_assert(r, lun_discover(r->pool, r->portal, NULL, 20000, &found, &r->error));
    rig_assert(r, found->count == 1);
    lun_found_free(found);
    rig_end(r);
}

/* Two portals asked by one pool, or one asked twice: each session has an ISID of its own, so that none ends
 * the other. They are counted down, away from those of the sessions with targets. */
Test(rules_login, s7_4_2_1_discovery_sessions_are_apart)
{
    struct rig *r = RIG("expect LoginRequest as=first tsih=0\n"
                        "send LoginResponse text{AuthMethod=None TargetPortalGroupTag=1}\n"
                        "login\n"
                        "expect TextRequest\n"
                        "send TextResponse\n"
                        "expect LogoutRequest\n"
                        "send LogoutResponse\n"
                        "expect-close\n"
                        "accept\n"
                        "expect LoginRequest tsih=0 isid=@first.isid-1\n"
                        "send LoginResponse text{AuthMethod=None TargetPortalGroupTag=1}\n"
                        "login\n"
                        "expect TextRequest\n"
                        "send TextResponse\n");
    for (int i = 0; i < 2; i++) {
        struct lun_found *found = NULL;
        rig_assert(r, lun_discover(r->pool, r->portal, NULL, 20000, &found, &r->error));
        lun_found_free(found);
    }
    rig_end(r);
}
