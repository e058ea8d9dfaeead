/* SPDX-License-Identifier: Apache-2.0 */
/* libfuse's table of operations. Its functions run in the mount's loop, called through serve.c. */
#ifndef FUSE_OPS_H
#define FUSE_OPS_H

#include "state.h"

extern const struct fuse_lowlevel_ops ops_table;

#endif
