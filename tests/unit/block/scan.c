/* SPDX-License-Identifier: Apache-2.0 */
/* Finding units and what they are (SPC-4 6.33, 6.6, 7.8; SBC-3 5.15, 5.16). */
#include "bench.h"

static struct {
    uint64_t luns[8];
    size_t lun_count;
    uint8_t type, qualifier;
    uint64_t blocks;
    uint32_t block_size, limit;
    uint8_t mode_parameter, caching;
} device;

/* What the device says, laid out by hand from the sections named above. */
static size_t data(const struct seen *s, uint8_t *to)
{
    memset(to, 0, 512);
    switch (s->opcode) {
    case CDB_REPORT_LUNS:
        put_be32(to, (uint32_t)device.lun_count * 8);
        for (size_t i = 0; i < device.lun_count; i++)
            put_be64(to + 8 + i * 8, device.luns[i]);
        return 8 + device.lun_count * 8;
    case CDB_INQUIRY:
        to[0] = (uint8_t)(device.qualifier << 5 | device.type);
        if (!(s->cdb[1] & 1)) {
            to[4] = 31;
            return 36;
        }
        to[1] = s->cdb[2];
        if (s->cdb[2] == 0x00) {
            to[3] = 2;
            to[5] = 0xb0;
            return 6;
        }
        if (s->cdb[2] == 0xb0) {
            to[3] = 0x3c;
            put_be32(to + 8, device.limit);
            return 64;
        }
        return 0;
    case CDB_SERVICE_ACTION_IN_16:
        put_be64(to, device.blocks - 1);
        put_be32(to + 8, device.block_size);
        return 32;
    case CDB_READ_CAPACITY_10:
        put_be32(to, (uint32_t)(device.blocks - 1));
        put_be32(to + 4, device.block_size);
        return 8;
    case CDB_MODE_SENSE_10:
        to[1] = 26;
        to[3] = device.mode_parameter;
        to[8] = 0x08;
        to[9] = 18;
        to[10] = device.caching;
        return 28;
    case CDB_MODE_SENSE_6:
        to[0] = 23;
        to[2] = device.mode_parameter;
        to[4] = 0x08;
        to[5] = 18;
        to[6] = device.caching;
        return 24;
    default:
        return 0;
    }
}

static void init(void)
{
    bench_init();
    bench_data = data;
    b.unit->identified = false;
    b.unit->info.state = LUN_UNIT_OFFLINE;
    device.blocks = 1000;
    device.block_size = 512;
    device.caching = 0x04; /* WCE */
}

TestSuite(scan, .init = init, .fini = bench_fini);

static const struct lun_unit_info *identify(void)
{
    scan_unit(b.unit);
    bench_run();
    cr_assert_null(b.unit->scan);
    return &b.unit->info;
}

static const struct lun_unit_info *scan_for(uint64_t field)
{
    device.luns[device.lun_count++] = field;
    scan_list(&b.target);
    bench_run();
    cr_assert_null(b.units.list);
    return &b.unit->info;
}

Test(scan, a_disk)
{
    const struct lun_unit_info *i = identify();
    cr_assert_eq(i->state, LUN_UNIT_ONLINE, "%s", i->error.text);
    cr_assert(i->has_data && i->sixteen && i->volatile_cache && !i->read_only);
    cr_assert_eq(i->size, 512000);
    cr_assert_eq(i->block_size, 512);
    cr_assert_eq(i->inquiry_length, 36);
    cr_assert_eq(i->max_transfer, 512 * 1024);
    cr_assert_eq(b.added, 1);
    cr_assert_eq(b.changed, 0);
}

Test(scan, nothing_new_is_no_event)
{
    identify();
    identify();
    cr_assert_eq(b.added, 1);
    cr_assert_eq(b.changed, 0);
}

Test(scan, another_size_is_an_event)
{
    identify();
    device.blocks = 2000;
    cr_assert_eq(identify()->size, 1024000);
    cr_assert_eq(b.changed, 1);
}

Test(scan, a_limit_of_the_device)
{
    device.limit = 64;
    cr_assert_eq(identify()->max_transfer, 32768);
}

Test(scan, a_limit_beyond_ours)
{
    device.limit = UINT32_MAX;
    cr_assert_eq(identify()->max_transfer, 512 * 1024);
}

Test(scan, write_protected)
{
    device.mode_parameter = 0x80;
    cr_assert(identify()->read_only);
}

Test(scan, configured_read_only)
{
    b.target.o.read_only = true;
    cr_assert(identify()->read_only);
}

Test(scan, no_write_cache)
{
    device.caching = 0;
    cr_assert_not(identify()->volatile_cache);
}

Test(scan, mode_sense_10_unknown)
{
    device.caching = 0;
    bench_refuse(
        (struct refusal){CDB_MODE_SENSE_10, 1, .status = SCSI_CHECK_CONDITION, .key = 5, .asc = 0x20});
    cr_assert_not(identify()->volatile_cache);
    cr_assert_eq(b.seen[b.count - 1].opcode, CDB_MODE_SENSE_6);
}

Test(scan, no_mode_sense_at_all_means_a_cache)
{
    bench_refuse(
        (struct refusal){CDB_MODE_SENSE_10, 1, .status = SCSI_CHECK_CONDITION, .key = 5, .asc = 0x20});
    bench_refuse(
        (struct refusal){CDB_MODE_SENSE_6, 1, .status = SCSI_CHECK_CONDITION, .key = 5, .asc = 0x20});
    const struct lun_unit_info *i = identify();
    cr_assert_eq(i->state, LUN_UNIT_ONLINE);
    cr_assert(i->volatile_cache && !i->read_only);
}

Test(scan, read_capacity_16_unknown)
{
    bench_refuse(
        (struct refusal){CDB_SERVICE_ACTION_IN_16, 1, .status = SCSI_CHECK_CONDITION, .key = 5, .asc = 0x20});
    const struct lun_unit_info *i = identify();
    cr_assert_eq(i->size, 512000);
    cr_assert_eq(i->capacity_length, 8);
    cr_assert_not(i->sixteen);
}

static void not_served(uint64_t blocks, uint32_t block_size)
{
    device.blocks = blocks;
    device.block_size = block_size;
    const struct lun_unit_info *i = identify();
    cr_assert_not(i->has_data);
    cr_assert_eq(i->size, 0);
}

Test(scan, blocks_of_520_bytes)
{
    not_served(1000, 520);
    cr_assert(strstr(b.unit->info.error.text, "blocks of 520 bytes"), "%s", b.unit->info.error.text);
}

Test(scan, blocks_of_no_bytes)
{
    not_served(1000, 0);
}

Test(scan, blocks_too_long)
{
    not_served(1000, 8192);
}

Test(scan, a_size_that_overflows)
{
    not_served(UINT64_MAX, 4096);
}

Test(scan, a_size_no_file_can_have)
{
    not_served(1ull << 55, 512);
}

Test(scan, an_enclosure_has_no_data)
{
    device.type = 0x0d;
    const struct lun_unit_info *i = identify();
    cr_assert_eq(i->state, LUN_UNIT_ONLINE);
    cr_assert_not(i->has_data);
    cr_assert_eq(i->device_type, 0x0d);
}

Test(scan, no_device_at_this_lun)
{
    device.qualifier = 1;
    cr_assert_eq(identify()->state, LUN_UNIT_OFFLINE);
    cr_assert(strstr(b.unit->info.error.text, "peripheral qualifier 1"), "%s", b.unit->info.error.text);
}

Test(scan, a_medium_that_is_not_there)
{
    bench_refuse(
        (struct refusal){CDB_TEST_UNIT_READY, 1, .status = SCSI_CHECK_CONDITION, .key = 2, .asc = 0x3a});
    const struct lun_unit_info *i = identify();
    cr_assert_eq(i->state, LUN_UNIT_OFFLINE);
    cr_assert_eq(i->error.code, 0x023a00);
    cr_assert_eq(i->inquiry_length, 36);
    cr_assert_eq(b.added, 1);
}

/* The target is lost in the middle: what was known of the unit stays known. */
Test(scan, a_scan_cut_short_forgets_nothing)
{
    identify();
    scan_unit(b.unit);
    bench_take();
    b.target.state = TARGET_LOST;
    error_set(&b.target.error, LUN_CONNECT, 104, true, "gone");
    b.session.link.session.state = SESSION_DRAINING;
    session_fail(&b.session.link.session, &b.target.error);
    const struct lun_unit_info *i = &b.unit->info;
    cr_assert_null(b.unit->scan);
    cr_assert_eq(i->state, LUN_UNIT_OFFLINE);
    cr_assert_eq(i->error.layer, LUN_CONNECT);
    cr_assert_eq(i->size, 512000);
    cr_assert(i->has_data);
    cr_assert_eq(i->page_count, 2);
}

/* ---- the list ---------------------------------------------------------------------------------------------
 */

Test(scan, units_are_made_in_order)
{
    device.luns[device.lun_count++] = 0x0007000000000000;
    device.luns[device.lun_count++] = 0x0001000000000000;
    scan_for(0x0005000000000000);
    cr_assert_eq(b.units.count, 3);
    cr_assert_eq(b.units.at[0]->info.lun, 1);
    cr_assert_eq(b.units.at[1], b.unit);
    cr_assert_eq(b.units.at[2]->info.lun, 7);
    cr_assert_eq(b.added, 3);
    for (int i = 0; i < 3; i++)
        cr_assert_eq(b.units.at[i]->info.state, LUN_UNIT_ONLINE);
}

Test(scan, an_unlisted_unit_is_gone)
{
    identify();
    scan_for(0x0001000000000000);
    cr_assert_eq(b.unit->info.state, LUN_UNIT_GONE);
    cr_assert_eq(b.gone, 1);
    scan_for(0x0005000000000000);
    cr_assert_eq(b.unit->info.state, LUN_UNIT_ONLINE);
    cr_assert_eq(b.added, 3);
}

Test(scan, only_the_luns_chosen)
{
    static const uint64_t luns[] = {5};
    b.target.o.luns = luns;
    b.target.o.lun_count = 1;
    device.luns[device.lun_count++] = 0;
    scan_for(0x0005000000000000);
    cr_assert_eq(b.units.count, 1);
    cr_assert_eq(b.unit->info.state, LUN_UNIT_ONLINE);
}

/* SAM-5 4.7.7.4: a LUN under 256 may come in flat space addressing too; it is the same number. */
Test(scan, a_chosen_lun_in_flat_addressing)
{
    static const uint64_t luns[] = {9};
    b.target.o.luns = luns;
    b.target.o.lun_count = 1;
    scan_for(0x4009000000000000);
    cr_assert_eq(b.units.count, 2);
    cr_assert_eq(b.units.at[1]->info.state, LUN_UNIT_ONLINE);
    cr_assert_eq(b.units.at[1]->field, 0x4009000000000000);
}

Test(scan, no_report_luns)
{
    bench_refuse((struct refusal){CDB_REPORT_LUNS, 1, .status = SCSI_CHECK_CONDITION, .key = 5, .asc = 0x20});
    scan_list(&b.target);
    bench_run();
    cr_assert_eq(b.units.at[0]->info.lun, 0);
    cr_assert_eq(b.units.at[0]->info.state, LUN_UNIT_ONLINE);
}

Test(scan, asked_again_while_it_runs)
{
    device.luns[device.lun_count++] = 0x0005000000000000;
    scan_list(&b.target);
    scan_list(&b.target);
    scan_list(&b.target);
    bench_run();
    int lists = 0;
    for (int i = 0; i < b.count; i++)
        lists += b.seen[i].opcode == CDB_REPORT_LUNS;
    cr_assert_eq(lists, 2);
    cr_assert_null(b.units.list);
}

Test(scan, an_empty_list)
{
    scan_list(&b.target);
    bench_run();
    cr_assert_eq(b.units.count, 1);
    cr_assert_eq(b.unit->info.state, LUN_UNIT_GONE);
}

/* ---- after an outage ---- */

static void lose_and_reconnect(enum lun_outage on_outage)
{
    b.target.o.on_outage = on_outage;
    cr_assert_eq(identify()->state, LUN_UNIT_ONLINE);
    bench_lose();
    bench_reconnect();
}

/* Somebody uses it still: it stays in place, and is looked for until it is there. */
static void is_looked_for(const char *why)
{
    const struct lun_unit_info *i = &b.unit->info;
    cr_assert_eq(i->state, LUN_UNIT_OFFLINE);
    cr_assert(strstr(i->error.text, why), "%s", i->error.text);
    cr_assert_eq(i->size, 512000);
    cr_assert(i->has_data);
    cr_assert_eq(b.gone, 0);
    cr_assert(timer_armed(&b.units.revisit), "nobody will look for it again");
    timer_disarm(&b.loop.timers, &b.units.revisit);
}

/* A target that is set up by hand after it was started, minutes later. */
Test(scan, not_listed_until_after_the_replacement_timeout)
{
    lose_and_reconnect(LUN_OUTAGE_WAIT);
    scan_for(0);
    is_looked_for("without LUN 5");
    bench_pass(120000);
    is_looked_for("not back within 120 s");
    scan_for(0);
    is_looked_for("without LUN 5");
    device.qualifier = 3;
    identify();
    is_looked_for("no device at this LUN");
    device.qualifier = 0;
    cr_assert_eq(identify()->state, LUN_UNIT_ONLINE);
}

Test(scan, not_listed_after_an_outage_that_nobody_waits_for)
{
    lose_and_reconnect(LUN_OUTAGE_FAIL);
    scan_for(0);
    is_looked_for("without LUN 5");
    cr_assert_eq(identify()->state, LUN_UNIT_ONLINE);
}

/* Whether requests waited or failed: who has it open must not get another device under his hands. */
Test(scan, another_capacity_after_an_outage_that_nobody_waited_for)
{
    lose_and_reconnect(LUN_OUTAGE_FAIL);
    device.blocks = 2000;
    identify();
    is_looked_for("came back with 1024000 bytes");
    device.blocks = 1000;
    cr_assert_eq(identify()->state, LUN_UNIT_ONLINE);
    device.blocks = 2000; /* and now it may grow, as ever */
    cr_assert_eq(identify()->size, 1024000);
}

Test(scan, another_capacity_after_the_replacement_timeout)
{
    lose_and_reconnect(LUN_OUTAGE_WAIT);
    bench_pass(120000);
    device.blocks = 2000;
    identify();
    is_looked_for("came back with 1024000 bytes");
}
