/* SPDX-License-Identifier: Apache-2.0 */
/* One discovery session on a loop: the driver of session/discovery.c's steps, in the loop, and the calls
 * around it, not in a loop. RFC 7143 4.3. */
#include <errno.h>
#include <semaphore.h>
#include <stdlib.h>
#include <string.h>

#include "pool/link.h"
#include "pool/pool.h"

#define ADDRESSES 8

struct driver {
    struct link link;
    struct link_config config;
    struct conn_address addresses[ADDRESSES];
    size_t count, next;
    uint64_t until; /* ns; for all addresses */
    char *portal;
    struct lun_discovery *user;
    struct lun_error error; /* of the last address tried */
    bool ended;             /* done has run */
};

static void up(struct link *k)
{
}

static void room(struct link *k)
{
}

static void end(struct driver *d, struct lun_found *found, const struct lun_error *e)
{
    d->ended = true;
    d->user->found = found;
    d->user->error = found ? (struct lun_error){0} : *e;
    d->user->done(d->user);
}

/* What is left of the time, shared by the addresses that are left: one that swallows packets must not use up
 * that of those after it. */
static uint64_t share(const struct driver *d)
{
    uint64_t now = loop_clock();
    uint64_t left = d->until > now ? (d->until - now) / (d->count - d->next) : 0;
    return left ? left : 1;
}

static void start_next(struct driver *d)
{
    for (; d->next < d->count;) {
        d->config.login_timeout = share(d);
        if (link_start(&d->link, &d->addresses[d->next++], &d->config, &d->error))
            return;
    }
    error_prefix(&d->error, "portal %s, discovery", d->portal);
    end(d, NULL, &d->error);
}

/* All that was asked for is in once the answer is: a target may drop the connection instead of a logout. */
static struct lun_found *result(struct driver *d, const struct discovery *discovery)
{
    if (!discovery || discovery_phase(discovery) == DISCOVERY_RUNNING)
        return NULL;
    /* Appendix C: targets without an address are where we are now. */
    const char *here = d->link.redirect.hops ? d->link.address.text : d->portal;
    struct lun_found *found = discovery_result(discovery, here, &d->error);
    if (!found)
        error_prefix(&d->error, "portal %s", d->portal);
    return found;
}

static void down(struct link *k, const struct lun_error *e)
{
    struct driver *d = k->user;
    struct discovery *discovery = k->discovery;
    k->discovery = NULL;
    d->error = *e;
    struct lun_found *found = result(d, discovery);
    discovery_free(discovery);
    bool of_address = e->layer == LUN_CONNECT || e->layer == LUN_TIMEOUT;
    if (!found && of_address && d->next < d->count)
        start_next(d);
    else
        end(d, found, &d->error);
}

static const struct link_ops driver_ops = {.up = up, .down = down, .room = room};

static void start(void *arg)
{
    struct driver *d = arg;
    d->until = loop_clock() + d->config.login_timeout;
    start_next(d);
}

static void cancel(void *arg)
{
    struct driver *d = arg;
    struct lun_error e;
    if (d->ended)
        return;
    d->next = d->count;
    error_set(&e, LUN_CANCELLED, 0, false, "cancelled");
    link_break(&d->link, &e);
}

static void nothing(void *arg)
{
}

/* Discovery sessions side by side at one target must not reinstate each other (RFC 7143 6.3.5): they take
 * turns in a range of ISIDs that no session of a target uses. */
#define ISID_LAST 0xffff
#define ISID_TURNS 0x1000

static struct link_config discovery_config(struct lun_pool *p, const struct lun_auth *auth,
                                           uint32_t timeout_ms)
{
    struct link_config c = {
        .login =
            {
                .initiator_name = p->initiator_name,
                .max_recv = 65536,
                .first_burst = 65536,
                .max_burst = 262144,
                .max_outstanding_r2t = 1,
                .immediate_data = true,
                .portal_group = -1,
                .cmdsn = 1,
            },
        .login_timeout = (timeout_ms ? timeout_ms : 15000) * 1000000ull,
        .nop_interval = TIMER_NEVER,
    };
    if (auth)
        c.login.auth = *auth;
    pool_isid(p, (uint16_t)(ISID_LAST - atomic_fetch_add(&p->discoveries, 1) % ISID_TURNS), c.login.isid);
    return c;
}

static void driver_free(struct driver *d)
{
    if (!d)
        return;
    free(d->portal);
    free(d);
}

static struct driver *driver_new(struct lun_pool *p, const char *portal, struct lun_error *e)
{
    char host[256];
    uint16_t port;
    struct driver *d = calloc(1, sizeof *d);
    if (d)
        d->portal = strdup(portal);
    if (!d || !d->portal) {
        driver_free(d);
        error_set(e, LUN_SYSTEM, ENOMEM, true, "no memory for discovery");
        return NULL;
    }
    bool ok = lun_portal_parse(portal, host, &port, e);
    if (ok)
        d->count = conn_resolve(host, port, d->addresses, ADDRESSES, e);
    if (d->count)
        return d;
    driver_free(d);
    return NULL;
}

bool lun_discover_start(struct lun_pool *p, const char *portal, const struct lun_auth *auth,
                        uint32_t timeout_ms, struct lun_discovery *user, struct lun_error *e)
{
    struct driver *d = driver_new(p, portal, e);
    if (!d)
        return false;
    d->user = user;
    d->config = discovery_config(p, auth, timeout_ms);
    user->private_ = d;
    user->found = NULL;
    struct lun_loop *loop = lun_pool_loop(p, 0);
    link_init(&d->link, loop, &driver_ops, d);
    lun_loop_run(loop, start, d);
    return true;
}

void lun_discover_cancel(struct lun_discovery *user)
{
    struct driver *d = user->private_;
    lun_loop_run(d->link.loop, cancel, d);
}

void lun_discover_end(struct lun_discovery *user)
{
    struct driver *d = user->private_;
    /* done runs inside the loop's turn: once the loop takes this, it has left the driver's code. */
    lun_loop_run(d->link.loop, nothing, NULL);
    driver_free(d);
    user->private_ = NULL;
}

static void post(struct lun_discovery *d)
{
    sem_post(d->user);
}

bool lun_discover(struct lun_pool *p, const char *portal, const struct lun_auth *auth, uint32_t timeout_ms,
                  struct lun_found **ret, struct lun_error *e)
{
    sem_t done;
    struct lun_discovery d = {.done = post, .user = &done};
    sem_init(&done, 0, 0);
    bool ok = lun_discover_start(p, portal, auth, timeout_ms, &d, e);
    if (ok) {
        while (sem_wait(&done) < 0 && errno == EINTR)
            ;
        lun_discover_end(&d);
        ok = d.found != NULL;
        if (ok)
            *ret = d.found;
        else if (e)
            *e = d.error;
    }
    sem_destroy(&done);
    return ok;
}
