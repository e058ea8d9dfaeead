/* SPDX-License-Identifier: Apache-2.0 */
/* A session's life and its tasks; see session.h. Runs in the owner's loop. RFC 7143 4.2.2, 11.2.1.8. */
#include "session/session.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "session/internal.h"

/* A READ this long gets a readv of its own instead of passing through the receive buffer. */
#define LARGE_READ (64u * 1024)

static void deadline_passed(struct timer *timer, uint64_t now);

bool session_init(struct session *s, const struct session_config *c, uint64_t now, struct lun_error *e)
{
    *s = (struct session){
        .ops = c->ops,
        .ctx = c->ctx,
        .timers = c->timers,
        .n = *c->negotiated,
        .now = now,
        .heard = now,
        .nop_interval = c->nop_interval,
        .nop_timeout = c->nop_timeout,
        .abort_timeout = c->abort_timeout,
        .cid = c->cid,
        .time2wait = c->negotiated->time2wait,
        .time2retain = c->negotiated->time2retain,
    };
    s->window = (struct window){s->n.cmdsn, s->n.expcmdsn, s->n.maxcmdsn, s->n.expstatsn};
    s->tasks = calloc(SESSION_TASKS, sizeof *s->tasks);
    if (!s->tasks || !timer_reserve(s->timers, s->timers->count + SESSION_TASKS + 8)) {
        free(s->tasks);
        s->tasks = NULL;
        return error_set(e, LUN_SYSTEM, ENOMEM, true, "no memory for a session's tasks");
    }
    list_init(&s->free);
    list_init(&s->to_issue);
    list_init(&s->in_flight);
    list_init(&s->sending);
    list_init(&s->aborts);
    control_init(s);
    return true;
}

void session_free(struct session *s)
{
    if (!s->tasks)
        return;
    timer_disarm(s->timers, &s->nop);
    timer_disarm(s->timers, &s->leave);
    free(s->tasks);
    s->tasks = NULL;
}

void session_wake(struct session *s)
{
    s->ops->wake(s->ctx);
}

/* Memory of the array is touched only as far as it is needed. */
static struct task *fresh_task(struct session *s)
{
    if (s->fresh == SESSION_TASKS)
        return NULL;
    struct task *t = &s->tasks[s->fresh];
    t->session = s;
    t->itt = s->fresh++;
    t->deadline.fire = deadline_passed;
    list_init(&t->link);
    list_init(&t->out_link);
    list_init(&t->abort_link);
    return t;
}

struct task *session_task(struct session *s)
{
    if (s->state != SESSION_OPEN)
        return NULL;
    struct list *node = list_pop(&s->free);
    struct task *t = node ? LIST_OF(node, struct task, link) : fresh_task(s);
    if (!t) {
        s->starved = true;
        return NULL;
    }
    s->busy++;
    memset(t, 0, offsetof(struct task, sense));
    t->sense_length = 0;
    t->ended = LUN_OK;
    t->abort_sent = false;
    t->unsolicited = t->sent = t->datasn = t->r2tsn = t->received = 0;
    t->sequence = t->came_count = 0;
    t->in_sequence = false;
    t->burst_first = t->burst_count = 0;
    t->sending = 0;
    return t;
}

void session_task_return(struct session *s, struct task *t)
{
    t->state = TASK_FREE;
    s->busy--;
    list_prepend(&s->free, &t->link); /* last in, first out: its cache lines are warm */
    if (s->starved) {
        s->starved = false;
        s->ops->room(s->ctx);
    }
    if (s->state == SESSION_DRAINING && s->busy == 0)
        session_wake(s);
}

/* The slot keeps the low half; the generation moves on so that a late PDU for the old task finds nothing. The
 * reserved tag ffffffff cannot arise: no slot is ffff. */
static void new_tag(struct task *t)
{
    t->itt += 0x10000;
}

void session_issue(struct session *s, struct task *t, uint64_t deadline)
{
    new_tag(t);
    t->state = TASK_TO_ISSUE;
    list_append(&s->to_issue, &t->link);
    if (deadline != TIMER_NEVER)
        timer_arm(s->timers, &t->deadline, deadline);
    session_wake(s);
}

struct task *session_find(struct session *s, uint32_t itt)
{
    uint32_t slot = itt & 0xffff;
    if (slot >= s->fresh)
        return NULL;
    struct task *t = &s->tasks[slot];
    bool live = t->itt == itt && (t->state == TASK_IN_FLIGHT || t->state == TASK_ABORTING);
    return live ? t : NULL;
}

bool session_was_aborted(const struct session *s, uint32_t itt)
{
    uint32_t slot = itt & 0xffff;
    return slot < s->fresh && itt >> 16 && s->tasks[slot].aborted_itt == itt;
}

/* Nothing more is sent for it. */
static void forget_sending(struct task *t)
{
    list_remove(&t->out_link);
    list_remove(&t->abort_link);
    if (t->session->unsolicited == t)
        t->session->unsolicited = NULL;
}

void session_finish(struct task *t, const struct lun_error *error)
{
    struct session *s = t->session;
    timer_disarm(s->timers, &t->deadline);
    if (t->state != TASK_TO_ISSUE && t->read && t->edtl >= LARGE_READ)
        s->large_reads--;
    if (t->state != TASK_ANSWERED)
        list_remove(&t->link);
    forget_sending(t);
    t->state = TASK_ANSWERED;
    t->done(t, error);
    session_task_return(s, t);
}

/* Ends the task as its `ended` says. */
static void end(struct task *t)
{
    if (t->ended == LUN_OK) {
        session_finish(t, NULL);
        return;
    }
    struct lun_error e;
    error_set(&e, t->ended, 0, t->ended == LUN_TIMEOUT,
              t->ended == LUN_TIMEOUT ? "no answer from the target within the deadline" : "cancelled");
    session_finish(t, &e);
}

void session_end(struct task *t, enum lun_layer ended)
{
    t->ended = ended;
    if (t->sending == 0) {
        end(t);
        return;
    }
    /* PDUs that point into its data are still queued: it ends when they have left (session_sent). */
    list_remove(&t->link);
    forget_sending(t);
    t->state = TASK_ANSWERED;
}

void session_sent(struct session *s, void *cookie)
{
    struct task *t = cookie;
    if (--t->sending == 0 && t->state == TASK_ANSWERED)
        end(t);
}

void session_abort(struct session *s, struct task *t, enum lun_layer why, uint64_t now)
{
    if (t->state == TASK_TO_ISSUE) {
        session_end(t, why);
        return;
    }
    if (t->state != TASK_IN_FLIGHT)
        return; /* already on its way out */
    t->state = TASK_ABORTING;
    t->ended = why;
    list_append(&s->aborts, &t->abort_link);
    timer_arm(s->timers, &t->deadline, now + s->abort_timeout); /* s->now may be long ago */
    session_wake(s);
}

static void deadline_passed(struct timer *timer, uint64_t now)
{
    struct task *t = LIST_OF(timer, struct task, deadline);
    struct session *s = t->session;
    s->now = now;
    if (t->state == TASK_TO_ISSUE || t->state == TASK_IN_FLIGHT) {
        session_abort(s, t, LUN_TIMEOUT, now);
        return;
    }
    struct lun_error e;
    error_set(&e, LUN_TIMEOUT, 0, true,
              t->state == TASK_ABORTING
                  ? "neither a command nor its ABORT TASK was answered within the deadline"
                  : "the target answered a command and did not take its data within the deadline");
    s->ops->broken(s->ctx, &e);
}

/* ---- sending ----------------------------------------------------------------------------------------- */

static void put_command(struct session *s, struct task *t, struct pdu_out *ret)
{
    uint32_t immediate = 0;
    if (t->write && t->edtl) {
        uint32_t first = t->edtl < s->n.first_burst ? t->edtl : s->n.first_burst;
        if (s->n.immediate_data)
            immediate = first < s->n.max_send ? first : s->n.max_send;
        t->unsolicited = s->n.initial_r2t ? immediate : first;
    }
    t->cmdsn = s->window.cmdsn++;
    t->sent = immediate;
    struct pdu_scsi_command command = {
        .final = t->unsolicited == immediate,
        .read = t->read,
        .write = t->write,
        .attr = 1, /* SIMPLE */
        .lun = t->lun,
        .itt = t->itt,
        .edtl = t->edtl,
        .cmdsn = t->cmdsn,
        .expstatsn = s->window.expstatsn,
    };
    memcpy(command.cdb, t->cdb, sizeof command.cdb);
    pdu_put_scsi_command(ret->bhs, &command);
    ret->data = t->out;
    ret->data_length = immediate;
    ret->cookie = immediate ? t : NULL;
    t->sending += immediate != 0;
}

static bool next_command(struct session *s, struct pdu_out *ret)
{
    if (list_empty(&s->to_issue) || !window_open(&s->window))
        return false;
    struct task *t = LIST_OF(list_pop(&s->to_issue), struct task, link);
    t->state = TASK_IN_FLIGHT;
    list_append(&s->in_flight, &t->link);
    if (t->read && t->edtl >= LARGE_READ)
        s->large_reads++;
    put_command(s, t, ret);
    s->commands++;
    if (t->unsolicited > t->sent)
        s->unsolicited = t;
    return true;
}

bool session_next(struct session *s, struct pdu_out *ret)
{
    if (s->state >= SESSION_LOGGING_OUT) /* nothing follows a Logout Request (11.14) */
        return false;
    if (control_next(s, ret))
        return true;
    if (s->unsolicited) { /* 11.7: in the order of their commands */
        data_next_unsolicited(s, s->unsolicited, ret);
        return true;
    }
    if (!list_empty(&s->sending)) {
        data_next(s, LIST_OF(s->sending.next, struct task, out_link), ret);
        return true;
    }
    return next_command(s, ret);
}

/* ---- receiving --------------------------------------------------------------------------------------- */

bool session_place(struct session *s, const uint8_t *bhs, struct pdu_place *ret, struct lun_error *e)
{
    ret->to = NULL;
    bool fits = pdu_opcode(bhs) != PDU_DATA_IN || data_place(s, bhs, ret, e);
    ret->large = s->large_reads != 0;
    return fits;
}

bool session_receive(struct session *s, const struct pdu_in *pdu, uint64_t now, struct lun_error *e)
{
    s->now = s->heard = now;
    switch (pdu_opcode(pdu->bhs)) {
    case PDU_DATA_IN:
        return data_in(s, pdu, e);
    case PDU_SCSI_RESPONSE:
        return response_scsi(s, pdu, e);
    case PDU_R2T:
        return data_r2t(s, pdu, e);
    case PDU_NOP_IN:
        return control_nop_in(s, pdu, e);
    case PDU_TASK_RESPONSE:
        return control_task_response(s, pdu, e);
    case PDU_ASYNC:
        return control_async(s, pdu, e);
    case PDU_REJECT:
        return control_reject(s, pdu, e);
    case PDU_LOGOUT_RESPONSE:
        return control_logout_response(s, pdu, e);
    default:
        return error_set(e, LUN_PROTOCOL, 0, true, "the target sent a %s (opcode %02x) out of place",
                         pdu_name(pdu_opcode(pdu->bhs)), pdu_opcode(pdu->bhs));
    }
}

/* ---- the end ----------------------------------------------------------------------------------------- */

void session_logout(struct session *s)
{
    if (s->state != SESSION_OPEN)
        return;
    s->state = SESSION_DRAINING;
    session_wake(s);
}

static void fail_all(struct list *tasks, const struct lun_error *e)
{
    while (!list_empty(tasks))
        session_finish(LIST_OF(tasks->next, struct task, link), e);
}

void session_fail(struct session *s, const struct lun_error *e)
{
    if (s->state == SESSION_OVER)
        return;
    s->state = SESSION_OVER;
    timer_disarm(s->timers, &s->nop);
    timer_disarm(s->timers, &s->leave);
    fail_all(&s->in_flight, e);
    fail_all(&s->to_issue, e);
    manage_fail(s, e);
}
