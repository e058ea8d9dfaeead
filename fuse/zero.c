/* SPDX-License-Identifier: Apache-2.0 */
/* Zeroing of the holes that truncated handles leave. Runs in the mount's loop; zeroed() in the unit's home
 * loop.
 *
 * On a cached unit somebody may have read a hole, and cached it, before it was zeroed. So the kernel is told
 * to drop what was zeroed before a flush is answered. A read that waits for zeros has its pages locked, which
 * the kernel waits for when it drops them: reads go on first. */
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
    bool telling; /* the kernel drops `zeroed` */
    uint64_t ino;
    struct extent zeroed; /* around all that was zeroed and the kernel was not told of */
    struct lun_message told;
    struct request *flushes, *reads, *parked; /* last in, first out: their order says nothing */
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
    z->ino = h->node->ino;
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

bool zero_read(struct request *r, struct handle *h)
{
    struct zeroing *z = h->zeroing;
    struct extent hole, e = {r->io.offset, r->io.offset + r->io.length};
    if (!z || !(holes_first(&z->holes, &hole) && hole.start < e.end && e.start < z->holes.end))
        return false;
    r->next = z->reads;
    z->reads = r;
    run(z);
    return true;
}

bool zero_flush(struct request *r, struct handle *h)
{
    struct extent hole;
    if (!h->zeroing ||
        !(h->zeroing->running || h->zeroing->telling || holes_first(&h->zeroing->holes, &hole)))
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

static void go_on(struct request **list, int error)
{
    struct request *r = *list;
    *list = NULL;
    while (r) {
        struct request *next = r->next;
        if (error)
            request_end(r, error);
        else
            request_submit(r);
        r = next;
    }
}

static void tell(struct zeroing *z);

/* The holes are zeroed (error 0), or cannot be: those who waited for it go on, or hear of it. */
static void finish(struct zeroing *z, int error)
{
    go_on(&z->reads, error);
    if (z->telling)
        return;
    if (z->zeroed.end) {
        tell(z);
        if (!error)
            return;
    }
    go_on(&z->flushes, error);
    if (!z->open && !z->telling)
        forget(z);
}

static void told(struct lun_message *message)
{
    struct zeroing *z = (struct zeroing *)(void *)((char *)message - offsetof(struct zeroing, told));
    z->telling = false;
    z->mount->jobs--;
    if (z->running)
        return; /* back() goes on */
    if (z->flushes || z->reads)
        run(z);
    else if (z->zeroed.end)
        tell(z);
    else if (!z->open)
        forget(z);
}

static void tell(struct zeroing *z)
{
    z->telling = true;
    z->mount->jobs++;
    z->told.fn = told;
    notify_range(&z->mount->notify, z->ino, z->zeroed.start, z->zeroed.end, z->mount->loop, &z->told);
    z->zeroed = (struct extent){0, 0};
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
    if (z->unit->cached) {
        bool first = !z->zeroed.end;
        z->zeroed.start = first || z->chunk.start < z->zeroed.start ? z->chunk.start : z->zeroed.start;
        z->zeroed.end = z->chunk.end > z->zeroed.end ? z->chunk.end : z->zeroed.end;
    }
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
