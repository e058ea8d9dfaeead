/* SPDX-License-Identifier: Apache-2.0 */
/* Portals as users and targets write them: which are the same, and in which order to try them. Pure. */
#ifndef LUNFS_PORTAL_H
#define LUNFS_PORTAL_H

#include "lun.h"

/* Do both texts name one endpoint? Case, the default port, brackets, an IPv4 address mapped into IPv6 and the
 * many ways to write an IPv6 address make no difference. Names are not looked up; a text that is no portal is
 * the same as nothing. */
bool portal_same(const char *a, const char *b);

/*
 * The order in which the portals of a target found through `asked` are tried; ret has room for
 * portal_count + 1 pointers, which lead into the arguments, and ret_groups for as many numbers. Returns how
 * many there are.
 *
 * The portal that answered comes first, listed or not: it is the one known to be reachable. Behind address
 * translation a target lists only addresses of its own network. A portal that serves discovery alone says
 * that it does not know the target, and the next one is tried.
 *
 * ret_groups are the portal groups to insist on (RFC 7143 6.3.1), -1 where the list has none: that of the
 * portal asked is known only when it is on the list.
 */
size_t portal_order(const struct lun_found_target *found, const char *asked, const char **ret,
                    int *ret_groups);

#endif
