/* SPDX-License-Identifier: Apache-2.0 */
/* Facts for people (aligned text, tables) and for programs (JSON): the only printers in lunctl. */
#ifndef LUNCTL_SHOW_H
#define LUNCTL_SHOW_H

#include "lun.h"

#include <stdio.h>

/* Bytes from a device or a user as printable ASCII: everything else, and the backslash, becomes \xNN.
 * NULL: no memory. The caller frees. */
char *show_escape(const void *text, size_t n);

/* Each returns false when memory is short or the facts are incomplete for that reason. */
/* "key: value" lines, lists and nested names indented. */
bool show_text(FILE *to, const struct lun_facts *f);
/* One line for each innermost record, with what is known of the records around it (whose facts stand before
 * it); columns are the keys. */
bool show_table(FILE *to, const struct lun_facts *f);
/* One JSON object; a path component of digits is an index in an array. */
bool show_json(FILE *to, const struct lun_facts *f);

#endif
