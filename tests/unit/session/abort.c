/* SPDX-License-Identifier: Apache-2.0 */
/* Deadlines and ABORT TASK (RFC 7143 11.5, 11.6): each task ends once, whichever answer comes first. */
#include "bench.h"

TestSuite(session_abort, .init = bench_prepare);

static const uint8_t out[65536];

static struct task *issue(uint64_t note, uint64_t deadline)
{
    struct task *t = bench_fresh(note);
    session_issue(&b.s, t, deadline);
    return t;
}

Test(session_abort, before_it_was_sent)
{
    bench_start();
    struct task *t = bench_plain(1);
    session_abort(&b.s, t, LUN_CANCELLED, b.now);
    bench_ended_badly(0, 1, LUN_CANCELLED);
    cr_assert(bench_quiet());
    cr_assert_eq(b.s.window.cmdsn, 10, "no CmdSN was used");
    bench_end();
}

Test(session_abort, names_its_task)
{
    bench_start();
    bench_plain(1);
    struct task *t = bench_plain(2);
    bench_command();
    struct pdu_scsi_command command = bench_command();
    b.wakes = 0;
    session_abort(&b.s, t, LUN_CANCELLED, b.now);
    cr_assert_gt(b.wakes, 0);
    struct pdu_task_request p = bench_abort();
    cr_assert(p.immediate);
    cr_assert_eq(p.function, 1);
    cr_assert_eq(p.lun, t->lun);
    cr_assert_eq(p.referenced_tag, command.itt);
    cr_assert_neq(p.itt, command.itt);
    cr_assert_eq(p.refcmdsn, command.cmdsn);
    cr_assert_eq(p.cmdsn, 12, "an immediate request carries the next CmdSN and does not use it up");
    cr_assert(bench_quiet());
    bench_end();
}

/* The command is on its way, its ABORT TASK too. */
static struct pdu_task_request aborting(enum lun_layer why)
{
    bench_start();
    struct task *t = bench_plain(1);
    bench_command();
    session_abort(&b.s, t, why, b.now);
    return bench_abort();
}

Test(session_abort, function_complete)
{
    struct pdu_task_request p = aborting(LUN_CANCELLED);
    cr_assert_eq(b.end_count, 0);
    cr_assert(bench_task_response(p.itt, 0), "%s", b.e.text);
    bench_ended_badly(0, 1, LUN_CANCELLED);
    bench_end();
}

Test(session_abort, the_reason_is_the_callers)
{
    struct pdu_task_request p = aborting(LUN_TIMEOUT);
    cr_assert(bench_task_response(p.itt, 0));
    bench_ended_badly(0, 1, LUN_TIMEOUT);
    bench_end();
}

Test(session_abort, task_does_not_exist)
{
    struct pdu_task_request p = aborting(LUN_CANCELLED);
    cr_assert(bench_task_response(p.itt, 1));
    bench_ended_badly(0, 1, LUN_CANCELLED);
    bench_end();
}

/* Not supported: the task lives, and its answer still counts. */
Test(session_abort, not_supported)
{
    struct pdu_task_request p = aborting(LUN_CANCELLED);
    cr_assert(bench_task_response(p.itt, 5));
    cr_assert_eq(b.end_count, 0);
    cr_assert(bench_response(p.referenced_tag, 0));
    bench_ended(0, 1, 0);
    bench_pass(60 * SECOND);
    cr_assert_eq(b.broken, 0);
    bench_end();
}

Test(session_abort, rejected)
{
    struct pdu_task_request p = aborting(LUN_CANCELLED);
    cr_assert(bench_reject(0x05, PDU_TASK_REQUEST | 0x40), "%s", b.e.text);
    cr_assert_eq(b.end_count, 0);
    cr_assert(bench_response(p.referenced_tag, 0));
    bench_ended(0, 1, 0);
    bench_end();
}

Test(session_abort, the_answer_overtakes_it)
{
    struct pdu_task_request p = aborting(LUN_CANCELLED);
    cr_assert(bench_response(p.referenced_tag, 0));
    bench_ended(0, 1, 0);
    cr_assert(bench_task_response(p.itt, 1), "%s", b.e.text);
    cr_assert_eq(b.end_count, 1);
    bench_end();
}

/* The slot has a new task by then, which the late answer must not touch. */
Test(session_abort, its_answer_does_not_hit_the_next_task)
{
    struct pdu_task_request p = aborting(LUN_CANCELLED);
    cr_assert(bench_response(p.referenced_tag, 0));
    struct task *t = bench_plain(2);
    uint32_t itt = bench_command().itt;
    cr_assert_eq(itt & 0xffff, p.referenced_tag & 0xffff);
    session_abort(&b.s, t, LUN_CANCELLED, b.now);
    cr_assert(bench_task_response(p.itt, 0));
    cr_assert_eq(b.end_count, 1);
    cr_assert(bench_task_response(bench_abort().itt, 0));
    bench_ended_badly(1, 2, LUN_CANCELLED);
    bench_end();
}

Test(session_abort, the_answer_comes_before_it_is_sent)
{
    bench_start();
    struct task *t = bench_plain(1);
    uint32_t itt = bench_command().itt;
    session_abort(&b.s, t, LUN_CANCELLED, b.now);
    cr_assert(bench_response(itt, 0));
    bench_ended(0, 1, 0);
    cr_assert(bench_quiet());
    bench_end();
}

Test(session_abort, twice)
{
    bench_start();
    struct task *t = bench_plain(1);
    bench_command();
    session_abort(&b.s, t, LUN_CANCELLED, b.now);
    session_abort(&b.s, t, LUN_TIMEOUT, b.now);
    cr_assert(bench_task_response(bench_abort().itt, 0));
    cr_assert(bench_quiet());
    bench_ended_badly(0, 1, LUN_CANCELLED);
    cr_assert_eq(b.end_count, 1);
    bench_end();
}

Test(session_abort, an_answer_to_none)
{
    bench_start();
    bench_plain(1);
    uint32_t itt = bench_command().itt;
    cr_assert_not(bench_task_response(itt, 0)); /* the command's own tag */
    bench_refused("was not sent");
    bench_end();
}

Test(session_abort, an_answer_to_a_task_never_aborted)
{
    bench_start();
    bench_plain(1);
    uint32_t itt = bench_command().itt;
    cr_assert(bench_task_response(itt | 0x8000, 0)); /* as if to an abort that its answer overtook */
    cr_assert_eq(b.end_count, 0);
    cr_assert(bench_response(itt, 0));
    bench_ended(0, 1, 0);
    bench_end();
}

/* A write that is aborted still answers the R2Ts it is given (11.5.1): the target decides when it is over. */
Test(session_abort, of_a_write_goes_before_its_data)
{
    b.n.immediate_data = false;
    b.n.initial_r2t = true;
    bench_start();
    struct task *t = bench_write(65536, out, 1);
    uint32_t itt = bench_command().itt;
    cr_assert(bench_r2t(itt, 9, 0, 0, 32768));
    session_abort(&b.s, t, LUN_CANCELLED, b.now);
    struct pdu_task_request p = bench_abort();
    cr_assert_eq(bench_data_out().ttt, 9);
    cr_assert(bench_r2t(itt, 10, 1, 32768, 32768));
    cr_assert_eq(bench_data_out().ttt, 10);
    cr_assert(bench_task_response(p.itt, 0));
    bench_ended_badly(0, 1, LUN_CANCELLED);
    bench_end();
}

/* Its buffer is the caller's again only when none of its PDUs is queued. */
Test(session_abort, waits_for_queued_data)
{
    b.n.immediate_data = false;
    b.n.initial_r2t = true;
    bench_start();
    bench_keep = true;
    struct task *t = bench_write(65536, out, 1);
    cr_assert(bench_r2t(bench_command().itt, 9, 0, 0, 32768));
    bench_data_out();
    void *cookie = bench_out.cookie;
    session_abort(&b.s, t, LUN_CANCELLED, b.now);
    cr_assert(bench_task_response(bench_abort().itt, 0));
    cr_assert_eq(b.end_count, 0);
    cr_assert_eq(b.broken, 0);
    session_sent(&b.s, cookie);
    bench_ended_badly(0, 1, LUN_CANCELLED);
    bench_end();
}

/* But a target that never takes the data must not hold the call for ever: the connection goes. */
Test(session_abort, queued_data_has_a_deadline)
{
    b.n.immediate_data = false;
    b.n.initial_r2t = true;
    bench_start();
    bench_keep = true;
    struct task *t = bench_write(65536, out, 1);
    cr_assert(bench_r2t(bench_command().itt, 9, 0, 0, 32768));
    bench_data_out();
    void *cookie = bench_out.cookie;
    session_abort(&b.s, t, LUN_CANCELLED, b.now);
    cr_assert(bench_task_response(bench_abort().itt, 0));
    bench_pass(3600 * SECOND);
    cr_assert_eq(b.broken, 1);
    session_sent(&b.s, cookie);
    bench_end();
}

/* ---- deadlines --------------------------------------------------------------------------------------- */

Test(session_abort, a_deadline_in_the_queue)
{
    b.n.maxcmdsn = 9;
    bench_start();
    issue(1, b.now + 30 * SECOND);
    bench_pass(29 * SECOND);
    cr_assert_eq(b.end_count, 0);
    bench_pass(SECOND);
    bench_ended_badly(0, 1, LUN_TIMEOUT);
    cr_assert(b.ends[0].error.retry);
    bench_end();
}

Test(session_abort, a_deadline_in_flight)
{
    bench_start();
    issue(1, b.now + 30 * SECOND);
    bench_command();
    bench_pass(30 * SECOND);
    cr_assert_eq(b.end_count, 0);
    cr_assert(bench_task_response(bench_abort().itt, 0));
    bench_ended_badly(0, 1, LUN_TIMEOUT);
    bench_end();
}

Test(session_abort, a_deadline_met)
{
    bench_start();
    issue(1, b.now + 30 * SECOND);
    uint32_t itt = bench_command().itt;
    bench_pass(29 * SECOND);
    cr_assert(bench_response(itt, 0));
    cr_assert_eq(timer_next(&b.timers), TIMER_NEVER);
    bench_end();
}

Test(session_abort, unanswered_breaks_the_session_once)
{
    bench_start();
    issue(1, b.now + 30 * SECOND);
    bench_command();
    bench_pass(30 * SECOND);
    bench_abort();
    bench_pass(b.abort_timeout - 1);
    cr_assert_eq(b.broken, 0);
    bench_pass(1);
    cr_assert_eq(b.broken, 1);
    cr_assert_eq(b.why.layer, LUN_TIMEOUT);
    cr_assert_eq(b.end_count, 0, "the owner ends it, when the connection is gone");
    session_fail(&b.s, &b.why);
    bench_ended_badly(0, 1, LUN_TIMEOUT);
    bench_end();
}

/* A session that has been silent for long does not know the time: the caller does. */
Test(session_abort, has_its_time_after_a_long_silence)
{
    bench_start();
    bench_pass(3600 * SECOND);
    struct task *t = bench_plain(1);
    bench_command();
    session_abort(&b.s, t, LUN_CANCELLED, b.now);
    bench_abort();
    bench_pass(b.abort_timeout - 1);
    cr_assert_eq(b.broken, 0, "%s", b.why.text);
    bench_pass(1);
    cr_assert_eq(b.broken, 1);
    bench_end();
}
