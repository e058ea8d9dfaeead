/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A regular file that was truncated promises that what is skipped afterwards reads as zeros; a device does
 * not. So from O_TRUNC (or a truncate to 0) on, a handle keeps what has been written since, and the ranges
 * between are zeroed on the device before its close returns. All of it in the mount's loop.
 */
#ifndef FUSE_ZERO_H
#define FUSE_ZERO_H

#include "state.h"

struct zeroing;

/* The handle's file has been truncated to nothing. False: no memory. */
bool zero_begin(struct mount *m, struct handle *h);
/* A truncate to `size` on a handle; nothing to do unless zero_begin came before. */
void zero_truncate(struct handle *h, uint64_t size);
enum zero_verdict { ZERO_GO, ZERO_PARKED, ZERO_NO_MEMORY };
/* Notes the write r of `handle` in every truncated handle of its unit. ZERO_PARKED: zeros are on their way to
 * the same place; r is submitted once they are there. */
enum zero_verdict zero_write(struct request *r, struct handle *handle);
/* True: r would read holes of its own handle, and is submitted or ended when they are zeroed: a mapping would
 * else be written back with the old bytes around the new ones. */
bool zero_read(struct request *r, struct handle *h);
/* True: there are holes, and r (a flush) is submitted or ended when they are zeroed. */
bool zero_flush(struct request *r, struct handle *h);
/* The handle is released: its last holes are zeroed, and then it is forgotten. */
void zero_release(struct handle *h);
/* When nothing runs any more (mount_free). */
void zero_free_all(struct tree *t);

#endif
