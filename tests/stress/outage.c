/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A target that is killed and started again while connections to it are cut anywhere, under the load of many
 * threads over several loops and sessions: no request fails, and every byte is the one that was written last.
 */
#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "stress.h"

#define TARGETS 2
#define WORKERS 6
#define ROUNDS 1500
#define KILLS 2         /* of each target */
#define CUTS "5"        /* of each target's connections */
#define BYTES "3000000" /* that such a connection lives */
#define REGION 512      /* blocks of a worker on each target */
#define LONGEST 256     /* blocks */

static const struct lun_target_options options[TARGETS] = {
    {.sessions = 1},
    {.sessions = 3, .header_digest = LUN_DIGEST_CRC32C, .data_digest = LUN_DIGEST_CRC32C},
};

static struct stress_server servers[TARGETS], cutters[TARGETS];
static char files[TARGETS][64];
static struct lun_target *targets[TARGETS];
static struct lun_unit *units[TARGETS];
static atomic_uint rounds; /* done, of all workers */

struct worker {
    pthread_t thread;
    uint64_t random;
    struct stress_ledger ledgers[TARGETS];
    char *data;
};

static void move(struct stress_ledger *l, bool write, void *data, uint32_t at, uint32_t n)
{
    struct lun_error e;
    size_t bytes = n * STRESS_BLOCK;
    uint64_t place = (l->first + at) * STRESS_BLOCK;
    ssize_t done =
        write ? lun_pwrite(l->unit, data, bytes, place, &e) : lun_pread(l->unit, data, bytes, place, &e);
    if (done != (ssize_t)bytes)
        stress_die("%s of %zu bytes: %zd, %s", write ? "write" : "read", bytes, done, done < 0 ? e.text : "");
}

static void read_back(struct worker *w, struct stress_ledger *l, uint32_t at, uint32_t n)
{
    move(l, false, w->data, at, n);
    stress_ledger_check(l, at, n, w->data);
}

static void *work(void *arg)
{
    struct worker *w = arg;
    for (int i = 0; i < ROUNDS; i++) {
        struct stress_ledger *l = &w->ledgers[stress_random(&w->random, TARGETS)];
        uint32_t at = stress_random(&w->random, REGION), room = REGION - at;
        uint32_t n = 1 + stress_random(&w->random, room < LONGEST ? room : LONGEST);
        struct lun_error e;
        switch (stress_random(&w->random, 8)) {
        case 0:
            if (!lun_flush(l->unit, &e))
                stress_die("flush: %s", e.text);
            break;
        case 1:
        case 2:
        case 3:
            read_back(w, l, at, n);
            break;
        default:
            stress_ledger_fill(l, at, n, w->data);
            move(l, true, w->data, at, n);
            stress_ledger_wrote(l, at, n);
            break;
        }
        atomic_fetch_add(&rounds, 1);
    }
    return NULL;
}

/* ---- Outages ----------------------------------------------------------------------------------------- */

static void start_target(int i)
{
    char port[8];
    snprintf(port, sizeof port, "%u", servers[i].port);
    stress_start(
        &servers[i], "FAST_TARGET",
        (const char *const[]){"--port", port, "--size", "8M", "--file", files[i], "--write-cache", NULL});
}

static void make_target(struct lun_pool *p, int i)
{
    struct lun_error e;
    char port[8];
    snprintf(files[i], sizeof files[i], "/proc/%d/fd/%d", getpid(), memfd_create("disk", MFD_CLOEXEC));
    start_target(i);
    snprintf(port, sizeof port, "%u", servers[i].port);
    stress_start(&cutters[i], "CUTTER", (const char *const[]){port, CUTS, BYTES, NULL});
    targets[i] = stress_target(p, cutters[i].portal, options[i]);
    if (!lun_target_open_wait(targets[i], &e))
        stress_die("open: %s", e.text);
    units[i] = stress_unit(targets[i], 0);
}

/* Spread over the work, not over time. */
static void kill_now_and_then(void)
{
    for (unsigned k = 0; k < KILLS * TARGETS; k++) {
        while (atomic_load(&rounds) < (k + 1) * WORKERS * ROUNDS / (KILLS * TARGETS + 1))
            usleep(1000);
        stress_kill(&servers[k % TARGETS]);
        start_target((int)k % TARGETS);
    }
}

int main(void)
{
    static struct worker workers[WORKERS];
    struct lun_pool *pool = stress_pool(2, "stress-outage");
    for (int i = 0; i < TARGETS; i++)
        make_target(pool, i);
    for (uint32_t i = 0; i < WORKERS; i++) {
        struct worker *w = &workers[i];
        w->random = 0x9e3779b97f4a7c15ull * (i + 1);
        w->data = malloc(LONGEST * STRESS_BLOCK);
        for (int k = 0; k < TARGETS; k++)
            stress_ledger_make(&w->ledgers[k], units[k], (uint64_t)i * REGION, REGION);
        pthread_create(&w->thread, NULL, work, w);
    }
    kill_now_and_then();
    for (int i = 0; i < WORKERS; i++)
        pthread_join(workers[i].thread, NULL);
    for (int i = 0; i < WORKERS; i++) {
        for (int k = 0; k < TARGETS; k++) {
            for (uint32_t at = 0; at < REGION; at += LONGEST)
                read_back(&workers[i], &workers[i].ledgers[k], at, LONGEST);
            stress_ledger_free(&workers[i].ledgers[k]);
        }
        free(workers[i].data);
    }
    for (int i = 0; i < TARGETS; i++) {
        struct lun_error e;
        if (!lun_target_close_wait(targets[i], 5000, &e))
            stress_die("close: %s", e.text);
        lun_target_free(targets[i]);
    }
    lun_pool_free(pool);
    return 0;
}
