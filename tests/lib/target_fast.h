/* SPDX-License-Identifier: Apache-2.0 */
/* The fast target (tests/lib/fast_target) for a test: a process of its own on a free port of 127.0.0.1. */
#ifndef TESTS_TARGET_FAST_H
#define TESTS_TARGET_FAST_H

#include <sys/types.h>

#include "workspace.h"

#define TARGET_FAST_IQN "iqn.2026-01.com.example:fast"

/* Starts $FAST_TARGET with these words of a command line. Exports $PORT, $IQN and $URL (of the target). It
 * ends with the test. Returns its process. */
pid_t target_fast_start(struct workspace *w, const char *options);

#endif
