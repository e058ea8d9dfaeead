/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Many threads on targets of several loops and sessions: reads, writes, flushes, cuts by lun_cancel and by
 * deadlines, questions and discoveries, all at once; what is read is what was written.
 */
#include <errno.h>
#include <pthread.h>
#include <semaphore.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "stress.h"

#define TARGETS 3
#define UNITS 2
#define WORKERS 6
#define ROUNDS 6000
#define REGION 512  /* blocks of a worker on each unit */
#define LONGEST 256 /* blocks */
#define BATCH 12    /* requests of a worker at a time, without waiting */
#define PIECE 16    /* blocks of each */

static struct stress_server servers[TARGETS];
static struct lun_pool *pool;
static struct lun_target *targets[TARGETS];
static struct lun_unit *units[TARGETS][UNITS];

struct request {
    struct lun_io io;
    struct lun_unit *unit;
    sem_t *all;
    bool ended; /* the unit's loop */
};

struct worker {
    pthread_t thread;
    uint64_t random;
    struct stress_ledger ledgers[TARGETS][UNITS];
    char *data;
    struct request requests[BATCH];
    sem_t all;
};

static uint32_t number(struct worker *w, uint32_t below)
{
    return stress_random(&w->random, below);
}

static uint64_t place(const struct stress_ledger *l, uint32_t at)
{
    return (l->first + at) * STRESS_BLOCK;
}

/* ---- One at a time ----------------------------------------------------------------------------------- */

static void move(struct stress_ledger *l, bool write, void *data, size_t n, uint64_t at)
{
    struct lun_error e;
    ssize_t done = write ? lun_pwrite(l->unit, data, n, at, &e) : lun_pread(l->unit, data, n, at, &e);
    if (done != (ssize_t)n)
        stress_die("%s of %zu bytes: %zd, %s", write ? "write" : "read", n, done, done < 0 ? e.text : "");
}

static void read_some(struct worker *w, struct stress_ledger *l)
{
    uint32_t at = number(w, REGION), n = 1 + number(w, REGION - at < LONGEST ? REGION - at : LONGEST);
    move(l, false, w->data, n * STRESS_BLOCK, place(l, at));
    stress_ledger_check(l, at, n, w->data);
}

/* In one piece, or in two that meet inside a block. */
static void write_some(struct worker *w, struct stress_ledger *l)
{
    uint32_t at = number(w, REGION), n = 1 + number(w, REGION - at < LONGEST ? REGION - at : LONGEST);
    size_t bytes = n * STRESS_BLOCK,
           first = number(w, 3) ? bytes : 8 * (1 + number(w, (uint32_t)bytes / 8 - 1));
    stress_ledger_fill(l, at, n, w->data);
    move(l, true, w->data, first, place(l, at));
    if (first < bytes)
        move(l, true, w->data + first, bytes - first, place(l, at) + first);
    stress_ledger_wrote(l, at, n);
}

static void flush(struct stress_ledger *l)
{
    struct lun_error e;
    if (!lun_flush(l->unit, &e))
        stress_die("flush: %s", e.text);
}

/* ---- Many at a time, some cut short ------------------------------------------------------------------ */

static void request_done(struct lun_io *io)
{
    struct request *r = io->user;
    r->ended = true;
    sem_post(r->all);
}

static void cancel(void *arg)
{
    struct request *r = arg;
    if (!r->ended)
        lun_cancel(r->unit, &r->io);
}

static void await(struct worker *w)
{
    for (int i = 0; i < BATCH; i++)
        while (sem_wait(&w->all) < 0 && errno == EINTR)
            ;
}

static bool was_cut(const struct lun_io *io)
{
    return io->error.layer == LUN_CANCELLED || io->error.layer == LUN_TIMEOUT;
}

static void batch(struct worker *w, struct stress_ledger *l)
{
    uint32_t at[BATCH];
    for (uint32_t i = 0; i < BATCH; i++) {
        struct request *r = &w->requests[i];
        char *data = w->data + i * PIECE * STRESS_BLOCK;
        at[i] = i * (REGION / BATCH) + number(w, REGION / BATCH - PIECE);
        *r = (struct request){.unit = l->unit, .all = &w->all};
        r->io = (struct lun_io){.done = request_done,
                                .user = r,
                                .op = number(w, 2) ? LUN_OP_WRITE : LUN_OP_READ,
                                .offset = place(l, at[i]),
                                .length = PIECE * STRESS_BLOCK,
                                .buffer = data,
                                .timeout_ms = number(w, 4) ? 0 : 1};
        if (r->io.op == LUN_OP_WRITE)
            stress_ledger_fill(l, at[i], PIECE, data);
        lun_submit(l->unit, &r->io);
    }
    for (uint32_t i = 0; i < BATCH; i += 1 + number(w, 4))
        lun_loop_run(lun_unit_loop(l->unit), cancel, &w->requests[i]);
    await(w);
    for (uint32_t i = 0; i < BATCH; i++) {
        const struct lun_io *io = &w->requests[i].io;
        if (io->error.layer != LUN_OK && !was_cut(io))
            stress_die("request: %s", io->error.text);
        if (io->op == LUN_OP_WRITE && io->error.layer == LUN_OK)
            stress_ledger_wrote(l, at[i], PIECE);
        else if (io->error.layer == LUN_OK)
            stress_ledger_check(l, at[i], PIECE, io->buffer);
    }
}

/* ---- Questions --------------------------------------------------------------------------------------- */

static void describe(void *arg)
{
    struct lun_unit *u = arg;
    struct lun_facts f = {0};
    lun_unit_describe(u, &f);
    lun_unit_describe_sense(u, &f);
    lun_target_describe(lun_unit_target(u), &f);
    lun_target_describe_sessions(lun_unit_target(u), &f);
    if (f.failed || !f.count)
        stress_die("no facts");
    lun_facts_free(&f);
}

static void inquire(struct worker *w, struct stress_ledger *l)
{
    struct lun_io io = {.op = LUN_OP_INQUIRY, .buffer = w->data, .length = 96};
    if (!lun_submit_wait(l->unit, &io) || memcmp(w->data + 16, "FAST TARGET", 11) != 0)
        stress_die("inquiry: %s", io.error.text);
    lun_loop_run(lun_unit_loop(l->unit), describe, l->unit);
}

static void discover(struct worker *w)
{
    struct lun_found *found;
    struct lun_error e;
    if (!lun_discover(pool, servers[number(w, TARGETS)].portal, NULL, 0, &found, &e))
        stress_die("discovery: %s", e.text);
    if (found->count != 1 || strcmp(found->targets[0].iqn, STRESS_IQN) != 0)
        stress_die("discovery: %zu targets", found->count);
    lun_found_free(found);
}

static void *work(void *arg)
{
    struct worker *w = arg;
    for (int i = 0; i < ROUNDS; i++) {
        struct stress_ledger *l = &w->ledgers[number(w, TARGETS)][number(w, UNITS)];
        uint32_t what = number(w, 20);
        if (what < 7)
            read_some(w, l);
        else if (what < 13)
            write_some(w, l);
        else if (what < 17)
            batch(w, l);
        else if (what < 18)
            flush(l);
        else if (what < 19)
            inquire(w, l);
        else
            discover(w);
    }
    return NULL;
}

/* ---- The whole --------------------------------------------------------------------------------------- */

static void open_all(void)
{
    static const char *const words[TARGETS][12] = {
        {"--luns", "2", "--apart", "--size", "8M", "--write-cache"},
        {"--luns", "2", "--apart", "--size", "8M", "--window", "8"},
        {"--luns", "2", "--apart", "--size", "8M", "--initial-r2t", "--first-burst", "64K", "--max-burst",
         "64K"},
    };
    const struct lun_target_options o[TARGETS] = {
        {.sessions = 4},
        {.sessions = 3, .header_digest = LUN_DIGEST_CRC32C, .data_digest = LUN_DIGEST_CRC32C},
        {.sessions = 1, .queue_depth = 4},
    };
    for (int i = 0; i < TARGETS; i++)
        stress_start(&servers[i], "FAST_TARGET", words[i]);
    pool = stress_pool(3, "stress-io");
    for (int i = 0; i < TARGETS; i++) {
        struct lun_error e;
        targets[i] = stress_target(pool, servers[i].portal, o[i]);
        if (!lun_target_open_wait(targets[i], &e))
            stress_die("open: %s", e.text);
        for (uint32_t k = 0; k < UNITS; k++)
            units[i][k] = stress_unit(targets[i], k);
    }
}

static void make_worker(struct worker *w, uint32_t index)
{
    w->random = 0x9e3779b97f4a7c15ull * (index + 1);
    w->data = malloc(LONGEST * STRESS_BLOCK);
    sem_init(&w->all, 0, 0);
    for (int i = 0; i < TARGETS; i++)
        for (int k = 0; k < UNITS; k++)
            stress_ledger_make(&w->ledgers[i][k], units[i][k], (uint64_t)index * REGION, REGION);
}

/* Everything once more, then gone. */
static void end_worker(struct worker *w)
{
    for (int i = 0; i < TARGETS; i++)
        for (int k = 0; k < UNITS; k++) {
            struct stress_ledger *l = &w->ledgers[i][k];
            for (uint32_t at = 0; at < REGION; at += LONGEST) {
                move(l, false, w->data, LONGEST * STRESS_BLOCK, place(l, at));
                stress_ledger_check(l, at, LONGEST, w->data);
            }
            stress_ledger_free(l);
        }
    sem_destroy(&w->all);
    free(w->data);
}

int main(void)
{
    static struct worker workers[WORKERS];
    open_all();
    for (uint32_t i = 0; i < WORKERS; i++) {
        make_worker(&workers[i], i);
        pthread_create(&workers[i].thread, NULL, work, &workers[i]);
    }
    for (int i = 0; i < WORKERS; i++)
        pthread_join(workers[i].thread, NULL);
    for (int i = 0; i < WORKERS; i++)
        end_worker(&workers[i]);
    for (int i = 0; i < TARGETS; i++) {
        struct lun_error e;
        if (!lun_target_close_wait(targets[i], 5000, &e))
            stress_die("close: %s", e.text);
        lun_target_free(targets[i]);
    }
    lun_pool_free(pool);
    return 0;
}
