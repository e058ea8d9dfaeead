/* SPDX-License-Identifier: Apache-2.0 */
/*
 * An event loop: one thread, one epoll set, a timer heap, a mailbox, a stock of buffers. It runs each piece
 * of work to completion; what wants to send is flushed once a turn, so that a batch of requests leaves in one
 * call.
 */
#ifndef LUN_POOL_LOOP_H
#define LUN_POOL_LOOP_H

#include <pthread.h>
#include <sys/epoll.h>

#include "base/error.h"
#include "base/list.h"
#include "base/timer.h"
#include "pool/buffers.h"
#include "pool/poll.h"

#define LOOP_EVENTS 64
/* What one descriptor may take of a turn before the others have theirs. */
#define LOOP_BUDGET (1024 * 1024)

/* A descriptor in the epoll set. */
struct loop_watch {
    int fd;
    /* True: more may be waiting without a new event; called again next turn with events 0. */
    bool (*ready)(struct loop_watch *w, uint32_t events);
    struct list again; /* lun_loop.again */
};

/* Work put off to the end of the turn: flushing a connection, burying one. */
struct loop_deferred {
    void (*run)(struct loop_deferred *d);
    struct list link;
};

struct lun_loop {
    pthread_t thread;
    int epoll, wakeup;
    struct loop_watch mail_watch, alarm_watch;
    int alarm;          /* timerfd */
    uint64_t alarm_set; /* the deadline it is set to, TIMER_NEVER if none */
    bool stopping;      /* set by a message in the loop */
    uint64_t now;       /* ns, monotonic; taken once a turn */
    struct timer_heap timers;
    struct list again, deferred;
    struct list watches; /* lun_loop_watch's, see watch.c */
    struct list lookups; /* of names, under way or over: lookup.c */
    struct epoll_event events[LOOP_EVENTS];
    int event_count;
    _Atomic(struct lun_message *) mail;
    struct buffers buffers;
    uint64_t memory, memory_most; /* bytes of buffers that requests under way may hold, and the limit */
    struct list hungry;           /* requests that wait for that to shrink (block/memory.c) */
    struct timer trim;
    uint32_t requests; /* under way, of all targets at home here */
    struct poll poll;
};

/* poll_most: how long to look for events before sleeping, at most, in ns; 0: not at all (poll.h). */
bool loop_start(struct lun_loop *l, uint64_t poll_most, struct lun_error *e);
/* Joins the thread. What is still posted has run. Not in a loop. */
void loop_stop(struct lun_loop *l);

bool loop_add(struct lun_loop *l, struct loop_watch *w, uint32_t events, struct lun_error *e);
/* Safe from any callback of this loop; events already fetched for it are forgotten. */
void loop_remove(struct lun_loop *l, struct loop_watch *w);
/* Runs d->run at the end of this turn, once however often it is asked for. */
void loop_defer(struct lun_loop *l, struct loop_deferred *d);
void loop_undefer(struct loop_deferred *d);

/* Frees what lun_loop_watch made and nobody unwatched; the thread has ended (watch.c). */
void loop_free_watches(struct lun_loop *l);

uint64_t loop_clock(void); /* ns, monotonic */

#endif
