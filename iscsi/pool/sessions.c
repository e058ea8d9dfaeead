/* SPDX-License-Identifier: Apache-2.0 */
/* How many sessions a target has, where the user leaves it to us, and which of them takes the next command;
 * see target.h. Home loop. RFC 7143 4.2.2.1 (the command window is a session's). */
#include "pool/target.h"

#define COMMANDS_WANTED 32          /* in flight to a target, at least; beyond, batches gain little */
#define BATCH_MOST 64u              /* commands */
#define BATCH_TRANSFER (16u * 1024) /* bytes that are worth a session of their own */

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
    if (t->wanted > 1)
        t->wanted--;
    char line[LUN_ERROR_LINE];
    pool_log(t->pool, LUN_LOG_NOTICE, "target %s: no further session: %s", t->o.iqn, lun_error_line(e, line));
}

/* Its commands still end, then it logs out (link_logout). One that is still logging in is just cut. False:
 * there is none that could. */
static bool leave_one(struct lun_target *t)
{
    for (unsigned i = t->o.sessions; i--;) {
        struct target_session *s = &t->sessions[i];
        if (s->link.state == LINK_IDLE || s->leaving)
            continue;
        s->leaving = true;
        t->wanted--;
        link_logout(&s->link);
        return true;
    }
    return false;
}

static bool add_one(struct lun_target *t)
{
    struct lun_error e;
    for (unsigned i = 0; i < t->o.sessions; i++) {
        if (t->sessions[i].link.state != LINK_IDLE)
            continue;
        t->wanted++;
        t->sessions[i].leaving = false;
        t->sessions[i].up_since = 0;
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
    while (t->wanted > n && leave_one(t))
        ;
    while (t->wanted < n && add_one(t))
        ;
}

/* ---- the next command -------------------------------------------------------------------------------- */

static bool usable(const struct link *k)
{
    return k->state == LINK_UP && !k->broken && k->session.state == SESSION_OPEN;
}

/* Commands that leave together cost one sendmsg, and their answers often one recv: a session that is about to
 * send short ones takes the next too, while the target's window has room. */
static struct task *join_batch(struct lun_target *t)
{
    struct link *k = t->batch;
    struct session *s = k ? &k->session : NULL;
    if (!k || !usable(k) || k->conn.output_full || list_empty(&s->to_issue))
        return NULL;
    const struct task *last = LIST_OF(s->to_issue.prev, struct task, link);
    uint32_t room = s->window.maxcmdsn + 1 - s->window.cmdsn;
    if (last->edtl > BATCH_TRANSFER || t->batched >= BATCH_MOST || t->batched >= room ||
        !window_open(&s->window))
        return NULL;
    struct task *joined = session_task(s);
    t->batched += joined != NULL;
    return joined;
}

struct task *sessions_task(struct lun_target *t)
{
    if (t->state != TARGET_OPEN) /* with several sessions some may still look well */
        return NULL;
    struct task *joined = join_batch(t);
    if (joined)
        return joined;
    struct link *best = NULL;
    for (unsigned i = 0; i < t->o.sessions; i++) {
        struct link *k = &t->sessions[i].link;
        if (usable(k) && (!best || k->session.busy < best->session.busy))
            best = k;
    }
    t->batch = best;
    t->batched = 1;
    return best ? session_task(&best->session) : NULL;
}
