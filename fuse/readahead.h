/* SPDX-License-Identifier: Apache-2.0 */
/* How far the kernel reads ahead on this mount. Main thread. */
#ifndef FUSE_READAHEAD_H
#define FUSE_READAHEAD_H

#include "state.h"

/* Raises it to what is wanted, where that is permitted, and notes what is in force. After INIT, before
 * anybody opens a file: an open file keeps what held when it was opened. */
void readahead_raise(struct mount *m);

#endif
