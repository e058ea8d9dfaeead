/* SPDX-License-Identifier: Apache-2.0 */
/* The text files: made at open, read from memory. In the mount's loop. */
#ifndef FUSE_FILES_H
#define FUSE_FILES_H

#include "state.h"

void files_open(struct mount *m, fuse_req_t req, struct node *n, int flags);
void files_read(fuse_req_t req, const struct handle *h, size_t size, off_t offset);
void files_seek(fuse_req_t req, const struct handle *h, off_t offset, int whence);

#endif
