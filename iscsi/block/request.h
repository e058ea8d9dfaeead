/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A struct lun_io inside block/: its life from lun_submit to done. Home loop.
 *
 *   submit -> [waits for its range] -> pumps tasks out, [waits for tasks or a retry] -> all answered -> done
 *
 * What a request does next is its `step` function's business (move.c for data, command.c for the rest):
 * called when a task may be issued, it issues as many as it can and returns false when it must wait for room.
 */
#ifndef LUN_BLOCK_REQUEST_H
#define LUN_BLOCK_REQUEST_H

#include "block/retry.h"
#include "block/unit.h"

enum request_wait { WAIT_NOTHING, WAIT_RANGE, WAIT_ROOM, WAIT_MEMORY, WAIT_RETRY, WAIT_OUTAGE };
enum request_phase { PHASE_MERGE_READ, PHASE_MOVE, PHASE_FLUSH };

struct request {
    struct lun_unit *unit;
    struct list all;    /* unit.requests */
    struct list queue;  /* unit.waiting, unit.ready, unit.parked or loop.hungry */
    struct list range;  /* unit.ranges */
    struct timer timer; /* while it waits: its deadline, or the time of the retry */
    uint64_t deadline;  /* ns */
    enum request_wait wait;
    enum request_phase phase;
    bool internal;          /* the library's own: may run while the unit is offline or draining */
    bool ranged, exclusive; /* in unit.ranges, or waiting to be; reads, merges and writes there */
    bool merging;           /* the present window goes through `bounce` (move.c) */
    bool stop;              /* io->error is set: issue nothing more */
    bool posted;            /* on its way to the home loop: nothing else is valid but unit and message */
    bool unwanted;          /* cancelled on that way */
    bool timed;             /* its deadline is the caller's own and counts through outages */
    bool begun;             /* it has been let in: not so while it has only waited for its unit's return */
    bool replay;            /* `again` because their session was lost: waits for the unit's return */
    bool again; /* send this phase's commands from `redo` on again once all are in, after `delay` */
    struct retry_tries tries;
    uint32_t block;                    /* bytes; the unit's block size when the request began */
    uint32_t delay;                    /* ms */
    unsigned out;                      /* tasks in flight */
    uint64_t start, end;               /* bytes asked for, cut at the end of the LUN */
    uint64_t cover_start, cover_end;   /* the whole blocks around them */
    uint64_t window_start, window_end; /* the part under way, whole blocks */
    uint64_t at;                       /* next byte of the window to issue; commands: whether it is issued */
    uint64_t redo;                     /* with `again`: where in the window to begin anew */
    uint64_t reached;                  /* the farthest it began anew: past that, `tries` count from zero */
    uint64_t memory;                   /* its share of the loop's */
    uint64_t lost_at;                  /* ns: the first time its session was lost; 0: never */
    uint8_t *bounce;                   /* a buffer of the loop's, or NULL */
    uint8_t *lent;                     /* likewise, to be put back after done */
    struct iovec iov;                  /* io->data */
    struct lun_message message;        /* while posted */
};

static inline struct request *request_of(struct lun_io *io)
{
    return (struct request *)io->private_;
}

static inline struct lun_io *request_io(struct request *r)
{
    return LIST_OF(r, struct lun_io, private_);
}

_Static_assert(sizeof(struct request) <= LUN_IO_PRIVATE * sizeof(uint64_t),
               "struct lun_io.private_ is too small");

/* lun_submit for the library's own requests, in the home loop. */
void request_submit(struct lun_unit *u, struct lun_io *io, bool internal);
/* The command in t, and those after it, are to be sent again. */
static inline void request_again(struct request *r, const struct task *t)
{
    if (!r->again || t->note < r->redo)
        r->redo = t->note;
    r->again = true;
}

/* A task for this request, filled in but for CDB and data; NULL: none now, and the request waits for room. */
struct task *request_task(struct request *r);
void request_issue(struct request *r, struct task *t);
/* Nothing more is issued; the request ends with e when its tasks have. */
void request_fail(struct request *r, const struct lun_error *e);
/* Ends, steps on or waits, as the state says. The request may be gone when this returns. */
void request_continue(struct request *r);
/* Room for tasks: lets those on who wait for it, oldest first. */
void request_room(struct lun_unit *u);
/* The time an untimed request has begins anew: now, or (TIMER_NEVER) not before its unit is back. */
void request_restart_clock(struct request *r, uint64_t now);
/* Ends every request of the unit with e as soon as its tasks have ended. */
void request_cancel_all(struct lun_unit *u, const struct lun_error *e);
/* The same for the library's own. */
void request_cancel_internal(struct lun_unit *u, const struct lun_error *e);

/* move.c: READ, WRITE, ZERO */
bool move_begin(struct request *r); /* false: it ends here (io->error may be set) */
bool move_step(struct request *r);  /* false: waits for room; true: all of the phase is issued */
void move_answered(struct request *r, struct task *t); /* good status */
bool move_next_phase(struct request *r);               /* false: that was the last */

/* command.c: everything else */
bool command_step(struct request *r);
void command_answered(struct request *r, struct task *t);
/* The device refused a command, of whatever kind: falls back to an older one where there is one, else fails.
 */
void command_refused(struct request *r, const struct task *t, const struct lun_error *e);

/* Lets it in: on to its memory, or to its end when it may not run. */
void request_begin(struct request *r);
/* Its memory is there: on to its range, then to its commands. */
void request_start(struct request *r);

/* memory.c */
bool memory_take(struct request *r); /* false: it waits */
void memory_give_back(struct lun_loop *l, uint64_t share);

/* range.c */
bool range_take(struct request *r); /* false: it waits */
void range_release(struct request *r);
/* It was given up, and its tasks live: nobody shares its blocks until they are dead. */
void range_guard(struct request *r);

#endif
