/* SPDX-License-Identifier: Apache-2.0 */
/* Requests that are no longer wanted: one, or all of a unit. What the target has of them is aborted first.
 * Home loop. RFC 7143 11.5. */
#include "block/request.h"

static bool abort_one(struct list *tasks, struct request *r)
{
    LIST_EACH(tasks, node)
    {
        struct task *t = LIST_OF(node, struct task, link);
        if (t->user == r && t->state != TASK_ABORTING) {
            session_abort(t->session, t, LUN_CANCELLED, r->unit->target->loop->now);
            return true;
        }
    }
    return false;
}

static void abort_tasks(struct request *r)
{
    struct lun_target *t = r->unit->target;
    for (unsigned i = 0; i < t->o.sessions; i++) {
        struct link *k = &t->sessions[i].link;
        while (k->state == LINK_UP &&
               (abort_one(&k->session.to_issue, r) || abort_one(&k->session.in_flight, r)))
            ;
    }
}

static void cancel(struct request *r, const struct lun_error *e)
{
    request_fail(r, e);
    range_guard(r);
    list_remove(&r->queue);
    r->wait = WAIT_NOTHING;
    r->out++; /* it must not end under our hands */
    abort_tasks(r);
    r->out--;
    request_continue(r);
}

void lun_cancel(struct lun_unit *u, struct lun_io *io)
{
    struct request *r = request_of(io);
    struct lun_error e;
    if (r->posted) { /* submitted from elsewhere, and its message has not been read */
        r->unwanted = true;
        return;
    }
    if (list_empty(&r->all))
        return; /* it is ending: done is about to run */
    error_set(&e, LUN_CANCELLED, 0, false, "cancelled");
    cancel(r, &e);
}

static void cancel_those(struct lun_unit *u, bool internal_only, const struct lun_error *e)
{
    struct list all;
    list_init(&all);
    list_splice(&all, &u->requests);
    while (!list_empty(&all)) {
        struct request *r = LIST_OF(all.next, struct request, all);
        list_remove(&r->all);
        list_append(&u->requests, &r->all);
        if (r->internal || !internal_only)
            cancel(r, e);
    }
}

void request_cancel_all(struct lun_unit *u, const struct lun_error *e)
{
    cancel_those(u, false, e);
}

void request_cancel_internal(struct lun_unit *u, const struct lun_error *e)
{
    cancel_those(u, true, e);
}
