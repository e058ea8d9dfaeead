/* SPDX-License-Identifier: Apache-2.0 */
/* Where in the user's words something stands, and refusals that begin with it. */
#ifndef LUNFS_PLACE_H
#define LUNFS_PLACE_H

#include "lun.h"

/* A place in a file (line from 1), or an -o option, or neither (the command line or the environment). The
 * strings are borrowed. */
struct place {
    const char *file;
    uint32_t line, column; /* from 1; columns count characters, not bytes */
    const char *option;
};

/* The code of errors about an option: its word is a matter of usage. */
#define PLACE_OPTION 2

/* Fills *e with "FILE:LINE:COLUMN: ..." or "option 'x': ..." and returns false. */
__attribute__((format(printf, 3, 4))) bool place_fail(struct lun_error *e, const struct place *p,
                                                      const char *format, ...);
/* Memory ran out: fills *e, returns false. */
bool place_no_memory(struct lun_error *e);

#endif
