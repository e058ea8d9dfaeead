/* SPDX-License-Identifier: Apache-2.0 */
/* The heap of deadlines fires in order, once, and forgets what was disarmed. */
#include <criterion/criterion.h>

#include "base/timer.h"

struct probe {
    struct timer timer;
    int id;
};

static int order[64];
static int fired;

static void note(struct timer *t, uint64_t now)
{
    cr_assert(now >= t->deadline);
    order[fired++] = ((struct probe *)(void *)t)->id;
}

Test(timer, fires_in_order_of_deadline)
{
    struct timer_heap heap = {0};
    struct probe p[5];
    const uint64_t when[5] = {50, 10, 40, 20, 30};
    for (int i = 0; i < 5; i++) {
        p[i] = (struct probe){.timer.fire = note, .id = i};
        cr_assert(timer_arm(&heap, &p[i].timer, when[i]));
    }
    cr_assert_eq(timer_next(&heap), 10);
    timer_run(&heap, 35);
    cr_assert_eq(fired, 3);
    cr_assert_eq(order[0], 1);
    cr_assert_eq(order[1], 3);
    cr_assert_eq(order[2], 4);
    cr_assert_eq(timer_next(&heap), 40);
    timer_heap_free(&heap);
}

Test(timer, disarmed_and_rearmed)
{
    struct timer_heap heap = {0};
    struct probe p[40];
    for (int i = 0; i < 40; i++) {
        p[i] = (struct probe){.timer.fire = note, .id = i};
        cr_assert(timer_arm(&heap, &p[i].timer, (uint64_t)(i * 7 % 40)));
    }
    for (int i = 0; i < 40; i += 2)
        timer_disarm(&heap, &p[i].timer);
    timer_disarm(&heap, &p[0].timer);
    cr_assert(timer_arm(&heap, &p[1].timer, 1000));
    timer_run(&heap, 999);
    cr_assert_eq(fired, 19);
    for (int i = 1; i < fired; i++)
        cr_assert_leq(p[order[i - 1]].timer.deadline, p[order[i]].timer.deadline);
    cr_assert(timer_armed(&p[1].timer));
    timer_run(&heap, 1000);
    cr_assert_eq(fired, 20);
    cr_assert_eq(timer_next(&heap), TIMER_NEVER);
    timer_heap_free(&heap);
}
