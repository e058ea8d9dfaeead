/* SPDX-License-Identifier: Apache-2.0 */
/* The depth of a unit's queue, and what moves it; see depth.h. Pure; home loop. SAM-5 5.3.1 (TASK SET FULL).
 */
#include "block/depth.h"

#define PAUSE_AFTER_FULL 4u
#define PAUSE_MOST 64u
#define WINDOW_LEAST 16u

uint32_t depth_init(struct depth *d, uint32_t configured)
{
    *d = (struct depth){.reason = configured ? DEPTH_CONFIGURED : DEPTH_BEGINS, .pause = 1};
    return configured ? configured : DEPTH_START;
}

static uint32_t least(uint32_t a, uint32_t b)
{
    return a < b ? a : b;
}

static void new_window(struct depth *d)
{
    d->sum = 0;
    d->count = 0;
}

static uint32_t move(struct depth *d, uint32_t to, enum depth_reason why)
{
    d->reason = why;
    new_window(d);
    return to;
}

static uint32_t step(uint32_t depth)
{
    return depth < 16 ? 1 : depth / 8;
}

static uint32_t above(uint32_t depth)
{
    return least(depth + step(depth), depth < DEPTH_START ? DEPTH_START : DEPTH_MOST);
}

uint32_t depth_full(struct depth *d, uint32_t depth, uint32_t others)
{
    d->fulls++;
    if (d->reason == DEPTH_CONFIGURED)
        return depth;
    /* One refusal that a step up has met, not each of a burst, makes the next step come later. */
    if (d->reason == DEPTH_GROWN)
        d->pause = least(d->pause * 2, PAUSE_MOST);
    if (d->pause < PAUSE_AFTER_FULL)
        d->pause = PAUSE_AFTER_FULL;
    d->rest = d->pause;
    d->base = 0;
    d->down = false;
    return move(d, least(depth, others ? others : 1), DEPTH_FULL);
}

/* Has the rate at `depth` reached n sixteenths of that before the trial? */
static bool reaches(const struct depth *d, uint32_t depth, uint64_t mean, uint32_t n)
{
    return depth * d->base_latency * 16 >= d->base * mean * n;
}

static uint32_t end_trial(struct depth *d, uint32_t depth, uint64_t mean)
{
    bool up = depth > d->base;
    bool easy = depth <= DEPTH_START && mean < DEPTH_SLOW;
    /* Half of what the depth has grown by, but no less than one in sixteen: noise is no gain. */
    uint32_t wanted = up ? 16 + 8 * (depth - d->base) / d->base : 15;
    wanted += up && wanted == 16;
    uint32_t base = d->base;
    if ((up && easy) || reaches(d, depth, mean, wanted)) {
        d->pause = d->pause > 1 ? d->pause / 2 : 1;
        /* A way down is measured by where it began, or many small losses would pass. */
        d->base = up ? 0 : base;
        return depth;
    }
    d->base = 0;
    d->down = up;
    d->pause = least(d->pause * 2, PAUSE_MOST);
    d->rest = d->pause;
    return move(d, d->before, up ? DEPTH_LATENCY : DEPTH_GROWN);
}

static uint32_t begin_trial(struct depth *d, uint32_t depth, uint64_t mean)
{
    bool may_go_down = depth > DEPTH_START || (depth > 1 && mean >= DEPTH_SLOW);
    bool down = may_go_down && (d->down || depth == DEPTH_MOST);
    if (!d->base || !down) {
        d->base = depth;
        d->base_latency = mean;
    }
    d->before = depth;
    return down ? move(d, depth - step(depth), DEPTH_LATENCY) : move(d, above(depth), DEPTH_GROWN);
}

uint32_t depth_answered(struct depth *d, uint32_t depth, uint64_t ns)
{
    if (d->reason == DEPTH_CONFIGURED)
        return depth;
    /* The first `depth` of them were sent before the depth was this, or next to such. */
    uint32_t size = 2 * depth < WINDOW_LEAST ? WINDOW_LEAST : 2 * depth;
    if (++d->count > depth)
        d->sum += ns;
    if (d->count < depth + size)
        return depth;
    uint64_t mean = d->sum / size;
    new_window(d);
    if (d->base) {
        uint32_t kept = end_trial(d, depth, mean);
        if (kept != depth)
            return kept;
    } else if (d->rest) {
        d->rest--;
        return depth;
    }
    return begin_trial(d, depth, mean);
}

const char *depth_reason_word(enum depth_reason r)
{
    static const char *const words[] = {"configured", "start", "task-set-full", "grown", "latency"};
    return words[r];
}
