/* SPDX-License-Identifier: Apache-2.0 */
/* The tests' wishes as istgt's configuration. Its challenge is 1024 bytes: 2050 characters in hexadecimal. */
#include <criterion/criterion.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "lib/target_istgt.h"
#include "targets.h"

static struct target_istgt t;
static char lines[1024];

static void say(const char *format, ...) __attribute__((format(printf, 1, 2)));

static void say(const char *format, ...)
{
    size_t n = strlen(lines);
    va_list ap;
    va_start(ap, format);
    cr_assert_lt(n + (size_t)vsnprintf(lines + n, sizeof lines - n, format, ap), sizeof lines);
    va_end(ap);
}

static void say_number(const char *name, unsigned value)
{
    if (value)
        say("  %s %u\n", name, value);
}

static void say_digests(const struct targets_wish *wish)
{
    if (wish->header_digest || wish->data_digest)
        say("  UseDigest%s%s\n", wish->header_digest ? " Header" : "", wish->data_digest ? " Data" : "");
    else
        say("  UseDigest Auto\n");
}

static void start(struct workspace *w, const struct targets_wish *wish)
{
    workspace_must(w, "for f in one two; do head -c %d /dev/urandom >$W/$f && cp $W/$f $W/disk-$f; done",
                   TARGETS_SIZE);
    target_istgt_init(&t, w);
    say("  AuthMethod %s\n", wish->mutual ? "CHAP Mutual" : wish->chap ? "CHAP" : "Auto");
    say(wish->chap ? "  AuthGroup AuthGroup1\n" : "");
    say_digests(wish);
    say_number("FirstBurstLength", wish->first_burst);
    say_number("MaxBurstLength", wish->max_burst);
    say_number("MaxRecvDataSegmentLength", wish->max_segment);
    say_number("MaxOutstandingR2T", wish->outstanding_r2t);
    say_number("BlockLength", wish->block);
    say(wish->immediate_data ? "  ImmediateData %s\n" : "%s",
        wish->immediate_data ? wish->immediate_data : "");
    say(wish->read_only ? "  ReadOnly Yes\n" : "");
    if (wish->second)
        say("  LUN1 Storage %s/disk-two %dMB\n", w->path, TARGETS_SIZE >> 20);
    workspace_must(w, "ln -s disk-one $W/disk && ln -s disk-two $W/other");
    if (wish->huge)
        workspace_must(w, "rm $W/disk-one && truncate -s 3T $W/disk-one");
    target_istgt_unit(&t, "disk", wish->huge ? 3 << 20 : TARGETS_SIZE >> 20, lines);
    if (wish->other)
        target_istgt_unit(&t, "other", TARGETS_SIZE >> 20, "  AuthMethod Auto\n  UseDigest Auto\n");
    target_istgt_start(&t);
}

static void check_holds(unsigned index, const char *file)
{
    workspace_must(t.workspace, "cmp $W/disk-%s $W/%s", index ? "two" : "one", file);
}

const struct targets_entry targets_istgt = {
    .name = "istgt",
    .base = TARGET_ISTGT_BASE,
    .vendor = "FreeBSD",
    .first_lun = 0,
    .jobs = 4, /* it sleeps for a second before it listens */
    .can = CAN_CHAP_MD5 | CAN_MUTUAL | CAN_DIGESTS | CAN_REQUIRE_DIGESTS | CAN_KEYS | CAN_SEVERAL_R2TS |
           CAN_BLOCKS_4096 | CAN_SEVERAL_LUNS | CAN_READ_ONLY | CAN_HUGE | CAN_DISCOVERY |
           CAN_SEVERAL_TARGETS,
    .start = start,
    .check_holds = check_holds,
};
