/* SPDX-License-Identifier: Apache-2.0 */
/* Loops: the mailbox from several threads, errands, descriptors, timers, the stock of buffers. */
#include <criterion/criterion.h>
#include <errno.h>
#include <pthread.h>
#include <semaphore.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "pool/pool.h"

static struct lun_pool *pool;
static struct lun_loop *loop;
static sem_t done;
static struct lun_error e;

static void wait_done(void)
{
    while (sem_wait(&done) < 0 && errno == EINTR)
        ;
}

static void open_pool(void)
{
    static const struct lun_pool_options o = {
        .loops = 2, .initiator_name = "iqn.2026-01.org.example:host7", .instance = "/mnt/san"};
    pool = lun_pool_new(&o, &e);
    cr_assert_not_null(pool, "%s", e.text);
    loop = lun_pool_loop(pool, 0);
    sem_init(&done, 0, 0);
}

static void close_pool(void)
{
    lun_pool_free(pool);
    sem_destroy(&done);
}

TestSuite(loop, .init = open_pool, .fini = close_pool);

/* ---- mailbox ----------------------------------------------------------------------------------------------
 */

#define SENDERS 4
#define EACH 2000

struct letter {
    struct lun_message message;
    int sender, number;
};

static struct letter letters[SENDERS][EACH];
static int expected[SENDERS], arrived;

static void arrive(struct lun_message *m)
{
    struct letter *l = LIST_OF(m, struct letter, message);
    cr_assert(lun_loop_is_current(loop));
    cr_assert_eq(l->number, expected[l->sender]++, "sender %d", l->sender);
    if (++arrived == SENDERS * EACH)
        sem_post(&done);
}

static void *send_letters(void *arg)
{
    struct letter *mine = arg;
    for (int i = 0; i < EACH; i++)
        lun_loop_post(loop, &mine[i].message);
    return NULL;
}

Test(loop, letters_of_several_threads_arrive_once_and_in_order)
{
    pthread_t threads[SENDERS];
    for (int s = 0; s < SENDERS; s++)
        for (int i = 0; i < EACH; i++)
            letters[s][i] = (struct letter){{.fn = arrive}, s, i};
    for (int s = 0; s < SENDERS; s++)
        cr_assert_eq(pthread_create(&threads[s], NULL, send_letters, letters[s]), 0);
    wait_done();
    for (int s = 0; s < SENDERS; s++)
        pthread_join(threads[s], NULL);
    cr_assert_eq(arrived, SENDERS * EACH);
}

static int replies;

/* A message is its owner's again while fn runs: it may be posted again at once. */
static void post_again(struct lun_message *m)
{
    if (++replies == 100)
        sem_post(&done);
    else
        lun_loop_post(loop, m);
}

Test(loop, a_message_may_be_posted_again_from_its_own_fn)
{
    static struct lun_message m = {.fn = post_again};
    lun_loop_post(loop, &m);
    wait_done();
    cr_assert_eq(replies, 100);
}

static void hop(struct lun_message *m)
{
    struct lun_loop *other = lun_pool_loop(pool, 1);
    if (++replies == 50)
        sem_post(&done);
    else
        lun_loop_post(lun_loop_is_current(loop) ? other : loop, m);
}

Test(loop, a_message_goes_to_and_fro_between_loops)
{
    static struct lun_message m = {.fn = hop};
    lun_loop_post(loop, &m);
    wait_done();
    cr_assert_eq(replies, 50);
}

static void set(struct lun_message *m)
{
    replies++;
}

Test(loop, what_is_posted_before_the_end_still_runs)
{
    static struct lun_message m[50];
    for (int i = 0; i < 50; i++) {
        m[i].fn = set;
        lun_loop_post(loop, &m[i]);
    }
    lun_pool_free(pool);
    pool = NULL;
    cr_assert_eq(replies, 50);
}

/* ---- errands ----------------------------------------------------------------------------------------------
 */

struct where {
    pthread_t thread;
    bool first, second;
};

static void look_round(void *arg)
{
    struct where *w = arg;
    w->thread = pthread_self();
    w->first = lun_loop_is_current(loop);
    w->second = lun_loop_is_current(lun_pool_loop(pool, 1));
}

Test(loop, run_runs_in_the_loop_and_waits)
{
    struct where w = {0};
    lun_loop_run(loop, look_round, &w);
    cr_assert(w.first && !w.second);
    cr_assert_not(pthread_equal(w.thread, pthread_self()));
    cr_assert_not(lun_loop_is_current(loop));
}

Test(loop, each_loop_is_another_thread)
{
    struct where a, c;
    lun_loop_run(loop, look_round, &a);
    lun_loop_run(lun_pool_loop(pool, 1), look_round, &c);
    cr_assert(c.second && !c.first);
    cr_assert_not(pthread_equal(a.thread, c.thread));
}

Test(loop, indices_go_round)
{
    cr_assert_eq(lun_pool_loop(pool, 2), loop);
    cr_assert_eq(lun_pool_loop(pool, 3), lun_pool_loop(pool, 1));
}

static void *run_many(void *arg)
{
    for (int i = 0; i < 500; i++)
        lun_loop_run(loop, arg, NULL);
    return NULL;
}

static void count_one(void *arg)
{
    replies++; /* in the loop alone: nobody else touches it */
}

Test(loop, errands_of_several_threads)
{
    pthread_t threads[SENDERS];
    for (int s = 0; s < SENDERS; s++)
        cr_assert_eq(pthread_create(&threads[s], NULL, run_many, count_one), 0);
    for (int s = 0; s < SENDERS; s++)
        pthread_join(threads[s], NULL);
    cr_assert_eq(replies, 500 * SENDERS);
}

/* ---- deferred work ----------------------------------------------------------------------------------------
 */

static struct loop_deferred deferred[3];
static int runs[3], order[6], ran;

static void run_deferred(struct loop_deferred *d)
{
    int i = (int)(d - deferred);
    runs[i]++;
    order[ran++] = i;
    if (i == 2 && runs[2] == 1)
        loop_defer(loop, &deferred[0]); /* from inside: this turn still */
}

static void defer_some(void *arg)
{
    for (int i = 0; i < 3; i++) {
        deferred[i].run = run_deferred;
        list_init(&deferred[i].link);
    }
    for (int i = 0; i < 3; i++) {
        loop_defer(loop, &deferred[i]);
        loop_defer(loop, &deferred[i]); /* once however often */
    }
    loop_undefer(&deferred[1]);
}

static void nothing(void *arg)
{
}

Test(loop, deferred_work_runs_once_at_the_end_of_the_turn)
{
    lun_loop_run(loop, defer_some, NULL);
    lun_loop_run(loop, nothing, NULL);
    cr_assert_eq(ran, 3);
    cr_assert_eq(runs[1], 0);
    cr_assert(order[0] == 0 && order[1] == 2 && order[2] == 0);
}

/* ---- descriptors ------------------------------------------------------------------------------------------
 */

struct eye {
    int fd;
    int calls, more; /* says that more may be waiting so often */
    bool unwatch;    /* unwatches itself */
    bool says_more;  /* even then */
    struct eye *other;
};

static bool see(void *arg)
{
    struct eye *eye = arg;
    uint64_t n;
    cr_assert(lun_loop_is_current(loop));
    eye->calls++;
    bool got = read(eye->fd, &n, sizeof n) == sizeof n;
    if (eye->unwatch)
        lun_loop_unwatch(loop, eye->fd);
    if (eye->other)
        lun_loop_unwatch(loop, eye->other->fd);
    if (eye->more-- > 0)
        return true;
    if (got || eye->more == -1)
        sem_post(&done);
    return eye->says_more;
}

static void watch(void *arg)
{
    struct eye *eye = arg;
    cr_assert(lun_loop_watch(loop, eye->fd, see, eye, &e), "%s", e.text);
}

static void unwatch(void *arg)
{
    struct eye *eye = arg;
    lun_loop_unwatch(loop, eye->fd);
}

static void open_eye(struct eye *eye)
{
    eye->fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
    cr_assert_geq(eye->fd, 0);
    lun_loop_run(loop, watch, eye);
}

static void poke(const struct eye *eye)
{
    uint64_t one = 1;
    cr_assert_eq(write(eye->fd, &one, sizeof one), sizeof one);
}

Test(loop, a_watched_descriptor_calls)
{
    struct eye eye = {0};
    open_eye(&eye);
    poke(&eye);
    wait_done();
    poke(&eye);
    wait_done();
    lun_loop_run(loop, unwatch, &eye);
    cr_assert_eq(eye.calls, 2);
    close(eye.fd);
}

Test(loop, called_again_while_more_may_wait)
{
    struct eye eye = {.more = 3};
    open_eye(&eye);
    poke(&eye);
    wait_done();
    lun_loop_run(loop, unwatch, &eye);
    cr_assert_eq(eye.calls, 4);
    close(eye.fd);
}

Test(loop, not_called_after_unwatch)
{
    struct eye eye = {0}, other = {0};
    open_eye(&eye);
    open_eye(&other);
    lun_loop_run(loop, unwatch, &eye);
    poke(&eye);
    poke(&other);
    wait_done();
    lun_loop_run(loop, unwatch, &other);
    cr_assert_eq(eye.calls, 0);
    close(eye.fd);
    close(other.fd);
}

Test(loop, unwatched_from_its_own_callback)
{
    struct eye eye = {.unwatch = true};
    open_eye(&eye);
    poke(&eye);
    wait_done();
    poke(&eye);
    lun_loop_run(loop, nothing, NULL);
    lun_loop_run(loop, nothing, NULL);
    cr_assert_eq(eye.calls, 1);
    close(eye.fd);
}

/* It is gone, whatever it then says. */
Test(loop, unwatched_from_its_own_callback_that_wants_more)
{
    struct eye eye = {.unwatch = true, .says_more = true};
    open_eye(&eye);
    poke(&eye);
    wait_done();
    lun_loop_run(loop, nothing, NULL);
    lun_loop_run(loop, nothing, NULL);
    cr_assert_eq(eye.calls, 1);
    close(eye.fd);
}

static void poke_both(void *arg)
{
    struct eye *eyes = arg;
    poke(&eyes[0]);
    poke(&eyes[1]);
}

/* Both are ready in one turn; whichever comes first takes the other away, and that one is not called. */
Test(loop, unwatched_from_another_callback_of_the_same_turn)
{
    struct eye eyes[2] = {{.other = &eyes[1]}, {.other = &eyes[0]}};
    open_eye(&eyes[0]);
    open_eye(&eyes[1]);
    lun_loop_run(loop, poke_both, eyes);
    wait_done();
    lun_loop_run(loop, nothing, NULL);
    cr_assert_eq(eyes[0].calls + eyes[1].calls, 1);
    lun_loop_run(loop, unwatch, &eyes[0]);
    lun_loop_run(loop, unwatch, &eyes[1]);
    close(eyes[0].fd);
    close(eyes[1].fd);
}

static void watch_badly(void *arg)
{
    *(bool *)arg = lun_loop_watch(loop, 9999, see, NULL, &e);
}

Test(loop, a_descriptor_that_is_none)
{
    bool ok = true;
    lun_loop_run(loop, watch_badly, &ok);
    cr_assert_not(ok);
    cr_assert_eq(e.layer, LUN_SYSTEM);
    cr_assert_eq(e.code, EBADF);
}

/* Nobody unwatches; the leak checker has the word. */
Test(loop, a_watch_ends_with_its_loop)
{
    static struct eye eye;
    open_eye(&eye);
}

/* ---- timers -----------------------------------------------------------------------------------------------
 */

struct bell {
    struct lun_timer timer;
    uint64_t due, rang;
    int rings, again;
};

static void ring(struct lun_timer *t)
{
    struct bell *bell = LIST_OF(t, struct bell, timer);
    bell->rings++;
    bell->rang = loop_clock();
    if (bell->again-- > 0)
        lun_timer_arm(loop, t, 1);
    else
        sem_post(&done);
}

static void arm(void *arg)
{
    struct bell *bell = arg;
    bell->due = loop_clock() + 20 * 1000000;
    lun_timer_arm(loop, &bell->timer, 20);
}

static void disarm(void *arg)
{
    struct bell *bell = arg;
    lun_timer_disarm(loop, &bell->timer);
}

Test(loop, a_timer_rings_once_and_not_too_early)
{
    struct bell bell = {.timer.fn = ring};
    lun_loop_run(loop, arm, &bell);
    wait_done();
    lun_loop_run(loop, nothing, NULL);
    cr_assert_eq(bell.rings, 1);
    cr_assert_geq(bell.rang, bell.due);
}

Test(loop, a_timer_armed_again_from_its_own_fn)
{
    struct bell bell = {.timer.fn = ring, .again = 5};
    lun_loop_run(loop, arm, &bell);
    wait_done();
    cr_assert_eq(bell.rings, 6);
}

Test(loop, a_timer_disarmed)
{
    struct bell bell = {.timer.fn = ring}, later = {.timer.fn = ring};
    lun_loop_run(loop, arm, &bell);
    lun_loop_run(loop, disarm, &bell);
    lun_loop_run(loop, disarm, &bell); /* safe */
    lun_loop_run(loop, arm, &later);
    wait_done();
    cr_assert_eq(bell.rings, 0);
    cr_assert_eq(later.rings, 1);
}

/* ---- buffers ----------------------------------------------------------------------------------------------
 */

static void get(void *arg)
{
    *(void **)arg = lun_buffer_get(loop);
}

static void put(void *arg)
{
    lun_buffer_put(loop, arg);
}

static void stock(void *arg)
{
    *(size_t *)arg = loop->buffers.count;
}

Test(loop, the_last_buffer_put_is_the_next_got)
{
    void *a, *c, *d;
    lun_loop_run(loop, get, &a);
    lun_loop_run(loop, get, &c);
    cr_assert(a && c && a != c);
    memset(a, 1, LUN_BUFFER_SIZE);
    memset(c, 2, LUN_BUFFER_SIZE);
    lun_loop_run(loop, put, c);
    lun_loop_run(loop, put, a);
    lun_loop_run(loop, get, &d);
    cr_assert_eq(d, a);
    lun_loop_run(loop, put, d);
}

Test(loop, buffers_are_page_aligned)
{
    void *a;
    lun_loop_run(loop, get, &a);
    cr_assert_eq((uintptr_t)a % 4096, 0);
    lun_loop_run(loop, put, a);
}

Test(loop, a_buffer_put_from_another_thread_comes_back)
{
    void *a, *c;
    size_t n;
    lun_loop_run(loop, get, &a);
    lun_buffer_put(loop, a);
    lun_loop_run(loop, stock, &n);
    cr_assert_eq(n, 0, "the stock is the loop's alone");
    lun_loop_run(loop, get, &c);
    cr_assert_eq(a, c);
    lun_buffer_put(loop, c);
}

Test(loop, putting_no_buffer)
{
    lun_buffer_put(loop, NULL);
    lun_loop_run(loop, put, NULL);
}

static void *put_all(void *arg)
{
    void **mine = arg;
    for (int i = 0; i < 8; i++)
        lun_buffer_put(loop, mine[i]);
    return NULL;
}

Test(loop, buffers_put_from_several_threads_are_all_had_again)
{
    static void *first[SENDERS * 8], *second[SENDERS * 8];
    pthread_t threads[SENDERS];
    for (int i = 0; i < SENDERS * 8; i++)
        lun_loop_run(loop, get, &first[i]);
    for (int s = 0; s < SENDERS; s++)
        cr_assert_eq(pthread_create(&threads[s], NULL, put_all, first + s * 8), 0);
    for (int s = 0; s < SENDERS; s++)
        pthread_join(threads[s], NULL);
    for (int i = 0; i < SENDERS * 8; i++)
        lun_loop_run(loop, get, &second[i]);
    for (int i = 0; i < SENDERS * 8; i++) {
        int found = 0;
        for (int k = 0; k < SENDERS * 8; k++)
            found += second[k] == first[i];
        cr_assert_eq(found, 1);
    }
    for (int i = 0; i < SENDERS * 8; i++)
        lun_buffer_put(loop, second[i]);
}

/* A buffer that was out when the stock was last looked through must be looked for again when it is back: an
 * idle loop keeps no memory. */
static void hold_over_a_trim(void *arg)
{
    bool *armed = arg;
    void *buffer = lun_buffer_get(loop);
    timer_disarm(&loop->timers, &loop->trim);
    loop->trim.fire(&loop->trim, loop->now); /* nothing in stock: it does not come again by itself */
    lun_buffer_put(loop, buffer);
    *armed = timer_armed(&loop->trim);
}

Test(loop, a_buffer_held_for_long_is_given_back_to_the_kernel_too)
{
    bool armed = false;
    lun_loop_run(loop, hold_over_a_trim, &armed);
    cr_assert(armed);
}
