/* SPDX-License-Identifier: Apache-2.0 */
/* See stress.h. */
#include "stress.h"

#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

extern char **environ;

void stress_die(const char *format, ...)
{
    va_list ap;
    va_start(ap, format);
    vfprintf(stderr, format, ap);
    va_end(ap);
    fputc('\n', stderr);
    _exit(1);
}

/* ---- Servers ----------------------------------------------------------------------------------------- */

static uint16_t read_port(int fd)
{
    char line[16] = "";
    for (size_t n = 0; n < sizeof line - 1 && read(fd, line + n, 1) == 1 && line[n] != '\n'; n++)
        ;
    return (uint16_t)atoi(line);
}

void stress_start(struct stress_server *s, const char *variable, const char *const words[])
{
    const char *argv[24] = {"setpriv", "--pdeathsig", "KILL", "--", getenv(variable)};
    size_t n = 5;
    if (!argv[4])
        stress_die("%s is not set: run this by `meson test`", variable);
    for (; *words && n < 23; words++)
        argv[n++] = *words;
    int ends[2];
    posix_spawn_file_actions_t actions;
    posix_spawn_file_actions_init(&actions);
    if (pipe2(ends, O_CLOEXEC) < 0)
        stress_die("pipe");
    posix_spawn_file_actions_adddup2(&actions, ends[1], STDOUT_FILENO);
    if (posix_spawnp(&s->pid, argv[0], &actions, NULL, (char *const *)argv, environ) != 0)
        stress_die("cannot start %s", argv[4]);
    posix_spawn_file_actions_destroy(&actions);
    close(ends[1]);
    s->port = read_port(ends[0]);
    close(ends[0]);
    if (!s->port)
        stress_die("%s does not tell its port", argv[4]);
    snprintf(s->portal, sizeof s->portal, "127.0.0.1:%u", s->port);
}

void stress_kill(struct stress_server *s)
{
    kill(s->pid, SIGKILL);
    waitpid(s->pid, NULL, 0);
}

/* ---- Of the library ---------------------------------------------------------------------------------- */

/* xorshift64 (G. Marsaglia, Xorshift RNGs, 2003) */
uint32_t stress_random(uint64_t *state, uint32_t below)
{
    *state ^= *state << 13;
    *state ^= *state >> 7;
    *state ^= *state << 17;
    return (uint32_t)(*state >> 32) % below;
}

struct lun_pool *stress_pool(unsigned loops, const char *instance)
{
    struct lun_error e;
    struct lun_pool_options o = {
        .initiator_name = "iqn.2026-01.org.example:stress", .instance = instance, .loops = loops};
    struct lun_pool *p = lun_pool_new(&o, &e);
    if (!p)
        stress_die("pool: %s", e.text);
    return p;
}

struct lun_target *stress_target(struct lun_pool *p, const char *portal, struct lun_target_options o)
{
    struct lun_error e;
    o.iqn = STRESS_IQN;
    o.portals = &portal;
    o.portal_count = 1;
    o.portal_group = -1;
    struct lun_target *t = lun_target_new(p, &o, &e);
    if (!t)
        stress_die("target: %s", e.text);
    return t;
}

struct search {
    struct lun_target *target;
    uint64_t lun;
    struct lun_unit *unit;
};

static void find(void *arg)
{
    struct search *s = arg;
    s->unit = lun_target_unit(s->target, s->lun);
}

struct lun_unit *stress_unit(struct lun_target *t, uint64_t lun)
{
    struct search s = {.target = t, .lun = lun};
    lun_loop_run(lun_target_loop(t), find, &s);
    if (!s.unit)
        stress_die("no LUN %llu", (unsigned long long)lun);
    return s.unit;
}

/* ---- Ledgers ----------------------------------------------------------------------------------------- */

#define WORDS (STRESS_BLOCK / sizeof(uint64_t))

void stress_ledger_make(struct stress_ledger *l, struct lun_unit *u, uint64_t first, uint32_t count)
{
    *l = (struct stress_ledger){.unit = u, .first = first, .count = count};
    l->block = calloc(count, sizeof *l->block);
    if (!l->block)
        stress_die("no memory");
}

void stress_ledger_free(struct stress_ledger *l)
{
    free(l->block);
}

/* Place and generation; nothing but zeros is generation 0, of a disk that was never written. */
static uint64_t word(const struct stress_ledger *l, uint32_t at, size_t i, uint32_t generation)
{
    return generation ? (l->first + at) << 32 | generation << 8 | i : 0;
}

void stress_ledger_fill(struct stress_ledger *l, uint32_t at, uint32_t n, void *data)
{
    uint64_t *to = data;
    for (uint32_t b = at; b < at + n; b++) {
        l->block[b].most = ++l->block[b].next;
        for (size_t i = 0; i < WORDS; i++)
            *to++ = word(l, b, i, l->block[b].next);
    }
}

void stress_ledger_wrote(struct stress_ledger *l, uint32_t at, uint32_t n)
{
    for (uint32_t b = at; b < at + n; b++)
        l->block[b].sure = l->block[b].most = l->block[b].next;
}

void stress_ledger_check(struct stress_ledger *l, uint32_t at, uint32_t n, const void *data)
{
    const uint64_t *from = data;
    for (uint32_t b = at; b < at + n; b++, from += WORDS) {
        struct stress_block *k = &l->block[b];
        uint32_t least = UINT32_MAX, most = 0;
        for (size_t i = 0; i < WORDS; i++) {
            uint32_t generation = (uint32_t)from[i] >> 8;
            if (from[i] != word(l, b, i, generation) || generation < k->sure || generation > k->most)
                stress_die("LUN %llu, block %llu, word %zu: found %016llx, of write %u, not one of %u to %u",
                           (unsigned long long)lun_unit_number(l->unit), (unsigned long long)(l->first + b),
                           i, (unsigned long long)from[i], generation, k->sure, k->most);
            least = generation < least ? generation : least;
            most = generation > most ? generation : most;
        }
        k->sure = least; /* what has been seen stays */
        k->most = most;
    }
}
