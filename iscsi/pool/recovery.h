/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A target that is lost, and the return of its sessions (RFC 7143 6.3.5, 7.15, 13.15, 13.16). Home loop.
 *
 * OPEN becomes LOST when one session is lost, and all others are cut: a write on its way in the lost one
 * could land after a newer one sent through another. Each comes back with its ISID and TSIH 0, which ends
 * what its old nexus still had; with the last of them the target is OPEN, and only then is anything sent
 * again.
 */
#ifndef LUN_POOL_RECOVERY_H
#define LUN_POOL_RECOVERY_H

#include "pool/target.h"

/* OPEN is LOST from here on, because of e: before the tasks of the session that was lost end. */
void recovery_lose(struct lun_target *t, const struct lun_error *e);
/* LOST, or OPEN with a session on its way out: one is down, and will be tried again. */
void recovery_session_down(struct target_session *s, const struct lun_error *e);
/* LOST: one is up. */
void recovery_session_up(struct target_session *s);
/* target_session.retry */
void recovery_retry(struct timer *timer, uint64_t now);

/* How long to wait before attempt number `failures` since the last success, ns. The first is soon, then the
 * time doubles to half a minute; a half more or less as `random` says, so that what was lost together does
 * not return together. Pure. */
uint64_t recovery_delay(unsigned failures, uint32_t random);
/* Will waiting not mend it? Refused credentials (RFC 7143 11.13.5: 0201, 0202), or a target that failed to
 * prove its own. Anything else may be a target that is still being set up. Pure. */
bool recovery_is_hopeless(const struct lun_error *e);

#endif
