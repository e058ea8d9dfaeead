/* SPDX-License-Identifier: Apache-2.0 */
/* A target that sends without end, promises what it never does, or falls silent in the middle: each request
 * ends in a named error at its deadline, and memory stays where it was. RFC 7143 4.2.2, 6.2,
 * 7, 11.7-11.9, 11.17, 11.19. */
#include <criterion/criterion.h>
#include <malloc.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "rig.h"

#define OPENED "login\nserve opened\n"
#define READ "expect ScsiCommand as=r cdb=read(0,8)\n"
#define ABORTED                                                                                              \
    "expect TaskRequest as=a function=1 ref=@r.itt\n"                                                        \
    "send TaskResponse to=a\n"
#define LINES (64 * 1024)
/* What a flood may add to what is allocated; each flood here is at least four times that. */
#define MEMORY_MAX ((size_t)8 << 20)

size_t __sanitizer_get_current_allocated_bytes(void) __attribute__((weak));

/* Bytes of heap in use, by us and by the scripted target, whose story has a bound of its own. */
static size_t memory(void)
{
    if (__sanitizer_get_current_allocated_bytes)
        return __sanitizer_get_current_allocated_bytes();
    struct mallinfo2 m = mallinfo2();
    return m.uordblks + m.hblkhd;
}

/* `head`, n times `line`, `tail`. */
static const char *flood(const char *head, int n, const char *line, const char *tail)
{
    static char text[LINES];
    size_t at = (size_t)snprintf(text, sizeof text, "%s", head);
    for (int i = 0; i < n; i++)
        at += (size_t)snprintf(text + at, sizeof text - at, "%s", line);
    snprintf(text + at, sizeof text - at, "%s", tail);
    cr_assert_lt(at + strlen(tail), sizeof text);
    return text;
}

/* The read is never answered. Once the flood has passed (`flooded`) no memory holds it, and the read ends at
 * its deadline all the same. */
static void read_outlives(struct rig *r)
{
    rig_open(r);
    size_t before = memory();
    struct rig_io *io = rig_start_timed(r, LUN_OP_READ, 0, 4096, 2000);
    rig_await(r, "flooded");
    size_t now = memory();
    rig_assert(r, now < before + MEMORY_MAX);
    rig_ends(io, LUN_TIMEOUT);
    rig_end(r);
}

Test(hostile_flood, s11_19_nop_ins_that_ask_for_nothing)
{
    read_outlives(
        RIG(flood(OPENED READ, 200, "send NopIn itt=0xffffffff ttt=0xffffffff data=fill(0x55,200000)\n",
                  "mark flooded\n" ABORTED)));
}

/* Half of each is sent before the next answer is due: none is kept. */
Test(hostile_flood, s11_9_asynchronous_messages)
{
    read_outlives(RIG(
        flood(OPENED READ, 200, "send Async event=248 data=fill(0xaa,200000)\n", "mark flooded\n" ABORTED)));
}

/* Rejects that say a NOP-Out came too soon, of which none was sent, end nothing and keep nothing. */
Test(hostile_flood, s11_17_rejects)
{
    read_outlives(RIG(
        flood(OPENED READ, 200, "send Reject reason=0x06 data=zeros(200000)\n", "mark flooded\n" ABORTED)));
}

/* Without end, and the target hears nothing: the command's deadline, then that of its ABORT TASK. */
Test(hostile_flood, s7_7_nop_ins_without_end)
{
    struct rig *r =
        RIG(flood(OPENED READ, 200, "send NopIn itt=0xffffffff ttt=0xffffffff data=fill(0x55,200000)\n",
                  "mark flooded\nsend NopIn itt=0xffffffff ttt=0xffffffff\nrepeat 1\n"));
    rig_open(r);
    size_t before = memory();
    struct rig_io *io = rig_start_timed(r, LUN_OP_READ, 0, 4096, 1000);
    rig_await(r, "flooded");
    rig_assert(r, memory() < before + MEMORY_MAX);
    rig_lost(r, LUN_TIMEOUT, "ABORT TASK");
    rig_close(r);
    rig_fails(io);
    rig_end(r);
}

static void given_up(struct rig *r, enum lun_op op, size_t n, enum lun_layer layer, const char *words)
{
    rig_open(r);
    size_t before = memory();
    struct rig_io *io = rig_start(r, op, 0, n);
    rig_lost(r, layer, words);
    rig_signal(r, "gone");
    rig_assert(r, memory() < before + MEMORY_MAX);
    rig_close(r);
    rig_fails(io);
    rig_end(r);
}

/* Each wants an answer, and none is taken: answers that wait are bounded. */
Test(hostile_flood, s11_19_nop_ins_that_all_ask)
{
    given_up(RIG(OPENED READ "send NopIn itt=0xffffffff ttt=1\nrepeat 1\n"), LUN_OP_READ, 4096, LUN_PROTOCOL,
             "NOP-Ins");
}

/* MaxOutstandingR2T holds: more than that, with the data of none taken, is a breach. */
Test(hostile_flood, s13_17_r2ts)
{
    static char text[LINES];
    size_t at = (size_t)snprintf(text, sizeof text,
                                 "login MaxBurstLength=262144 MaxOutstandingR2T=4\nserve opened\n"
                                 "expect ScsiCommand as=w cdb=write(0,1024) data=*\n");
    for (int i = 0; i < 200; i++)
        at += (size_t)snprintf(text + at, sizeof text - at,
                               "send R2T to=w r2tsn=%d ttt=%d offset=0 length=262144\n", i, i + 1);
    snprintf(text + at, sizeof text - at, "wait gone\nclose\n");
    given_up(RIG(text), LUN_OP_WRITE, 524288, LUN_PROTOCOL, "MaxOutstandingR2T");
}

/* ---- Promises ---- */

/* A window that never opens: nothing is sent, and the request ends at its deadline; the session goes on. */
Test(hostile_flood, s4_2_2_1_window_that_never_opens)
{
    struct rig *r = RIG("window 1\n"
                        "login\n"
                        "serve opened\n"
                        "expect ScsiCommand cdb=read(0,1)\n"
                        "window 0\n"
                        "send DataIn data=pattern(0,512) S=1\n"
                        "wait ended\n"
                        "ping\n"
                        "mark quiet\n");
    rig_open(r);
    rig_read(r, 0, 512);
    rig_ends(rig_start_timed(r, LUN_OP_READ, 4096, 512, 500), LUN_TIMEOUT);
    rig_signal(r, "ended");
    rig_await(r, "quiet");
    rig_end(r);
}

/* Answered, and answered again. */
Test(hostile_flood, s11_7_data_for_a_finished_task)
{
    struct rig *r = RIG(OPENED READ "send DataIn data=pattern(0,4096) S=1\n"
                                    "wait finished\n"
                                    "send DataIn to=r data=pattern(0,4096) S=1\n"
                                    "expect-close\n");
    rig_open(r);
    rig_read(r, 0, 4096);
    rig_signal(r, "finished");
    rig_lost(r, LUN_PROTOCOL, "does not exist");
    rig_end(r);
}

Test(hostile_flood, s11_4_status_for_a_finished_task)
{
    struct rig *r = RIG(OPENED READ "send DataIn data=pattern(0,4096) S=1\n"
                                    "wait finished\n"
                                    "send ScsiResponse to=r status=2\n"
                                    "expect-close\n");
    rig_open(r);
    rig_read(r, 0, 4096);
    rig_signal(r, "finished");
    rig_lost(r, LUN_PROTOCOL, "does not exist");
    rig_end(r);
}

Test(hostile_flood, s11_4_7_sense_beyond_the_segment)
{
    given_up(RIG(OPENED READ "send ScsiResponse status=2 data=hex(ffff700006)\nexpect-close\n"), LUN_OP_READ,
             4096, LUN_PROTOCOL, "65535 bytes of sense");
}

/* A list of LUNs that is said to be longer than what was asked for, each time anew: asked for again only a
 * few times, with memory that has a bound, and what did come is used. */
Test(hostile_flood, lun_list_that_always_grows)
{
    struct rig *r =
        RIG("login\n"
            "expect ScsiCommand as=l cdb=a0*\n"
            "send DataIn to=l U=1 residual=@l.edtl-16 data=hex(00fffff8000000000000000000000000) S=1\n"
            "repeat 2\n");
    size_t before = memory();
    r->options.login_timeout_ms = 3000;
    r->target = lun_target_new(r->pool, &r->options, &r->error);
    rig_assert(r, r->target);
    lun_target_open_wait(r->target, &r->error);
    rig_assert(r, memory() < before + 4 * MEMORY_MAX);
    rig_end(r);
}

/* ---- Silence in the middle ---- */

static void silent_after(const char *bytes)
{
    struct rig *r = RIG(flood(OPENED READ, 1, bytes, "expect NopOut ttt=0xffffffff I=1\nexpect-close\n"));
    r->options.nop_interval_ms = 200;
    r->options.nop_timeout_ms = 500;
    given_up(r, LUN_OP_READ, 4096, LUN_TIMEOUT, "NOP-Out");
}

/* Bytes that are no PDU are no sign of life. */
Test(hostile_flood, s7_14_silence_inside_a_header)
{
    silent_after("send DataIn data=pattern(0,4096) S=1 cut=47\n");
}

Test(hostile_flood, s7_14_silence_inside_the_data)
{
    silent_after("send DataIn data=pattern(0,4096) S=1 cut=4000\n");
}

/* A byte at a time is a stream like any other. */
Test(hostile_flood, s11_2_one_byte_at_a_time)
{
    struct rig *r = RIG(OPENED READ "send NopIn itt=0xffffffff data=fill(1,1000) split=1\n"
                                    "send DataIn to=r data=pattern(0,4096) S=1 split=1\n");
    rig_open(r);
    rig_read(r, 0, 4096);
    rig_end(r);
}

/* ---- Login ---- */

static void login_refused(const char *text, const char *words)
{
    struct rig *r = RIG(text);
    size_t before = memory();
    rig_refused(r, LUN_PROTOCOL, words);
    rig_assert(r, memory() < before + MEMORY_MAX);
    rig_end(r);
}

/* Text that goes on, with C=1. */
Test(hostile_flood, s6_2_login_text_without_end)
{
    login_refused("expect LoginRequest\n"
                  "send LoginResponse T=0 C=1 data=fill(0x41,8192)\n"
                  "repeat 2\n",
                  "65536 bytes");
}

/* C=1 and nothing with it. */
Test(hostile_flood, s6_2_login_text_that_never_comes)
{
    login_refused("expect LoginRequest\n"
                  "send LoginResponse T=0 C=1\n"
                  "repeat 2\n",
                  "64 requests");
}
