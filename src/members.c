/* SPDX-License-Identifier: Apache-2.0 */
/* The targets of a mount, opened and closed in parallel with a bound. Everything runs in the main thread but
 * ended(), which liblun calls in a target's home loop. */
#include "members.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#define OPENING_MAX 32 /* logins under way at once */

bool members_init(struct members *m, struct lun_pool *pool, struct lun_error *e)
{
    *m = (struct members){.pool = pool, .done_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)};
    if (m->done_fd >= 0)
        return true;
    *e = (struct lun_error){.layer = LUN_SYSTEM, .code = errno, .text = "out of descriptors"};
    return false;
}

void members_free(struct members *m)
{
    for (size_t i = 0; i < m->count; i++) {
        lun_target_free(m->at[i].target);
        free(m->at[i].iqn);
    }
    free(m->at);
    if (m->pool)
        close(m->done_fd);
    *m = (struct members){0};
}

/* The array moves when it grows: calls begin only when all are in. */
static struct member *append(struct members *m, const struct config_target *c, struct lun_error *e)
{
    if (m->count == m->room) {
        struct member *grown = reallocarray(m->at, m->room * 2 + 4, sizeof *grown);
        if (!grown) {
            place_no_memory(e);
            return NULL;
        }
        m->at = grown;
        m->room = m->room * 2 + 4;
    }
    struct member *one = &m->at[m->count++];
    *one = (struct member){.config = c};
    return one;
}

static bool add(struct members *m, const struct config_target *c, const struct lun_target_options *o,
                struct lun_error *e)
{
    struct member *one = append(m, c, e);
    if (!one)
        return false;
    if (!(one->iqn = strdup(o->iqn)))
        return place_no_memory(e);
    one->target = lun_target_new(m->pool, o, &one->error);
    return true;
}

bool members_add(struct members *m, const struct config_target *c, struct lun_error *e)
{
    const char **portals = calloc(c->portal_count, sizeof *portals);
    if (!portals)
        return place_no_memory(e);
    struct lun_target_options o;
    config_target_options(c, portals, &o);
    bool ok = add(m, c, &o, e);
    free(portals);
    return ok;
}

static bool is_known(const struct members *m, const char *iqn)
{
    for (size_t i = 0; i < m->count; i++)
        if (m->at[i].iqn && !strcasecmp(m->at[i].iqn, iqn))
            return true;
    return false;
}

/* The portal that answered comes first: it is known to be reachable, others on the list may not be. A group
 * is checked only where all portals are of one (RFC 7143, 6.3.1). */
static bool add_found(struct members *m, const struct config_target *c, const struct lun_found_target *found,
                      struct lun_error *e)
{
    const char **portals = calloc(found->portal_count + 1, sizeof *portals);
    if (!portals)
        return place_no_memory(e);
    struct lun_target_options o;
    config_target_options(c, portals, &o);
    size_t n = 0;
    o.portal_group = found->portal_count ? found->portals[0].portal_group : -1;
    for (size_t i = 0; i < found->portal_count; i++) {
        if (!strcmp(found->portals[i].address, c->portals[0]))
            portals[n++] = c->portals[0];
        if (found->portals[i].portal_group != o.portal_group)
            o.portal_group = -1;
    }
    for (size_t i = 0; i < found->portal_count; i++)
        if (strcmp(found->portals[i].address, c->portals[0]))
            portals[n++] = found->portals[i].address;
    o.iqn = found->iqn;
    o.portal_count = n;
    bool ok = add(m, c, &o, e);
    free(portals);
    return ok;
}

bool members_discover(struct members *m, const struct config_target *c, struct lun_error *e)
{
    struct lun_auth auth;
    struct lun_found *found = NULL;
    struct lun_error why = {0};
    config_target_auth(c, &auth);
    bool ok = lun_discover(m->pool, c->portals[0], &auth, c->login_timeout, &found, &why);
    if (ok && !found->count)
        place_fail(&why, &(struct place){0}, "portal %s: no targets", c->portals[0]);
    if (!ok || !found->count) {
        struct member *one = append(m, c, e);
        if (one)
            one->error = why;
        lun_found_free(found);
        return one;
    }
    for (size_t i = 0; ok && i < found->count; i++)
        if (!is_known(m, found->targets[i].iqn))
            ok = add_found(m, c, &found->targets[i], e);
    lun_found_free(found);
    return ok;
}

/* Home loop. The member may be gone as soon as the main thread has read the count. */
static void ended(struct lun_call *call)
{
    struct member *one = call->user;
    if (call == &one->opening) {
        one->error = call->error;
        one->up = call->error.layer == LUN_OK;
    }
    int fd = one->all->done_fd;
    if (eventfd_write(fd, 1) < 0)
        abort(); /* 2^64 calls under way: it cannot be */
}

static void open_more(struct members *m)
{
    for (; m->next < m->count && m->in_flight < OPENING_MAX; m->next++) {
        struct member *one = &m->at[m->next];
        if (!one->target)
            continue;
        one->all = m;
        one->opening = (struct lun_call){.done = ended, .user = one};
        m->in_flight++;
        lun_target_open(one->target, &one->opening);
    }
}

void members_open(struct members *m)
{
    m->next = 0;
    open_more(m);
}

static void take_ends(struct members *m)
{
    eventfd_t n;
    if (!eventfd_read(m->done_fd, &n))
        m->in_flight -= n;
}

bool members_opened(struct members *m)
{
    take_ends(m);
    open_more(m);
    return !m->in_flight;
}

void members_close(struct members *m, uint32_t drain_ms)
{
    m->next = m->count;
    for (size_t i = 0; i < m->count; i++) {
        struct member *one = &m->at[i];
        if (!one->target)
            continue;
        one->all = m;
        one->closing = (struct lun_call){.done = ended, .user = one};
        m->in_flight++;
        lun_target_close(one->target, drain_ms, &one->closing);
    }
}

bool members_closed(struct members *m)
{
    take_ends(m);
    return !m->in_flight;
}
