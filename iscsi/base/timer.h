/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A binary heap of deadlines, owned by one thread. Time is what the caller says it is (nanoseconds of a
 * monotonic clock): nothing here reads a clock. Arming allocates only when the heap must grow.
 */
#ifndef LUN_BASE_TIMER_H
#define LUN_BASE_TIMER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define TIMER_NEVER UINT64_MAX

struct timer {
    uint64_t deadline; /* ns */
    size_t slot;       /* index + 1 in the heap, 0 when not armed */
    void (*fire)(struct timer *t, uint64_t now);
};

struct timer_heap {
    struct timer **at;
    size_t count, room;
};

/* Grows the heap so that `count` timers can be armed without allocating. False: out of memory. */
bool timer_reserve(struct timer_heap *h, size_t count);
void timer_heap_free(struct timer_heap *h);

/* Arms or re-arms t for `deadline`. False only when the heap had to grow and could not (see timer_reserve).
 */
bool timer_arm(struct timer_heap *h, struct timer *t, uint64_t deadline);
/* Safe on a timer that is not armed. */
void timer_disarm(struct timer_heap *h, struct timer *t);

static inline bool timer_armed(const struct timer *t)
{
    return t->slot != 0;
}

/* The earliest deadline, TIMER_NEVER if none. */
uint64_t timer_next(const struct timer_heap *h);
/* Disarms and fires each timer whose deadline is <= now, earliest first. */
void timer_run(struct timer_heap *h, uint64_t now);

#endif
