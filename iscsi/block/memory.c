/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How many bytes of the loop's buffers the requests under way may come to hold: a long READ that is lent, and
 * a WRITE that reads and merges. First come, first served over all units of the loop. Home loop.
 *
 * Memory is taken before a range, so that whoever holds a range has all it needs to end.
 */
#include "block/request.h"

/* Shorter reads are lent from the receive buffer. */
#define LENT_BUFFER_MIN (64u * 1024)

static uint64_t needed(const struct request *r)
{
    const struct lun_io *io = LIST_OF(r, const struct lun_io, private_);
    uint64_t n = r->cover_end - r->cover_start;
    bool lent = io->op == LUN_OP_READ && !io->buffer && n > LENT_BUFFER_MIN;
    if (!lent && !r->exclusive)
        return 0;
    return n < LUN_BUFFER_SIZE ? n : LUN_BUFFER_SIZE;
}

static bool fits(const struct lun_loop *l, uint64_t n)
{
    return l->memory + n <= l->memory_most;
}

static void take(struct lun_loop *l, struct request *r, uint64_t n)
{
    l->memory += n;
    r->memory = n;
}

bool memory_take(struct request *r)
{
    struct lun_loop *l = r->unit->target->loop;
    uint64_t n = needed(r);
    if (n == 0)
        return true;
    if (list_empty(&l->hungry) && fits(l, n)) {
        take(l, r, n);
        return true;
    }
    r->wait = WAIT_MEMORY;
    list_append(&l->hungry, &r->queue);
    return false;
}

void memory_give_back(struct lun_loop *l, uint64_t share)
{
    l->memory -= share;
    while (!list_empty(&l->hungry)) {
        struct request *r = LIST_OF(l->hungry.next, struct request, queue);
        uint64_t n = needed(r);
        if (!fits(l, n))
            return;
        list_remove(&r->queue);
        timer_disarm(&l->timers, &r->timer);
        take(l, r, n);
        r->wait = WAIT_NOTHING;
        request_start(r);
    }
}
