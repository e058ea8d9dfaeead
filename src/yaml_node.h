/* SPDX-License-Identifier: Apache-2.0 */
/* A YAML file as a tree of nodes that know their place. Main thread. */
#ifndef LUNFS_YAML_NODE_H
#define LUNFS_YAML_NODE_H

#include "place.h"

enum yaml_node_kind { NODE_SCALAR, NODE_LIST, NODE_MAP };

struct yaml_node {
    enum yaml_node_kind kind;
    struct place place;
    char *text;  /* scalar: UTF-8 without control characters */
    bool quoted; /* scalar: written as a string, whatever it looks like */
    /* List: the items. Map: keys (scalars, all different) and values in turn. */
    struct yaml_node **children;
    size_t count;
};

/* Reads one document. `file` is what messages call it; it must outlive the nodes. NULL and e on failure. */
struct yaml_node *yaml_node_parse(const char *file, const void *text, size_t n, struct lun_error *e);
struct yaml_node *yaml_node_read(const char *file, struct lun_error *e);
/* Wipes the texts (a password may be among them). Accepts NULL. */
void yaml_node_free(struct yaml_node *n);

#endif
