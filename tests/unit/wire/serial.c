/* SPDX-License-Identifier: Apache-2.0 */
/* Serial number arithmetic (RFC 1982, 3.2) on 32 bits. */
#include "wire/serial.h"

#include <criterion/criterion.h>

Test(serial, without_wrapping)
{
    cr_assert(serial_less(1, 2));
    cr_assert_not(serial_less(2, 1));
    cr_assert_not(serial_less(2, 2));
    cr_assert(serial_less_equal(2, 2));
    cr_assert(serial_less_equal(1, 2));
    cr_assert_not(serial_less_equal(3, 2));
}

Test(serial, across_the_wrap)
{
    cr_assert(serial_less(0xffffffff, 0));
    cr_assert(serial_less(0xfffffff0, 0x10));
    cr_assert_not(serial_less(0, 0xffffffff));
    cr_assert(serial_less_equal(0xffffffff, 0));
    cr_assert_not(serial_less_equal(0, 0xffffffff));
}

/* The furthest two numbers may be apart and still have an order: 2^31 - 1. */
Test(serial, at_the_greatest_distance)
{
    cr_assert(serial_less(1, 0x80000000));
    cr_assert_not(serial_less(0x80000000, 1));
    cr_assert(serial_less(0x80000001, 0));
}
