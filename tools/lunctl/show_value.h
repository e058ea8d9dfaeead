/* SPDX-License-Identifier: Apache-2.0 */
/* What the printers share: one fact's value as text, and the parts of a path. Defined in show.c. */
#ifndef LUNCTL_SHOW_VALUE_H
#define LUNCTL_SHOW_VALUE_H

#include "lun.h"

/* Printable, on one line; the caller frees. brief: for a cell of a table. NULL: no memory. */
char *show_value(const struct lun_fact *f, bool brief);
/* Lower-case hexadecimal; the caller frees. NULL: no memory. */
char *show_hex(const void *bytes, size_t n);
/* Length of the first component of path (0 at its end). */
size_t show_component(const char *path);
/* Is this component (n bytes) an index in a list? */
bool show_is_index(const char *component, size_t n);

#endif
