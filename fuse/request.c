/* SPDX-License-Identifier: Apache-2.0 */
/* Slots of requests: life cycle, early answers, and the memory limit. Runs in the mount's loop, except
 * done() and cancel_run(), which run in the unit's home loop. */
#include "request.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "serve.h"
#include "state.h"

#define SLAB 64
#define SLABS_MOST 1024
/* From here on the payload is not copied. */
#define TAKE_FROM 4096
#define TAKEN_MOST 64
/* Copies kept for later, of each class. */
#define COPIES_KEPT (1024 * 1024)
/* A unit that has answered no write for this long makes no progress. */
#define STALLED_MS 1000
/* What answered requests may hold beyond the limit, until the library lets go of them. */
#define LIMIT_SLACK (8u << 20)
#define LIMIT_DEFAULT (64u << 20)

_Static_assert(sizeof(uintptr_t) >= 8, "an interrupt's datum holds an index and a generation");

static uint64_t word(uint64_t generation, enum request_state s)
{
    return generation << 8 | s;
}

static bool move(struct request *r, uint64_t generation, enum request_state from, enum request_state to)
{
    uint64_t expected = word(generation, from);
    return atomic_compare_exchange_strong(&r->state, &expected, word(generation, to));
}

static uint64_t generation_of(struct request *r)
{
    return atomic_load(&r->state) >> 8;
}

void request_pool_init(struct request_pool *p, struct mount *m, uint64_t memory_limit)
{
    *p = (struct request_pool){.mount = m, .limit = memory_limit ? memory_limit : LIMIT_DEFAULT};
    uint64_t most = p->limit / 2 / LUN_BUFFER_SIZE;
    p->taken_most = most < 2 ? 2 : most > TAKEN_MOST ? TAKEN_MOST : (uint32_t)most;
}

void request_pool_free(struct request_pool *p)
{
    for (unsigned class = 0; class < REQUEST_CLASSES; class ++) {
        while (p->copies[class]) {
            void *memory = p->copies[class];
            p->copies[class] = *(void **)memory;
            free(memory);
        }
    }
    for (uint32_t i = 0; i < p->slab_count; i++)
        free(p->slabs[i]);
    free(p->slabs);
    *p = (struct request_pool){0};
}

static struct request *slot(const struct request_pool *p, uint32_t index)
{
    return index < p->count ? &p->slabs[index / SLAB][index % SLAB] : NULL;
}

static bool slab_add(struct request_pool *p)
{
    if (p->slab_count == SLABS_MOST)
        return false;
    if (!p->slabs) {
        p->slabs = calloc(SLABS_MOST, sizeof(struct request *));
        if (!p->slabs)
            return false;
    }
    struct request *slab = calloc(SLAB, sizeof *slab);
    if (!slab)
        return false;
    p->slabs[p->slab_count++] = slab;
    for (uint32_t i = SLAB; i-- > 0;) {
        slab[i].index = p->count + i;
        slab[i].mount = p->mount;
        slab[i].next = p->unused;
        p->unused = &slab[i];
    }
    p->count += SLAB;
    return true;
}

static void done(struct lun_io *io);

struct request *request_new(struct request_pool *p, struct fuse_req *fuse, struct tree_unit *unit)
{
    if (!p->unused)
        request_collect(p);
    if (!p->unused && !slab_add(p))
        return NULL;
    struct request *r = p->unused;
    p->unused = r->next;
    p->busy++;
    r->io.done = done;
    r->io.user = NULL;
    r->io.fua = false;
    r->io.buffer = NULL;
    r->io.timeout_ms = 0;
    r->fuse = fuse;
    r->unit = unit;
    r->handle = NULL;
    r->unique = p->mount->unique;
    r->submitted = r->listed = r->given_up = false;
    r->memory_kind = MEMORY_NONE;
    r->charge = 0;
    r->next = NULL;
    atomic_store(&r->state, word(generation_of(r) + 1, REQUEST_OPEN));
    return r;
}

/* ---- Memory of writes ---- */

static size_t class_size(unsigned class)
{
    return (size_t)4096 << (2 * class);
}

static void *copy_get(struct request_pool *p, size_t n, unsigned *ret_class)
{
    unsigned class = 0;
    while (class < REQUEST_CLASSES && class_size(class) < n)
        class ++;
    if (class == REQUEST_CLASSES)
        return NULL;
    *ret_class = class;
    void *memory = p->copies[class];
    if (!memory)
        return malloc(class_size(class));
    p->copies[class] = *(void **)memory;
    p->copy_count[class]--;
    return memory;
}

static void copy_put(struct request_pool *p, void *memory, unsigned class)
{
    if ((p->copy_count[class] + 1) * class_size(class) > COPIES_KEPT) {
        free(memory);
        return;
    }
    *(void **)memory = p->copies[class];
    p->copies[class] = memory;
    p->copy_count[class]++;
}

/* Among the unit's writes, oldest first: it counts against the limit. */
static void list_in(struct request *r)
{
    struct tree_unit *u = r->unit;
    r->started_ms = state_now_ms();
    r->older = u->newest;
    r->newer = NULL;
    if (u->newest)
        u->newest->newer = r;
    else
        u->oldest = r;
    u->newest = r;
    u->held += r->charge;
    r->mount->requests.waiting += r->charge;
    r->listed = true;
}

static void list_out(struct request *r)
{
    if (!r->listed)
        return;
    struct tree_unit *u = r->unit;
    if (r->older)
        r->older->newer = r->newer;
    else
        u->oldest = r->newer;
    if (r->newer)
        r->newer->older = r->older;
    else
        u->newest = r->older;
    u->held -= r->charge;
    r->mount->requests.waiting -= r->charge;
    r->listed = false;
}

int request_hold(struct request *r, const void *payload, size_t n)
{
    struct request_pool *p = &r->mount->requests;
    /* A unit that does not let go of what was given up may not have what is kept for the others. */
    bool stuck = r->unit->given_up && state_now_ms() - r->unit->progress_ms >= STALLED_MS;
    if (p->held + n > p->limit + (stuck ? 0 : LIMIT_SLACK))
        return EIO;
    bool take = n >= TAKE_FROM && p->taken < p->taken_most;
    void *memory = take ? serve_take_buffer(r->mount) : NULL;
    if (memory) {
        r->memory_kind = MEMORY_BUFFER;
        r->io.buffer = (void *)(uintptr_t)payload;
        r->charge = class_size(REQUEST_CLASSES - 1); /* earlier uses touched the pages behind the payload */
        p->taken++;
    } else {
        memory = copy_get(p, n, &r->memory_class);
        if (!memory)
            return ENOMEM;
        memcpy(memory, payload, n);
        r->memory_kind = MEMORY_COPY;
        r->io.buffer = memory;
        r->charge = class_size(r->memory_class);
    }
    r->memory = memory;
    r->io.length = n;
    p->held += r->charge;
    list_in(r);
    return 0;
}

static void memory_give_back(struct request *r)
{
    struct request_pool *p = &r->mount->requests;
    if (r->memory_kind == MEMORY_BUFFER) {
        lun_buffer_put(r->mount->loop, r->memory);
        p->taken--;
    } else if (r->memory_kind == MEMORY_COPY) {
        copy_put(p, r->memory, r->memory_class);
    }
    p->held -= r->charge;
    if (r->given_up)
        r->unit->given_up -= r->charge;
    r->given_up = false;
    r->memory_kind = MEMORY_NONE;
}

/* Is there more than may be? Room for one more is kept, so that working units wait rather than fail. */
static bool is_over(const struct request_pool *p)
{
    return p->waiting > p->limit || p->held > p->limit + LIMIT_SLACK - LUN_BUFFER_SIZE;
}

/* ---- The end of a request ---- */

static void request_release(struct request *r)
{
    struct request_pool *p = &r->mount->requests;
    if (r->listed) {
        r->unit->progress_ms = state_now_ms();
        list_out(r);
    }
    memory_give_back(r);
    atomic_store(&r->state, word(generation_of(r), REQUEST_FREE));
    r->next = p->unused;
    p->unused = r;
    p->busy--;
    if (r->mount->paused && !is_over(p))
        serve_resume(r->mount);
}

static void collect_run(struct lun_message *message)
{
    struct request_pool *p =
        (struct request_pool *)(void *)((char *)message - offsetof(struct request_pool, collect));
    atomic_store(&p->posted, false);
    request_collect(p);
}

/* Any home loop. */
static void give_back(struct request *r)
{
    struct request_pool *p = &r->mount->requests;
    if (lun_loop_is_current(r->mount->loop)) {
        request_release(r);
        return;
    }
    struct request *first = atomic_load(&p->returned);
    do {
        r->next = first;
    } while (!atomic_compare_exchange_weak(&p->returned, &first, r));
    if (atomic_load(&p->wake) && !atomic_exchange(&p->posted, true)) {
        p->collect.fn = collect_run;
        lun_loop_post(p->mount->loop, &p->collect);
    }
}

void request_collect(struct request_pool *p)
{
    struct request *r = atomic_load(&p->returned) ? atomic_exchange(&p->returned, NULL) : NULL;
    while (r) {
        struct request *next = r->next;
        request_release(r);
        r = next;
    }
}

/* A write that was answered before it ended: what was read from its place meanwhile, and cached, may be old.
 */
static void landed_late(struct request *r)
{
    if (r->unit->cached && r->io.op == LUN_OP_WRITE)
        notify_range(&r->mount->notify, r->unit->data->ino, r->io.offset, r->io.offset + r->io.length, NULL,
                     NULL);
}

static void done(struct lun_io *io)
{
    struct request *r = (struct request *)(void *)io;
    uint64_t generation = generation_of(r);
    if (move(r, generation, REQUEST_OPEN, REQUEST_DONE)) {
        r->answer(r);
        give_back(r);
    } else if (move(r, generation, REQUEST_ANSWERED, REQUEST_DONE)) {
        landed_late(r);
        give_back(r);
    } else {
        /* A message to cancel it is on its way here, and gives it back. */
        move(r, generation, REQUEST_CANCELLING, REQUEST_CANCEL_DONE);
    }
}

void request_end(struct request *r, int error)
{
    if (move(r, generation_of(r), REQUEST_OPEN, REQUEST_DONE))
        fuse_reply_err(r->fuse, error);
    request_release(r);
}

static void cancel_run(struct lun_message *message)
{
    struct request *r = (struct request *)(void *)((char *)message - offsetof(struct request, cancel));
    uint64_t generation = generation_of(r);
    if (move(r, generation, REQUEST_CANCELLING, REQUEST_ANSWERED))
        lun_cancel(r->unit->now.unit, &r->io);
    else if (move(r, generation, REQUEST_CANCEL_DONE, REQUEST_DONE)) {
        landed_late(r);
        give_back(r);
    }
}

/* For a request that was answered early. A flush is let run: it harms nobody, and the data of a close that
 * was interrupted still reach the medium. */
static void cancel(struct request *r, uint64_t generation)
{
    if (!r->submitted || r->io.op == LUN_OP_FLUSH)
        return;
    struct lun_loop *home = lun_unit_loop(r->unit->now.unit);
    if (lun_loop_is_current(home)) {
        if (atomic_load(&r->state) == word(generation, REQUEST_ANSWERED))
            lun_cancel(r->unit->now.unit, &r->io);
    } else if (move(r, generation, REQUEST_ANSWERED, REQUEST_CANCELLING)) {
        r->cancel.fn = cancel_run;
        lun_loop_post(home, &r->cancel);
    }
}

static void answer_early(struct request *r, uint64_t generation, int error)
{
    if (!move(r, generation, REQUEST_OPEN, REQUEST_ANSWERED))
        return;
    list_out(r);
    if (r->submitted && r->charge) {
        r->given_up = true;
        r->unit->given_up += r->charge;
    }
    fuse_reply_err(r->fuse, error);
    cancel(r, generation);
}

void request_answer_early(struct request *r, int error)
{
    answer_early(r, generation_of(r), error);
}

/* Runs in the mount's loop, which receives the INTERRUPT; libfuse may call it after the reply, so the datum
 * is a value that is looked up. */
static void interrupted(fuse_req_t fuse, void *datum)
{
    struct mount *m = fuse_req_userdata(fuse);
    uint64_t value = (uintptr_t)datum;
    struct request *r = slot(&m->requests, (uint32_t)value);
    if (r && (uint32_t)generation_of(r) == value >> 32)
        answer_early(r, generation_of(r), EINTR);
}

bool request_watch(struct request *r)
{
    uint64_t datum = generation_of(r) << 32 | r->index;
    fuse_req_interrupt_func(r->fuse, interrupted, (void *)(uintptr_t)datum);
    return (atomic_load(&r->state) & 0xff) == REQUEST_OPEN;
}

void request_submit(struct request *r)
{
    if ((atomic_load(&r->state) & 0xff) != REQUEST_OPEN) {
        request_release(r);
        return;
    }
    r->submitted = true;
    lun_submit(r->unit->now.unit, &r->io);
}

void request_cancel_all(struct request_pool *p)
{
    request_collect(p);
    for (uint32_t i = 0; i < p->count; i++) {
        struct request *r = slot(p, i);
        if (r->submitted)
            answer_early(r, generation_of(r), EIO);
    }
}

/* ---- The memory limit ---- */

static struct tree_unit *greediest(struct mount *m)
{
    struct tree_unit *most = NULL;
    for (struct tree_target *t = m->tree.targets; t; t = t->next) {
        for (struct tree_unit *u = t->units; u; u = u->next) {
            if (u->oldest && (!most || u->held > most->held))
                most = u;
        }
    }
    return most;
}

static bool stalled(const struct tree_unit *u)
{
    int64_t since = u->progress_ms > u->oldest->started_ms ? u->progress_ms : u->oldest->started_ms;
    return state_now_ms() - since >= STALLED_MS;
}

void request_relieve(struct request_pool *p)
{
    if (!is_over(p))
        return;
    request_collect(p);
    while (is_over(p)) {
        struct tree_unit *u = greediest(p->mount);
        if (!u)
            return;
        if (!stalled(u)) {
            /* Its device works: let it, rather than fail a write that would have gone well. */
            serve_pause(p->mount);
            return;
        }
        request_answer_early(u->oldest, EIO);
    }
}
