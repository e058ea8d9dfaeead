/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The full feature phase of one session of one connection (RFC 7143 chapters 4 and 11), without socket or
 * clock: PDUs in (session_place, session_receive), PDUs out (session_next, session_sent), time as an
 * argument. All calls and callbacks run in the loop that owns the session.
 *
 *   OPEN --session_logout--> DRAINING (tasks still end) --Logout sent--> LOGGING_OUT --answer--> OVER
 *      \______________________________ session_fail ______________________________________________/
 */
#ifndef LUN_SESSION_SESSION_H
#define LUN_SESSION_SESSION_H

#include "session/manage.h"
#include "session/task.h"
#include "session/window.h"
#include "wire/transfer.h"

#define SESSION_PONGS 64 /* NOP-Ins that may wait for an answer before the target is called mad */
#define SESSION_TASKS 1024

enum session_state { SESSION_OPEN, SESSION_DRAINING, SESSION_LOGGING_OUT, SESSION_OVER };

struct session_ops {
    /* There is something to send. */
    void (*wake)(void *ctx);
    /* The session cannot go on for a reason that no PDU brought (a timer): the owner closes the connection
     * and calls session_fail with this error when it is out of every callback. */
    void (*broken)(void *ctx, const struct lun_error *e);
    /* The logout is answered: close the connection. */
    void (*logged_out)(void *ctx);
    /* Room of LUN_BUFFER_SIZE bytes for a READ that cannot be lent; NULL if none. The caller of the task
     * frees it (task->in). */
    uint8_t *(*buffer)(void *ctx);
    /* Tasks have become free after session_task gave none. */
    void (*room)(void *ctx);
    /* A unit has sense data to tell that no command asked for (RFC 7143 11.9.1, event 0). May be NULL. */
    void (*sense)(void *ctx, uint64_t lun, const uint8_t *sense, size_t n);
};

struct session_config {
    const struct session_ops *ops;
    void *ctx;
    struct timer_heap *timers;
    const struct login_result *negotiated;
    uint64_t nop_interval, nop_timeout; /* ns; interval TIMER_NEVER: no keepalive */
    uint64_t abort_timeout;             /* ns an ABORT TASK may stay unanswered */
    uint16_t cid;
};

struct session_pong {
    uint32_t ttt;
    uint64_t lun;
};

struct session {
    const struct session_ops *ops;
    void *ctx;
    struct timer_heap *timers;
    struct login_result n; /* negotiated */
    struct window window;
    enum session_state state;

    struct task *tasks; /* SESSION_TASKS of them; untouched memory above `fresh` */
    unsigned fresh;     /* how many have ever been used */
    struct list free, to_issue, in_flight, sending, aborts;
    struct task *unsolicited; /* its unsolicited Data-Out come before any other command */
    unsigned busy;            /* tasks not free */
    unsigned large_reads;     /* READs in flight whose payload is worth its own readv */
    bool starved;             /* session_task gave NULL since the last room() */

    uint64_t now, heard; /* last time told; last time the target was heard */
    uint64_t nop_interval, nop_timeout, abort_timeout;
    struct timer nop;
    bool ping_wanted, ping_out;
    uint16_t control_generation;
    uint32_t ping_itt, logout_itt;
    bool leave_now;                  /* DRAINING: the Logout goes out although tasks have not ended */
    struct timer leave;              /* DRAINING: sets leave_now */
    bool asked_to_leave;             /* an Asynchronous Message asked for the logout */
    uint16_t time2wait, time2retain; /* seconds: as negotiated, or as the target said last (11.9.1, 11.15) */
    uint16_t cid;
    struct session_pong pongs[SESSION_PONGS];
    unsigned pong_first, pong_count;

    struct session_manage manages[SESSION_MANAGES];
    uint64_t commands, retransmits; /* counters for `sessions` */
};

bool session_init(struct session *s, const struct session_config *c, uint64_t now, struct lun_error *e);
/* After session_fail or SESSION_OVER. */
void session_free(struct session *s);

/* A free task with the caller's part zeroed, or NULL: ops->room is called when there is one again. */
struct task *session_task(struct session *s);
/* Gives back a task that was not issued. */
void session_task_return(struct session *s, struct task *t);
/* Queues the task; its CmdSN is given when it enters the send queue. deadline: ns, TIMER_NEVER for none. */
void session_issue(struct session *s, struct task *t, uint64_t deadline);
/* The task is no longer wanted: `why` is LUN_CANCELLED or LUN_TIMEOUT. Never sent: it ends here and now. Else
 * ABORT TASK is sent, and it ends when the target has answered either; the time for that runs from `now`. */
void session_abort(struct session *s, struct task *t, enum lun_layer why, uint64_t now);

/* The connection's producer and consumer (see conn/send.h and conn/receive.h). */
bool session_next(struct session *s, struct pdu_out *ret);
void session_sent(struct session *s, void *cookie);
bool session_place(struct session *s, const uint8_t *bhs, struct pdu_place *ret, struct lun_error *e);
bool session_receive(struct session *s, const struct pdu_in *pdu, uint64_t now, struct lun_error *e);

/* No more commands; Logout (close the session) once the tasks have ended. */
void session_logout(struct session *s);
/* The connection is gone: every task ends with this error. The gather queue must have been dropped.
 * Idempotent. */
void session_fail(struct session *s, const struct lun_error *e);

/* Text for SCSI Response codes, Reject reasons and the like, in one place (session/names.c). */
const char *session_reject_name(uint8_t reason);
const char *session_async_name(uint8_t event);

#endif
