/* SPDX-License-Identifier: Apache-2.0 */
/* lunctl's commands. Each does its work, prints its result and returns true, or false with e filled. Main
 * thread. */
#ifndef LUNCTL_COMMANDS_H
#define LUNCTL_COMMANDS_H

#include "args.h"

/* list.c */
bool list_discover(const struct args *a, struct lun_error *e);
bool list_ls(const struct args *a, struct lun_error *e);
/* ask.c */
bool ask_inquiry(const struct args *a, struct lun_error *e);
bool ask_vpd(const struct args *a, struct lun_error *e);
bool ask_capacity(const struct args *a, struct lun_error *e);
/* copy.c */
bool copy_read(const struct args *a, struct lun_error *e);
bool copy_write(const struct args *a, struct lun_error *e);

#endif
