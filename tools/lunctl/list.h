/* SPDX-License-Identifier: Apache-2.0 */
/* What `ls` says of a LUN, from wherever it is known: list.c makes the facts, list_tree.c finds the LUNs of a
 * mounted tree. Main thread, but list_unit anywhere. */
#ifndef LUNCTL_LIST_H
#define LUNCTL_LIST_H

#include "args.h"

struct list_unit {
    uint64_t lun;
    const void *inquiry, *capacity; /* as the device sent them, or NULL */
    size_t inquiry_length, capacity_length;
    bool has_data, read_only;
    const char *name;  /* its own worldwide name, or NULL */
    const char *error; /* why it is not there, or NULL */
};

/* Facts of the unit, as item `unit` of item `target`. */
void list_unit(struct lun_facts *f, size_t target, size_t unit, const struct list_unit *u);
/* The facts around them: first of all of a target. error may be NULL. */
void list_target(struct lun_facts *f, size_t target, const char *name, const char *error);

/* The LUNs below a path: of a LUN's, a target's or a mount's directory. */
bool list_tree(const char *path, struct lun_facts *f, struct lun_error *e);

#endif
