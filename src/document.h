/* SPDX-License-Identifier: Apache-2.0 */
/* A parsed YAML file into the model. Main thread. */
#ifndef LUNFS_DOCUMENT_H
#define LUNFS_DOCUMENT_H

#include "config.h"
#include "yaml_node.h"

/* On failure *c holds what config_free must free. */
bool document_apply(const struct yaml_node *root, struct config *c, struct lun_error *e);

#endif
