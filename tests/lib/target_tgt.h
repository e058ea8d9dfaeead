/* SPDX-License-Identifier: Apache-2.0 */
/* A tgtd of a test's own (package tgt): one process, one portal on 127.0.0.1, any number of LUNs. */
#ifndef TESTS_TARGET_TGT_H
#define TESTS_TARGET_TGT_H

#include <stdint.h>
#include <sys/types.h>

#include "workspace.h"

#define TARGET_TGT_IQN "iqn.2026-01.com.example:disk"

struct target_tgt {
    struct workspace *workspace;
    uint16_t port;
    pid_t pid;
};

/* Starts tgtd with target 1, named TARGET_TGT_IQN, open to every initiator, without LUNs (LUN 0 is tgt's
 * controller). Exports $PORT and $IQN to commands. */
void target_tgt_start(struct target_tgt *t, struct workspace *w);
/* The same on this port: one that nobody has listened on so far. */
void target_tgt_start_at(struct target_tgt *t, struct workspace *w, uint16_t port);
void target_tgt_stop(struct target_tgt *t);
/* tgtadm --lld iscsi with these arguments; must succeed; returns what it printed. */
const char *target_tgt_adm(struct target_tgt *t, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
/* Adds a LUN over the file $W/NAME, which is made with that many MiB if it is not there. */
void target_tgt_lun(struct target_tgt *t, unsigned lun, const char *name, unsigned mib, const char *options);
/* Sessions that tgtd knows of. */
int target_tgt_sessions(struct target_tgt *t);

#endif
