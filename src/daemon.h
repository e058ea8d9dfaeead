/* SPDX-License-Identifier: Apache-2.0 */
/* Into the background, with the parent waiting until the mount works. Main thread, before any other. */
#ifndef LUNFS_DAEMON_H
#define LUNFS_DAEMON_H

#include "lun.h"

/* Forks. In the child: true, and *ret_pipe is the way to the parent, for daemon_ready or daemon_failed. In
 * the parent: false, and *ret_code is what to exit with, after the child has said how it went (its line is
 * on stderr by then). */
bool daemon_start(int *ret_pipe, int *ret_code);
/* A line for the parent's stderr that changes nothing: something is missing, and the mount comes up all the
 * same. */
void daemon_warn(int pipe, const char *text);
/* The mount works: the parent may go with 0. */
void daemon_ready(int pipe);
/* It does not: the parent says so and goes with 1. */
void daemon_failed(int pipe, const char *text);

#endif
