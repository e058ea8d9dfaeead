/* SPDX-License-Identifier: Apache-2.0 */
/* What is asked of a unit: identity with odd devices, and the commands a read, write or flush becomes.
 * SPC-4 6.4, 6.33; SBC-3 5.8-5.34; RFC 7143 11.3. */
#include <criterion/criterion.h>
#include <errno.h>
#include <string.h>

#include "rig.h"

#define OPENED "login\nserve opened\n"

struct question {
    struct rig *rig;
    size_t units;
    struct lun_unit_info info;
};

static void ask_here(void *arg)
{
    struct question *q = arg;
    struct lun_unit *const *units;
    q->units = lun_target_units(q->rig->target, &units);
    q->info = *lun_unit_info(q->rig->unit);
}

static struct question ask(struct rig *r)
{
    struct question q = {.rig = r};
    lun_loop_run(lun_target_loop(r->target), ask_here, &q);
    return q;
}

/* ---- Identity ---- */

Test(unit, capacity_and_names)
{
    struct rig *r = RIG("device blocks=12345 block_size=4096\nlogin\n");
    rig_open(r);
    struct question q = ask(r);
    rig_assert(r,
               q.units == 1 && q.info.has_data && q.info.block_count == 12345 && q.info.block_size == 4096);
    rig_assert(r, q.info.size == 12345ull * 4096 && q.info.capacity_length == 32);
    rig_assert(r, q.info.name_count == 1 && !strcmp(q.info.names[0], "naa.6001405a000000000000000000000000"));
    rig_assert(r, q.info.page_count == 4 && q.info.pages[3] == 0xb0);
    rig_end(r);
}

/* No READ CAPACITY(16): (10), and the ten-byte commands. */
Test(unit, without_read_capacity_16)
{
    struct rig *r = RIG("device rc16=no\n" OPENED "expect ScsiCommand as=r cdb=read10(7,1)\n"
                        "send DataIn data=pattern(3584,512) S=1\n"
                        "expect ScsiCommand as=w cdb=write10(7,1) data=pattern(3584,512)\n"
                        "send ScsiResponse to=w\n");
    rig_open(r);
    rig_assert(r, ask(r).info.capacity_length == 8);
    rig_read(r, 3584, 512);
    rig_write(r, 3584, 512);
    rig_end(r);
}

/* EVPD ignored: standard INQUIRY data come for every page. They are no pages. */
Test(unit, evpd_ignored)
{
    struct rig *r = RIG("device evpd=no\nlogin\n");
    rig_open(r);
    struct question q = ask(r);
    rig_assert(r, q.info.has_data && q.info.name_count == 0);
    rig_end(r);
}

/* Past 2 TiB: sixteen-byte commands with the whole LBA. */
Test(unit, beyond_two_tebibytes)
{
    struct rig *r = RIG("device blocks=0x300000000\n" OPENED "expect ScsiCommand cdb=read16(0x2ffffffff,1)\n"
                        "send DataIn data=pattern(0x5fffffffe00,512) S=1\n");
    rig_open(r);
    rig_read(r, 0x5fffffffe00, 512);
    rig_end(r);
}

Test(unit, write_protected)
{
    struct rig *r = RIG("device wp=1\nlogin\n");
    rig_open(r);
    rig_assert(r, ask(r).info.read_only);
    rig_assert(r, lun_pwrite(r->unit, "x", 1, 0, &r->error) < 0 && lun_error_errno(&r->error) == EROFS);
    rig_end(r);
}

/* A device that is no disk has an identity and no data. */
Test(unit, enclosure)
{
    struct rig *r = RIG("device type=0x0d\nlogin\n");
    rig_open(r);
    struct question q = ask(r);
    rig_assert(r, q.info.device_type == 0x0d && !q.info.has_data);
    rig_end(r);
}

/* scst#223: no LUN 0. Flat space addressing above 255 (SAM-5 4.7.7.4), in the commands too. */
Test(unit, no_lun_0_and_flat_addressing)
{
    struct rig *r = RIG("device luns=300\n" OPENED "expect ScsiCommand cdb=read(0,1) lun=0x412c000000000000\n"
                        "send DataIn data=pattern(0,512) S=1\n");
    rig_open(r);
    rig_assert(r, lun_unit_number(r->unit) == 300);
    rig_read(r, 0, 512);
    rig_end(r);
}

#define LUN_1 "lun=0x0001000000000000 "

/* The opening ends with its deadline; a LUN that keeps silent holds up no other, and appears when it answers.
 */
Test(unit, one_that_keeps_silent_holds_up_no_other)
{
    struct rig *r = RIG("device luns=0,1\nlogin\nexpect ScsiCommand as=first lun=0 cdb=000000000000\n"
                        "expect ScsiCommand as=late " LUN_1 "cdb=000000000000\n"
                        "send ScsiResponse to=first\nserve opened\nexpect ScsiCommand as=r cdb=read(0,1)\n"
                        "send DataIn to=r data=pattern(0,512) S=1\nsend ScsiResponse to=late\n");
    r->options.login_timeout_ms = 300;
    rig_open(r);
    rig_added(r);
    rig_read(r, 0, 512);
    rig_added(r);
    rig_assert(r, ask(r).units == 2);
    rig_end(r);
}

Test(unit, report_luns_that_is_never_answered)
{
    struct rig *r =
        RIG("login\nexpect ScsiCommand cdb=a0*\nexpect TaskRequest function=1\n"
            "send TaskResponse\nexpect LogoutRequest reason=0\nsend LogoutResponse\nexpect-close\n");
    r->options.login_timeout_ms = 300;
    rig_refused(r, LUN_TIMEOUT, "REPORT LUNS not answered within 300 ms");
    rig_end(r);
}

/* REPORT LUNS longer than the first buffer: asked again with room for all (SPC-4 6.33). */
Test(unit, many_luns)
{
    struct rig *r = RIG("device luns=range(600)\nlogin\n");
    rig_open(r);
    rig_assert(r, ask(r).units == 600);
    rig_end(r);
}

/* Only the LUNs that were asked for. */
Test(unit, chosen_luns)
{
    const uint64_t wanted[] = {3, 5};
    struct rig *r = RIG("device luns=range(8)\nlogin\n");
    r->options.luns = wanted;
    r->options.lun_count = 2;
    rig_open(r);
    rig_assert(r, ask(r).units == 2 && lun_unit_number(r->unit) == 3);
    rig_end(r);
}

/* ---- Reads and writes ---- */

/* An unaligned read reads whole blocks and gives the middle. */
Test(unit, unaligned_read)
{
    struct rig *r = RIG(OPENED "expect ScsiCommand cdb=read(1,2) edtl=1024\n"
                               "send DataIn data=pattern(512,1024) S=1\n");
    rig_open(r);
    rig_read(r, 700, 500);
    rig_end(r);
}

static void write_ee(struct rig *r, uint64_t offset, size_t n)
{
    uint8_t data[8192];
    memset(data, 0xee, n);
    rig_assert(r, lun_pwrite(r->unit, data, n, offset, &r->error) == (ssize_t)n);
}

/* Read-modify-write of one block: exactly the bytes asked for change. */
Test(unit, unaligned_write_inside_a_block)
{
    struct rig *r = RIG(OPENED "expect ScsiCommand cdb=read(1,1) edtl=512\n"
                               "send DataIn data=pattern(512,512) S=1\n"
                               "expect ScsiCommand as=w cdb=write(1,1) edtl=512 "
                               "data=pattern(512,188)+fill(0xee,100)+pattern(800,224)\n"
                               "send ScsiResponse to=w\n");
    rig_open(r);
    write_ee(r, 700, 100);
    rig_end(r);
}

Test(unit, unaligned_write_over_two_blocks)
{
    struct rig *r = RIG(OPENED "expect ScsiCommand cdb=read(0,2) edtl=1024\n"
                               "send DataIn data=pattern(0,1024) S=1\n"
                               "expect ScsiCommand as=w cdb=write(0,2) edtl=1024 "
                               "data=pattern(0,500)+fill(0xee,24)+pattern(524,500)\n"
                               "send ScsiResponse to=w\n");
    rig_open(r);
    write_ee(r, 500, 24);
    rig_end(r);
}

/* Only the last block is cut: only it is read. */
Test(unit, unaligned_end_alone)
{
    struct rig *r = RIG(OPENED "expect ScsiCommand cdb=read(1,1) edtl=512\n"
                               "send DataIn data=pattern(512,512) S=1\n"
                               "expect ScsiCommand as=w cdb=write(0,2) edtl=1024 "
                               "data=fill(0xee,600)+pattern(600,424)\n"
                               "send ScsiResponse to=w\n");
    rig_open(r);
    write_ee(r, 0, 600);
    rig_end(r);
}

/* A read-modify-write whose read fails writes nothing. */
Test(unit, failed_merge_writes_nothing)
{
    struct rig *r = RIG(OPENED "expect ScsiCommand cdb=read(1,1)\n"
                               "send ScsiResponse sense=03/11/00\n"
                               "ping\n"
                               "mark quiet\n");
    rig_open(r);
    rig_assert(r, lun_pwrite(r->unit, "x", 1, 700, &r->error) < 0 && r->error.code == 0x031100);
    rig_await(r, "quiet");
    rig_end(r);
}

/* Two writes that share a block: the second one's read waits for the first one's write. */
Test(unit, overlapping_unaligned_writes_take_turns)
{
    struct rig *r = RIG(OPENED "expect ScsiCommand as=a cdb=read(0,1)\n"
                               "mark first\n"
                               "wait submitted\n"
                               "ping\n"
                               "send DataIn to=a data=pattern(0,512) S=1\n"
                               "expect ScsiCommand as=b cdb=write(0,1) data=pattern(0,512)\n"
                               "ping\n"
                               "send ScsiResponse to=b\n"
                               "expect ScsiCommand as=c cdb=read(0,1)\n"
                               "send DataIn to=c data=pattern(0,512) S=1\n"
                               "expect ScsiCommand as=d cdb=write(0,1) data=pattern(0,512)\n"
                               "send ScsiResponse to=d\n");
    rig_open(r);
    struct rig_io *one = rig_start(r, LUN_OP_WRITE, 10, 20);
    rig_await(r, "first");
    struct rig_io *two = rig_start(r, LUN_OP_WRITE, 100, 20);
    rig_signal(r, "submitted");
    rig_ends(one, LUN_OK);
    rig_ends(two, LUN_OK);
    rig_end(r);
}

/* Block Limits (page B0): no command longer than MAXIMUM TRANSFER LENGTH. */
Test(unit, split_at_the_maximum_transfer_length)
{
    struct rig *r =
        RIG("device max_transfer=4\nwindow 1\n" OPENED "expect ScsiCommand cdb=read(0,4) edtl=2048\n"
            "send DataIn data=pattern(0,2048) S=1\n"
            "expect ScsiCommand cdb=read(4,4) edtl=2048\n"
            "send DataIn data=pattern(2048,2048) S=1\n"
            "expect ScsiCommand cdb=read(8,1) edtl=512\n"
            "send DataIn data=pattern(4096,512) S=1\n");
    rig_open(r);
    rig_read(r, 0, 4608);
    rig_end(r);
}

/* ---- The end of the unit: 2048 blocks of 512 ---- */

#define SIZE (2048u * 512)

Test(unit, read_at_the_end_is_short)
{
    struct rig *r = RIG(OPENED "expect ScsiCommand cdb=read(2047,1)\n"
                               "send DataIn data=pattern(1048064,512) S=1\n");
    uint8_t got[4096], want[100];
    rig_open(r);
    rig_assert(r, lun_pread(r->unit, got, sizeof got, SIZE - 100, &r->error) == 100);
    script_pattern(want, SIZE - 100, 100);
    rig_assert(r, !memcmp(got, want, 100));
    rig_end(r);
}

/* Nothing is sent for what lies past the end. */
Test(unit, read_past_the_end_is_empty)
{
    struct rig *r = RIG(OPENED "wait read\nping\nmark quiet\n");
    uint8_t got[512];
    rig_open(r);
    rig_assert(r, lun_pread(r->unit, got, sizeof got, SIZE, &r->error) == 0);
    rig_assert(r, lun_pread(r->unit, got, sizeof got, UINT64_MAX - 10, &r->error) == 0);
    rig_signal(r, "read");
    rig_await(r, "quiet");
    rig_end(r);
}

Test(unit, write_past_the_end_is_enospc)
{
    struct rig *r = RIG(OPENED "wait written\nping\nmark quiet\n");
    rig_open(r);
    rig_assert(r, lun_pwrite(r->unit, "x", 1, SIZE, &r->error) < 0 && lun_error_errno(&r->error) == ENOSPC);
    rig_signal(r, "written");
    rig_await(r, "quiet");
    rig_end(r);
}

/* ---- Flush ---- */

Test(unit, flush_with_a_volatile_cache)
{
    struct rig *r = RIG("device wce=1\n" OPENED "expect ScsiCommand cdb=sync(0,0) R=0 W=0 edtl=0\n"
                        "send ScsiResponse\n");
    rig_open(r);
    rig_assert(r, lun_flush(r->unit, &r->error));
    rig_end(r);
}

Test(unit, flush_without_a_volatile_cache_sends_nothing)
{
    struct rig *r = RIG(OPENED "wait flushed\nping\nmark quiet\n");
    rig_open(r);
    rig_assert(r, lun_flush(r->unit, &r->error));
    rig_signal(r, "flushed");
    rig_await(r, "quiet");
    rig_end(r);
}

/* The error of a flush is the caller's to see. */
Test(unit, failed_flush_is_an_error)
{
    struct rig *r = RIG("device wce=1\n" OPENED "expect ScsiCommand cdb=sync(0,0)\n"
                        "send ScsiResponse sense=03/0c/00\n");
    rig_open(r);
    rig_assert(r, !lun_flush(r->unit, &r->error) && r->error.code == 0x030c00);
    rig_end(r);
}
