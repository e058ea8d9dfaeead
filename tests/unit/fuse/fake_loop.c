/* SPDX-License-Identifier: Apache-2.0 */
/* The test double's loops: a thread with poll(2), messages in order, one watched descriptor, timers. */
#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <semaphore.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <time.h>
#include <unistd.h>

#include "fake_lun.h"

#define LOOPS 4
#define TIMERS 8
#define STOCK 8

struct lun_loop {
    pthread_t thread;
    int wake;
    pthread_mutex_t lock;
    struct lun_message *first, *last; /* guarded by lock, as are stop and stock */
    bool stop;
    void *stock[STOCK];
    int stocked;
    int fd; /* -1: none watched */
    bool (*ready)(void *arg);
    void *arg;
    struct lun_timer *timers[TIMERS];
};

struct lun_pool {
    unsigned count;
    struct lun_loop loop[LOOPS];
};

static _Thread_local const struct lun_loop *current;

static int64_t now_ms(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

static bool run_messages(struct lun_loop *l)
{
    uint64_t n;
    ssize_t got = read(l->wake, &n, sizeof n);
    (void)got;
    for (;;) {
        pthread_mutex_lock(&l->lock);
        struct lun_message *m = l->first;
        if (m)
            l->first = m->next;
        bool stop = l->stop;
        pthread_mutex_unlock(&l->lock);
        if (!m)
            return !stop;
        m->fn(m);
    }
}

static int run_timers(struct lun_loop *l)
{
    int64_t now = now_ms(), wait = -1;
    for (int i = 0; i < TIMERS; i++) {
        struct lun_timer *t = l->timers[i];
        if (!t)
            continue;
        int64_t left = (int64_t)t->private_[0] - now;
        if (left <= 0) {
            l->timers[i] = NULL;
            t->fn(t);
            return 0;
        }
        if (wait < 0 || left < wait)
            wait = left;
    }
    return (int)wait;
}

static void *run(void *arg)
{
    struct lun_loop *l = arg;
    current = l;
    bool more = false;
    while (run_messages(l)) {
        int wait = run_timers(l);
        struct pollfd p[2] = {{.fd = l->wake, .events = POLLIN}, {.fd = l->fd, .events = POLLIN}};
        if (poll(p, 2, more ? 0 : wait) < 0 && errno != EINTR)
            abort();
        if (l->fd >= 0 && l->fd == p[1].fd && (more || p[1].revents))
            more = l->ready(l->arg);
        else
            more = false;
    }
    return NULL;
}

struct lun_pool *fake_pool(unsigned loops)
{
    struct lun_pool *p = calloc(1, sizeof *p);
    p->count = loops;
    for (unsigned i = 0; i < loops; i++) {
        struct lun_loop *l = &p->loop[i];
        l->fd = -1;
        l->wake = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
        pthread_mutex_init(&l->lock, NULL);
        pthread_create(&l->thread, NULL, run, l);
    }
    return p;
}

void lun_pool_free(struct lun_pool *p)
{
    for (unsigned i = 0; i < p->count; i++) {
        struct lun_loop *l = &p->loop[i];
        pthread_mutex_lock(&l->lock);
        l->stop = true;
        pthread_mutex_unlock(&l->lock);
        eventfd_write(l->wake, 1);
        pthread_join(l->thread, NULL);
        while (l->stocked)
            free(l->stock[--l->stocked]);
        close(l->wake);
    }
    free(p);
}

struct lun_loop *lun_pool_loop(struct lun_pool *p, unsigned index)
{
    return &p->loop[index % p->count];
}

void lun_loop_post(struct lun_loop *l, struct lun_message *m)
{
    m->next = NULL;
    pthread_mutex_lock(&l->lock);
    if (l->first)
        l->last->next = m;
    else
        l->first = m;
    l->last = m;
    pthread_mutex_unlock(&l->lock);
    eventfd_write(l->wake, 1);
}

struct errand {
    struct lun_message message;
    void (*fn)(void *arg);
    void *arg;
    sem_t done;
};

static void run_errand(struct lun_message *m)
{
    struct errand *e = (struct errand *)(void *)m;
    e->fn(e->arg);
    sem_post(&e->done);
}

void lun_loop_run(struct lun_loop *l, void (*fn)(void *arg), void *arg)
{
    struct errand e = {.message.fn = run_errand, .fn = fn, .arg = arg};
    sem_init(&e.done, 0, 0);
    lun_loop_post(l, &e.message);
    while (sem_wait(&e.done) != 0)
        ;
    sem_destroy(&e.done);
}

bool lun_loop_is_current(const struct lun_loop *l)
{
    return current == l;
}

bool lun_loop_watch(struct lun_loop *l, int fd, bool (*ready)(void *arg), void *arg, struct lun_error *e)
{
    l->fd = fd;
    l->ready = ready;
    l->arg = arg;
    return true;
}

void lun_loop_unwatch(struct lun_loop *l, int fd)
{
    l->fd = -1;
}

void lun_timer_arm(struct lun_loop *l, struct lun_timer *t, uint32_t after_ms)
{
    lun_timer_disarm(l, t);
    t->private_[0] = (uint64_t)now_ms() + after_ms;
    for (int i = 0; i < TIMERS; i++) {
        if (!l->timers[i]) {
            l->timers[i] = t;
            return;
        }
    }
    abort();
}

void lun_timer_disarm(struct lun_loop *l, struct lun_timer *t)
{
    for (int i = 0; i < TIMERS; i++) {
        if (l->timers[i] == t)
            l->timers[i] = NULL;
    }
}

void *lun_buffer_get(struct lun_loop *l)
{
    pthread_mutex_lock(&l->lock);
    void *b = l->stocked ? l->stock[--l->stocked] : NULL;
    pthread_mutex_unlock(&l->lock);
    return b ? b : aligned_alloc(4096, LUN_BUFFER_SIZE);
}

void lun_buffer_put(struct lun_loop *l, void *buffer)
{
    if (!buffer)
        return;
    pthread_mutex_lock(&l->lock);
    bool kept = l->stocked < STOCK;
    if (kept)
        l->stock[l->stocked++] = buffer;
    pthread_mutex_unlock(&l->lock);
    if (!kept)
        free(buffer);
}
