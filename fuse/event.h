/* SPDX-License-Identifier: Apache-2.0 */
/* Events of targets and units, on their way to the tree. In the target's home loop. */
#ifndef FUSE_EVENT_H
#define FUSE_EVENT_H

#include "state.h"

void event_send(struct mount *m, const struct lun_event *event);
/* Sends every unit the target has now, as if it were new. */
void event_send_units(struct mount *m, struct lun_target *target);

#endif
