/* SPDX-License-Identifier: Apache-2.0 */
/* A caller's own descriptors and timers on a loop (lun_loop_watch, lun_timer_arm). The loop's thread. */
#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#include "pool/loop.h"

struct user_watch {
    struct loop_watch watch;
    struct list link; /* lun_loop.watches */
    struct loop_deferred burial;
    bool (*ready)(void *arg);
    void *arg;
};

static void bury(struct loop_deferred *d);

static bool user_ready(struct loop_watch *w, uint32_t events)
{
    struct user_watch *u = LIST_OF(w, struct user_watch, watch);
    return u->ready(u->arg);
}

bool lun_loop_watch(struct lun_loop *l, int fd, bool (*ready)(void *arg), void *arg, struct lun_error *e)
{
    struct user_watch *u = calloc(1, sizeof *u);
    if (!u)
        return error_set(e, LUN_SYSTEM, ENOMEM, true, "no memory to watch a descriptor");
    *u = (struct user_watch){
        .watch = {.fd = fd, .ready = user_ready}, .burial.run = bury, .ready = ready, .arg = arg};
    list_init(&u->burial.link);
    if (!loop_add(l, &u->watch, EPOLLIN, e)) {
        free(u);
        return false;
    }
    list_append(&l->watches, &u->link);
    return true;
}

static void bury(struct loop_deferred *d)
{
    struct user_watch *u = LIST_OF(d, struct user_watch, burial);
    list_remove(&u->watch.again);
    free(u);
}

void lun_loop_unwatch(struct lun_loop *l, int fd)
{
    LIST_EACH_SAFE(&l->watches, node)
    {
        struct user_watch *u = LIST_OF(node, struct user_watch, link);
        if (u->watch.fd != fd)
            continue;
        loop_remove(l, &u->watch);
        list_remove(&u->link);
        /* Its own callback may be the caller: the memory goes at the end of the turn. */
        loop_defer(l, &u->burial);
    }
}

void loop_free_watches(struct lun_loop *l)
{
    struct list *node;
    while ((node = list_pop(&l->watches)))
        free(LIST_OF(node, struct user_watch, link));
}

struct user_timer {
    struct timer timer;
};
_Static_assert(sizeof(struct user_timer) <= sizeof((struct lun_timer *)0)->private_,
               "lun_timer.private_ too small");

static void user_timer_fired(struct timer *t, uint64_t now)
{
    struct lun_timer *u = LIST_OF(t, struct lun_timer, private_);
    u->fn(u);
}

void lun_timer_arm(struct lun_loop *l, struct lun_timer *t, uint32_t after_ms)
{
    struct timer *timer = (struct timer *)t->private_;
    timer->fire = user_timer_fired;
    timer_arm(&l->timers, timer, loop_clock() + (uint64_t)after_ms * 1000000u);
}

void lun_timer_disarm(struct lun_loop *l, struct lun_timer *t)
{
    timer_disarm(&l->timers, (struct timer *)t->private_);
}
