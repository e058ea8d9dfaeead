/* SPDX-License-Identifier: Apache-2.0 */
/* REPORT LUNS data, SPC-4 6.33. */
#include "golden.h"
#include "scsi/decode.h"

#include <criterion/criterion.h>

static size_t count, needed;

Test(luns, of_tgt)
{
    GOLDEN g = golden_read("tgt-lun1/luns.bin");
    cr_assert(scsi_luns_count(g.data, g.n, &count, &needed));
    cr_assert_eq(count, 4);
    cr_assert_eq(needed, g.n);
    cr_assert_eq(scsi_luns_at(g.data, 0), 0);
    cr_assert_eq(scsi_luns_at(g.data, 3), UINT64_C(0x0003000000000000));
}

Test(luns, of_istgt)
{
    GOLDEN g = golden_read("istgt/luns.bin");
    cr_assert(scsi_luns_count(g.data, g.n, &count, &needed));
    cr_assert_eq(count, 1);
}

Test(luns, list_longer_than_the_buffer)
{
    GOLDEN g = golden_read("tgt-lun1/luns.bin");
    cr_assert(scsi_luns_count(g.data, 31, &count, &needed));
    cr_assert_eq(count, 2, "half an entry is none");
    cr_assert_eq(needed, 40);
}

Test(luns, empty)
{
    const uint8_t d[8] = {0};
    cr_assert(scsi_luns_count(d, sizeof d, &count, &needed));
    cr_assert_eq(count, 0);
    cr_assert_eq(needed, 8);
}

Test(luns, list_shorter_than_the_buffer)
{
    const uint8_t d[32] = {0, 0, 0, 8};
    cr_assert(scsi_luns_count(d, sizeof d, &count, &needed));
    cr_assert_eq(count, 1);
}

Test(luns, largest_length)
{
    const uint8_t d[16] = {255, 255, 255, 255};
    cr_assert(scsi_luns_count(d, sizeof d, &count, &needed));
    cr_assert_eq(count, 1);
    cr_assert_eq(needed, UINT64_C(0x100000007));
}

Test(luns, too_short)
{
    count = 42;
    cr_assert(!scsi_luns_count("\0\0\0\0\0\0\0", 7, &count, &needed));
    cr_assert_eq(count, 42);
}
