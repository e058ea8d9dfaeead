/* SPDX-License-Identifier: Apache-2.0 */
/* Requests and units while their target is away; see outage.h. Home loop. */
#include "block/outage.h"

#include <string.h>

#include "block/device.h"

#define MS 1000000ull /* ns */

static struct timer_heap *timers_of(const struct lun_target *t)
{
    return &t->loop->timers;
}

bool outage_is_on(const struct lun_target *t)
{
    return units_of(t)->away != 0;
}

unsigned outage_waiting(const struct lun_unit *u)
{
    unsigned n = 0;
    LIST_EACH(&u->parked, node)
    n++;
    return n;
}

/* ---- parking ----------------------------------------------------------------------------------------- */

/* Into the queue of those that wait for the unit's return. */
static void park(struct request *r)
{
    struct timer_heap *timers = timers_of(r->unit->target);
    timer_disarm(timers, &r->timer);
    list_remove(&r->queue);
    list_append(&r->unit->parked, &r->queue);
    r->wait = WAIT_OUTAGE;
    if (r->timed)
        timer_arm(timers, &r->timer, r->deadline);
}

/* It begins anew when the unit is back, and until then others have its memory and its range. */
static void let_go(struct request *r)
{
    struct lun_loop *l = r->unit->target->loop;
    uint64_t memory = r->memory;
    r->begun = r->again = r->replay = false;
    r->delay = 0;
    r->at = r->reached = 0;
    r->tries = (struct retry_tries){0};
    r->memory = 0;
    lun_buffer_put(l, r->bounce);
    lun_buffer_put(l, r->lent);
    r->bounce = r->lent = NULL;
    if (request_io(r)->op != LUN_OP_READ)
        range_release(r);
    memory_give_back(l, memory);
}

/* Those that wait and have nothing at the target. First all leave their queues, so that what one lets go of
 * is not taken by the next. */
static void park_idle(struct lun_unit *u)
{
    LIST_EACH(&u->requests, node)
    {
        struct request *r = LIST_OF(node, struct request, all);
        if (!r->out && !r->internal && r->wait != WAIT_NOTHING && r->wait != WAIT_OUTAGE)
            park(r);
    }
    LIST_EACH(&u->parked, node)
    {
        struct request *r = LIST_OF(node, struct request, queue);
        if (r->begun)
            let_go(r);
    }
}

/* ---- away -------------------------------------------------------------------------------------------- */

static uint64_t patience(const struct lun_target *t)
{
    uint32_t ms = t->o.replacement_timeout_ms;
    return ms == UINT32_MAX ? TIMER_NEVER : ms * MS;
}

/* Deadlines stand still: those who wait are failed by the outage, not by their own time. */
static void restart_clocks(struct lun_unit *u, uint64_t now)
{
    LIST_EACH(&u->requests, node)
    request_restart_clock(LIST_OF(node, struct request, all), now);
}

static void set_away(struct lun_unit *u, uint64_t until)
{
    if (!u->away_until) {
        units_of(u->target)->away++;
        u->away_until = until;
    }
    restart_clocks(u, TIMER_NEVER);
    park_idle(u);
}

/* Whoever used it must find the same device behind it, whether he waits for that or not. */
static void note_missed(struct lun_unit *u)
{
    const struct lun_unit_info *i = &u->info;
    if (u->missed || i->state != LUN_UNIT_ONLINE)
        return;
    u->missed = true;
    u->home_size = i->size;
    u->home_block = i->block_size;
}

/* The timer fires when the first unit is to be given up. */
static void set_timer(struct lun_target *t)
{
    struct units *all = units_of(t);
    uint64_t first = TIMER_NEVER;
    for (size_t i = 0; i < all->count; i++)
        if (all->at[i]->away_until && all->at[i]->away_until < first)
            first = all->at[i]->away_until;
    if (first == TIMER_NEVER)
        timer_disarm(timers_of(t), &all->replacement);
    else
        timer_arm(timers_of(t), &all->replacement, first);
}

void outage_begin(struct lun_target *t, const struct lun_error *e)
{
    struct units *all = units_of(t);
    uint64_t span = patience(t), until = span == TIMER_NEVER ? TIMER_NEVER : t->loop->now + span;
    bool wait = t->o.on_outage == LUN_OUTAGE_WAIT && !all->opening && !all->draining;
    for (size_t i = 0; i < all->count; i++) {
        struct lun_unit *u = all->at[i];
        if (u->info.state == LUN_UNIT_GONE)
            continue;
        note_missed(u);
        if (wait && (u->info.state == LUN_UNIT_ONLINE || u->away_until))
            set_away(u, until);
        u->info.state = LUN_UNIT_OFFLINE;
        u->info.error = *e;
    }
    set_timer(t);
}

/* ---- the end of waiting ------------------------------------------------------------------------------ */

static void set_here(struct lun_unit *u)
{
    if (u->away_until)
        units_of(u->target)->away--;
    u->away_until = 0;
}

static void give_up(struct lun_unit *u, const struct lun_error *e)
{
    set_here(u);
    u->info.error = *e;
    request_cancel_all(u, e);
}

void outage_end(struct lun_target *t, const struct lun_error *e)
{
    struct units *all = units_of(t);
    for (size_t i = 0; i < all->count; i++)
        if (all->at[i]->away_until)
            give_up(all->at[i], e);
    set_timer(t);
}

/* One line for all units of a target that is lost; a unit that is not back with its target has its own. */
static void log_late(const struct lun_unit *u, bool first, const struct lun_error *e)
{
    struct lun_target *t = u->target;
    char line[LUN_ERROR_LINE];
    if (t->state == TARGET_OPEN)
        pool_log(t->pool, LUN_LOG_ERROR, "target %s, LUN %llu: I/O fails from now on: %s", t->o.iqn,
                 (unsigned long long)u->info.lun, lun_error_line(e, line));
    else if (first)
        pool_log(t->pool, LUN_LOG_ERROR, "target %s: I/O fails from now on: %s", t->o.iqn,
                 lun_error_line(e, line));
}

void outage_late(struct timer *timer, uint64_t now)
{
    struct units *all = LIST_OF(timer, struct units, replacement);
    struct lun_target *t = all->target;
    bool first = true;
    for (size_t i = 0; i < all->count; i++) {
        struct lun_unit *u = all->at[i];
        if (!u->away_until || u->away_until > now)
            continue;
        struct lun_error e = u->info.error;
        e.retry = true;
        error_prefix(&e, "not back within %u s", t->o.replacement_timeout_ms / 1000);
        log_late(u, first, &e);
        first = false;
        give_up(u, &e);
        device_revisit(t);
    }
    set_timer(t);
}

/* ---- the return of a unit ---------------------------------------------------------------------------- */

static bool has_other_capacity(const struct lun_unit *u, const struct lun_unit_info *found)
{
    return u->home_block && (found->size != u->home_size || found->block_size != u->home_block);
}

bool outage_identified(struct lun_unit *u, struct lun_unit_info *found, bool other)
{
    if (found->state != LUN_UNIT_ONLINE) /* it may still be being set up, and is looked at again */
        return other || !u->away_until;
    if (u->missed && u->identity[0] && !found->name_count) {
        error_set(&found->error, LUN_SCSI, 0, true, "LUN %llu does not tell its name any more",
                  (unsigned long long)u->info.lun);
        return false;
    }
    if (!u->missed || !has_other_capacity(u, found))
        return true;
    uint64_t size = found->size;
    uint32_t block = found->block_size;
    *found = u->info;
    found->state = LUN_UNIT_OFFLINE;
    error_set(
        &found->error, LUN_SCSI, 0, false,
        "LUN %llu came back with %llu bytes in blocks of %u, and had %llu in blocks of %u: it is not used "
        "before it is mounted anew",
        (unsigned long long)u->info.lun, (unsigned long long)size, block, (unsigned long long)u->home_size,
        u->home_block);
    return true;
}

/* On from where its session was lost. */
static void go_on(struct request *r)
{
    r->replay = false;
    if (r->unit->info.state != LUN_UNIT_ONLINE)
        request_fail(r, &r->unit->info.error);
    request_continue(r);
}

void outage_over(struct lun_unit *u)
{
    struct lun_target *t = u->target;
    struct list parked;
    list_init(&parked);
    list_splice(&parked, &u->parked);
    set_here(u);
    restart_clocks(u, t->loop->now);
    while (!list_empty(&parked)) {
        struct request *r = LIST_OF(list_pop(&parked), struct request, queue);
        timer_disarm(timers_of(t), &r->timer);
        r->wait = WAIT_NOTHING;
        if (r->begun)
            go_on(r);
        else
            request_begin(r);
    }
    request_room(u);
    if (!outage_is_on(t)) /* else it fires for nothing at worst */
        set_timer(t);
}

void outage_drop(struct lun_unit *u)
{
    set_here(u);
    u->missed = false;
}

/* ---- requests ---------------------------------------------------------------------------------------- */

void outage_wait(struct request *r)
{
    park(r);
    request_restart_clock(r, TIMER_NEVER);
}

bool outage_replay(struct request *r, const struct task *t)
{
    const struct lun_unit *u = r->unit;
    uint64_t now = u->target->loop->now, most = patience(u->target);
    if (r->stop || r->internal || t->ended != LUN_OK || !u->away_until)
        return false;
    if (!r->lost_at)
        r->lost_at = now;
    else if (now - r->lost_at >= most) /* whatever it is that kills the session each time */
        return false;
    list_remove(&r->queue); /* its next command may have waited for room */
    r->wait = WAIT_NOTHING;
    request_again(r, t);
    r->replay = true;
    return true;
}

void outage_park(struct request *r)
{
    const struct lun_io *io = request_io(r);
    park(r);
    if (r->exclusive || (io->op == LUN_OP_READ && !io->buffer))
        let_go(r);
}
