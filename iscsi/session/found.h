/* SPDX-License-Identifier: Apache-2.0 */
/* From the text that answers SendTargets to targets and portals (RFC 7143 appendix C, 13.8). Pure; any
 * thread. */
#ifndef LUN_SESSION_FOUND_H
#define LUN_SESSION_FOUND_H

#include "lun.h"

/* `asked`: the portal for targets that come without an address, and whose scope link-local addresses get. A
 * target that is named several times is one. NULL: out of memory, or text that makes no sense (e filled). */
struct lun_found *found_from_text(const char *text, size_t n, const char *asked, struct lun_error *e);

#endif
