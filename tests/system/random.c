/* SPDX-License-Identifier: Apache-2.0 */
/* Random I/O from several threads on one `data`, held against a mirror in memory. Writers own byte ranges,
 * not blocks: neighbours share a block all the time, so the read-modify-write of unaligned writes must not
 * lose either's bytes. Every read is compared at once, the whole LUN and the backing file at the end. */
#include <criterion/criterion.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lib/daemon.h"
#include "lib/target_istgt.h"
#include "lib/target_tgt.h"
#include "lib/workspace.h"

#define SIZE (8u << 20)
#define THREADS 4
#define OPERATIONS 6000 /* of each thread: 24,000 in all */
#define LARGEST (1536u << 10)

/* ---- Ranges in use: readers share, writers do not ---------------------------------------------------- */

struct range {
    size_t offset, length;
    bool writes;
};

struct arena {
    pthread_mutex_t lock;
    pthread_cond_t freed;
    struct range busy[THREADS]; /* length 0: none */
    unsigned char *mirror;
    char failure[256]; /* the first one; Criterion's assertions belong to the main thread */
    int fd;
};

static bool conflicts(const struct arena *a, const struct range *r)
{
    for (int i = 0; i < THREADS; i++) {
        const struct range *b = &a->busy[i];
        bool apart = r->offset + r->length <= b->offset || b->offset + b->length <= r->offset;
        if (b->length && !apart && (r->writes || b->writes))
            return true;
    }
    return false;
}

static void take(struct arena *a, int thread, struct range r)
{
    pthread_mutex_lock(&a->lock);
    while (conflicts(a, &r))
        pthread_cond_wait(&a->freed, &a->lock);
    a->busy[thread] = r;
    pthread_mutex_unlock(&a->lock);
}

static void give_back(struct arena *a, int thread)
{
    pthread_mutex_lock(&a->lock);
    a->busy[thread].length = 0;
    pthread_cond_broadcast(&a->freed);
    pthread_mutex_unlock(&a->lock);
}

static void fail(struct arena *a, const char *what, struct range r, ssize_t n)
{
    pthread_mutex_lock(&a->lock);
    if (a->failure[0] == '\0')
        snprintf(a->failure, sizeof a->failure, "%s at %zu+%zu: result %zd, %s", what, r.offset, r.length, n,
                 strerror(errno));
    pthread_mutex_unlock(&a->lock);
}

/* ---- One thread -------------------------------------------------------------------------------------- */

struct worker {
    struct arena *arena;
    pthread_t thread;
    int index;
    unsigned seed;
    unsigned char *buffer;
};

static unsigned draw(struct worker *k, unsigned below)
{
    /* Numerical Recipes' generator: the same sequence everywhere, from the seed that is printed. */
    k->seed = k->seed * 1664525u + 1013904223u;
    return (unsigned)((uint64_t)(k->seed >> 1) * below >> 31);
}

/* Mostly small and odd, near each other; sometimes aligned, sometimes more than one FUSE request. */
static struct range choose(struct worker *k)
{
    struct range r = {.writes = draw(k, 100) < 55};
    unsigned kind = draw(k, 100);
    if (kind < 60) {
        r.length = 1 + draw(k, 3000);
        r.offset = (draw(k, 8) << 20) + draw(k, 20000);
    } else if (kind < 80) {
        r.length = 512 * (1 + draw(k, 64));
        r.offset = 512 * draw(k, SIZE / 512);
    } else if (kind < 97) {
        r.length = 1 + draw(k, 65536);
        r.offset = draw(k, SIZE);
    } else {
        r.length = 1 + draw(k, LARGEST);
        r.offset = draw(k, SIZE);
    }
    if (r.offset + r.length > SIZE)
        r.length = SIZE - r.offset;
    return r;
}

static bool operate(struct worker *k, struct range r)
{
    struct arena *a = k->arena;
    unsigned char *mirror = a->mirror + r.offset;
    if (r.writes) {
        for (size_t i = 0; i < r.length; i++)
            k->buffer[i] = (unsigned char)(k->seed >> (i % 24));
        ssize_t n = pwrite(a->fd, k->buffer, r.length, (off_t)r.offset);
        memcpy(mirror, k->buffer, r.length);
        if (n != (ssize_t)r.length)
            return fail(a, "write", r, n), false;
        return true;
    }
    ssize_t n = pread(a->fd, k->buffer, r.length, (off_t)r.offset);
    if (n != (ssize_t)r.length)
        return fail(a, "read", r, n), false;
    if (memcmp(k->buffer, mirror, r.length) != 0)
        return fail(a, "content", r, n), false;
    return true;
}

static void *work(void *arg)
{
    struct worker *k = arg;
    bool well = true;
    for (int i = 0; well && i < OPERATIONS; i++) {
        struct range r = choose(k);
        take(k->arena, k->index, r);
        well = operate(k, r);
        give_back(k->arena, k->index);
        if (well && i % 1000 == 999 && fsync(k->arena->fd) != 0)
            fail(k->arena, "fsync", r, -1), well = false;
    }
    return NULL;
}

static void compare_all(const struct arena *a, const char *path)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    unsigned char *all = malloc(SIZE);
    cr_assert(fd >= 0 && all, "%s: %s", path, strerror(errno));
    size_t n = 0;
    for (ssize_t k; n < SIZE && (k = read(fd, all + n, SIZE - n)) > 0;)
        n += (size_t)k;
    cr_assert_eq(n, SIZE, "%s: %zu bytes", path, n);
    for (size_t i = 0; i < SIZE; i++)
        if (all[i] != a->mirror[i])
            cr_assert_fail("%s differs at byte %zu", path, i);
    free(all);
    close(fd);
}

/* `data` is full of zeros at the start. */
static void run(const char *data, const char *backing, unsigned seed)
{
    struct arena a = {.lock = PTHREAD_MUTEX_INITIALIZER, .freed = PTHREAD_COND_INITIALIZER};
    struct worker workers[THREADS];
    a.mirror = calloc(1, SIZE);
    a.fd = open(data, O_RDWR | O_CLOEXEC);
    cr_assert(a.mirror && a.fd >= 0, "%s: %s", data, strerror(errno));
    for (int i = 0; i < THREADS; i++) {
        workers[i] =
            (struct worker){.arena = &a, .index = i, .seed = seed + (unsigned)i, .buffer = malloc(LARGEST)};
        cr_assert(workers[i].buffer);
        cr_assert_eq(pthread_create(&workers[i].thread, NULL, work, &workers[i]), 0);
    }
    for (int i = 0; i < THREADS; i++) {
        pthread_join(workers[i].thread, NULL);
        free(workers[i].buffer);
    }
    cr_assert_str_empty(a.failure, "seed %u: %s", seed, a.failure);
    cr_assert_eq(fsync(a.fd), 0);
    cr_assert_eq(close(a.fd), 0);
    compare_all(&a, data);
    compare_all(&a, backing);
    free(a.mirror);
}

/* ---- Targets ----------------------------------------------------------------------------------------- */

static struct workspace w;
static char backing[128], data[256];

static void make(void)
{
    workspace_make(&w);
    snprintf(backing, sizeof backing, "%s/disk", w.path);
    workspace_must(&w, "truncate -s %u $W/disk", SIZE);
}

static void unmake(void)
{
    workspace_free(&w);
}

TestSuite(random, .init = make, .fini = unmake, .timeout = 400);

static void on_tgt(const char *lun_options, const char *options, unsigned seed)
{
    struct target_tgt t;
    target_tgt_start(&t, &w);
    target_tgt_lun(&t, 1, "disk", 8, lun_options);
    target_tgt_adm(&t, "--op update --mode target --tid 1 --name HeaderDigest --value CRC32C,None");
    target_tgt_adm(&t, "--op update --mode target --tid 1 --name DataDigest --value CRC32C,None");
    daemon_mount(&w, "iscsi://127.0.0.1:$PORT/$IQN", options);
    snprintf(data, sizeof data, "%s", getenv("D"));
    run(data, backing, seed);
    daemon_unmount(&w);
}

Test(random, tgt_blocks_of_512)
{
    on_tgt("", "", 1);
}

Test(random, tgt_blocks_of_4096)
{
    on_tgt("--blocksize 4096", "", 2);
}

Test(random, tgt_cached)
{
    on_tgt("", "-o cache=cached", 5);
}

Test(random, tgt_digests_and_three_sessions)
{
    on_tgt("", "-o header_digest=crc32c,data_digest=crc32c,sessions=3", 3);
}

Test(random, istgt_small_bursts)
{
    struct target_istgt t;
    target_istgt_init(&t, &w);
    target_istgt_unit(
        &t, "disk", 8,
        "  AuthMethod Auto\n  UseDigest Auto\n  FirstBurstLength 4096\n  MaxBurstLength 8192\n");
    target_istgt_start(&t);
    daemon_mount(&w, "iscsi://127.0.0.1:$PORT/" TARGET_ISTGT_BASE ":disk", "");
    snprintf(data, sizeof data, "%s/lun0/data", getenv("T"));
    run(data, backing, 4);
    daemon_unmount(&w);
}
