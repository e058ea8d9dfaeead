/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What requests do while their target is away. Home loop.
 *
 *   here --session lost--> away --unit found again, and the same--> here: what waits goes on
 *                            \--replacement_timeout, or no hope--> given up: what waits fails, as does what
 * comes until the unit is found again
 *
 * "Away" is a unit's own state: each comes back when it has been identified, however long others take.
 * Nothing is sent for it before that but what identifies it. With `on_outage: fail` a unit is given up at
 * once.
 */
#ifndef LUN_BLOCK_OUTAGE_H
#define LUN_BLOCK_OUTAGE_H

#include "block/request.h"

/* Units of the target are away from now on, or given up, as its options say. */
void outage_begin(struct lun_target *t, const struct lun_error *e);
/* Waiting is of no use: every unit that is away is given up because of e. */
void outage_end(struct lun_target *t, const struct lun_error *e);
/* The unit is not waited for any more: the target is closed. */
void outage_drop(struct lun_unit *u);
/* The timer of units.replacement. */
void outage_late(struct timer *timer, uint64_t now);
/* How many requests wait for the unit's return. */
unsigned outage_waiting(const struct lun_unit *u);
/* Is a unit of this target away? */
bool outage_is_on(const struct lun_target *t);

/* The unit has been identified, `other`: as another device than before. False: it stays away, and what was
 * found is not to be believed yet; else found->state says whether it is used. */
bool outage_identified(struct lun_unit *u, struct lun_unit_info *found, bool other);
/* It is here again, as info.state says: what waits goes on, or fails. */
void outage_over(struct lun_unit *u);

/* A request is made while its unit is away: it waits. */
void outage_wait(struct request *r);
/* One of its tasks has ended with its session: it waits to send it again. False: it may not. */
bool outage_replay(struct request *r, const struct task *t);
/* All its tasks have ended, and some are to be replayed. */
void outage_park(struct request *r);

#endif
