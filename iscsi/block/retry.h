/* SPDX-License-Identifier: Apache-2.0 */
/* What an answered command means: good, send it again, or fail. The one place for that policy. Home loop. */
#ifndef LUN_BLOCK_RETRY_H
#define LUN_BLOCK_RETRY_H

#include "block/unit.h"

enum verdict { VERDICT_GOOD, VERDICT_AGAIN, VERDICT_FAIL };

/* How often commands of a request were sent again, by reason: of those that a working device gives rarely,
 * many in a row mean that it does not work. The others last as long as the request's deadline lets them. */
struct retry_tries {
    uint8_t busy; /* BUSY, TASK SET FULL: the delay grows with it */
    uint8_t attentions, aborted;
};

/* Judges the answer in t; notes sense data, and starts a refresh or rescan when a unit attention asks for
 * one. AGAIN: *ret_delay_ms. AGAIN and FAIL: *ret says what happened.
 * `tries` is counted on. */
enum verdict retry_judge(struct lun_unit *u, const struct task *t, struct retry_tries *tries,
                         uint32_t *ret_delay_ms, struct lun_error *ret);

/* Sense data that came by itself: notes it, and starts a refresh or rescan as for a unit attention. */
void retry_heed(struct lun_unit *u, const uint8_t *sense, size_t n);

#endif
