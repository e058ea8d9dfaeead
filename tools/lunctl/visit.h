/* SPDX-License-Identifier: Apache-2.0 */
/* A session of lunctl's own with the target of a URL. Main thread; the calls block. */
#ifndef LUNCTL_VISIT_H
#define LUNCTL_VISIT_H

#include "args.h"

struct visit {
    struct config config;        /* holds the one target, or the one portal to ask */
    struct config_target *entry; /* that one, in config */
    struct lun_pool *pool;
    struct lun_target *target;
};

/* Takes the URL and the options apart, reads the secrets, starts a loop; sends nothing. On failure nothing is
 * held. */
bool visit_start(struct visit *l, const struct args *a, struct lun_error *e);
/* Logs in to the URL's target. */
bool visit_login(struct visit *l, struct lun_error *e);
/* Asks the URL's portal for its targets; the caller frees with lun_found_free. */
bool visit_discover(struct visit *l, struct lun_found **ret, struct lun_error *e);
/* Logs in to one target found; visit_logout before the next. */
bool visit_login_found(struct visit *l, const struct lun_found_target *found, struct lun_error *e);
bool visit_logout(struct visit *l, struct lun_error *e);
/* Idempotent; accepts a visit that is all zeros. */
void visit_stop(struct visit *l);

#endif
