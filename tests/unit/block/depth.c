/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The depth of a queue, against devices that are simulated: how many commands one works on at a time, how
 * long each takes, how many it lets in (SAM-5 5.3.1, TASK SET FULL). More commands always wait.
 */
#include <criterion/criterion.h>

#include "block/depth.h"

#define MS 1000000ull

struct device {
    uint32_t parallel; /* commands it works on at once */
    uint64_t takes;    /* ns for each */
    uint32_t room;     /* beyond so many in all it says TASK SET FULL; 0: never */
};

static struct depth d;
static uint32_t depth, least, most;

static void begin(uint32_t configured)
{
    depth = least = most = depth_init(&d, configured);
}

static void seen(void)
{
    least = depth < least ? depth : least;
    most = depth > most ? depth : most;
}

/* So many answers, each from a queue that has been full since the depth was set. */
static void answers(const struct device *v, uint32_t n)
{
    while (n--) {
        if (v->room && depth > v->room)
            for (uint32_t others = depth - 1; others >= v->room; others--) {
                depth = depth_full(&d, depth, others);
                seen();
            }
        uint64_t waits = depth > v->parallel ? v->takes * depth / v->parallel : v->takes;
        depth_note(&d, waits);
        depth = depth_answered(&d, depth, waits);
        seen();
        cr_assert(depth >= 1 && depth <= DEPTH_MOST, "a depth of %u", depth);
    }
}

Test(depth, begins_where_it_says)
{
    begin(0);
    cr_assert_eq(depth, DEPTH_START);
    cr_assert_eq(d.reason, DEPTH_BEGINS);
    begin(7);
    cr_assert_eq(depth, 7);
    cr_assert_eq(d.reason, DEPTH_CONFIGURED);
}

Test(depth, a_configured_one_never_moves)
{
    begin(50);
    answers(&(struct device){.parallel = 1000, .takes = MS}, 100000);
    answers(&(struct device){.parallel = 1, .takes = 1000 * MS}, 1000);
    cr_assert_eq(depth_full(&d, depth, 3), 50);
    cr_assert_eq(least, 50);
    cr_assert_eq(most, 50);
    cr_assert_eq(d.fulls, 1, "they are counted all the same");
}

Test(depth, task_set_full_leaves_what_is_in_flight)
{
    begin(0);
    for (uint32_t others = 127; others >= 32; others--)
        depth = depth_full(&d, depth, others);
    cr_assert_eq(depth, 32);
    cr_assert_eq(d.fulls, 96);
    cr_assert_eq(d.reason, DEPTH_FULL);
}

Test(depth, task_set_full_never_raises_it_and_leaves_one)
{
    begin(0);
    depth = depth_full(&d, depth, 10);
    cr_assert_eq(depth_full(&d, depth, 90), 10, "sent before it was ten");
    cr_assert_eq(depth_full(&d, depth, 0), 1);
}

/* Somebody else filled the device for a while. */
Test(depth, grows_back_when_task_set_full_is_over)
{
    struct device v = {.parallel = 8, .takes = MS / 10};
    begin(0);
    depth = depth_full(&d, depth, 1);
    cr_assert_eq(depth, 1);
    answers(&v, 50);
    cr_assert_eq(depth, 1, "not at once");
    answers(&v, 20000);
    cr_assert_eq(depth, DEPTH_START);
    cr_assert_eq(d.fulls, 1);
}

/* It finds the room there is, and asks for more but rarely. */
Test(depth, stays_near_the_room_a_device_has)
{
    static const uint32_t rooms[] = {1, 2, 5, 32, 100};
    for (size_t i = 0; i < sizeof rooms / sizeof *rooms; i++) {
        struct device v = {.parallel = 4, .takes = MS, .room = rooms[i]};
        begin(0);
        answers(&v, 50000);
        uint32_t fulls = d.fulls;
        least = most = depth;
        answers(&v, 100000);
        cr_assert_eq(least, rooms[i]);
        cr_assert_leq(most, rooms[i] + 1 + rooms[i] / 8);
        cr_assert_geq(depth, rooms[i]);
        cr_assert_lt(d.fulls - fulls, 100000 / 50, "room for %u: %u refused", rooms[i], d.fulls - fulls);
    }
}

Test(depth, follows_a_room_that_grows)
{
    struct device v = {.parallel = 4, .takes = MS, .room = 10};
    begin(0);
    answers(&v, 10000);
    cr_assert_leq(depth, 11);
    v.room = 60;
    answers(&v, 100000);
    cr_assert_geq(depth, 60);
}

/* A distant array: each command is long on its way, and it takes hundreds. */
Test(depth, grows_while_it_brings_more)
{
    begin(0);
    answers(&(struct device){.parallel = 600, .takes = 20 * MS}, 500000);
    cr_assert_geq(depth, 550);
    cr_assert_leq(depth, 600 + 600 / 8);
    cr_assert_eq(least, DEPTH_START);
}

Test(depth, has_an_end)
{
    begin(0);
    answers(&(struct device){.parallel = 100000, .takes = 10 * MS}, 1000000);
    cr_assert_eq(depth, DEPTH_MOST);
    answers(&(struct device){.parallel = 100000, .takes = 200 * MS}, 100000);
    cr_assert_geq(depth, DEPTH_MOST - DEPTH_MOST / 8, "long, but all of it pays");
}

/* More in flight only waits: it does not stay deeper, and nothing is lost by what is tried. */
Test(depth, does_not_grow_where_it_brings_nothing)
{
    begin(0);
    answers(&(struct device){.parallel = 16, .takes = MS}, 500000);
    cr_assert_eq(least, DEPTH_START);
    cr_assert_leq(most, DEPTH_START + DEPTH_START / 8);
    answers(&(struct device){.parallel = 16, .takes = MS}, 2000); /* the end of a trial, if there was one */
    cr_assert(d.reason == DEPTH_LATENCY || d.base, "%s", depth_reason_word(d.reason));
}

/* A slow link: 128 commands wait for 10 s. */
Test(depth, shrinks_where_answers_take_long)
{
    struct device v = {.parallel = 1, .takes = 80 * MS};
    begin(0);
    answers(&v, 50000);
    cr_assert_leq(depth, 2);
    cr_assert_leq(d.latency, 170 * MS);
    v.takes = MS / 10; /* and when it has become a fast one: */
    answers(&v, 20000);
    cr_assert_eq(depth, DEPTH_START);
}

/* As far away as that, and all in flight is of use. */
Test(depth, does_not_shrink_where_the_rate_would)
{
    begin(0);
    answers(&(struct device){.parallel = 128, .takes = 300 * MS}, 100000);
    cr_assert_geq(least, DEPTH_START - DEPTH_START / 8);
    cr_assert_geq(depth, least);
}

/* Each step down costs a little: they must not add up. */
Test(depth, does_not_lose_the_rate_by_small_steps)
{
    begin(0);
    for (int i = 0; i < 200000; i++) {
        /* rate = depth ^ 1/2, as of a disk that sorts its queue */
        uint64_t root = 1;
        while (root * root < depth)
            root++;
        depth = depth_answered(&d, depth, 40 * MS * root);
        seen();
    }
    cr_assert_geq(least, 5, "%u", least);
}

Test(depth, words)
{
    cr_assert_str_eq(depth_reason_word(DEPTH_CONFIGURED), "configured");
    cr_assert_str_eq(depth_reason_word(DEPTH_BEGINS), "start");
    cr_assert_str_eq(depth_reason_word(DEPTH_FULL), "task-set-full");
    cr_assert_str_eq(depth_reason_word(DEPTH_GROWN), "grown");
    cr_assert_str_eq(depth_reason_word(DEPTH_LATENCY), "latency");
}
