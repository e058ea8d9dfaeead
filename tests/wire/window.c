/* SPDX-License-Identifier: Apache-2.0 */
/* The CmdSN window and the StatSN books. That nothing is sent is shown by a ping: its answer comes next
 * although a command waits. RFC 7143 4.2.2, 11.4.8-11.4.10, 11.8.3, 11.19.2. */
#include <criterion/criterion.h>

#include "rig.h"

/* With a window of one, each answer opens it for one more command; after `serve opened` one is left. */
#define ONE_LEFT                                                                                             \
    "window 1\n"                                                                                             \
    "login\n"                                                                                                \
    "serve opened\n"

/* Starts a read, lets the script close the window with its answer, starts another one, and says so. */
static void held(struct rig *r)
{
    rig_open(r);
    rig_read(r, 0, 512);
    struct rig_io *io = rig_start(r, LUN_OP_READ, 4096, 512);
    rig_signal(r, "submitted");
    rig_ends(io, LUN_OK);
    rig_end(r);
}

#define CLOSED                                                                                               \
    ONE_LEFT "expect ScsiCommand cdb=read(0,1)\n"                                                            \
             "window 0\n"                                                                                    \
             "send DataIn data=pattern(0,512) S=1\n"                                                         \
             "wait submitted\n"                                                                              \
             "ping\n"
#define OPENED_AGAIN                                                                                         \
    "expect ScsiCommand cdb=read(8,1)\n"                                                                     \
    "window 32\n"                                                                                            \
    "send DataIn data=pattern(4096,512) S=1\n"

Test(window, s4_2_2_1_closed_holds_commands_until_nop_in_opens_it)
{
    held(RIG(CLOSED "window 1\n"
                    "send NopIn itt=0xffffffff\n" OPENED_AGAIN));
}

/* 4.2.2.1: MaxCmdSN below ExpCmdSN - 1: both are ignored; and it opens with the next honest PDU. */
Test(window, s4_2_2_1_max_below_exp_is_ignored)
{
    held(RIG(CLOSED "send NopIn itt=0xffffffff maxcmdsn=-5\n"
                    "ping\n"
                    "send NopIn itt=0xffffffff expcmdsn=+100 maxcmdsn=+50\n"
                    "ping\n"
                    "window 1\n"
                    "send NopIn itt=0xffffffff\n" OPENED_AGAIN));
}

/* MaxCmdSN never shrinks: ExpCmdSN - 1, which would close it, comes too late to change anything. */
Test(window, s4_2_2_1_never_shrinks)
{
    struct rig *r = RIG("login\n"
                        "serve opened\n"
                        "send NopIn itt=0xffffffff maxcmdsn=-32\n"
                        "expect ScsiCommand cdb=read(0,1)\n"
                        "send DataIn data=pattern(0,512) S=1 maxcmdsn=-32\n"
                        "expect ScsiCommand cdb=read(1,1)\n"
                        "send DataIn data=pattern(512,512) S=1\n");
    rig_open(r);
    rig_read(r, 0, 512);
    rig_read(r, 512, 512);
    rig_end(r);
}

/* A window of two lets two out, the third waits. */
Test(window, s4_2_2_1_exactly_as_many_as_allowed)
{
    struct rig *r = RIG("window 1\n"
                        "login\n"
                        "serve opened\n"
                        "window 2\n"
                        "send NopIn itt=0xffffffff\n"
                        "wait submitted\n"
                        "expect ScsiCommand as=a cdb=read(0,1)\n"
                        "expect ScsiCommand as=b cdb=read(1,1)\n"
                        "window 0\n"
                        "ping\n"
                        "window 1\n"
                        "send DataIn to=a data=pattern(0,512) S=1\n"
                        "expect ScsiCommand as=c cdb=read(2,1)\n"
                        "window 32\n"
                        "send DataIn to=b data=pattern(512,512) S=1\n"
                        "send DataIn to=c data=pattern(1024,512) S=1\n");
    rig_open(r);
    struct rig_io *io[3];
    for (uint64_t i = 0; i < 3; i++)
        io[i] = rig_start(r, LUN_OP_READ, 512 * i, 512);
    rig_signal(r, "submitted");
    for (int i = 0; i < 3; i++)
        rig_ends(io[i], LUN_OK);
    rig_end(r);
}

/* 4.2.2.1: immediate commands go out through a closed window: ABORT TASK here. */
Test(window, s4_2_2_1_abort_passes_a_closed_window)
{
    struct rig *r = RIG(ONE_LEFT "expect ScsiCommand as=r cdb=read(0,1)\n"
                                 "window 0\n"
                                 "mark seen\n"
                                 "expect TaskRequest I=1 function=1 ref=@r.itt refcmdsn=@r.cmdsn\n"
                                 "window 32\n"
                                 "send TaskResponse\n");
    rig_open(r);
    struct rig_io *io = rig_start(r, LUN_OP_READ, 0, 512);
    rig_await(r, "seen");
    rig_cancel(io);
    rig_ends(io, LUN_CANCELLED);
    rig_end(r);
}

/* A command cancelled while the window holds it back is never sent. */
Test(window, s4_2_2_1_held_command_can_be_cancelled)
{
    struct rig *r = RIG(CLOSED "mark held\n"
                               "wait cancelled\n"
                               "window 32\n"
                               "send NopIn itt=0xffffffff\n"
                               "ping\n"
                               "mark quiet\n");
    rig_open(r);
    rig_read(r, 0, 512);
    struct rig_io *io = rig_start(r, LUN_OP_READ, 4096, 512);
    rig_signal(r, "submitted");
    rig_await(r, "held");
    rig_cancel(io);
    rig_ends(io, LUN_CANCELLED);
    rig_signal(r, "cancelled");
    rig_await(r, "quiet");
    rig_end(r);
}

/* 4.2.2.2: StatSN wraps from ffffffff to 0; the referee checks every ExpStatSN. */
Test(window, s4_2_2_2_statsn_wraps)
{
    struct rig *r = RIG("statsn 0xfffffffd\n"
                        "login\n"
                        "serve opened\n"
                        "expect ScsiCommand cdb=read(0,1) expstatsn=+0\n"
                        "send DataIn data=pattern(0,512) S=1\n");
    rig_open(r);
    rig_read(r, 0, 512);
    rig_end(r);
}

/* 11.19.2: NOP-In with ITT ffffffff carries the next StatSN and does not use it up. */
Test(window, s11_19_2_unsolicited_nop_in_does_not_advance_expstatsn)
{
    struct rig *r = RIG("login\n"
                        "serve opened\n"
                        "send NopIn itt=0xffffffff ttt=7\n"
                        "expect NopOut itt=0xffffffff ttt=7 expstatsn=+0\n"
                        "send NopIn itt=0xffffffff ttt=8\n"
                        "expect NopOut itt=0xffffffff ttt=8 expstatsn=+0\n"
                        "mark answered\n"
                        "expect ScsiCommand cdb=read(0,1) expstatsn=+0\n"
                        "send DataIn data=pattern(0,512) S=1\n");
    rig_open(r);
    rig_await(r, "answered");
    rig_read(r, 0, 512);
    rig_end(r);
}

/* 11.7.3: Data-In without S carries no StatSN: whatever stands there is not looked at. */
Test(window, s11_7_3_data_without_status_carries_no_statsn)
{
    struct rig *r = RIG("login\n"
                        "serve opened\n"
                        "expect ScsiCommand cdb=read(0,2)\n"
                        "send DataIn F=0 data=pattern(0,512) statsn=0xdeadbeef\n"
                        "send DataIn datasn=1 offset=512 data=pattern(512,512) S=1\n"
                        "ping\n"
                        "mark quiet\n");
    rig_open(r);
    rig_read(r, 0, 1024);
    rig_await(r, "quiet");
    rig_end(r);
}

/* More requests than queue depth and window together: all are served in order, none is lost. */
Test(window, s4_2_2_1_queue_drains_in_order)
{
    struct rig *r = RIG("window 2\n"
                        "login\n"
                        "serve opened\n"
                        "expect ScsiCommand cdb=read(0,1)\nsend DataIn data=pattern(0,512) S=1\n"
                        "expect ScsiCommand cdb=read(1,1)\nsend DataIn data=pattern(512,512) S=1\n"
                        "expect ScsiCommand cdb=read(2,1)\nsend DataIn data=pattern(1024,512) S=1\n"
                        "expect ScsiCommand cdb=read(3,1)\nsend DataIn data=pattern(1536,512) S=1\n"
                        "expect ScsiCommand cdb=read(4,1)\nsend DataIn data=pattern(2048,512) S=1\n"
                        "expect ScsiCommand cdb=read(5,1)\nsend DataIn data=pattern(2560,512) S=1\n");
    r->options.queue_depth = 4;
    rig_open(r);
    struct rig_io *io[6];
    for (uint64_t i = 0; i < 6; i++)
        io[i] = rig_start(r, LUN_OP_READ, 512 * i, 512);
    for (int i = 0; i < 6; i++)
        rig_ends(io[i], LUN_OK);
    rig_end(r);
}
