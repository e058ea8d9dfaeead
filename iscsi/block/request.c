/* SPDX-License-Identifier: Apache-2.0 */
/* A request's life; see request.h. Home loop, but for lun_submit, which may come from any thread. */
#include "block/request.h"

#include <errno.h>
#include <string.h>

#include "block/device.h"
#include "block/outage.h"
#include "block/retry.h"
#include "scsi/decode.h"

static struct timer_heap *timers_of(const struct request *r)
{
    return &r->unit->target->loop->timers;
}

static bool is_data(const struct lun_io *io)
{
    return io->op == LUN_OP_READ || io->op == LUN_OP_WRITE || io->op == LUN_OP_ZERO;
}

/* ---- the end ----------------------------------------------------------------------------------------- */

/* The library's own are nobody's business: those of an outage fail by the dozen. */
static void count(struct request *r)
{
    struct lun_unit_info *i = &r->unit->info;
    const struct lun_io *io = request_io(r);
    if (r->internal)
        return;
    if (io->error.layer != LUN_OK) {
        i->errors++;
    } else if (io->op == LUN_OP_READ) {
        i->reads++;
        i->bytes_read += io->transferred;
    } else if (io->op == LUN_OP_WRITE) {
        i->writes++;
        i->bytes_written += io->transferred;
    } else if (io->op == LUN_OP_FLUSH) {
        i->flushes++;
    }
}

/* The one way out. The request's memory is the caller's again once done runs. */
static void finish(struct request *r)
{
    struct lun_unit *u = r->unit;
    struct lun_target *t = u->target;
    struct lun_io *io = request_io(r);
    uint8_t *lent = r->lent, *bounce = r->bounce; /* io->data may lie in either */
    uint64_t memory = r->memory;
    timer_disarm(&t->loop->timers, &r->timer);
    list_remove(&r->all);
    list_remove(&r->queue);
    if (io->op != LUN_OP_READ)
        range_release(r);
    count(r);
    if (io->error.layer == LUN_OK && !r->internal)
        t->proved = true;
    io->done(io);
    lun_buffer_put(t->loop, lent);
    lun_buffer_put(t->loop, bounce);
    memory_give_back(t->loop, memory);
    units_of(t)->requests--;
    t->loop->requests--;
    device_request_ended(t);
}

void request_fail(struct request *r, const struct lun_error *e)
{
    if (r->stop)
        return;
    r->stop = true;
    request_io(r)->error = *e;
    request_io(r)->transferred = 0;
}

/* ---- waiting ----------------------------------------------------------------------------------------- */

static void late(struct request *r)
{
    struct lun_error e = request_io(r)->error;
    char place[512];
    if (r->wait == WAIT_RETRY) { /* what the device kept saying tells more than the time does */
        request_fail(r, &e);
        return;
    }
    if (r->wait == WAIT_OUTAGE) {
        e = r->unit->info.error;
        e.layer = LUN_TIMEOUT;
        error_prefix(&e, "not back within the request's deadline");
        request_fail(r, &e);
        return;
    }
    unit_place(r->unit, place, sizeof place);
    error_set(&e, LUN_TIMEOUT, 0, true, "%s: not done within its deadline", place);
    request_fail(r, &e);
}

static void wait_over(struct timer *timer, uint64_t now)
{
    struct request *r = LIST_OF(timer, struct request, timer);
    list_remove(&r->queue);
    if (r->wait != WAIT_RETRY || now >= r->deadline)
        late(r);
    r->wait = WAIT_NOTHING;
    request_continue(r);
}

static void wait_for_retry(struct request *r)
{
    uint64_t now = r->unit->target->loop->now, when = now + r->delay * 1000000ull;
    bool at_once = r->delay == 0;
    r->delay = 0;
    r->again = false;
    if (r->redo > r->reached) {
        r->reached = r->redo;
        r->tries = (struct retry_tries){0};
    }
    r->unit->info.retries++;
    r->at = r->redo;
    if (at_once)
        return;
    r->wait = WAIT_RETRY;
    timer_arm(timers_of(r), &r->timer, when < r->deadline ? when : r->deadline);
}

static void arm_deadline(struct request *r)
{
    if (r->deadline != TIMER_NEVER)
        timer_arm(timers_of(r), &r->timer, r->deadline);
}

/* The library's own come first: the unit is not back before they are done. */
static void wait_for_room(struct request *r)
{
    r->wait = WAIT_ROOM;
    if (r->internal)
        list_prepend(&r->unit->ready, &r->queue);
    else
        list_append(&r->unit->ready, &r->queue);
    arm_deadline(r);
}

/* May it send now? While its unit is away only what identifies it. */
static bool is_let_through(const struct request *r)
{
    return r->internal || !r->unit->away_until;
}

void request_room(struct lun_unit *u)
{
    while (!list_empty(&u->ready) && u->outstanding < u->info.queue_depth) {
        struct request *r = LIST_OF(u->ready.next, struct request, queue);
        if (!is_let_through(r))
            return;
        list_remove(&r->queue);
        timer_disarm(timers_of(r), &r->timer);
        r->wait = WAIT_NOTHING;
        request_continue(r);
        bool back = u->ready.prev == &r->queue || u->ready.next == &r->queue;
        if (!list_empty(&u->ready) && back)
            return; /* in the queue again: no task was to be had */
    }
}

/* ---- tasks ------------------------------------------------------------------------------------------- */

/* A READ or WRITE: its time tells how deep the queue may be, if anybody waits for that. */
static void measure(struct lun_unit *u, const struct task *t)
{
    uint64_t took = u->target->loop->now - t->issued;
    depth_note(&u->depth, took);
    if (!list_empty(&u->ready) && u->outstanding + 1 >= u->info.queue_depth)
        u->info.queue_depth = depth_answered(&u->depth, u->info.queue_depth, took);
}

/* SAM-5 5.3.1: TASK SET FULL says that the device has others of ours, so there is no need to guess a delay:
 * it goes out when one of those ends. */
static void send_again(struct request *r, const struct task *t, uint32_t delay)
{
    struct lun_unit *u = r->unit;
    if (t->status == SCSI_TASK_SET_FULL) {
        u->info.queue_depth = depth_full(&u->depth, u->info.queue_depth, u->outstanding);
        if (u->outstanding >= u->info.queue_depth)
            delay = 0;
    }
    request_again(r, t);
    r->delay = delay > r->delay ? delay : r->delay;
}

/* A lost connection names itself; a task that was not answered does not. */
static void fail_with_place(struct request *r, const struct lun_error *error)
{
    struct lun_error e = *error;
    char place[512];
    if (e.layer == LUN_TIMEOUT) {
        unit_place(r->unit, place, sizeof place);
        error_prefix(&e, "%s", place);
    }
    request_fail(r, &e);
}

static void task_done(struct task *t, const struct lun_error *error)
{
    struct request *r = t->user;
    struct lun_unit *u = r->unit;
    struct lun_error e;
    r->out--;
    u->outstanding--;
    if (error) {
        if (!outage_replay(r, t))
            fail_with_place(r, error);
    } else {
        uint32_t delay;
        switch (retry_judge(u, t, &r->tries, &delay, &e)) {
        case VERDICT_GOOD:
            if (is_data(request_io(r)) && r->phase != PHASE_FLUSH) {
                measure(u, t);
                move_answered(r, t);
            } else {
                command_answered(r, t);
            }
            break;
        case VERDICT_AGAIN:
            send_again(r, t, delay);
            request_io(r)->error = e; /* told if the deadline comes first */
            break;
        case VERDICT_FAIL:
            command_refused(r, t, &e);
            break;
        }
    }
    if (t->borrowed && r->lent != t->in)
        lun_buffer_put(u->target->loop, t->in);
    request_continue(r);
    request_room(u);
}

struct task *request_task(struct request *r)
{
    struct lun_unit *u = r->unit;
    struct task *t =
        u->outstanding < u->info.queue_depth && is_let_through(r) ? sessions_task(u->target) : NULL;
    if (!t) {
        wait_for_room(r);
        return NULL;
    }
    t->lun = u->field;
    t->user = r;
    t->done = task_done;
    return t;
}

void request_issue(struct request *r, struct task *t)
{
    r->out++;
    r->unit->outstanding++;
    t->issued = r->unit->target->loop->now;
    session_issue(t->session, t, r->deadline);
}

/* A flush that went well still fails if the device has told of an earlier write that did not: once. */
static void succeed(struct request *r)
{
    struct lun_io *io = request_io(r);
    struct lun_error *lost = &r->unit->lost_write;
    io->error.layer = LUN_OK;
    if (io->op == LUN_OP_FLUSH && lost->layer != LUN_OK) {
        io->error = *lost;
        lost->layer = LUN_OK;
    }
}

void request_continue(struct request *r)
{
    while (!r->stop) {
        if (r->wait != WAIT_NOTHING)
            return;
        bool data = is_data(request_io(r));
        if (!r->again && !(data ? move_step(r) : command_step(r)))
            return;
        if (r->out)
            return;
        if (r->stop)
            break;
        if (r->replay)
            outage_park(r);
        else if (r->again)
            wait_for_retry(r);
        else if (!data || !move_next_phase(r))
            break;
    }
    if (r->out == 0) {
        if (!r->stop)
            succeed(r);
        finish(r);
    }
}

/* ---- the start --------------------------------------------------------------------------------------- */

static bool may_start(struct request *r)
{
    struct lun_unit *u = r->unit;
    const struct lun_io *io = request_io(r);
    struct lun_error e;
    if (r->internal && u->target->state == TARGET_OPEN)
        return true;
    if (units_of(u->target)->draining)
        error_set(&e, LUN_CANCELLED, 0, false, "target %s is being closed", u->target->o.iqn);
    else if (u->target->state != TARGET_OPEN)
        e = u->target->error;
    else if (u->info.state != LUN_UNIT_ONLINE && (is_data(io) || io->op == LUN_OP_FLUSH))
        e = u->info.error;
    else
        return true;
    if (e.layer == LUN_OK)
        error_set(&e, LUN_CONNECT, 0, true, "target %s is not open", u->target->o.iqn);
    request_fail(r, &e);
    return false;
}

static bool not_wanted(struct request *r)
{
    struct lun_error e;
    error_set(&e, LUN_CANCELLED, 0, false, "cancelled");
    request_fail(r, &e);
    return false;
}

static void submit(struct lun_unit *u, struct lun_io *io, bool internal, bool unwanted)
{
    struct request *r = request_of(io);
    struct lun_target *t = u->target;
    *r = (struct request){.unit = u, .internal = internal, .timer.fire = wait_over};
    list_append(&u->requests, &r->all);
    list_init(&r->queue);
    list_init(&r->range);
    io->error.layer = LUN_OK;
    io->transferred = 0;
    io->data = NULL;
    io->data_count = 0;
    units_of(t)->requests++;
    t->loop->requests++;
    uint32_t ms = io->timeout_ms ? io->timeout_ms : t->o.io_timeout_ms;
    r->timed = io->timeout_ms != 0;
    r->deadline = t->loop->now + ms * 1000000ull;
    if (unwanted && !not_wanted(r))
        finish(r);
    else if (!is_let_through(r) && !units_of(t)->draining)
        outage_wait(r);
    else
        request_begin(r);
}

void request_begin(struct request *r)
{
    const struct lun_io *io = request_io(r);
    r->begun = true;
    if (!may_start(r) || (is_data(io) && !move_begin(r)))
        finish(r);
    else if (is_data(io) && !memory_take(r))
        arm_deadline(r);
    else
        request_start(r);
}

void request_restart_clock(struct request *r, uint64_t now)
{
    if (r->timed || r->internal)
        return;
    uint64_t span = r->unit->target->o.io_timeout_ms * 1000000ull;
    r->deadline = now == TIMER_NEVER ? TIMER_NEVER : now + span;
    if (r->wait == WAIT_NOTHING || r->wait == WAIT_RETRY)
        return;
    timer_disarm(timers_of(r), &r->timer);
    arm_deadline(r);
}

void request_start(struct request *r)
{
    const struct lun_io *io = request_io(r);
    if (is_data(io) && io->op != LUN_OP_READ && !range_take(r))
        arm_deadline(r);
    else
        request_continue(r);
}

void request_submit(struct lun_unit *u, struct lun_io *io, bool internal)
{
    submit(u, io, internal, false);
}

static void arrive(struct lun_message *m)
{
    struct request *r = LIST_OF(m, struct request, message);
    struct lun_unit *u = r->unit;
    submit(u, request_io(r), false, r->unwanted);
}

void lun_submit(struct lun_unit *u, struct lun_io *io)
{
    if (lun_loop_is_current(u->target->loop)) {
        request_submit(u, io, false);
        return;
    }
    struct request *r = request_of(io);
    r->unit = u;
    r->posted = true;
    r->unwanted = false;
    r->message.fn = arrive;
    lun_loop_post(u->target->loop, &r->message);
}
