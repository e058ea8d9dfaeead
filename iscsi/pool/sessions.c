/* SPDX-License-Identifier: Apache-2.0 */
/* How many sessions a target has, where the user leaves it to us; see target.h. Home loop. RFC 7143 4.2.2.1
 * (the command window is a session's). */
#include "pool/target.h"

#define COMMANDS_WANTED 32 /* in flight to a target, at least; beyond, batches gain little */

unsigned sessions_for(uint32_t window)
{
    uint32_t n = window ? (COMMANDS_WANTED + window - 1) / window : TARGET_SESSIONS_AUTO;
    return n < 1 ? 1 : n < TARGET_SESSIONS_AUTO ? n : TARGET_SESSIONS_AUTO;
}

static const struct link *first_up(const struct lun_target *t)
{
    for (unsigned i = 0; i < t->o.sessions; i++)
        if (t->sessions[i].link.state == LINK_UP)
            return &t->sessions[i].link;
    return NULL;
}

uint32_t sessions_window(const struct lun_target *t)
{
    const struct link *k = first_up(t);
    return k ? k->session.window.maxcmdsn - k->session.window.expcmdsn + 1 : 0;
}

void sessions_left(struct target_session *s)
{
    s->leaving = false;
    s->up_since = 0;
}

/* A target may have reasons to take no more; the others go on. */
void sessions_refused(struct target_session *s, const struct lun_error *e)
{
    struct lun_target *t = s->target;
    t->wanted--;
    pool_log(t->pool, LUN_LOG_NOTICE, "target %s: no further session: %s", t->o.iqn, e->text);
}

/* Its commands still end, then it logs out (link_logout). */
static void leave_one(struct lun_target *t)
{
    for (unsigned i = t->o.sessions; i--;) {
        struct target_session *s = &t->sessions[i];
        if (s->link.state == LINK_IDLE || s->leaving)
            continue;
        s->leaving = true;
        t->wanted--;
        link_logout(&s->link);
        return;
    }
}

static bool add_one(struct lun_target *t)
{
    struct lun_error e;
    for (unsigned i = 0; i < t->o.sessions; i++) {
        if (t->sessions[i].link.state != LINK_IDLE)
            continue;
        t->wanted++;
        if (target_start_session(&t->sessions[i], &e))
            return true;
        sessions_refused(&t->sessions[i], &e);
        return false;
    }
    return false;
}

void sessions_fit(struct lun_target *t)
{
    const struct link *first = first_up(t);
    /* With commands of ours at the target the window is smaller than it can be; one is the scan's last. */
    if (t->given.sessions || t->state != TARGET_OPEN || !first || first->session.busy > 1)
        return;
    unsigned n = sessions_for(sessions_window(t));
    while (t->wanted > n)
        leave_one(t);
    while (t->wanted < n && add_one(t))
        ;
}
