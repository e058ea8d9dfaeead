/* SPDX-License-Identifier: Apache-2.0 */
/* When looking before sleeping pays; see poll.h. Pure; called by a loop in its own thread. */
#include "pool/poll.h"

#include <string.h>

#define SCORE_MOST 12
#define SCORE_FOUND 1
#define SCORE_MISSED (-2)
#define HOLD_FIRST 8
#define HOLD_MOST 4096

void poll_init(struct poll *p, uint64_t most)
{
    memset(p, 0, sizeof *p);
    p->most = most;
    for (int s = 0; s < POLL_SIDES; s++)
        p->side[s].hold_after = p->side[s].hold = HOLD_FIRST;
}

static void turn_off(struct poll *p, enum poll_side s)
{
    uint32_t hold = p->side[s].hold_after;
    p->side[s].on = false;
    p->side[s].hold = hold;
    p->side[s].hold_after = hold < HOLD_MOST ? 2 * hold : hold;
}

/* A wait that was slept through has the waking in it, so up to twice the time counts as short. */
static void learn_asleep(struct poll *p, enum poll_side s, uint64_t waited)
{
    if (waited > 2 * p->most)
        return;
    if (p->side[s].hold) {
        p->side[s].hold--;
        return;
    }
    p->side[s].on = true;
    p->side[s].score = 0;
}

void poll_learn(struct poll *p, enum poll_side s, bool found, uint64_t waited)
{
    if (!p->most)
        return;
    if (!p->side[s].on) {
        learn_asleep(p, s, waited);
        return;
    }
    if (found) {
        p->side[s].found++;
        p->side[s].score += SCORE_FOUND;
        if (p->side[s].score >= SCORE_MOST) {
            p->side[s].score = SCORE_MOST;
            p->side[s].hold_after = HOLD_FIRST;
        }
        return;
    }
    p->side[s].missed++;
    p->side[s].score += SCORE_MISSED;
    if (p->side[s].score < 0)
        turn_off(p, s);
}

void poll_disturbed(struct poll *p, enum poll_side s)
{
    if (p->side[s].on)
        turn_off(p, s);
}
