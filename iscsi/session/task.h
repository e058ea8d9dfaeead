/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One SCSI command from issue to answer. Tasks live in their session's array; the caller fills the first
 * part, hands it to session_issue, and gets it back in done, after which it is the session's again.
 *
 *   FREE -> TO_ISSUE -> IN_FLIGHT -> ANSWERED -> FREE
 *                           \-> ABORTING -/         (ABORT TASK sent: a late answer is still welcome)
 */
#ifndef LUN_SESSION_TASK_H
#define LUN_SESSION_TASK_H

#include "base/error.h"
#include "base/list.h"
#include "base/timer.h"
#include "login/login.h"

enum task_state { TASK_FREE, TASK_TO_ISSUE, TASK_IN_FLIGHT, TASK_ABORTING, TASK_ANSWERED };

#define TASK_R2T_MAX 16 /* the most MaxOutstandingR2T we offer */

struct task_burst { /* one R2T being answered */
    uint32_t ttt, offset, left, datasn;
};

/* Data-In that come in any order may leave so many gaps at a time, less one. */
#define TASK_RANGES_MAX 64

struct task_range {
    uint32_t start, end; /* bytes */
};

struct session;

struct task {
    /* The caller's. */
    uint8_t cdb[16];
    uint64_t lun; /* the eight-byte field */
    bool read, write;
    uint32_t edtl;      /* Expected Data Transfer Length, bytes */
    const uint8_t *out; /* WRITE: edtl bytes */
    uint8_t *in; /* READ: room for edtl bytes; NULL: lent, or fetched by session_ops.buffer if need be */
    void *user;
    uint64_t note;   /* the caller's own: which part of its request this is */
    uint64_t issued; /* likewise: when, ns */
    /* error NULL: the target answered, see status. In done `lent` may hold the data of a READ without `in`.
     */
    void (*done)(struct task *t, const struct lun_error *error);

    /* The answer. */
    uint8_t response, status;
    bool overflow, underflow;
    uint32_t residual;
    uint32_t transferred; /* bytes that really moved */
    const uint8_t *lent;  /* data of a READ without `in`, valid in done */
    bool borrowed;        /* `in` came from session_ops.buffer: it is the caller's in done */
    uint8_t sense[LUN_SENSE_MAX];
    uint32_t sense_length;

    /* The session's. */
    struct session *session;
    struct list link;       /* free, to_issue or in_flight */
    struct list out_link;   /* session.sending: has R2Ts to answer */
    struct list abort_link; /* session.aborts: its ABORT TASK waits to be sent */
    struct timer deadline;
    enum task_state state;
    enum lun_layer ended; /* why it is being aborted: LUN_TIMEOUT or LUN_CANCELLED */
    bool abort_sent;
    uint32_t itt, cmdsn;
    uint32_t aborted_itt; /* the last task in this slot that ended by ABORT TASK; 0: none */
    uint32_t unsolicited; /* end of the unsolicited burst */
    uint32_t sent;        /* unsolicited bytes given to the wire */
    uint32_t datasn;      /* of the unsolicited burst; of Data-In expected next */
    uint32_t r2tsn;       /* expected next */
    uint32_t received;    /* bytes of Data-In; in order, the offset the next one must have */
    uint32_t sequence;    /* Data-In: where the sequence under way began */
    bool in_sequence;     /* Data-In: its sequence goes on */
    uint8_t came_count;   /* Data-In out of order: ranges that came, apart from one another, in `came` */
    uint8_t burst_first, burst_count;
    uint16_t sending; /* PDUs in the gather queue that point into `out` */
    struct task_burst bursts[TASK_R2T_MAX];
    struct task_range came[TASK_RANGES_MAX]; /* ascending; touched only where order is not agreed on */
};

#endif
