/* SPDX-License-Identifier: Apache-2.0 */
/* lunfs itself, as a user starts it: in the background, on the folder $M of a workspace. */
#ifndef TESTS_DAEMON_H
#define TESTS_DAEMON_H

#include "workspace.h"

/* Path of the lunfs under test: $LUNFS_PROGRAM, else the one built beside the tests. */
const char *daemon_path(void);
/* Words of a shell that stand for the built lunfs from here on. */
void daemon_program(const char *words);
/* `lunfs SOURCE $M OPTIONS` must mount. SOURCE and OPTIONS are words of a shell. Exports $M, $T (the first
 * target's directory) and $D ($T/lun1/data). */
void daemon_mount(struct workspace *w, const char *source, const char *options);
/* The same where something is missing: one warning on stderr says `missing`. NULL: nothing may be said. */
void daemon_mount_without(struct workspace *w, const char *source, const char *options, const char *missing);
/* Unmounts as a user does; the daemon must end and leave neither a mount nor a process. */
void daemon_unmount(struct workspace *w);
/* Process id of the mounted daemon, from .lunfs/version. */
int daemon_pid(struct workspace *w);

/* `lunfs SOURCE MOUNTPOINT OPTIONS` must fail with this exit code and one line on stderr, and leave no mount
 * and no process. Returns the line. */
const char *daemon_refuses(struct workspace *w, int code, const char *source, const char *mountpoint,
                           const char *options);

#endif
