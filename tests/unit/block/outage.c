/* SPDX-License-Identifier: Apache-2.0 */
/* Requests whose session is lost, and requests made while there is none. */
#include "bench.h"

static uint8_t buffer[DISK_SIZE], want[DISK_SIZE];
static uint32_t seed = 1;

TestSuite(outage, .init = bench_init, .fini = bench_fini);

static uint32_t draw(uint32_t below)
{
    seed = seed * 1664525 + 1013904223;
    return (seed >> 8) % below;
}

static void fill(size_t n)
{
    for (size_t i = 0; i < n; i++)
        buffer[i] = (uint8_t)draw(256);
}

static void waits(const struct bench_io *io)
{
    cr_assert_eq(io->dones, 0);
}

/* ---- what is sent again ---- */

Test(outage, a_read_is_sent_again)
{
    struct bench_io io = {0};
    bench_submit(&io, LUN_OP_READ, 4096, 4096, buffer);
    bench_take();
    bench_lose();
    waits(&io);
    cr_assert_eq(outage_waiting(b.unit), 1);
    bench_return();
    bench_run();
    bench_ended(&io, 4096);
    cr_assert_eq(b.count, 2);
    bench_saw(1, CDB_READ_16, 8, 8);
    cr_assert_arr_eq(buffer, b.disk + 4096, 4096);
}

/* Commands behind the first gap are sent again even if they were answered: a write twice is a write. */
Test(outage, from_the_first_gap_on)
{
    struct bench_io io = {0};
    b.unit->info.max_transfer = 4096;
    fill(16384);
    bench_submit(&io, LUN_OP_WRITE, 0, 16384, buffer);
    bench_take();
    bench_answer(0);
    bench_answer(2);
    bench_lose();
    bench_return();
    bench_run();
    bench_ended(&io, 16384);
    cr_assert_eq(b.count, 7);
    bench_saw(4, CDB_WRITE_16, 8, 8);
    bench_saw(6, CDB_WRITE_16, 24, 8);
    cr_assert_arr_eq(b.disk, buffer, 16384);
}

/* A long READ that is lent holds no memory while it waits, and begins anew. */
Test(outage, a_lent_read_lets_go_of_its_memory)
{
    struct bench_io io = {.copy = want};
    b.unit->info.max_transfer = 65536;
    bench_submit(&io, LUN_OP_READ, 0, 262144, NULL);
    bench_take();
    bench_answer(0);
    cr_assert_neq(b.loop.memory, 0);
    bench_lose();
    waits(&io);
    cr_assert_eq(b.loop.memory, 0);
    bench_return();
    bench_run();
    bench_ended(&io, 262144);
    bench_saw(4, CDB_READ_16, 0, 128);
    cr_assert_arr_eq(want, b.disk, 262144);
}

/* One of its commands was on its way when the session was lost, and the next waited for room: it goes on as
 * the others do. */
Test(outage, a_request_whose_next_command_waited_for_room)
{
    struct bench_io io = {0}, other = {0};
    b.unit->info.max_transfer = 4096;
    b.unit->info.queue_depth = 1;
    fill(12288);
    bench_submit(&io, LUN_OP_WRITE, 0, 12288, buffer);
    bench_submit(&other, LUN_OP_WRITE, 16384, 4096, buffer);
    bench_take();
    bench_lose();
    waits(&io);
    cr_assert_eq(outage_waiting(b.unit), 2);
    bench_return();
    bench_run();
    bench_ended(&io, 12288);
    bench_ended(&other, 4096);
    cr_assert_arr_eq(b.disk, buffer, 12288);
}

/* What waits for the target's return holds nothing that units of other targets need meanwhile. */
Test(outage, what_waits_holds_no_memory)
{
    static struct bench_io reads[8], writes[8];
    static uint8_t data[8][4096];
    b.loop.memory_most = 300000; /* one read and a few merges; the others wait */
    b.unit->info.max_transfer = 65536;
    b.unit->info.queue_depth = 4;
    memset(reads, 0, sizeof reads);
    memset(writes, 0, sizeof writes);
    for (unsigned i = 0; i < 8; i++) {
        for (size_t n = 0; n < 4096; n++)
            data[i][n] = (uint8_t)draw(256);
        bench_submit(&reads[i], LUN_OP_READ, 262144 * i, 262144, NULL);
        bench_submit(&writes[i], LUN_OP_WRITE, DISK_SIZE / 2 + 4001 * i, 4001, data[i]);
    }
    bench_take();
    bench_answer(0);
    bench_lose();
    cr_assert_eq(b.loop.memory, 0, "%lu bytes are held", (unsigned long)b.loop.memory);
    cr_assert(list_empty(&b.loop.hungry), "others would stand in line behind what cannot go on");
    cr_assert_eq(outage_waiting(b.unit), 16);
    bench_return();
    bench_run();
    for (unsigned i = 0; i < 8; i++) {
        bench_ended(&reads[i], 262144);
        bench_ended(&writes[i], 4001);
        cr_assert_arr_eq(b.disk + DISK_SIZE / 2 + 4001 * i, data[i], 4001);
    }
    cr_assert_eq(b.loop.memory, 0);
}

/* Before its target is back nothing goes out, whichever session looks well. */
Test(outage, no_task_while_the_target_is_lost)
{
    b.target.state = TARGET_LOST;
    cr_assert_null(sessions_task(&b.target));
    b.target.state = TARGET_OPEN;
    struct task *t = sessions_task(&b.target);
    cr_assert_not_null(t);
    session_task_return(t->session, t);
}

/* The target is back; the unit has not been identified. */
Test(outage, only_the_librarys_own_pass_before_the_unit_is_identified)
{
    struct bench_io io = {0}, own = {0};
    bench_lose();
    bench_submit(&io, LUN_OP_READ, 0, 512, buffer);
    bench_return();
    bench_run();
    bench_ended(&io, 512);
    int before = b.count;
    b.unit->away_until = TIMER_NEVER;
    b.units.away = 1;
    io = (struct bench_io){0};
    bench_submit(&io, LUN_OP_READ, 0, 512, buffer);
    own.io = (struct lun_io){.done = io.io.done, .op = LUN_OP_TEST_UNIT_READY};
    bench_submit(&own, LUN_OP_TEST_UNIT_READY, 0, 0, NULL);
    bench_take();
    cr_assert_eq(b.count, before, "a user's command was sent");
    outage_over(b.unit);
    bench_run();
    bench_ended(&io, 512);
}

/* ---- deadlines ---- */

/* io_timeout does not run while the target is away, and is whole afterwards. */
Test(outage, the_targets_time_stands_still)
{
    struct bench_io io = {0}, late = {0};
    bench_submit(&io, LUN_OP_READ, 0, 512, buffer);
    bench_take();
    bench_pass(20000);
    bench_lose();
    bench_submit(&late, LUN_OP_WRITE, 512, 512, buffer + 512);
    bench_pass(60000);
    waits(&io);
    waits(&late);
    bench_return();
    bench_take();
    bench_pass(20000);
    waits(&io);
    bench_run();
    bench_ended(&io, 512);
    bench_ended(&late, 512);
}

Test(outage, a_callers_own_time_does_not)
{
    struct bench_io io = {.io.timeout_ms = 5000};
    bench_submit(&io, LUN_OP_READ, 0, 512, buffer);
    bench_take();
    bench_lose();
    bench_pass(4999);
    waits(&io);
    bench_pass(1);
    bench_failed(&io, LUN_TIMEOUT, 104);
    bench_return();
    bench_run();
    cr_assert_eq(b.count, 1);
}

Test(outage, given_up_after_the_replacement_timeout)
{
    struct bench_io io = {0}, next = {0};
    bench_submit(&io, LUN_OP_READ, 0, 512, buffer);
    bench_take();
    bench_lose();
    bench_pass(119999);
    waits(&io);
    bench_pass(1);
    bench_failed(&io, LUN_CONNECT, 104);
    cr_assert(strstr(io.io.error.text, "not back within 120 s"), "%s", io.io.error.text);
    bench_submit(&next, LUN_OP_READ, 0, 512, buffer);
    bench_failed(&next, LUN_CONNECT, 104);
    bench_return();
    bench_read(0, 512, buffer);
}

/* Users' errors are counted; what the library tries meanwhile is not theirs. */
Test(outage, what_the_library_tries_is_no_error_of_the_unit)
{
    scan_unit(b.unit);
    bench_take();
    bench_lose();
    request_cancel_internal(b.unit, &b.target.error);
    cr_assert_null(b.unit->scan);
    cr_assert_eq(b.unit->info.errors, 0, "%lu", (unsigned long)b.unit->info.errors);
    bench_return();
}

/* Each time on its way when the session was lost, and the time since the first is over. */
Test(outage, a_request_that_is_lost_each_time)
{
    struct bench_io io = {0};
    bench_submit(&io, LUN_OP_READ, 0, 512, buffer);
    for (int i = 0; i < 12; i++) {
        bench_take();
        bench_lose();
        waits(&io);
        bench_pass(10000);
        bench_return();
    }
    bench_take();
    bench_lose();
    bench_failed(&io, LUN_CONNECT, 104);
    bench_return();
}

Test(outage, waits_for_ever_if_told_to)
{
    struct bench_io io = {0};
    b.target.o.replacement_timeout_ms = UINT32_MAX;
    bench_lose();
    bench_submit(&io, LUN_OP_READ, 0, 512, buffer);
    bench_pass(1000 * 3600 * 24);
    waits(&io);
    bench_return();
    bench_run();
    bench_ended(&io, 512);
}

/* ---- what ends it ---- */

Test(outage, a_request_that_was_cancelled_is_not_sent_again)
{
    struct bench_io io = {0};
    bench_submit(&io, LUN_OP_WRITE, 0, 512, buffer);
    bench_take();
    lun_cancel(b.unit, &io.io);
    bench_take();
    waits(&io);
    bench_lose();
    bench_failed(&io, LUN_CANCELLED, 0);
    bench_return();
    bench_run();
    cr_assert_eq(b.seen[b.count - 1].opcode, CDB_WRITE_16);
}

Test(outage, with_on_outage_fail_nothing_waits)
{
    struct bench_io io = {0}, next = {0};
    b.target.o.on_outage = LUN_OUTAGE_FAIL;
    bench_submit(&io, LUN_OP_READ, 0, 512, buffer);
    bench_take();
    bench_lose();
    bench_failed(&io, LUN_CONNECT, 104);
    bench_submit(&next, LUN_OP_READ, 0, 512, buffer);
    bench_failed(&next, LUN_CONNECT, 104);
    bench_return();
}

/* A unit that was not usable before is not waited for. */
Test(outage, a_unit_that_was_offline_before)
{
    struct bench_io io = {0};
    b.unit->info.state = LUN_UNIT_OFFLINE;
    bench_lose();
    bench_submit(&io, LUN_OP_READ, 0, 512, buffer);
    bench_failed(&io, LUN_CONNECT, 104);
    bench_return();
}

/* ---- under load ---- */

#define SLOTS 48
#define PLACE (DISK_SIZE / SLOTS / 512 * 512)

/* Writes and reads of any alignment, each slot in a place of its own, with the session lost every now and
 * then: each reader gets what was written last, and in the end the disk is as it should be. */
Test(outage, any_bytes_through_any_number_of_losses)
{
    static struct bench_io slot[SLOTS];
    static uint8_t data[SLOTS][PLACE];
    size_t start[SLOTS] = {0}, length[SLOTS] = {0};
    bool busy[SLOTS] = {false};
    b.unit->info.max_transfer = 32768;
    memcpy(want, b.disk, DISK_SIZE);
    for (int step = 0; step < 4000; step++) {
        unsigned i = draw(SLOTS);
        if (busy[i] && slot[i].dones) {
            bench_ended(&slot[i], length[i]);
            if (slot[i].io.op == LUN_OP_READ)
                cr_assert_arr_eq(data[i], want + start[i], length[i]);
            busy[i] = false;
        }
        if (!busy[i] && step < 3500) {
            size_t from = draw(PLACE - 1);
            start[i] = i * PLACE + from;
            length[i] = 1 + draw((uint32_t)(PLACE - from));
            bool write = draw(2);
            for (size_t n = 0; write && n < length[i]; n++)
                want[start[i] + n] = data[i][n] = (uint8_t)draw(256);
            slot[i] = (struct bench_io){0};
            busy[i] = true;
            bench_submit(&slot[i], write ? LUN_OP_WRITE : LUN_OP_READ, start[i], length[i], data[i]);
        }
        bench_take();
        if (b.count > COMMANDS - 600) { /* the bench's book is full: a clean page */
            bench_run();
            b.count = b.answered = 0;
        }
        for (unsigned n = draw(4); n && b.answered < b.count; n--, b.answered++)
            if (!b.seen[b.answered].answered)
                bench_answer(b.answered);
        if (draw(25) == 0) {
            bench_lose();
            bench_return();
        }
    }
    bench_run();
    for (unsigned i = 0; i < SLOTS; i++)
        if (busy[i])
            bench_ended(&slot[i], length[i]);
    cr_assert_eq(memcmp(want, b.disk, DISK_SIZE), 0);
}
