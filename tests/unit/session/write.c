/* SPDX-License-Identifier: Apache-2.0 */
/* The data phase of writes: immediate and unsolicited data, R2Ts (RFC 7143 4.2.5, 11.7, 11.8, 13.10, 13.11).
 */
#include "bench.h"

TestSuite(session_write, .init = bench_prepare);

static const uint8_t out[1 << 20];

/* One Data-Out as it must be. */
static void data_out(uint32_t ttt, uint32_t datasn, uint32_t offset, uint32_t length, bool final)
{
    struct pdu_data_out p = bench_data_out();
    cr_assert_eq(p.ttt, ttt);
    cr_assert_eq(p.datasn, datasn);
    cr_assert_eq(p.offset, offset);
    cr_assert_eq(bench_out.data_length, length);
    cr_assert_eq(bench_out.data, out + offset);
    cr_assert_eq(p.final, final);
    cr_assert_eq(p.lun, 0x0001000000000000);
}

static void terms(bool immediate_data, bool initial_r2t, uint32_t first_burst, uint32_t max_send)
{
    b.n.immediate_data = immediate_data;
    b.n.initial_r2t = initial_r2t;
    b.n.first_burst = first_burst;
    b.n.max_send = max_send;
    bench_start();
}

/* The command of a write of `edtl` bytes: how much comes with it, and whether that is all for now. */
static uint32_t command(uint32_t edtl, uint32_t immediate, bool final)
{
    bench_write(edtl, out, 1);
    struct pdu_scsi_command p = bench_command();
    cr_assert(p.write && !p.read);
    cr_assert_eq(p.edtl, edtl);
    cr_assert_eq(p.final, final);
    cr_assert_eq(bench_out.data_length, immediate);
    if (immediate)
        cr_assert_eq(bench_out.data, out);
    return p.itt;
}

/* ---- ImmediateData x InitialR2T ---------------------------------------------------------------------- */

Test(session_write, immediate_and_unsolicited)
{
    terms(true, false, 20000, 8192);
    command(30000, 8192, false);
    data_out(PDU_TAG_NONE, 0, 8192, 8192, false);
    data_out(PDU_TAG_NONE, 1, 16384, 3616, true);
    cr_assert(bench_quiet());
    bench_end();
}

Test(session_write, immediate_only)
{
    terms(true, true, 20000, 8192);
    command(30000, 8192, true);
    cr_assert(bench_quiet());
    bench_end();
}

Test(session_write, unsolicited_only)
{
    terms(false, false, 20000, 8192);
    command(30000, 0, false);
    data_out(PDU_TAG_NONE, 0, 0, 8192, false);
    data_out(PDU_TAG_NONE, 1, 8192, 8192, false);
    data_out(PDU_TAG_NONE, 2, 16384, 3616, true);
    cr_assert(bench_quiet());
    bench_end();
}

Test(session_write, nothing_before_an_r2t)
{
    terms(false, true, 20000, 8192);
    command(30000, 0, true);
    cr_assert(bench_quiet());
    bench_end();
}

Test(session_write, all_of_a_short_write_goes_along)
{
    terms(true, false, 20000, 8192);
    command(512, 512, true);
    cr_assert(bench_quiet());
    bench_end();
}

Test(session_write, immediate_data_end_with_the_first_burst)
{
    terms(true, false, 4096, 8192);
    command(30000, 4096, true);
    cr_assert(bench_quiet());
    bench_end();
}

Test(session_write, unsolicited_data_end_with_the_transfer)
{
    terms(true, false, 20000, 8192);
    command(10000, 8192, false);
    data_out(PDU_TAG_NONE, 0, 8192, 1808, true);
    cr_assert(bench_quiet());
    bench_end();
}

Test(session_write, a_write_of_nothing)
{
    terms(true, false, 20000, 8192);
    command(0, 0, true);
    cr_assert(bench_quiet());
    bench_end();
}

/* 11.7: unsolicited data leave in the order of their commands, before any other command. */
Test(session_write, unsolicited_data_come_before_the_next_command)
{
    terms(true, false, 20000, 8192);
    bench_write(20000, out, 1);
    bench_write(20000, out, 2);
    uint32_t first = bench_command().itt;
    cr_assert_eq(bench_data_out().itt, first);
    cr_assert_eq(bench_data_out().itt, first);
    uint32_t second = bench_command().itt;
    cr_assert_eq(bench_data_out().itt, second);
    cr_assert_eq(bench_data_out().itt, second);
    cr_assert(bench_quiet());
    bench_end();
}

/* An answer may come before all unsolicited data have left: the rest is not sent. */
Test(session_write, an_early_answer_ends_unsolicited_data)
{
    terms(true, false, 20000, 8192);
    uint32_t itt = command(20000, 8192, false);
    cr_assert(bench_response(itt, 2));
    bench_ended(0, 1, 2);
    cr_assert(bench_quiet());
    bench_plain(2);
    bench_command();
    bench_end();
}

/* ---- R2T --------------------------------------------------------------------------------------------- */

static uint32_t waiting_for_r2t(uint32_t edtl)
{
    terms(false, true, 65536, 8192);
    return command(edtl, 0, true);
}

Test(session_write, an_r2t_is_answered)
{
    uint32_t itt = waiting_for_r2t(65536);
    b.wakes = 0;
    cr_assert(bench_r2t(itt, 0x1234, 0, 0, 20000));
    cr_assert_gt(b.wakes, 0);
    data_out(0x1234, 0, 0, 8192, false);
    data_out(0x1234, 1, 8192, 8192, false);
    data_out(0x1234, 2, 16384, 3616, true);
    cr_assert(bench_quiet());
    bench_end();
}

/* DataSN counts within one R2T (11.7.5). */
Test(session_write, datasn_begins_again_with_each_r2t)
{
    uint32_t itt = waiting_for_r2t(65536);
    cr_assert(bench_r2t(itt, 7, 0, 0, 16384));
    data_out(7, 0, 0, 8192, false);
    data_out(7, 1, 8192, 8192, true);
    cr_assert(bench_r2t(itt, 8, 1, 16384, 16384));
    data_out(8, 0, 16384, 8192, false);
    data_out(8, 1, 24576, 8192, true);
    bench_end();
}

Test(session_write, r2ts_after_unsolicited_data)
{
    terms(true, false, 16384, 8192);
    uint32_t itt = command(40000, 8192, false);
    data_out(PDU_TAG_NONE, 0, 8192, 8192, true);
    cr_assert(bench_r2t(itt, 5, 0, 16384, 8192));
    data_out(5, 0, 16384, 8192, true);
    bench_end();
}

Test(session_write, r2ts_wait_for_one_another)
{
    uint32_t itt = waiting_for_r2t(65536);
    for (uint32_t i = 0; i < 4; i++)
        cr_assert(bench_r2t(itt, 100 + i, i, i * 16384, 16384));
    for (uint32_t i = 0; i < 4; i++) {
        data_out(100 + i, 0, i * 16384, 8192, false);
        data_out(100 + i, 1, i * 16384 + 8192, 8192, true);
    }
    cr_assert(bench_quiet());
    bench_end();
}

/* One burst of each write in turn: a long one holds nobody up. */
Test(session_write, writes_take_turns_burst_by_burst)
{
    terms(false, true, 65536, 8192);
    uint32_t a = command(65536, 0, true), c = command(65536, 0, true);
    cr_assert(bench_r2t(a, 1, 0, 0, 8192));
    cr_assert(bench_r2t(a, 2, 1, 8192, 8192));
    cr_assert(bench_r2t(c, 3, 0, 0, 8192));
    cr_assert_eq(bench_data_out().ttt, 1);
    cr_assert_eq(bench_data_out().ttt, 3);
    cr_assert_eq(bench_data_out().ttt, 2);
    bench_end();
}

Test(session_write, solicited_data_come_before_new_commands)
{
    uint32_t itt = waiting_for_r2t(65536);
    bench_plain(2);
    cr_assert(bench_r2t(itt, 1, 0, 0, 8192));
    bench_data_out();
    bench_command();
    bench_end();
}

Test(session_write, as_many_r2ts_as_agreed)
{
    b.n.max_outstanding_r2t = 3;
    uint32_t itt = waiting_for_r2t(65536);
    for (uint32_t i = 0; i < 3; i++)
        cr_assert(bench_r2t(itt, i, i, i * 8192, 8192));
    cr_assert_not(bench_r2t(itt, 3, 3, 24576, 8192));
    bench_refused("MaxOutstandingR2T 3");
    bench_end();
}

/* Whatever was agreed, the ring of bursts holds TASK_R2T_MAX. */
Test(session_write, never_more_r2ts_than_the_ring_holds)
{
    b.n.max_outstanding_r2t = 65535;
    uint32_t itt = waiting_for_r2t(1 << 20);
    for (uint32_t i = 0; i < TASK_R2T_MAX; i++)
        cr_assert(bench_r2t(itt, i, i, i * 8192, 8192));
    cr_assert_not(bench_r2t(itt, 99, TASK_R2T_MAX, 0, 8192));
    bench_refused("R2Ts outstanding");
    bench_end();
}

/* Enough for the ring of bursts to go round. */
Test(session_write, a_hundred_r2ts)
{
    uint32_t itt = waiting_for_r2t(100 * 4096);
    for (uint32_t i = 0; i < 100; i++) {
        cr_assert(bench_r2t(itt, i, i, i * 4096, 4096), "%s", b.e.text);
        data_out(i, 0, i * 4096, 4096, true);
    }
    cr_assert(bench_response(itt, 0));
    bench_ended(0, 1, 0);
    bench_end();
}

static void r2t_refused(uint32_t ttt, uint32_t r2tsn, uint32_t offset, uint32_t length, const char *words)
{
    b.n.max_burst = 32768;
    uint32_t itt = waiting_for_r2t(65536);
    cr_assert_not(bench_r2t(itt, ttt, r2tsn, offset, length));
    bench_refused(words);
    cr_assert(bench_quiet());
    bench_end();
}

Test(session_write, r2t_out_of_order)
{
    r2t_refused(1, 1, 0, 8192, "R2TSN 1 where 0 was due");
}

Test(session_write, r2t_for_nothing)
{
    r2t_refused(1, 0, 0, 0, "R2T for 0 bytes");
}

Test(session_write, r2t_longer_than_a_burst)
{
    r2t_refused(1, 0, 0, 32769, "R2T for 32769 bytes");
}

Test(session_write, r2t_past_the_end)
{
    r2t_refused(1, 0, 65535, 2, "R2T for bytes 65535+2 of a transfer of 65536");
}

Test(session_write, r2t_whose_end_wraps)
{
    r2t_refused(1, 0, UINT32_MAX - 10, 4096, "of a transfer of 65536");
}

Test(session_write, r2t_with_the_reserved_tag)
{
    r2t_refused(PDU_TAG_NONE, 0, 0, 8192, "R2T");
}

Test(session_write, r2t_for_a_read)
{
    bench_start();
    bench_read(4096, NULL, 1);
    cr_assert_not(bench_r2t(bench_command().itt, 1, 0, 0, 4096));
    bench_refused("writes nothing");
    bench_end();
}

Test(session_write, r2t_for_nobody)
{
    bench_start();
    cr_assert_not(bench_r2t(0x10000, 1, 0, 0, 4096));
    bench_refused("does not exist");
    bench_end();
}

/* ---- the end of a write whose data are still queued -------------------------------------------------- */

/* done means that nobody looks at `out` any more: it waits for the gather queue. */
Test(session_write, an_answer_waits_for_queued_data)
{
    uint32_t itt = waiting_for_r2t(65536);
    bench_keep = true;
    cr_assert(bench_r2t(itt, 1, 0, 0, 16384));
    void *cookie = (bench_data_out(), bench_out.cookie);
    bench_data_out();
    cr_assert(bench_response(itt, 2));
    cr_assert_eq(b.end_count, 0);
    session_sent(&b.s, cookie);
    cr_assert_eq(b.end_count, 0);
    session_sent(&b.s, cookie);
    bench_ended(0, 1, 2);
    bench_end();
}

Test(session_write, immediate_data_count_as_queued)
{
    terms(true, true, 65536, 8192);
    bench_keep = true;
    uint32_t itt = command(65536, 8192, true);
    void *cookie = bench_out.cookie;
    cr_assert_not_null(cookie);
    cr_assert(bench_response(itt, 0));
    cr_assert_eq(b.end_count, 0);
    session_sent(&b.s, cookie);
    bench_ended(0, 1, 0);
    bench_end();
}

/* While it waits so, the target must not talk about it any more. */
Test(session_write, no_r2t_after_the_answer)
{
    uint32_t itt = waiting_for_r2t(65536);
    bench_keep = true;
    cr_assert(bench_r2t(itt, 1, 0, 0, 8192));
    bench_data_out();
    cr_assert(bench_response(itt, 0));
    cr_assert_not(bench_r2t(itt, 2, 1, 8192, 8192));
    bench_refused("does not exist");
    session_sent(&b.s, bench_out.cookie);
    bench_end();
}

Test(session_write, an_answer_ends_the_bursts_not_yet_queued)
{
    uint32_t itt = waiting_for_r2t(65536);
    cr_assert(bench_r2t(itt, 1, 0, 0, 16384));
    cr_assert(bench_r2t(itt, 2, 1, 16384, 16384));
    data_out(1, 0, 0, 8192, false);
    cr_assert(bench_response(itt, 2));
    bench_ended(0, 1, 2);
    cr_assert(bench_quiet());
    bench_end();
}
