/* SPDX-License-Identifier: Apache-2.0 */
/* The targets of a mount and the portals asked for targets. Everything runs in the main thread but
 * open_ended(), close_ended() and ask_ended(), which liblun calls in loops. RFC 7143 appendix C, 11.13.5. */
#include "members.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/random.h>
#include <unistd.h>

#include "backoff.h"
#include "portal.h"

#define BUSY_MAX 32 /* attempts under way at once */

/* Calls of liblun, as bits of member.calls and member.ended. */
enum { CALL_OPEN = 1, CALL_CLOSE = 2, CALL_ASK = 4 };

/* Login status codes: class << 8 | detail (11.13.5). */
#define STATUS_AUTHENTICATION 0x0201
#define STATUS_AUTHORIZATION 0x0202
#define STATUS_NOT_FOUND 0x0203

bool members_init(struct members *m, struct lun_pool *pool, struct lun_error *e)
{
    *m = (struct members){.pool = pool, .done_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)};
    if (m->done_fd < 0) {
        m->pool = NULL;
        *e = (struct lun_error){.layer = LUN_SYSTEM, .code = errno, .text = "out of descriptors"};
        return false;
    }
    if (getrandom(&m->random, sizeof m->random, GRND_NONBLOCK) < 0 || !m->random)
        m->random = (uint32_t)getpid();
    return true;
}

void members_free(struct members *m)
{
    for (size_t i = 0; i < m->count; i++) {
        lun_target_free(m->at[i]->target);
        lun_found_free(m->at[i]->answer);
        free(m->at[i]);
    }
    free(m->at);
    if (m->pool)
        close(m->done_fd);
    *m = (struct members){0};
}

static struct member *append(struct members *m, const struct config_target *c, const char *iqn)
{
    if (m->count == m->room) {
        struct member **grown = reallocarray(m->at, m->room * 2 + 4, sizeof(struct member *));
        if (!grown)
            return NULL;
        m->at = grown;
        m->room = m->room * 2 + 4;
    }
    struct member *one = calloc(1, sizeof *one);
    if (!one)
        return NULL;
    one->all = m;
    one->config = c;
    one->iqn = iqn;
    m->at[m->count++] = one;
    return one;
}

bool members_add(struct members *m, const struct config_target *c, struct lun_error *e)
{
    return append(m, c, c->iqn) || place_no_memory(e);
}

bool members_discover(struct members *m, const struct config_target *c, struct lun_error *e)
{
    return append(m, c, NULL) || place_no_memory(e);
}

/* ---- Calls, and their ends --------------------------------------------------------------------------------
 */

static void call_begins(struct member *one, unsigned call)
{
    one->calls |= call;
    one->all->calls++;
}

/* In a loop. `one` may be gone once the main thread has counted the call, and not before. */
static void call_ended(struct member *one, unsigned call)
{
    int fd = one->all->done_fd;
    atomic_fetch_or(&one->ended, call);
    if (eventfd_write(fd, 1) < 0)
        abort(); /* 2^64 calls under way: it cannot be */
}

static void open_ended(struct lun_call *call)
{
    call_ended(call->user, CALL_OPEN);
}

static void close_ended(struct lun_call *call)
{
    call_ended(call->user, CALL_CLOSE);
}

static void ask_ended(struct lun_discovery *d)
{
    call_ended(d->user, CALL_ASK);
}

/* ---- One attempt ------------------------------------------------------------------------------------------
 */

static uint32_t next_random(struct members *m)
{
    /* xorshift, 32 bits: enough to spread attempts. */
    m->random ^= m->random << 13;
    m->random ^= m->random >> 17;
    m->random ^= m->random << 5;
    return m->random;
}

/* Waiting does not mend what the user wrote, nor who we are to the target; and refused logins that come again
 * and again may lock an account. */
static bool is_final(const struct lun_error *e)
{
    return e->layer == LUN_USAGE ||
           (e->layer == LUN_LOGIN && (e->code == STATUS_AUTHENTICATION || e->code == STATUS_AUTHORIZATION));
}

static void fail(struct member *one, const struct lun_error *why, int64_t now_ms)
{
    bool same = one->failures && one->error.layer == why->layer && one->error.code == why->code;
    one->failures++;
    one->error = *why;
    one->state = is_final(why) ? MEMBER_GIVEN_UP : MEMBER_DUE;
    one->due_ms = now_ms + backoff_delay(one->failures, next_random(one->all));
    one->changed |= !same;
}

static void succeed(struct member *one)
{
    one->state = MEMBER_UP;
    one->error = (struct lun_error){0};
    one->changed = true;
}

static bool make_target(struct member *one, struct lun_error *e)
{
    const struct config_target *c = one->config;
    size_t found = one->found ? one->found->portal_count : 0;
    const char **portals = calloc(c->portal_count + found + 1, sizeof *portals);
    int *groups = calloc(found + 1, sizeof *groups);
    if (!portals || !groups) {
        free(portals);
        free(groups);
        return place_no_memory(e);
    }
    struct lun_target_options o;
    config_target_options(c, portals, &o);
    if (one->found) {
        o.iqn = one->iqn;
        o.portal_count = portal_order(one->found, c->portals[0], portals, groups);
        o.portal_groups = groups;
    }
    one->target = lun_target_new(one->all->pool, &o, e);
    free(groups);
    free(portals);
    return one->target;
}

static bool open_target(struct member *one, struct lun_error *e)
{
    if (!one->target && !make_target(one, e))
        return false;
    one->opening = (struct lun_call){.done = open_ended, .user = one};
    call_begins(one, CALL_OPEN);
    lun_target_open(one->target, &one->opening);
    return true;
}

static bool ask_portal(struct member *one, struct lun_error *e)
{
    struct lun_auth auth;
    config_target_auth(one->config, &auth);
    one->discovery = (struct lun_discovery){.done = ask_ended, .user = one};
    call_begins(one, CALL_ASK);
    if (lun_discover_start(one->all->pool, one->config->portals[0], &auth, one->config->login_timeout,
                           &one->discovery, e))
        return true;
    one->calls &= ~(unsigned)CALL_ASK;
    one->all->calls--;
    return false;
}

static void begin(struct member *one, int64_t now_ms)
{
    struct lun_error e = {0};
    one->state = MEMBER_BUSY;
    if (!(one->iqn ? open_target(one, &e) : ask_portal(one, &e)))
        fail(one, &e, now_ms);
}

/* ---- Answers ----------------------------------------------------------------------------------------------
 */

static bool is_known(const struct members *m, const char *iqn)
{
    for (size_t i = 0; i < m->count; i++)
        if (m->at[i]->iqn && !strcasecmp(m->at[i]->iqn, iqn))
            return true;
    return false;
}

/* The targets it names, but those that are members already: configured, or named by another portal. */
static bool take_answer(struct member *one)
{
    struct members *m = one->all;
    for (size_t i = 0; i < one->answer->count; i++) {
        const struct lun_found_target *found = &one->answer->targets[i];
        if (is_known(m, found->iqn))
            continue;
        struct member *target = append(m, one->config, found->iqn);
        if (!target)
            return false;
        target->found = found;
    }
    return true;
}

/* In the order of the entries, whoever answers first: the settings of a target that several portals name are
 * those of the first. Only the first attempts are waited for. */
static void take_answers(struct members *m, int64_t now_ms)
{
    struct lun_error e;
    for (size_t i = 0; i < m->count; i++) {
        struct member *one = m->at[i];
        if (!one->iqn && !one->failures && one->state < MEMBER_ANSWERED)
            return;
        if (one->state != MEMBER_ANSWERED)
            continue;
        if (take_answer(one)) {
            succeed(one);
            continue;
        }
        place_no_memory(&e);
        fail(one, &e, now_ms);
        one->state = MEMBER_GIVEN_UP; /* some that it named are members: its answer must stay */
    }
}

static void asked(struct member *one, int64_t now_ms)
{
    struct lun_discovery *d = &one->discovery;
    lun_discover_end(d);
    if (d->found && d->found->count) {
        one->answer = d->found;
        one->state = MEMBER_ANSWERED;
        return;
    }
    if (d->found) {
        d->error = (struct lun_error){.layer = LUN_LOGIN, .code = STATUS_NOT_FOUND, .retry = true};
        snprintf(d->error.text, sizeof d->error.text, "portal %s: no targets", one->config->portals[0]);
    }
    lun_found_free(d->found);
    fail(one, &d->error, now_ms);
}

static void take_ends(struct member *one, int64_t now_ms)
{
    unsigned ended = atomic_exchange(&one->ended, 0);
    one->calls &= ~ended;
    if (ended & CALL_ASK)
        asked(one, now_ms);
    if (ended & CALL_OPEN && one->opening.error.layer != LUN_OK)
        fail(one, &one->opening.error, now_ms);
    else if (ended & CALL_OPEN)
        succeed(one);
}

/* ---- All of them ------------------------------------------------------------------------------------------
 */

static size_t count_busy(const struct members *m)
{
    size_t n = 0;
    for (size_t i = 0; i < m->count; i++)
        n += m->at[i]->state == MEMBER_BUSY;
    return n;
}

/* Will it be tried, now or later, without anybody else's doing? */
static bool is_due(const struct member *one)
{
    return one->state == MEMBER_DUE && (!one->failures || one->all->retrying);
}

void members_turn(struct members *m, int64_t now_ms)
{
    eventfd_t n;
    if (!eventfd_read(m->done_fd, &n))
        m->calls -= n;
    for (size_t i = 0; i < m->count; i++)
        take_ends(m->at[i], now_ms);
    if (m->closing)
        return;
    take_answers(m, now_ms);
    size_t busy = count_busy(m);
    for (size_t i = 0; i < m->count && busy < BUSY_MAX; i++) {
        struct member *one = m->at[i];
        if (!is_due(one) || one->due_ms > now_ms)
            continue;
        begin(one, now_ms);
        busy += one->state == MEMBER_BUSY;
    }
    /* What failed at once may be what the answers of others have waited for. */
    take_answers(m, now_ms);
}

int members_timeout(const struct members *m, int64_t now_ms)
{
    int64_t first = INT64_MAX;
    if (m->closing || count_busy(m) >= BUSY_MAX)
        return -1;
    for (size_t i = 0; i < m->count; i++)
        if (is_due(m->at[i]) && m->at[i]->due_ms < first)
            first = m->at[i]->due_ms;
    if (first == INT64_MAX)
        return -1;
    return first <= now_ms ? 0 : first - now_ms > INT32_MAX ? INT32_MAX : (int)(first - now_ms);
}

bool members_settled(const struct members *m)
{
    for (size_t i = 0; i < m->count; i++) {
        const struct member *one = m->at[i];
        if (one->state == MEMBER_BUSY || one->state == MEMBER_ANSWERED ||
            (one->state == MEMBER_DUE && !one->failures))
            return false;
    }
    return true;
}

void members_retry(struct members *m)
{
    m->retrying = true;
}

struct member *members_changed(struct members *m)
{
    for (size_t i = 0; i < m->count; i++) {
        struct member *one = m->at[i];
        if (!one->changed)
            continue;
        one->changed = false;
        return one;
    }
    return NULL;
}

void members_close(struct members *m, uint32_t drain_ms)
{
    m->closing = true;
    for (size_t i = 0; i < m->count; i++) {
        struct member *one = m->at[i];
        if (one->calls & CALL_ASK)
            lun_discover_cancel(&one->discovery);
        if (!one->target)
            continue;
        one->closing = (struct lun_call){.done = close_ended, .user = one};
        call_begins(one, CALL_CLOSE);
        lun_target_close(one->target, drain_ms, &one->closing);
    }
}

bool members_closed(const struct members *m)
{
    for (size_t i = 0; i < m->count; i++)
        if (m->at[i]->calls)
            return false;
    return !m->calls;
}
