/* SPDX-License-Identifier: Apache-2.0 */
/* A target's sessions: making, start, end; see target.h, and recovery.c for loss and return. Home loop. RFC
 * 7143 4.3, 6.3. */
#include "pool/target.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "pool/recovery.h"

#define MS 1000000ull /* ns */
#define ABORT_TIMEOUT (5000 * MS)

static void stop_late(struct timer *timer, uint64_t now);
static const struct link_ops link_ops;

/* ---- making and freeing (caller's thread) ------------------------------------------------------------ */

static bool make_sessions(struct lun_target *t, struct lun_error *e)
{
    t->wanted = t->given.sessions ? t->o.sessions : 1;
    t->sessions = calloc(t->o.sessions, sizeof *t->sessions);
    if (!t->sessions)
        return error_set(e, LUN_SYSTEM, ENOMEM, true, "no memory for a target");
    for (unsigned i = 0; i < t->o.sessions; i++) {
        struct target_session *s = &t->sessions[i];
        link_init(&s->link, t->loop, &link_ops, s);
        s->target = t;
        s->retry.fire = recovery_retry;
    }
    return true;
}

/* A target of the pool's from here on; has a home. */
static void settle(struct lun_target *t, struct lun_pool *p)
{
    pthread_mutex_lock(&p->lock);
    t->loop = lun_pool_loop(p, p->next_loop++);
    list_append(&p->targets, &t->siblings);
    pthread_mutex_unlock(&p->lock);
}

static void leave(struct lun_target *t)
{
    if (!t->pool)
        return;
    pthread_mutex_lock(&t->pool->lock);
    list_remove(&t->siblings);
    pthread_mutex_unlock(&t->pool->lock);
}

struct lun_target *target_new(struct lun_pool *p, const struct lun_target_options *o,
                              const struct target_client *client, struct lun_error *e)
{
    struct lun_target *t = calloc(1, sizeof *t);
    if (!t) {
        error_set(e, LUN_SYSTEM, ENOMEM, true, "no memory for a target");
        return NULL;
    }
    t->pool = p;
    t->client = client;
    list_init(&t->siblings);
    t->stop_timer.fire = stop_late;
    t->first_cmdsn = 1;
    t->given = (struct target_given){
        .sessions = o->sessions != 0,
        .initial_r2t = o->initial_r2t != 0,
        .immediate_data = o->immediate_data != 0,
        .max_recv = o->max_recv_data_segment_length != 0,
        .first_burst = o->first_burst_length != 0,
        .max_burst = o->max_burst_length != 0,
        .max_outstanding_r2t = o->max_outstanding_r2t != 0,
    };
    bool ok = target_options_copy(o, &t->o, e);
    if (ok) {
        settle(t, p);
        ok = addresses_resolve(t, e) && make_sessions(t, e);
        if (!ok)
            error_prefix(e, "target %s", o->iqn);
    }
    if (!ok) {
        target_free(t);
        return NULL;
    }
    return t;
}

void target_free(struct lun_target *t)
{
    leave(t);
    free(t->sessions);
    target_options_free(&t->o);
    free(t);
}

/* ---- starting ---------------------------------------------------------------------------------------- */

static struct link_config session_config(struct lun_target *t, unsigned index)
{
    const struct lun_target_options *o = &t->o;
    struct link_config c = {
        .login =
            {
                .initiator_name = t->pool->initiator_name,
                .target_name = o->iqn,
                .auth = o->auth,
                .header_digest = o->header_digest,
                .data_digest = o->data_digest,
                .stages = o->login_stages,
                .initial_r2t = o->initial_r2t == 2,
                .immediate_data = o->immediate_data == 2,
                .any_pdu_order = o->data_pdu_in_order == 1,
                .any_sequence_order = o->data_sequence_in_order == 1,
                .max_recv = o->max_recv_data_segment_length,
                .first_burst = o->first_burst_length,
                .max_burst = o->max_burst_length,
                .max_outstanding_r2t = o->max_outstanding_r2t,
                .portal_group = t->group >= 0 ? t->group : t->groups[t->address],
                .cmdsn = t->first_cmdsn,
            },
        .same_group = t->group >= 0,
        .login_timeout = o->login_timeout_ms * MS,
        .nop_interval = o->nop_interval_ms == UINT32_MAX ? TIMER_NEVER : o->nop_interval_ms * MS,
        .nop_timeout = o->nop_timeout_ms * MS,
        .abort_timeout = ABORT_TIMEOUT,
    };
    pool_isid(t->pool, (uint16_t)index, c.login.isid);
    return c;
}

/* What is left of the time to open, ns; at least one, which ends at once. */
static uint64_t opening_left(const struct lun_target *t)
{
    uint64_t now = loop_clock();
    return t->open_until > now ? t->open_until - now : 1;
}

/* The same shared by the addresses that are left: one that swallows packets must not use up the time of those
 * after it. */
static uint64_t opening_share(const struct lun_target *t)
{
    uint64_t share = opening_left(t) / (t->address_count - t->address);
    return share ? share : 1;
}

bool target_start_session(struct target_session *s, struct lun_error *e)
{
    struct lun_target *t = s->target;
    struct link_config c = session_config(t, (unsigned)(s - t->sessions));
    if (t->state == TARGET_OPENING)
        c.login_timeout = s == t->sessions ? opening_share(t) : opening_left(t);
    if (link_start(&s->link, &t->addresses[t->address], &c, e))
        return true;
    error_prefix(e, "portal %s, target %s", t->addresses[t->address].text, t->o.iqn);
    return false;
}

unsigned target_count_in(const struct lun_target *t, enum link_state state)
{
    unsigned n = 0;
    for (unsigned i = 0; i < t->o.sessions; i++)
        n += t->sessions[i].link.state == state;
    return n;
}

static void fail_opening(struct lun_target *t, const struct lun_error *e);

/* May another address of the target do better? One that is not reached, does not answer, or has not got the
 * target (RFC 7143 11.13.5: moved, not found, removed, unavailable) says nothing of the others; a refusal of
 * who we are does. */
static bool is_of_address(const struct lun_error *e)
{
    static const int statuses[] = {0x0101, 0x0102, 0x0203, 0x0204, 0x0301};
    for (size_t i = 0; e->layer == LUN_LOGIN && i < sizeof statuses / sizeof *statuses; i++)
        if (e->code == statuses[i])
            return true;
    return e->layer == LUN_CONNECT || e->layer == LUN_TIMEOUT;
}

/* Of several addresses the first tells best why: it is the user's own, or the one that answered discovery. */
static void fail_addresses(struct lun_target *t, const struct lun_error *e)
{
    struct lun_error why = is_of_address(e) && t->first_error.layer != LUN_OK ? t->first_error : *e;
    fail_opening(t, &why);
}

static void note_first(struct lun_target *t, const struct lun_error *e)
{
    if (t->first_error.layer == LUN_OK)
        t->first_error = *e;
}

/* The first session finds the address that works; tries each in turn. */
static void start_first(struct lun_target *t)
{
    struct lun_error e = {0};
    for (; t->address < t->address_count; t->address++) {
        if (target_start_session(&t->sessions[0], &e))
            return;
        note_first(t, &e);
    }
    fail_addresses(t, &e);
}

void target_start(struct lun_target *t)
{
    t->state = TARGET_OPENING;
    t->first_error = (struct lun_error){0};
    t->wanted = t->given.sessions ? t->o.sessions : 1;
    for (unsigned i = 0; i < t->o.sessions; i++) {
        t->sessions[i].leaving = false;
        t->sessions[i].up_since = 0; /* of before the last close */
        t->sessions[i].failures = 0;
    }
    t->group = -1;
    t->short_lived = 0;
    t->error = (struct lun_error){0}; /* of an outage before the last close */
    t->address = 0;
    t->open_until = loop_clock() + t->o.login_timeout_ms * MS;
    start_first(t);
}

/* One session failed: the others go too, and the last of them to go ends the opening. */
static void fail_opening(struct lun_target *t, const struct lun_error *e)
{
    if (t->error.layer == LUN_OK)
        t->error = *e;
    for (unsigned i = 0; i < t->o.sessions; i++)
        link_logout(&t->sessions[i].link);
    if (target_count_in(t, LINK_IDLE) < t->o.sessions) {
        timer_arm(&t->loop->timers, &t->stop_timer, loop_clock() + t->o.login_timeout_ms * MS);
        return;
    }
    timer_disarm(&t->loop->timers, &t->stop_timer);
    struct lun_error why = t->error;
    t->error = (struct lun_error){0};
    t->state = TARGET_CLOSED;
    t->client->down(t, &why);
}

static void start_others(struct lun_target *t)
{
    struct lun_error e = {0};
    for (unsigned i = 1; i < t->wanted; i++)
        if (!target_start_session(&t->sessions[i], &e)) {
            fail_opening(t, &e);
            return;
        }
}

/* This address is the one; those before it did not work. */
static void note_address(struct lun_target *t)
{
    char line[LUN_ERROR_LINE];
    if (t->first_error.layer != LUN_OK)
        pool_log(t->pool, LUN_LOG_WARNING, "target %s: skipped: %s; opened at portal %s", t->o.iqn,
                 lun_error_line(&t->first_error, line), t->sessions[0].link.address.text);
    t->first_error = (struct lun_error){0};
}

static void opening_session_up(struct target_session *s)
{
    struct lun_target *t = s->target;
    if (t->error.layer != LUN_OK) { /* came up while the opening fails */
        link_logout(&s->link);
        return;
    }
    if (s == &t->sessions[0]) {
        note_address(t);
        start_others(t);
    }
    if (t->state == TARGET_OPENING && target_count_in(t, LINK_UP) == t->wanted) {
        t->state = TARGET_OPEN;
        t->open_since = t->loop->now;
        t->client->up(t);
    }
}

static void opening_session_down(struct target_session *s, const struct lun_error *e)
{
    struct lun_target *t = s->target;
    bool another = s == &t->sessions[0] && t->error.layer == LUN_OK && is_of_address(e) &&
                   target_count_in(t, LINK_IDLE) == t->o.sessions && t->address + 1 < t->address_count;
    if (another) {
        note_first(t, e);
        t->address++;
        start_first(t);
        return;
    }
    fail_addresses(t, e);
}

/* ---- stopping ---------------------------------------------------------------------------------------- */

static void stopped_if_idle(struct lun_target *t)
{
    if (target_count_in(t, LINK_IDLE) < t->o.sessions)
        return;
    timer_disarm(&t->loop->timers, &t->stop_timer);
    t->state = TARGET_CLOSED;
    t->client->closed(t);
}

static void stop_late(struct timer *timer, uint64_t now)
{
    struct lun_target *t = LIST_OF(timer, struct lun_target, stop_timer);
    struct lun_error e;
    error_set(&e, LUN_TIMEOUT, 0, true, "no answer to Logout in time");
    for (unsigned i = 0; i < t->o.sessions; i++)
        link_break(&t->sessions[i].link, &e);
}

void target_stop(struct lun_target *t, uint32_t ms)
{
    t->state = TARGET_CLOSING;
    for (unsigned i = 0; i < t->o.sessions; i++) {
        timer_disarm(&t->loop->timers, &t->sessions[i].retry);
        link_logout(&t->sessions[i].link);
    }
    timer_arm(&t->loop->timers, &t->stop_timer, loop_clock() + ms * MS);
    stopped_if_idle(t);
}

/* ---- link callbacks ---------------------------------------------------------------------------------- */

static void session_up(struct link *k)
{
    struct target_session *s = k->user;
    struct lun_target *t = s->target;
    s->up_since = t->loop->now;
    /* 6.3.5: only a login to the same portal group ends what a lost session left behind. */
    if (t->group < 0)
        t->group = k->negotiated.portal_group;
    switch (t->state) {
    case TARGET_OPENING:
        opening_session_up(s);
        break;
    case TARGET_LOST:
        recovery_session_up(s);
        break;
    case TARGET_OPEN: /* one more */
        break;
    default: /* CLOSING: on its way out */
        link_logout(k);
        break;
    }
}

static void session_down(struct link *k, const struct lun_error *e)
{
    struct target_session *s = k->user;
    struct lun_target *t = s->target;
    if (t->state == TARGET_OPENING)
        opening_session_down(s, e);
    else if (t->state == TARGET_CLOSING)
        stopped_if_idle(t);
    else if (s->leaving && (e->layer == LUN_OK || !s->up_since)) /* logged out, or cut while logging in */
        sessions_left(s);
    else if (t->state == TARGET_OPEN && !s->up_since)
        sessions_refused(s, e);
    else if (t->state != TARGET_CLOSED)
        recovery_session_down(s, e);
}

/* Its tasks are about to end: nothing may be sent through another session from here on. */
static void session_losing(struct link *k, const struct lun_error *e)
{
    struct target_session *s = k->user;
    if (s->target->state == TARGET_OPEN && !(s->leaving && e->layer == LUN_OK))
        recovery_lose(s->target, e);
}

static void session_room(struct link *k)
{
    struct target_session *s = k->user;
    s->target->client->room(s->target);
}

static void session_moved(struct link *k, bool permanent)
{
    const struct lun_target *t = ((struct target_session *)k->user)->target;
    /* While a session is being brought back each attempt may come this way: nothing new. */
    enum lun_log_level level = t->state == TARGET_OPENING ? LUN_LOG_NOTICE : LUN_LOG_DEBUG;
    pool_log(t->pool, level, "target %s: portal %s says it has moved %s to %s", t->o.iqn,
             k->redirect.seen[k->redirect.hops - 1].text, permanent ? "permanently" : "temporarily",
             k->address.text);
}

static void session_sense(struct link *k, uint64_t lun, const uint8_t *sense, size_t n)
{
    struct target_session *s = k->user;
    if (s->target->state == TARGET_OPEN)
        s->target->client->sense(s->target, lun, sense, n);
}

static const struct link_ops link_ops = {.up = session_up,
                                         .losing = session_losing,
                                         .down = session_down,
                                         .room = session_room,
                                         .sense = session_sense,
                                         .moved = session_moved};

/* ---- what block/ asks -------------------------------------------------------------------------------- */

const struct login_result *target_negotiated(const struct lun_target *t)
{
    for (unsigned i = 0; i < t->o.sessions; i++)
        if (t->sessions[i].link.state == LINK_UP)
            return &t->sessions[i].link.negotiated;
    return NULL;
}

struct lun_loop *lun_target_loop(const struct lun_target *t)
{
    return t->loop;
}

const char *lun_target_name(const struct lun_target *t)
{
    return t->o.iqn;
}
