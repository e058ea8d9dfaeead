/* SPDX-License-Identifier: Apache-2.0 */
/* Discovery: SendTargets in a discovery session. RFC 7143 4.3, appendix C. */
#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

#include "rig.h"

#define ASKED                                                                                                \
    "login\n"                                                                                                \
    "expect TextRequest as=t ttt=0xffffffff F=1 C=0 text!{SendTargets=All}\n"

static struct lun_found *find_at(struct rig *r, const char *portal, const struct lun_auth *auth)
{
    struct lun_found *found = NULL;
    if (!lun_discover(r->pool, portal, auth, 20000, &found, &r->error))
        rig_complain(r, "discovery: %s: %s", lun_layer_name(r->error.layer), r->error.text);
    return found;
}

static struct lun_found *find(struct rig *r)
{
    return find_at(r, r->portal, NULL);
}

static void fails(struct rig *r, enum lun_layer layer, const char *words)
{
    struct lun_found *found = NULL;
    rig_assert(r, !lun_discover(r->pool, r->portal, NULL, 20000, &found, &r->error));
    if (r->error.layer != layer || !strstr(r->error.text, words))
        rig_complain(r, "got %s: %s", lun_layer_name(r->error.layer), r->error.text);
    rig_end(r);
}

static bool has(const struct lun_found *f, size_t target, size_t portal, const char *address, int group)
{
    const struct lun_found_portal *p = &f->targets[target].portals[portal];
    return portal < f->targets[target].portal_count && !strcmp(p->address, address) &&
           p->portal_group == group;
}

/* 6.3: SessionType=Discovery and no TargetName. */
Test(discovery, s6_3_login_names_no_target)
{
    struct rig *r = RIG(
        "expect LoginRequest csg=0 text{SessionType=Discovery InitiatorName=" RIG_INITIATOR " TargetName=-}\n"
        "send LoginResponse text{AuthMethod=None TargetPortalGroupTag=1}\n" ASKED
        "send TextResponse text{TargetName=iqn.2026-01.com.example:a TargetAddress=192.0.2.1:3260,1}\n"
        "expect LogoutRequest\n"
        "send LogoutResponse\n"
        "expect-close\n");
    struct lun_found *f = find(r);
    rig_assert(r, f->count == 1 && !strcmp(f->targets[0].iqn, "iqn.2026-01.com.example:a"));
    rig_assert(r, has(f, 0, 0, "192.0.2.1:3260", 1));
    lun_found_free(f);
    rig_end(r);
}

Test(discovery, s13_3_several_targets_and_portals)
{
    struct rig *r = RIG(ASKED "send TextResponse "
                              "text{TargetName=iqn.2026-01.com.example:a TargetAddress=192.0.2.1:3260,1 "
                              "TargetAddress=[2001:db8::1]:3261,2 TargetName=eui.02004567a425678d "
                              "TargetAddress=san.example.com:3260,3 TargetName=naa.52004567ba64678d "
                              "TargetAddress=[127.0.0.1]:3260,65535}\n");
    struct lun_found *f = find(r);
    rig_assert(r, f->count == 3 && f->targets[0].portal_count == 2 && f->targets[1].portal_count == 1);
    rig_assert(r, has(f, 0, 0, "192.0.2.1:3260", 1) && has(f, 0, 1, "[2001:db8::1]:3261", 2));
    rig_assert(r, has(f, 1, 0, "san.example.com:3260", 3) && f->targets[2].portals[0].portal_group == 65535);
    lun_found_free(f);
    rig_end(r);
}

/* Appendix C: no TargetAddress means the portal that was asked. */
Test(discovery, s13_3_target_without_address)
{
    struct rig *r = RIG(ASKED "send TextResponse text{TargetName=iqn.2026-01.com.example:a}\n");
    struct lun_found *f = find(r);
    rig_assert(r, f->count == 1 && f->targets[0].portal_count == 1);
    rig_assert(r, !strcmp(f->targets[0].portals[0].address, r->portal));
    lun_found_free(f);
    rig_end(r);
}

Test(discovery, s13_3_no_targets)
{
    struct rig *r = RIG(ASKED "send TextResponse\n");
    struct lun_found *f = find(r);
    rig_assert(r, f->count == 0);
    lun_found_free(f);
    rig_end(r);
}

/* 11.10.4, 11.11: C=1 and a TTT: asked on with that TTT and the same ITT, and joined inside a name. */
Test(discovery, s11_11_4_continued_answer)
{
    struct rig *r =
        RIG(ASKED "send TextResponse F=0 C=1 ttt=0x77 data=text(TargetName=iqn.2026-01.com.exam)\n"
                  "expect TextRequest itt=@t ttt=0x77 F=1 C=0 data=zeros(0)\n"
                  "send TextResponse F=0 C=1 ttt=0x78 data=text(ple:a)+zeros(1)+text(TargetAddr)\n"
                  "expect TextRequest itt=@t ttt=0x78 F=1 C=0 data=zeros(0)\n"
                  "send TextResponse data=text(ess=192.0.2.1:3260,1)+zeros(1)\n");
    struct lun_found *f = find(r);
    rig_assert(r, f->count == 1 && has(f, 0, 0, "192.0.2.1:3260", 1));
    rig_assert(r, !strcmp(f->targets[0].iqn, "iqn.2026-01.com.example:a"));
    lun_found_free(f);
    rig_end(r);
}

/* 11.19: the target asks whether we are there; it must be answered in a discovery session too. */
Test(discovery, s11_19_ping_is_answered)
{
    struct rig *r = RIG(ASKED "ping\n"
                              "send TextResponse to=t text{TargetName=iqn.2026-01.com.example:a}\n");
    struct lun_found *f = find(r);
    rig_assert(r, f->count == 1);
    lun_found_free(f);
    rig_end(r);
}

Test(discovery, final_without_logout)
{
    struct rig *r = RIG(ASKED "send TextResponse text{TargetName=iqn.2026-01.com.example:a}\n"
                              "expect LogoutRequest\n"
                              "close\n");
    struct lun_found *f = find(r);
    rig_assert(r, f->count == 1);
    lun_found_free(f);
    rig_end(r);
}

/* 11.10.5: the target may also break between two pairs, with C=0: asked on all the same. */
Test(discovery, s11_10_5_answer_in_parts)
{
    struct rig *r =
        RIG(ASKED "send TextResponse F=0 C=0 ttt=0x77 text{TargetName=iqn.2026-01.com.example:a}\n"
                  "expect TextRequest itt=@t ttt=0x77 F=1 C=0 data=zeros(0)\n"
                  "send TextResponse F=0 C=0 ttt=0x77\n"
                  "expect TextRequest itt=@t ttt=0x77 F=1 C=0 data=zeros(0)\n"
                  "send TextResponse text{TargetAddress=192.0.2.1:3260,1}\n");
    struct lun_found *f = find(r);
    rig_assert(r, f->count == 1 && has(f, 0, 0, "192.0.2.1:3260", 1));
    lun_found_free(f);
    rig_end(r);
}

/* 11.10.4: "MUST ignore the Target Transfer Tag in the Text Response when the F bit is set to 1". */
Test(discovery, s11_10_4_tag_of_the_last_answer_is_ignored)
{
    struct rig *r = RIG(ASKED "send TextResponse ttt=0x77 text{TargetName=iqn.2026-01.com.example:a}\n"
                              "expect LogoutRequest reason=0\n"
                              "send LogoutResponse\n"
                              "expect-close\n");
    struct lun_found *f = find(r);
    rig_assert(r, f->count == 1);
    lun_found_free(f);
    rig_end(r);
}

/* Appendix C wants one record for each target; some targets begin one for each address. */
Test(discovery, target_named_again)
{
    struct rig *r = RIG(ASKED "send TextResponse text{TargetName=iqn.2026-01.com.example:a "
                              "TargetAddress=192.0.2.1:3260,1 TargetName=iqn.2026-01.com.example:a "
                              "TargetAddress=192.0.2.2:3260,2}\n");
    struct lun_found *f = find(r);
    rig_assert(r, f->count == 1 && has(f, 0, 0, "192.0.2.1:3260", 1) && has(f, 0, 1, "192.0.2.2:3260", 2));
    lun_found_free(f);
    rig_end(r);
}

/* The portal as users write it: a name, of whose addresses only the second has a listener. */
Test(discovery, portal_by_name)
{
    struct rig *r = RIG(ASKED "send TextResponse text{TargetName=iqn.2026-01.com.example:a}\n");
    char portal[32];
    snprintf(portal, sizeof portal, "localhost:%u", script_port(r->script));
    struct lun_found *f = find_at(r, portal, NULL);
    rig_assert(r, f->count == 1 && has(f, 0, 0, portal, -1));
    lun_found_free(f);
    rig_end(r);
}

Test(discovery, s13_8_portal_by_ipv6_address)
{
    struct holdings before = holdings_count();
    struct script *s = script_new_ipv6(
        ASKED "send TextResponse text{TargetName=iqn.2026-01.com.example:a TargetAddress=[::1]:3260,1}\n",
        __FILE__, __LINE__);
    struct rig *r = RIG("");
    r->before = before;
    char portal[32];
    snprintf(portal, sizeof portal, "[::1]:%u", script_port(s));
    struct lun_found *f = find_at(r, portal, NULL);
    rig_assert(r, f->count == 1 && has(f, 0, 0, "[::1]:3260", 1));
    lun_found_free(f);
    const char *failure = script_finish(s);
    cr_assert(!failure, "%s", failure);
    script_free(s);
    rig_end(r);
}

/* 13.8: the brackets of istgt's lists, in the portal asked. */
Test(discovery, portal_by_ipv4_address_in_brackets)
{
    struct rig *r = RIG(ASKED "send TextResponse text{TargetName=iqn.2026-01.com.example:a}\n");
    char portal[32];
    snprintf(portal, sizeof portal, "[127.0.0.1]:%u", script_port(r->script));
    struct lun_found *f = find_at(r, portal, NULL);
    rig_assert(r, f->count == 1);
    lun_found_free(f);
    rig_end(r);
}

/* 11.13.5: a discovery session is sent elsewhere like any other, and targets without an address are there. */
Test(discovery, s11_13_5_redirected)
{
    struct holdings before = holdings_count();
    struct script *s = script_new(ASKED "send TextResponse text{TargetName=iqn.2026-01.com.example:a}\n",
                                  __FILE__, __LINE__);
    struct rig *r = RIG("wait told\n"
                        "expect LoginRequest csg=0 text{SessionType=Discovery}\n"
                        "send LoginResponse T=0 class=1 detail=1 text{TargetAddress=$There}\n"
                        "expect-close\n");
    r->before = before;
    char there[32];
    snprintf(there, sizeof there, "127.0.0.1:%u", script_port(s));
    script_tell(r->script, "There", there);
    script_signal(r->script, "told");
    struct lun_found *f = find(r);
    rig_assert(r, f->count == 1 && has(f, 0, 0, there, -1));
    lun_found_free(f);
    const char *failure = script_finish(s);
    cr_assert(!failure, "%s", failure);
    script_free(s);
    rig_end(r);
}

/* 12.1.3: a discovery session authenticates like any other. */
Test(discovery, s12_1_3_with_chap)
{
    struct rig *r =
        RIG("expect LoginRequest csg=0 text{SessionType=Discovery AuthMethod=CHAP}\n"
            "send LoginResponse T=0 text{AuthMethod=CHAP TargetPortalGroupTag=1}\n"
            "expect LoginRequest csg=0 text{CHAP_A=*}\n"
            "send LoginResponse T=0 text{CHAP_A=5 CHAP_I=7 CHAP_C=0xrepeat(ab,16)}\n"
            "expect LoginRequest csg=0 T=1 text!{CHAP_N=bob "
            "CHAP_R=chap(MD5,7,012345678901,0xrepeat(ab,16))}\n"
            "send LoginResponse\n" ASKED "send TextResponse text{TargetName=iqn.2026-01.com.example:a}\n");
    const struct lun_auth auth = {.user = "bob", .secret = "012345678901"};
    struct lun_found *f = find_at(r, r->portal, &auth);
    rig_assert(r, f->count == 1);
    lun_found_free(f);
    rig_end(r);
}

/* Chapter 13, "Irrelevant when: SessionType=Discovery": such keys are not offered (7.4.1: nor need the level
 * of recovery be). */
Test(discovery, s13_keys_that_mean_nothing_here)
{
    struct rig *r = RIG(
        "expect LoginRequest csg=0\n"
        "send LoginResponse text{AuthMethod=None TargetPortalGroupTag=1}\n"
        "expect LoginRequest csg=1 text{MaxRecvDataSegmentLength=* InitialR2T=- ImmediateData=- "
        "MaxBurstLength=- FirstBurstLength=- MaxOutstandingR2T=- MaxConnections=- DataPDUInOrder=- "
        "DataSequenceInOrder=- TaskReporting=- ErrorRecoveryLevel=-|0}\n"
        "send LoginResponse text{HeaderDigest=None DataDigest=None DefaultTime2Wait=2 DefaultTime2Retain=0 "
        "ErrorRecoveryLevel=0}\n"
        "expect TextRequest as=t\n"
        "send TextResponse text{TargetName=iqn.2026-01.com.example:a}\n");
    struct lun_found *f = find(r);
    rig_assert(r, f->count == 1);
    lun_found_free(f);
    rig_end(r);
}

/* ---- What is refused ---- */

/* 11.11.1: F=0 without a tag leaves nothing to ask on with. */
Test(discovery_refuses, s11_11_1_more_without_a_tag)
{
    fails(RIG(ASKED "send TextResponse F=0 C=1 ttt=0xffffffff data=text(TargetName=iqn)\nexpect-close\n"),
          LUN_PROTOCOL, "Tag");
}

/* 11.17.1: the reason is told. */
Test(discovery_refuses, s11_11_4_rejected_text_request)
{
    fails(RIG(ASKED "send Reject reason=0x0a data=header(t)\nexpect-close\n"), LUN_PROTOCOL,
          "out of resources");
}

/* Rounds that bring nothing, for ever. */
Test(discovery_refuses, endless_rounds)
{
    fails(RIG(ASKED "send TextResponse F=0 C=0 ttt=5\n"
                    "expect TextRequest itt=@t ttt=5\n"
                    "repeat 2\n"),
          LUN_PROTOCOL, "does not end");
}

/* A login that never ends is bounded here too (6.2: no implementation has to bear more than it likes). */
Test(discovery_refuses, s6_2_login_without_end)
{
    fails(RIG("expect LoginRequest csg=0\n"
              "send LoginResponse T=0 text{AuthMethod=None TargetPortalGroupTag=1}\n"
              "expect LoginRequest csg=0\n"
              "send LoginResponse T=0\n"
              "repeat 2\n"),
          LUN_PROTOCOL, "");
}

Test(discovery_refuses, portal_nobody_listens_on)
{
    struct rig *r = RIG("");
    struct lun_found *found = NULL;
    rig_assert(r, !lun_discover(r->pool, "127.0.0.1:1", NULL, 20000, &found, &r->error));
    rig_assert(r, r->error.layer == LUN_CONNECT && strstr(r->error.text, "127.0.0.1:1"));
    rig_end(r);
}

Test(discovery_refuses, portal_that_has_no_address)
{
    struct rig *r = RIG("");
    struct lun_found *found = NULL;
    rig_assert(r, !lun_discover(r->pool, RIG_NO_HOST, NULL, 20000, &found, &r->error));
    rig_assert(r, r->error.layer == LUN_RESOLVE && strstr(r->error.text, RIG_NO_HOST));
    rig_end(r);
}

Test(discovery_refuses, s13_3_address_before_name)
{
    fails(RIG(ASKED "send TextResponse text{TargetAddress=192.0.2.1:3260,1}\n"), LUN_PROTOCOL,
          "TargetAddress");
}

Test(discovery_refuses, s4_2_7_bad_name)
{
    fails(RIG(ASKED "send TextResponse text{TargetName=../../etc/passwd}\n"), LUN_PROTOCOL, "");
}

Test(discovery_refuses, s13_8_bad_port)
{
    fails(
        RIG(ASKED
            "send TextResponse text{TargetName=iqn.2026-01.com.example:a TargetAddress=192.0.2.1:99999,1}\n"),
        LUN_PROTOCOL, "");
}

Test(discovery_refuses, s6_1_text_without_final_nul)
{
    fails(RIG(ASKED "send TextResponse data=text(TargetName=iqn.2026-01.com.example:a)\n"), LUN_PROTOCOL, "");
}

Test(discovery_refuses, s11_11_3_answer_to_another_task)
{
    fails(RIG(ASKED "send TextResponse itt=+1 text{TargetName=iqn.2026-01.com.example:a}\nexpect-close\n"),
          LUN_PROTOCOL, "");
}

/* Memory and patience are bounded. */
Test(discovery_refuses, endless_answer)
{
    fails(RIG(ASKED "send TextResponse F=0 C=1 ttt=5 data=fill(0x61,8192)\n"
                    "expect TextRequest itt=@t ttt=5\n"
                    "repeat 2\n"),
          LUN_PROTOCOL, "");
}

Test(discovery_refuses, s7_14_target_closes)
{
    fails(RIG(ASKED "close\n"), LUN_CONNECT, "");
}

Test(discovery_refuses, target_hangs)
{
    struct rig *r = RIG(ASKED "expect-close\n");
    struct lun_found *found = NULL;
    rig_assert(r, !lun_discover(r->pool, r->portal, NULL, 1500, &found, &r->error));
    rig_assert(r, r->error.layer == LUN_TIMEOUT);
    rig_end(r);
}
