/* SPDX-License-Identifier: Apache-2.0 */
/* Task management functions but ABORT TASK; see manage.h. Runs in the owner's loop. RFC 7143 11.5, 11.6. */
#include "session/internal.h"

#define ANSWER_TIME 30000000000ull /* ns: a reset may have a lot to do */

enum {
    ABORT_TASK_SET = 2,
    CLEAR_TASK_SET = 4,
    LOGICAL_UNIT_RESET = 5,
    TARGET_WARM_RESET = 6,
    TARGET_COLD_RESET = 7,
};

static const char *function_name(uint8_t function)
{
    switch (function) {
    case ABORT_TASK_SET:
        return "ABORT TASK SET";
    case CLEAR_TASK_SET:
        return "CLEAR TASK SET";
    case LOGICAL_UNIT_RESET:
        return "LOGICAL UNIT RESET";
    case TARGET_WARM_RESET:
        return "TARGET WARM RESET";
    default:
        return "TARGET COLD RESET";
    }
}

static bool is_of_target(uint8_t function)
{
    return function == TARGET_WARM_RESET || function == TARGET_COLD_RESET;
}

static void end(struct session_manage *m, const struct lun_error *e)
{
    timer_disarm(m->session->timers, &m->timer);
    m->function = 0;
    m->done(m->user, e);
}

static void late(struct timer *timer, uint64_t now)
{
    struct session_manage *m = LIST_OF(timer, struct session_manage, timer);
    struct lun_error e;
    error_set(&e, LUN_TIMEOUT, 0, true, "%s was not answered within its deadline",
              function_name(m->function));
    m->session->ops->broken(m->session->ctx, &e);
}

bool session_manage(struct session *s, uint8_t function, uint64_t lun,
                    void (*done)(void *user, const struct lun_error *e), void *user)
{
    for (unsigned i = 0; i < SESSION_MANAGES; i++) {
        struct session_manage *m = &s->manages[i];
        if (m->function)
            continue;
        *m = (struct session_manage){.session = s,
                                     .function = function,
                                     .lun = is_of_target(function) ? 0 : lun,
                                     .timer.fire = late,
                                     .done = done,
                                     .user = user};
        timer_arm(s->timers, &m->timer, s->now + ANSWER_TIME);
        session_wake(s);
        return true;
    }
    return false;
}

bool manage_next(struct session *s, struct pdu_out *ret)
{
    for (unsigned i = 0; i < SESSION_MANAGES; i++) {
        struct session_manage *m = &s->manages[i];
        if (!m->function || m->sent)
            continue;
        m->sent = true;
        m->itt = ITT_MANAGE | i | (uint32_t)s->control_generation++ << 16;
        m->cmdsn = s->window.cmdsn;
        struct pdu_task_request p = {
            .immediate = true,
            .function = m->function,
            .lun = m->lun,
            .itt = m->itt,
            .referenced_tag = PDU_TAG_NONE,
            .cmdsn = m->cmdsn,
            .expstatsn = s->window.expstatsn,
        };
        pdu_put_task_request(ret->bhs, &p);
        return true;
    }
    return false;
}

static struct session_manage *find(struct session *s, uint32_t itt)
{
    uint32_t slot = (itt & 0xffff) - ITT_MANAGE;
    if (slot >= SESSION_MANAGES)
        return NULL;
    struct session_manage *m = &s->manages[slot];
    return m->function && m->sent && m->itt == itt ? m : NULL;
}

/* 4.2.3.2: the tasks of the nexus, for this unit or all, that the target had before the request. */
static void end_tasks(struct session *s, const struct session_manage *m)
{
    LIST_EACH_SAFE(&s->in_flight, node)
    {
        struct task *t = LIST_OF(node, struct task, link);
        bool concerned = is_of_target(m->function) || t->lun == m->lun;
        if (!concerned || !serial_less(t->cmdsn, m->cmdsn))
            continue;
        t->aborted_itt = t->itt;
        t->response = 0;
        t->status = MANAGE_TASK_ABORTED;
        t->lent = NULL;
        session_end(t, t->ended);
    }
}

static void set_error(struct lun_error *e, const struct session_manage *m, uint8_t response)
{
    static const char *const words[] = {
        [1] = "task does not exist",
        [2] = "LUN does not exist",
        [3] = "task still allegiant",
        [4] = "task allegiance reassignment not supported",
        [5] = "task management function not supported",
        [6] = "function authorization failed",
    };
    const char *word = response < sizeof words / sizeof *words ? words[response] : NULL;
    word = response == 255 ? "function rejected" : word;
    error_set(e, LUN_SCSI, 0xff0200 | response, false, "%s: %s (response %u)", function_name(m->function),
              word ? word : "refused for an unknown reason", response);
}

bool manage_answered(struct session *s, const struct pdu_task_response *p)
{
    struct session_manage *m = find(s, p->itt);
    struct lun_error e;
    if (!m)
        return false;
    if (p->response == 0) {
        end_tasks(s, m);
        end(m, NULL);
        return true;
    }
    set_error(&e, m, p->response);
    end(m, &e);
    return true;
}

bool manage_rejected(struct session *s, uint32_t itt, uint8_t reason)
{
    struct session_manage *m = find(s, itt);
    struct lun_error e;
    if (!m)
        return false;
    error_set(&e, LUN_PROTOCOL, reason, true, "%s: rejected: %s", function_name(m->function),
              session_reject_name(reason));
    end(m, &e);
    return true;
}

/* A cold reset takes the sessions down with it, answered or not (11.5.1). */
void manage_fail(struct session *s, const struct lun_error *e)
{
    for (unsigned i = 0; i < SESSION_MANAGES; i++) {
        struct session_manage *m = &s->manages[i];
        if (m->function)
            end(m, m->function == TARGET_COLD_RESET && m->sent ? NULL : e);
    }
}
