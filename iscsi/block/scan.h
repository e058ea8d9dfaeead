/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Finding a target's units and what they are: REPORT LUNS, then for each unit TEST UNIT READY, INQUIRY, VPD
 * 00, 83, B0, READ CAPACITY and the caching mode page, units side by side. Home loop. SPC-4 6.33, 6.6,
 * SBC-3 5.16.
 */
#ifndef LUN_BLOCK_SCAN_H
#define LUN_BLOCK_SCAN_H

#include "block/unit.h"

/* Lists and identifies everything; device_scanned follows. While one runs, another is noted and follows it.
 */
void scan_list(struct lun_target *t);
/* Identifies one unit again; UNIT_CHANGED follows when something did. */
void scan_unit(struct lun_unit *u);

/* Scans in a row: a device that reports a change to each command would have us scan for ever. */
#define SCANS_MAX 4

/* Has REPORT LUNS of the scan under way been answered? */
bool scan_is_listed(const struct lun_target *t);
/* Between scan.c and identify.c. */
/* A unit has been identified: others may start, or the list ends. */
void scan_more(struct lun_target *t);

#endif
