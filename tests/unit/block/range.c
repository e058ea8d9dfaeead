/* SPDX-License-Identifier: Apache-2.0 */
/* Block ranges: who may write beside whom, and who comes first. */
#include "bench.h"

TestSuite(range, .init = bench_init, .fini = bench_fini);

static uint8_t buffer[65536];

/* Commands the disk has seen once those are submitted. */
static int submitted(struct bench_io *io, uint64_t offset, size_t length)
{
    bench_submit(io, LUN_OP_WRITE, offset, length, buffer);
    bench_take();
    return b.count;
}

Test(range, whole_blocks_may_overlap)
{
    struct bench_io x = {0}, y = {0};
    submitted(&x, 0, 4096);
    cr_assert_eq(submitted(&y, 2048, 4096), 2);
    bench_run();
    bench_ended(&x, 4096);
    bench_ended(&y, 4096);
}

Test(range, a_merging_write_waits_for_a_whole_one)
{
    struct bench_io x = {0}, y = {0};
    submitted(&x, 0, 4096);
    cr_assert_eq(submitted(&y, 4000, 10), 1);
    bench_answer(0);
    bench_take();
    cr_assert_eq(b.count, 2);
    bench_saw(1, CDB_READ_16, 7, 1);
    bench_run();
    bench_ended(&y, 10);
}

Test(range, a_whole_write_waits_for_a_merging_one)
{
    struct bench_io x = {0}, y = {0};
    submitted(&x, 4000, 10);
    cr_assert_eq(submitted(&y, 0, 4096), 1);
    bench_answer(0);
    bench_take();
    cr_assert_eq(b.count, 2);
    bench_saw(1, CDB_WRITE_16, 7, 1);
    bench_answer(1);
    bench_take();
    bench_saw(2, CDB_WRITE_16, 0, 8);
    bench_run();
}

Test(range, merging_writes_of_one_block_come_one_after_another)
{
    struct bench_io io[5] = {0};
    for (int i = 0; i < 5; i++)
        bench_submit(&io[i], LUN_OP_WRITE, (uint64_t)i * 100, 100, memset(buffer + i * 100, 'a' + i, 100));
    for (int i = 0; i < 5; i++) /* each must see what those before it wrote */
        io[i].io.buffer = buffer + i * 100;
    bench_run();
    for (int i = 0; i < 5; i++) {
        bench_ended(&io[i], 100);
        for (int k = 0; k < 100; k++)
            cr_assert_eq(b.disk[i * 100 + k], 'a' + i);
    }
}

Test(range, neighbouring_blocks_are_free)
{
    struct bench_io x = {0}, y = {0}, z = {0};
    submitted(&x, 520, 10);
    submitted(&y, 1030, 10);
    cr_assert_eq(submitted(&z, 0, 512), 3);
    bench_run();
}

Test(range, reads_never_wait)
{
    struct bench_io x = {0}, y = {0};
    submitted(&x, 700, 10);
    bench_submit(&y, LUN_OP_READ, 0, 4096, buffer + 4096);
    bench_take();
    cr_assert_eq(b.count, 2);
    bench_run();
    bench_ended(&y, 4096);
}

/* A later write may not pass an earlier one that waits for the same blocks, though nothing in flight is in
 * its way. */
Test(range, first_come_first_served)
{
    struct bench_io x = {0}, waits = {0}, later = {0}, free = {0};
    submitted(&x, 0, 512);
    submitted(&waits, 500, 600);                  /* blocks 0-2, merging: waits for x */
    submitted(&later, 1024, 512);                 /* block 2: behind `waits` */
    cr_assert_eq(submitted(&free, 4096, 512), 2); /* block 8: nobody's */
    bench_saw(1, CDB_WRITE_16, 8, 1);
    bench_answer(0);
    bench_take();
    bench_saw(2, CDB_READ_16, 0, 3);
    cr_assert_eq(b.count, 3);
    bench_run();
    bench_ended(&waits, 600);
    bench_ended(&later, 512);
}

Test(range, one_end_frees_several)
{
    struct bench_io x = {0}, y = {0}, z = {0};
    submitted(&x, 100, 4000); /* blocks 0-8, merging */
    submitted(&y, 0, 512);
    cr_assert_eq(submitted(&z, 512, 512), 1);
    bench_answer(0);
    bench_take();
    bench_answer(1);
    bench_take();
    cr_assert_eq(b.count, 4);
    bench_run();
}

Test(range, a_cancelled_waiter_frees_those_behind_it)
{
    struct bench_io x = {0}, waits = {0}, later = {0};
    submitted(&x, 0, 512);
    submitted(&waits, 500, 600);
    cr_assert_eq(submitted(&later, 1024, 512), 1);
    lun_cancel(b.unit, &waits.io);
    bench_failed(&waits, LUN_CANCELLED, 0);
    bench_take();
    cr_assert_eq(b.count, 2);
    bench_saw(1, CDB_WRITE_16, 2, 1);
    bench_run();
}

/* Its task may still write: the range is kept until the target has answered. */
Test(range, a_cancelled_write_keeps_its_range_while_its_task_lives)
{
    struct bench_io x = {0}, y = {0};
    submitted(&x, 0, 512);
    lun_cancel(b.unit, &x.io);
    cr_assert_eq(submitted(&y, 10, 10), 1);
    bench_answer(0);
    bench_failed(&x, LUN_CANCELLED, 0);
    bench_take();
    cr_assert_eq(b.count, 2);
    bench_run();
    bench_ended(&y, 10);
}

/* Whoever gave it up may write anew before it is dead: the old bytes must not land on the new ones. */
Test(range, a_whole_write_waits_for_a_cancelled_one)
{
    struct bench_io x = {0}, y = {0};
    submitted(&x, 0, 1024);
    lun_cancel(b.unit, &x.io);
    cr_assert_eq(submitted(&y, 512, 1024), 1);
    bench_answer(0);
    bench_failed(&x, LUN_CANCELLED, 0);
    bench_take();
    cr_assert_eq(b.count, 2);
    bench_run();
    bench_ended(&y, 1024);
    cr_assert_eq(b.unit->exclusive, 0);
}

Test(range, a_deadline_while_waiting)
{
    struct bench_io x = {0}, y = {.io.timeout_ms = 1000};
    submitted(&x, 0, 512);
    submitted(&y, 10, 10);
    bench_pass(1000);
    bench_failed(&y, LUN_TIMEOUT, 0);
    bench_run();
    bench_ended(&x, 512);
    cr_assert_eq(b.count, 1);
}

Test(range, zeroing_counts_as_writing)
{
    struct bench_io x = {0}, y = {0};
    bench_submit(&x, LUN_OP_ZERO, 0, 1000, NULL);
    bench_take();
    cr_assert_eq(submitted(&y, 512, 512), 1);
    bench_run();
    bench_ended(&y, 512);
}

Test(range, nothing_is_left_behind)
{
    struct bench_io io[30] = {0};
    for (int i = 0; i < 30; i++)
        bench_submit(&io[i], LUN_OP_WRITE, (uint64_t)i * 300, 700, buffer);
    bench_run();
    cr_assert(list_empty(&b.unit->ranges));
    cr_assert(list_empty(&b.unit->waiting));
    cr_assert(list_empty(&b.unit->requests));
    cr_assert_eq(b.unit->exclusive, 0);
    cr_assert_eq(b.unit->outstanding, 0);
}
