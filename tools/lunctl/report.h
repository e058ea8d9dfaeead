/* SPDX-License-Identifier: Apache-2.0 */
/* How lunctl's own functions fill struct lun_error (the library's helper for that is not public). */
#ifndef LUNCTL_REPORT_H
#define LUNCTL_REPORT_H

#include "lun.h"

/* Fills *e and returns false, so that a caller can `return report_set(...)`. */
__attribute__((format(printf, 3, 4))) bool report_set(struct lun_error *e, enum lun_layer layer,
                                                      const char *format, ...);
/* The same for errno: "FORMAT…: No such file or directory". */
__attribute__((format(printf, 2, 3))) bool report_errno(struct lun_error *e, const char *format, ...);

#endif
