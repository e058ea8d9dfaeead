/* SPDX-License-Identifier: Apache-2.0 */
/* What tunes itself, on the wire and in the texts: queue depth (SAM-5 5.3.1, TASK SET FULL and BUSY). */
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
