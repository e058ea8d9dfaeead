/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Looking a name up for a loop, which may not wait for DNS: getaddrinfo runs in a thread of its own, and the
 * answer comes back through the mailbox. Only a redirection to a name (RFC 7143 11.13.5) needs it; the names
 * of portals are looked up by whoever makes a target or asks a portal, outside of the loops.
 */
#ifndef LUN_POOL_LOOKUP_H
#define LUN_POOL_LOOKUP_H

#include "conn/conn.h"
#include "pool/loop.h"

#define LOOKUP_ADDRESSES 4

struct lookup {
    struct lun_message message;
    struct list siblings; /* lun_loop.lookups */
    struct lun_loop *loop;
    pthread_t thread;
    void (*done)(struct lookup *l); /* in the loop; NULL: nobody waits any more */
    void *user;
    bool over; /* its thread has nothing left to do */
    bool joined;
    char host[256];
    uint16_t port;
    struct conn_address found[LOOKUP_ADDRESSES];
    size_t count; /* 0: error says why */
    struct lun_error error;
};

/* done runs once, later, unless lookup_forget comes first; the result is then valid until it returns. NULL: e
 * filled. In the loop. */
struct lookup *lookup_start(struct lun_loop *loop, const char *host, uint16_t port,
                            void (*done)(struct lookup *l), void *user, struct lun_error *e);
/* Nobody waits for it any more. Before done has run; accepts NULL. In the loop. */
void lookup_forget(struct lookup *l);
/* Waits for those under way: getaddrinfo cannot be told to stop. The loop's thread has ended, and what is in
 * its mailbox is run afterwards. */
void lookup_end_all(struct lun_loop *loop);

#endif
