/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Block ranges of writes in flight. Whole-block writes may overlap one another; a write that reads and
 * merges, and one that was given up while the target may still carry it out, shares its blocks with no other
 * write. First come, first served. Home loop.
 */
#include "block/request.h"

static bool conflict(const struct request *a, const struct request *b)
{
    bool overlap = a->cover_start < b->cover_end && b->cover_start < a->cover_end;
    return overlap && (a->exclusive || b->exclusive);
}

static bool conflicts_with_active(const struct request *r)
{
    LIST_EACH(&r->unit->ranges, node)
    if (conflict(r, LIST_OF(node, struct request, range)))
        return true;
    return false;
}

/* Earlier waiters have the right of way: those before `r` in the queue, or all when it is not in it yet. */
static bool conflicts_with_waiting(const struct request *r)
{
    LIST_EACH(&r->unit->waiting, node)
    {
        const struct request *w = LIST_OF(node, struct request, queue);
        if (w == r)
            return false;
        if (conflict(r, w))
            return true;
    }
    return false;
}

static void enter(struct request *r)
{
    list_append(&r->unit->ranges, &r->range);
    r->unit->exclusive += r->exclusive;
    r->ranged = true;
}

bool range_take(struct request *r)
{
    struct lun_unit *u = r->unit;
    bool quiet = !r->exclusive && u->exclusive == 0 && list_empty(&u->waiting);
    if (quiet || (!conflicts_with_active(r) && !conflicts_with_waiting(r))) {
        enter(r);
        return true;
    }
    r->wait = WAIT_RANGE;
    list_append(&u->waiting, &r->queue);
    return false;
}

void range_guard(struct request *r)
{
    if (!r->ranged || r->exclusive)
        return;
    r->exclusive = true;
    r->unit->exclusive++;
}

static struct request *next_free(struct lun_unit *u)
{
    LIST_EACH(&u->waiting, node)
    {
        struct request *w = LIST_OF(node, struct request, queue);
        if (!conflicts_with_active(w) && !conflicts_with_waiting(w))
            return w;
    }
    return NULL;
}

void range_release(struct request *r)
{
    struct lun_unit *u = r->unit;
    if (r->ranged) {
        list_remove(&r->range);
        u->exclusive -= r->exclusive;
        r->ranged = false;
    }
    struct request *w;
    while (!list_empty(&u->waiting) && (w = next_free(u))) {
        list_remove(&w->queue);
        timer_disarm(&u->target->loop->timers, &w->timer);
        enter(w);
        w->wait = WAIT_NOTHING;
        request_continue(w);
    }
}
