/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A logical unit, and a target as block/ sees it: its units, what is in flight for each, the scan that finds
 * them. Everything runs in the target's home loop.
 */
#ifndef LUN_BLOCK_UNIT_H
#define LUN_BLOCK_UNIT_H

#include "block/depth.h"
#include "pool/target.h"

/* Capacity must be a multiple of a block size we serve: 512, 1024, 2048 or 4096 bytes. */
#define UNIT_BLOCK_MAX 4096u

struct unit_scan; /* scan.c */

struct lun_unit {
    struct lun_target *target;
    uint64_t field; /* the eight-byte LUN */
    struct lun_unit_info info;
    bool identified;             /* has been announced with UNIT_ADDED */
    bool ten_only;               /* READ CAPACITY(16) is not supported */
    bool flush_ten;              /* SYNCHRONIZE CACHE(16) is not supported */
    bool no_flush;               /* nor is (10) */
    struct lun_error lost_write; /* a deferred error: an earlier write is lost, and the next flush says so */
    unsigned outstanding;        /* tasks in flight */
    struct depth depth;          /* what moves info.queue_depth */
    unsigned exclusive;          /* requests in `ranges` that read, merge and write */
    struct list ranges;          /* requests that write, in flight (range.h) */
    struct list waiting;         /* requests that wait for a range, oldest first */
    struct list ready;           /* requests that wait for a task or for queue depth, oldest first */
    struct list requests;        /* all that have not ended */
    struct unit_scan *scan;      /* being identified */
    char identity[272];          /* its best name when it was first identified */
    bool scan_again;             /* something changed meanwhile */
    bool unlisted;               /* the target dropped it while it was being identified */
    uint8_t scans;               /* one after another, because something changed meanwhile */
    uint64_t away_until;         /* ns: it is away, and given up then; 0: it is not (outage.h) */
    struct list parked;          /* requests that wait for its return, oldest first */
    bool missed;                 /* it was in use when its target was lost, and has not been since */
    uint64_t home_size;          /* bytes: its capacity then */
    uint32_t home_block;
};

/* client_data of a target. */
struct units {
    struct lun_target *target;
    struct lun_unit **at; /* ascending LUN; never freed before the target */
    size_t count, room;
    size_t requests; /* not ended, over all units */
    struct lun_call *opening;
    struct list closing; /* calls, see device.c */
    bool draining;       /* no new requests from outside */
    bool cut;            /* the close has cancelled what was in flight */
    bool flushed;        /* the close has sent its flushes */
    struct lun_error open_error;
    struct timer drain;
    struct loop_deferred closer; /* takes a close one stage on, at the end of a turn */
    struct lun_unit *probe;      /* carries REPORT LUNS: LUN 0, listed or not */
    struct list_scan *list;      /* REPORT LUNS under way (scan.c) */
    unsigned scanning;           /* units being identified */
    bool list_again;
    uint8_t lists;            /* one after another, because the list changed meanwhile */
    bool announce;            /* TARGET_UP follows the scan under way */
    uint64_t lost_since;      /* ns: users have been told so, or will be; 0: it is here */
    bool relist;              /* the last list failed */
    struct timer patience;    /* the opening has its end here, whatever has not answered */
    struct timer revisit;     /* looks again at what could not be had */
    size_t away;              /* units that are */
    struct timer replacement; /* gives up units that are away */
};

static inline struct units *units_of(const struct lun_target *t)
{
    return t->client_data;
}

struct lun_unit *unit_new(struct lun_target *t, uint64_t number, uint64_t field);
void unit_free(struct lun_unit *u);
/* Finds or makes the unit and keeps the list in order; NULL: no memory. */
struct lun_unit *unit_get(struct lun_target *t, uint64_t number, uint64_t field);
void unit_event(struct lun_unit *u, enum lun_event_kind kind);
/* Notes sense data in the short history. */
void unit_note_sense(struct lun_unit *u, uint8_t opcode, const uint8_t *sense, size_t n);
/* "portal P, target T, LUN N" */
void unit_place(const struct lun_unit *u, char *ret, size_t room);

#endif
