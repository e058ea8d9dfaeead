/* SPDX-License-Identifier: Apache-2.0 */
/* fuse_lowlevel_notify_* from a thread of its own. A notice may block in the kernel for as long as a request
 * for the same range is parked here, so neither a loop nor a handler may send one; and the main thread would
 * no longer hear signals while it waits. */
#include "notify.h"

#include <stdlib.h>
#include <string.h>

#include "state.h"

enum notice_kind { NOTICE_ATTRIBUTES, NOTICE_SIZE, NOTICE_ENTRY };

struct notice {
    struct notice *next;
    enum notice_kind kind;
    uint64_t ino, size;
    char name[];
};

/* INVAL_INODE forgets the attributes, but the size the kernel itself compares asynchronous direct I/O with
 * (fuse_direct_IO: offset >= i_size reads nothing) changes only by the next stat or by a store. So one byte
 * is stored at the last offset: the page it lands in is not valid as a whole and is never read from. */
static void tell_size(struct fuse_session *s, const struct notice *n)
{
    char zero = 0;
    struct fuse_bufvec v = FUSE_BUFVEC_INIT(1);
    v.buf[0].mem = &zero;
    fuse_lowlevel_notify_store(s, n->ino, (off_t)n->size - 1, &v, 0);
    fuse_lowlevel_notify_inval_inode(s, n->ino, (off_t)n->size - 1, 1);
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
    pthread_cond_signal(&n->more);
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
    pthread_cond_signal(&n->more);
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
    if (size)
        enqueue(n, NOTICE_SIZE, ino, size, "");
}

void notify_entry(struct notify *n, uint64_t parent, const char *name)
{
    enqueue(n, NOTICE_ENTRY, parent, 0, name);
}
