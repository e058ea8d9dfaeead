/* SPDX-License-Identifier: Apache-2.0 */
/* The heap of deadlines; see timer.h. Runs in whichever thread owns the heap. */
#include "base/timer.h"

#include <stdlib.h>

static void place(struct timer_heap *h, struct timer *t, size_t i)
{
    h->at[i] = t;
    t->slot = i + 1;
}

static void sift_up(struct timer_heap *h, struct timer *t, size_t i)
{
    while (i > 0 && h->at[(i - 1) / 2]->deadline > t->deadline) {
        place(h, h->at[(i - 1) / 2], i);
        i = (i - 1) / 2;
    }
    place(h, t, i);
}

static void sift_down(struct timer_heap *h, struct timer *t, size_t i)
{
    for (;;) {
        size_t child = 2 * i + 1;
        if (child >= h->count)
            break;
        if (child + 1 < h->count && h->at[child + 1]->deadline < h->at[child]->deadline)
            child++;
        if (h->at[child]->deadline >= t->deadline)
            break;
        place(h, h->at[child], i);
        i = child;
    }
    place(h, t, i);
}

bool timer_reserve(struct timer_heap *h, size_t count)
{
    if (count <= h->room)
        return true;
    struct timer **at = realloc(h->at, count * sizeof(struct timer *));
    if (!at)
        return false;
    h->at = at;
    h->room = count;
    return true;
}

void timer_heap_free(struct timer_heap *h)
{
    free(h->at);
    *h = (struct timer_heap){0};
}

bool timer_arm(struct timer_heap *h, struct timer *t, uint64_t deadline)
{
    if (t->slot) {
        uint64_t old = t->deadline;
        t->deadline = deadline;
        if (deadline < old)
            sift_up(h, t, t->slot - 1);
        else
            sift_down(h, t, t->slot - 1);
        return true;
    }
    if (h->count == h->room && !timer_reserve(h, h->room ? 2 * h->room : 64))
        return false;
    t->deadline = deadline;
    sift_up(h, t, h->count++);
    return true;
}

void timer_disarm(struct timer_heap *h, struct timer *t)
{
    if (!t->slot)
        return;
    size_t i = t->slot - 1;
    t->slot = 0;
    struct timer *last = h->at[--h->count];
    if (last == t)
        return;
    if (last->deadline < t->deadline)
        sift_up(h, last, i);
    else
        sift_down(h, last, i);
}

uint64_t timer_next(const struct timer_heap *h)
{
    return h->count ? h->at[0]->deadline : TIMER_NEVER;
}

void timer_run(struct timer_heap *h, uint64_t now)
{
    while (h->count && h->at[0]->deadline <= now) {
        struct timer *t = h->at[0];
        timer_disarm(h, t);
        t->fire(t, now);
    }
}
