/* SPDX-License-Identifier: Apache-2.0 */
/* What an answered command means: good, send it again, or fail. The one place for that policy. Home loop. */
#ifndef LUN_BLOCK_RETRY_H
#define LUN_BLOCK_RETRY_H

#include "block/unit.h"

enum verdict { VERDICT_GOOD, VERDICT_AGAIN, VERDICT_FAIL };

/* Judges the answer in t; notes sense data, and starts a refresh or rescan when a unit attention asks for
 * one. AGAIN: *ret_delay_ms. AGAIN and FAIL: *ret says what happened. `retries`: how often it was sent again.
 */
enum verdict retry_judge(struct lun_unit *u, const struct task *t, unsigned retries, uint32_t *ret_delay_ms,
                         struct lun_error *ret);

#endif
