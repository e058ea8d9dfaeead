/* SPDX-License-Identifier: Apache-2.0 */
/* Names looked up for a loop: the answer comes in the loop, and nothing comes to who has given up. */
#include <criterion/criterion.h>
#include <errno.h>
#include <semaphore.h>
#include <string.h>

#include "pool/lookup.h"
#include "pool/pool.h"

#define NO_HOST "nnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnn"

static struct {
    struct lun_pool *pool;
    struct lun_loop *loop;
    struct lookup *lookup;
    const char *host;
    sem_t done;
    int answers;
    bool in_loop;
    size_t count;
    struct lun_error error;
    char text[80];
} t;

static void answered(struct lookup *l)
{
    cr_assert_eq(l->user, &t);
    t.answers++;
    t.in_loop = lun_loop_is_current(t.loop);
    t.count = l->count;
    t.error = l->error;
    if (l->count)
        strcpy(t.text, l->found[0].text);
    sem_post(&t.done);
}

static void start(void *arg)
{
    struct lun_error e;
    t.lookup = lookup_start(t.loop, t.host, 3260, answered, &t, &e);
    cr_assert_not_null(t.lookup, "%s", e.text);
}

static void start_and_forget(void *arg)
{
    start(arg);
    lookup_forget(t.lookup);
}

static void init(void)
{
    struct lun_error e;
    struct lun_pool_options o = {.initiator_name = "iqn.2026-01.org.example:host7", .instance = "x"};
    t.pool = lun_pool_new(&o, &e);
    cr_assert_not_null(t.pool, "%s", e.text);
    t.loop = lun_pool_loop(t.pool, 0);
    sem_init(&t.done, 0, 0);
}

static void fini(void)
{
    lun_pool_free(t.pool);
}

TestSuite(lookup, .init = init, .fini = fini, .timeout = 60);

static void look_up(const char *host)
{
    t.host = host;
    lun_loop_run(t.loop, start, NULL);
    while (sem_wait(&t.done) < 0 && errno == EINTR)
        ;
    cr_assert(t.in_loop);
}

Test(lookup, name)
{
    look_up("localhost");
    cr_assert_gt(t.count, 0);
    cr_assert(!strcmp(t.text, "127.0.0.1:3260") || !strcmp(t.text, "[::1]:3260"), "%s", t.text);
    look_up("localhost");
    cr_assert_eq(t.answers, 2);
}

/* A label of 64 characters, one more than DNS knows (RFC 1035 2.3.4): nobody need be asked. */
Test(lookup, no_such_name)
{
    look_up(NO_HOST);
    cr_assert_eq(t.count, 0);
    cr_assert_eq(t.error.layer, LUN_RESOLVE);
    cr_assert(strstr(t.error.text, NO_HOST));
}

/* The pool waits for its threads, and nobody is told. */
Test(lookup, forgotten)
{
    t.host = "localhost";
    for (int i = 0; i < 20; i++)
        lun_loop_run(t.loop, start_and_forget, NULL);
    lun_pool_free(t.pool);
    t.pool = NULL;
    cr_assert_eq(t.answers, 0);
}

Test(lookup, forgets_nothing)
{
    lookup_forget(NULL);
}
