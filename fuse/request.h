/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Requests of the kernel that wait for a logical unit. They live in slots that are never freed while the
 * mount serves, so the steady state allocates nothing.
 *
 * A slot is taken, submitted and given back in the mount's loop. The library ends it in the unit's home loop
 * (request_done), which answers the kernel. Who answers is decided by one atomic word, `state`: the end of
 * the I/O, an interrupt and the memory limit race for it, and whoever moves it away from OPEN answers:
 *
 *   FREE --request_new--> OPEN --done--> DONE --request_release--> FREE
 *                          |--interrupt, limit--> ANSWERED --done--> DONE
 *                                                  |--cancel posted--> CANCELLING --done--> CANCEL_DONE
 *                                                          |--message runs--> ANSWERED       (message) ->
 * DONE
 *
 * The generation in the same word makes a late interrupt for a slot's former user find nothing.
 */
#ifndef FUSE_REQUEST_H
#define FUSE_REQUEST_H

#include <stdatomic.h>

#include "lun.h"

struct mount;
struct tree_unit;
struct handle;
struct fuse_req;

enum request_state {
    REQUEST_FREE,
    REQUEST_OPEN,
    REQUEST_ANSWERED,
    REQUEST_CANCELLING,
    REQUEST_CANCEL_DONE,
    REQUEST_DONE,
};

enum request_memory { MEMORY_NONE, MEMORY_BUFFER, MEMORY_COPY };

struct request {
    struct lun_io io;       /* first: the library hands it back */
    _Atomic uint64_t state; /* generation << 8 | enum request_state */
    struct mount *mount;
    struct fuse_req *fuse;             /* to be answered */
    void (*answer)(struct request *r); /* sends the reply for r->io; runs in the unit's home loop */
    struct tree_unit *unit;
    struct handle *handle; /* a flush: its dirty mark comes back when the flush fails */
    uint64_t unique;       /* FUSE's number of the request */
    uint32_t index;
    struct lun_message cancel;

    /* The mount's loop's. */
    bool submitted;
    bool listed;   /* a write among its unit's waiters */
    bool given_up; /* a write that was answered early */
    struct request *older, *newer;
    int64_t started_ms;
    enum request_memory memory_kind;
    void *memory;
    unsigned memory_class;
    size_t charge;
    struct request *next; /* free, returned, or waiting for zeros */
};

#define REQUEST_CLASSES 5 /* copies of 4, 16, 64, 256 and 1024 KiB */

struct request_pool {
    struct mount *mount;
    struct request **slabs;
    uint32_t slab_count, count;
    struct request *unused;
    uint32_t busy;
    struct request *_Atomic returned; /* by home loops that are not the mount's */
    _Atomic bool wake, posted;        /* does the mount's loop wait for `returned`; is `collect` under way */
    struct lun_message collect;

    uint64_t limit;   /* bytes */
    uint64_t waiting; /* bytes held by writes that nobody has answered */
    uint64_t held;    /* those and the answered ones the library has still */
    uint32_t taken;   /* buffers taken over from the descriptor */
    uint32_t taken_most;
    void *copies[REQUEST_CLASSES]; /* free memory for copies, linked through its first word */
    uint32_t copy_count[REQUEST_CLASSES];
};

void request_pool_init(struct request_pool *p, struct mount *m, uint64_t memory_limit);
/* Nothing may be busy. */
void request_pool_free(struct request_pool *p);
/* A slot for the request at hand; NULL: no memory. */
struct request *request_new(struct request_pool *p, struct fuse_req *fuse, struct tree_unit *unit);
/* Holds the payload of a write: takes the receive buffer it lies in, or copies it. 0, ENOMEM, or EIO when
 * requests that were given up hold all there may be. */
int request_hold(struct request *r, const void *payload, size_t n);
/* Lets the kernel interrupt it from here on. False: it has been already, and is answered. */
bool request_watch(struct request *r);
/* To the library. What was answered meanwhile is given back instead. */
void request_submit(struct request *r);
/* Answers with an error now, if nobody has, and asks the library to end it. */
void request_answer_early(struct request *r, int error);
/* Ends a request that is not with the library: answers with `error` (0 is success) unless answered. */
void request_end(struct request *r, int error);
/* Gives up waiting writes until the limit holds, or stops the receiving for a while where the unit that
 * holds most is making progress. */
void request_relieve(struct request_pool *p);
/* Takes back what other loops have returned. */
void request_collect(struct request_pool *p);
/* Every request that is with the library is cancelled (and answered with EIO, as far as the kernel still
 * listens). */
void request_cancel_all(struct request_pool *p);

#endif
