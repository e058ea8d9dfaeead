/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What is not a SCSI command: keepalive and NOP-In, ABORT TASK, asynchronous messages, Reject, logout. Runs
 * in the owner's loop. RFC 7143 11.5, 11.6, 11.9, 11.14, 11.15, 11.17-11.19.
 */
#include <string.h>

#include "base/bytes.h"
#include "session/internal.h"

#define FUNCTION_ABORT_TASK 1
#define LOGOUT_CLOSE_SESSION 0
#define REASON_TOO_MANY_IMMEDIATE 6

bool control_numbers(struct session *s, uint32_t statsn, uint32_t expcmdsn, uint32_t maxcmdsn, bool counts,
                     struct lun_error *e)
{
    bool shut = !window_open(&s->window);
    window_update(&s->window, expcmdsn, maxcmdsn);
    if (shut && !list_empty(&s->to_issue))
        session_wake(s);
    if (!counts)
        return true;
    /* One connection over TCP loses nothing and repeats nothing: any other number means a lost answer. */
    if (statsn != s->window.expstatsn)
        return error_set(e, LUN_PROTOCOL, 0, true, "StatSN %u where %u was due", statsn, s->window.expstatsn);
    s->window.expstatsn++;
    return true;
}

/* ---- NOP --------------------------------------------------------------------------------------------- */

static void nop_timer(struct timer *timer, uint64_t now)
{
    struct session *s = LIST_OF(timer, struct session, nop);
    s->now = now;
    if (s->ping_out || s->ping_wanted) {
        if (now >= s->heard + s->nop_timeout) {
            struct lun_error e;
            error_set(&e, LUN_TIMEOUT, 0, true, "the target does not answer %s",
                      s->state == SESSION_LOGGING_OUT ? "Logout" : "NOP-Out");
            s->ops->broken(s->ctx, &e);
            return;
        }
        timer_arm(s->timers, &s->nop, s->heard + s->nop_timeout); /* heard something else meanwhile */
        return;
    }
    if (s->state != SESSION_LOGGING_OUT && now < s->heard + s->nop_interval) {
        timer_arm(s->timers, &s->nop, s->heard + s->nop_interval);
        return;
    }
    s->ping_wanted = true;
    s->heard = now; /* the answer's time runs from here */
    timer_arm(s->timers, &s->nop, now + s->nop_timeout);
    session_wake(s);
}

void control_init(struct session *s)
{
    s->nop.fire = nop_timer;
    if (s->nop_interval != TIMER_NEVER)
        timer_arm(s->timers, &s->nop, s->now + s->nop_interval);
}

static void put_nop_out(struct session *s, uint32_t itt, uint32_t ttt, uint64_t lun, struct pdu_out *ret)
{
    struct pdu_nop_out p = {
        .immediate = true,
        .lun = lun,
        .itt = itt,
        .ttt = ttt,
        .cmdsn = s->window.cmdsn,
        .expstatsn = s->window.expstatsn,
    };
    pdu_put_nop_out(ret->bhs, &p);
}

static bool answer_pong(struct session *s, struct lun_error *e, uint32_t ttt, uint64_t lun)
{
    if (s->pong_count == SESSION_PONGS)
        return error_set(e, LUN_PROTOCOL, 0, true, "more than %u NOP-Ins ask for an answer at once",
                         SESSION_PONGS);
    s->pongs[(s->pong_first + s->pong_count++) % SESSION_PONGS] = (struct session_pong){ttt, lun};
    session_wake(s);
    return true;
}

bool control_nop_in(struct session *s, const struct pdu_in *pdu, struct lun_error *e)
{
    struct pdu_nop_in p;
    if (!pdu_get_nop_in(pdu->bhs, &p))
        return error_set(e, LUN_PROTOCOL, 0, true, "malformed NOP-In");
    /* With ITT ffffffff the StatSN is the next one and is not used up (11.19.2). */
    if (!control_numbers(s, p.statsn, p.expcmdsn, p.maxcmdsn, p.itt != PDU_TAG_NONE, e))
        return false;
    if (p.itt != PDU_TAG_NONE) {
        if (!s->ping_out || p.itt != s->ping_itt)
            return error_set(e, LUN_PROTOCOL, 0, true,
                             "NOP-In answers a NOP-Out that was not sent (ITT %08x)", p.itt);
        s->ping_out = false;
        timer_arm(s->timers, &s->nop, s->now + s->nop_interval);
    }
    return p.ttt == PDU_TAG_NONE || answer_pong(s, e, p.ttt, p.lun);
}

/* ---- ABORT TASK -------------------------------------------------------------------------------------- */

static void put_abort(struct session *s, struct pdu_out *ret)
{
    struct task *t = LIST_OF(list_pop(&s->aborts), struct task, abort_link);
    struct pdu_task_request p = {
        .immediate = true,
        .function = FUNCTION_ABORT_TASK,
        .lun = t->lun,
        .itt = t->itt | ITT_CONTROL,
        .referenced_tag = t->itt,
        .cmdsn = s->window.cmdsn,
        .expstatsn = s->window.expstatsn,
        .refcmdsn = t->cmdsn,
    };
    pdu_put_task_request(ret->bhs, &p);
    t->abort_sent = true;
}

bool control_task_response(struct session *s, const struct pdu_in *pdu, struct lun_error *e)
{
    struct pdu_task_response p;
    if (!pdu_get_task_response(pdu->bhs, &p))
        return error_set(e, LUN_PROTOCOL, 0, true, "malformed Task Management Function Response");
    if (!control_numbers(s, p.statsn, p.expcmdsn, p.maxcmdsn, true, e))
        return false;
    if (manage_answered(s, &p))
        return true;
    uint32_t slot = p.itt & (ITT_CONTROL - 1);
    if (!(p.itt & ITT_CONTROL) || slot >= s->fresh)
        return error_set(e, LUN_PROTOCOL, 0, true,
                         "answer to a task management request that was not sent (ITT %08x)", p.itt);
    struct task *t = session_find(s, p.itt & ~ITT_CONTROL);
    if (!t || !t->abort_sent)
        return true; /* its answer overtook the abort, and all is said */
    /* 0: aborted. 1: the target no longer knows it; over one connection its answer would have come before.
     * Any other answer leaves the task alive: it ends by itself, or the deadline ends the session. */
    if (p.response <= 1) {
        t->aborted_itt = t->itt;
        session_end(t, t->ended);
    }
    return true;
}

/* ---- asynchronous messages, Reject ------------------------------------------------------------------- */

/* As in a SCSI Response: two bytes of length, then sense (11.9.4). */
static bool tell_sense(struct session *s, const struct pdu_async *p, const struct pdu_in *pdu,
                       struct lun_error *e)
{
    struct reader r = reader_over(pdu->data, pdu->data_length);
    uint16_t length = reader_be16(&r);
    const uint8_t *sense = reader_take(&r, length);
    if (pdu->data_length && !sense && length)
        return error_set(e, LUN_PROTOCOL, 0, true,
                         "Asynchronous Message with %u bytes of sense in a segment of %u", length,
                         pdu->data_length);
    if (sense && length && s->ops->sense)
        s->ops->sense(s->ctx, p->lun, sense, length);
    return true;
}

static void leave_late(struct timer *timer, uint64_t now)
{
    struct session *s = LIST_OF(timer, struct session, leave);
    s->leave_now = true;
    session_wake(s);
}

/* Tasks may end in three quarters of the time; what has not by then is the next session's. */
static void leave_within(struct session *s, uint16_t seconds)
{
    s->asked_to_leave = true;
    s->leave.fire = leave_late;
    timer_arm(s->timers, &s->leave, s->now + seconds * 750000000ull);
    session_logout(s);
}

bool control_async(struct session *s, const struct pdu_in *pdu, struct lun_error *e)
{
    struct pdu_async p;
    if (!pdu_get_async(pdu->bhs, &p))
        return error_set(e, LUN_PROTOCOL, 0, true, "malformed Asynchronous Message");
    if (!control_numbers(s, p.statsn, p.expcmdsn, p.maxcmdsn, true, e))
        return false;
    switch (p.event) {
    case 0: /* the unit has sense data to tell */
        return tell_sense(s, &p, pdu, e);
    case 1: /* asks us to log out within Parameter3 seconds: tasks end, then Logout; the owner comes back */
    case 4: /* asks to negotiate anew within that time: a login does that */
        leave_within(s, p.parameter3);
        return true;
    case 2: /* with one connection a session, either is the end of it, under the times given here */
    case 3:
        s->time2wait = p.parameter2;
        s->time2retain = p.parameter3;
        return error_set(e, LUN_CONNECT, p.event, true, "the target announces: %s",
                         session_async_name(p.event));
    default: /* 5: only with FastAbort, which is not offered; 248-255: a vendor's own */
        return true;
    }
}

/* An ABORT TASK was rejected. For now: it is sent again, until the time for its answer is over. For good: as
 * its answer "not supported". */
static void abort_rejected(struct session *s, const uint8_t *bhs, uint8_t reason)
{
    struct pdu_task_request p;
    if (manage_rejected(s, pdu_itt(bhs), reason))
        return;
    if (reason != REASON_TOO_MANY_IMMEDIATE || !pdu_get_task_request(bhs, &p))
        return;
    struct task *t = session_find(s, p.itt & ~ITT_CONTROL);
    if (!(p.itt & ITT_CONTROL) || !t || t->state != TASK_ABORTING || !t->abort_sent)
        return; /* the command's answer overtook it */
    t->abort_sent = false;
    list_append(&s->aborts, &t->abort_link);
    session_wake(s);
}

bool control_reject(struct session *s, const struct pdu_in *pdu, struct lun_error *e)
{
    struct pdu_reject p;
    if (!pdu_get_reject(pdu->bhs, &p))
        return error_set(e, LUN_PROTOCOL, 0, true, "malformed Reject");
    if (!control_numbers(s, p.statsn, p.expcmdsn, p.maxcmdsn, true, e))
        return false;
    uint8_t rejected = pdu->data_length >= PDU_BHS ? pdu_opcode(pdu->data) : 0xff;
    if (rejected == PDU_TASK_REQUEST) {
        abort_rejected(s, pdu->data, p.reason);
        return true;
    }
    if (rejected == PDU_NOP_OUT && p.reason == REASON_TOO_MANY_IMMEDIATE) {
        s->ping_out = false; /* who says that is alive */
        return true;
    }
    return error_set(e, LUN_PROTOCOL, p.reason, true, "the target rejected our %s: %s",
                     rejected == 0xff ? "PDU" : pdu_name(rejected), session_reject_name(p.reason));
}

/* ---- logout ------------------------------------------------------------------------------------------ */

static void put_logout(struct session *s, struct pdu_out *ret)
{
    s->logout_itt = ITT_LOGOUT | (uint32_t)s->control_generation++ << 16;
    struct pdu_logout_request p = {
        .immediate = true,
        .reason = LOGOUT_CLOSE_SESSION,
        .itt = s->logout_itt,
        .cid = s->cid,
        .cmdsn = s->window.cmdsn,
        .expstatsn = s->window.expstatsn,
    };
    pdu_put_logout_request(ret->bhs, &p);
    s->state = SESSION_LOGGING_OUT;
    /* The time for the answer, keepalive or not. It begins in the timer, which knows what time it is. */
    timer_arm(s->timers, &s->nop, s->now);
}

bool control_logout_response(struct session *s, const struct pdu_in *pdu, struct lun_error *e)
{
    struct pdu_logout_response p;
    if (!pdu_get_logout_response(pdu->bhs, &p))
        return error_set(e, LUN_PROTOCOL, 0, true, "malformed Logout Response");
    if (s->state != SESSION_LOGGING_OUT || p.itt != s->logout_itt)
        return error_set(e, LUN_PROTOCOL, 0, true, "answer to a logout that was not sent");
    /* With 0 (closed) they are to be ignored below ErrorRecoveryLevel 2, and with 1 (CID not found) they say
     * nothing; 2 and 3 leave something behind at the target (11.15.3, 11.15.4). */
    if (p.response > 1) {
        s->time2wait = p.time2wait;
        s->time2retain = p.time2retain;
    }
    s->ops->logged_out(s->ctx);
    return true;
}

/* ---- what to send next ------------------------------------------------------------------------------- */

bool control_next(struct session *s, struct pdu_out *ret)
{
    ret->data = NULL;
    ret->data_length = 0;
    ret->cookie = NULL;
    if (s->pong_count) {
        struct session_pong p = s->pongs[s->pong_first];
        s->pong_first = (s->pong_first + 1) % SESSION_PONGS;
        s->pong_count--;
        put_nop_out(s, PDU_TAG_NONE, p.ttt, p.lun, ret);
        return true;
    }
    if (s->ping_wanted) {
        s->ping_wanted = false;
        s->ping_out = true;
        s->ping_itt = ITT_PING | (uint32_t)s->control_generation++ << 16;
        put_nop_out(s, s->ping_itt, PDU_TAG_NONE, 0, ret);
        return true;
    }
    if (!list_empty(&s->aborts)) {
        put_abort(s, ret);
        return true;
    }
    if (manage_next(s, ret))
        return true;
    if (s->state == SESSION_DRAINING && (s->busy == 0 || s->leave_now)) {
        put_logout(s, ret);
        return true;
    }
    return false;
}
