/* SPDX-License-Identifier: Apache-2.0 */
/* The life of one mount, from the targets' logins to their logouts. Main thread. */
#ifndef LUNFS_SERVICE_H
#define LUNFS_SERVICE_H

#include "config.h"
#include "options.h"

/* Blocks the signals that a service waits for; threads made later inherit that. */
bool service_signals(int *ret_fd, struct lun_error *e);

/*
 * Runs until the mount has ended. parent: the pipe of daemon.h, or -1 in the foreground. True when all went
 * well; on failure nothing is left (no mount, thread, session) and e says what failed. *parent turns -1
 * once the parent has been told that the mount works.
 */
bool service_run(const struct config *c, const struct options *o, const char *mountpoint, int signal_fd,
                 int *parent, struct lun_error *e);

#endif
