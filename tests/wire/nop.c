/* SPDX-License-Identifier: Apache-2.0 */
/* NOP both ways, asynchronous messages, Reject, logout. RFC 7143 11.9, 11.14, 11.15, 11.17-11.19. */
#include <criterion/criterion.h>

#include "rig.h"

#define OPENED "login\nserve opened\n"

static void works(struct rig *r)
{
    rig_open(r);
    rig_end(r);
}

static void waits_for(struct rig *r, const char *mark)
{
    rig_open(r);
    rig_await(r, mark);
    rig_end(r);
}

static void goes_down(struct rig *r, enum lun_layer layer, const char *words)
{
    rig_open(r);
    rig_lost(r, layer, words);
    rig_end(r);
}

/* 11.18, 11.19: answered at once, immediate, with its TTT and LUN, ITT ffffffff. */
Test(nop, s11_18_unsolicited_nop_in_is_answered)
{
    waits_for(RIG(OPENED "send NopIn itt=0xffffffff ttt=0x1234 lun=0x0005000000000000\n"
                         "expect NopOut I=1 F=1 itt=0xffffffff ttt=0x1234 lun=0x0005000000000000\n"
                         "mark answered\n"),
              "answered");
}

/* TTT ffffffff asks for nothing: the next thing heard is the answer to the ping after it. */
Test(nop, s11_19_1_nop_in_without_ttt_is_not_answered)
{
    waits_for(RIG(OPENED "send NopIn itt=0xffffffff ttt=0xffffffff\n"
                         "ping\n"
                         "mark quiet\n"),
              "quiet");
}

Test(nop, s11_18_several_nop_ins_at_once)
{
    waits_for(RIG(OPENED "send NopIn itt=0xffffffff ttt=1\n"
                         "send NopIn itt=0xffffffff ttt=2\n"
                         "send NopIn itt=0xffffffff ttt=3\n"
                         "expect NopOut ttt=1 itt=0xffffffff\n"
                         "expect NopOut ttt=2 itt=0xffffffff\n"
                         "expect NopOut ttt=3 itt=0xffffffff\n"
                         "mark answered\n"),
              "answered");
}

/* Ping data in an unsolicited NOP-In (11.19.4 has none, some targets send it) does no harm. */
Test(nop, s11_19_nop_in_with_data)
{
    waits_for(RIG(OPENED "send NopIn itt=0xffffffff ttt=1 data=fill(0x55,37)\n"
                         "expect NopOut ttt=1 itt=0xffffffff data=*\n"
                         "mark answered\n"),
              "answered");
}

static struct rig *with_keepalive(struct rig *r, uint32_t interval_ms, uint32_t timeout_ms)
{
    r->options.nop_interval_ms = interval_ms;
    r->options.nop_timeout_ms = timeout_ms;
    return r;
}

/* 11.18: our own ping has an ITT, TTT ffffffff, and is immediate so that a closed window cannot stall it. */
Test(nop, s11_18_1_keepalive_is_sent_when_silent)
{
    waits_for(with_keepalive(RIG(OPENED "expect NopOut as=n ttt=0xffffffff I=1 lun=0\n"
                                        "send NopIn to=n ttt=0xffffffff\n"
                                        "expect NopOut as=m ttt=0xffffffff I=1\n"
                                        "send NopIn to=m\n"
                                        "mark alive\n"),
                             200, 20000),
              "alive");
}

Test(nop, s4_2_2_1_keepalive_passes_a_closed_window)
{
    struct rig *r = with_keepalive(RIG("window 1\nlogin\nserve opened\n"
                                       "expect ScsiCommand cdb=read(0,1)\n"
                                       "window 0\n"
                                       "send DataIn data=pattern(0,512) S=1\n"
                                       "expect NopOut as=n ttt=0xffffffff I=1\n"
                                       "window 32\n"
                                       "send NopIn to=n\n"
                                       "mark alive\n"),
                                   200, 20000);
    rig_open(r);
    rig_read(r, 0, 512);
    rig_await(r, "alive");
    rig_end(r);
}

/* Unanswered: the connection is given up. */
Test(nop, s7_5_unanswered_keepalive_ends_the_connection)
{
    goes_down(with_keepalive(RIG(OPENED "expect NopOut ttt=0xffffffff\n"
                                        "expect-close\n"),
                             200, 300),
              LUN_TIMEOUT, "NOP");
}

/* Both in one PDU: the answer to our ping that asks for an answer itself (11.19.1). */
Test(nop, s11_19_1_answer_that_asks_back)
{
    waits_for(with_keepalive(RIG(OPENED "expect NopOut as=n ttt=0xffffffff\n"
                                        "send NopIn to=n ttt=0x99\n"
                                        "expect NopOut itt=0xffffffff ttt=0x99 I=1\n"
                                        "mark answered\n"),
                             200, 20000),
              "answered");
}

Test(nop, s4_2_5_3_answer_to_a_ping_never_sent)
{
    goes_down(RIG(OPENED "send NopIn itt=0x00010001\n"
                         "expect-close\n"),
              LUN_PROTOCOL, "NOP");
}

/* ---- Asynchronous messages (11.9.1) ---- */

/* 1: the target asks us to log out: we do, within Parameter3 seconds. */
Test(async, s11_9_1_logout_request_is_followed)
{
    goes_down(RIG(OPENED "send Async event=1 parameter3=5\n"
                         "expect LogoutRequest\n"
                         "send LogoutResponse\n"
                         "expect-close\n"),
              LUN_CONNECT, "");
}

/* What is under way ends first; nothing new starts. */
Test(async, s11_9_1_logout_request_drains_first)
{
    struct rig *r = RIG(OPENED "expect ScsiCommand as=r cdb=read(0,1)\n"
                               "send Async event=1 parameter3=5\n"
                               "ping\n"
                               "send DataIn to=r data=pattern(0,512) S=1\n"
                               "expect LogoutRequest\n"
                               "send LogoutResponse\n"
                               "expect-close\n");
    rig_open(r);
    rig_read(r, 0, 512);
    rig_lost(r, LUN_CONNECT, "");
    rig_end(r);
}

/* 2 and 3: the target drops the connection, or all. */
Test(async, s11_9_1_connection_drop_announced)
{
    goes_down(RIG(OPENED "send Async event=2 parameter1=0 parameter2=2 parameter3=20\n"
                         "expect-close\n"),
              LUN_CONNECT, "");
}

Test(async, s11_9_1_session_drop_announced)
{
    goes_down(RIG(OPENED "send Async event=3 parameter2=2 parameter3=20\n"
                         "expect-close\n"),
              LUN_CONNECT, "");
}

/* Tasks that do not end in that time are the next session's: the Logout goes out all the same. */
Test(async, s11_9_1_logout_goes_out_in_time_whatever_is_under_way)
{
    struct rig *r = RIG("login DefaultTime2Wait=0\nserve opened\n"
                        "expect ScsiCommand as=r cdb=read(0,1)\n"
                        "send Async event=1 parameter3=1\n"
                        "expect LogoutRequest reason=0\n"
                        "send LogoutResponse\n"
                        "expect-close\n"
                        "accept\nlogin DefaultTime2Wait=0\n"
                        "expect ScsiCommand as=s cdb=read(0,1)\n"
                        "send DataIn to=s data=pattern(0,512) S=1\n");
    r->options.on_outage = LUN_OUTAGE_WAIT;
    rig_open(r);
    rig_read(r, 0, 512);
    rig_end(r);
}

/* 0: CAPACITY DATA HAS CHANGED of the unit, without any command: it is looked at. */
Test(async, s11_9_1_sense_data_are_acted_on)
{
    struct rig *r = RIG(OPENED "device blocks=4096\n"
                               "send Async event=0 data=hex(0012700006000000000a000000002a0900000000)\n"
                               "serve changed\n");
    rig_open(r);
    rig_changed(r);
    rig_signal(r, "changed");
    rig_end(r);
}

Test(async, s11_9_4_sense_longer_than_the_segment)
{
    goes_down(RIG(OPENED "send Async event=0 data=hex(00ff700006)\n"
                         "expect-close\n"),
              LUN_PROTOCOL, "Asynchronous Message");
}

/* 0: sense data of a logical unit; 248-255: a vendor's own: noted, and life goes on. */
Test(async, s11_9_1_sense_and_vendor_events_do_no_harm)
{
    struct rig *r = RIG(OPENED "send Async event=0 data=hex(0012700001000000000a00000000000000000000)\n"
                               "send Async event=248 vendor=7 data=fill(0xaa,100)\n"
                               "send Async event=255\n"
                               "ping\n"
                               "mark heard\n"
                               "expect ScsiCommand cdb=read(0,1) expstatsn=+0\n"
                               "send DataIn data=pattern(0,512) S=1\n");
    rig_open(r);
    rig_await(r, "heard");
    rig_read(r, 0, 512);
    rig_end(r);
}

/* ---- Reject (11.17, 7.3) ---- */

/* A rejected command: its CmdSN is a hole, so the connection is given up or logged out; the request fails or
 * waits for the next session, and never passes for done. */
Test(reject, s7_3_command)
{
    struct rig *r = RIG(OPENED "expect ScsiCommand as=r cdb=read(0,1)\n"
                               "send Reject reason=0x09 data=header(r)\n"
                               "expect-close\n");
    rig_open(r);
    struct rig_io *io = rig_start(r, LUN_OP_READ, 0, 512);
    rig_lost(r, LUN_PROTOCOL, "reject");
    rig_close(r);
    rig_fails(io);
    rig_end(r);
}

Test(reject, s11_17_without_the_header)
{
    goes_down(RIG(OPENED "send Reject reason=0x04\n"
                         "expect-close\n"),
              LUN_PROTOCOL, "reject");
}

Test(reject, s11_17_1_unknown_reason)
{
    goes_down(RIG(OPENED "send Reject reason=0xee data=fill(0xff,48)\n"
                         "expect-close\n"),
              LUN_PROTOCOL, "");
}

/* ---- Logout (11.14, 11.15) ---- */

Test(logout, s11_14_closes_the_session)
{
    works(RIG(OPENED "expect LogoutRequest I=1 F=1 reason=0 expstatsn=+0\n"
                     "send LogoutResponse response=0\n"
                     "expect-close\n"));
}

/* A target that answers by closing. */
Test(logout, s11_15_target_closes_instead)
{
    works(RIG(OPENED "expect LogoutRequest reason=0\n"
                     "close\n"));
}

/* Reads that are under way are awaited before the Logout. */
Test(logout, s11_14_waits_for_requests)
{
    struct rig *r = RIG(OPENED "expect ScsiCommand as=r cdb=read(0,1)\n"
                               "mark seen\n"
                               "ping\n"
                               "send DataIn to=r data=pattern(0,512) S=1\n"
                               "expect LogoutRequest\n"
                               "send LogoutResponse\n"
                               "expect-close\n");
    rig_open(r);
    struct rig_io *io = rig_start(r, LUN_OP_READ, 0, 512);
    rig_await(r, "seen");
    rig_close_slowly(r);
    rig_ends(io, LUN_OK);
    rig_end(r);
}

/* With a volatile cache: what was written is flushed, then comes the Logout. */
Test(logout, flushes_a_volatile_cache_first)
{
    struct rig *r = RIG("device wce=1\n" OPENED "expect ScsiCommand cdb=write(0,1) data=pattern(0,512)\n"
                        "send ScsiResponse\n"
                        "expect ScsiCommand as=f cdb=sync(0,0)\n"
                        "send ScsiResponse to=f\n"
                        "expect LogoutRequest\n"
                        "send LogoutResponse\n"
                        "expect-close\n");
    rig_open(r);
    rig_write(r, 0, 512);
    rig_end(r);
}

/* A Logout Response nobody asked for. */
Test(logout, s11_15_unasked_response)
{
    goes_down(RIG(OPENED "send LogoutResponse itt=5\n"
                         "expect-close\n"),
              LUN_PROTOCOL, "logout");
}
