/* SPDX-License-Identifier: Apache-2.0 */
/* How internal functions fill the public error type (lun.h). Any thread. */
#ifndef LUN_BASE_ERROR_H
#define LUN_BASE_ERROR_H

#include "lun.h"

/* Fills *e (which may be NULL) and returns false, so that a caller can `return error_set(...)`. */
__attribute__((format(printf, 5, 6))) bool error_set(struct lun_error *e, enum lun_layer layer, int code,
                                                     bool retry, const char *format, ...);
/* Puts "what: " before the text already in *e. */
__attribute__((format(printf, 2, 3))) void error_prefix(struct lun_error *e, const char *format, ...);

#endif
