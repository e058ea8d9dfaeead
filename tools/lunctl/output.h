/* SPDX-License-Identifier: Apache-2.0 */
/* Where a command's result goes: --output or standard output. Main thread. */
#ifndef LUNCTL_OUTPUT_H
#define LUNCTL_OUTPUT_H

#include "args.h"

/* NULL on failure. binary: refused on a terminal, unless "-" asks for it. An existing file is emptied: open
 * the source first. */
FILE *output_open(const struct args *a, bool binary, struct lun_error *e);
bool output_write(FILE *f, const struct args *a, const void *bytes, size_t n, struct lun_error *e);
/* Closes. True when the work before was done (ok) and everything written has arrived; else e says what failed
 * first. */
bool output_finish(FILE *f, const struct args *a, bool ok, struct lun_error *e);
/* Text, table or JSON of the facts to the output. */
bool output_facts(const struct args *a, const struct lun_facts *f, bool table, struct lun_error *e);

#endif
