/* SPDX-License-Identifier: Apache-2.0 */
/* Cancellation and deadlines: ABORT TASK and what may come instead of its answer. RFC 7143 11.5, 11.6, 4.2.3.
 */
#include <criterion/criterion.h>

#include "rig.h"

#define OPENED "login\nserve opened\n"
#define SEEN_READ "expect ScsiCommand as=r cdb=read(0,1)\nmark seen\n"
#define ABORTED                                                                                              \
    "expect TaskRequest as=t I=1 F=1 function=1 lun=@r.lun ref=@r.itt refcmdsn=@r.cmdsn expdatasn=0\n"

/* A read is cancelled once the script has it. */
static void cancelled(struct rig *r)
{
    rig_open(r);
    struct rig_io *io = rig_start(r, LUN_OP_READ, 0, 512);
    rig_await(r, "seen");
    rig_cancel(io);
    rig_ends(io, LUN_CANCELLED);
    rig_end(r);
}

Test(task, s11_5_1_cancel_sends_abort_task)
{
    cancelled(RIG(OPENED SEEN_READ ABORTED "send TaskResponse to=t response=0\n"));
}

/* 11.6.1: 1, task does not exist: its answer is lost or was never due. */
Test(task, s11_6_1_abort_of_a_task_the_target_does_not_know)
{
    cancelled(RIG(OPENED SEEN_READ ABORTED "send TaskResponse to=t response=1\n"));
}

/* The LUN field of the abort is the command's. */
Test(task, s11_5_3_abort_names_the_lun)
{
    cancelled(RIG("device luns=5\n" OPENED SEEN_READ
                  "expect TaskRequest as=t function=1 lun=0x0005000000000000 ref=@r.itt\n"
                  "send TaskResponse to=t\n"));
}

/* The answer comes first, then that of the abort: the request has ended once, and both are taken. */
Test(task, s11_6_1_answer_overtakes_the_abort)
{
    struct rig *r = RIG(OPENED SEEN_READ ABORTED "send DataIn to=r data=pattern(0,512) S=1\n"
                                                 "send TaskResponse to=t response=1\n"
                                                 "expect ScsiCommand as=s cdb=read(1,1)\n"
                                                 "send DataIn to=s data=pattern(512,512) S=1\n");
    rig_open(r);
    struct rig_io *io = rig_start(r, LUN_OP_READ, 0, 512);
    rig_await(r, "seen");
    rig_cancel(io);
    rig_finishes(io);
    rig_read(r, 512, 512);
    rig_end(r);
}

/* Data may still come for a task that is being aborted. */
Test(task, s11_5_1_data_during_the_abort)
{
    cancelled(RIG(OPENED SEEN_READ ABORTED "send DataIn to=r F=0 data=pattern(0,256)\n"
                                           "send TaskResponse to=t response=0\n"));
}

/* What the target had queued when it answered the abort still comes (tgt sends its R2T): it is passed
 * over, its StatSN counted, and the session goes on. */
static void late(const char *text, int line)
{
    struct rig *r = rig_new(text, __FILE__, line);
    rig_open(r);
    struct rig_io *io = rig_start(r, LUN_OP_WRITE, 0, 1024);
    rig_await(r, "seen");
    rig_cancel(io);
    rig_ends(io, LUN_CANCELLED);
    rig_read(r, 512, 512);
    rig_end(r);
}

#define LATE(what)                                                                                           \
    late("login InitialR2T=Yes ImmediateData=No\nserve opened\n"                                             \
         "expect ScsiCommand as=r cdb=write(0,2)\nmark seen\n" ABORTED                                       \
         "send TaskResponse to=t response=0\n" what "expect ScsiCommand as=s cdb=read(1,1)\n"                \
         "send DataIn to=s data=pattern(512,512) S=1\n",                                                     \
         __LINE__)

Test(task, s11_5_1_r2t_behind_the_abort)
{
    LATE("send R2T to=r ttt=7 offset=0 length=1024\n");
}

Test(task, s11_5_1_response_behind_the_abort)
{
    LATE("send ScsiResponse to=r status=0x40\n");
}

/* The target has asked for data of a write that is then cancelled. */
Test(task, s11_5_1_abort_of_a_write)
{
    struct rig *r = RIG("login InitialR2T=Yes ImmediateData=No\nserve opened\n"
                        "expect ScsiCommand as=r cdb=write(0,2)\n"
                        "send R2T offset=0 length=512\n"
                        "expect DataOut to=r offset=0 data=pattern(0,512)\n"
                        "mark seen\n" ABORTED "send TaskResponse to=t response=0\n");
    rig_open(r);
    struct rig_io *io = rig_start(r, LUN_OP_WRITE, 0, 1024);
    rig_await(r, "seen");
    rig_cancel(io);
    rig_ends(io, LUN_CANCELLED);
    rig_end(r);
}

/* The deadline of a request does what a cancellation does. */
Test(task, s7_11_deadline_sends_abort_task)
{
    struct rig *r =
        RIG(OPENED "expect ScsiCommand as=r cdb=read(0,1)\n" ABORTED "send TaskResponse to=t response=0\n");
    rig_open(r);
    struct rig_io *io = rig_start_timed(r, LUN_OP_READ, 0, 512, 400);
    rig_ends(io, LUN_TIMEOUT);
    rig_end(r);
}

/* A target that says InitialR2T=No and then waits for nothing: F=1, no R2T, no answer. The deadline ends it.
 */
Test(task, s7_11_write_without_r2t_ends_at_the_deadline)
{
    struct rig *r =
        RIG("login InitialR2T=Yes ImmediateData=No\nserve opened\n"
            "expect ScsiCommand as=r cdb=write(0,1)\n" ABORTED "send TaskResponse to=t response=0\n");
    rig_open(r);
    struct rig_io *io = rig_start_timed(r, LUN_OP_WRITE, 0, 512, 400);
    rig_ends(io, LUN_TIMEOUT);
    rig_end(r);
}

/* A tag is free again only when the abort is answered: the next command has another one. */
Test(task, s11_2_1_8_tag_is_not_reused_during_the_abort)
{
    struct rig *r = RIG(OPENED SEEN_READ ABORTED "mark aborting\n"
                                                 "expect ScsiCommand as=s cdb=read(1,1)\n"
                                                 "send DataIn to=s data=pattern(512,512) S=1\n"
                                                 "wait read\n"
                                                 "send TaskResponse to=t response=0\n");
    rig_open(r);
    struct rig_io *io = rig_start(r, LUN_OP_READ, 0, 512);
    rig_await(r, "seen");
    rig_cancel(io);
    rig_await(r, "aborting");
    rig_read(r, 512, 512); /* the referee looks at its ITT */
    rig_signal(r, "read");
    rig_ends(io, LUN_CANCELLED);
    rig_end(r);
}

/* A second cancel of the same request sends nothing more. */
Test(task, s11_5_1_cancelled_twice)
{
    struct rig *r = RIG(OPENED SEEN_READ ABORTED "mark aborting\n"
                                                 "wait again\n"
                                                 "ping\n"
                                                 "send TaskResponse to=t response=0\n");
    rig_open(r);
    struct rig_io *io = rig_start(r, LUN_OP_READ, 0, 512);
    rig_await(r, "seen");
    rig_cancel(io);
    rig_await(r, "aborting");
    rig_cancel(io);
    rig_signal(r, "again");
    rig_ends(io, LUN_CANCELLED);
    rig_end(r);
}

/* A Reject instead of an answer (11.17.1, command not supported): the command itself still ends the request.
 */
Test(task, s7_3_abort_rejected)
{
    struct rig *r = RIG(OPENED SEEN_READ ABORTED "send Reject reason=5 data=header(t)\n"
                                                 "send DataIn to=r data=pattern(0,512) S=1\n");
    rig_open(r);
    struct rig_io *io = rig_start(r, LUN_OP_READ, 0, 512);
    rig_await(r, "seen");
    rig_cancel(io);
    rig_finishes(io);
    rig_end(r);
}
