/* SPDX-License-Identifier: Apache-2.0 */
/* Zeroing of the holes that truncated handles leave. Runs in the mount's loop; zeroed() in the unit's home
 * loop. */
#include "zero.h"

#include <errno.h>
#include <stdlib.h>

#include "data.h"
#include "holes.h"

/* One request's worth: other writes to the place wait no longer than that takes. */
#define CHUNK (32ull << 20)
/* Beyond this many extents holes are zeroed at once, so that the list stays short; at twice as many, writes
 * wait for that. */
#define EXTENTS_MANY 16384

struct zeroing {
    struct zeroing *next; /* of the unit */
    struct mount *mount;
    struct tree_unit *unit;
    struct holes holes;
    bool open; /* the handle is */
    bool running;
    bool reset; /* truncated again while running: the chunk does not count */
    struct extent chunk;
    struct lun_io io;
    struct lun_message back;
    struct request *flushes, *parked; /* last in, first out: their order says nothing */
};

static void run(struct zeroing *z);

bool zero_begin(struct mount *m, struct handle *h)
{
    if (h->zeroing) {
        holes_truncate(&h->zeroing->holes, 0);
        h->zeroing->reset = h->zeroing->running;
        return true;
    }
    struct zeroing *z = calloc(1, sizeof *z);
    if (!z)
        return false;
    z->mount = m;
    z->unit = h->node->unit;
    z->open = true;
    z->next = z->unit->zeroings;
    z->unit->zeroings = z;
    h->zeroing = z;
    return true;
}

void zero_truncate(struct handle *h, uint64_t size)
{
    if (h->zeroing)
        holes_truncate(&h->zeroing->holes, size);
}

static void forget(struct zeroing *z)
{
    struct zeroing **at = &z->unit->zeroings;
    while (*at != z)
        at = &(*at)->next;
    *at = z->next;
    holes_free(&z->holes);
    free(z);
}

static bool conflicts(const struct zeroing *z, const struct extent *e)
{
    if (!z->running)
        return false;
    return (z->chunk.start < e->end && e->start < z->chunk.end) || z->holes.count >= 2 * EXTENTS_MANY;
}

/* True when r now waits for a chunk. */
static bool park(struct request *r)
{
    struct extent e = {r->io.offset, r->io.offset + r->io.length};
    for (struct zeroing *z = r->unit->zeroings; z; z = z->next) {
        if (conflicts(z, &e)) {
            r->next = z->parked;
            z->parked = r;
            return true;
        }
    }
    return false;
}

enum zero_verdict zero_write(struct request *r, struct handle *handle)
{
    uint64_t size = r->unit->now.size, start = r->io.offset, end = start + r->io.length;
    if (end > size)
        end = size;
    for (struct zeroing *z = r->unit->zeroings; z; z = z->next) {
        bool ok =
            z == handle->zeroing ? holes_write(&z->holes, start, end) : holes_fill(&z->holes, start, end);
        if (!ok)
            return ZERO_NO_MEMORY;
        if (z->holes.count >= EXTENTS_MANY)
            run(z);
    }
    return park(r) ? ZERO_PARKED : ZERO_GO;
}

bool zero_flush(struct request *r, struct handle *h)
{
    struct extent hole;
    if (!h->zeroing || !(h->zeroing->running || holes_first(&h->zeroing->holes, &hole)))
        return false;
    r->next = h->zeroing->flushes;
    h->zeroing->flushes = r;
    run(h->zeroing);
    return true;
}

void zero_release(struct handle *h)
{
    struct zeroing *z = h->zeroing;
    h->zeroing = NULL;
    if (!z)
        return;
    z->open = false;
    run(z);
}

/* The holes are zeroed (error 0), or cannot be: those who waited for it go on, or hear of it. */
static void finish(struct zeroing *z, int error)
{
    struct request *r = z->flushes;
    z->flushes = NULL;
    while (r) {
        struct request *next = r->next;
        if (error)
            request_end(r, error);
        else
            request_submit(r);
        r = next;
    }
    if (!z->open)
        forget(z);
}

static void unpark(struct zeroing *z)
{
    struct request *r = z->parked;
    z->parked = NULL;
    while (r) {
        struct request *next = r->next;
        if (!park(r))
            request_submit(r);
        r = next;
    }
}

/* In the mount's loop, after a chunk. */
static void back(struct lun_message *message)
{
    struct zeroing *z = (struct zeroing *)(void *)((char *)message - offsetof(struct zeroing, back));
    z->running = false;
    z->mount->jobs--;
    int error = z->io.error.layer == LUN_OK ? 0 : lun_error_errno(&z->io.error);
    if (!error && !z->reset && !holes_fill(&z->holes, z->chunk.start, z->chunk.end))
        error = ENOMEM;
    z->reset = false;
    unpark(z);
    if (error)
        finish(z, error);
    else
        run(z);
}

/* In the unit's home loop. Always by message: a device that zeroes at once would else nest a chunk in the
 * other. */
static void zeroed(struct lun_io *io)
{
    struct zeroing *z = io->user;
    lun_loop_post(z->mount->loop, &z->back);
}

static void run(struct zeroing *z)
{
    if (z->running)
        return;
    if (!holes_first(&z->holes, &z->chunk)) {
        finish(z, 0);
        return;
    }
    if (z->chunk.end - z->chunk.start > CHUNK)
        z->chunk.end = z->chunk.start + CHUNK;
    z->running = true;
    z->mount->jobs++;
    z->back.fn = back;
    z->io.done = zeroed;
    z->io.user = z;
    z->io.op = LUN_OP_ZERO;
    z->io.offset = z->chunk.start;
    z->io.length = z->chunk.end - z->chunk.start;
    lun_submit(z->unit->now.unit, &z->io);
}

void zero_free_all(struct tree *t)
{
    for (struct tree_target *target = t->targets; target; target = target->next) {
        for (struct tree_unit *u = target->units; u; u = u->next) {
            while (u->zeroings)
                forget(u->zeroings);
        }
    }
}
