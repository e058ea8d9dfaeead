/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How many commands a unit may have in flight. Pure: no clock, no memory, no lock; whoever owns the unit's
 * loop calls. A depth that was configured stays; an automatic one moves:
 *
 * - TASK SET FULL (SAM-5 5.3.1): at once down to what else was in flight, so many did the device take.
 * - From there up again, an eighth at a time (at least one), while commands wait for room and are answered
 *   within DEPTH_SLOW. A step that meets TASK SET FULL again doubles the pause before the next.
 * - Beyond DEPTH_START, or where answers take longer than DEPTH_SLOW, a step up is a trial: it stays only if
 *   the rate of answers grows by half as much as the depth did.
 * - There, when one up has failed, steps down are tried: they stay while the rate has not fallen by more than
 * a sixteenth, since then the queue did nothing but wait.
 *
 * The rate is Little's: depth / mean latency, over a window of answers that came while others waited.
 */
#ifndef LUN_BLOCK_DEPTH_H
#define LUN_BLOCK_DEPTH_H

#include <stdbool.h>
#include <stdint.h>

#define DEPTH_START 128u
#define DEPTH_MOST 1024u
#define DEPTH_SLOW 100000000u /* ns; a queue that waits less than this is in nobody's way */

enum depth_reason {
    DEPTH_CONFIGURED, /* fixed */
    DEPTH_BEGINS,     /* nothing has moved it yet */
    DEPTH_FULL,       /* TASK SET FULL */
    DEPTH_GROWN,      /* more waited, and it could be more */
    DEPTH_LATENCY,    /* more in flight brought longer answers and no more of them */
};

struct depth {
    enum depth_reason reason;
    uint32_t fulls;   /* TASK SET FULLs so far */
    uint64_t latency; /* ns; READs and WRITEs, a moving average over some sixteen */

    uint64_t sum;          /* ns; the window under way: latencies, */
    uint32_t count;        /* and answers, those included that were issued under the depth before */
    uint32_t base;         /* the depth the trial under way is measured by, 0: no trial */
    uint64_t base_latency; /* ns; mean of the window at that depth */
    uint32_t before;       /* the depth to go back to: before the last step of the trial */
    uint32_t pause, rest;  /* windows without a step after one that failed; those that are left */
    bool down;             /* the next trial is one down: the last that failed was up */
};

/* configured: 0 = automatic. Returns the depth in force. */
uint32_t depth_init(struct depth *d, uint32_t configured);

/* The rest takes the depth in force and returns the new one. */
/* A command has been answered with TASK SET FULL while `others` were in flight. */
uint32_t depth_full(struct depth *d, uint32_t depth, uint32_t others);
/* A READ or WRITE has been answered well after `ns`, while the depth was used up and commands waited. */
uint32_t depth_answered(struct depth *d, uint32_t depth, uint64_t ns);

/* Every READ or WRITE that was answered well. */
static inline void depth_note(struct depth *d, uint64_t ns)
{
    d->latency += (uint64_t)((int64_t)(ns - d->latency) / 16);
}

/* "configured", "start", ... */
const char *depth_reason_word(enum depth_reason r);

#endif
