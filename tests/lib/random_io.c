/* SPDX-License-Identifier: Apache-2.0 */
/* Threads that read and write at random within one file, and its mirror in memory. Writers own byte ranges,
 * not blocks: neighbours share a block all the time, so the read-modify-write of unaligned writes must not
 * lose either's bytes. */
#include "random_io.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define THREADS RANDOM_IO_THREADS
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
    unsigned size, operations;
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
    unsigned size = k->arena->size;
    unsigned kind = draw(k, 100);
    if (kind < 60) {
        r.length = 1 + draw(k, 3000);
        r.offset = draw(k, 8) * (size / 8) + draw(k, 20000);
    } else if (kind < 80) {
        r.length = 512 * (1 + draw(k, 64));
        r.offset = 512 * draw(k, size / 512);
    } else if (kind < 97) {
        r.length = 1 + draw(k, 65536);
        r.offset = draw(k, size);
    } else {
        r.length = 1 + draw(k, LARGEST);
        r.offset = draw(k, size);
    }
    if (r.offset + r.length > size)
        r.length = size - r.offset;
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
    for (unsigned i = 0; well && i < k->arena->operations; i++) {
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
    unsigned char *all = malloc(a->size);
    cr_assert(fd >= 0 && all, "%s: %s", path, strerror(errno));
    size_t n = 0;
    for (ssize_t k; n < a->size && (k = read(fd, all + n, a->size - n)) > 0;)
        n += (size_t)k;
    cr_assert_eq(n, a->size, "%s: %zu bytes", path, n);
    for (size_t i = 0; i < a->size; i++)
        if (all[i] != a->mirror[i])
            cr_assert_fail("%s differs at byte %zu", path, i);
    free(all);
    close(fd);
}

static void load(unsigned char *bytes, unsigned size, const char *path)
{
    FILE *f = fopen(path, "re");
    cr_assert(f && bytes && fread(bytes, 1, size, f) == size, "%s: %s", path, strerror(errno));
    fclose(f);
}

static void save(const unsigned char *bytes, unsigned size, const char *path)
{
    FILE *f = fopen(path, "we");
    cr_assert(f && fwrite(bytes, 1, size, f) == size && fclose(f) == 0, "%s: %s", path, strerror(errno));
}

static void run_threads(struct arena *a, unsigned seed)
{
    struct worker workers[THREADS];
    for (int i = 0; i < THREADS; i++) {
        workers[i] =
            (struct worker){.arena = a, .index = i, .seed = seed + (unsigned)i, .buffer = malloc(LARGEST)};
        cr_assert(workers[i].buffer);
        cr_assert_eq(pthread_create(&workers[i].thread, NULL, work, &workers[i]), 0);
    }
    for (int i = 0; i < THREADS; i++) {
        pthread_join(workers[i].thread, NULL);
        free(workers[i].buffer);
    }
}

void random_io(const struct random_io *r)
{
    struct arena a = {.lock = PTHREAD_MUTEX_INITIALIZER,
                      .freed = PTHREAD_COND_INITIALIZER,
                      .size = r->size,
                      .operations = r->operations};
    a.mirror = malloc(r->size);
    load(a.mirror, r->size, r->mirror);
    a.fd = open(r->data, O_RDWR | O_CLOEXEC);
    cr_assert_geq(a.fd, 0, "%s: %s", r->data, strerror(errno));
    run_threads(&a, r->seed);
    cr_assert_str_empty(a.failure, "seed %u: %s", r->seed, a.failure);
    cr_assert_eq(fsync(a.fd), 0);
    cr_assert_eq(close(a.fd), 0);
    compare_all(&a, r->data);
    save(a.mirror, r->size, r->mirror);
    free(a.mirror);
}
