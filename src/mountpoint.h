/* SPDX-License-Identifier: Apache-2.0 */
/* Is there a place to mount on? Main thread. */
#ifndef LUNFS_MOUNTPOINT_H
#define LUNFS_MOUNTPOINT_H

#include "lun.h"

/* The canonical path of a directory that no lunfs is mounted on; malloc'ed. NULL and e otherwise. */
char *mountpoint_check(const char *path, struct lun_error *e);
/* Is the newest mount on that (canonical) path a lunfs, by the text of a mountinfo (proc(5))? */
bool mountpoint_is_lunfs(const char *mountinfo, const char *path);

#endif
