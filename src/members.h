/* SPDX-License-Identifier: Apache-2.0 */
/* The targets a mount is made of: configured and discovered, opened and closed together. Main thread. */
#ifndef LUNFS_MEMBERS_H
#define LUNFS_MEMBERS_H

#include "config.h"

struct members;

/* One target, or one discovery that failed (then iqn is NULL). */
struct member {
    struct members *all;
    const struct config_target *config;
    char *iqn;
    struct lun_target *target; /* may be NULL */
    bool up;                   /* logged in; else error says why not */
    struct lun_error error;
    struct lun_call opening, closing;
};

struct members {
    struct lun_pool *pool;
    struct member *at;
    size_t count, room;
    size_t next, in_flight; /* of the calls under way */
    int done_fd;            /* eventfd: counts calls that have ended */
};

bool members_init(struct members *m, struct lun_pool *pool, struct lun_error *e);
/* Asks for the targets of one entry of `discover` and adds those that are new. Blocks. What fails becomes a
 * member with an error; false only when memory is short. */
bool members_discover(struct members *m, const struct config_target *c, struct lun_error *e);
bool members_add(struct members *m, const struct config_target *c, struct lun_error *e);
/* Starts to open all, a bounded number at a time. */
void members_open(struct members *m);
/* To be called when done_fd is readable; true when nothing is under way any more. */
bool members_opened(struct members *m);
/* Starts to close all, also those that are being opened; then members_closed as above. */
void members_close(struct members *m, uint32_t drain_ms);
bool members_closed(struct members *m);
/* All calls have ended. Frees the targets. Accepts a zeroed structure. */
void members_free(struct members *m);

#endif
