/* SPDX-License-Identifier: Apache-2.0 */
/* Redirection: a Login Response of class 1 leads to another address, where the login begins anew. RFC 7143
 * 11.13.5, 13.8. Each address is a script of its own. */
#include <criterion/criterion.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "rig.h"

#define HOPS 8 /* what liblun allows */

struct place {
    struct rig *rig;          /* the portal that was configured */
    struct script *elsewhere; /* where the target is */
};

static char *write_text(const char *form, ...)
{
    va_list args;
    char *text;
    va_start(args, form);
    cr_assert_geq(vasprintf(&text, form, args), 0);
    va_end(args);
    return text;
}

/* Each %u in `here`, three at most, is the port of `there`. */
static struct place place_new(const char *here, const char *there, int line)
{
    struct holdings before = holdings_count();
    struct place p = {.elsewhere = script_new(there, __FILE__, line)};
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
    char *text =
        write_text(here, script_port(p.elsewhere), script_port(p.elsewhere), script_port(p.elsewhere));
#pragma GCC diagnostic pop
    p.rig = rig_new(text, __FILE__, line);
    p.rig->before = before;
    free(text);
    return p;
}

/* Logs out first, where the session is. */
static void script_end(struct rig *r, struct script *s)
{
    struct lun_error e;
    if (r->target)
        lun_target_close_wait(r->target, 10000, &e);
    const char *failure = script_finish(s);
    cr_assert(!failure, "%s", failure);
    script_free(s);
}

static void place_end(struct place *p)
{
    script_end(p->rig, p->elsewhere);
    rig_end(p->rig);
}

static void works(const char *here, const char *there, int line)
{
    struct place p = place_new(here, there, line);
    rig_open(p.rig);
    place_end(&p);
}

#define MOVED(detail, address)                                                                               \
    "expect LoginRequest csg=0\n"                                                                            \
    "send LoginResponse T=0 class=1 detail=" #detail " text{TargetAddress=" address "}\n"                    \
    "expect-close\n"

/* 6.3.1: the new login is a login like any other: the first request names both sides, ISID and TSIH 0. */
Test(redirect, s11_13_5_temporary_is_followed)
{
    works(MOVED(1, "127.0.0.1:%u"),
          "expect LoginRequest csg=0 nsg=1 T=1 tsih=0 text{InitiatorName=" RIG_INITIATOR
          " TargetName=" RIG_IQN " SessionType=Normal AuthMethod=None}\n"
          "send LoginResponse text{AuthMethod=None TargetPortalGroupTag=1}\n"
          "login\n",
          __LINE__);
}

Test(redirect, s11_13_5_permanent_is_followed)
{
    works(MOVED(2, "127.0.0.1:%u"), "login\n", __LINE__);
}

/* The target need not wait for us to close. */
Test(redirect, s11_13_5_target_closes_after_redirecting)
{
    works("expect LoginRequest\n"
          "send LoginResponse T=0 class=1 detail=1 text{TargetAddress=127.0.0.1:%u}\n"
          "close\n",
          "login\n", __LINE__);
}

/* 13.8: the tag must be left out; a target that gives it all the same has moved no less. */
Test(redirect, s13_8_portal_group_tag_is_passed_over)
{
    works(MOVED(1, "127.0.0.1:%u,7"), "login TargetPortalGroupTag=1\n", __LINE__);
}

/* 13.8 knows brackets for IPv6 only; istgt writes them around IPv4 too. */
Test(redirect, ipv4_in_brackets)
{
    works(MOVED(1, "[127.0.0.1]:%u"), "login\n", __LINE__);
}

/* 13.8: a DNS host name. Both addresses of localhost are tried. */
Test(redirect, s13_8_host_name_is_looked_up)
{
    works(MOVED(1, "localhost:%u"), "login\n", __LINE__);
}

/* 13.8: [v6] without a port means 3260. Nobody listens there: the error says which address it was. */
Test(redirect, s13_8_ipv6_without_port)
{
    struct rig *r = RIG(MOVED(1, "[::1]"));
    rig_refused(r, LUN_CONNECT, "[::1]:3260");
    rig_end(r);
}

/* 11.13.5: in the operational stage, authentication done. */
Test(redirect, s11_13_5_after_security)
{
    works("expect LoginRequest csg=0\n"
          "send LoginResponse text{AuthMethod=None TargetPortalGroupTag=1}\n"
          "expect LoginRequest csg=1\n"
          "send LoginResponse T=0 class=1 detail=1 text{TargetAddress=127.0.0.1:%u}\n"
          "expect-close\n",
          "login\n", __LINE__);
}

/* 11.13.5: of several addresses the first is taken. */
Test(redirect, s11_13_5_several_addresses)
{
    works(MOVED(1, "127.0.0.1:%u TargetAddress=127.0.0.1:1"), "login\n", __LINE__);
}

/* ---- Authentication ---- */

#define SECRET "012345678901"
#define CHALLENGE "0x000102030405060708090a0b0c0d0e0f"

/* Nothing made of the secret is said before the new address has asked for it by a challenge of its own. */
Test(redirect, s11_13_5_authenticates_anew)
{
    struct place p = place_new(
        "expect LoginRequest csg=0 text{AuthMethod=CHAP CHAP_A=- CHAP_N=- CHAP_R=-}\n"
        "send LoginResponse T=0 class=1 detail=1 text{TargetAddress=127.0.0.1:%u}\n"
        "expect-close\n",
        "expect LoginRequest csg=0 T=0 text{AuthMethod=CHAP CHAP_A=- CHAP_N=- CHAP_R=-}\n"
        "send LoginResponse T=0 text{AuthMethod=CHAP TargetPortalGroupTag=1}\n"
        "expect LoginRequest csg=0 text{CHAP_A=* CHAP_R=-}\n"
        "send LoginResponse T=0 text{CHAP_A=5 CHAP_I=9 CHAP_C=" CHALLENGE "}\n"
        "expect LoginRequest csg=0 T=1 text!{CHAP_N=bob CHAP_R=chap(MD5,9," SECRET "," CHALLENGE ")}\n"
        "send LoginResponse\n"
        "login\n",
        __LINE__);
    p.rig->options.auth.user = "bob";
    p.rig->options.auth.secret = SECRET;
    rig_open(p.rig);
    place_end(&p);
}

/* After authentication at the first address: that counts for nothing at the second. */
Test(redirect, s11_13_5_unauthenticated_address_is_refused)
{
    struct place p = place_new("expect LoginRequest csg=0\n"
                               "send LoginResponse T=0 text{AuthMethod=CHAP TargetPortalGroupTag=1}\n"
                               "expect LoginRequest csg=0 text{CHAP_A=*}\n"
                               "send LoginResponse T=0 text{CHAP_A=5 CHAP_I=9 CHAP_C=" CHALLENGE "}\n"
                               "expect LoginRequest csg=0 T=1\n"
                               "send LoginResponse T=0 class=1 detail=1 text{TargetAddress=127.0.0.1:%u}\n"
                               "expect-close\n",
                               "expect LoginRequest csg=0 text{AuthMethod=CHAP}\n"
                               "send LoginResponse text{AuthMethod=None TargetPortalGroupTag=1}\n"
                               "expect-close\n",
                               __LINE__);
    p.rig->options.auth.user = "bob";
    p.rig->options.auth.secret = SECRET;
    rig_refused(p.rig, LUN_LOGIN, "None");
    place_end(&p);
}

/* 6.3.1: the group that discovery gave is that of the portal it gave, not of the address this leads to. */
Test(redirect, s6_3_1_portal_group_of_another_address)
{
    struct place p = place_new(MOVED(1, "127.0.0.1:%u"), "login TargetPortalGroupTag=9\n", __LINE__);
    p.rig->options.portal_group = 3;
    rig_open(p.rig);
    place_end(&p);
}

/* ---- When the session is lost ---- */

#define COMES_AND_GOES                                                                                       \
    "login\n"                                                                                                \
    "serve opened\n"                                                                                         \
    "close\n"                                                                                                \
    "accept\n"                                                                                               \
    "login\n"                                                                                                \
    "mark back\n"

static void comes_back(const char *here, const char *there, int line)
{
    struct place p = place_new(here, there, line);
    rig_open(p.rig);
    script_signal(p.elsewhere, "opened");
    cr_assert(script_await(p.elsewhere, "back"), "%s", script_finish(p.elsewhere));
    place_end(&p);
}

/* Moved for a while: the way home begins at the portal that is configured. */
Test(redirect, s11_13_5_temporary_is_asked_again)
{
    comes_back("expect LoginRequest\n"
               "send LoginResponse T=0 class=1 detail=1 text{TargetAddress=127.0.0.1:%u}\n"
               "expect-close\n"
               "accept\n"
               "expect LoginRequest\n"
               "send LoginResponse T=0 class=1 detail=1 text{TargetAddress=127.0.0.1:%u}\n"
               "expect-close\n",
               COMES_AND_GOES, __LINE__);
}

#define MOVED_AGAIN "accept\n" MOVED(1, "127.0.0.1:%u")

/* 6.3.5: only a session of the same portal group reinstates the one that was lost. The group of the portal
 * that sends on does not matter, that of where it sends does. */
Test(redirect, s6_3_5_group_of_the_lost_session)
{
    comes_back(MOVED(1, "127.0.0.1:%u") MOVED_AGAIN MOVED_AGAIN,
               "login TargetPortalGroupTag=5\n"
               "serve opened\n"
               "close\n"
               "accept\n"
               "login TargetPortalGroupTag=6\n"
               "expect-close\n"
               "accept\n"
               "login TargetPortalGroupTag=5\n"
               "mark back\n",
               __LINE__);
}

/* Moved for good: the portal is not asked again (nobody listens there any more). */
Test(redirect, s11_13_5_permanent_is_remembered)
{
    comes_back(MOVED(2, "127.0.0.1:%u"), COMES_AND_GOES, __LINE__);
}

/* ---- What is refused ---- */

static void refused(struct rig *r, enum lun_layer layer, int code, const char *words)
{
    rig_refused(r, layer, words);
    rig_assert(r, r->error.code == code);
    rig_end(r);
}

Test(redirect_refuses, s11_13_5_without_address)
{
    refused(RIG("expect LoginRequest\n"
                "send LoginResponse T=0 class=1 detail=2\n"
                "expect-close\n"),
            LUN_LOGIN, 0x0102, "0102");
}

Test(redirect_refuses, s13_8_address_that_is_none)
{
    refused(RIG(MOVED(1, "127.0.0.1:99999")), LUN_PROTOCOL, 0, "99999");
}

/* The loop must not wait for DNS: the look-up has a thread. */
Test(redirect_refuses, s13_8_name_that_does_not_exist)
{
    struct rig *r = RIG(MOVED(1, RIG_NO_HOST ":3260"));
    rig_refused(r, LUN_RESOLVE, RIG_NO_HOST);
    rig_end(r);
}

/* 11.13.5: only 0101 and 0102 are redirections that can be followed. */
Test(redirect_refuses, s11_13_5_unknown_detail)
{
    refused(RIG(MOVED(9, "127.0.0.1:1")), LUN_LOGIN, 0x0109, "0109");
}

/* The text of a script that sends the login to where the test says. */
#define SENDS_ON                                                                                             \
    "wait told\n"                                                                                            \
    "expect LoginRequest\n"                                                                                  \
    "send LoginResponse T=0 class=1 detail=1 text{TargetAddress=$There}\n"                                   \
    "expect-close\n"

static void send_on(struct script *from, const char *to)
{
    script_tell(from, "There", to);
    script_signal(from, "told");
}

Test(redirect_refuses, s11_13_5_to_itself)
{
    struct rig *r = RIG(SENDS_ON);
    send_on(r->script, r->portal);
    refused(r, LUN_LOGIN, 0x0101, "circle");
}

Test(redirect_refuses, s11_13_5_circle)
{
    struct place p = place_new("expect LoginRequest\n"
                               "send LoginResponse T=0 class=1 detail=1 text{TargetAddress=127.0.0.1:%u}\n"
                               "expect-close\n",
                               SENDS_ON, __LINE__);
    send_on(p.elsewhere, p.rig->portal);
    rig_refused(p.rig, LUN_LOGIN, "circle");
    place_end(&p);
}

/* HOPS + 1 portals in a row, each of which sends on to the next; the last one does what it is told. */
struct row {
    struct script *of[HOPS + 1];
    struct rig *rig;
};

static void row_make(struct row *w, const char *last)
{
    struct holdings before = holdings_count();
    char portal[32];
    for (int i = HOPS; i >= 0; i--)
        w->of[i] = script_new(i == HOPS ? last : SENDS_ON, __FILE__, __LINE__);
    for (int i = 0; i < HOPS; i++) {
        snprintf(portal, sizeof portal, "127.0.0.1:%u", script_port(w->of[i + 1]));
        send_on(w->of[i], portal);
    }
    w->rig = RIG("");
    w->rig->before = before;
    snprintf(w->rig->portal, sizeof w->rig->portal, "127.0.0.1:%u", script_port(w->of[0]));
}

static void row_end(struct row *w)
{
    for (int i = 0; i <= HOPS; i++)
        script_end(w->rig, w->of[i]);
    rig_end(w->rig);
}

Test(redirect, eight_hops)
{
    struct row w;
    row_make(&w, "login\n");
    rig_open(w.rig);
    row_end(&w);
}

/* Redirections without end are given up. */
Test(redirect_refuses, endless_hops)
{
    struct row w;
    row_make(&w, MOVED(1, "127.0.0.1:1"));
    rig_refused(w.rig, LUN_LOGIN, "more than 8 times");
    rig_assert(w.rig, w.rig->error.code == 0x0101 && w.rig->error.retry);
    row_end(&w);
}

/* One deadline for all hops. */
Test(redirect_refuses, silence_after_a_hop)
{
    struct place p = place_new(MOVED(1, "127.0.0.1:%u"), "expect LoginRequest\nexpect-close\n", __LINE__);
    p.rig->options.login_timeout_ms = 1500;
    rig_refused(p.rig, LUN_TIMEOUT, "login");
    place_end(&p);
}

/* The error names both ends of the way. */
Test(redirect_refuses, error_names_the_way)
{
    struct rig *r = RIG(MOVED(1, "127.0.0.1:1"));
    rig_refused(r, LUN_CONNECT, "portal 127.0.0.1:1 (redirected from 127.0.0.1:");
    rig_end(r);
}
