/* SPDX-License-Identifier: Apache-2.0 */
/* One session with its connection; see link.h. Runs in its loop. RFC 7143 chapter 6 and 4.2.7 (connections).
 */
#include "pool/link.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "pool/hop.h"

static void flush(struct loop_deferred *d);
static void bury(struct loop_deferred *d);
static bool ready(struct loop_watch *w, uint32_t events);
static void login_late(struct timer *t, uint64_t now);

void link_init(struct link *k, struct lun_loop *loop, const struct link_ops *ops, void *user)
{
    *k = (struct link){.loop = loop, .ops = ops, .user = user, .conn.fd = -1};
    k->flush.run = flush;
    k->burial.run = bury;
    list_init(&k->flush.link);
    list_init(&k->burial.link);
    k->watch.ready = ready;
    k->login_timer.fire = login_late;
}

void link_flush(struct link *k)
{
    loop_defer(k->loop, &k->flush);
}

void link_break(struct link *k, const struct lun_error *e)
{
    if ((k->broken && !k->hopping) || k->state == LINK_IDLE)
        return;
    k->hopping = false;
    k->broken = true;
    k->error = *e;
    loop_defer(k->loop, &k->burial);
}

/* ---- session callbacks ------------------------------------------------------------------------------- */

static void session_wakes(void *ctx)
{
    link_flush(ctx);
}

static void session_broken(void *ctx, const struct lun_error *e)
{
    link_break(ctx, e);
}

static void session_logged_out(void *ctx)
{
    struct link *k = ctx;
    struct lun_error left = {.layer = LUN_OK};
    if (k->session.asked_to_leave)
        error_set(&left, LUN_CONNECT, 0, true, "the target asked us to log out");
    link_break(k, &left);
}

static uint8_t *session_buffer(void *ctx)
{
    struct link *k = ctx;
    return lun_buffer_get(k->loop);
}

static void session_room(void *ctx)
{
    struct link *k = ctx;
    k->ops->room(k);
}

static void session_sense(void *ctx, uint64_t lun, const uint8_t *sense, size_t n)
{
    struct link *k = ctx;
    if (k->ops->sense)
        k->ops->sense(k, lun, sense, n);
}

static const struct session_ops session_ops = {
    .wake = session_wakes,
    .broken = session_broken,
    .logged_out = session_logged_out,
    .buffer = session_buffer,
    .room = session_room,
    .sense = session_sense,
};

/* ---- login ------------------------------------------------------------------------------------------- */

static bool start_discovery(struct link *k, struct lun_error *e)
{
    k->discovery = discovery_new(&k->negotiated, k->config.login.cid);
    return k->discovery || error_set(e, LUN_SYSTEM, ENOMEM, true, "no memory for discovery");
}

static bool start_session(struct link *k, struct lun_error *e)
{
    struct session_config c = {
        .ops = &session_ops,
        .ctx = k,
        .timers = &k->loop->timers,
        .negotiated = &k->negotiated,
        .nop_interval = k->config.nop_interval,
        .nop_timeout = k->config.nop_timeout,
        .abort_timeout = k->config.abort_timeout,
        .cid = k->config.login.cid,
    };
    return session_init(&k->session, &c, k->loop->now, e);
}

/* Login has ended well: what was agreed is in force from the next byte on. */
static bool enter_full_feature(struct link *k, struct lun_error *e)
{
    k->negotiated = *login_result(k->login);
    login_free(k->login);
    k->login = NULL;
    if (!hop_check_group(k, e))
        return false;
    if (k->config.login.target_name) /* a discovery session lives by the same deadline to its end */
        timer_disarm(&k->loop->timers, &k->login_timer);
    struct receive *in = &k->conn.receive;
    in->max_data = k->negotiated.max_recv;
    in->header_digest = k->conn.send.header_digest = k->negotiated.header_digest;
    in->data_digest = k->conn.send.data_digest = k->negotiated.data_digest;
    bool ok = k->config.login.target_name ? start_session(k, e) : start_discovery(k, e);
    if (!ok)
        return false;
    k->state = LINK_UP;
    k->logins++;
    k->moved = k->redirect.hops || k->redirect.at_settled;
    redirect_up(&k->redirect);
    link_flush(k);
    k->ops->up(k);
    return true;
}

static bool login_pdu(struct link *k, const struct pdu_in *pdu, struct lun_error *e)
{
    if (!send_idle(&k->conn.send))
        return error_set(e, LUN_PROTOCOL, 0, true, "the target answered a Login Request before it was sent");
    login_receive(k->login, pdu->bhs, pdu->data, pdu->data_length);
    switch (login_phase(k->login)) {
    case LOGIN_DONE:
        return enter_full_feature(k, e);
    case LOGIN_FAILED:
        return hop_login_failed(k, e);
    default:
        link_flush(k);
        return true;
    }
}

static void login_late(struct timer *t, uint64_t now)
{
    struct link *k = LIST_OF(t, struct link, login_timer);
    struct lun_error e;
    error_set(&e, LUN_TIMEOUT, 0, true, "%s not done within %u ms",
              k->lookup                     ? "name look-up"
              : k->state == LINK_CONNECTING ? "connection"
              : k->state == LINK_LOGIN      ? "login"
                                            : "discovery",
              (unsigned)(k->config.login_timeout / 1000000));
    link_break(k, &e);
}

/* ---- the connection's producer and consumer ---------------------------------------------------------- */

static bool place(void *ctx, const uint8_t *bhs, struct pdu_place *ret, struct lun_error *e)
{
    struct link *k = ctx;
    return k->state != LINK_UP || k->discovery || session_place(&k->session, bhs, ret, e);
}

static bool pdu_in(void *ctx, const struct pdu_in *pdu, struct lun_error *e)
{
    struct link *k = ctx;
    if (k->broken)
        return true; /* on its way out: nothing more is believed */
    if (k->state != LINK_UP)
        return login_pdu(k, pdu, e);
    if (!k->discovery)
        return session_receive(&k->session, pdu, k->loop->now, e);
    if (!discovery_receive(k->discovery, pdu, e))
        return false;
    link_flush(k);
    if (discovery_phase(k->discovery) == DISCOVERY_DONE)
        link_break(k, &(struct lun_error){.layer = LUN_OK});
    return true;
}

static const struct receive_ops receive_ops = {place, pdu_in};

static bool next_pdu(void *ctx, struct pdu_out *ret)
{
    struct link *k = ctx;
    if (k->state == LINK_UP)
        return k->discovery ? discovery_next(k->discovery, ret) : session_next(&k->session, ret);
    /* The login's text lies in its own buffer until it has left: one request at a time. */
    ret->cookie = NULL;
    return k->state == LINK_LOGIN && send_idle(&k->conn.send) &&
           login_next(k->login, ret->bhs, &ret->data, &ret->data_length);
}

static void pdu_sent(void *ctx, void *cookie)
{
    struct link *k = ctx;
    session_sent(&k->session, cookie);
}

static const struct send_ops send_ops = {next_pdu, pdu_sent};

static void flush(struct loop_deferred *d)
{
    struct link *k = LIST_OF(d, struct link, flush);
    struct lun_error e;
    if (k->state < LINK_LOGIN || k->broken || k->conn.output_full)
        return;
    if (!conn_output(&k->conn, &e))
        link_break(k, &e);
}

static bool begin_login(struct link *k, struct lun_error *e)
{
    if (!conn_connected(&k->conn, e))
        return false;
    struct login_options o = k->config.login;
    if (k->redirect.hops || k->redirect.at_settled || (k->moved && k->config.same_group))
        o.portal_group = -1; /* see hop_check_group */
    k->login = login_new(&o, e);
    if (!k->login)
        return false;
    k->state = LINK_LOGIN;
    link_flush(k);
    return true;
}

static bool input(struct link *k, struct lun_error *e)
{
    if (k->state == LINK_UP && !k->discovery)
        k->conn.receive.large = k->session.large_reads != 0;
    return conn_input(&k->conn, LOOP_BUDGET, e);
}

static bool ready(struct loop_watch *w, uint32_t events)
{
    struct link *k = LIST_OF(w, struct link, watch);
    struct lun_error e;
    bool ok = true;
    if (k->broken)
        return false;
    if (k->state == LINK_CONNECTING) {
        if (!(events & (EPOLLOUT | EPOLLERR | EPOLLHUP)))
            return false;
        ok = begin_login(k, &e);
    } else if (events & EPOLLOUT) {
        k->conn.output_full = false;
        link_flush(k);
    }
    k->conn.hung_up |= (events & (EPOLLRDHUP | EPOLLHUP | EPOLLERR)) != 0;
    if (ok && k->state >= LINK_LOGIN && (events == 0 || events & ~EPOLLOUT))
        ok = input(k, &e);
    if (!ok && !k->hopping) /* that a target closes once it has sent us elsewhere is no failure */
        link_break(k, &e);
    return ok && k->conn.input_left;
}

/* ---- start and end ----------------------------------------------------------------------------------- */

bool link_open_connection(struct link *k, const struct conn_address *to, struct lun_error *e)
{
    k->address = *to;
    if (!conn_open(&k->conn, to, &receive_ops, &send_ops, k, e))
        return false;
    k->watch.fd = conn_fd(&k->conn);
    /* Edge-triggered for both directions, once: no epoll_ctl afterwards. */
    if (!loop_add(k->loop, &k->watch, EPOLLIN | EPOLLRDHUP | EPOLLOUT | EPOLLET, e)) {
        conn_close(&k->conn);
        return false;
    }
    k->state = LINK_CONNECTING;
    return true;
}

bool link_start(struct link *k, const struct conn_address *to, const struct link_config *c,
                struct lun_error *e)
{
    k->config = *c;
    k->broken = k->hopping = false;
    if (!link_open_connection(k, redirect_start(&k->redirect, to), e))
        return false;
    timer_arm(&k->loop->timers, &k->login_timer, loop_clock() + c->login_timeout);
    return true;
}

void link_close_connection(struct link *k)
{
    if (k->conn.fd >= 0)
        loop_remove(k->loop, &k->watch);
    loop_undefer(&k->flush);
    conn_close(&k->conn);
    login_free(k->login);
    k->login = NULL;
}

void link_logout(struct link *k)
{
    if (k->state == LINK_UP && !k->discovery)
        session_logout(&k->session);
    else
        link_break(k, &(struct lun_error){.layer = LUN_CANCELLED, .text = "closed"});
}

/* Both times count from the loss (13.15, 13.16); a Logout Response or an Asynchronous Message may have
 * brought others than were negotiated. */
static void note_times(struct link *k)
{
    uint64_t second = 1000000000u, now = loop_clock();
    k->retry_after = now + k->session.time2wait * second;
    k->gone_after = k->retry_after + k->session.time2retain * second;
}

static void end_session(struct link *k, const struct lun_error *e)
{
    struct lun_error gone = *e;
    note_times(k);
    if (k->ops->losing)
        k->ops->losing(k, e);
    if (gone.layer == LUN_OK)
        error_set(&gone, LUN_CANCELLED, 0, false, "logged out");
    session_fail(&k->session, &gone);
    session_free(&k->session);
}

static void name_place(const struct link *k, struct lun_error *e)
{
    const char *target = k->config.login.target_name;
    char from[sizeof k->address.text + 32] = "";
    if (k->redirect.hops)
        snprintf(from, sizeof from, " (redirected from %s)", k->redirect.seen[0].text);
    if (target)
        error_prefix(e, "portal %s%s, target %s", k->address.text, from, target);
    else
        error_prefix(e, "portal %s%s, discovery", k->address.text, from);
}

/* The one way down. Order matters: the queue gives its tasks back before the session ends them. */
static void bury(struct loop_deferred *d)
{
    struct link *k = LIST_OF(d, struct link, burial);
    if (hop_goes_on(k)) {
        hop_go_on(k);
        return;
    }
    timer_disarm(&k->loop->timers, &k->login_timer);
    lookup_forget(k->lookup);
    k->lookup = NULL;
    if (k->state != LINK_UP)
        redirect_failed(&k->redirect);
    bool session = k->state == LINK_UP && !k->discovery;
    if (session) /* tasks that end while the queue is dropped must not start new ones */
        k->session.state = SESSION_DRAINING;
    struct lun_error e = k->error;
    if (k->state == LINK_LOGIN && k->login && e.layer == LUN_CONNECT)
        error_prefix(&e, "%s", login_name(k->login));
    link_close_connection(k);
    if (e.layer != LUN_OK)
        name_place(k, &e);
    k->last_error = e;
    if (session)
        end_session(k, &e);
    k->state = LINK_IDLE;
    k->broken = false;
    k->ops->down(k, &e);
}
