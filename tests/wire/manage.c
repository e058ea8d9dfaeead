/* SPDX-License-Identifier: Apache-2.0 */
/* Task management functions that end several tasks, and what becomes of those. RFC 7143 11.5, 11.6, 4.2.3. */
#include <criterion/criterion.h>
#include <semaphore.h>
#include <stdio.h>
#include <string.h>

#include "rig.h"

#define OPENED "login DefaultTime2Wait=0 InitialR2T=Yes ImmediateData=No\nserve opened\n"
#define ASKED(function, lun)                                                                                 \
    "expect TaskRequest as=t I=1 function=" #function " lun=" lun " ref=0xffffffff refcmdsn=0 expdatasn=0\n"

struct asked {
    struct lun_call call;
    sem_t done;
};

static void done(struct lun_call *call)
{
    sem_post(&((struct asked *)(void *)call)->done);
}

static void ask(struct rig *r, struct asked *a, enum lun_management function)
{
    *a = (struct asked){.call.done = done};
    sem_init(&a->done, 0, 0);
    lun_manage(r->unit, function, &a->call);
}

static const struct lun_error *answer(struct asked *a)
{
    while (sem_wait(&a->done) < 0)
        ;
    sem_destroy(&a->done);
    return &a->call.error;
}

static void is_done(struct rig *r, struct asked *a)
{
    const struct lun_error *e = answer(a);
    if (e->layer != LUN_OK)
        rig_complain(r, "%s", e->text);
}

/* ---- the request ---- */

static void asks(struct rig *r, enum lun_management function)
{
    struct asked a;
    rig_open(r);
    ask(r, &a, function);
    is_done(r, &a);
    rig_end(r);
}

Test(manage, s11_5_1_abort_task_set)
{
    asks(RIG("device luns=5\n" OPENED ASKED(2, "0x0005000000000000") "send TaskResponse to=t response=0\n"),
         LUN_ABORT_TASK_SET);
}

Test(manage, s11_5_1_clear_task_set)
{
    asks(RIG("device luns=5\n" OPENED ASKED(4, "0x0005000000000000") "send TaskResponse to=t response=0\n"),
         LUN_CLEAR_TASK_SET);
}

Test(manage, s11_5_1_logical_unit_reset)
{
    asks(RIG("device luns=5\n" OPENED ASKED(5, "0x0005000000000000") "send TaskResponse to=t response=0\n"),
         LUN_LOGICAL_UNIT_RESET);
}

/* 11.5.4: the LUN means nothing to the target as a whole. */
Test(manage, s11_5_1_target_warm_reset)
{
    asks(RIG("device luns=5\n" OPENED ASKED(6, "0") "send TaskResponse to=t response=0\n"),
         LUN_TARGET_WARM_RESET);
}

/* The target may answer, and ends every session either way; ours comes back. */
Test(manage, s11_5_1_target_cold_reset)
{
    struct rig *r = RIG(OPENED ASKED(
        7, "0") "close\naccept\nlogin DefaultTime2Wait=0\n"
                "expect ScsiCommand as=r cdb=read(0,1)\nsend DataIn to=r data=pattern(0,512) S=1\n");
    struct asked a;
    r->options.on_outage = LUN_OUTAGE_WAIT;
    rig_open(r);
    ask(r, &a, LUN_TARGET_COLD_RESET);
    is_done(r, &a);
    rig_read(r, 0, 512);
    rig_end(r);
}

/* ---- the answer ---- */

static void refused(uint8_t response, const char *words)
{
    char text[512];
    snprintf(text, sizeof text, OPENED ASKED(5, "0") "send TaskResponse to=t response=%u\n", response);
    struct rig *r = RIG(text);
    struct asked a;
    rig_open(r);
    ask(r, &a, LUN_LOGICAL_UNIT_RESET);
    const struct lun_error *e = answer(&a);
    if (e->layer != LUN_SCSI || e->code != (0xff0200 | response) || !strstr(e->text, words))
        rig_complain(r, "response %u: %s 0x%x: %s", response, lun_layer_name(e->layer), (unsigned)e->code,
                     e->text);
    rig_end(r);
}

Test(manage, s11_6_1_each_response)
{
    refused(1, "task does not exist");
    refused(2, "LUN does not exist");
    refused(3, "task still allegiant");
    refused(4, "reassignment not supported");
    refused(5, "function not supported");
    refused(6, "authorization failed");
    refused(7, "unknown reason");
    refused(255, "function rejected");
}

Test(manage, s11_17_1_rejected)
{
    struct rig *r = RIG(OPENED ASKED(5, "0") "send Reject reason=5 data=header(t)\n");
    struct asked a;
    rig_open(r);
    ask(r, &a, LUN_LOGICAL_UNIT_RESET);
    rig_assert(r, answer(&a)->layer == LUN_PROTOCOL &&
                      strstr(a.call.error.text, "LOGICAL UNIT RESET: rejected"));
    rig_end(r);
}

Test(manage, session_lost_before_the_answer)
{
    struct rig *r = RIG(OPENED ASKED(5, "0") "close\n");
    struct asked a;
    rig_open(r);
    ask(r, &a, LUN_LOGICAL_UNIT_RESET);
    rig_assert(r, answer(&a)->layer == LUN_CONNECT);
    rig_end(r);
}

/* ---- what becomes of tasks ---- */

/* A read that the reset has ended is sent again, though nobody answered it. */
Test(manage, s4_2_3_2_task_is_ended_and_sent_again)
{
    struct rig *r = RIG(OPENED "expect ScsiCommand as=r cdb=read(0,1)\nmark seen\n" ASKED(
        5, "0") "send TaskResponse to=t response=0\n"
                "expect ScsiCommand as=s cdb=read(0,1)\nsend DataIn to=s data=pattern(0,512) S=1\n");
    struct asked a;
    uint8_t want[512];
    rig_open(r);
    struct rig_io *io = rig_start(r, LUN_OP_READ, 0, 512);
    rig_await(r, "seen");
    ask(r, &a, LUN_LOGICAL_UNIT_RESET);
    is_done(r, &a);
    rig_ends_with(io, 512, (script_pattern(want, 0, 512), want));
    rig_end(r);
}

/* Until the answer an R2T of a task concerned is answered (4.2.3.3 b). */
Test(manage, s4_2_3_3_r2ts_are_answered_until_the_response)
{
    struct rig *r = RIG(OPENED "expect ScsiCommand as=w cdb=write(0,1)\nmark seen\n" ASKED(
        4, "0") "send R2T to=w ttt=9 r2tsn=0 offset=0 length=512\n"
                "expect DataOut to=w ttt=9 F=1 data=pattern(0,512)\n"
                "send TaskResponse to=t response=0\n"
                "expect ScsiCommand as=v cdb=write(0,1)\n"
                "send R2T to=v ttt=10 r2tsn=0 offset=0 length=512\n"
                "expect DataOut to=v ttt=10 F=1 data=pattern(0,512)\n"
                "send ScsiResponse to=v\n");
    struct asked a;
    rig_open(r);
    struct rig_io *io = rig_start(r, LUN_OP_WRITE, 0, 512);
    rig_await(r, "seen");
    ask(r, &a, LUN_CLEAR_TASK_SET);
    is_done(r, &a);
    rig_ends(io, LUN_OK);
    rig_end(r);
}

/* An answer that was on its way is taken (4.2.3.3 c), and nothing is sent again. */
Test(manage, s4_2_3_3_response_before_that_of_the_function)
{
    struct rig *r = RIG(OPENED "expect ScsiCommand as=r cdb=read(0,1)\nmark seen\n" ASKED(
        2, "0") "send DataIn to=r data=pattern(0,512) S=1\n"
                "send TaskResponse to=t response=0\n");
    struct asked a;
    uint8_t want[512];
    rig_open(r);
    struct rig_io *io = rig_start(r, LUN_OP_READ, 0, 512);
    rig_await(r, "seen");
    ask(r, &a, LUN_ABORT_TASK_SET);
    is_done(r, &a);
    rig_ends_with(io, 512, (script_pattern(want, 0, 512), want));
    rig_end(r);
}

/* What still comes for a task that was ended is passed over. */
Test(manage, s11_6_late_response)
{
    struct rig *r = RIG(OPENED "expect ScsiCommand as=r cdb=read(0,1)\nmark seen\n" ASKED(
        5, "0") "send TaskResponse to=t response=0\n"
                "send ScsiResponse to=r status=0x40\n"
                "expect ScsiCommand as=s cdb=read(0,1)\nsend DataIn to=s data=pattern(0,512) S=1\n");
    struct asked a;
    rig_open(r);
    struct rig_io *io = rig_start(r, LUN_OP_READ, 0, 512);
    rig_await(r, "seen");
    ask(r, &a, LUN_LOGICAL_UNIT_RESET);
    is_done(r, &a);
    rig_ends(io, LUN_OK);
    rig_end(r);
}

/* The function is not carried out: the task lives. */
Test(manage, s11_6_1_refused_leaves_tasks_alone)
{
    struct rig *r = RIG(OPENED "expect ScsiCommand as=r cdb=read(0,1)\nmark seen\n" ASKED(
        5, "0") "send TaskResponse to=t response=5\n"
                "send DataIn to=r data=pattern(0,512) S=1\n");
    struct asked a;
    rig_open(r);
    struct rig_io *io = rig_start(r, LUN_OP_READ, 0, 512);
    rig_await(r, "seen");
    ask(r, &a, LUN_LOGICAL_UNIT_RESET);
    answer(&a);
    rig_ends(io, LUN_OK);
    rig_end(r);
}
