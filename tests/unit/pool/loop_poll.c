/* SPDX-License-Identifier: Apache-2.0 */
/* A loop that looks for events before it sleeps, or does not (the rule itself: poll.c). */
#include <criterion/criterion.h>
#include <errno.h>
#include <semaphore.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "pool/pool.h"

static struct lun_pool *pool;
static struct lun_loop *loop;
static sem_t done;
static struct lun_error e;

#define PINGS 2000

static int ping_fd, pings;

/* Called again by its own event: at once, so that every wait of the loop is short. */
static bool ping(void *arg)
{
    uint64_t count;
    cr_assert_eq(read(ping_fd, &count, sizeof count), sizeof count);
    if (++pings == PINGS)
        sem_post(&done);
    else
        cr_assert_eq(write(ping_fd, &(uint64_t){1}, sizeof count), sizeof count);
    return false;
}

static void start_pings(void *arg)
{
    cr_assert(lun_loop_watch(loop, ping_fd, ping, NULL, &e), "%s", e.text);
}

static void stop_pings(void *arg)
{
    lun_loop_unwatch(loop, ping_fd);
    close(ping_fd);
}

static void ping_through(uint32_t poll_us)
{
    struct lun_pool_options o = {
        .poll_us = poll_us, .initiator_name = "iqn.2026-01.org.example:host7", .instance = "/mnt/san"};
    pool = lun_pool_new(&o, &e);
    cr_assert_not_null(pool, "%s", e.text);
    loop = lun_pool_loop(pool, 0);
    ping_fd = eventfd(1, EFD_NONBLOCK);
    lun_loop_run(loop, start_pings, NULL);
    while (sem_wait(&done) < 0 && errno == EINTR)
        ;
    lun_loop_run(loop, stop_pings, NULL);
}

static void begin(void)
{
    sem_init(&done, 0, 0);
}

static void end(void)
{
    lun_pool_free(pool);
    sem_destroy(&done);
}

TestSuite(loop_poll, .init = begin, .fini = end);

Test(loop_poll, looks_when_what_comes_comes_soon)
{
    if (pool_cpus() < 2)
        cr_skip_test("on a single CPU no loop looks");
    ping_through(1000);
    cr_assert_gt(loop->poll.side[POLL_FOR_REQUEST].found, 0);
    cr_assert_eq(loop->poll.side[POLL_FOR_ANSWER].found, 0);
}

Test(loop_poll, never_looks_when_told_so)
{
    ping_through(UINT32_MAX);
    cr_assert_eq(loop->poll.side[POLL_FOR_REQUEST].found, 0);
    cr_assert_eq(loop->poll.most, 0);
}

Test(loop_poll, refuses_to_look_for_long)
{
    struct lun_pool_options o = {
        .poll_us = 1001, .initiator_name = "iqn.2026-01.org.example:host7", .instance = "/mnt/san"};
    cr_assert_null(lun_pool_new(&o, &e));
    cr_assert_str_eq(e.text, "poll_us: 1001 is more than 1000");
}
