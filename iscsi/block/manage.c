/* SPDX-License-Identifier: Apache-2.0 */
/* lun_manage: a task management function on each session of a target. Home loop, but for lun_manage itself.
 * RFC 7143 11.5; SAM-5 chapter 7. */
#include <errno.h>

#include "block/unit.h"

/* What the library keeps in the call. */
struct manage {
    struct lun_message message;
    struct lun_unit *unit;
    uint8_t function;
    uint8_t left; /* answers that are out, and one while they are asked for */
};
_Static_assert(sizeof(struct manage) <= sizeof((struct lun_call *)0)->private_,
               "struct lun_call.private_ is too small");

static void one_less(struct manage *m)
{
    struct lun_call *call = LIST_OF(m, struct lun_call, private_);
    if (--m->left == 0)
        call->done(call);
}

static void note(struct manage *m, const struct lun_error *e)
{
    struct lun_call *call = LIST_OF(m, struct lun_call, private_);
    char place[512];
    if (call->error.layer != LUN_OK)
        return;
    call->error = *e;
    unit_place(m->unit, place, sizeof place);
    error_prefix(&call->error, "%s", place);
}

static void answered(void *user, const struct lun_error *e)
{
    struct manage *m = user;
    if (e)
        note(m, e);
    one_less(m);
}

/* On each session: of several a reset would end tasks of the others without a word to them. */
static void manage_here(struct lun_message *message)
{
    struct manage *m = LIST_OF(message, struct manage, message);
    struct lun_target *t = m->unit->target;
    struct lun_error e;
    unsigned asked = 0;
    m->left = 1;
    for (unsigned i = 0; i < t->o.sessions && t->state == TARGET_OPEN; i++) {
        struct link *k = &t->sessions[i].link;
        if (k->state != LINK_UP || k->broken || k->session.state != SESSION_OPEN)
            continue;
        k->session.now = t->loop->now;
        m->left++;
        if (session_manage(&k->session, m->function, m->unit->field, answered, m)) {
            asked++;
            continue;
        }
        m->left--;
        error_set(&e, LUN_SYSTEM, EBUSY, true, "too many task management functions at a time");
        note(m, &e);
    }
    if (!asked) {
        error_set(&e, LUN_CONNECT, 0, true, "the target is not there");
        note(m, t->state == TARGET_OPEN || t->error.layer == LUN_OK ? &e : &t->error);
    }
    one_less(m);
}

void lun_manage(struct lun_unit *u, enum lun_management function, struct lun_call *call)
{
    struct manage *m = (struct manage *)call->private_;
    *m = (struct manage){.message.fn = manage_here, .unit = u, .function = (uint8_t)function};
    call->error = (struct lun_error){0};
    lun_loop_post(u->target->loop, &m->message);
}
