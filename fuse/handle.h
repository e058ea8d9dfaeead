/* SPDX-License-Identifier: Apache-2.0 */
/* Open files. A handle's number is its slot and the slot's generation, so that a stale number finds nothing.
 * The table belongs to the mount's loop; handles are never freed before handle_table_free. */
#ifndef FUSE_HANDLE_H
#define FUSE_HANDLE_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct node;
struct zeroing;

struct handle {
    uint32_t index, generation;
    bool used;
    struct node *node;
    int flags;               /* of open(2) */
    _Atomic bool dirty;      /* written since the last good flush; set in home loops too */
    bool size_forgotten;     /* opened with O_TRUNC: the kernel believes the size is 0, see data.c */
    struct zeroing *zeroing; /* truncated, see zero.c */
    char *text;              /* NODE_TEXT: what a read returns */
    size_t length;
    struct handle *next_free;
};

struct handle_table {
    struct handle **at;
    uint32_t count, room;
    struct handle *unused;
};

/* NULL: no memory. */
struct handle *handle_new(struct handle_table *t, struct node *node, int flags);
uint64_t handle_number(const struct handle *h);
/* NULL: there is no such handle (any more). */
struct handle *handle_get(const struct handle_table *t, uint64_t number);
/* Frees its text. Accepts NULL. */
void handle_free(struct handle_table *t, struct handle *h);
void handle_table_free(struct handle_table *t);

#endif
