/* SPDX-License-Identifier: Apache-2.0 */
/* Receives from /dev/fuse in the mount's loop. */
#ifndef FUSE_SERVE_H
#define FUSE_SERVE_H

#include "lun.h"

struct mount;

/* Watches the descriptor. In the mount's loop, as all here. */
bool serve_start(struct mount *m, struct lun_error *e);
void serve_stop(struct mount *m);
/* While a request is handled: the buffer it lies in becomes the caller's (lun_buffer_put). NULL: there is no
 * other buffer to put in its place. */
void *serve_take_buffer(struct mount *m);
/* Stops receiving until serve_resume, while writes that make progress hold all the memory there may be. */
void serve_pause(struct mount *m);
void serve_resume(struct mount *m);

#endif
