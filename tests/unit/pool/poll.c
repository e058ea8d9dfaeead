/* SPDX-License-Identifier: Apache-2.0 */
/* When a loop looks before it sleeps: both ways, each side by itself, and that failed tries become rare. */
#include <criterion/criterion.h>

#include "pool/poll.h"

#define MOST 100000u

static struct poll p;

static void begin(void)
{
    poll_init(&p, MOST);
}

TestSuite(poll, .init = begin);

/* Waits that end like this until looking turns on or off, at most `limit`. */
static int until(enum poll_side s, bool on, bool found, uint64_t waited, int limit)
{
    int n = 0;
    while ((poll_time(&p, s) != 0) != on && n < limit) {
        poll_learn(&p, s, found, waited);
        n++;
    }
    return n;
}

Test(poll, off_at_first)
{
    cr_assert_eq(poll_time(&p, POLL_FOR_ANSWER), 0);
    cr_assert_eq(poll_time(&p, POLL_FOR_REQUEST), 0);
}

Test(poll, short_waits_turn_it_on_for_the_whole_time)
{
    cr_assert_leq(until(POLL_FOR_ANSWER, true, false, MOST / 2, 100), 16);
    cr_assert_eq(poll_time(&p, POLL_FOR_ANSWER), MOST);
}

Test(poll, sides_learn_apart)
{
    until(POLL_FOR_ANSWER, true, false, MOST / 2, 100);
    cr_assert_eq(poll_time(&p, POLL_FOR_REQUEST), 0);
}

Test(poll, long_waits_never_turn_it_on)
{
    cr_assert_eq(until(POLL_FOR_ANSWER, true, false, 2 * MOST + 1, 10000), 10000);
}

Test(poll, stays_on_while_it_finds)
{
    until(POLL_FOR_ANSWER, true, false, 1, 100);
    cr_assert_eq(until(POLL_FOR_ANSWER, false, true, MOST / 2, 10000), 10000);
}

Test(poll, a_rare_miss_does_not_turn_it_off)
{
    until(POLL_FOR_ANSWER, true, false, 1, 100);
    for (int i = 0; i < 10000; i++) {
        poll_learn(&p, POLL_FOR_ANSWER, i % 4 != 3, MOST);
        cr_assert_eq(poll_time(&p, POLL_FOR_ANSWER), MOST, "after %d", i);
    }
}

Test(poll, as_many_misses_as_finds_turn_it_off)
{
    until(POLL_FOR_ANSWER, true, false, 1, 100);
    int n = 0;
    for (; poll_time(&p, POLL_FOR_ANSWER) && n < 100; n++)
        poll_learn(&p, POLL_FOR_ANSWER, n % 2 == 0, MOST);
    cr_assert_leq(n, 30);
}

Test(poll, failed_tries_become_rare)
{
    /* Short enough to be tried, too long to be found: each try costs one wait's looking. */
    int tries = 0;
    for (int i = 0; i < 100000; i++) {
        bool on = poll_time(&p, POLL_FOR_ANSWER) != 0;
        tries += on;
        poll_learn(&p, POLL_FOR_ANSWER, false, MOST + MOST / 2);
    }
    cr_assert_geq(tries, 5);
    cr_assert_leq(tries, 40);
}

Test(poll, success_forgives_failed_tries)
{
    for (int i = 0; i < 100000; i++)
        poll_learn(&p, POLL_FOR_ANSWER, false, MOST + MOST / 2);
    until(POLL_FOR_ANSWER, true, false, 1, 10000);
    for (int i = 0; i < 20; i++)
        poll_learn(&p, POLL_FOR_ANSWER, true, 1);
    until(POLL_FOR_ANSWER, false, false, MOST, 100);
    cr_assert_leq(until(POLL_FOR_ANSWER, true, false, 1, 10000), 16);
}

Test(poll, another_thread_that_wants_the_cpu_turns_it_off)
{
    until(POLL_FOR_ANSWER, true, false, 1, 100);
    poll_disturbed(&p, POLL_FOR_ANSWER);
    cr_assert_eq(poll_time(&p, POLL_FOR_ANSWER), 0);
    cr_assert_gt(until(POLL_FOR_ANSWER, true, false, 1, 10000), 4);
}

Test(poll, never_is_never)
{
    poll_init(&p, 0);
    cr_assert_eq(until(POLL_FOR_ANSWER, true, false, 0, 10000), 10000);
}
