/* SPDX-License-Identifier: Apache-2.0 */
/* The portals of a target as socket addresses. Looks names up, so never in a loop. RFC 7143 13.8. */
#include "pool/target.h"

#include <string.h>

/* A list of portals may come from a discovery: a target that names a thousand hosts that do not exist must
 * not keep us waiting for each. */
#define NAMES_MOST 8

static void skipped(struct lun_target *t, const char *why)
{
    pool_log(t->pool, LUN_LOG_WARNING, "target %s: skipped: %s", t->o.iqn, why);
}

/* False: it cannot be looked up; e says why. */
static bool add(struct lun_target *t, const char *portal, unsigned *names, struct lun_error *e)
{
    char host[256];
    uint16_t port;
    struct conn_address *at = t->addresses + t->address_count;
    size_t room = TARGET_ADDRESSES - t->address_count;
    if (!lun_portal_parse(portal, host, &port, e))
        return false;
    if (conn_numeric(host, port, at)) {
        t->address_count++;
        return true;
    }
    if ((*names)++ == NAMES_MOST)
        return error_set(e, LUN_RESOLVE, 0, false, "portal %s: more than %d names are not looked up", portal,
                         NAMES_MOST);
    size_t n = conn_resolve(host, port, at, room, e);
    t->address_count += n;
    return n != 0;
}

bool addresses_resolve(struct lun_target *t, struct lun_error *e)
{
    char line[LUN_ERROR_LINE];
    unsigned names = 0;
    for (size_t i = 0; i < t->o.portal_count; i++) {
        if (t->address_count == TARGET_ADDRESSES) {
            skipped(t, "the portals after the first 16 addresses");
            break;
        }
        size_t first = t->address_count;
        if (add(t, t->o.portals[i], &names, e)) {
            for (; first < t->address_count; first++)
                t->groups[first] = t->o.portal_groups ? t->o.portal_groups[i] : t->o.portal_group;
            continue;
        }
        if (e->layer == LUN_USAGE)
            return false;
        if (t->o.portal_count > 1 && names <= NAMES_MOST)
            skipped(t, lun_error_line(e, line));
    }
    return t->address_count != 0; /* e then tells of the last one */
}
