/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Where a target that has moved sends us: Login Responses of class 1 (RFC 7143 11.13.5), hop by hop from the
 * portal that was configured. Each hop is a login of its own, authentication included. In the loop of the
 * link.
 *
 * 0101: the next connection begins at the configured portal again. 0102: it goes straight to the new address,
 * until a login there fails.
 */
#ifndef LUN_POOL_REDIRECT_H
#define LUN_POOL_REDIRECT_H

#include "conn/conn.h"
#include "pool/lookup.h"

#define REDIRECT_PERMANENT 0x0102 /* status class and detail */
#define REDIRECT_HOPS 8           /* a longer way is taken for an endless one */

struct redirect {
    struct conn_address seen[REDIRECT_HOPS + 1]; /* where the login has been; [0] is the start */
    unsigned hops;                               /* made so far */
    struct conn_address next[LOOKUP_ADDRESSES];  /* of the present hop: where to try */
    size_t next_count;
    int status;     /* of the present hop: class << 8 | detail */
    bool permanent; /* all hops so far */
    struct conn_address from,
        settled;     /* 0102: `from` is to be replaced by `settled` (length 0: nothing is) */
    bool at_settled; /* the login began there */
};

/* What to connect to for a login to the configured portal. */
const struct conn_address *redirect_start(struct redirect *r, const struct conn_address *portal);
/* A redirection (status 0101 or 0102) to `address` (TargetAddress) came from `here`. A numeric address is
 * ready in `next`; for a name next_count is 0, and what ret_host and *ret_port say must be looked up for
 * redirect_found. False: e says why it cannot be followed. */
bool redirect_take(struct redirect *r, const char *address, const struct conn_address *here, int status,
                   char ret_host[static 256], uint16_t *ret_port, struct lun_error *e);
/* The addresses of that name, at least one. */
bool redirect_found(struct redirect *r, const struct conn_address *found, size_t n, struct lun_error *e);
/* The first of those left to try; only while next_count is not 0. */
const struct conn_address *redirect_next(struct redirect *r);
/* The login has ended well, or not. */
void redirect_up(struct redirect *r);
void redirect_failed(struct redirect *r);

#endif
