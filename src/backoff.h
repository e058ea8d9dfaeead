/* SPDX-License-Identifier: Apache-2.0 */
/* How long to wait before a missing target is tried again. Pure. */
#ifndef LUNFS_BACKOFF_H
#define LUNFS_BACKOFF_H

#include <stdint.h>

/* ms, after so many failures (from 1): 2 s, doubling to 60 s, then a quarter more or less by `random`, so
 * that what was lost together does not come back together. */
uint32_t backoff_delay(unsigned failures, uint32_t random);

#endif
