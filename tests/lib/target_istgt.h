/* SPDX-License-Identifier: Apache-2.0 */
/* An istgt of a test's own (package istgt): another implementation than tgt, with a 1024-byte CHAP challenge
 * and digests that can be required. */
#ifndef TESTS_TARGET_ISTGT_H
#define TESTS_TARGET_ISTGT_H

#include <stdint.h>
#include <sys/types.h>

#include "workspace.h"

#define TARGET_ISTGT_BASE "iqn.2026-01.com.example"
/* What AuthGroup1 accepts, and what the target answers with. */
#define TARGET_ISTGT_USER "host7"
#define TARGET_ISTGT_SECRET "secret-of-host7"
#define TARGET_ISTGT_MUTUAL_USER "disk"
#define TARGET_ISTGT_MUTUAL_SECRET "secret-of-disk"

struct target_istgt {
    struct workspace *workspace;
    uint16_t port;
    pid_t pid;
    unsigned units;
    char config[8192];
};

void target_istgt_init(struct target_istgt *t, struct workspace *w);
/* Adds the target TARGET_ISTGT_BASE:NAME with a LUN 0 of that many MiB over $W/NAME; `lines` is more of its
 * [LogicalUnit] section. Before target_istgt_start. */
void target_istgt_unit(struct target_istgt *t, const char *name, unsigned mib, const char *lines);
/* Starts it; exports $PORT. */
void target_istgt_start(struct target_istgt *t);
void target_istgt_stop(struct target_istgt *t);

#endif
