/* SPDX-License-Identifier: Apache-2.0 */
/* LIO, the target of the Linux kernel, in a virtual machine without KVM (tests/lib/lio): one guest for a test
 * program, since it takes seconds to boot. The program goes into a network of its own, in which the guest's
 * portal is 127.0.0.1:3260 and the guest's own address, the only one that its SendTargets lists, belongs to a
 * witness: whoever connects there is written down. */
#ifndef TESTS_TARGET_LIO_H
#define TESTS_TARGET_LIO_H

#include <stdbool.h>
#include <sys/types.h>

#include "workspace.h"

/* As the guest calls itself: a portal that leads nowhere outside of it. */
#define TARGET_LIO_ADDRESS "10.0.2.15"
#define TARGET_LIO_PORT 3260
/* Bytes of $LIO_NOISE, which `disk NAME BYTES BLOCK noise` in the guest starts with. */
#define TARGET_LIO_NOISE (16 << 20)

struct target_lio {
    struct workspace workspace;
    pid_t guest, witness;
};

/* Before the tests, in the process that runs them: builds in $LIO_DIR what is not built yet, boots. 0, or the
 * exit code for a program that cannot go on (77 where there is no qemu, say), with the reason on stderr. */
int target_lio_boot(struct target_lio *l);
void target_lio_end(struct target_lio *l);

/* In a test: a command for the guest's shell, of one line (tests/lib/lio/commands). It must succeed; what it
 * printed is valid until the next call. */
const char *target_lio_run(const char *format, ...) __attribute__((format(printf, 1, 2)));
/* How many connections to the guest's own address the witness has seen so far. */
int target_lio_witnessed(void);

#endif
