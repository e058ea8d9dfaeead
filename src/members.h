/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a mount is made of: targets, configured and discovered, and the portals asked for targets. All are
 * opened, asked, tried again and closed side by side. Main thread; times are ms of one monotonic clock.
 *
 *   DUE -> BUSY -> UP
 *    ^      |  \-> ANSWERED -> UP         (a portal whose answer waits for the entries before it)
 *    |      |\--> GIVEN_UP
 *    \------/ failed: due again after a while, but only once members_retry has been called
 */
#ifndef LUNFS_MEMBERS_H
#define LUNFS_MEMBERS_H

#include <stdatomic.h>

#include "config.h"

enum member_state { MEMBER_DUE, MEMBER_BUSY, MEMBER_ANSWERED, MEMBER_UP, MEMBER_GIVEN_UP };

struct members;

/* A target; or, when iqn is NULL, a portal that is asked for its targets. */
struct member {
    struct members *all;
    const struct config_target *config;
    const char *iqn;
    const struct lun_found_target *found; /* a target that was discovered: in the answer of that member */
    struct lun_target *target;            /* NULL while its portals could not be looked up */
    enum member_state state;
    struct lun_error error; /* of the last attempt, when not UP */
    unsigned failures;      /* so many attempts have failed */
    int64_t due_ms;         /* DUE */
    bool changed;           /* for members_changed */
    unsigned calls;         /* what liblun is to end: bits as in `ended` */
    atomic_uint ended;      /* what it has ended; set in loops */
    struct lun_call opening, closing;
    struct lun_discovery discovery;
    struct lun_found *answer;
};

struct members {
    struct lun_pool *pool;
    struct member **at; /* first the configured targets, then the portals to ask, then what they named */
    size_t count, room;
    int done_fd;     /* eventfd: counts calls that have ended */
    uint64_t calls;  /* not yet counted there */
    uint32_t random; /* state of the generator */
    bool retrying, closing;
};

bool members_init(struct members *m, struct lun_pool *pool, struct lun_error *e);
/* Both before the first turn; false only when memory is short. */
bool members_add(struct members *m, const struct config_target *c, struct lun_error *e);
bool members_discover(struct members *m, const struct config_target *c, struct lun_error *e);

/* Takes what has ended and starts what is due, a bounded number at a time. To be called at first, whenever
 * done_fd is readable, and after members_timeout. Looking up names may block. */
void members_turn(struct members *m, int64_t now_ms);
/* ms until something is due; -1: nothing will be before done_fd is readable. As for poll(2). */
int members_timeout(const struct members *m, int64_t now_ms);
/* Has each been tried once, with all targets that were discovered? */
bool members_settled(const struct members *m);
/* From now on what failed is tried again. */
void members_retry(struct members *m);
/* A member whose state or error is another since it was last returned here, or NULL. */
struct member *members_changed(struct members *m);

/* Cancels and closes everything; turns follow until members_closed. */
void members_close(struct members *m, uint32_t drain_ms);
bool members_closed(const struct members *m);
/* Once closed. Accepts a zeroed structure. */
void members_free(struct members *m);

#endif
