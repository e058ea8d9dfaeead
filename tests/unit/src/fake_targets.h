/* SPDX-License-Identifier: Apache-2.0 */
/* The part of liblun that members.c calls, without a network: what is asked for waits until the test says how
 * it ends. One thread. */
#ifndef FAKE_TARGETS_H
#define FAKE_TARGETS_H

#include "lun.h"

/* The next lun_target_new or lun_discover_start fails with this. */
void fake_refuse(enum lun_layer layer, int code, const char *text);

/* Targets being opened, and portals being asked. */
size_t fake_opening(void);
size_t fake_asking(void);
/* How often a target was opened so far. */
unsigned fake_opens(const char *iqn);
/* The portals it was made with, joined by spaces. */
const char *fake_portals(const char *iqn);

/* Ends the opening of a target: LUN_OK is well. */
void fake_opened(const char *iqn, enum lun_layer layer, int code);
/* Ends the question to a portal: with these targets (NULL ends them; each at "10.0.2.15:3260", group 1) or,
 * with none, with an error. */
void fake_found(const char *portal, const char *const *iqns);
void fake_not_found(const char *portal, enum lun_layer layer, int code);

/* Everything made has been freed, and every question ended. */
bool fake_all_gone(void);

#endif
