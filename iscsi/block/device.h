/* SPDX-License-Identifier: Apache-2.0 */
/* A target as a whole, opened and closed: the public lun_target_ calls. Home loop unless said. */
#ifndef LUN_BLOCK_DEVICE_H
#define LUN_BLOCK_DEVICE_H

#include "block/unit.h"

/* A request has ended: a close that drains may go on. */
void device_request_ended(struct lun_target *t);
/* A unit could not be identified now; it is looked at again later. */
void device_revisit(struct lun_target *t);
/* The scan that followed target_client.up has ended; e NULL: the target is usable. */
void device_scanned(struct lun_target *t, const struct lun_error *e);

#endif
