/* SPDX-License-Identifier: Apache-2.0 */
/* The stock of buffers by itself: order, bound, and what trimming gives back. */
#include <criterion/criterion.h>
#include <stdint.h>

#include "lun.h"
#include "pool/buffers.h"

static struct buffers b;

static void fini(void)
{
    buffers_free(&b);
}

TestSuite(buffers, .fini = fini);

static void get_and_put(int n)
{
    void *held[BUFFERS_KEPT + 8];
    for (int i = 0; i < n; i++) {
        held[i] = buffers_get(&b);
        cr_assert_not_null(held[i]);
    }
    for (int i = n; i-- > 0;)
        buffers_put(&b, held[i]);
}

Test(buffers, last_in_first_out)
{
    void *x = buffers_get(&b), *y = buffers_get(&b);
    buffers_put(&b, x);
    buffers_put(&b, y);
    cr_assert_eq(buffers_get(&b), y);
    cr_assert_eq(buffers_get(&b), x);
    buffers_put(&b, x);
    buffers_put(&b, y);
}

Test(buffers, all_of_it_can_be_written)
{
    uint8_t *p = buffers_get(&b);
    p[0] = p[LUN_BUFFER_SIZE - 1] = 1;
    buffers_put(&b, p);
}

Test(buffers, no_more_than_so_many_are_kept)
{
    get_and_put(BUFFERS_KEPT + 8);
    cr_assert_eq(b.count, BUFFERS_KEPT);
}

Test(buffers, trim_spares_what_was_used)
{
    get_and_put(10);
    buffers_trim(&b);
    cr_assert_eq(b.count, 10, "all of them were out since the last time");
    get_and_put(4);
    buffers_trim(&b);
    cr_assert_eq(b.count, 4);
}

Test(buffers, trim_empties_an_idle_stock)
{
    get_and_put(10);
    buffers_trim(&b);
    buffers_trim(&b);
    cr_assert_eq(b.count, 0);
}

Test(buffers, trim_takes_the_cold_ones)
{
    get_and_put(3);
    buffers_trim(&b);
    void *warm = buffers_get(&b);
    buffers_put(&b, warm);
    buffers_trim(&b);
    cr_assert_eq(b.count, 1);
    cr_assert_eq(buffers_get(&b), warm);
    buffers_put(&b, warm);
}

Test(buffers, trim_collects_what_others_put)
{
    void *p = buffers_get(&b);
    buffers_put_elsewhere(&b, p);
    cr_assert_eq(b.count, 0);
    buffers_trim(&b);
    cr_assert_eq(b.count, 1);
    buffers_trim(&b);
    cr_assert_eq(b.count, 0);
}

Test(buffers, free_collects_what_others_put)
{
    void *p = buffers_get(&b), *q = buffers_get(&b);
    buffers_put_elsewhere(&b, p);
    buffers_put_elsewhere(&b, q);
    buffers_free(&b);
    cr_assert_eq(b.count, 0);
}
