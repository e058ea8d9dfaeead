/* SPDX-License-Identifier: Apache-2.0 */
/* A session of lunctl's own. Main thread, which blocks; the library's loop does the work. */
#include "visit.h"
#include "report.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define LOGOUT_MS 5000

static bool visit_pool(struct visit *l, struct lun_error *e)
{
    char *name = identity_initiator_name(l->config.initiator, e);
    if (!name)
        return false;
    char instance[40]; /* of this process alone: never reinstates the session of a mount (RFC 7143 6.3.5) */
    snprintf(instance, sizeof instance, "lunctl:%ld", (long)getpid());
    struct lun_pool_options o = {.loops = 1, .initiator_name = name, .instance = instance};
    l->pool = lun_pool_new(&o, e);
    free(name);
    return l->pool != NULL;
}

bool visit_start(struct visit *l, const struct args *a, struct lun_error *e)
{
    *l = (struct visit){0};
    if (!config_load(a->where, a->settings, a->setting_count, &l->config, e))
        return false;
    l->entry = l->config.target_count ? l->config.targets : l->config.discover;
    if (visit_pool(l, e))
        return true;
    visit_stop(l);
    return false;
}

static bool visit_open(struct visit *l, const struct lun_target_options *o, struct lun_error *e)
{
    l->target = lun_target_new(l->pool, o, e);
    if (!l->target)
        return false;
    if (lun_target_open_wait(l->target, e))
        return true;
    struct lun_error ignored;
    visit_logout(l, &ignored);
    return false;
}

bool visit_login(struct visit *l, struct lun_error *e)
{
    const char **portals = calloc(l->entry->portal_count + 1, sizeof *portals);
    if (!portals)
        return report_errno(e, "login");
    struct lun_target_options o;
    config_target_options(l->entry, portals, &o);
    bool ok = visit_open(l, &o, e);
    free(portals);
    return ok;
}

bool visit_discover(struct visit *l, struct lun_found **ret, struct lun_error *e)
{
    struct lun_auth auth;
    config_target_auth(l->entry, &auth);
    return lun_discover(l->pool, l->entry->portals[0], &auth, l->entry->login_timeout, ret, e);
}

/* The group of the portal that was asked, where the target names that portal; else of its first one. Portals
 * of one group only: a session may not span groups (RFC 7143 4.4.1). */
static int portal_group(const struct lun_found_target *found, const char *asked)
{
    for (size_t i = 0; i < found->portal_count; i++)
        if (strcmp(found->portals[i].address, asked) == 0)
            return found->portals[i].portal_group;
    return found->portals[0].portal_group;
}

/* The portals of that group, the one that was asked first: it is known to answer. */
static size_t portals_of_group(const struct lun_found_target *found, int group, const char *asked,
                               const char **ret)
{
    size_t count = 0;
    for (size_t i = 0; i < found->portal_count; i++)
        if (found->portals[i].portal_group == group)
            ret[count++] = found->portals[i].address;
    for (size_t i = 1; i < count; i++)
        if (strcmp(ret[i], asked) == 0) {
            ret[i] = ret[0];
            ret[0] = asked;
        }
    return count;
}

bool visit_login_found(struct visit *l, const struct lun_found_target *found, struct lun_error *e)
{
    const char *asked = l->entry->portals[0];
    size_t room = found->portal_count > l->entry->portal_count ? found->portal_count : l->entry->portal_count;
    const char **portals = calloc(room + 1, sizeof *portals);
    if (!portals)
        return report_errno(e, "login");
    struct lun_target_options o;
    config_target_options(l->entry, portals, &o);
    o.iqn = found->iqn;
    o.portal_group = portal_group(found, asked);
    o.portal_count = portals_of_group(found, o.portal_group, asked, portals);
    o.portals = portals;
    bool ok = visit_open(l, &o, e);
    free(portals);
    return ok;
}

bool visit_logout(struct visit *l, struct lun_error *e)
{
    if (!l->target)
        return true;
    bool ok = lun_target_close_wait(l->target, LOGOUT_MS, e);
    lun_target_free(l->target);
    l->target = NULL;
    return ok;
}

void visit_stop(struct visit *l)
{
    struct lun_error ignored;
    visit_logout(l, &ignored);
    lun_pool_free(l->pool);
    config_free(&l->config);
    *l = (struct visit){0};
}
