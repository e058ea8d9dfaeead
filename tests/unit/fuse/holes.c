/* SPDX-License-Identifier: Apache-2.0 */
/* Extents since a truncation, and the holes they leave. */
#include "holes.h"

#include <criterion/criterion.h>
#include <stdlib.h>

static void expect_hole(const struct holes *h, uint64_t start, uint64_t end)
{
    struct extent e;
    cr_assert(holes_first(h, &e), "no hole");
    cr_assert_eq(e.start, start);
    cr_assert_eq(e.end, end);
}

static void expect_none(const struct holes *h)
{
    struct extent e;
    cr_assert_not(holes_first(h, &e));
}

Test(holes, empty_has_none)
{
    struct holes h = {0};
    expect_none(&h);
}

Test(holes, sequential_writing_is_one_extent)
{
    struct holes h = {0};
    for (uint64_t i = 0; i < 1000; i++)
        cr_assert(holes_write(&h, i * 100, i * 100 + 100));
    cr_assert_eq(h.count, 1);
    expect_none(&h);
    holes_free(&h);
}

Test(holes, skipped_start)
{
    struct holes h = {0};
    holes_write(&h, 4096, 8192);
    expect_hole(&h, 0, 4096);
    holes_free(&h);
}

Test(holes, gap_between)
{
    struct holes h = {0};
    holes_write(&h, 0, 10);
    holes_write(&h, 20, 30);
    expect_hole(&h, 10, 20);
    holes_free(&h);
}

Test(holes, what_lies_past_the_end_is_none)
{
    struct holes h = {0};
    holes_write(&h, 0, 10);
    expect_none(&h);
    holes_free(&h);
}

Test(holes, truncated_to_a_size_leaves_a_hole_to_there)
{
    struct holes h = {0};
    holes_write(&h, 0, 10);
    holes_truncate(&h, 100);
    expect_hole(&h, 10, 100);
    holes_free(&h);
}

Test(holes, truncated_shorter_forgets_what_was_above)
{
    struct holes h = {0};
    holes_write(&h, 0, 100);
    holes_truncate(&h, 50);
    expect_none(&h);
    holes_write(&h, 200, 210);
    expect_hole(&h, 50, 200);
    holes_free(&h);
}

Test(holes, truncated_to_nothing_starts_again)
{
    struct holes h = {0};
    holes_write(&h, 0, 100);
    holes_truncate(&h, 0);
    expect_none(&h);
    holes_write(&h, 10, 20);
    expect_hole(&h, 0, 10);
    holes_free(&h);
}

Test(holes, filling_does_not_move_the_end)
{
    struct holes h = {0};
    holes_write(&h, 0, 10);
    holes_fill(&h, 50, 60);
    expect_none(&h);
    holes_write(&h, 90, 100);
    expect_hole(&h, 10, 50);
    holes_fill(&h, 10, 50);
    expect_hole(&h, 60, 90);
    holes_free(&h);
}

Test(holes, overlapping_writes_join)
{
    struct holes h = {0};
    holes_write(&h, 0, 10);
    holes_write(&h, 20, 30);
    holes_write(&h, 40, 50);
    holes_write(&h, 5, 45);
    cr_assert_eq(h.count, 1);
    cr_assert_eq(h.at[0].start, 0);
    cr_assert_eq(h.at[0].end, 50);
    holes_free(&h);
}

Test(holes, touching_writes_join)
{
    struct holes h = {0};
    holes_write(&h, 10, 20);
    holes_write(&h, 20, 30);
    holes_write(&h, 0, 10);
    cr_assert_eq(h.count, 1);
    holes_free(&h);
}

Test(holes, empty_write_changes_nothing)
{
    struct holes h = {0};
    cr_assert(holes_write(&h, 100, 100));
    cr_assert_eq(h.count, 0);
    expect_none(&h);
}

/* Against a plain map of bytes. */
Test(holes, random_against_a_map)
{
    enum { SIZE = 512 };
    unsigned char map[SIZE] = {0};
    struct holes h = {0};
    unsigned seed = 12345;
    size_t end = 0;
    for (int round = 0; round < 20000; round++) {
        seed = seed * 1103515245 + 12345;
        size_t start = (seed >> 8) % SIZE, length = (seed >> 20) % 24;
        size_t stop = start + length < SIZE ? start + length : SIZE;
        unsigned what = (seed >> 27) % 16;
        if (what == 0) {
            holes_truncate(&h, start);
            memset(map + start, 0, SIZE - start);
            end = start;
        } else if (what < 4) {
            cr_assert(holes_fill(&h, start, stop));
            memset(map + start, 1, stop - start);
        } else {
            cr_assert(holes_write(&h, start, stop));
            memset(map + start, 1, stop - start);
            if (stop > start && stop > end)
                end = stop;
        }
        size_t first = 0;
        while (first < end && map[first])
            first++;
        struct extent e;
        bool hole = holes_first(&h, &e);
        cr_assert_eq(hole, first < end, "round %d", round);
        if (!hole)
            continue;
        size_t last = first;
        while (last < end && !map[last])
            last++;
        cr_assert_eq(e.start, first);
        cr_assert_eq(e.end, last, "round %d: %zu, not %zu", round, (size_t)e.end, last);
    }
    holes_free(&h);
}
