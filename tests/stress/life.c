/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Targets and pools that come and go in many threads, while I/O is on its way to them: opened and closed at
 * once, closed under requests, freed with their pool, at portals that are dead or silent, beside discoveries
 * that are cancelled. Every call and every request ends once, nothing is left.
 */
#include <arpa/inet.h>
#include <dirent.h>
#include <errno.h>
#include <netinet/in.h>
#include <pthread.h>
#include <semaphore.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "stress.h"

#define WORKERS 5
#define ROUNDS 500
#define REQUESTS 24
#define PIECE 4096u  /* bytes */
#define IMPATIENT 60 /* ms, for portals that do not answer */

static struct stress_server
    servers[WORKERS]; /* each its own: initiators of one name would end each other's sessions */
static struct lun_pool *shared;
static char silent[32], dead[32];

struct worker {
    pthread_t thread;
    uint64_t random;
    uint32_t index;
    struct lun_unit *unit;
    sem_t ended;
    struct lun_io requests[REQUESTS];
    char data[REQUESTS][PIECE];
};

static void await(sem_t *s, unsigned times)
{
    while (times)
        times -= sem_wait(s) == 0;
}

/* ---- Requests that meet a close ---------------------------------------------------------------------- */

static void request_done(struct lun_io *io)
{
    sem_post(io->user);
}

static void *submit_all(void *arg)
{
    struct worker *w = arg;
    for (int i = 0; i < REQUESTS; i++) {
        w->requests[i] = (struct lun_io){.done = request_done,
                                         .user = &w->ended,
                                         .op = i % 3 ? LUN_OP_WRITE : LUN_OP_READ,
                                         .offset = (uint64_t)i * PIECE,
                                         .length = PIECE,
                                         .buffer = w->data[i]};
        lun_submit(w->unit, &w->requests[i]);
    }
    return NULL;
}

static void check_requests(struct worker *w)
{
    await(&w->ended, REQUESTS);
    for (int i = 0; i < REQUESTS; i++) {
        const struct lun_error *e = &w->requests[i].error;
        if (e->layer != LUN_OK && e->layer != LUN_CANCELLED && e->layer != LUN_CONNECT)
            stress_die("request: %s: %s", lun_layer_name(e->layer), e->text);
    }
}

static struct lun_target *opened(struct worker *w, struct lun_pool *p)
{
    struct lun_error e;
    struct lun_target_options o = {.sessions = 1 + stress_random(&w->random, 4)};
    struct lun_target *t = stress_target(p, servers[w->index].portal, o);
    if (!lun_target_open_wait(t, &e))
        stress_die("open: %s", e.text);
    w->unit = stress_unit(t, 0);
    return t;
}

static void closed_under_requests(struct worker *w)
{
    static const uint32_t patience[] = {0, 2, 1000};
    pthread_t other;
    struct lun_error e;
    struct lun_target *t = opened(w, shared);
    pthread_create(&other, NULL, submit_all, w);
    if (!lun_target_close_wait(t, patience[stress_random(&w->random, 3)], &e))
        stress_die("close: %s", e.text);
    pthread_join(other, NULL);
    check_requests(w);
    lun_target_free(t);
}

static void pool_freed_under_requests(struct worker *w)
{
    char instance[32];
    snprintf(instance, sizeof instance, "stress-life-%u", w->index);
    struct lun_pool *p = stress_pool(2, instance);
    struct lun_target *t = opened(w, p);
    submit_all(w);
    lun_pool_free(p);
    check_requests(w);
    lun_target_free(t);
}

/* ---- Openings that end early ------------------------------------------------------------------------- */

static void call_done(struct lun_call *c)
{
    sem_post(c->user);
}

static void closed_while_it_opens(struct worker *w)
{
    struct lun_call opening = {.done = call_done, .user = &w->ended}, closing = opening, again = opening;
    struct lun_target *t =
        stress_target(shared, servers[w->index].portal, (struct lun_target_options){.sessions = 3});
    lun_target_open(t, &opening);
    if (stress_random(&w->random, 2))
        usleep(stress_random(&w->random, 3000));
    lun_target_close(t, 1000, &closing);
    lun_target_close(t, 1000, &again);
    await(&w->ended, 3);
    if (closing.error.layer != LUN_OK || again.error.layer != LUN_OK)
        stress_die("close: %s%s", closing.error.text, again.error.text);
    if (opening.error.layer != LUN_OK && opening.error.layer != LUN_CANCELLED)
        stress_die("open: %s", opening.error.text);
    lun_target_free(t);
}

static void never_opens(struct worker *w)
{
    struct lun_error e;
    bool answers_nothing = stress_random(&w->random, 2);
    struct lun_target *t = stress_target(shared, answers_nothing ? silent : dead,
                                         (struct lun_target_options){.login_timeout_ms = IMPATIENT});
    enum lun_layer expected = answers_nothing ? LUN_TIMEOUT : LUN_CONNECT;
    if (lun_target_open_wait(t, &e) || e.layer != expected)
        stress_die("open: not %s, but %s: %s", lun_layer_name(expected), lun_layer_name(e.layer), e.text);
    lun_target_free(t);
}

/* ---- Discoveries ------------------------------------------------------------------------------------- */

static void discovery_done(struct lun_discovery *d)
{
    sem_post(d->user);
}

static void discovered_or_not(struct worker *w)
{
    struct lun_error e;
    struct lun_discovery d = {.done = discovery_done, .user = &w->ended};
    uint32_t what = stress_random(&w->random, 3);
    const char *portal = what ? servers[stress_random(&w->random, WORKERS)].portal : silent;
    if (!lun_discover_start(shared, portal, NULL, 5000, &d, &e))
        stress_die("discovery: %s", e.text);
    if (what < 2)
        lun_discover_cancel(&d);
    await(&w->ended, 1);
    lun_discover_end(&d);
    if (!d.found && (what == 2 || d.error.layer != LUN_CANCELLED))
        stress_die("discovery: %s", d.error.text);
    if (d.found)
        lun_found_free(d.found);
}

static void *work(void *arg)
{
    static void (*const steps[])(struct worker *) = {closed_under_requests, closed_while_it_opens,
                                                     discovered_or_not,     closed_under_requests,
                                                     never_opens,           pool_freed_under_requests};
    struct worker *w = arg;
    for (int i = 0; i < ROUNDS; i++)
        steps[stress_random(&w->random, sizeof steps / sizeof *steps)](w);
    return NULL;
}

/* ---- The whole --------------------------------------------------------------------------------------- */

static int open_port(char portal[static 32], bool listening)
{
    struct sockaddr_in a = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t n = sizeof a;
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (bind(fd, (struct sockaddr *)&a, n) < 0 || getsockname(fd, (struct sockaddr *)&a, &n) < 0 ||
        (listening && listen(fd, 1024) < 0))
        stress_die("no port");
    snprintf(portal, 32, "127.0.0.1:%u", ntohs(a.sin_port));
    return fd;
}

static int count(const char *path)
{
    int n = 0;
    DIR *d = opendir(path);
    while (readdir(d))
        n++;
    closedir(d);
    return n;
}

int main(void)
{
    static struct worker workers[WORKERS];
    int listener = open_port(silent, true), bound = open_port(dead, false);
    for (int i = 0; i < WORKERS; i++)
        stress_start(&servers[i], "FAST_TARGET",
                     (const char *const[]){"--size", "1M", "--write-cache", NULL});
    lun_pool_free(stress_pool(1, "first")); /* the first thread may bring a sanitizer's own */
    int descriptors = count("/proc/self/fd"), threads = count("/proc/self/task");
    shared = stress_pool(3, "stress-life");
    for (uint32_t i = 0; i < WORKERS; i++) {
        workers[i].random = 0x9e3779b97f4a7c15ull * (i + 1);
        workers[i].index = i;
        sem_init(&workers[i].ended, 0, 0);
        pthread_create(&workers[i].thread, NULL, work, &workers[i]);
    }
    for (int i = 0; i < WORKERS; i++)
        pthread_join(workers[i].thread, NULL);
    lun_pool_free(shared);
    if (count("/proc/self/fd") != descriptors)
        stress_die("descriptors: %d, before %d", count("/proc/self/fd"), descriptors);
    /* One that has been joined may still be on its way out. */
    for (int i = 0; i < 1000 && count("/proc/self/task") > threads; i++)
        usleep(10000);
    if (count("/proc/self/task") > threads)
        stress_die("threads: %d, before %d", count("/proc/self/task"), threads);
    close(listener);
    close(bound);
    return 0;
}
