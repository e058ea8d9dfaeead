/* SPDX-License-Identifier: Apache-2.0 */
/* The file `data`: a logical unit as a regular file. In the mount's loop. */
#ifndef FUSE_DATA_H
#define FUSE_DATA_H

#include "state.h"

void data_open(struct mount *m, fuse_req_t req, struct node *n, int flags);
void data_read(struct mount *m, fuse_req_t req, struct handle *h, size_t size, off_t offset);
void data_write(struct mount *m, fuse_req_t req, struct handle *h, const char *bytes, size_t size,
                off_t offset, int flags);
void data_flush(struct mount *m, fuse_req_t req, struct handle *h); /* close(2) */
void data_fsync(struct mount *m, fuse_req_t req, struct handle *h);
void data_release(struct mount *m, struct handle *h);
/* A truncate; h NULL when it came by path. 0 or an errno. */
int data_truncate(struct mount *m, struct node *n, struct handle *h, uint64_t size);
void data_seek(fuse_req_t req, struct node *n, off_t offset, int whence);

#endif
