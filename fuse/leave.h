/* SPDX-License-Identifier: Apache-2.0 */
/* Unmounting while the loop still serves. Main thread. */
#ifndef FUSE_LEAVE_H
#define FUSE_LEAVE_H

#include "state.h"

struct leave;

/* Writes back and unmounts in a thread of its own, since both ask the loop; detaches after timeout_ms. NULL:
 * no memory or thread, and the mount has been detached. */
struct leave *leave_start(struct mount *m, uint32_t timeout_ms);
/* Waits for that thread. The descriptor must be closed, lest it waits for an answer. Accepts NULL. */
void leave_join(struct leave *l);
/* Unmounts at once, busy or not. */
void leave_detach(const struct mount *m);

#endif
