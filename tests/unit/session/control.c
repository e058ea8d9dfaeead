/* SPDX-License-Identifier: Apache-2.0 */
/* Keepalive, questions of the target, asynchronous messages, Reject, logout, the end. */
#include "bench.h"

TestSuite(session_control, .init = bench_prepare);

static const uint8_t out[65536];

static void with_keepalive(void)
{
    b.nop_interval = 10 * SECOND;
    bench_start();
}

/* ---- NOP (RFC 7143 11.18, 11.19) --------------------------------------------------------------------- */

Test(session_control, a_ping_after_silence)
{
    with_keepalive();
    bench_pass(10 * SECOND - 1);
    cr_assert(bench_quiet());
    b.wakes = 0;
    bench_pass(1);
    cr_assert_eq(b.wakes, 1);
    struct pdu_nop_out p = bench_nop_out();
    cr_assert(p.immediate);
    cr_assert_neq(p.itt, PDU_TAG_NONE);
    cr_assert_eq(p.ttt, PDU_TAG_NONE);
    cr_assert_eq(p.cmdsn, 10);
    cr_assert_eq(p.expstatsn, 500);
    cr_assert(bench_quiet());
    bench_end();
}

Test(session_control, pings_go_on_while_answered)
{
    with_keepalive();
    uint32_t last = 0;
    for (int i = 0; i < 10; i++) {
        bench_pass(10 * SECOND);
        struct pdu_nop_out p = bench_nop_out();
        cr_assert_neq(p.itt, last);
        last = p.itt;
        bench_pass(SECOND);
        cr_assert(bench_nop_in(p.itt, PDU_TAG_NONE), "%s", b.e.text);
    }
    cr_assert_eq(b.broken, 0);
    cr_assert_eq(b.s.window.expstatsn, 510);
    bench_end();
}

Test(session_control, no_ping_while_the_target_talks)
{
    with_keepalive();
    for (int i = 0; i < 20; i++) {
        bench_pass(9 * SECOND);
        cr_assert(bench_nop_in(PDU_TAG_NONE, PDU_TAG_NONE));
    }
    cr_assert(bench_quiet());
    bench_end();
}

Test(session_control, an_unanswered_ping_breaks_the_session)
{
    with_keepalive();
    bench_pass(10 * SECOND);
    bench_nop_out();
    bench_pass(5 * SECOND - 1);
    cr_assert_eq(b.broken, 0);
    bench_pass(1);
    cr_assert_eq(b.broken, 1);
    cr_assert_eq(b.why.layer, LUN_TIMEOUT);
    cr_assert(strstr(b.why.text, "NOP-Out"), "%s", b.why.text);
    bench_end();
}

/* The connection takes nothing: the ping waits in vain to be sent. */
Test(session_control, an_unsent_ping_breaks_the_session)
{
    with_keepalive();
    bench_pass(10 * SECOND);
    bench_pass(5 * SECOND);
    cr_assert_eq(b.broken, 1);
    bench_end();
}

Test(session_control, anything_heard_excuses_a_late_answer)
{
    with_keepalive();
    bench_pass(10 * SECOND);
    struct pdu_nop_out p = bench_nop_out();
    bench_pass(4 * SECOND);
    cr_assert(bench_nop_in(PDU_TAG_NONE, PDU_TAG_NONE));
    bench_pass(4 * SECOND);
    cr_assert_eq(b.broken, 0);
    cr_assert(bench_nop_in(p.itt, PDU_TAG_NONE));
    bench_pass(9 * SECOND);
    cr_assert(bench_quiet());
    bench_pass(SECOND);
    bench_nop_out();
    bench_end();
}

Test(session_control, no_keepalive_when_not_wanted)
{
    bench_start();
    cr_assert_eq(timer_next(&b.timers), TIMER_NEVER);
    bench_end();
}

Test(session_control, an_answer_to_no_ping)
{
    with_keepalive();
    cr_assert_not(bench_nop_in(0xc000, PDU_TAG_NONE));
    bench_refused("was not sent");
    bench_end();
}

Test(session_control, a_ping_answered_twice)
{
    with_keepalive();
    bench_pass(10 * SECOND);
    uint32_t itt = bench_nop_out().itt;
    cr_assert(bench_nop_in(itt, PDU_TAG_NONE));
    cr_assert_not(bench_nop_in(itt, PDU_TAG_NONE));
    bench_refused("was not sent");
    bench_end();
}

/* 11.18: the answer repeats the tag and the LUN, is immediate, and expects none itself. */
Test(session_control, the_target_asks)
{
    bench_start();
    b.wakes = 0;
    cr_assert(bench_nop_in(PDU_TAG_NONE, 0x1234));
    cr_assert_gt(b.wakes, 0);
    struct pdu_nop_out p = bench_nop_out();
    cr_assert(p.immediate);
    cr_assert_eq(p.itt, PDU_TAG_NONE);
    cr_assert_eq(p.ttt, 0x1234);
    cr_assert_eq(p.lun, 0x0002000000000000);
    cr_assert_eq(p.cmdsn, 10);
    cr_assert(bench_quiet());
    bench_end();
}

Test(session_control, answers_leave_in_order_and_first)
{
    bench_start();
    bench_plain(1);
    for (uint32_t i = 0; i < SESSION_PONGS; i++)
        cr_assert(bench_nop_in(PDU_TAG_NONE, i));
    for (uint32_t i = 0; i < SESSION_PONGS; i++)
        cr_assert_eq(bench_nop_out().ttt, i);
    bench_command();
    bench_end();
}

Test(session_control, the_ring_of_answers_goes_round)
{
    bench_start();
    for (uint32_t i = 0; i < 5 * SESSION_PONGS; i++) {
        cr_assert(bench_nop_in(PDU_TAG_NONE, i));
        if (i >= 40)
            cr_assert_eq(bench_nop_out().ttt, i - 40);
    }
    bench_end();
}

Test(session_control, too_many_questions)
{
    bench_start();
    for (uint32_t i = 0; i < SESSION_PONGS; i++)
        cr_assert(bench_nop_in(PDU_TAG_NONE, i));
    cr_assert_not(bench_nop_in(PDU_TAG_NONE, 99));
    bench_refused("more than 64 NOP-Ins");
    bench_end();
}

/* The window is closed for commands, not for immediate requests. */
Test(session_control, control_passes_a_closed_window)
{
    b.n.maxcmdsn = 9;
    with_keepalive();
    bench_plain(1);
    cr_assert(bench_nop_in(PDU_TAG_NONE, 3));
    cr_assert_eq(bench_nop_out().ttt, 3);
    bench_pass(10 * SECOND);
    bench_nop_out();
    cr_assert(bench_quiet());
    bench_end();
}

/* ---- asynchronous messages (11.9) -------------------------------------------------------------------- */

Test(session_control, sense_for_a_unit_is_taken_note_of)
{
    bench_start();
    cr_assert(bench_async(0), "%s", b.e.text);
    cr_assert_eq(b.s.window.expstatsn, 501);
    bench_end();
}

Test(session_control, asked_to_log_out)
{
    bench_start();
    bench_plain(1);
    uint32_t itt = bench_command().itt;
    cr_assert(bench_async(1), "%s", b.e.text);
    cr_assert(b.s.asked_to_leave);
    cr_assert_null(session_task(&b.s));
    cr_assert(bench_quiet());
    cr_assert(bench_response(itt, 0));
    bench_logout();
    bench_end();
}

/* 11.9.1: negotiating anew is asked for; a new login does that. */
Test(session_control, asked_to_negotiate)
{
    bench_start();
    cr_assert(bench_async(4), "%s", b.e.text);
    cr_assert(b.s.asked_to_leave);
    bench_logout();
    bench_end();
}

Test(session_control, connection_will_be_dropped)
{
    bench_start();
    cr_assert_not(bench_async(2));
    cr_assert_eq(b.e.layer, LUN_CONNECT);
    cr_assert(strstr(b.e.text, "this connection will be dropped"), "%s", b.e.text);
    bench_end();
}

Test(session_control, session_will_be_dropped)
{
    bench_start();
    cr_assert_not(bench_async(3));
    cr_assert_eq(b.e.layer, LUN_CONNECT);
    cr_assert(b.e.retry);
    cr_assert_eq(b.s.time2retain, 3);
    bench_end();
}

Test(session_control, a_message_of_the_vendors)
{
    bench_start();
    cr_assert(bench_async(255));
    bench_end();
}

Test(session_control, every_event_has_a_word)
{
    for (int i = 0; i < 256; i++)
        cr_assert_not_null(session_async_name((uint8_t)i));
    cr_assert_str_eq(session_async_name(1), "logout requested");
    cr_assert_str_eq(session_async_name(248), "vendor-specific event");
    cr_assert_str_eq(session_async_name(100), "event unknown");
}

/* ---- Reject (11.17) ---------------------------------------------------------------------------------- */

Test(session_control, a_command_rejected)
{
    bench_start();
    bench_plain(1);
    bench_command();
    cr_assert_not(bench_reject(0x09, PDU_SCSI_COMMAND));
    bench_refused("rejected our SCSI Command: invalid PDU field");
    cr_assert_eq(b.e.code, 9);
    bench_end();
}

/* 11.17.1, reason 6: the target is alive and was busy; the ping may be sent again. */
Test(session_control, a_ping_rejected_for_now)
{
    bench_start();
    bench_plain(1);
    bench_command();
    cr_assert(bench_reject(0x06, PDU_NOP_OUT), "%s", b.e.text);
    cr_assert_not(b.s.ping_out);
    cr_assert_not(bench_reject(0x06, PDU_SCSI_COMMAND));
    bench_end();
}

Test(session_control, a_reject_without_the_header)
{
    uint8_t bhs[PDU_BHS];
    bench_start();
    pdu_put_reject(bhs, &(struct pdu_reject){.reason = 4, .statsn = 500, .expcmdsn = 10, .maxcmdsn = 99});
    cr_assert_not(bench_receive(bhs, 10));
    bench_refused("rejected our PDU: protocol error");
    bench_end();
}

Test(session_control, every_reason_has_a_word)
{
    for (int i = 0; i < 256; i++)
        cr_assert_not_null(session_reject_name((uint8_t)i));
    cr_assert_str_eq(session_reject_name(0x0c), "waiting for logout");
    cr_assert_str_eq(session_reject_name(0x0d), "reason unknown");
    cr_assert_str_eq(session_reject_name(0), "reason unknown");
}

/* ---- logout (11.14, 11.15) --------------------------------------------------------------------------- */

Test(session_control, logout_of_an_idle_session)
{
    bench_start();
    b.wakes = 0;
    session_logout(&b.s);
    cr_assert_gt(b.wakes, 0);
    struct pdu_logout_request p = bench_logout();
    cr_assert(p.immediate);
    cr_assert_eq(p.reason, 0);
    cr_assert_eq(p.cid, 7);
    cr_assert_eq(p.cmdsn, 10);
    cr_assert_eq(p.expstatsn, 500);
    cr_assert(bench_quiet());
    cr_assert(bench_logout_response(p.itt), "%s", b.e.text);
    cr_assert_eq(b.logged_out, 1);
    cr_assert_eq(b.s.time2wait, b.n.time2wait); /* 11.15.3: to be ignored at ErrorRecoveryLevel 0 */
    cr_assert_neq(b.s.time2wait, 9);
    bench_end();
}

Test(session_control, logout_waits_for_every_task)
{
    b.n.maxcmdsn = 10;
    bench_start();
    bench_plain(1);
    bench_plain(2);
    uint32_t first = bench_command().itt;
    session_logout(&b.s);
    cr_assert(bench_quiet());
    b.expcmdsn = b.maxcmdsn = 11;
    cr_assert(bench_response(first, 0));
    uint32_t second = bench_command().itt; /* queued before: it is still sent */
    cr_assert(bench_quiet());
    b.wakes = 0;
    cr_assert(bench_response(second, 0));
    cr_assert_gt(b.wakes, 0);
    bench_logout();
    cr_assert_eq(b.end_count, 2);
    bench_end();
}

Test(session_control, logout_waits_for_queued_data)
{
    bench_start();
    bench_keep = true;
    bench_write(512, out, 1);
    uint32_t itt = bench_command().itt;
    void *cookie = bench_out.cookie;
    cr_assert(bench_response(itt, 0));
    session_logout(&b.s);
    cr_assert(bench_quiet());
    session_sent(&b.s, cookie);
    bench_logout();
    bench_end();
}

Test(session_control, no_task_while_logging_out)
{
    bench_start();
    session_logout(&b.s);
    cr_assert_null(session_task(&b.s));
    bench_end();
}

/* 11.14: after the Logout Request nothing more is sent, whatever the target or the clock asks for. */
Test(session_control, nothing_follows_a_logout)
{
    with_keepalive();
    session_logout(&b.s);
    bench_logout();
    cr_assert(bench_nop_in(PDU_TAG_NONE, 5));
    cr_assert(bench_quiet());
    bench_pass(10 * SECOND);
    cr_assert(bench_quiet());
    bench_end();
}

Test(session_control, a_logout_is_sent_once)
{
    bench_start();
    session_logout(&b.s);
    bench_logout();
    session_logout(&b.s);
    cr_assert(bench_quiet());
    bench_end();
}

Test(session_control, an_answer_to_no_logout)
{
    bench_start();
    cr_assert_not(bench_logout_response(0xc001));
    bench_refused("logout that was not sent");
    cr_assert_eq(b.logged_out, 0);
    bench_end();
}

Test(session_control, an_answer_to_another_logout)
{
    bench_start();
    session_logout(&b.s);
    uint32_t itt = bench_logout().itt;
    cr_assert_not(bench_logout_response(itt + 1));
    bench_refused("logout that was not sent");
    bench_end();
}

/* ---- the end ----------------------------------------------------------------------------------------- */

Test(session_control, failing_ends_each_task_once)
{
    static uint8_t in[4096];
    b.n.maxcmdsn = 13;
    b.n.initial_r2t = true;
    b.n.immediate_data = false;
    bench_start();
    bench_plain(1);
    struct task *aborted = bench_plain(2);
    bench_read(4096, in, 3);
    bench_write(65536, out, 4);
    bench_plain(5); /* the window is closed: never sent */
    bench_command();
    bench_command();
    bench_command();
    cr_assert(bench_r2t(bench_command().itt, 1, 0, 0, 4096));
    session_abort(&b.s, aborted, LUN_CANCELLED, b.now);
    struct lun_error e = {.layer = LUN_CONNECT, .text = "gone"};
    session_fail(&b.s, &e);
    cr_assert_eq(b.end_count, 5);
    for (int i = 0; i < 5; i++)
        bench_ended_badly(i, (uint64_t)i + 1, LUN_CONNECT);
    session_fail(&b.s, &e);
    cr_assert_eq(b.end_count, 5);
    cr_assert(bench_quiet());
    cr_assert_null(session_task(&b.s));
    bench_end();
}

/* The queue is dropped first: an answered write that only waited for it ends as answered. */
Test(session_control, failing_after_an_answer)
{
    bench_start();
    bench_keep = true;
    bench_write(512, out, 1);
    uint32_t itt = bench_command().itt;
    cr_assert(bench_response(itt, 0));
    session_sent(&b.s, bench_out.cookie);
    session_fail(&b.s, &(struct lun_error){.layer = LUN_CONNECT});
    cr_assert_eq(b.end_count, 1);
    bench_ended(0, 1, 0);
    bench_end();
}

static void chain(struct task *t, const struct lun_error *error)
{
    b.end_count++;
    cr_assert_null(session_task(t->session));
}

/* Whoever wants to send it again at once is told that there is no room here. */
Test(session_control, no_new_task_out_of_a_failing_session)
{
    bench_start();
    for (int i = 0; i < 3; i++)
        bench_plain(1)->done = chain;
    bench_command();
    session_fail(&b.s, &(struct lun_error){.layer = LUN_CONNECT});
    cr_assert_eq(b.end_count, 3);
    bench_end();
}

static void again(struct task *t, const struct lun_error *error)
{
    if (b.end_count++ < 100) {
        struct task *next = session_task(t->session);
        next->done = again;
        session_issue(t->session, next, TIMER_NEVER);
    }
}

Test(session_control, the_next_command_from_inside_done)
{
    bench_start();
    bench_plain(1)->done = again;
    for (int i = 0; i <= 100; i++)
        cr_assert(bench_response(bench_command().itt, 0), "%s", b.e.text);
    cr_assert(bench_quiet());
    cr_assert_eq(b.end_count, 101);
    cr_assert_leq(b.s.fresh, 2);
    bench_end();
}
