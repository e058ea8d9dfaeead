/* SPDX-License-Identifier: Apache-2.0 */
/* Bytes to commands: splitting, unaligned ends, the end of the unit, what is refused before it is sent. */
#include "bench.h"

#include <errno.h>
#include <sys/resource.h>

TestSuite(move, .init = bench_init, .fini = bench_fini);

static uint8_t buffer[3 * 1024 * 1024 + 8192];
static uint8_t want[DISK_SIZE];

/* ---- reads ------------------------------------------------------------------------------------------------
 */

Test(move, an_aligned_read_is_one_command)
{
    bench_read(4096, 8192, buffer);
    cr_assert_eq(b.count, 1);
    bench_saw(0, CDB_READ_16, 8, 16);
}

Test(move, ten_byte_commands_where_those_are_used)
{
    b.unit->info.sixteen = false;
    bench_read(4096, 8192, buffer);
    bench_saw(0, CDB_READ_10, 8, 16);
}

Test(move, a_long_read_is_split)
{
    b.unit->info.max_transfer = 65536;
    bench_read(512, 200 * 1024, buffer);
    cr_assert_eq(b.count, 4);
    bench_saw(0, CDB_READ_16, 1, 128);
    bench_saw(1, CDB_READ_16, 129, 128);
    bench_saw(3, CDB_READ_16, 385, 16);
}

/* Whole blocks go straight into the caller's buffer; the ends are read by themselves. */
Test(move, unaligned_reads_of_every_kind)
{
    static const uint32_t lengths[] = {1, 511, 512, 513, 1024, 5000, 65536, 70001, 1048576 + 3};
    static const uint32_t offsets[] = {0, 1, 511, 512, 513, 4095};
    for (size_t l = 0; l < sizeof lengths / sizeof *lengths; l++)
        for (size_t o = 0; o < sizeof offsets / sizeof *offsets; o++) {
            buffer[lengths[l]] = 0x77;
            bench_read(offsets[o], lengths[l], buffer);
            cr_assert_eq(buffer[lengths[l]], 0x77, "written past the end");
        }
}

Test(move, unaligned_reads_where_little_moves_at_once)
{
    b.unit->info.max_transfer = 4096;
    for (uint32_t offset = 500; offset < 530; offset += 3)
        bench_read(offset, 20000, buffer);
    for (int i = 0; i < b.count; i++)
        cr_assert_leq(b.seen[i].edtl, 4096);
}

static void lent(uint64_t offset, size_t length, uint32_t max_transfer)
{
    static uint8_t copy[LUN_LEND_MAX];
    struct bench_io io = {.copy = copy};
    b.unit->info.max_transfer = max_transfer;
    bench_submit(&io, LUN_OP_READ, offset, length, NULL);
    bench_run();
    bench_ended(&io, length);
    cr_assert_arr_eq(copy, b.disk + offset, length);
}

Test(move, a_short_read_is_lent)
{
    lent(4096, 4096, 1024 * 1024);
    cr_assert_eq(b.count, 1);
}

Test(move, an_unaligned_read_is_lent)
{
    lent(1000, 10, 1024 * 1024);
    bench_saw(0, CDB_READ_16, 1, 1);
}

Test(move, a_read_longer_than_is_lent_by_the_session)
{
    lent(0, 131072, 1024 * 1024);
    cr_assert_eq(b.count, 1);
}

/* Its pieces come together in a buffer, which is lent until done has returned. */
Test(move, a_lent_read_in_pieces)
{
    lent(3, 200000, 65536);
    cr_assert_eq(b.count, 4);
}

Test(move, the_longest_lent_read_unaligned)
{
    lent(511, LUN_LEND_MAX, 1024 * 1024);
    cr_assert_eq(b.count, 2);
}

Test(move, too_long_to_lend)
{
    struct bench_io io = {0};
    bench_submit(&io, LUN_OP_READ, 0, LUN_LEND_MAX + 1, NULL);
    bench_failed(&io, LUN_SYSTEM, EINVAL);
}

/* ---- the end of the unit ----------------------------------------------------------------------------------
 */

Test(move, a_read_over_the_end_is_short)
{
    struct bench_io io = {0};
    bench_submit(&io, LUN_OP_READ, DISK_SIZE - 1000, 5000, buffer);
    bench_run();
    bench_ended(&io, 1000);
    cr_assert_arr_eq(buffer, b.disk + DISK_SIZE - 1000, 1000);
}

Test(move, a_read_past_the_end_reads_nothing)
{
    struct bench_io io = {0}, far = {0};
    bench_submit(&io, LUN_OP_READ, DISK_SIZE, 1, buffer);
    bench_submit(&far, LUN_OP_READ, UINT64_MAX, SIZE_MAX >> 40, buffer);
    bench_ended(&io, 0);
    bench_ended(&far, 0);
    cr_assert(b.count == 0);
}

Test(move, a_write_over_the_end_is_short)
{
    struct bench_io io = {0};
    bench_submit(&io, LUN_OP_WRITE, DISK_SIZE - 1024, 5000, buffer);
    bench_run();
    bench_ended(&io, 1024);
    bench_saw(0, CDB_WRITE_16, DISK_SIZE / 512 - 2, 2);
}

Test(move, a_write_past_the_end)
{
    struct bench_io io = {0};
    bench_submit(&io, LUN_OP_WRITE, DISK_SIZE, 1, buffer);
    bench_failed(&io, LUN_SYSTEM, ENOSPC);
}

Test(move, nothing_to_do)
{
    struct bench_io read = {0}, write = {0}, zero = {0};
    bench_submit(&read, LUN_OP_READ, 100, 0, buffer);
    bench_submit(&write, LUN_OP_WRITE, DISK_SIZE + 5, 0, buffer);
    bench_submit(&zero, LUN_OP_ZERO, 0, 0, NULL);
    bench_ended(&read, 0);
    bench_ended(&write, 0);
    bench_ended(&zero, 0);
    cr_assert(b.count == 0);
}

/* ---- what is refused --------------------------------------------------------------------------------------
 */

Test(move, a_write_to_what_is_read_only)
{
    struct bench_io io = {0}, zero = {0};
    b.unit->info.read_only = true;
    bench_submit(&io, LUN_OP_WRITE, 0, 512, buffer);
    bench_failed(&io, LUN_SYSTEM, EROFS);
    bench_submit(&zero, LUN_OP_ZERO, 0, 512, NULL);
    bench_failed(&zero, LUN_SYSTEM, EROFS);
    bench_read(0, 512, buffer);
}

Test(move, a_unit_without_data)
{
    struct bench_io io = {0};
    b.unit->info.has_data = false;
    bench_submit(&io, LUN_OP_READ, 0, 512, buffer);
    bench_failed(&io, LUN_SYSTEM, EOPNOTSUPP);
    cr_assert(strstr(io.io.error.text, "portal 192.0.2.1:3260, target iqn.2026-01.com.example:disk, LUN 5"),
              "%s", io.io.error.text);
}

Test(move, a_request_too_long)
{
    struct bench_io io = {0};
    bench_submit(&io, LUN_OP_WRITE, 0, LUN_IO_MAX + 1, buffer);
    bench_failed(&io, LUN_SYSTEM, EINVAL);
}

Test(move, a_unit_that_is_offline)
{
    struct bench_io io = {0};
    b.unit->info.state = LUN_UNIT_OFFLINE;
    error_set(&b.unit->info.error, LUN_SCSI, 0x020400, true, "not ready");
    bench_submit(&io, LUN_OP_READ, 0, 512, buffer);
    bench_failed(&io, LUN_SCSI, 0x020400);
}

Test(move, a_target_that_is_lost)
{
    struct bench_io io = {0};
    b.target.state = TARGET_LOST;
    error_set(&b.target.error, LUN_CONNECT, 104, true, "gone");
    bench_submit(&io, LUN_OP_READ, 0, 512, buffer);
    bench_failed(&io, LUN_CONNECT, 104);
    b.target.state = TARGET_OPEN;
}

Test(move, a_target_being_closed)
{
    struct bench_io io = {0};
    b.units.draining = true;
    bench_submit(&io, LUN_OP_READ, 0, 512, buffer);
    bench_failed(&io, LUN_CANCELLED, 0);
    b.units.draining = false;
    loop_undefer(&b.units.closer);
}

/* No memory for the bounce buffer: an error, not a crash. The limit lets nothing new be mapped. */
Test(move, no_memory_to_merge_in)
{
    struct bench_io io = {0};
    struct rlimit all, none;
    getrlimit(RLIMIT_AS, &all);
    none = (struct rlimit){1, all.rlim_max};
    setrlimit(RLIMIT_AS, &none);
    bench_submit(&io, LUN_OP_WRITE, 1, 1, buffer);
    setrlimit(RLIMIT_AS, &all);
    bench_failed(&io, LUN_SYSTEM, ENOMEM);
    cr_assert(b.count == 0);
    bench_write(1, 1, buffer);
}

/* ---- writes -----------------------------------------------------------------------------------------------
 */

/* Writes random bytes and compares the whole disk with what it should be. */
static void write_some(uint64_t offset, size_t length)
{
    static uint32_t random = 1;
    memcpy(want, b.disk, DISK_SIZE);
    for (size_t i = 0; i < length; i++) {
        random = random * 1664525 + 1013904223;
        buffer[i] = (uint8_t)(random >> 24);
    }
    memcpy(want + offset, buffer, length);
    bench_write(offset, length, buffer);
    cr_assert_eq(memcmp(want, b.disk, DISK_SIZE), 0, "write of %zu at %lu", length, (unsigned long)offset);
}

Test(move, an_aligned_write_is_one_command)
{
    write_some(512, 4096);
    cr_assert_eq(b.count, 1);
    bench_saw(0, CDB_WRITE_16, 1, 8);
}

Test(move, a_long_write_is_split)
{
    b.unit->info.max_transfer = 65536;
    write_some(0, 200 * 1024);
    cr_assert_eq(b.count, 4);
    bench_saw(3, CDB_WRITE_16, 384, 16);
}

Test(move, inside_one_block)
{
    write_some(700, 10);
    cr_assert_eq(b.count, 2);
    bench_saw(0, CDB_READ_16, 1, 1);
    bench_saw(1, CDB_WRITE_16, 1, 1);
}

Test(move, an_unaligned_start)
{
    write_some(700, 324);
    bench_saw(0, CDB_READ_16, 1, 1);
    bench_saw(1, CDB_WRITE_16, 1, 1);
}

Test(move, an_unaligned_end)
{
    write_some(1024, 4000);
    bench_saw(0, CDB_READ_16, 9, 1);
}

Test(move, both_ends_of_a_short_one_are_read_at_once)
{
    write_some(700, 4000);
    cr_assert_eq(b.count, 2);
    bench_saw(0, CDB_READ_16, 1, 9);
    bench_saw(1, CDB_WRITE_16, 1, 9);
}

Test(move, both_ends_of_a_long_one_are_read_apart)
{
    write_some(700, 200000);
    cr_assert_eq(b.count, 3);
    bench_saw(0, CDB_READ_16, 1, 1);
    bench_saw(1, CDB_READ_16, 391, 1);
    bench_saw(2, CDB_WRITE_16, 1, 391);
}

Test(move, unaligned_writes_of_every_kind)
{
    static const uint32_t lengths[] = {1, 511, 513, 1023, 70001, 1048576, 1048577, 2 * 1048576 + 5};
    static const uint32_t offsets[] = {0, 1, 511, 1048575};
    for (size_t l = 0; l < sizeof lengths / sizeof *lengths; l++)
        for (size_t o = 0; o < sizeof offsets / sizeof *offsets; o++)
            write_some(offsets[o], lengths[l]);
}

/* Neither reads nor writes move more at once than the device takes. */
Test(move, unaligned_writes_where_little_moves_at_once)
{
    b.unit->info.max_transfer = 4096;
    write_some(700, 20000);
    write_some(3, 60000);
    write_some(1024, 60001);
    for (int i = 0; i < b.count; i++)
        cr_assert_leq(b.seen[i].edtl, 4096, "command %d moves %u bytes", i, b.seen[i].edtl);
}

Test(move, one_block_at_a_time)
{
    b.unit->info.max_transfer = 512;
    write_some(700, 3000);
    for (int i = 0; i < b.count; i++)
        cr_assert_leq(b.seen[i].edtl, 512);
}

Test(move, zeros)
{
    struct bench_io io = {0};
    memcpy(want, b.disk, DISK_SIZE);
    memset(want + 1000, 0, 3000000);
    bench_submit(&io, LUN_OP_ZERO, 1000, 3000000, NULL);
    bench_run();
    bench_ended(&io, 3000000);
    cr_assert_eq(memcmp(want, b.disk, DISK_SIZE), 0);
}

Test(move, the_write_waits_for_what_it_merges_with)
{
    struct bench_io io = {0};
    bench_submit(&io, LUN_OP_WRITE, 700, 200000, buffer);
    bench_take();
    cr_assert_eq(b.count, 2);
    bench_answer(1);
    bench_take();
    cr_assert_eq(b.count, 2);
    bench_answer(0);
    bench_take();
    cr_assert_eq(b.count, 3);
    bench_answer(2);
    bench_ended(&io, 200000);
}

/* ---- FUA and flush ----------------------------------------------------------------------------------------
 */

Test(move, a_flush_follows_a_write_through)
{
    struct bench_io io = {.io.fua = true};
    bench_submit(&io, LUN_OP_WRITE, 0, 4096, buffer);
    bench_run();
    bench_ended(&io, 4096);
    cr_assert_eq(b.count, 2);
    bench_saw(1, CDB_SYNCHRONIZE_CACHE_16, 0, 0);
}

Test(move, no_flush_without_a_cache)
{
    struct bench_io io = {.io.fua = true}, flush = {0};
    b.unit->info.volatile_cache = false;
    bench_submit(&io, LUN_OP_WRITE, 0, 4096, buffer);
    bench_submit(&flush, LUN_OP_FLUSH, 0, 0, NULL);
    bench_run();
    bench_ended(&io, 4096);
    bench_ended(&flush, 0);
    cr_assert_eq(b.count, 1);
}

/* ---- room -------------------------------------------------------------------------------------------------
 */

Test(move, no_more_at_once_than_the_queue_is_deep)
{
    struct bench_io io = {0}, other = {0};
    b.unit->info.queue_depth = 4;
    b.unit->info.max_transfer = 4096;
    bench_submit(&io, LUN_OP_READ, 0, 40960, buffer);
    bench_submit(&other, LUN_OP_READ, 0, 512, buffer + 1000000);
    bench_take();
    cr_assert_eq(b.count, 4);
    bench_answer(2);
    bench_take();
    cr_assert_eq(b.count, 5);
    bench_run();
    bench_ended(&io, 40960);
    bench_ended(&other, 512);
    cr_assert_arr_eq(buffer, b.disk, 40960);
}

Test(move, more_requests_than_tasks)
{
    static struct bench_io io[1500];
    static uint8_t small[1500][512];
    b.unit->info.queue_depth = 1024;
    for (int i = 0; i < 1500; i++)
        bench_submit(&io[i], LUN_OP_READ, (uint64_t)i * 512, 512, small[i]);
    bench_take();
    cr_assert_eq(b.count, SESSION_TASKS);
    bench_run();
    for (int i = 0; i < 1500; i++) {
        bench_ended(&io[i], 512);
        cr_assert_arr_eq(small[i], b.disk + i * 512, 512);
    }
}

Test(move, a_deadline_while_waiting_for_room)
{
    struct bench_io first = {.io.timeout_ms = 60000}, io = {.io.timeout_ms = 1000};
    b.unit->info.queue_depth = 1;
    bench_submit(&first, LUN_OP_READ, 0, 512, buffer);
    bench_submit(&io, LUN_OP_READ, 0, 512, buffer);
    bench_pass(1000);
    bench_failed(&io, LUN_TIMEOUT, 0);
    bench_run();
    bench_ended(&first, 512);
}

/* ---- cancelling -------------------------------------------------------------------------------------------
 */

Test(move, cancelled_before_it_was_sent)
{
    struct bench_io io = {0};
    bench_submit(&io, LUN_OP_READ, 0, 4096, buffer);
    lun_cancel(b.unit, &io.io);
    bench_failed(&io, LUN_CANCELLED, 0);
    bench_take();
    cr_assert(b.count == 0);
}

Test(move, cancelled_in_flight_ends_when_its_task_does)
{
    struct bench_io io = {0};
    bench_submit(&io, LUN_OP_READ, 0, 4096, buffer);
    bench_take();
    lun_cancel(b.unit, &io.io);
    lun_cancel(b.unit, &io.io);
    cr_assert_eq(io.dones, 0);
    bench_take();
    bench_answer(0);
    bench_failed(&io, LUN_CANCELLED, 0);
}

Test(move, cancelled_while_waiting_for_room)
{
    struct bench_io first = {0}, io = {0};
    b.unit->info.queue_depth = 1;
    bench_submit(&first, LUN_OP_READ, 0, 512, buffer);
    bench_submit(&io, LUN_OP_READ, 0, 512, buffer);
    lun_cancel(b.unit, &io.io);
    bench_failed(&io, LUN_CANCELLED, 0);
    bench_run();
    bench_ended(&first, 512);
}

Test(move, all_cancelled)
{
    static struct bench_io io[20];
    struct lun_error why = {.layer = LUN_CONNECT, .code = 104};
    b.unit->info.queue_depth = 4;
    for (int i = 0; i < 20; i++)
        bench_submit(&io[i], LUN_OP_WRITE, (uint64_t)i * 100, 100, buffer); /* most wait for their range */
    request_cancel_all(b.unit, &why);
    for (int i = 0; i < 20; i++)
        bench_failed(&io[i], LUN_CONNECT, 104);
}
