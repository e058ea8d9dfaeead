/* SPDX-License-Identifier: Apache-2.0 */
/* What each status and sense means: good, again, or failed (SAM-5 5.3.1, SPC-4 4.5). */
#include <errno.h>

#include "bench.h"

TestSuite(retry, .init = bench_init, .fini = bench_fini);

static uint8_t buffer[4096];
static struct lun_error e;
static uint32_t delay;

static enum verdict judge(struct task *t, unsigned retries)
{
    delay = 12345;
    t->cdb[0] = CDB_READ_16;
    struct retry_tries tries = {(uint8_t)retries, (uint8_t)retries, (uint8_t)retries};
    return retry_judge(b.unit, t, &tries, &delay, &e);
}

static enum verdict of_status(uint8_t status, unsigned retries)
{
    return judge(&(struct task){.status = status}, retries);
}

static enum verdict of_sense(uint8_t code, uint8_t key, uint8_t asc, uint8_t ascq, unsigned retries)
{
    struct task t = {.status = SCSI_CHECK_CONDITION, .sense_length = 18};
    t.sense[0] = code;
    t.sense[2] = key;
    t.sense[7] = 10;
    t.sense[12] = asc;
    t.sense[13] = ascq;
    return judge(&t, retries);
}

Test(retry, good)
{
    cr_assert_eq(of_status(SCSI_GOOD, 0), VERDICT_GOOD);
    cr_assert_eq(of_status(SCSI_CONDITION_MET, 0), VERDICT_GOOD);
    cr_assert_eq(delay, 0);
}

/* The whole of both tables: what is done, how often at most in a row (0: until the deadline), and the errno
 * of whoever is told. SAM-5 5.3.1, SPC-4 4.5.6. */
static const struct {
    uint8_t status, key, asc, ascq;
    enum verdict first;
    unsigned most;
    int err;
} rows[] = {
    {SCSI_GOOD, 0, 0, 0, VERDICT_GOOD, 0, 0},
    {SCSI_CONDITION_MET, 0, 0, 0, VERDICT_GOOD, 0, 0},
    {SCSI_BUSY, 0, 0, 0, VERDICT_AGAIN, 0, EIO},
    {SCSI_TASK_SET_FULL, 0, 0, 0, VERDICT_AGAIN, 0, EIO},
    {SCSI_ACA_ACTIVE, 0, 0, 0, VERDICT_AGAIN, 0, EIO},
    {SCSI_TASK_ABORTED, 0, 0, 0, VERDICT_AGAIN, 0, EIO},
    {SCSI_RESERVATION_CONFLICT, 0, 0, 0, VERDICT_FAIL, 0, EBUSY},
    {0x10, 0, 0, 0, VERDICT_FAIL, 0, EIO}, /* obsolete: INTERMEDIATE */
    {0xff, 0, 0, 0, VERDICT_FAIL, 0, EIO},
    {SCSI_CHECK_CONDITION, 0x0, 0x00, 0x00, VERDICT_GOOD, 0, 0},
    {SCSI_CHECK_CONDITION, 0x1, 0x18, 0x00, VERDICT_GOOD, 0, 0},
    {SCSI_CHECK_CONDITION, 0x2, 0x04, 0x01, VERDICT_AGAIN, 0, EIO},
    {SCSI_CHECK_CONDITION, 0x2, 0x04, 0x0a, VERDICT_AGAIN, 0, EIO},
    {SCSI_CHECK_CONDITION, 0x2, 0x04, 0x14, VERDICT_AGAIN, 0, EIO},
    {SCSI_CHECK_CONDITION, 0x2, 0x04, 0x02, VERDICT_FAIL, 0, EIO},
    {SCSI_CHECK_CONDITION, 0x2, 0x3a, 0x00, VERDICT_FAIL, 0, ENOMEDIUM},
    {SCSI_CHECK_CONDITION, 0x3, 0x11, 0x00, VERDICT_FAIL, 0, EIO},
    {SCSI_CHECK_CONDITION, 0x4, 0x44, 0x00, VERDICT_FAIL, 0, EIO},
    {SCSI_CHECK_CONDITION, 0x5, 0x21, 0x00, VERDICT_FAIL, 0, EIO},
    {SCSI_CHECK_CONDITION, 0x5, 0x20, 0x00, VERDICT_FAIL, 0, EOPNOTSUPP},
    {SCSI_CHECK_CONDITION, 0x5, 0x24, 0x00, VERDICT_FAIL, 0, EOPNOTSUPP},
    {SCSI_CHECK_CONDITION, 0x5, 0x26, 0x00, VERDICT_FAIL, 0, EOPNOTSUPP},
    {SCSI_CHECK_CONDITION, 0x5, 0x27, 0x00, VERDICT_FAIL, 0, EROFS},
    {SCSI_CHECK_CONDITION, 0x6, 0x29, 0x00, VERDICT_AGAIN, 32, EIO},
    {SCSI_CHECK_CONDITION, 0x7, 0x27, 0x00, VERDICT_FAIL, 0, EROFS},
    {SCSI_CHECK_CONDITION, 0x7, 0x27, 0x07, VERDICT_FAIL, 0, ENOSPC},
    {SCSI_CHECK_CONDITION, 0x7, 0x74, 0x71, VERDICT_FAIL, 0, EACCES},
    {SCSI_CHECK_CONDITION, 0x8, 0x00, 0x05, VERDICT_FAIL, 0, EIO},
    {SCSI_CHECK_CONDITION, 0x9, 0x80, 0x00, VERDICT_FAIL, 0, EIO},
    {SCSI_CHECK_CONDITION, 0xa, 0x0d, 0x00, VERDICT_FAIL, 0, EIO},
    {SCSI_CHECK_CONDITION, 0xb, 0x44, 0x00, VERDICT_AGAIN, 5, EIO},
    {SCSI_CHECK_CONDITION, 0xc, 0x00, 0x00, VERDICT_FAIL, 0, EIO},
    {SCSI_CHECK_CONDITION, 0xd, 0x00, 0x00, VERDICT_FAIL, 0, ENOSPC},
    {SCSI_CHECK_CONDITION, 0xe, 0x1d, 0x00, VERDICT_FAIL, 0, EIO},
    {SCSI_CHECK_CONDITION, 0xf, 0x00, 0x00, VERDICT_GOOD, 0, 0},
};

Test(retry, each_status_and_sense_key)
{
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct retry_tries tries = {0};
        struct task t = {.status = rows[i].status, .cdb = {CDB_READ_16}};
        if (rows[i].status == SCSI_CHECK_CONDITION) {
            const uint8_t sense[18] = {0x70, 0, rows[i].key, [7] = 10, [12] = rows[i].asc, rows[i].ascq};
            memcpy(t.sense, sense, t.sense_length = sizeof sense);
        }
        enum verdict v = VERDICT_FAIL;
        for (unsigned n = 0; n < 100; n++) {
            v = retry_judge(b.unit, &t, &tries, &delay, &e);
            bool again = rows[i].first == VERDICT_AGAIN && (rows[i].most == 0 || n < rows[i].most);
            cr_assert_eq(v,
                         again                           ? VERDICT_AGAIN
                         : rows[i].first == VERDICT_GOOD ? VERDICT_GOOD
                                                         : VERDICT_FAIL,
                         "row %zu, try %u", i, n);
        }
        if (v != VERDICT_GOOD)
            cr_assert_eq(lun_error_errno(&e), rows[i].err, "row %zu: %s", i, e.text);
    }
}

Test(retry, busy_is_tried_again_ever_more_slowly)
{
    uint32_t last = 0;
    for (unsigned i = 0; i < 6; i++) {
        cr_assert_eq(of_status(SCSI_BUSY, i), VERDICT_AGAIN);
        cr_assert_gt(delay, last);
        last = delay;
    }
    cr_assert_eq(of_status(SCSI_BUSY, 200), VERDICT_AGAIN);
    cr_assert_leq(delay, 1000);
    cr_assert_eq(e.layer, LUN_SCSI);
    cr_assert_eq(e.code, 0xff0008);
    cr_assert(e.retry);
}

/* What waits uses up nothing of what may be tried only so often. */
Test(retry, each_reason_has_its_own_count)
{
    struct retry_tries tries = {0};
    struct task busy = {.status = SCSI_BUSY}, full = {.status = SCSI_TASK_SET_FULL};
    for (int i = 0; i < 50; i++) {
        cr_assert_eq(retry_judge(b.unit, &busy, &tries, &delay, &e), VERDICT_AGAIN);
        cr_assert_eq(retry_judge(b.unit, &full, &tries, &delay, &e), VERDICT_AGAIN);
    }
    cr_assert_eq(tries.busy, 100);
    cr_assert_eq(tries.attentions, 0);
    cr_assert_eq(tries.aborted, 0);
}

Test(retry, a_full_task_set_is_tried_again)
{
    cr_assert_eq(of_status(SCSI_TASK_SET_FULL, 0), VERDICT_AGAIN);
    cr_assert_gt(delay, 0);
    cr_assert_eq(e.code, 0xff0028);
}

Test(retry, an_aborted_task_is_tried_again)
{
    cr_assert_eq(of_status(SCSI_TASK_ABORTED, 0), VERDICT_AGAIN);
    cr_assert_gt(delay, 0);
}

Test(retry, a_reservation_conflict_is_not)
{
    cr_assert_eq(of_status(SCSI_RESERVATION_CONFLICT, 0), VERDICT_FAIL);
    cr_assert_eq(e.code, 0xff0018);
    cr_assert_not(e.retry);
    cr_assert(strstr(e.text, "READ(16)"), "%s", e.text);
    cr_assert(strstr(e.text, "LUN 5"), "%s", e.text);
}

Test(retry, an_unknown_status)
{
    cr_assert_eq(of_status(0x77, 0), VERDICT_FAIL);
    cr_assert_eq(e.code, 0xff0077);
}

Test(retry, a_target_failure)
{
    cr_assert_eq(judge(&(struct task){.response = 1, .status = 0xff}, 0), VERDICT_FAIL);
    cr_assert_eq(e.layer, LUN_SCSI);
    cr_assert(e.retry);
}

Test(retry, an_unknown_command_is_named_by_its_opcode)
{
    struct task t = {.status = SCSI_RESERVATION_CONFLICT, .cdb = {0xee}};
    cr_assert_eq(retry_judge(b.unit, &t, &(struct retry_tries){0}, &delay, &e), VERDICT_FAIL);
    cr_assert(strstr(e.text, "command 0xee"), "%s", e.text);
}

Test(retry, no_sense_data)
{
    cr_assert_eq(of_status(SCSI_CHECK_CONDITION, 0), VERDICT_FAIL);
    cr_assert_eq(e.code, 0xff0002);
    cr_assert_eq(b.unit->info.sense_count, 0);
}

Test(retry, recovered_errors_are_good)
{
    cr_assert_eq(of_sense(0x70, 0, 0, 0, 0), VERDICT_GOOD);
    cr_assert_eq(of_sense(0x70, 1, 0x17, 0x01, 0), VERDICT_GOOD);
}

static void fails(uint8_t key, uint8_t asc, uint8_t ascq)
{
    cr_assert_eq(of_sense(0x70, key, asc, ascq, 0), VERDICT_FAIL);
    cr_assert_eq(e.layer, LUN_SCSI);
    cr_assert_eq(e.code, key << 16 | asc << 8 | ascq);
}

Test(retry, medium_error)
{
    fails(3, 0x11, 0x00);
}

Test(retry, hardware_error)
{
    fails(4, 0x44, 0x00);
}

Test(retry, illegal_request)
{
    fails(5, 0x24, 0x00);
}

Test(retry, data_protect)
{
    fails(7, 0x27, 0x00);
}

Test(retry, miscompare)
{
    fails(0xe, 0x1d, 0x00);
}

Test(retry, not_ready_for_good)
{
    fails(2, 0x3a, 0x00);
    fails(2, 0x04, 0x02);
    fails(2, 0x04, 0x03);
}

Test(retry, not_ready_yet)
{
    static const uint8_t ascq[] = {0x01, 0x0a, 0x14};
    for (size_t i = 0; i < sizeof ascq; i++) {
        cr_assert_eq(of_sense(0x70, 2, 0x04, ascq[i], 50), VERDICT_AGAIN);
        cr_assert_gt(delay, 0);
    }
}

Test(retry, a_command_aborted_by_the_device)
{
    for (unsigned i = 0; i < 5; i++)
        cr_assert_eq(of_sense(0x70, 0xb, 0x47, 0, i), VERDICT_AGAIN);
    cr_assert_eq(of_sense(0x70, 0xb, 0x47, 0, 5), VERDICT_FAIL);
}

/* A unit attention says that something happened, not that the command failed. */
Test(retry, a_unit_attention_is_tried_again_at_once)
{
    cr_assert_eq(of_sense(0x70, 6, 0x29, 0x00, 0), VERDICT_AGAIN);
    cr_assert_eq(delay, 0);
    cr_assert_eq(of_sense(0x70, 6, 0x29, 0x00, 31), VERDICT_AGAIN);
    cr_assert_eq(of_sense(0x70, 6, 0x29, 0x00, 32), VERDICT_FAIL);
}

Test(retry, descriptor_sense)
{
    struct task t = {.status = SCSI_CHECK_CONDITION, .sense = {0x72, 6, 0x29, 0x02}, .sense_length = 8};
    cr_assert_eq(judge(&t, 0), VERDICT_AGAIN);
    cr_assert_eq(e.code, 0x062902);
}

/* The command was not carried out: its own answer is still to come. */
Test(retry, sense_of_an_earlier_command)
{
    cr_assert_eq(of_sense(0x71, 3, 0x0c, 0x00, 0), VERDICT_AGAIN);
    cr_assert_eq(of_sense(0x71, 3, 0x0c, 0x00, 32), VERDICT_FAIL);
}

Test(retry, sense_goes_into_the_history)
{
    for (unsigned i = 0; i < LUN_SENSE_HISTORY + 3; i++)
        of_sense(0x70, 3, 0x11, (uint8_t)i, 0);
    const struct lun_unit_info *info = &b.unit->info;
    cr_assert_eq(info->sense_count, LUN_SENSE_HISTORY + 3);
    const struct lun_sense_record *last = &info->sense[(info->sense_count - 1) % LUN_SENSE_HISTORY];
    cr_assert_eq(last->opcode, CDB_READ_16);
    cr_assert_eq(last->length, 18);
    cr_assert_eq(last->data[13], LUN_SENSE_HISTORY + 2);
}

/* What changed is asked for, but a reset is no reason to. */
Test(retry, attentions_that_start_a_scan)
{
    of_sense(0x70, 6, 0x29, 0x00, 0);
    cr_assert_null(b.unit->scan);
    of_sense(0x70, 6, 0x2a, 0x09, 0); /* capacity data have changed */
    cr_assert_not_null(b.unit->scan);
    bench_refuse((struct refusal){CDB_TEST_UNIT_READY, 1, .status = SCSI_RESERVATION_CONFLICT});
    bench_refuse((struct refusal){CDB_INQUIRY, 2, .status = SCSI_RESERVATION_CONFLICT});
    bench_run();
    cr_assert_null(b.unit->scan);
}

/* ---- what a request makes of it ---------------------------------------------------------------------------
 */

static void read_with(struct refusal r, struct bench_io *io)
{
    r.opcode = CDB_READ_16;
    bench_refuse(r);
    bench_submit(io, LUN_OP_READ, 0, 4096, buffer);
    bench_run();
}

Test(retry, three_unit_attentions_then_data)
{
    struct bench_io io = {0};
    read_with((struct refusal){.times = 3, .status = SCSI_CHECK_CONDITION, .key = 6, .asc = 0x29}, &io);
    bench_ended(&io, 4096);
    cr_assert_eq(b.count, 4);
    cr_assert_eq(b.unit->info.retries, 3);
    cr_assert_arr_eq(buffer, b.disk, 4096);
}

Test(retry, a_device_that_only_has_attentions)
{
    struct bench_io io = {0};
    read_with((struct refusal){.times = 1000, .status = SCSI_CHECK_CONDITION, .key = 6, .asc = 0x29}, &io);
    bench_failed(&io, LUN_SCSI, 0x062900);
    cr_assert_eq(b.count, 33);
}

Test(retry, busy_then_data)
{
    struct bench_io io = {0};
    read_with((struct refusal){.times = 2, .status = SCSI_BUSY}, &io);
    cr_assert_eq(io.dones, 0);
    bench_pass(10);
    bench_run();
    cr_assert_eq(b.count, 2);
    bench_pass(20);
    bench_run();
    bench_ended(&io, 4096);
}

/* The deadline comes while it waits: what the device said is told, not only that it took too long. */
Test(retry, busy_for_ever)
{
    struct bench_io io = {.io.timeout_ms = 1000};
    read_with((struct refusal){.times = 1000, .status = SCSI_BUSY}, &io);
    for (int i = 0; i < 110; i++) {
        bench_pass(10);
        bench_run();
    }
    bench_failed(&io, LUN_SCSI, 0xff0008);
}

/* The wait after BUSY is not waited again for what needs none. */
Test(retry, an_attention_after_busy_is_tried_again_at_once)
{
    struct bench_io io = {0};
    bench_refuse((struct refusal){CDB_READ_16, 1, .status = SCSI_BUSY});
    bench_refuse((struct refusal){CDB_READ_16, 1, .status = SCSI_CHECK_CONDITION, .key = 6, .asc = 0x29});
    bench_submit(&io, LUN_OP_READ, 0, 4096, buffer);
    bench_run();
    bench_pass(10);
    bench_run();
    bench_ended(&io, 4096);
}

/* SAM-5 5.3.1: room comes with the end of another command of ours, not with time. */
Test(retry, a_full_task_set_waits_for_another_command)
{
    struct bench_io one = {0}, other = {0};
    bench_submit(&one, LUN_OP_READ, 0, 512, buffer);
    bench_submit(&other, LUN_OP_READ, 512, 512, buffer + 512);
    bench_take();
    bench_refuse((struct refusal){CDB_READ_16, 1, .status = SCSI_TASK_SET_FULL});
    bench_answer(1);
    cr_assert_eq(b.unit->info.queue_depth, 1);
    bench_pass(5000);
    bench_take();
    cr_assert_eq(b.count, 2);
    bench_answer(0);
    bench_take();
    bench_saw(2, CDB_READ_16, 1, 1);
    bench_run();
    bench_ended(&one, 512);
    bench_ended(&other, 512);
    cr_assert_arr_eq(buffer, b.disk, 1024);
}

/* Others fill the device (libiscsi#156): however often it says so, what fails is the deadline. */
Test(retry, a_full_task_set_is_no_error_before_the_deadline)
{
    struct bench_io io = {0};
    read_with((struct refusal){.times = 60, .status = SCSI_TASK_SET_FULL}, &io);
    for (int i = 0; i < 2900 && !io.dones && b.count < 40; i++) {
        bench_pass(10);
        bench_run();
    }
    cr_assert_eq(io.dones, 0);
    cr_assert_eq(b.unit->info.queue_depth, 1);
    b.refusals[0].times = 0;
    bench_pass(700);
    bench_run();
    bench_ended(&io, 4096);
}

/* Of a write in four commands two are refused: the two that went well are not sent again. */
Test(retry, only_what_was_refused_is_sent_again)
{
    struct bench_io io = {0};
    b.unit->info.max_transfer = 1024;
    memset(buffer, 0x5a, 4096);
    bench_submit(&io, LUN_OP_WRITE, 0, 4096, buffer);
    bench_take();
    bench_refuse((struct refusal){CDB_WRITE_16, 2, .status = SCSI_TASK_SET_FULL});
    bench_answer(3);
    bench_answer(2);
    bench_answer(0);
    bench_answer(1);
    bench_take();
    cr_assert_eq(b.count, 6);
    bench_saw(4, CDB_WRITE_16, 4, 2);
    bench_saw(5, CDB_WRITE_16, 6, 2);
    bench_answer(4);
    bench_answer(5);
    bench_ended(&io, 4096);
    cr_assert_arr_eq(b.disk, buffer, 4096);
}

/* SPC-4 4.5.5: the command itself is sent again and goes well; the write that was lost is the flush's to
 * tell. */
Test(retry, a_deferred_error_fails_the_next_flush_once)
{
    struct bench_io io = {0}, first = {0}, second = {0};
    b.unit->info.volatile_cache = true;
    read_with(
        (struct refusal){.times = 1, .status = SCSI_CHECK_CONDITION, .key = 3, .asc = 0x0c, .deferred = true},
        &io);
    bench_ended(&io, 4096);
    bench_submit(&first, LUN_OP_FLUSH, 0, 0, NULL);
    bench_run();
    bench_failed(&first, LUN_SCSI, 0x030c00);
    bench_submit(&second, LUN_OP_FLUSH, 0, 0, NULL);
    bench_run();
    bench_ended(&second, 0);
}

Test(retry, a_medium_error_names_the_place)
{
    struct bench_io io = {0};
    read_with((struct refusal){.times = 1, .status = SCSI_CHECK_CONDITION, .key = 3, .asc = 0x11}, &io);
    bench_failed(&io, LUN_SCSI, 0x031100);
    cr_assert(strstr(io.io.error.text, "READ(16)"), "%s", io.io.error.text);
    cr_assert_eq(b.unit->info.errors, 1);
}

/* Several commands of one request in flight, one refused for good: it ends when all have, once. */
Test(retry, one_of_several_commands_fails)
{
    struct bench_io io = {0};
    b.unit->info.max_transfer = 1024;
    read_with((struct refusal){.times = 1, .status = SCSI_CHECK_CONDITION, .key = 3, .asc = 0x11}, &io);
    bench_failed(&io, LUN_SCSI, 0x031100);
    cr_assert_eq(b.count, 4);
}

Test(retry, one_of_several_commands_is_tried_again)
{
    struct bench_io io = {0};
    b.unit->info.max_transfer = 1024;
    read_with((struct refusal){.times = 1, .status = SCSI_CHECK_CONDITION, .key = 6, .asc = 0x29}, &io);
    bench_ended(&io, 4096);
    cr_assert_arr_eq(buffer, b.disk, 4096);
}

/* ---- older forms of commands ------------------------------------------------------------------------------
 */

static const struct refusal unknown = {.times = 1, .status = SCSI_CHECK_CONDITION, .key = 5, .asc = 0x20};

Test(retry, read_16_unknown)
{
    struct bench_io io = {0};
    read_with(unknown, &io);
    bench_ended(&io, 4096);
    bench_saw(1, CDB_READ_10, 0, 8);
    cr_assert_not(b.unit->info.sixteen);
}

Test(retry, read_16_unknown_where_10_does_not_reach)
{
    struct bench_io io = {0};
    b.unit->info.block_count = 1ull << 33;
    read_with(unknown, &io);
    bench_failed(&io, LUN_SCSI, 0x052000);
    cr_assert(b.unit->info.sixteen);
}

static void flush(void)
{
    struct bench_io io = {0};
    bench_submit(&io, LUN_OP_FLUSH, 0, 0, NULL);
    bench_run();
    bench_ended(&io, 0);
}

Test(retry, synchronize_cache_16_unknown)
{
    struct refusal r = unknown;
    r.opcode = CDB_SYNCHRONIZE_CACHE_16;
    bench_refuse(r);
    flush();
    cr_assert_eq(b.count, 2);
    cr_assert_eq(b.seen[1].opcode, CDB_SYNCHRONIZE_CACHE_10);
    flush();
    cr_assert_eq(b.count, 3, "it is remembered");
    cr_assert_eq(b.seen[2].opcode, CDB_SYNCHRONIZE_CACHE_10);
}

/* READ(10) cannot name blocks past 2^32: what SYNCHRONIZE CACHE(16) says must not bring it in. */
Test(retry, synchronize_cache_16_unknown_leaves_reads_alone)
{
    struct refusal r = unknown;
    r.opcode = CDB_SYNCHRONIZE_CACHE_16;
    bench_refuse(r);
    flush();
    cr_assert(b.unit->info.sixteen);
    bench_read(0, 512, buffer);
    cr_assert_eq(b.seen[b.count - 1].opcode, CDB_READ_16);
}

Test(retry, no_synchronize_cache_at_all)
{
    struct refusal r = unknown;
    r.opcode = CDB_SYNCHRONIZE_CACHE_16;
    bench_refuse(r);
    r.opcode = CDB_SYNCHRONIZE_CACHE_10;
    bench_refuse(r);
    flush();
    cr_assert(b.unit->no_flush);
    flush();
    cr_assert_eq(b.count, 2);
}
