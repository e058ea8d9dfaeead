/* SPDX-License-Identifier: Apache-2.0 */
/* LUN fields (SAM-5 4.7) and the numbers users see. */
#include "wire/lun_field.h"

#include <criterion/criterion.h>

static void both_ways(uint64_t number, uint64_t field)
{
    uint64_t v;
    cr_assert(lun_field_from_number(number, &v));
    cr_assert_eq(v, field, "%#lx, not %#lx", (unsigned long)v, (unsigned long)field);
    cr_assert(lun_field_to_number(field, &v));
    cr_assert_eq(v, number);
}

static void no_number(uint64_t field)
{
    uint64_t v = 12345;
    cr_assert_not(lun_field_to_number(field, &v), "%#lx", (unsigned long)field);
    cr_assert_eq(v, 12345);
}

static void no_field(uint64_t number)
{
    uint64_t v = 12345;
    cr_assert_not(lun_field_from_number(number, &v), "%#lx", (unsigned long)number);
    cr_assert_eq(v, 12345);
}

Test(lun_field, peripheral_below_256)
{
    both_ways(0, 0);
    both_ways(1, 0x0001000000000000);
    both_ways(255, 0x00ff000000000000);
}

Test(lun_field, flat_space_below_16384)
{
    both_ways(256, 0x4100000000000000);
    both_ways(4660, 0x5234000000000000);
    both_ways(16383, 0x7fff000000000000);
}

/* Some arrays report every LUN in flat space form: the number is the same. */
Test(lun_field, flat_space_of_small_numbers)
{
    uint64_t v;
    cr_assert(lun_field_to_number(0x4000000000000000, &v));
    cr_assert_eq(v, 0);
    cr_assert(lun_field_to_number(0x4005000000000000, &v));
    cr_assert_eq(v, 5);
}

/* 49409 is what Linux calls the REPORT LUNS well known logical unit. */
Test(lun_field, well_known)
{
    both_ways(49409, 0xc101000000000000);
}

Test(lun_field, extended_flat)
{
    both_ways(0x4e20d200, 0xd2004e2000000000);
    both_ways(0x0001d200, 0xd200000100000000);
    both_ways(0xffffd2ff, 0xd2ffffff00000000);
}

Test(lun_field, long_extended_flat)
{
    both_ways(0x56781234e2ab, 0xe2ab123456780000);
}

Test(lun_field, every_plain_number_comes_back)
{
    for (uint64_t n = 0; n < 16384; n++) {
        uint64_t field, back;
        cr_assert(lun_field_from_number(n, &field));
        cr_assert(lun_field_to_number(field, &back));
        cr_assert_eq(back, n);
    }
}

Test(lun_field, several_levels_are_refused)
{
    no_number(0x0001000200000000);
    no_number(0x4001000000000001);
    no_number(0x0101000000000000); /* bus 1: the device lies one level down */
}

Test(lun_field, logical_unit_addressing_is_refused)
{
    no_number(0x8001000000000000);
}

Test(lun_field, extended_forms_unknown_or_ill_formed)
{
    no_number(0xffffffffffffffff); /* no logical unit specified */
    no_number(0xc201000000000000);
    no_number(0xc101000000000001);
    no_number(0xd200000100000001);
    no_number(0xe200000000010001);
}

Test(lun_field, numbers_without_a_field)
{
    no_field(16384);
    no_field(65535);
    no_field(65536);
    no_field(UINT64_MAX);
    no_field(0x00020001); /* two peripheral levels */
}
