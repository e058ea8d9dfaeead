/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A target and its sessions. What its logical units are is the business of block/, which this file calls
 * through target_client. Everything runs in the target's home loop unless said.
 *
 *   CLOSED --target_start--> OPENING --all sessions up--> OPEN <--> LOST (no session; tried again with
 * back-off)
 *      ^________________________\____________ target_stop: CLOSING ____________/
 */
#ifndef LUN_POOL_TARGET_H
#define LUN_POOL_TARGET_H

#include "pool/link.h"
#include "pool/pool.h"

#define TARGET_ADDRESSES 16
#define TARGET_SESSIONS_AUTO 4 /* the most there are unless configured */

enum target_state { TARGET_CLOSED, TARGET_OPENING, TARGET_OPEN, TARGET_LOST, TARGET_CLOSING };

struct target_client {
    /* OPENING or LOST has become OPEN. */
    void (*up)(struct lun_target *t);
    /* OPEN is becoming LOST: its tasks are about to end, and nothing can be sent. */
    void (*losing)(struct lun_target *t, const struct lun_error *e);
    /* LOST, and it will not come back by waiting: e says why. It is tried again all the same. */
    void (*hopeless)(struct lun_target *t, const struct lun_error *e);
    /* OPENING has failed (now CLOSED), or OPEN has become LOST. */
    void (*down)(struct lun_target *t, const struct lun_error *e);
    /* Tasks are free again after sessions_task gave none. */
    void (*room)(struct lun_target *t);
    /* OPEN: a unit has sense data to tell that no command asked for. */
    void (*sense)(struct lun_target *t, uint64_t lun, const uint8_t *sense, size_t n);
    /* CLOSING has become CLOSED. */
    void (*closed)(struct lun_target *t);
};

struct target_session {
    struct link link;
    struct lun_target *target;
    struct timer retry;
    unsigned failures; /* since it last stayed up */
    uint64_t up_since; /* ns, 0 = it is not up */
    bool leaving;      /* OPEN: no longer wanted, on its way out */
};

/* What the user has set himself, of what would be chosen. */
struct target_given {
    bool sessions, initial_r2t, immediate_data, max_recv, first_burst, max_burst, max_outstanding_r2t;
};

struct lun_target {
    struct lun_pool *pool; /* NULL once it has been freed */
    struct lun_loop *loop;
    const struct target_client *client;
    void *client_data;
    struct lun_target_options o; /* strings and arrays are copies */
    struct conn_address addresses[TARGET_ADDRESSES];
    int groups[TARGET_ADDRESSES];    /* the portal group of each that discovery gave, -1: none */
    size_t address_count, address;   /* the one in use */
    struct target_session *sessions; /* room for o.sessions */
    unsigned wanted;                 /* how many there are to be: OPEN is with all of them up */
    struct target_given given;
    uint32_t first_cmdsn; /* of each session: where its numbers begin */
    struct link *batch;   /* the session that was given the last task, */
    unsigned batched;     /* and how many one after the other */
    enum target_state state;
    uint64_t open_until;          /* OPENING */
    struct lun_error first_error; /* OPENING: of the first address that failed */
    struct lun_error error;       /* why it is not OPEN */
    uint64_t lost_since;          /* ns; LOST: the last time */
    uint64_t open_since;          /* ns; since when it is or was OPEN */
    bool told_lost;               /* LOST: client->down has run */
    bool hopeless;                /* LOST: waiting will not mend it */
    bool proved;                  /* OPEN: somebody's request has been answered well */
    unsigned short_lived;         /* losses in a row soon after a login, */
    uint64_t short_since;         /* ns; and the first of them */
    int group;                    /* the target portal group of its sessions, -1 = not known yet */
    struct timer stop_timer;
    struct list siblings;     /* lun_pool.targets, under its lock */
    struct lun_call farewell; /* the close that lun_pool_free makes */
};

/* Checks and copies the options, fills in defaults, looks up the portals. Not in a loop. */
struct lun_target *target_new(struct lun_pool *p, const struct lun_target_options *o,
                              const struct target_client *client, struct lun_error *e);
/* CLOSED targets only. Not in a loop. */
void target_free(struct lun_target *t);

/* From CLOSED: connects. */
void target_start(struct lun_target *t);
/* Logs out; sessions that have not gone after `ms` are cut. client->closed follows, perhaps at once. */
void target_stop(struct lun_target *t, uint32_t ms);

/* A task on the least busy session that is up, or on the one that is about to send others; NULL when there is
 * none or all are full (client->room follows). */
struct task *sessions_task(struct lun_target *t);
/* The negotiated parameters of the first session that is up, NULL if none. */
const struct login_result *target_negotiated(const struct lun_target *t);

/* How many of its links are in this state. */
unsigned target_count_in(const struct lun_target *t, enum link_state state);
/* Connects one session; false: e filled. */
bool target_start_session(struct target_session *s, struct lun_error *e);

/* sessions.c. OPEN: as many sessions as the command window of the first asks for, unless configured: others
 * are logged in, or out. To be called when the window is known from more than the login. */
void sessions_fit(struct lun_target *t);
/* One that was to be added has not come up. */
void sessions_refused(struct target_session *s, const struct lun_error *e);
/* One that was leaving has gone. */
void sessions_left(struct target_session *s);
/* How many sessions a command window (RFC 7143 4.2.2.1) asks for. */
unsigned sessions_for(uint32_t window);
/* The command window of the first session that is up; 0: none is. */
uint32_t sessions_window(const struct lun_target *t);

/* addresses.c: looks the portals up; those that have no address are skipped, with a line in the log. False:
 * none is left, e tells of the last. Not in a loop. */
bool addresses_resolve(struct lun_target *t, struct lun_error *e);

/* options.c: deep copy with defaults; false: e filled, *ret owns nothing. */
bool target_options_copy(const struct lun_target_options *o, struct lun_target_options *ret,
                         struct lun_error *e);
void target_options_free(struct lun_target_options *o);

#endif
