/* SPDX-License-Identifier: Apache-2.0 */
/* lun_discover: one discovery session on a loop, and a wait for it. The steps are session/discovery.c's; here
 * is the driver, in the loop, and the caller's wait, not in a loop. RFC 7143 4.3. */
#include <semaphore.h>
#include <stdlib.h>

#include <errno.h>

#include "pool/link.h"
#include "pool/pool.h"

struct driver {
    struct link link;
    struct link_config config;
    const struct conn_address *addresses;
    size_t count, next;
    const char *portal;
    struct lun_found *found;
    struct lun_error error;
    sem_t done;
};

static void up(struct link *k)
{
}

static void room(struct link *k)
{
}

static void start_next(struct driver *d)
{
    while (d->next < d->count)
        if (link_start(&d->link, &d->addresses[d->next++], &d->config, &d->error))
            return;
    sem_post(&d->done);
}

static void down(struct link *k, const struct lun_error *e)
{
    struct driver *d = k->user;
    struct discovery *discovery = k->discovery;
    k->discovery = NULL;
    d->error = *e;
    /* All that was asked for is in once the answer is: a target may drop the connection instead of a logout.
     */
    if (discovery && discovery_phase(discovery) != DISCOVERY_RUNNING) {
        d->error = (struct lun_error){0};
        d->found = discovery_result(discovery, d->portal, &d->error);
        if (!d->found)
            error_prefix(&d->error, "portal %s", d->portal);
    }
    discovery_free(discovery);
    if (!d->found && e->layer == LUN_CONNECT && d->next < d->count)
        start_next(d);
    else
        sem_post(&d->done);
}

static const struct link_ops driver_ops = {up, down, room};

static void start(void *arg)
{
    struct driver *d = arg;
    start_next(d);
}

static struct link_config discovery_config(const struct lun_pool *p, const struct lun_auth *auth,
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
    pool_isid(p, 0xffff, c.login.isid);
    return c;
}

bool lun_discover(struct lun_pool *p, const char *portal, const struct lun_auth *auth, uint32_t timeout_ms,
                  struct lun_found **ret, struct lun_error *e)
{
    char host[256];
    uint16_t port;
    struct conn_address addresses[8];
    if (!lun_portal_parse(portal, host, &port, e))
        return false;
    size_t count = conn_resolve(host, port, addresses, 8, e);
    if (!count)
        return false;
    struct driver d = {.addresses = addresses, .count = count, .portal = portal};
    d.config = discovery_config(p, auth, timeout_ms);
    sem_init(&d.done, 0, 0);
    struct lun_loop *loop = lun_pool_loop(p, 0);
    link_init(&d.link, loop, &driver_ops, &d);
    lun_loop_run(loop, start, &d);
    while (sem_wait(&d.done) < 0 && errno == EINTR)
        ;
    sem_destroy(&d.done);
    if (!d.found) {
        if (e)
            *e = d.error;
        return false;
    }
    *ret = d.found;
    return true;
}
