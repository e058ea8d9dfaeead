/* SPDX-License-Identifier: Apache-2.0 */
/* What tunes itself, on the wire and in the texts: queue depth (SAM-5 5.3.1, TASK SET FULL and BUSY), where
 * requests are cut (Block Limits, SBC-3 6.6.4), keys offered (RFC 7143 chapter 13). */
#include <criterion/criterion.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "rig.h"

#define OPENED "login\nserve opened\n"

/* ---- what the texts say ---- */

struct question {
    struct rig *rig;
    struct lun_facts unit, target;
};

static void ask_here(void *arg)
{
    struct question *q = arg;
    lun_unit_describe(q->rig->unit, &q->unit);
    lun_target_describe(q->rig->target, &q->target);
}

static const struct lun_fact *find(const struct lun_facts *f, const char *path, const char *key)
{
    for (size_t i = 0; i < f->count; i++)
        if (!strcmp(f->at[i].path, path) && !strcmp(f->at[i].key, key))
            return &f->at[i];
    return NULL;
}

/* The file has path.key with that number, or (text not NULL) that word. */
static void says(struct rig *r, bool unit, const char *path, const char *key, uint64_t number,
                 const char *text)
{
    struct question q = {.rig = r};
    lun_loop_run(lun_target_loop(r->target), ask_here, &q);
    const struct lun_fact *f = find(unit ? &q.unit : &q.target, path, key);
    bool right = f && (text ? f->text && !strcmp(f->text, text) : f->number == number);
    if (!right)
        rig_complain(r, "%s.%s: %s %llu; expected %s %llu", path, key, f && f->text ? f->text : "",
                     f ? (unsigned long long)f->number : 0, text ? text : "", (unsigned long long)number);
    lun_facts_free(&q.unit);
    lun_facts_free(&q.target);
}

static void depth_is(struct rig *r, uint64_t depth, const char *by, uint64_t fulls)
{
    says(r, true, "limits", "queue_depth", depth, NULL);
    says(r, true, "limits", "queue_depth_by", 0, by);
    says(r, true, "limits", "task_set_full", fulls, NULL);
}

static void split_is(struct rig *r, uint64_t bytes, const char *by)
{
    says(r, true, "limits", "max_transfer", bytes, NULL);
    says(r, true, "limits", "max_transfer_by", 0, by);
}

/* ---- queue depth ---- */

#define FIRST 8
#define AT_ONE 85 /* answers at a depth of one before two are tried: five windows of 1 + 16, see depth.c */
#define MORE 90

__attribute__((format(printf, 2, 3))) static void line(FILE *f, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    vfprintf(f, format, args);
    va_end(args);
    fputc('\n', f);
}

static void good_read(FILE *f, const char *name, unsigned block)
{
    line(f, "send DataIn to=%s data=pattern(%u,512) S=1", name, block * 512);
}

/* Eight reads; the device takes one. Each of the others comes again when one has ended, one at a time; after
 * many that went well, two are tried. */
static char *shrink_and_grow(void)
{
    char *text;
    size_t n;
    FILE *f = open_memstream(&text, &n);
    fputs(OPENED, f);
    for (unsigned i = 0; i < FIRST; i++)
        line(f, "expect ScsiCommand as=c%u cdb=read(%u,1)", i, i);
    for (unsigned i = 1; i < FIRST; i++)
        line(f, "send ScsiResponse to=c%u status=0x28 U=1 residual=512", i);
    line(f, "ping\nmark full\nwait more\nping");
    good_read(f, "c0", 0);
    line(f, "expect ScsiCommand as=r cdb=read(1,1)\nping");
    for (unsigned i = 1; i < AT_ONE; i++) {
        good_read(f, "r", i);
        line(f, "expect ScsiCommand as=r cdb=read(%u,1)", i + 1);
    }
    line(f, "expect ScsiCommand as=s cdb=read(%u,1)\nping\nmark deeper\nwait seen", AT_ONE + 1);
    good_read(f, "r", AT_ONE);
    good_read(f, "s", AT_ONE + 1);
    for (unsigned i = AT_ONE + 2; i < FIRST + MORE; i++) {
        line(f, "expect ScsiCommand as=r cdb=read(%u,1)", i);
        good_read(f, "r", i);
    }
    fclose(f);
    return text;
}

Test(tuning, queue_depth_shrinks_by_task_set_full_and_grows_again)
{
    struct rig_io *io[FIRST + MORE];
    char *text = shrink_and_grow();
    struct rig *r = RIG(text);
    free(text);
    rig_open(r);
    depth_is(r, 128, "start", 0);
    for (unsigned i = 0; i < FIRST; i++)
        io[i] = rig_start(r, LUN_OP_READ, i * 512, 512);
    rig_await(r, "full");
    depth_is(r, 1, "task-set-full", FIRST - 1);
    for (unsigned i = FIRST; i < FIRST + MORE; i++)
        io[i] = rig_start(r, LUN_OP_READ, i * 512, 512);
    rig_signal(r, "more");
    rig_await(r, "deeper");
    depth_is(r, 2, "grown", FIRST - 1);
    rig_signal(r, "seen");
    for (unsigned i = 0; i < FIRST + MORE; i++)
        rig_ends(io[i], LUN_OK);
    rig_end(r);
}

/* What a user has set stays; what was refused comes again all the same, after a while. */
Test(tuning, configured_queue_depth_does_not_move)
{
    struct rig *r = RIG(OPENED "expect ScsiCommand as=a cdb=read(0,1)\n"
                               "expect ScsiCommand as=b cdb=read(1,1)\n"
                               "send ScsiResponse to=b status=0x28 U=1 residual=512\n"
                               "expect ScsiCommand as=b cdb=read(1,1)\n"
                               "send DataIn to=a data=pattern(0,512) S=1\n"
                               "send DataIn to=b data=pattern(512,512) S=1\n");
    r->options.queue_depth = 2;
    rig_open(r);
    struct rig_io *a = rig_start(r, LUN_OP_READ, 0, 512), *b = rig_start(r, LUN_OP_READ, 512, 512);
    rig_ends(a, LUN_OK);
    rig_ends(b, LUN_OK);
    depth_is(r, 2, "configured", 1);
    rig_end(r);
}

/* BUSY says nothing of how many: the one comes again, the depth stays. */
Test(tuning, busy_leaves_the_queue_depth)
{
    struct rig *r = RIG(OPENED "expect ScsiCommand as=a cdb=read(0,1)\n"
                               "expect ScsiCommand as=b cdb=read(1,1)\n"
                               "send ScsiResponse to=b status=0x08 U=1 residual=512\n"
                               "expect ScsiCommand as=b cdb=read(1,1)\n"
                               "send DataIn to=a data=pattern(0,512) S=1\n"
                               "send DataIn to=b data=pattern(512,512) S=1\n");
    rig_open(r);
    struct rig_io *a = rig_start(r, LUN_OP_READ, 0, 512), *b = rig_start(r, LUN_OP_READ, 512, 512);
    rig_ends(a, LUN_OK);
    rig_ends(b, LUN_OK);
    depth_is(r, 128, "start", 0);
    rig_end(r);
}

/* Of a request in four commands the device takes two: only what was refused, and what follows it, is sent
 * again, or a device with little room would never see the end of a long request. */
Test(tuning, task_set_full_in_the_middle_of_a_request)
{
    struct rig *r = RIG("device max_transfer=1\n" OPENED "expect ScsiCommand as=a cdb=read(0,1)\n"
                        "expect ScsiCommand as=b cdb=read(1,1)\n"
                        "expect ScsiCommand as=c cdb=read(2,1)\n"
                        "expect ScsiCommand as=d cdb=read(3,1)\n"
                        "send ScsiResponse to=c status=0x28 U=1 residual=512\n"
                        "send ScsiResponse to=d status=0x28 U=1 residual=512\n"
                        "send DataIn to=a data=pattern(0,512) S=1\n"
                        "send DataIn to=b data=pattern(512,512) S=1\n"
                        "expect ScsiCommand as=c cdb=read(2,1)\n"
                        "expect ScsiCommand as=d cdb=read(3,1)\n"
                        "send DataIn to=c data=pattern(1024,512) S=1\n"
                        "send DataIn to=d data=pattern(1536,512) S=1\n");
    rig_open(r);
    rig_read(r, 0, 2048);
    depth_is(r, 2, "task-set-full", 2);
    rig_end(r);
}

/* ---- where requests are cut ---- */

#define MIB 1048576
#define HALVES                                                                                               \
    "expect ScsiCommand as=a cdb=read(0,1024) edtl=524288\n"                                                 \
    "expect ScsiCommand as=b cdb=read(1024,1024) edtl=524288\n"                                              \
    "send DataIn to=a F=0 data=pattern(0,262144)\n"                                                          \
    "send DataIn to=a datasn=1 offset=262144 data=pattern(262144,262144) S=1\n"                              \
    "send DataIn to=b F=0 data=pattern(524288,262144)\n"                                                     \
    "send DataIn to=b datasn=1 offset=262144 data=pattern(786432,262144) S=1\n"

/* Nothing of the device's cuts it, so it is cut in two: they are under way at the same time. */
static void one_mib(const char *device, const char *by)
{
    char text[1000];
    snprintf(text, sizeof text, "%s%s%s", device, OPENED, HALVES);
    struct rig *r = RIG(text);
    rig_open(r);
    split_is(r, MIB / 2, by);
    rig_read(r, 0, MIB);
    rig_end(r);
}

Test(tuning, no_cut_where_configured)
{
    struct rig *r =
        RIG("device max_transfer=65536\n" OPENED "expect ScsiCommand cdb=read(0,2048) edtl=1048576\n"
            "send DataIn F=0 data=pattern(0,262144)\n"
            "send DataIn F=0 datasn=1 offset=262144 data=pattern(262144,262144)\n"
            "send DataIn F=0 datasn=2 offset=524288 data=pattern(524288,262144)\n"
            "send DataIn datasn=3 offset=786432 data=pattern(786432,262144) S=1\n");
    r->options.max_transfer = MIB;
    rig_open(r);
    split_is(r, MIB, "configured");
    rig_read(r, 0, MIB);
    rig_end(r);
}

Test(tuning, no_block_limits_two_halves)
{
    one_mib("device evpd=no\n", "default");
    one_mib("device max_transfer=0\n", "default");
}

Test(tuning, larger_block_limits_two_halves)
{
    one_mib("device max_transfer=65536 optimal_transfer=16384 granularity=8\n", "default");
}

/* So short that the commands would cost more than the device gains. */
Test(tuning, tiny_optimal_transfer_length_two_halves)
{
    one_mib("device optimal_transfer=8\n", "default");
}

/* One command at a time, so that they come in order. */
static struct rig *cut_rig(const char *device, const char *pieces)
{
    char text[2000];
    snprintf(text, sizeof text, "%s%s%s", device, OPENED, pieces);
    struct rig *r = RIG(text);
    r->options.queue_depth = 1;
    return r;
}

Test(tuning, cut_at_the_optimal_transfer_length)
{
    struct rig *r = cut_rig("device optimal_transfer=128 max_transfer=1024\n",
                            "expect ScsiCommand cdb=read(0,128)\n"
                            "send DataIn data=pattern(0,65536) S=1\n"
                            "expect ScsiCommand cdb=read(128,2)\n"
                            "send DataIn data=pattern(65536,1024) S=1\n");
    rig_open(r);
    split_is(r, 65536, "optimal-transfer-length");
    rig_read(r, 0, 66560);
    rig_end(r);
}

/* Pieces begin at multiples of the granularity wherever the request does, here 6 blocks; one that needs no
 * cut gets none. */
Test(tuning, cut_at_multiples_of_the_granularity)
{
    struct rig *r = cut_rig("device max_transfer=16 granularity=6\n",
                            "expect ScsiCommand cdb=read(1,11)\n"
                            "send DataIn data=pattern(512,5632) S=1\n"
                            "expect ScsiCommand cdb=read(12,12)\n"
                            "send DataIn data=pattern(6144,6144) S=1\n"
                            "expect ScsiCommand cdb=read(24,16)\n"
                            "send DataIn data=pattern(12288,8192) S=1\n"
                            "expect ScsiCommand as=w cdb=write(5,13) data=pattern(2560,6656)\n"
                            "send ScsiResponse to=w\n"
                            "expect ScsiCommand as=w cdb=write(18,7) data=pattern(9216,3584)\n"
                            "send ScsiResponse to=w\n");
    rig_open(r);
    split_is(r, 8192, "maximum-transfer-length");
    says(r, true, "limits", "transfer_granularity", 3072, NULL);
    rig_read(r, 512, 39 * 512);
    rig_write(r, 2560, 20 * 512);
    rig_end(r);
}

Test(tuning, cut_as_configured)
{
    struct rig *r = cut_rig("device max_transfer=1024 optimal_transfer=512\n",
                            "expect ScsiCommand cdb=read(0,32)\n"
                            "send DataIn data=pattern(0,16384) S=1\n"
                            "expect ScsiCommand cdb=read(32,1)\n"
                            "send DataIn data=pattern(16384,512) S=1\n");
    r->options.max_transfer = 16384 + 100; /* whole blocks of it */
    rig_open(r);
    split_is(r, 16384, "configured");
    rig_read(r, 0, 16896);
    rig_end(r);
}

/* What a user has set does not reach beyond what the device takes. */
Test(tuning, never_more_than_the_maximum_transfer_length)
{
    struct rig *r = cut_rig("device max_transfer=4\n", "expect ScsiCommand cdb=read(0,4)\n"
                                                       "send DataIn data=pattern(0,2048) S=1\n"
                                                       "expect ScsiCommand cdb=read(4,1)\n"
                                                       "send DataIn data=pattern(2048,512) S=1\n");
    r->options.max_transfer = MIB;
    rig_open(r);
    split_is(r, 2048, "maximum-transfer-length");
    rig_read(r, 0, 2560);
    rig_end(r);
}

/* The device tells of other limits (unit attention 2A/01, parameters changed): smaller, then none. The
 * capacity changes with them, because that is what the test can wait for. */
Test(tuning, cut_moves_with_the_block_limits)
{
    struct rig *r = RIG(OPENED "expect ScsiCommand cdb=read(0,8)\n"
                               "device max_transfer=4 blocks=4096\n"
                               "send ScsiResponse sense=06/2a/01 U=1 residual=4096\n"
                               "expect ScsiCommand cdb=read(0,8)\n"
                               "send DataIn data=pattern(0,4096) S=1\n"
                               "serve smaller\n"
                               "expect ScsiCommand cdb=read(0,4)\n"
                               "device max_transfer=0 blocks=2048\n"
                               "send ScsiResponse sense=06/2a/01 U=1 residual=2048\n"
                               "expect ScsiCommand cdb=read(0,4)\n"
                               "send DataIn data=pattern(0,2048) S=1\n"
                               "serve larger\n"
                               "expect ScsiCommand cdb=read(0,8)\n"
                               "send DataIn data=pattern(0,4096) S=1\n");
    rig_open(r);
    split_is(r, MIB / 2, "default");
    rig_read(r, 0, 4096);
    rig_changed(r);
    split_is(r, 2048, "maximum-transfer-length");
    rig_signal(r, "smaller");
    rig_read(r, 0, 2048);
    rig_changed(r);
    split_is(r, MIB / 2, "default");
    rig_signal(r, "larger");
    rig_read(r, 0, 4096);
    rig_end(r);
}

/* ---- keys ---- */

static void offer_is(struct rig *r, const char *key, uint64_t offered, uint64_t agreed, const char *by)
{
    char path[64];
    snprintf(path, sizeof path, "offers.%s", key);
    says(r, false, path, "offered", offered, NULL);
    says(r, false, path, "agreed", agreed, NULL);
    says(r, false, path, "by", 0, by);
}

#define ANSWER(RIG_KEYS)                                                                                     \
    "send LoginResponse text{HeaderDigest=None DataDigest=None MaxConnections=1 DefaultTime2Wait=2 "         \
    "DefaultTime2Retain=0 DataPDUInOrder=Yes DataSequenceInOrder=Yes ErrorRecoveryLevel=0 " RIG_KEYS "}\n"

/* The target takes it all, or less: what is agreed moves with it. */
Test(tuning, offers_of_our_own)
{
    struct rig *r =
        RIG("expect LoginRequest csg=0\n"
            "send LoginResponse text{AuthMethod=None TargetPortalGroupTag=1}\n"
            "expect LoginRequest csg=1 text{MaxRecvDataSegmentLength=262144 MaxBurstLength=1048576 "
            "FirstBurstLength=262144 MaxOutstandingR2T=8 InitialR2T=No ImmediateData=Yes}\n" ANSWER(
                "MaxOutstandingR2T=8 MaxBurstLength=1048576 FirstBurstLength=262144 InitialR2T=No "
                "ImmediateData=Yes"));
    rig_open(r);
    offer_is(r, "MaxRecvDataSegmentLength", 262144, 262144, "auto");
    offer_is(r, "MaxBurstLength", 1048576, 1048576, "auto");
    offer_is(r, "FirstBurstLength", 262144, 262144, "auto");
    offer_is(r, "MaxOutstandingR2T", 8, 8, "auto");
    says(r, false, "offers.InitialR2T", "offered", 0, "No");
    says(r, false, "offers.ImmediateData", "offered", 0, "Yes");
    rig_end(r);
}

Test(tuning, offers_met_by_a_target_that_wants_less)
{
    struct rig *r = RIG("login MaxOutstandingR2T=1 MaxBurstLength=65536 FirstBurstLength=4096 InitialR2T=Yes "
                        "ImmediateData=No\n");
    rig_open(r);
    offer_is(r, "MaxBurstLength", 1048576, 65536, "auto");
    offer_is(r, "FirstBurstLength", 262144, 4096, "auto");
    offer_is(r, "MaxOutstandingR2T", 8, 1, "auto");
    says(r, false, "offers.InitialR2T", "agreed", 0, "Yes");
    says(r, false, "offers.ImmediateData", "agreed", 0, "No");
    says(r, false, "offers.ImmediateData", "by", 0, "auto");
    rig_end(r);
}

/* FirstBurstLength, left to us, is no longer than the MaxBurstLength a user has set (13.14). */
Test(tuning, offers_configured)
{
    struct rig *r =
        RIG("expect LoginRequest csg=0\n"
            "send LoginResponse text{AuthMethod=None TargetPortalGroupTag=1}\n"
            "expect LoginRequest csg=1 text{MaxRecvDataSegmentLength=65536 MaxBurstLength=131072 "
            "FirstBurstLength=131072 MaxOutstandingR2T=2 InitialR2T=Yes ImmediateData=No}\n" ANSWER(
                "MaxOutstandingR2T=2 MaxBurstLength=131072 FirstBurstLength=131072 InitialR2T=Yes "
                "ImmediateData=No"));
    r->options.max_recv_data_segment_length = 65536;
    r->options.max_burst_length = 131072;
    r->options.max_outstanding_r2t = 2;
    r->options.initial_r2t = 2;
    r->options.immediate_data = 1;
    rig_open(r);
    says(r, false, "offers.MaxRecvDataSegmentLength", "by", 0, "configured");
    says(r, false, "offers.MaxBurstLength", "offered", 131072, NULL);
    says(r, false, "offers.MaxBurstLength", "by", 0, "configured");
    says(r, false, "offers.FirstBurstLength", "offered", 131072, NULL);
    says(r, false, "offers.FirstBurstLength", "by", 0, "auto");
    says(r, false, "offers.MaxOutstandingR2T", "by", 0, "configured");
    says(r, false, "offers.InitialR2T", "by", 0, "configured");
    says(r, false, "offers.ImmediateData", "by", 0, "configured");
    rig_end(r);
}
