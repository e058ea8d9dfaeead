/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the stress programs share: targets as processes of their own, reproducible random numbers, and ledgers
 * that know what must be on a disk. No Criterion here: ThreadSanitizer and it do not go together, and threads
 * are what this is about. A program ends with 0, or says what is wrong and ends with 1.
 */
#ifndef TESTS_STRESS_H
#define TESTS_STRESS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "lun.h"

#define STRESS_BLOCK 512u
#define STRESS_IQN "iqn.2026-01.com.example:fast"

void stress_die(const char *format, ...) __attribute__((format(printf, 1, 2), noreturn));

/* A server of this host: the fast target, or the cutter. */
struct stress_server {
    pid_t pid;
    uint16_t port;
    char portal[32];
};

/* Starts the program in the environment variable with these words; it prints its port. Ends with us. Main
 * thread. */
void stress_start(struct stress_server *s, const char *variable, const char *const words[]);
void stress_kill(struct stress_server *s);

uint32_t stress_random(uint64_t *state, uint32_t below);

struct lun_pool *stress_pool(unsigned loops, const char *instance);
struct lun_target *stress_target(struct lun_pool *p, const char *portal, struct lun_target_options o);
struct lun_unit *stress_unit(struct lun_target *t, uint64_t lun);

/* Blocks of a unit that one thread writes, and what may be found in them: each word of a block tells its
 * place and the write it came from. A write that failed may have reached any part of it, until a read or a
 * later write settles it. */
struct stress_ledger {
    struct lun_unit *unit;
    uint64_t first; /* block */
    uint32_t count; /* blocks */
    struct stress_block {
        uint32_t sure, most, next; /* generation that is there at least, and at most; the last one made */
    } * block;
};

void stress_ledger_make(struct stress_ledger *l, struct lun_unit *u, uint64_t first, uint32_t count);
void stress_ledger_free(struct stress_ledger *l);
/* Data for the next write to blocks [at, at + n) of the ledger. */
void stress_ledger_fill(struct stress_ledger *l, uint32_t at, uint32_t n, void *data);
/* That write went well. */
void stress_ledger_wrote(struct stress_ledger *l, uint32_t at, uint32_t n);
/* Ends the program if this is not what may be there. */
void stress_ledger_check(struct stress_ledger *l, uint32_t at, uint32_t n, const void *data);

#endif
