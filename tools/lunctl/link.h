/* SPDX-License-Identifier: Apache-2.0 */
/* A session of lunctl's own with the target of a URL. Main thread; the calls block. */
#ifndef LUNCTL_LINK_H
#define LUNCTL_LINK_H

#include "args.h"

struct link {
    struct config config;        /* holds the one target, or the one portal to ask */
    struct config_target *entry; /* that one, in config */
    struct lun_pool *pool;
    struct lun_target *target;
};

/* Takes the URL and the options apart, reads the secrets, starts a loop; sends nothing. On failure nothing is
 * held. */
bool link_start(struct link *l, const struct args *a, struct lun_error *e);
/* Logs in to the URL's target. */
bool link_login(struct link *l, struct lun_error *e);
/* Asks the URL's portal for its targets; the caller frees with lun_found_free. */
bool link_discover(struct link *l, struct lun_found **ret, struct lun_error *e);
/* Logs in to one target found; link_logout before the next. */
bool link_login_found(struct link *l, const struct lun_found_target *found, struct lun_error *e);
bool link_logout(struct link *l, struct lun_error *e);
/* Idempotent; accepts a link that is all zeros. */
void link_stop(struct link *l);

#endif
