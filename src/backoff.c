/* SPDX-License-Identifier: Apache-2.0 */
/* Exponential back-off with jitter. Pure; any thread. */
#include "backoff.h"

#define FIRST 2000
#define LONGEST 60000

uint32_t backoff_delay(unsigned failures, uint32_t random)
{
    uint32_t delay = FIRST;
    for (unsigned i = 1; i < failures && delay < LONGEST; i++)
        delay *= 2;
    if (delay > LONGEST)
        delay = LONGEST;
    return delay - delay / 4 + random % (delay / 2 + 1);
}
