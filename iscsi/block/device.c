/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A target opened and closed: sessions first, then its units; and on the way out, requests drained, caches
 * flushed, sessions logged out. Home loop, but for lun_target_new and lun_target_free.
 */
#include "block/device.h"

#include <errno.h>
#include <stdlib.h>

#include "block/outage.h"
#include "block/scan.h"

#define LOGOUT_MS 2000
#define FLUSH_MS 10000
#define CANCEL_MS                                                                                            \
    3000 /* what a close cuts short has this long to be aborted, before the caches are flushed */
#define REVISIT_MS 10000
#define REVISIT_AWAY_MS 1000 /* while requests wait for it */

static struct units *make_units(struct lun_target *t);
static void ended(struct lun_target *t, const struct lun_error *why);

/* ---- what the sessions tell -------------------------------------------------------------------------- */

static void up(struct lun_target *t)
{
    struct units *all = units_of(t);
    all->announce = true;
    if (all->opening)
        timer_arm(&t->loop->timers, &all->patience, t->open_until);
    scan_list(t);
}

/* Nothing waits any longer: every request that has no task in flight ends. */
static void set_offline(struct lun_target *t, const struct lun_error *e)
{
    struct units *all = units_of(t);
    request_cancel_all(all->probe, e);
    for (size_t i = 0; i < all->count; i++) {
        struct lun_unit *u = all->at[i];
        if (u->info.state != LUN_UNIT_GONE) {
            u->info.state = LUN_UNIT_OFFLINE;
            u->info.error = *e;
        }
        outage_drop(u);
        request_cancel_all(u, e);
    }
}

static void losing(struct lun_target *t, const struct lun_error *e)
{
    struct units *all = units_of(t);
    if (!all->lost_since)
        all->lost_since = loop_clock();
    outage_begin(t, e);
}

static void hopeless(struct lun_target *t, const struct lun_error *e)
{
    char line[LUN_ERROR_LINE];
    pool_log(t->pool, LUN_LOG_ERROR, "target %s does not take us back, and I/O fails: %s", t->o.iqn,
             lun_error_line(e, line));
    outage_end(t, e);
}

/* Units that are away wait; for the others, and for the library's own requests, it is over. */
static void set_away(struct lun_target *t, const struct lun_error *e)
{
    struct units *all = units_of(t);
    request_cancel_all(all->probe, e);
    for (size_t i = 0; i < all->count; i++)
        if (all->at[i]->away_until)
            request_cancel_internal(all->at[i], e);
        else
            request_cancel_all(all->at[i], e);
}

static void down(struct lun_target *t, const struct lun_error *e)
{
    struct units *all = units_of(t);
    struct lun_error why = *e;
    if (t->state == TARGET_CLOSED) { /* never came up */
        ended(t, &why);
        return;
    }
    if (all->opening) { /* lost before its units were known: nothing is retried at the start */
        all->open_error = why;
        set_offline(t, &why);
        target_stop(t, LOGOUT_MS);
        return;
    }
    char line[LUN_ERROR_LINE];
    set_away(t, &why);
    if (all->announce) { /* its return has not been told either: it fell over the first it was asked */
        pool_log(t->pool, LUN_LOG_DEBUG, "target %s lost again: %s", t->o.iqn, lun_error_line(&why, line));
        return;
    }
    pool_log(t->pool, LUN_LOG_ERROR, "target %s lost: %s", t->o.iqn, lun_error_line(&why, line));
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
    struct lun_error e;
    error_set(&e, LUN_CANCELLED, 0, false, "target %s is closed", t->o.iqn);
    set_offline(t, &e);
    ended(t, &all->open_error);
}

static void sense(struct lun_target *t, uint64_t lun, const uint8_t *bytes, size_t n)
{
    struct units *all = units_of(t);
    for (size_t i = 0; i < all->count; i++)
        if (all->at[i]->field == lun)
            retry_heed(all->at[i], bytes, n);
}

static const struct target_client client = {up, losing, hopeless, down, room, sense, closed};

/* ---- opening ----------------------------------------------------------------------------------------- */

/* What the library keeps in a call. */
struct call {
    struct lun_message message;
    struct list link; /* units.closing */
    struct lun_target *target;
    uint32_t drain_ms;
};
_Static_assert(sizeof(struct call) <= sizeof((struct lun_call *)0)->private_,
               "struct lun_call.private_ is too small");

static struct lun_call *lun_call_of(struct call *c)
{
    return LIST_OF(c, struct lun_call, private_);
}

/* The call is the caller's again once done runs; the target may be freed as soon as its close is done. */
static void end_call(struct lun_call *call, const struct lun_error *e)
{
    if (!call)
        return;
    call->error = e ? *e : (struct lun_error){0};
    call->done(call);
}

/* The target is CLOSED: ends every call that waits for that. Touches nothing of the target once the first
 * done has run. */
static void ended(struct lun_target *t, const struct lun_error *why)
{
    struct units *all = units_of(t);
    struct lun_call *opening = all->opening;
    struct lun_error e = *why;
    struct list closing;
    all->draining = all->announce = false;
    all->lost_since = 0;
    timer_disarm(&t->loop->timers, &all->drain);
    timer_disarm(&t->loop->timers, &all->revisit);
    timer_disarm(&t->loop->timers, &all->replacement);
    timer_disarm(&t->loop->timers, &all->patience);
    loop_undefer(&all->closer);
    all->opening = NULL;
    list_init(&closing);
    list_splice(&closing, &all->closing);
    end_call(opening, &e);
    struct list *node;
    while ((node = list_pop(&closing)))
        end_call(lun_call_of(LIST_OF(node, struct call, link)), NULL);
}

static void tell_up(struct lun_target *t, bool first)
{
    units_of(t)->lost_since = 0;
    if (!first)
        pool_log(t->pool, LUN_LOG_NOTICE, "target %s is back", t->o.iqn);
    struct lun_event event = {.kind = LUN_EVENT_TARGET_UP, .target = t};
    pool_event(t->pool, &event);
}

void device_revisit(struct lun_target *t)
{
    struct units *all = units_of(t);
    uint64_t when = loop_clock() + (outage_is_on(t) ? REVISIT_AWAY_MS : REVISIT_MS) * 1000000ull;
    if (t->state == TARGET_OPEN && (!timer_armed(&all->revisit) || all->revisit.deadline > when))
        timer_arm(&t->loop->timers, &all->revisit, when);
}

static void revisit(struct timer *timer, uint64_t now)
{
    struct units *all = LIST_OF(timer, struct units, revisit);
    struct lun_target *t = all->target;
    if (t->state != TARGET_OPEN || all->draining)
        return;
    if (all->relist || outage_is_on(t)) { /* a target that is being set up may list them only now */
        scan_list(t);
        return;
    }
    for (size_t i = 0; i < all->count; i++)
        if (all->at[i]->info.state == LUN_UNIT_OFFLINE)
            scan_unit(all->at[i]);
}

void device_scanned(struct lun_target *t, const struct lun_error *e)
{
    struct units *all = units_of(t);
    if (t->state != TARGET_OPEN)
        return; /* lost or closed meanwhile, and that is being dealt with */
    bool again = all->relist;
    all->relist = e != NULL;
    if (!e) {
        struct lun_call *opening = all->opening;
        bool announce = all->announce;
        if (announce || !outage_is_on(t)) /* else it would be tried each second */
            sessions_fit(t);
        if (outage_is_on(t))
            device_revisit(t);
        all->opening = NULL;
        all->announce = false;
        timer_disarm(&t->loop->timers, &all->patience);
        if (announce)
            tell_up(t, opening != NULL);
        end_call(opening, NULL);
        return;
    }
    if (!all->opening) {
        char line[LUN_ERROR_LINE];
        pool_log(t->pool, again ? LUN_LOG_DEBUG : LUN_LOG_ERROR, "target %s: %s", t->o.iqn,
                 lun_error_line(e, line));
        device_revisit(t);
        return;
    }
    all->open_error = *e;
    target_stop(t, LOGOUT_MS);
}

/* login_timeout after the opening began, and the logins, which have the same deadline, went well. A unit that
 * keeps silent holds up no other: its scan goes on. */
static void patience_over(struct timer *timer, uint64_t now)
{
    struct units *all = LIST_OF(timer, struct units, patience);
    struct lun_target *t = all->target;
    struct lun_error e;
    if (!all->opening || t->state != TARGET_OPEN)
        return;
    if (scan_is_listed(t)) {
        pool_log(t->pool, LUN_LOG_WARNING,
                 "target %s: LUNs have not answered within %u ms; each appears when it does", t->o.iqn,
                 t->o.login_timeout_ms);
        device_scanned(t, NULL);
        return;
    }
    error_set(&e, LUN_TIMEOUT, 0, true, "portal %s, target %s: REPORT LUNS not answered within %u ms",
              t->addresses[t->address].text, t->o.iqn, t->o.login_timeout_ms);
    request_cancel_all(all->probe, &e); /* the scan ends with it, and so does the opening */
}

static void open_here(struct lun_message *m)
{
    struct call *c = LIST_OF(m, struct call, message);
    struct lun_target *t = c->target;
    if (t->state != TARGET_CLOSED) {
        struct lun_error e;
        error_set(&e, LUN_USAGE, EBUSY, false, "target %s is open already", t->o.iqn);
        end_call(lun_call_of(c), &e);
        return;
    }
    struct units *all = units_of(t);
    all->opening = lun_call_of(c);
    all->open_error = (struct lun_error){0};
    target_start(t);
}

static void post(struct lun_target *t, struct lun_call *call, void (*fn)(struct lun_message *m),
                 uint32_t drain_ms)
{
    struct call *c = (struct call *)call->private_;
    *c = (struct call){.message.fn = fn, .target = t, .drain_ms = drain_ms};
    list_init(&c->link);
    lun_loop_post(t->loop, &c->message);
}

void lun_target_open(struct lun_target *t, struct lun_call *call)
{
    post(t, call, open_here, 0);
}

/* ---- closing ----------------------------------------------------------------------------------------- */

/* One flush after another, then the logout. */
static void flush_done(struct lun_io *io)
{
    struct lun_unit *u = io->user;
    char line[LUN_ERROR_LINE];
    if (io->error.layer != LUN_OK)
        pool_log(u->target->pool, LUN_LOG_ERROR, "cache not flushed at close: %s",
                 lun_error_line(&io->error, line));
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

/* The next stage of the close, once nothing is in flight. At the end of a turn, with nothing of the target on
 * the stack: the target may be freed as soon as it is closed. */
static void close_on(struct loop_deferred *d)
{
    struct units *all = LIST_OF(d, struct units, closer);
    struct lun_target *t = all->target;
    if (!all->draining || all->requests || t->state == TARGET_CLOSING || t->state == TARGET_CLOSED)
        return;
    if (!all->flushed && t->state == TARGET_OPEN) {
        all->flushed = true;
        timer_arm(&t->loop->timers, &all->drain, loop_clock() + FLUSH_MS * 1000000ull);
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
    struct units *all = units_of(t);
    if (all->draining && !all->requests)
        loop_defer(t->loop, &all->closer);
}

/* The first time requests are in the way, the second time their aborts or the flushes. */
static void drain_late(struct timer *timer, uint64_t now)
{
    struct units *all = LIST_OF(timer, struct units, drain);
    bool again = all->cut || all->flushed;
    struct lun_error e;
    error_set(&e, LUN_CANCELLED, 0, false, "target %s is being closed", all->target->o.iqn);
    all->cut = true;
    for (size_t i = 0; i < all->count; i++)
        request_cancel_all(all->at[i], &e);
    request_cancel_all(all->probe, &e);
    if (!again) {
        timer_arm(&all->target->loop->timers, timer, now + CANCEL_MS * 1000000ull);
        loop_defer(all->target->loop, &all->closer);
        return;
    }
    if (all->target->state != TARGET_CLOSING && all->target->state != TARGET_CLOSED)
        target_stop(all->target, LOGOUT_MS);
}

static void close_here(struct lun_message *m)
{
    struct call *c = LIST_OF(m, struct call, message);
    struct lun_target *t = c->target;
    struct units *all = units_of(t);
    if (t->state == TARGET_CLOSED) {
        end_call(lun_call_of(c), NULL);
        return;
    }
    list_append(&all->closing, &c->link);
    if (all->opening && all->open_error.layer == LUN_OK)
        error_set(&all->open_error, LUN_CANCELLED, 0, false, "target %s was closed while it was opened",
                  t->o.iqn);
    if (t->state == TARGET_CLOSING)
        return; /* ends with the close under way */
    /* The most impatient of several callers decides. */
    uint64_t when = loop_clock() + c->drain_ms * 1000000ull;
    if (!all->draining)
        all->flushed = all->cut = false;
    if (!all->draining || (!all->flushed && !all->cut && when < all->drain.deadline))
        timer_arm(&t->loop->timers, &all->drain, when);
    all->draining = true;
    loop_defer(t->loop, &all->closer);
}

void lun_target_close(struct lun_target *t, uint32_t drain_ms, struct lun_call *call)
{
    post(t, call, close_here, drain_ms);
}

/* ---- making and freeing ------------------------------------------------------------------------------ */

static struct units *make_units(struct lun_target *t)
{
    struct units *all = calloc(1, sizeof *all);
    if (!all)
        return NULL;
    all->target = t;
    all->drain.fire = drain_late;
    all->revisit.fire = revisit;
    all->replacement.fire = outage_late;
    all->patience.fire = patience_over;
    all->closer.run = close_on;
    list_init(&all->closer.link);
    list_init(&all->closing);
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

static void nothing(void *arg)
{
}

/* A request may be done, and its owner here, before the loop has left the code that ended it: once the loop
 * takes this, it has. */
void lun_target_free(struct lun_target *t)
{
    if (!t)
        return;
    if (t->pool)
        lun_loop_run(t->loop, nothing, NULL);
    struct units *all = units_of(t);
    for (size_t i = 0; i < all->count; i++)
        unit_free(all->at[i]);
    unit_free(all->probe);
    free(all->at);
    free(all);
    target_free(t);
}
