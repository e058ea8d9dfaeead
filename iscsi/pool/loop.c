/* SPDX-License-Identifier: Apache-2.0 */
/* The event loop; see loop.h. Everything but the mailbox and start/stop runs in the loop's own thread. */
#include "pool/loop.h"

#include <errno.h>
#include <sched.h>
#include <semaphore.h>
#include <signal.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/prctl.h>
#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>

#include "pool/lookup.h"

static __thread struct lun_loop *current; /* the loop this thread runs, if any */

/* Between two looks for events: so long away, another thread has had this CPU (ns). */
#define DISTURBED 200000
#define TRIM_INTERVAL 2000000000ull /* ns */

uint64_t loop_clock(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

/* ---- mailbox ----------------------------------------------------------------------------------------- */

void lun_loop_post(struct lun_loop *l, struct lun_message *m)
{
    struct lun_message *head = atomic_load_explicit(&l->mail, memory_order_relaxed);
    do
        m->next = head;
    while (!atomic_compare_exchange_weak_explicit(&l->mail, &head, m, memory_order_release,
                                                  memory_order_relaxed));
    if (head)
        return; /* whoever posted that one has woken the loop */
    uint64_t one = 1;
    while (write(l->wakeup, &one, sizeof one) < 0 && errno == EINTR)
        ;
}

static void run_mail(struct lun_loop *l)
{
    struct lun_message *m = atomic_exchange_explicit(&l->mail, NULL, memory_order_acquire), *first = NULL;
    while (m) { /* newest first: turn it round */
        struct lun_message *next = m->next;
        m->next = first;
        first = m;
        m = next;
    }
    while (first) {
        m = first;
        first = m->next; /* m is its owner's again once fn runs */
        m->fn(m);
    }
}

struct errand {
    struct lun_message message;
    void (*fn)(void *arg);
    void *arg;
    sem_t done;
};

static void run_errand(struct lun_message *m)
{
    struct errand *r = LIST_OF(m, struct errand, message);
    r->fn(r->arg);
    sem_post(&r->done);
}

void lun_loop_run(struct lun_loop *l, void (*fn)(void *arg), void *arg)
{
    struct errand r = {.message.fn = run_errand, .fn = fn, .arg = arg};
    sem_init(&r.done, 0, 0);
    lun_loop_post(l, &r.message);
    while (sem_wait(&r.done) < 0 && errno == EINTR)
        ;
    sem_destroy(&r.done);
}

bool lun_loop_is_current(const struct lun_loop *l)
{
    return l == current;
}

/* ---- descriptors and deferred work ------------------------------------------------------------------- */

bool loop_add(struct lun_loop *l, struct loop_watch *w, uint32_t events, struct lun_error *e)
{
    list_init(&w->again);
    struct epoll_event event = {.events = events, .data.ptr = w};
    if (epoll_ctl(l->epoll, EPOLL_CTL_ADD, w->fd, &event) < 0)
        return error_set(e, LUN_SYSTEM, errno, false, "epoll_ctl: %s", strerror(errno));
    return true;
}

void loop_remove(struct lun_loop *l, struct loop_watch *w)
{
    epoll_ctl(l->epoll, EPOLL_CTL_DEL, w->fd, NULL);
    list_remove(&w->again);
    for (int i = 0; i < l->event_count; i++)
        if (l->events[i].data.ptr == w)
            l->events[i].data.ptr = NULL;
}

void loop_defer(struct lun_loop *l, struct loop_deferred *d)
{
    if (list_empty(&d->link))
        list_append(&l->deferred, &d->link);
}

void loop_undefer(struct loop_deferred *d)
{
    list_remove(&d->link);
}

static void call(struct lun_loop *l, struct loop_watch *w, uint32_t events)
{
    list_remove(&w->again);
    if (w->ready(w, events))
        list_append(&l->again, &w->again);
}

/* Those that had more than their share last turn. Only the ones there now: they may ask again. */
static void run_again(struct lun_loop *l)
{
    struct list round;
    list_init(&round);
    list_splice(&round, &l->again);
    while (!list_empty(&round))
        call(l, LIST_OF(round.next, struct loop_watch, again), 0);
}

static void run_deferred(struct lun_loop *l)
{
    struct list *node;
    while ((node = list_pop(&l->deferred))) {
        struct loop_deferred *d = LIST_OF(node, struct loop_deferred, link);
        d->run(d);
    }
}

/* ---- turns ------------------------------------------------------------------------------------------- */

/* Deadlines go through a timerfd that is set anew only when an earlier one appears: with a timeout of its own
 * every epoll_wait would start and stop a kernel timer. Fired too early for what is left, it just costs a
 * turn. */
static void set_alarm(struct lun_loop *l)
{
    uint64_t next = timer_next(&l->timers);
    if (next >= l->alarm_set)
        return;
    struct itimerspec when = {.it_value = {(time_t)(next / 1000000000u), (long)(next % 1000000000u) + 1}};
    if (when.it_value.tv_nsec > 999999999)
        when.it_value.tv_nsec = 999999999;
    timerfd_settime(l->alarm, TFD_TIMER_ABSTIME, &when, NULL);
    l->alarm_set = next;
}

static bool alarmed(struct loop_watch *w, uint32_t events)
{
    struct lun_loop *l = LIST_OF(w, struct lun_loop, alarm_watch);
    uint64_t count;
    while (read(w->fd, &count, sizeof count) < 0 && errno == EINTR)
        ;
    l->alarm_set = TIMER_NEVER; /* timer_run follows in this turn, set_alarm before the next */
    return false;
}

static int take_events(struct lun_loop *l, int timeout)
{
    return epoll_wait(l->epoll, l->events, LOOP_EVENTS, timeout);
}

/* Looks for events, giving way to whoever wants this CPU in between. */
static bool look(struct lun_loop *l, enum poll_side side, uint64_t now)
{
    uint64_t end = now + poll_time(&l->poll, side);
    while (now < end) {
        l->event_count = take_events(l, 0);
        if (l->event_count)
            return true;
        sched_yield();
        uint64_t before = now;
        now = loop_clock();
        if (now - before > DISTURBED) {
            poll_disturbed(&l->poll, side);
            return false;
        }
    }
    return false;
}

/* At low depth it may be worth to look for a while before sleeping: poll.h. */
static void wait_for_events(struct lun_loop *l)
{
    bool wait = list_empty(&l->again);
    if (!wait || !l->poll.most || l->requests > POLL_REQUESTS_MOST) {
        l->event_count = take_events(l, wait ? -1 : 0);
        l->now = loop_clock();
        return;
    }
    enum poll_side side = l->requests ? POLL_FOR_ANSWER : POLL_FOR_REQUEST;
    uint64_t start = loop_clock();
    bool found = look(l, side, start);
    if (!found)
        l->event_count = take_events(l, -1);
    l->now = loop_clock();
    poll_learn(&l->poll, side, found, l->now - start);
}

static void turn(struct lun_loop *l)
{
    set_alarm(l);
    wait_for_events(l);
    run_again(l);
    for (int i = 0; i < l->event_count; i++) {
        struct loop_watch *w = l->events[i].data.ptr;
        if (w)
            call(l, w, l->events[i].events);
    }
    l->event_count = 0;
    timer_run(&l->timers, l->now);
    run_deferred(l);
}

/* The mail itself is read at the end of each turn. */
static bool woken(struct loop_watch *w, uint32_t events)
{
    uint64_t count;
    while (read(w->fd, &count, sizeof count) < 0 && errno == EINTR)
        ;
    return false;
}

static void *run(void *arg)
{
    struct lun_loop *l = arg;
    current = l;
    prctl(PR_SET_NAME, "lun-loop");
    while (!l->stopping) {
        turn(l);
        if (atomic_load_explicit(&l->mail, memory_order_relaxed)) {
            run_mail(l);
            run_deferred(l);
        }
    }
    return NULL;
}

static void trim(struct timer *t, uint64_t now)
{
    struct lun_loop *l = LIST_OF(t, struct lun_loop, trim);
    buffers_trim(&l->buffers);
    if (l->buffers.count)
        timer_arm(&l->timers, t, now + TRIM_INTERVAL);
}

static bool open_descriptors(struct lun_loop *l, struct lun_error *e)
{
    l->epoll = epoll_create1(EPOLL_CLOEXEC);
    l->wakeup = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
    l->alarm = timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK | TFD_CLOEXEC);
    if (l->epoll < 0 || l->wakeup < 0 || l->alarm < 0)
        return error_set(e, LUN_SYSTEM, errno, false, "event loop: %s", strerror(errno));
    l->mail_watch = (struct loop_watch){.fd = l->wakeup, .ready = woken};
    l->alarm_watch = (struct loop_watch){.fd = l->alarm, .ready = alarmed};
    return loop_add(l, &l->mail_watch, EPOLLIN, e) && loop_add(l, &l->alarm_watch, EPOLLIN, e);
}

bool loop_start(struct lun_loop *l, uint64_t poll_most, struct lun_error *e)
{
    *l = (struct lun_loop){
        .epoll = -1, .wakeup = -1, .alarm = -1, .alarm_set = TIMER_NEVER, .trim.fire = trim};
    list_init(&l->again);
    list_init(&l->deferred);
    list_init(&l->watches);
    list_init(&l->lookups);
    list_init(&l->hungry);
    poll_init(&l->poll, poll_most);
    bool ok = open_descriptors(l, e) && timer_reserve(&l->timers, 64);
    if (ok) {
        /* Signals are the main thread's. */
        sigset_t all, old;
        sigfillset(&all);
        pthread_sigmask(SIG_SETMASK, &all, &old);
        int err = pthread_create(&l->thread, NULL, run, l);
        pthread_sigmask(SIG_SETMASK, &old, NULL);
        if (err)
            ok = error_set(e, LUN_SYSTEM, err, false, "event loop thread: %s", strerror(err));
    }
    if (!ok) {
        close(l->epoll);
        close(l->wakeup);
        close(l->alarm);
        timer_heap_free(&l->timers);
    }
    return ok;
}

struct stop {
    struct lun_message message;
    struct lun_loop *loop;
};

static void stop_now(struct lun_message *m)
{
    LIST_OF(m, struct stop, message)->loop->stopping = true;
}

void loop_stop(struct lun_loop *l)
{
    struct stop s = {.message.fn = stop_now, .loop = l};
    lun_loop_post(l, &s.message);
    pthread_join(l->thread, NULL);
    lookup_end_all(l);
    run_mail(l);
    run_deferred(l);
    loop_free_watches(l);
    close(l->epoll);
    close(l->alarm);
    close(l->wakeup);
    buffers_free(&l->buffers);
    timer_heap_free(&l->timers);
}

/* ---- buffers ----------------------------------------------------------------------------------------- */

/* Going while there is anything in stock. */
static void need_trim(struct lun_loop *l)
{
    if (!timer_armed(&l->trim))
        timer_arm(&l->timers, &l->trim, l->now + TRIM_INTERVAL);
}

void *lun_buffer_get(struct lun_loop *l)
{
    need_trim(l);
    return buffers_get(&l->buffers);
}

void lun_buffer_put(struct lun_loop *l, void *buffer)
{
    if (!buffer)
        return;
    if (lun_loop_is_current(l)) {
        buffers_put(&l->buffers, buffer);
        need_trim(l);
    } else {
        buffers_put_elsewhere(&l->buffers, buffer);
    }
}
