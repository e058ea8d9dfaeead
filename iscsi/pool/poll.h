/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Whether a loop looks for events for a while before it sleeps. Waking a thread that sleeps on another CPU
 * may cost more than a whole 4 KiB read does, so at low depth looking pays, if what comes comes soon. Pure:
 * times are given, nothing is called.
 *
 * Waiting for a device's answer and waiting for the next request are learnt apart: a slow device says nothing
 * about a fast reader. On each side looking is either on or off:
 *
 *            waits were short, and none is left on hold
 *     OFF ------------------------------------------------> ON
 *         <------------------------------------------------
 *            more than one wait in three was not worth it; the next hold is twice as long
 */
#ifndef LUN_POOL_POLL_H
#define LUN_POOL_POLL_H

#include <stdbool.h>
#include <stdint.h>

/* With more requests than this under way in a loop, something always comes soon, and batches are better. */
#define POLL_REQUESTS_MOST 2

enum poll_side {
    POLL_FOR_REQUEST, /* nothing is under way */
    POLL_FOR_ANSWER,
    POLL_SIDES
};

struct poll {
    uint64_t most; /* ns; 0: never look */
    struct {
        bool on;
        int score;           /* of looking, while on */
        uint32_t hold;       /* short waits still to be slept through, while off */
        uint32_t hold_after; /* what the next turning off sets hold to */
        uint64_t found, missed;
    } side[POLL_SIDES];
};

void poll_init(struct poll *p, uint64_t most);

/* How long to look before sleeping, ns. */
static inline uint64_t poll_time(const struct poll *p, enum poll_side s)
{
    return p->side[s].on ? p->most : 0;
}

/* A wait has ended after `waited` ns: with looking (found), or with sleeping. */
void poll_learn(struct poll *p, enum poll_side s, bool found, uint64_t waited);
/* While looking, another thread had the CPU: it is wanted elsewhere. */
void poll_disturbed(struct poll *p, enum poll_side s);

#endif
