/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A target opened and closed: sessions first, then its units; and on the way out, requests drained, caches
 * flushed, sessions logged out. Home loop, but for lun_target_new and lun_target_free.
 */
#include "block/device.h"

#include <errno.h>
#include <stdlib.h>

#include "block/request.h"
#include "block/scan.h"

#define LOGOUT_MS 2000
#define FLUSH_MS 10000

static struct units *make_units(struct lun_target *t);
static void end_call(struct lun_call **slot, const struct lun_error *e);

/* ---- what the sessions tell -------------------------------------------------------------------------------
 */

static void up(struct lun_target *t)
{
    scan_list(t);
}

static void set_offline(struct lun_target *t, const struct lun_error *e)
{
    struct units *all = units_of(t);
    for (size_t i = 0; i < all->count; i++) {
        struct lun_unit *u = all->at[i];
        if (u->info.state == LUN_UNIT_GONE)
            continue;
        u->info.state = LUN_UNIT_OFFLINE;
        u->info.error = *e;
        /* Nothing waits for a target that is lost. */
        request_cancel_all(u);
    }
}

static void down(struct lun_target *t, const struct lun_error *e)
{
    struct units *all = units_of(t);
    struct lun_error why = *e;
    if (t->state == TARGET_CLOSED) { /* never came up */
        end_call(&all->opening, &why);
        end_call(&all->closing, NULL);
        return;
    }
    if (all->opening) { /* lost before its units were known: nothing is retried at the start */
        all->open_error = why;
        set_offline(t, &why);
        target_stop(t, LOGOUT_MS);
        return;
    }
    pool_log(t->pool, LUN_LOG_ERROR, "target %s lost: %s", t->o.iqn, why.text);
    set_offline(t, &why);
    struct lun_event event = {.kind = LUN_EVENT_TARGET_DOWN, .target = t, .error = &why};
    pool_event(t->pool, &event);
}

static void room(struct lun_target *t)
{
    struct units *all = units_of(t);
    request_room(all->probe);
    for (size_t i = 0; i < all->count; i++)
        request_room(all->at[i]);
}

static void closed(struct lun_target *t)
{
    struct units *all = units_of(t);
    all->draining = false;
    timer_disarm(&t->loop->timers, &all->drain);
    end_call(&all->opening, &all->open_error);
    end_call(&all->closing, NULL);
}

static const struct target_client client = {up, down, room, closed};

/* ---- opening ----------------------------------------------------------------------------------------------
 */

static void end_call(struct lun_call **slot, const struct lun_error *e)
{
    struct lun_call *call = *slot;
    *slot = NULL;
    if (!call)
        return;
    call->error = e ? *e : (struct lun_error){0};
    call->done(call);
}

static void tell_up(struct lun_target *t, bool first)
{
    if (!first)
        pool_log(t->pool, LUN_LOG_NOTICE, "target %s is back", t->o.iqn);
    struct lun_event event = {.kind = LUN_EVENT_TARGET_UP, .target = t};
    pool_event(t->pool, &event);
}

void device_scanned(struct lun_target *t, const struct lun_error *e)
{
    struct units *all = units_of(t);
    if (t->state != TARGET_OPEN)
        return; /* lost or closed meanwhile, and that is being dealt with */
    if (!e) {
        tell_up(t, all->opening != NULL);
        end_call(&all->opening, NULL);
        return;
    }
    pool_log(t->pool, LUN_LOG_ERROR, "target %s: %s", t->o.iqn, e->text);
    if (all->opening) {
        all->open_error = *e;
        target_stop(t, LOGOUT_MS);
    }
}

static void open_here(struct lun_message *m)
{
    struct units *all = LIST_OF(m, struct units, message);
    struct lun_target *t = all->target;
    if (t->state != TARGET_CLOSED) {
        struct lun_error e;
        error_set(&e, LUN_USAGE, EBUSY, false, "target %s is open already", t->o.iqn);
        end_call(&all->opening, &e);
        return;
    }
    target_start(t);
}

void lun_target_open(struct lun_target *t, struct lun_call *call)
{
    struct units *all = units_of(t);
    all->opening = call;
    all->message.fn = open_here;
    lun_loop_post(t->loop, &all->message);
}

/* ---- closing ----------------------------------------------------------------------------------------------
 */

/* One flush after another, then the logout. */
static void flush_done(struct lun_io *io)
{
    struct lun_unit *u = io->user;
    if (io->error.layer != LUN_OK)
        pool_log(u->target->pool, LUN_LOG_ERROR, "cache not flushed at close: %s", io->error.text);
    free(io);
}

static void flush_units(struct lun_target *t)
{
    struct units *all = units_of(t);
    for (size_t i = 0; i < all->count; i++) {
        struct lun_unit *u = all->at[i];
        if (u->info.state != LUN_UNIT_ONLINE || u->info.writes == 0 || !u->info.volatile_cache)
            continue;
        struct lun_io *io = calloc(1, sizeof *io);
        if (!io)
            continue;
        *io = (struct lun_io){.done = flush_done, .user = u, .op = LUN_OP_FLUSH, .timeout_ms = FLUSH_MS};
        request_submit(u, io, true);
    }
}

/* Called whenever something ended: the next stage of the close, once nothing is in flight. */
static void close_on(struct lun_target *t)
{
    struct units *all = units_of(t);
    if (!all->closing || all->requests || t->state == TARGET_CLOSING || t->state == TARGET_CLOSED)
        return;
    if (!all->flushed && t->state == TARGET_OPEN) {
        all->flushed = true;
        all->requests++; /* flushes that end at once must not come back here before all are out */
        flush_units(t);
        all->requests--;
        if (all->requests)
            return;
    }
    timer_disarm(&t->loop->timers, &all->drain);
    target_stop(t, LOGOUT_MS);
}

void device_request_ended(struct lun_target *t)
{
    if (units_of(t)->closing)
        close_on(t);
}

static void drain_late(struct timer *timer, uint64_t now)
{
    struct units *all = LIST_OF(timer, struct units, drain);
    all->flushed = true;
    for (size_t i = 0; i < all->count; i++)
        request_cancel_all(all->at[i]);
    request_cancel_all(all->probe);
    if (all->target->state != TARGET_CLOSING && all->target->state != TARGET_CLOSED)
        target_stop(all->target, LOGOUT_MS);
}

static void close_here(struct lun_message *m)
{
    struct units *all = LIST_OF(m, struct units, message);
    struct lun_target *t = all->target;
    all->closing = all->asked;
    if (t->state == TARGET_CLOSED) {
        end_call(&all->closing, NULL);
        return;
    }
    if (t->state == TARGET_CLOSING)
        return; /* ends with the close under way */
    all->draining = true;
    all->flushed = false;
    timer_arm(&t->loop->timers, &all->drain, loop_clock() + all->drain_ms * 1000000ull);
    close_on(t);
}

void lun_target_close(struct lun_target *t, uint32_t drain_ms, struct lun_call *call)
{
    struct units *all = units_of(t);
    /* Not `closing` yet: a caller that was just told that its open failed must not have its close ended by
     * what is left of that same turn of the loop, and free the target under the message. */
    all->asked = call;
    all->drain_ms = drain_ms;
    all->message.fn = close_here;
    lun_loop_post(t->loop, &all->message);
}

/* ---- making and freeing -----------------------------------------------------------------------------------
 */

static struct units *make_units(struct lun_target *t)
{
    struct units *all = calloc(1, sizeof *all);
    if (!all)
        return NULL;
    all->target = t;
    all->drain.fire = drain_late;
    all->probe = unit_new(t, 0, 0);
    if (!all->probe) {
        free(all);
        return NULL;
    }
    return all;
}

struct lun_target *lun_target_new(struct lun_pool *p, const struct lun_target_options *o, struct lun_error *e)
{
    struct lun_target *t = target_new(p, o, &client, e);
    if (!t)
        return NULL;
    t->client_data = make_units(t);
    if (!t->client_data) {
        error_set(e, LUN_SYSTEM, ENOMEM, true, "no memory for a target");
        target_free(t);
        return NULL;
    }
    return t;
}

void lun_target_free(struct lun_target *t)
{
    if (!t)
        return;
    struct units *all = units_of(t);
    for (size_t i = 0; i < all->count; i++)
        unit_free(all->at[i]);
    unit_free(all->probe);
    free(all->at);
    free(all);
    target_free(t);
}
