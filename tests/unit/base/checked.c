/* SPDX-License-Identifier: Apache-2.0 */
/* Sums, products and ranges of numbers that somebody else chose. */
#include "base/checked.h"

#include <criterion/criterion.h>

Test(checked, add)
{
    uint64_t v = 7;
    cr_assert(checked_add_u64(UINT64_MAX - 1, 1, &v));
    cr_assert_eq(v, UINT64_MAX);
    v = 7;
    cr_assert_not(checked_add_u64(UINT64_MAX, 1, &v));
    cr_assert_eq(v, 7);
}

Test(checked, multiply)
{
    uint64_t v = 7;
    cr_assert(checked_mul_u64(0x100000000, 0xffffffff, &v));
    cr_assert_eq(v, 0xffffffff00000000);
    v = 7;
    cr_assert_not(checked_mul_u64(0x100000000, 0x100000000, &v));
    cr_assert_eq(v, 7);
    cr_assert(checked_mul_u64(UINT64_MAX, 0, &v));
    cr_assert_eq(v, 0);
}

Test(checked, result_may_be_an_operand)
{
    uint64_t v = 40;
    cr_assert(checked_add_u64(v, 2, &v));
    cr_assert_eq(v, 42);
    cr_assert(checked_mul_u64(v, 2, &v));
    cr_assert_eq(v, 84);
}

Test(checked, range_inside)
{
    cr_assert(checked_range(0, 512, 512));
    cr_assert(checked_range(511, 1, 512));
    cr_assert(checked_range(0, UINT64_MAX, UINT64_MAX));
}

Test(checked, empty_range)
{
    cr_assert(checked_range(0, 0, 0));
    cr_assert(checked_range(512, 0, 512));
    cr_assert_not(checked_range(513, 0, 512));
}

Test(checked, range_outside)
{
    cr_assert_not(checked_range(0, 513, 512));
    cr_assert_not(checked_range(512, 1, 512));
    cr_assert_not(checked_range(1, 512, 512));
}

/* offset + length wraps to 511 here. */
Test(checked, range_that_wraps)
{
    cr_assert_not(checked_range(UINT64_MAX - 511, 1023, 1024));
    cr_assert_not(checked_range(UINT64_MAX, UINT64_MAX, UINT64_MAX));
    cr_assert_not(checked_range(1, UINT64_MAX, UINT64_MAX));
}
