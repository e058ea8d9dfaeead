/* SPDX-License-Identifier: Apache-2.0 */
/* Login without authentication: stages, tags, continuation, status classes, endings. RFC
 * 7143 6.3, 11.12, 11.13. */
#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

#include "rig.h"

#define SECURITY_DONE                                                                                        \
    "expect LoginRequest csg=0 nsg=1 T=1\n"                                                                  \
    "send LoginResponse text{AuthMethod=None TargetPortalGroupTag=1}\n"

/* All a target owes to our offers. */
#define ANSWERS                                                                                              \
    "HeaderDigest=None DataDigest=None InitialR2T=Yes ImmediateData=Yes MaxBurstLength=65536 "               \
    "FirstBurstLength=65536 MaxOutstandingR2T=1 MaxConnections=1 ErrorRecoveryLevel=0 DefaultTime2Wait=2 "   \
    "DefaultTime2Retain=0 DataPDUInOrder=Yes DataSequenceInOrder=Yes"

/* Opens against the script, which ends the login well, and closes. */
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

/* The first request declares who we are and whom we want (13.5, 13.7, 13.21); versions 0 (11.12.4). */
Test(login, s6_3_first_request_names_both_sides)
{
    works(RIG("expect LoginRequest csg=0 nsg=1 T=1 C=0 vmax=0 vmin=0 tsih=0 text{InitiatorName=" RIG_INITIATOR
              " TargetName=" RIG_IQN " SessionType=Normal AuthMethod=None}\n"
              "send LoginResponse text{AuthMethod=None TargetPortalGroupTag=1}\n"
              "login\n"));
}

/* 11.12.5-11.12.9: ISID, ITT, CID and CmdSN stay the same through the login; ExpStatSN follows. */
Test(login, s11_12_6_second_request_keeps_the_tags)
{
    works(RIG(
        "expect LoginRequest as=first\n"
        "send LoginResponse text{AuthMethod=None TargetPortalGroupTag=1}\n"
        "expect LoginRequest csg=1 nsg=3 T=1 isid=@first itt=@first cid=@first cmdsn=@first expstatsn=+0\n"
        "send LoginResponse text{" ANSWERS "}\n"));
}

/* 6.3.3: T again, even in an empty request, until the target agrees. */
Test(login, s6_3_3_transit_is_repeated_until_agreed)
{
    works(RIG(SECURITY_DONE "expect LoginRequest csg=1 nsg=3 T=1\n"
                            "send LoginResponse T=0 text{" ANSWERS "}\n"
                            "expect LoginRequest csg=1 nsg=3 T=1 data=zeros(0)\n"
                            "send LoginResponse T=0\n"
                            "expect LoginRequest csg=1 nsg=3 T=1 data=zeros(0)\n"
                            "send LoginResponse\n"));
}

/* 4.2.2.1: the first command after login carries the CmdSN of the login requests. */
Test(login, s4_2_2_1_first_command_carries_the_login_cmdsn)
{
    works(RIG("expect LoginRequest as=first\n"
              "send LoginResponse text{AuthMethod=None TargetPortalGroupTag=1}\n"
              "login\n"
              "expect ScsiCommand cmdsn=@first.cmdsn\n"
              "send ScsiResponse status=8\n" /* BUSY: it comes again */
              "serve opened\n"));
}

/* 6.2: C=1 from the target: the initiator answers with an empty request, and the pieces are joined, even
 * inside a key. */
Test(login, s6_2_continued_response_is_joined)
{
    works(RIG(
        SECURITY_DONE
        "expect LoginRequest csg=1 nsg=3 T=1\n"
        "send LoginResponse T=0 C=1 data=text(HeaderDigest=No)\n"
        "expect LoginRequest csg=1 C=0 data=zeros(0)\n"
        "send LoginResponse T=0 C=1 data=text(ne)+zeros(1)+text(DataDigest=None)+zeros(1)\n"
        "expect LoginRequest csg=1 C=0 data=zeros(0)\n"
        "send LoginResponse T=0 "
        "text{MaxRecvDataSegmentLength=65536 InitialR2T=Yes ImmediateData=Yes MaxBurstLength=65536 "
        "FirstBurstLength=65536 MaxOutstandingR2T=1 MaxConnections=1 ErrorRecoveryLevel=0 DefaultTime2Wait=2 "
        "DefaultTime2Retain=0 DataPDUInOrder=Yes DataSequenceInOrder=Yes}\n"
        "expect LoginRequest csg=1 nsg=3 T=1\n"
        "send LoginResponse\n"));
}

/* 11.13.3, quirk: a target may give TSIH 0. */
Test(login, tsih_zero_is_tolerated)
{
    works(RIG(SECURITY_DONE
              "expect LoginRequest csg=1\n"
              "send LoginResponse tsih=0 text{HeaderDigest=None DataDigest=None InitialR2T=Yes "
              "ImmediateData=Yes MaxBurstLength=65536 FirstBurstLength=65536 MaxOutstandingR2T=1 "
              "MaxConnections=1 ErrorRecoveryLevel=0 DefaultTime2Wait=2 DefaultTime2Retain=0 "
              "DataPDUInOrder=Yes DataSequenceInOrder=Yes}\n"));
}

/* A response that comes byte by byte is a response all the same. */
Test(login, response_in_single_bytes)
{
    works(RIG("expect LoginRequest csg=0\n"
              "send LoginResponse split=1 text{AuthMethod=None TargetPortalGroupTag=1}\n"
              "login\n"));
}

/* ---- Refusals by status (11.13.5): class << 8 | detail is the code ---- */

static void status(const char *text, int line, int code, const char *words)
{
    struct rig *r = rig_new(text, __FILE__, line);
    rig_refused(r, LUN_LOGIN, words);
    rig_assert(r, r->error.code == code);
    rig_end(r);
}

#define STATUS(class, detail, words)                                                                         \
    status("expect LoginRequest\n"                                                                           \
           "send LoginResponse T=0 class=" #class " detail=" #detail "\n"                                    \
                                                  "expect-close\n",                                          \
           __LINE__, class << 8 | detail, words)

Test(login_status, s11_13_5_initiator_error)
{
    STATUS(2, 0, "0200");
}

Test(login_status, s11_13_5_authentication_failure)
{
    STATUS(2, 1, "0201");
}

Test(login_status, s11_13_5_target_not_found)
{
    STATUS(2, 3, "target not found");
}

Test(login_status, s11_13_5_target_removed)
{
    STATUS(2, 4, "target removed");
}

Test(login_status, s11_13_5_version)
{
    STATUS(2, 5, "version");
}

Test(login_status, s11_13_5_service_unavailable)
{
    STATUS(3, 1, "service unavailable");
}

Test(login_status, s11_13_5_out_of_resources)
{
    STATUS(3, 2, "out of resources");
}

Test(login_status, s11_13_5_unknown_class)
{
    STATUS(7, 9, "0709");
}

/* ---- What a login response must not be ---- */

/* The first response is the one on the line; the connection must be given up. */
#define HOSTILE(response, layer, words)                                                                      \
    refused(RIG("expect LoginRequest csg=0 nsg=1 T=1\n"                                                      \
                "send LoginResponse " response "\n"                                                          \
                "expect-close\n"),                                                                           \
            layer, words)

Test(login_refuses, s6_3_another_itt)
{
    HOSTILE("itt=+1 text{AuthMethod=None}", LUN_PROTOCOL, "");
}

Test(login_refuses, s11_13_another_isid)
{
    HOSTILE("isid=+1 text{AuthMethod=None}", LUN_PROTOCOL, "");
}

/* 11.13.2: we offer version 0 only. */
Test(login_refuses, s11_13_2_another_version)
{
    HOSTILE("vactive=1 vmax=1 text{AuthMethod=None}", LUN_PROTOCOL, "version");
}

/* 11.13.6: CSG is the stage of the request. */
Test(login_refuses, s11_13_another_stage)
{
    HOSTILE("csg=1 nsg=3 text{AuthMethod=None}", LUN_PROTOCOL, "stage");
}

/* 6.3: not beyond the stage the initiator asked for. */
Test(login_refuses, s6_3_jump_past_operational)
{
    HOSTILE("nsg=3 text{AuthMethod=None}", LUN_PROTOCOL, "stage");
}

/* 11.13.4: T and C exclude each other. */
Test(login_refuses, s11_13_7_transit_with_continuation)
{
    HOSTILE("T=1 C=1 text{AuthMethod=None}", LUN_PROTOCOL, "");
}

Test(login_refuses, s6_1_text_without_final_nul)
{
    HOSTILE("data=text(AuthMethod=None)", LUN_PROTOCOL, "");
}

Test(login_refuses, s6_1_text_without_equals)
{
    HOSTILE("data=text(AuthMethod)+zeros(1)", LUN_PROTOCOL, "");
}

/* 6.3: the same key twice in one response. */
Test(login_refuses, s6_3_duplicate_key)
{
    HOSTILE("text{AuthMethod=None AuthMethod=None}", LUN_PROTOCOL, "AuthMethod");
}

Test(login_refuses, s6_2_1_method_that_was_not_offered)
{
    HOSTILE("text{AuthMethod=KRB5}", LUN_PROTOCOL, "KRB5");
}

/* 13.12: the default limit of 8192 holds until something else is declared. */
Test(login_refuses, s13_12_segment_over_8192)
{
    HOSTILE("dlen=8193 data=zeros(8193)", LUN_PROTOCOL, "");
}

Test(login_refuses, s6_3_other_pdu)
{
    refused(RIG("expect LoginRequest\n"
                "send NopIn itt=0xffffffff\n"
                "expect-close\n"),
            LUN_PROTOCOL, "NOP-In");
}

Test(login_refuses, s6_3_reject_pdu)
{
    refused(RIG("expect LoginRequest as=l\n"
                "send Reject reason=0x0b data=header(l)\n"
                "expect-close\n"),
            LUN_PROTOCOL, "Reject");
}

Test(login_refuses, garbage)
{
    refused(RIG("expect LoginRequest\n"
                "raw "
                "text(HTTP/"
                "1.0_400_Bad_Request)+hex(0d0a)+text(Server:_another_protocol_altogether)+hex(0d0a0d0a)\n"
                "expect-close\n"),
            LUN_PROTOCOL, "");
}

/* A target that never stops asking for more: some bound ends it. */
Test(login_refuses, endless_negotiation)
{
    refused(RIG(SECURITY_DONE "expect LoginRequest csg=1\n"
                              "send LoginResponse T=0\n"
                              "repeat 2\n"),
            LUN_PROTOCOL, "");
}

/* ---- Endings without an answer ---- */

Test(login_ends, s7_14_target_closes)
{
    refused(RIG("expect LoginRequest\n"
                "close\n"),
            LUN_CONNECT, "");
}

/* LIO, when it wants CHAP and is offered none: no Reject, no status 0201. The user must learn what was
 * offered. */
Test(login_ends, target_that_wants_chap_closes)
{
    refused(RIG("expect LoginRequest text{AuthMethod=None}\n"
                "close\n"),
            LUN_CONNECT, ": login without name and secret: the target closed the connection");
}

Test(login_ends, target_closes_after_authentication)
{
    refused(RIG(SECURITY_DONE "expect LoginRequest csg=1\n"
                              "close\n"),
            LUN_CONNECT, ": login: the target closed the connection");
}

Test(login_ends, s7_14_target_resets)
{
    refused(RIG("expect LoginRequest\n"
                "reset\n"),
            LUN_CONNECT, "");
}

Test(login_ends, s7_14_target_closes_inside_a_response)
{
    refused(RIG("expect LoginRequest\n"
                "send LoginResponse cut=50 text{AuthMethod=None TargetPortalGroupTag=1}\n"
                "close\n"),
            LUN_CONNECT, "");
}

Test(login_ends, s7_5_1_target_hangs)
{
    struct rig *r = RIG("expect LoginRequest\n"
                        "expect-close\n");
    r->options.login_timeout_ms = 1500;
    rig_refused(r, LUN_TIMEOUT, "login");
    rig_end(r);
}

Test(login_ends, s7_5_1_target_hangs_half_way)
{
    struct rig *r = RIG(SECURITY_DONE "expect LoginRequest csg=1\n"
                                      "send LoginResponse cut=20\n"
                                      "expect-close\n");
    r->options.login_timeout_ms = 1500;
    rig_refused(r, LUN_TIMEOUT, "login");
    rig_end(r);
}

/* The error names portal and target. */
Test(login_ends, error_names_the_place)
{
    struct rig *r = RIG("expect LoginRequest\n"
                        "close\n");
    rig_refused(r, LUN_CONNECT, RIG_IQN);
    rig_assert(r, strstr(r->error.text, r->portal));
    rig_end(r);
}

/* ---- Several portals ---- */

static struct rig *with_portals(struct rig *r, const char **portals, size_t n)
{
    portals[n - 1] = r->portal;
    r->options.portals = portals;
    r->options.portal_count = n;
    return r;
}

/* Portals that cannot be reached or found are skipped, with a note each time one is. */
Test(login_portals, unreachable_is_skipped_and_noted)
{
    const char *portals[] = {"127.0.0.1:1", NULL};
    struct rig *r = with_portals(RIG("login\n"), portals, 2);
    rig_open(r);
    rig_assert(r, strstr(r->log, "skipped") && strstr(r->log, "127.0.0.1:1"));
    rig_end(r);
}

Test(login_portals, name_without_an_address_is_skipped_and_noted)
{
    const char *portals[] = {RIG_NO_HOST, NULL};
    struct rig *r = with_portals(RIG("login\n"), portals, 2);
    rig_open(r);
    rig_assert(r, strstr(r->log, "skipped") && strstr(r->log, RIG_NO_HOST));
    rig_end(r);
}

/* A target may list what it likes: what is looked up is bounded, and so is what is kept. */
Test(login_portals, thousand_names)
{
    enum { N = 1000 };
    static const char *portals[N];
    static char names[N][80];
    for (int i = 0; i < N; i++) {
        snprintf(names[i], sizeof names[i], "p%d" RIG_NO_HOST, i);
        portals[i] = names[i];
    }
    struct rig *r = with_portals(RIG("login\n"), portals, N);
    rig_open(r);
    rig_assert(r, strstr(r->log, "p7n") && !strstr(r->log, "p9n"));
    rig_end(r);
}

/* 11.13.5: "not found" is of this address; another may have the target. */
Test(login_portals, s11_13_5_not_found_at_the_first)
{
    struct holdings before = holdings_count();
    struct script *s = script_new("expect LoginRequest\n"
                                  "send LoginResponse T=0 class=2 detail=3\n"
                                  "expect-close\n",
                                  __FILE__, __LINE__);
    char first[32];
    snprintf(first, sizeof first, "127.0.0.1:%u", script_port(s));
    const char *portals[] = {first, NULL};
    struct rig *r = with_portals(RIG("login\n"), portals, 2);
    r->before = before;
    rig_open(r);
    rig_assert(r, strstr(r->log, "0203"));
    const char *failure = script_finish(s);
    cr_assert(!failure, "%s", failure);
    script_free(s);
    rig_end(r);
}

/* 6.3.1: each portal has the group that discovery gave for it; a portal not reached has no say. */
Test(login_portals, s6_3_1_group_of_each_portal)
{
    const char *portals[] = {"127.0.0.1:1", NULL};
    static const int groups[] = {1, 2};
    struct rig *r = with_portals(RIG("login TargetPortalGroupTag=2\n"), portals, 2);
    r->options.portal_groups = groups;
    rig_open(r);
    rig_end(r);
    r = with_portals(RIG("expect LoginRequest\n"
                         "send LoginResponse text{AuthMethod=None TargetPortalGroupTag=1}\n"
                         "expect-close\n"),
                     portals, 2);
    r->options.portal_groups = groups;
    rig_refused(r, LUN_LOGIN, "portal group 1, not to 2");
    rig_end(r);
}

/* A target on ::1, written as users write it. */
Test(login_portals, s13_8_ipv6)
{
    struct holdings before = holdings_count();
    struct script *s = script_new_ipv6("login\n", __FILE__, __LINE__);
    char first[32];
    snprintf(first, sizeof first, "[::1]:%u", script_port(s));
    const char *portals[] = {first};
    struct rig *r = RIG("");
    r->before = before;
    r->options.portals = portals;
    rig_open(r);
    struct lun_error e;
    lun_target_close_wait(r->target, 10000, &e);
    const char *failure = script_finish(s);
    cr_assert(!failure, "%s", failure);
    script_free(s);
    rig_end(r);
}
