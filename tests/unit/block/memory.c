/* SPDX-License-Identifier: Apache-2.0 */
/* The bound on what requests may hold of the loop's buffers: who waits, and who comes first. */
#include "bench.h"

static void init(void)
{
    bench_init();
    b.loop.memory_most = 1024 * 1024;
}

TestSuite(memory, .init = init, .fini = bench_fini);

static uint8_t buffer[1024 * 1024];

/* Commands the disk has seen once this lent read of `length` is submitted. */
static int lent(struct bench_io *io, size_t length)
{
    bench_submit(io, LUN_OP_READ, 0, length, NULL);
    bench_take();
    return b.count;
}

Test(memory, short_and_unlent_requests_need_none)
{
    struct bench_io io[3] = {0};
    b.loop.memory_most = 0;
    bench_submit(&io[0], LUN_OP_READ, 0, 65536, NULL);
    bench_submit(&io[1], LUN_OP_READ, 3, 500000, buffer);
    bench_submit(&io[2], LUN_OP_WRITE, 0, 512000, buffer + 512000);
    bench_take();
    cr_assert_eq(b.count, 5); /* the unaligned read has three parts */
    bench_run();
    for (int i = 0; i < 3; i++)
        cr_assert_eq(io[i].dones, 1);
}

Test(memory, a_request_waits_for_what_is_held)
{
    struct bench_io x = {0}, y = {0};
    lent(&x, 800000);
    cr_assert_eq(lent(&y, 800000), 1);
    bench_run();
    bench_ended(&x, 800000);
    bench_ended(&y, 800000);
}

/* A small one does not overtake a large one that waits. */
Test(memory, first_come_first_served)
{
    struct bench_io x = {0}, large = {0}, small = {0};
    lent(&x, 400000);
    lent(&large, 1000000);
    cr_assert_eq(lent(&small, 100000), 1);
    bench_answer(0);
    bench_take();
    cr_assert_eq(b.seen[1].edtl, 1000448);
    bench_run();
    bench_ended(&large, 1000000);
    bench_ended(&small, 100000);
}

Test(memory, a_merging_write_needs_some_and_comes_before_its_range)
{
    struct bench_io x = {0}, merging = {0}, plain = {0};
    lent(&x, 1000000);
    bench_submit(&merging, LUN_OP_WRITE, 1, 100000, buffer);
    bench_submit(&plain, LUN_OP_WRITE, 0, 512, buffer); /* nobody holds the range yet */
    bench_take();
    cr_assert_eq(b.count, 2);
    bench_saw(1, CDB_WRITE_16, 0, 1);
    bench_run();
    bench_ended(&merging, 100000);
}

Test(memory, a_cancelled_waiter_lets_the_next_on)
{
    struct bench_io x = {0}, large = {0}, small = {0};
    lent(&x, 400000);
    lent(&large, 1000000);
    cr_assert_eq(lent(&small, 100000), 1);
    lun_cancel(b.unit, &large.io);
    bench_failed(&large, LUN_CANCELLED, 0);
    bench_take();
    cr_assert_eq(b.count, 2);
    bench_run();
    bench_ended(&small, 100000);
}

Test(memory, a_deadline_while_waiting)
{
    struct bench_io x = {0}, y = {.io.timeout_ms = 1000};
    lent(&x, 800000);
    lent(&y, 800000);
    bench_pass(1000);
    bench_failed(&y, LUN_TIMEOUT, 0);
    bench_run();
    bench_ended(&x, 800000);
}

Test(memory, a_failed_request_gives_its_share_back)
{
    struct bench_io x = {0}, y = {0};
    bench_refuse((struct refusal){CDB_READ_16, 1, .status = SCSI_RESERVATION_CONFLICT});
    lent(&x, 800000);
    lent(&y, 800000);
    bench_run();
    bench_failed(&x, LUN_SCSI, 0xff0018);
    bench_ended(&y, 800000);
}

Test(memory, many_at_the_limit)
{
    static struct bench_io io[40];
    for (int i = 0; i < 40; i++)
        bench_submit(&io[i], i & 1 ? LUN_OP_READ : LUN_OP_WRITE, (uint64_t)i * 1001, 300000,
                     i & 1 ? NULL : buffer);
    bench_run();
    for (int i = 0; i < 40; i++)
        bench_ended(&io[i], 300000);
    cr_assert(list_empty(&b.loop.hungry));
}
