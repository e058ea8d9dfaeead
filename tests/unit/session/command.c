/* SPDX-License-Identifier: Apache-2.0 */
/* Commands, their numbers and their answers: CmdSN, the window, StatSN, tags, residuals, sense. */
#include "bench.h"

TestSuite(session_command, .init = bench_prepare);

/* ---- CmdSN and the window (RFC 7143 4.2.2.1) --------------------------------------------------------- */

Test(session_command, carries_what_the_caller_said)
{
    bench_start();
    struct task *t = bench_fresh(1);
    memset(t->cdb, 0x5a, sizeof t->cdb);
    t->read = true;
    t->edtl = 4096;
    session_issue(&b.s, t, TIMER_NEVER);
    cr_assert_gt(b.wakes, 0);
    struct pdu_scsi_command p = bench_command();
    cr_assert_not(p.immediate);
    cr_assert(p.final && p.read && !p.write);
    cr_assert_eq(p.attr, 1);
    cr_assert_eq(p.lun, 0x0001000000000000);
    cr_assert_eq(p.edtl, 4096);
    cr_assert_eq(p.cmdsn, 10);
    cr_assert_eq(p.expstatsn, 500);
    cr_assert_arr_eq(p.cdb, t->cdb, sizeof p.cdb);
    cr_assert_null(bench_out.cookie);
    cr_assert(bench_quiet());
    bench_end();
}

Test(session_command, leave_in_order_with_rising_cmdsn)
{
    bench_start();
    for (uint64_t i = 0; i < 20; i++)
        bench_plain(i);
    for (uint32_t i = 0; i < 20; i++) {
        struct pdu_scsi_command p = bench_command();
        cr_assert_eq(p.cmdsn, 10 + i);
        cr_assert_eq(p.itt & 0xffff, i);
    }
    cr_assert(bench_quiet());
    bench_end();
}

Test(session_command, waits_for_the_window)
{
    b.n.maxcmdsn = 11;
    bench_start();
    for (uint64_t i = 0; i < 3; i++)
        bench_plain(i);
    uint32_t itt = bench_command().itt;
    bench_command();
    cr_assert(bench_quiet());
    b.wakes = 0;
    b.expcmdsn = 12;
    b.maxcmdsn = 12;
    cr_assert(bench_response(itt, 0));
    cr_assert_gt(b.wakes, 0);
    cr_assert_eq(bench_command().cmdsn, 12);
    cr_assert(bench_quiet());
    bench_end();
}

Test(session_command, a_window_closed_from_the_start)
{
    b.n.maxcmdsn = 9; /* ExpCmdSN - 1: closed */
    bench_start();
    bench_plain(1);
    cr_assert(bench_quiet());
    b.maxcmdsn = 10;
    cr_assert(bench_nop_in(PDU_TAG_NONE, PDU_TAG_NONE));
    cr_assert_eq(bench_command().cmdsn, 10);
    bench_end();
}

Test(session_command, a_window_never_shrinks)
{
    bench_start();
    b.maxcmdsn = 20;
    cr_assert(bench_nop_in(PDU_TAG_NONE, PDU_TAG_NONE));
    cr_assert_eq(b.s.window.maxcmdsn, 1000);
    bench_end();
}

/* MaxCmdSN below ExpCmdSN - 1 contradicts itself: both are ignored. */
Test(session_command, a_window_that_contradicts_itself)
{
    b.n.maxcmdsn = 10;
    bench_start();
    b.expcmdsn = 50;
    b.maxcmdsn = 48;
    cr_assert(bench_nop_in(PDU_TAG_NONE, PDU_TAG_NONE));
    cr_assert_eq(b.s.window.maxcmdsn, 10);
    cr_assert_eq(b.s.window.expcmdsn, 10);
    b.maxcmdsn = 49;
    cr_assert(bench_nop_in(PDU_TAG_NONE, PDU_TAG_NONE));
    cr_assert_eq(b.s.window.maxcmdsn, 49);
    cr_assert_eq(b.s.window.expcmdsn, 50);
    bench_end();
}

Test(session_command, cmdsn_wraps)
{
    b.n.cmdsn = b.n.expcmdsn = UINT32_MAX - 1;
    b.n.maxcmdsn = 1;
    bench_start();
    static const uint32_t want[] = {UINT32_MAX - 1, UINT32_MAX, 0, 1};
    for (uint64_t i = 0; i < 5; i++)
        bench_plain(i);
    for (int i = 0; i < 4; i++)
        cr_assert_eq(bench_command().cmdsn, want[i]);
    cr_assert(bench_quiet());
    b.expcmdsn = 0;
    b.maxcmdsn = 2;
    cr_assert(bench_nop_in(PDU_TAG_NONE, PDU_TAG_NONE));
    cr_assert_eq(bench_command().cmdsn, 2);
    bench_end();
}

/* ---- StatSN ------------------------------------------------------------------------------------------ */

Test(session_command, acknowledges_what_has_come)
{
    bench_start();
    bench_plain(1);
    cr_assert(bench_response(bench_command().itt, 0));
    bench_plain(2);
    cr_assert_eq(bench_command().expstatsn, 501);
    bench_end();
}

Test(session_command, statsn_wraps)
{
    b.n.expstatsn = UINT32_MAX;
    bench_start();
    for (uint64_t i = 0; i < 3; i++) {
        bench_plain(i);
        cr_assert(bench_response(bench_command().itt, 0), "%s", b.e.text);
    }
    cr_assert_eq(b.s.window.expstatsn, 2);
    bench_end();
}

Test(session_command, statsn_too_high)
{
    bench_start();
    bench_plain(1);
    uint32_t itt = bench_command().itt;
    b.statsn++;
    cr_assert_not(bench_response(itt, 0));
    bench_refused("StatSN 501 where 500 was due");
    cr_assert_eq(b.end_count, 0);
    bench_end();
}

Test(session_command, statsn_twice)
{
    bench_start();
    bench_plain(1);
    bench_plain(2);
    uint32_t first = bench_command().itt, second = bench_command().itt;
    cr_assert(bench_response(first, 0));
    b.statsn--;
    cr_assert_not(bench_response(second, 0));
    bench_refused("StatSN 500 where 501 was due");
    bench_end();
}

/* A NOP-In that asks shows the next StatSN and uses up none (11.19.2). */
Test(session_command, a_nop_in_that_asks_uses_no_statsn)
{
    bench_start();
    bench_plain(1);
    uint32_t itt = bench_command().itt;
    cr_assert(bench_nop_in(PDU_TAG_NONE, 5));
    cr_assert(bench_response(itt, 0), "%s", b.e.text);
    bench_end();
}

/* ---- tags -------------------------------------------------------------------------------------------- */

Test(session_command, answers_find_their_task)
{
    bench_start();
    uint32_t itt[5];
    for (uint64_t i = 0; i < 5; i++)
        bench_plain(i);
    for (int i = 0; i < 5; i++)
        itt[i] = bench_command().itt;
    static const int order[] = {3, 0, 4, 2, 1};
    for (int i = 0; i < 5; i++)
        cr_assert(bench_response(itt[order[i]], (uint8_t)order[i]));
    for (int i = 0; i < 5; i++)
        bench_ended(i, (uint64_t)order[i], (uint8_t)order[i]);
    bench_end();
}

Test(session_command, an_answer_for_nobody)
{
    bench_start();
    bench_plain(1);
    bench_command();
    cr_assert_not(bench_response(77, 0));
    bench_refused("does not exist (ITT 0000004d)");
    bench_end();
}

Test(session_command, an_answer_before_the_command_left)
{
    bench_start();
    bench_plain(1);
    cr_assert_not(bench_response(0x10000, 0));
    bench_refused("does not exist");
    bench_end();
}

/* A slot is used again with another generation: a second answer to the old command finds nothing. */
Test(session_command, a_tag_is_not_used_again_at_once)
{
    bench_start();
    bench_plain(1);
    uint32_t old = bench_command().itt;
    cr_assert(bench_response(old, 0));
    bench_plain(2);
    uint32_t new = bench_command().itt;
    cr_assert_eq(old & 0xffff, new & 0xffff);
    cr_assert_neq(old, new);
    cr_assert_not(bench_response(old, 0));
    bench_refused("does not exist");
    cr_assert_eq(b.end_count, 1);
    bench_end();
}

Test(session_command, tags_wrap_and_are_never_the_reserved_one)
{
    bench_start();
    uint32_t last = 0;
    for (int i = 0; i < 70000; i++) {
        b.expcmdsn = b.s.window.cmdsn;
        b.maxcmdsn = b.expcmdsn + 100;
        b.end_count = 0;
        bench_plain(1);
        struct pdu_scsi_command p = bench_command();
        cr_assert_neq(p.itt, PDU_TAG_NONE);
        cr_assert_neq(p.itt, last);
        last = p.itt;
        cr_assert(bench_response(p.itt, 0));
    }
    bench_end();
}

Test(session_command, as_many_as_there_are_tasks)
{
    b.n.maxcmdsn = 10 + SESSION_TASKS;
    bench_start();
    for (uint64_t i = 0; i < SESSION_TASKS; i++)
        bench_plain(i);
    cr_assert_null(session_task(&b.s));
    cr_assert_eq(b.rooms, 0);
    uint32_t itt = bench_command().itt;
    cr_assert(bench_response(itt, 0));
    cr_assert_eq(b.rooms, 1);
    cr_assert_not_null(session_task(&b.s));
    b.s.busy--; /* that one was only looked at */
    bench_end();
}

Test(session_command, a_task_given_back_unissued)
{
    bench_start();
    struct task *t = bench_fresh(1);
    cr_assert_eq(b.s.busy, 1);
    session_task_return(&b.s, t);
    cr_assert_eq(b.s.busy, 0);
    cr_assert_eq(session_task(&b.s), t);
    session_task_return(&b.s, t);
    bench_end();
}

/* ---- answers ----------------------------------------------------------------------------------------- */

Test(session_command, sense_is_kept)
{
    bench_start();
    bench_plain(1);
    uint32_t itt = bench_command().itt;
    b.segment[0] = 0;
    b.segment[1] = 18;
    for (int i = 0; i < 18; i++)
        b.segment[2 + i] = (uint8_t)(0x70 + i);
    cr_assert(bench_scsi_response((struct pdu_scsi_response){.itt = itt, .status = 2}, 20));
    bench_ended(0, 1, 2);
    cr_assert_eq(b.ends[0].sense_length, 18);
    cr_assert_eq(b.ends[0].sense[17], 0x81);
    bench_end();
}

/* What follows the sense data in the segment is response data, which is not ours (11.4.7). */
Test(session_command, sense_shorter_than_its_segment)
{
    bench_start();
    bench_plain(1);
    uint32_t itt = bench_command().itt;
    memcpy(b.segment, "\0\4abcdXXXX", 10);
    cr_assert(bench_scsi_response((struct pdu_scsi_response){.itt = itt, .status = 2}, 10));
    cr_assert_eq(b.ends[0].sense_length, 4);
    cr_assert_arr_eq(b.ends[0].sense, "abcd", 4);
    bench_end();
}

Test(session_command, sense_longer_than_its_segment)
{
    bench_start();
    bench_plain(1);
    uint32_t itt = bench_command().itt;
    memcpy(b.segment, "\0\5abcd", 6);
    cr_assert_not(bench_scsi_response((struct pdu_scsi_response){.itt = itt, .status = 2}, 6));
    bench_refused("5 bytes of sense in a segment of 6");
    bench_end();
}

Test(session_command, sense_longer_than_we_keep)
{
    bench_start();
    bench_plain(1);
    uint32_t itt = bench_command().itt;
    b.segment[0] = 2;
    b.segment[1] = 0;
    cr_assert(bench_scsi_response((struct pdu_scsi_response){.itt = itt, .status = 2}, 514));
    cr_assert_eq(b.ends[0].sense_length, LUN_SENSE_MAX);
    bench_end();
}

Test(session_command, one_byte_of_sense_segment)
{
    bench_start();
    bench_plain(1);
    cr_assert(bench_scsi_response((struct pdu_scsi_response){.itt = bench_command().itt, .status = 2}, 1));
    bench_ended(0, 1, 2);
    cr_assert_eq(b.ends[0].sense_length, 0);
    bench_end();
}

Test(session_command, sense_of_an_earlier_command_is_not_shown_again)
{
    bench_start();
    bench_plain(1);
    uint32_t itt = bench_command().itt;
    memcpy(b.segment, "\0\4abcd", 6);
    cr_assert(bench_scsi_response((struct pdu_scsi_response){.itt = itt, .status = 2}, 6));
    bench_plain(2);
    cr_assert(bench_response(bench_command().itt, 2));
    bench_ended(1, 2, 2);
    cr_assert_eq(b.ends[1].sense_length, 0);
    bench_end();
}

/* 11.4.3: only "completed at target" makes the status mean anything. */
Test(session_command, target_failure)
{
    bench_start();
    bench_plain(1);
    uint32_t itt = bench_command().itt;
    cr_assert(bench_scsi_response((struct pdu_scsi_response){.itt = itt, .response = 1, .status = 0}, 0));
    bench_ended(0, 1, 0xff);
    cr_assert_eq(b.ends[0].response, 1);
    bench_end();
}

static void write_residual(bool overflow, bool underflow, uint32_t residual)
{
    static const uint8_t out[4096];
    bench_start();
    bench_write(4096, out, 1);
    struct pdu_scsi_response p = {
        .itt = bench_command().itt, .overflow = overflow, .underflow = underflow, .residual = residual};
    bench_scsi_response(p, 0);
}

Test(session_command, underflow_of_a_write)
{
    write_residual(false, true, 96);
    bench_ended(0, 1, 0);
    cr_assert_eq(b.ends[0].transferred, 4000);
    cr_assert_eq(b.ends[0].residual, 96);
    bench_end();
}

Test(session_command, underflow_of_everything)
{
    write_residual(false, true, 4096);
    bench_ended(0, 1, 0);
    cr_assert_eq(b.ends[0].transferred, 0);
    bench_end();
}

Test(session_command, underflow_of_more_than_everything)
{
    write_residual(false, true, 4097);
    bench_refused("residual underflow of 4097 in a transfer of 4096");
    bench_end();
}

Test(session_command, overflow_moves_no_more_than_was_asked)
{
    write_residual(true, false, UINT32_MAX);
    bench_ended(0, 1, 0);
    cr_assert_eq(b.ends[0].transferred, 4096);
    cr_assert(b.ends[0].overflow);
    bench_end();
}

Test(session_command, a_residual_without_its_flag_means_nothing)
{
    write_residual(false, false, 12);
    bench_ended(0, 1, 0);
    cr_assert_eq(b.ends[0].transferred, 4096);
    bench_end();
}

/* ---- PDUs out of place ------------------------------------------------------------------------------- */

Test(session_command, a_login_response_now)
{
    uint8_t bhs[PDU_BHS] = {PDU_LOGIN_RESPONSE};
    bench_start();
    cr_assert_not(bench_receive(bhs, 0));
    bench_refused("Login Response (opcode 23) out of place");
    bench_end();
}

Test(session_command, a_request_from_the_target)
{
    uint8_t bhs[PDU_BHS] = {PDU_SCSI_COMMAND, 0x80};
    bench_start();
    cr_assert_not(bench_receive(bhs, 0));
    bench_refused("SCSI Command (opcode 01) out of place");
    bench_end();
}

Test(session_command, an_opcode_that_does_not_exist)
{
    uint8_t bhs[PDU_BHS] = {0x3e, 0x80};
    bench_start();
    cr_assert_not(bench_receive(bhs, 0));
    bench_refused("opcode 3e");
    bench_end();
}

Test(session_command, a_response_without_its_f_bit)
{
    uint8_t bhs[PDU_BHS] = {PDU_SCSI_RESPONSE};
    bench_start();
    cr_assert_not(bench_receive(bhs, 0));
    bench_refused("malformed SCSI Response");
    bench_end();
}
