/* SPDX-License-Identifier: Apache-2.0 */
/* iSCSI names, portal addresses and URLs: lun_name_check, lun_portal_parse and lun_url_parse of lun.h live in
 * name.c and url.c. This header holds what only the library needs. Pure; any thread. */
#ifndef LUN_WIRE_NAME_H
#define LUN_WIRE_NAME_H

#include "lun.h"

#define NAME_MAX_LENGTH 223 /* RFC 7143, 4.2.7.1 */
#define PORTAL_DEFAULT_PORT 3260

/* TargetAddress value "host[:port][,group]" (RFC 7143, 13.8), IPv6 in brackets or "[v4]" as istgt writes it.
 * *ret_group is -1 when absent. */
bool name_target_address(const char *text, char ret_host[static 256], uint16_t *ret_port, int *ret_group,
                         struct lun_error *e);

#endif
