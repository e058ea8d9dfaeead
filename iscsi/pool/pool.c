/* SPDX-License-Identifier: Apache-2.0 */
/* Making and ending pools. Runs in the caller's thread, never in a loop. RFC 7143 11.12.5 (ISID). */
#include "pool/pool.h"

#include <errno.h>
#include <sched.h>
#include <semaphore.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "pool/target.h"

#define LOOPS_MAX 64
#define POLL_US 100
#define POLL_US_MOST 1000
#define FAREWELL_MS 1000 /* what is in flight has this long when the pool goes */

/* FNV-1a, 32 bits: spreads instance names; nothing depends on it being secret. */
static uint32_t hash(const char *text)
{
    uint32_t h = 2166136261u;
    for (; *text; text++)
        h = (h ^ (uint8_t)*text) * 16777619u;
    return h;
}

void pool_isid(const struct lun_pool *p, uint16_t index, uint8_t ret[static 6])
{
    ret[0] = 0x80; /* T = 10b: random format; the next three bytes are the random number */
    ret[1] = (uint8_t)(p->isid_seed >> 16);
    ret[2] = (uint8_t)(p->isid_seed >> 8);
    ret[3] = (uint8_t)p->isid_seed;
    ret[4] = (uint8_t)(index >> 8) ^ (uint8_t)(p->isid_seed >> 24);
    ret[5] = (uint8_t)index;
}

void pool_log(struct lun_pool *p, enum lun_log_level level, const char *format, ...)
{
    if (!p->log)
        return;
    char text[512];
    va_list args;
    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    p->log(p->user, level, text);
}

void pool_event(struct lun_pool *p, const struct lun_event *event)
{
    if (p->event)
        p->event(p->user, event);
}

static bool check(const struct lun_pool_options *o, struct lun_error *e)
{
    if (o->loops > LOOPS_MAX)
        return error_set(e, LUN_USAGE, 0, false, "loops: %u is more than %d", o->loops, LOOPS_MAX);
    if (o->poll_us > POLL_US_MOST && o->poll_us != UINT32_MAX)
        return error_set(e, LUN_USAGE, 0, false, "poll_us: %u is more than %d", o->poll_us, POLL_US_MOST);
    if (!o->initiator_name || !o->instance)
        return error_set(e, LUN_USAGE, 0, false, "a pool needs an initiator name and an instance");
    if (!lun_name_check(o->initiator_name, e)) {
        error_prefix(e, "initiator name");
        return false;
    }
    return true;
}

/* A target lives in one loop, so more loops than targets are of no use. With two CPUs a second loop has been
 * measured to lose a fifth (batches are smaller, and the CPU is missed elsewhere); beyond that nothing has,
 * so a quarter leaves room for the kernel's share and for who reads. */
unsigned pool_loops(unsigned cpus, unsigned targets)
{
    unsigned n = cpus / 4;
    if (n > targets)
        n = targets;
    if (n > LOOPS_MAX)
        n = LOOPS_MAX;
    return n ? n : 1;
}

unsigned pool_cpus(void)
{
    cpu_set_t set;
    return sched_getaffinity(0, sizeof set, &set) == 0 ? (unsigned)CPU_COUNT(&set) : 1;
}

#define BUFFER_MEMORY (64u * 1024 * 1024)
/* Two of the longest reads must fit, or a loop could not work at depth 2. */
#define BUFFER_MEMORY_LEAST (2u * LUN_BUFFER_SIZE)

/* Looking takes a CPU from others: where there is only one, there is nothing to gain. */
static uint64_t poll_most(const struct lun_pool_options *o)
{
    if (o->poll_us == UINT32_MAX || pool_cpus() < 2)
        return 0;
    return (o->poll_us ? o->poll_us : POLL_US) * 1000ull;
}

static bool start_loops(struct lun_pool *p, const struct lun_pool_options *o, unsigned count,
                        struct lun_error *e)
{
    uint64_t share = (o->buffer_memory ? o->buffer_memory : BUFFER_MEMORY) / count;
    p->loops = calloc(count, sizeof *p->loops);
    if (!p->loops)
        return error_set(e, LUN_SYSTEM, ENOMEM, true, "no memory for the event loops");
    while (p->loop_count < count) {
        if (!loop_start(&p->loops[p->loop_count], poll_most(o), e))
            return false;
        p->loops[p->loop_count].memory_most = share > BUFFER_MEMORY_LEAST ? share : BUFFER_MEMORY_LEAST;
        p->loop_count++;
    }
    return true;
}

struct lun_pool *lun_pool_new(const struct lun_pool_options *o, struct lun_error *e)
{
    if (!check(o, e))
        return NULL;
    struct lun_pool *p = calloc(1, sizeof *p);
    char *name = strdup(o->initiator_name);
    if (!p || !name) {
        free(p);
        free(name);
        error_set(e, LUN_SYSTEM, ENOMEM, true, "no memory for a pool");
        return NULL;
    }
    *p = (struct lun_pool){
        .initiator_name = name,
        .loops_configured = o->loops != 0,
        .isid_seed = hash(o->instance),
        .log = o->log,
        .event = o->event,
        .user = o->user,
    };
    list_init(&p->targets);
    pthread_mutex_init(&p->lock, NULL);
    unsigned loops = o->loops ? o->loops : pool_loops(pool_cpus(), o->targets ? o->targets : 1);
    if (!start_loops(p, o, loops, e)) {
        lun_pool_free(p);
        return NULL;
    }
    return p;
}

static void said_farewell(struct lun_call *call)
{
    sem_post(call->user);
}

/* All at once, so that several that do not answer cost the time of one. They stay their owner's to free. */
static void close_targets(struct lun_pool *p)
{
    sem_t done;
    unsigned count = 0;
    sem_init(&done, 0, 0);
    LIST_EACH(&p->targets, node)
    {
        struct lun_target *t = LIST_OF(node, struct lun_target, siblings);
        t->farewell = (struct lun_call){.done = said_farewell, .user = &done};
        lun_target_close(t, FAREWELL_MS, &t->farewell);
        count++;
    }
    while (count)
        if (sem_wait(&done) == 0)
            count--;
    sem_destroy(&done);
    struct list *node;
    while ((node = list_pop(&p->targets)))
        LIST_OF(node, struct lun_target, siblings)->pool = NULL;
}

void lun_pool_free(struct lun_pool *p)
{
    if (!p)
        return;
    close_targets(p);
    pthread_mutex_destroy(&p->lock);
    for (unsigned i = 0; i < p->loop_count; i++)
        loop_stop(&p->loops[i]);
    free(p->loops);
    free(p->initiator_name);
    free(p);
}

struct lun_loop *lun_pool_loop(struct lun_pool *p, unsigned index)
{
    return &p->loops[index % p->loop_count];
}

void lun_pool_set_user(struct lun_pool *p, void *user)
{
    p->user = user;
}

const char *lun_version(void)
{
    return LUN_VERSION;
}
