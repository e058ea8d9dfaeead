/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The library facing a scripted target: a pool, one target on the script's port, its first unit. All calls
 * are for the test's thread; each fails the test with the story so far when it does not go as its name says.
 */
#ifndef TESTS_RIG_H
#define TESTS_RIG_H

#include <semaphore.h>

#include "holdings.h"
#include "lun.h"
#include "script.h"

#define RIG_IQN "iqn.2026-01.com.example:disk"
/* A name that has no address, and for which nobody is asked: its label has 64 characters, one more than DNS
 * knows (RFC 1035 2.3.4). */
#define RIG_NO_HOST "nnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnn"
#define RIG_INITIATOR "iqn.2026-01.org.example:host7"

struct rig {
    struct script *script;
    char portal[32];
    const char *portals[1];
    struct lun_target_options options; /* to be changed before rig_open or rig_refused */
    uint32_t first_cmdsn;              /* likewise; 0: the library's */
    struct lun_pool *pool;
    struct lun_target *target;
    struct lun_unit *unit; /* after rig_open: the first */
    struct lun_error error;

    char log[2048]; /* what the library said, a line each; to be read when nothing goes on */
    sem_t is_down, is_changed, is_added;
    char complaint[8192];
    struct holdings before; /* any of it was made */
    struct lun_error down;  /* of the first TARGET_DOWN, valid after rig_lost */
};

/* A request under way, with a buffer of its own. */
struct rig_io {
    struct lun_io io;
    struct rig *rig;
    sem_t done;
    uint8_t buffer[];
};

#define RIG(text) rig_new(text, __FILE__, __LINE__)

struct rig *rig_new(const char *text, const char *file, int line);
/* Opens the target, signals `opened`. */
void rig_open(struct rig *r);
/* Opening fails with this layer and these words in its text; *ret_code may be NULL. */
void rig_refused(struct rig *r, enum lun_layer layer, const char *words);
/* The target goes down (TARGET_DOWN) with this layer and these words. */
void rig_lost(struct rig *r, enum lun_layer layer, const char *words);
/* The unit is reported as changed (UNIT_CHANGED). */
void rig_changed(struct rig *r);
/* One more unit has been reported as added (UNIT_ADDED), those of rig_open included. */
void rig_added(struct rig *r);
/* Closes, frees, and wants the script to have gone as written and no thread or descriptor left. */
void rig_end(struct rig *r);
/* Closes the target now; what was under way fails. */
void rig_close(struct rig *r);
/* Closes the target once all is answered. */
void rig_close_slowly(struct rig *r);

/* Reads, and compares with script_pattern. */
void rig_read(struct rig *r, uint64_t offset, size_t n);
/* Writes script_pattern. */
void rig_write(struct rig *r, uint64_t offset, size_t n);
/* A read that fails with this layer and code. */
void rig_read_fails(struct rig *r, uint64_t offset, size_t n, enum lun_layer layer, int code);

struct rig_io *rig_start(struct rig *r, enum lun_op op, uint64_t offset, size_t n);
struct rig_io *rig_start_timed(struct rig *r, enum lun_op op, uint64_t offset, size_t n, uint32_t timeout_ms);
void rig_cancel(struct rig_io *io);
/* Waits; the layer must be this. Frees. */
void rig_ends(struct rig_io *io, enum lun_layer layer);
/* Waits; n bytes came, and these. Frees. */
void rig_ends_with(struct rig_io *io, size_t n, const void *want);
/* Waits; any end will do. Frees. */
void rig_finishes(struct rig_io *io);
/* Waits; must have failed, whatever the layer. Frees. */
void rig_fails(struct rig_io *io);

void rig_signal(struct rig *r, const char *name);
void rig_await(struct rig *r, const char *mark);
/* Fails the test with these words and the story. */
__attribute__((format(printf, 2, 3))) void rig_complain(struct rig *r, const char *format, ...);
#define rig_assert(r, condition)                                                                             \
    ((condition) ? (void)0 : rig_complain(r, "%s:%d: %s", __FILE__, __LINE__, #condition))

#endif
