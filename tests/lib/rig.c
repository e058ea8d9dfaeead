/* SPDX-License-Identifier: Apache-2.0 */
/* The library facing a scripted target; see rig.h. The test's thread, but for the pool's callbacks. */
#include "rig.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <criterion/criterion.h>

#include "pool/target.h"

static void on_event(void *user, const struct lun_event *event)
{
    struct rig *r = user;
    if (event->kind == LUN_EVENT_TARGET_DOWN && r->down.layer == LUN_OK && event->error) {
        r->down = *event->error;
        sem_post(&r->is_down);
    }
    if (event->kind == LUN_EVENT_UNIT_ADDED)
        sem_post(&r->is_added);
    if (event->kind == LUN_EVENT_UNIT_CHANGED)
        sem_post(&r->is_changed);
}

static void on_log(void *user, enum lun_log_level level, const char *text)
{
    struct rig *r = user;
    size_t n = strlen(r->log);
    snprintf(r->log + n, sizeof r->log - n, "%s\n", text);
}

static void wait_for(sem_t *s)
{
    while (sem_wait(s) < 0 && errno == EINTR)
        ;
}

void rig_complain(struct rig *r, const char *format, ...)
{
    char text[600];
    va_list args;
    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    char *story = script_story(r->script);
    snprintf(r->complaint, sizeof r->complaint, "%s\n%s", text, story);
    free(story);
    cr_assert_fail("%s", r->complaint);
}

struct rig *rig_new(const char *text, const char *file, int line)
{
    struct rig *r = calloc(1, sizeof *r);
    r->before = holdings_count();
    r->script = script_new(text, file, line);
    sem_init(&r->is_down, 0, 0);
    sem_init(&r->is_changed, 0, 0);
    sem_init(&r->is_added, 0, 0);
    snprintf(r->portal, sizeof r->portal, "127.0.0.1:%u", script_port(r->script));
    r->portals[0] = r->portal;
    r->options = (struct lun_target_options){
        .iqn = RIG_IQN,
        .portals = r->portals,
        .portal_count = 1,
        .on_outage = LUN_OUTAGE_FAIL,
        .portal_group = -1,
        .login_timeout_ms = 20000, /* as all here: against hanging, not to be reached */
        .io_timeout_ms = 25000,
        .nop_interval_ms = UINT32_MAX,
        .sessions = 1, /* a script is a conversation with one */
    };
    struct lun_pool_options o = {.initiator_name = RIG_INITIATOR,
                                 .instance = "wire test",
                                 .event = on_event,
                                 .log = on_log,
                                 .user = r};
    r->pool = lun_pool_new(&o, &r->error);
    cr_assert(r->pool, "%s", r->error.text);
    return r;
}

static void find_unit(void *arg)
{
    struct rig *r = arg;
    struct lun_unit *const *units;
    if (lun_target_units(r->target, &units))
        r->unit = units[0];
}

void rig_open(struct rig *r)
{
    r->target = lun_target_new(r->pool, &r->options, &r->error);
    if (r->target && r->first_cmdsn)
        r->target->first_cmdsn = r->first_cmdsn;
    if (!r->target || !lun_target_open_wait(r->target, &r->error))
        rig_complain(r, "open: %s: %s", lun_layer_name(r->error.layer), r->error.text);
    lun_loop_run(lun_target_loop(r->target), find_unit, r);
    if (!r->unit)
        rig_complain(r, "no unit was found");
    rig_signal(r, "opened");
}

static void check_error(struct rig *r, const struct lun_error *e, enum lun_layer layer, const char *words)
{
    if (e->layer != layer || !strstr(e->text, words))
        rig_complain(r, "expected an error of %s with \"%s\", got %s: %s", lun_layer_name(layer), words,
                     lun_layer_name(e->layer), e->text);
}

void rig_refused(struct rig *r, enum lun_layer layer, const char *words)
{
    r->target = lun_target_new(r->pool, &r->options, &r->error);
    if (r->target && lun_target_open_wait(r->target, &r->error))
        rig_complain(r, "opening worked");
    check_error(r, &r->error, layer, words);
}

void rig_lost(struct rig *r, enum lun_layer layer, const char *words)
{
    wait_for(&r->is_down);
    check_error(r, &r->down, layer, words);
}

void rig_changed(struct rig *r)
{
    wait_for(&r->is_changed);
}

void rig_added(struct rig *r)
{
    wait_for(&r->is_added);
}

void rig_close(struct rig *r)
{
    struct lun_error e;
    if (r->target)
        lun_target_close_wait(r->target, 0, &e);
}

void rig_close_slowly(struct rig *r)
{
    if (!lun_target_close_wait(r->target, 20000, &r->error))
        rig_complain(r, "close: %s: %s", lun_layer_name(r->error.layer), r->error.text);
}

void rig_end(struct rig *r)
{
    struct lun_error e;
    if (r->target)
        lun_target_close_wait(r->target, 10000, &e);
    lun_target_free(r->target);
    lun_pool_free(r->pool);
    const char *failure = script_finish(r->script);
    cr_assert(!failure, "%s", failure);
    script_free(r->script);
    sem_destroy(&r->is_down);
    sem_destroy(&r->is_changed);
    sem_destroy(&r->is_added);
    struct holdings now = holdings_settled(r->before);
    cr_assert_eq(now.threads, r->before.threads, "threads: %d, before %d", now.threads, r->before.threads);
    cr_assert_eq(now.descriptors, r->before.descriptors, "descriptors: %d, before %d", now.descriptors,
                 r->before.descriptors);
    free(r);
}

/* ---- Requests ---- */

void rig_read(struct rig *r, uint64_t offset, size_t n)
{
    uint8_t *got = calloc(1, n), *want = malloc(n);
    ssize_t moved = lun_pread(r->unit, got, n, offset, &r->error);
    if (moved < 0)
        rig_complain(r, "read: %s: %s", lun_layer_name(r->error.layer), r->error.text);
    if ((size_t)moved != n)
        rig_complain(r, "read %zd bytes of %zu", moved, n);
    script_pattern(want, offset, n);
    for (size_t i = 0; i < n; i++)
        if (got[i] != want[i])
            rig_complain(r, "byte %zu read is 0x%02x, not 0x%02x", i, got[i], want[i]);
    free(got);
    free(want);
}

void rig_write(struct rig *r, uint64_t offset, size_t n)
{
    uint8_t *data = malloc(n);
    script_pattern(data, offset, n);
    ssize_t moved = lun_pwrite(r->unit, data, n, offset, &r->error);
    if (moved < 0)
        rig_complain(r, "write: %s: %s", lun_layer_name(r->error.layer), r->error.text);
    if ((size_t)moved != n)
        rig_complain(r, "wrote %zd bytes of %zu", moved, n);
    free(data);
}

void rig_read_fails(struct rig *r, uint64_t offset, size_t n, enum lun_layer layer, int code)
{
    uint8_t *got = calloc(1, n);
    ssize_t moved = lun_pread(r->unit, got, n, offset, &r->error);
    if (moved >= 0)
        rig_complain(r, "read worked: %zd bytes", moved);
    if (r->error.layer != layer || r->error.code != code)
        rig_complain(r, "expected %s 0x%x, got %s 0x%x: %s", lun_layer_name(layer), (unsigned)code,
                     lun_layer_name(r->error.layer), (unsigned)r->error.code, r->error.text);
    free(got);
}

static void request_done(struct lun_io *io)
{
    sem_post(&((struct rig_io *)io->user)->done);
}

struct rig_io *rig_start_timed(struct rig *r, enum lun_op op, uint64_t offset, size_t n, uint32_t timeout_ms)
{
    struct rig_io *io = calloc(1, sizeof *io + n);
    io->rig = r;
    sem_init(&io->done, 0, 0);
    if (op == LUN_OP_WRITE)
        script_pattern(io->buffer, offset, n);
    io->io = (struct lun_io){.done = request_done,
                             .user = io,
                             .op = op,
                             .offset = offset,
                             .length = n,
                             .buffer = n ? io->buffer : NULL,
                             .timeout_ms = timeout_ms};
    lun_submit(r->unit, &io->io);
    return io;
}

struct rig_io *rig_start(struct rig *r, enum lun_op op, uint64_t offset, size_t n)
{
    return rig_start_timed(r, op, offset, n, 0);
}

static void cancel_here(void *arg)
{
    struct rig_io *io = arg;
    lun_cancel(io->rig->unit, &io->io);
}

void rig_cancel(struct rig_io *io)
{
    lun_loop_run(lun_unit_loop(io->rig->unit), cancel_here, io);
}

static void free_io(struct rig_io *io)
{
    sem_destroy(&io->done);
    free(io);
}

void rig_ends(struct rig_io *io, enum lun_layer layer)
{
    wait_for(&io->done);
    if (io->io.error.layer != layer)
        rig_complain(io->rig, "the request ended with %s: %s; expected %s",
                     lun_layer_name(io->io.error.layer), io->io.error.layer ? io->io.error.text : "",
                     lun_layer_name(layer));
    free_io(io);
}

void rig_ends_with(struct rig_io *io, size_t n, const void *want)
{
    wait_for(&io->done);
    if (io->io.error.layer != LUN_OK)
        rig_complain(io->rig, "%s: %s", lun_layer_name(io->io.error.layer), io->io.error.text);
    if (io->io.transferred != n)
        rig_complain(io->rig, "%zu bytes came, not %zu", io->io.transferred, n);
    if (memcmp(io->buffer, want, n))
        rig_complain(io->rig, "other bytes came");
    free_io(io);
}

void rig_finishes(struct rig_io *io)
{
    wait_for(&io->done);
    free_io(io);
}

void rig_fails(struct rig_io *io)
{
    wait_for(&io->done);
    if (io->io.error.layer == LUN_OK)
        rig_complain(io->rig, "the request was answered well");
    free_io(io);
}

void rig_signal(struct rig *r, const char *name)
{
    script_signal(r->script, name);
}

void rig_await(struct rig *r, const char *mark)
{
    if (!script_await(r->script, mark))
        rig_complain(r, "the script never came to %s", mark);
}
