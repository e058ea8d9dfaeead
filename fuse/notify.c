/* SPDX-License-Identifier: Apache-2.0 */
/* fuse_lowlevel_notify_* from threads of their own. A notice may block in the kernel for as long as a request
 * for the same range is parked here, so neither a loop nor a handler may send one; and the main thread would
 * no longer hear signals while it waits. */
#include "notify.h"

#include <stdlib.h>
#include <string.h>

#include "state.h"

#define RANGE_STACK (256 * 1024)

enum notice_kind { NOTICE_ATTRIBUTES, NOTICE_SIZE, NOTICE_ENTRY };

struct notice {
    struct notice *next;
    enum notice_kind kind;
    uint64_t ino, size;
    char name[];
};

/* INVAL_INODE forgets the attributes, but the size the kernel itself compares asynchronous direct I/O with
 * (fuse_direct_IO: offset >= i_size reads nothing), and faults of mappings, changes only by the next stat or
 * by a store. So one byte is stored, just past the end: within it, it would lie over what the page cache or a
 * mapping holds, and might be written back. Not at the start of a page, which would count as a whole one
 * then. The next stat, or a read that finds nothing there, corrects the byte or two that this is too much. */
static void tell_size(struct fuse_session *s, const struct notice *n)
{
    char zero = 0;
    struct fuse_bufvec v = FUSE_BUFVEC_INIT(1);
    v.buf[0].mem = &zero;
    off_t at = (off_t)(n->size % 4096 ? n->size : n->size + 1);
    fuse_lowlevel_notify_store(s, n->ino, at, &v, 0);
    if (n->size % 4096 == 0)
        fuse_lowlevel_notify_inval_inode(s, n->ino, at, 1);
}

static void tell(struct fuse_session *s, const struct notice *n)
{
    switch (n->kind) {
    case NOTICE_ATTRIBUTES:
        fuse_lowlevel_notify_inval_inode(s, n->ino, -1, 0);
        break;
    case NOTICE_SIZE:
        tell_size(s, n);
        break;
    case NOTICE_ENTRY:
        fuse_lowlevel_notify_inval_entry(s, n->ino, n->name, strlen(n->name));
        break;
    }
}

static struct notice *next_notice(struct notify *n)
{
    pthread_mutex_lock(&n->lock);
    while (n->running && !n->first)
        pthread_cond_wait(&n->more, &n->lock);
    struct notice *it = n->running ? n->first : NULL;
    if (it)
        n->first = it->next;
    pthread_mutex_unlock(&n->lock);
    return it;
}

static void *run(void *arg)
{
    struct notify *n = arg;
    struct notice *it;
    while ((it = next_notice(n))) {
        tell(n->session, it);
        free(it);
    }
    return NULL;
}

struct range {
    struct notify *notify;
    uint64_t ino, start, end;
    struct lun_loop *loop;
    struct lun_message *then;
};

static void *run_range(void *arg)
{
    struct range *r = arg;
    struct notify *n = r->notify;
    off_t length = r->end == UINT64_MAX ? 0 : (off_t)(r->end - r->start); /* 0: up to the end */
    fuse_lowlevel_notify_inval_inode(n->session, r->ino, (off_t)r->start, length);
    if (r->then)
        lun_loop_post(r->loop, r->then);
    free(r);
    pthread_mutex_lock(&n->lock);
    n->ranges--;
    pthread_cond_broadcast(&n->more);
    pthread_mutex_unlock(&n->lock);
    return NULL;
}

static bool start_range(struct notify *n, const struct range *range)
{
    struct range *r = malloc(sizeof *r);
    pthread_attr_t detached;
    if (!r || pthread_attr_init(&detached) != 0) {
        free(r);
        return false;
    }
    *r = *range;
    pthread_attr_setdetachstate(&detached, PTHREAD_CREATE_DETACHED);
    pthread_attr_setstacksize(&detached, RANGE_STACK);
    pthread_t thread;
    pthread_mutex_lock(&n->lock);
    bool started = n->running && pthread_create(&thread, &detached, run_range, r) == 0;
    n->ranges += started;
    pthread_mutex_unlock(&n->lock);
    pthread_attr_destroy(&detached);
    if (!started)
        free(r);
    return started;
}

bool notify_range(struct notify *n, uint64_t ino, uint64_t start, uint64_t end, struct lun_loop *loop,
                  struct lun_message *then)
{
    struct range r = {n, ino, start, end, loop, then};
    bool started = start < end && start_range(n, &r);
    if (!started && then)
        lun_loop_post(loop, then);
    return started;
}

void notify_init(struct notify *n)
{
    *n = (struct notify){0};
    pthread_mutex_init(&n->lock, NULL);
    pthread_cond_init(&n->more, NULL);
}

bool notify_start(struct notify *n, struct fuse_session *session)
{
    pthread_mutex_lock(&n->lock);
    n->session = session;
    n->running = pthread_create(&n->thread, NULL, run, n) == 0;
    bool started = n->running;
    pthread_mutex_unlock(&n->lock);
    return started;
}

void notify_stop(struct notify *n)
{
    pthread_mutex_lock(&n->lock);
    bool running = n->running;
    n->running = false;
    pthread_cond_broadcast(&n->more);
    while (n->ranges)
        pthread_cond_wait(&n->more, &n->lock);
    pthread_mutex_unlock(&n->lock);
    if (!running)
        return;
    pthread_join(n->thread, NULL);
    while (n->first) {
        struct notice *it = n->first;
        n->first = it->next;
        free(it);
    }
}

static void append(struct notify *n, struct notice *it)
{
    if (n->first)
        n->last->next = it;
    else
        n->first = it;
    n->last = it;
    pthread_cond_broadcast(&n->more);
}

static void enqueue(struct notify *n, enum notice_kind kind, uint64_t ino, uint64_t size, const char *name)
{
    size_t length = strlen(name) + 1;
    struct notice *it = malloc(sizeof *it + length);
    if (!it)
        return;
    *it = (struct notice){.kind = kind, .ino = ino, .size = size};
    memcpy(it->name, name, length);
    pthread_mutex_lock(&n->lock);
    bool running = n->running;
    if (running)
        append(n, it);
    pthread_mutex_unlock(&n->lock);
    if (!running)
        free(it);
}

void notify_attributes(struct notify *n, uint64_t ino)
{
    enqueue(n, NOTICE_ATTRIBUTES, ino, 0, "");
}

void notify_size(struct notify *n, uint64_t ino, uint64_t size)
{
    if (size && size < INT64_MAX - 4096)
        enqueue(n, NOTICE_SIZE, ino, size, "");
}

void notify_entry(struct notify *n, uint64_t parent, const char *name)
{
    enqueue(n, NOTICE_ENTRY, parent, 0, name);
}
