/* SPDX-License-Identifier: Apache-2.0 */
/* Loss and return of a target's sessions; see recovery.h. Home loop. RFC 7143 6.3.5, 7.15, 13.15, 13.16. */
#include "pool/recovery.h"

#include "base/error.h"

#define MS 1000000ull /* ns */
#define DELAY_FIRST (50 * MS)
#define DELAY_SECOND (500 * MS)
#define DELAY_LONGEST (30000 * MS)
/* A session that was up for less, and in which nobody's request was answered, was no success: the delay goes
 * on growing. A target may take a login and then fall over what it is asked. */
#define STEADY (30000 * MS)

/* Two initiators of one name and ISID end each other's sessions for ever (RFC 7143 6.3.5), each with its
 * login. So often in a row, each so soon after the login, and for longer than anybody is to wait, is no bad
 * luck. */
#define SHORT_LIFE (10000 * MS)
#define SHORT_LIVES_MOST 64

#define STATUS_AUTHENTICATION_FAILED 0x0201
#define STATUS_NOT_AUTHORIZED 0x0202

uint64_t recovery_delay(unsigned failures, uint32_t random)
{
    uint64_t delay = failures == 0 ? DELAY_FIRST : DELAY_SECOND << (failures < 8 ? failures - 1 : 7);
    if (delay > DELAY_LONGEST)
        delay = DELAY_LONGEST;
    return delay / 2 + delay * (random % 1024) / 1024;
}

bool recovery_is_hopeless(const struct lun_error *e)
{
    return e->layer == LUN_LOGIN &&
           (e->code == STATUS_AUTHENTICATION_FAILED || e->code == STATUS_NOT_AUTHORIZED);
}

/* ---- trying again ------------------------------------------------------------------------------------ */

static void schedule(struct target_session *s)
{
    struct lun_target *t = s->target;
    uint64_t now = loop_clock();
    uint32_t random = (uint32_t)(now * 2654435761u >> 16) ^ (uint32_t)((uintptr_t)s >> 4);
    uint64_t when = now + (t->hopeless ? DELAY_LONGEST : recovery_delay(s->failures, random));
    if (when < s->link.retry_after)
        when = s->link.retry_after;
    s->failures++;
    timer_arm(&t->loop->timers, &s->retry, when);
}

void recovery_retry(struct timer *timer, uint64_t now)
{
    struct target_session *s = LIST_OF(timer, struct target_session, retry);
    struct lun_target *t = s->target;
    struct lun_error e;
    /* Nothing is up, and the address in use has had its chance: any portal may be the one. */
    if (s->failures > 1 && target_count_in(t, LINK_IDLE) == t->o.sessions)
        t->address = (t->address + 1) % t->address_count;
    if (target_start_session(s, &e))
        return;
    s->link.last_error = e;
    schedule(s);
}

/* ---- down -------------------------------------------------------------------------------------------- */

void recovery_lose(struct lun_target *t, const struct lun_error *e)
{
    t->state = TARGET_LOST;
    t->lost_since = loop_clock();
    t->error = *e;
    t->told_lost = t->hopeless = false;
    bool soon = t->lost_since - t->open_since < SHORT_LIFE;
    t->short_lived = soon ? t->short_lived + 1 : 0;
    if (t->short_lived == 1)
        t->short_since = t->lost_since;
    for (unsigned i = 0; i < t->o.sessions; i++) {
        struct target_session *s = &t->sessions[i];
        if (s->up_since && (t->proved || t->lost_since - s->up_since >= STEADY))
            s->failures = 0;
        link_break(&s->link, e);
    }
    t->client->losing(t, e);
}

/* The target is back and takes fewer sessions than before. Of ours, not of the user's choice: we do with
 * less, once Time2Wait and Time2Retain are over, after which it is to carry out nothing more of the old one.
 */
static bool does_without(const struct target_session *s, const struct lun_error *e)
{
    const struct lun_target *t = s->target;
    return t->state == TARGET_LOST && !t->given.sessions && t->wanted > 1 && e->layer == LUN_LOGIN &&
           loop_clock() >= s->link.gone_after;
}

static void back_if_all_up(struct lun_target *t)
{
    if (target_count_in(t, LINK_UP) < t->wanted)
        return;
    t->state = TARGET_OPEN;
    t->error = (struct lun_error){0};
    t->proved = false;
    t->open_since = loop_clock();
    t->client->up(t);
}

static void note_hopeless(struct lun_target *t, const struct lun_error *e)
{
    struct lun_error why = *e;
    uint32_t ms = t->o.replacement_timeout_ms;
    bool displaced =
        t->short_lived >= SHORT_LIVES_MOST && ms != UINT32_MAX && t->lost_since - t->short_since >= ms * MS;
    if (t->hopeless || (!displaced && !recovery_is_hopeless(e)))
        return;
    if (displaced)
        error_prefix(
            &why,
            "lost %u times in a row soon after the login; does another initiator use our name and ISID?",
            t->short_lived);
    t->hopeless = true;
    t->error = why;
    t->client->hopeless(t, &why);
}

void recovery_session_down(struct target_session *s, const struct lun_error *e)
{
    struct lun_target *t = s->target;
    if (does_without(s, e)) {
        sessions_refused(s, e);
        back_if_all_up(t);
        return;
    }
    if (s->leaving) { /* with commands that have not ended: like any other */
        s->leaving = false;
        t->wanted++;
    }
    s->up_since = 0;
    if (t->state == TARGET_OPEN)
        recovery_lose(t, e);
    note_hopeless(t, e);
    schedule(s);
    if (t->told_lost)
        return;
    t->told_lost = true;
    t->client->down(t, e);
}

/* ---- up ---------------------------------------------------------------------------------------------- */

void recovery_session_up(struct target_session *s)
{
    back_if_all_up(s->target);
}
