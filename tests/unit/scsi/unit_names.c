/* SPDX-License-Identifier: Apache-2.0 */
/* Names of the logical unit itself from VPD page 83h: which count, how they are spelled, which is best. */
#include "golden.h"
#include "scsi/decode.h"

#include <criterion/criterion.h>

#include <stdio.h>
#include <string.h>

static char names[LUN_NAMES_MAX][272];

static size_t of(const char *file)
{
    GOLDEN g = golden_read(file);
    return scsi_unit_names(g.data, g.n, names, LUN_NAMES_MAX);
}

/* A page with one designator. */
static size_t of_one(uint8_t code_set, uint8_t second, const void *designator, uint8_t length)
{
    uint8_t page[300] = {0, 0x83,  (uint8_t)((length + 4) >> 8), (uint8_t)(length + 4), code_set, second,
                         0, length};
    memcpy(page + 8, designator, length);
    GOLDEN g = golden_of(page, length + 8u);
    return scsi_unit_names(g.data, g.n, names, LUN_NAMES_MAX);
}

/* tgt makes all three from target and LUN numbers; the type 3 one says so. */
Test(unit_names, of_tgt)
{
    cr_assert_eq(of("tgt-lun1/vpd-83.bin"), 3);
    cr_assert_str_eq(names[0], "naa.60000000000000000e00000000010001");
    cr_assert_str_eq(names[1], "t10.IET     00010001");
    cr_assert_str_eq(names[2], "naa.3000000100000001");
}

Test(unit_names, of_istgt)
{
    cr_assert_eq(of("istgt/vpd-83.bin"), 2);
    cr_assert_str_eq(names[0], "t10.FreeBSD iSCSI DISK      10000001");
    cr_assert_str_eq(names[1], "naa.3000000097a860e1");
}

Test(unit_names, of_lio)
{
    cr_assert_eq(of("lio-512/vpd-83.bin"), 2);
    cr_assert_str_eq(names[0], "naa.60014051111111100000000000000000");
    cr_assert_str_eq(names[1], "t10.LIO-ORG LIO-d512:11111111-0000-0000-0000-000000000512");
}

Test(unit_names, of_every_type_in_order_of_worth)
{
    cr_assert_eq(of("made/vpd-83.bin"), 8);
    cr_assert_str_eq(names[0], "naa.2abc00025385def0");
    cr_assert_str_eq(names[1], "naa.5000c50012345678");
    cr_assert_str_eq(names[2], "naa.60014051234567890abcdef012345678");
    cr_assert_str_eq(names[3], "eui.0002c903000a1b2c");
    cr_assert_str_eq(names[4], "eui.0002c903000a1b2c01020304");
    cr_assert_str_eq(names[5], "eui.aabbccddeeff00110002c903000a1b2c");
    cr_assert_str_eq(names[6], "t10.EXAMPLE disk 42");
    cr_assert_str_eq(names[7], "naa.3123456789abcdef");
}

Test(unit_names, room_for_fewer)
{
    GOLDEN g = golden_read("made/vpd-83.bin");
    cr_assert_eq(scsi_unit_names(g.data, g.n, names, 2), 2);
    cr_assert_str_eq(names[1], "naa.5000c50012345678");
    cr_assert_eq(scsi_unit_names(g.data, g.n, names, 0), 0);
}

Test(unit_names, of_ports_and_devices_do_not_count)
{
    const uint8_t naa[8] = {0x50};
    cr_assert_eq(of_one(1, 0x13, naa, 8), 0);
    cr_assert_eq(of_one(1, 0x23, naa, 8), 0);
    cr_assert_eq(of_one(1, 0x03, naa, 8), 1);
}

Test(unit_names, name_string)
{
    cr_assert_eq(of_one(3, 0x08, "iqn.2026-01.com.example:a\0\0\0", 28), 1);
    cr_assert_str_eq(names[0], "iqn.2026-01.com.example:a");
}

Test(unit_names, name_string_is_spelled_like_the_designator)
{
    cr_assert_eq(of_one(3, 0x08, "NAA.5000C50012345678", 20), 1);
    cr_assert_str_eq(names[0], "naa.5000c50012345678");
}

Test(unit_names, the_same_name_twice_counts_once)
{
    const uint8_t page[] = {0,    0x83, 0, 24, 1, 3, 0,    8, 0x50, 0, 0xc5, 0,    0x12, 0x34,
                            0x56, 0x78, 1, 3,  0, 8, 0x50, 0, 0xc5, 0, 0x12, 0x34, 0x56, 0x78};
    cr_assert_eq(scsi_unit_names(page, sizeof page, names, LUN_NAMES_MAX), 1);
}

Test(unit_names, text_is_escaped_without_ambiguity)
{
    cr_assert_eq(of_one(2, 0x01, "A\\B/\x01\xff\"", 7), 1);
    cr_assert_str_eq(names[0], "t10.A\\x5cB/\\x01\\xff\"");
}

Test(unit_names, padding_alone_is_no_name)
{
    cr_assert_eq(of_one(2, 0x01, "        ", 8), 0);
    cr_assert_eq(of_one(2, 0x01, "", 0), 0);
}

Test(unit_names, wrong_lengths_are_no_names)
{
    const uint8_t d[16] = {0x60};
    const uint8_t e[16] = {0x50};
    cr_assert_eq(of_one(1, 0x03, d, 8), 0);
    cr_assert_eq(of_one(1, 0x03, e, 16), 0);
    cr_assert_eq(of_one(1, 0x03, e, 0), 0);
    cr_assert_eq(of_one(1, 0x02, e, 7), 0);
}

Test(unit_names, unknown_naa_type_is_no_name)
{
    const uint8_t d[8] = {0x40};
    cr_assert_eq(of_one(1, 0x03, d, 8), 0);
}

Test(unit_names, longest_text_that_fits)
{
    char text[255];
    memset(text, 'n', sizeof text);
    cr_assert_eq(of_one(2, 0x01, text, 255), 1);
    cr_assert_eq(strlen(names[0]), 259);
}

/* Half a name could be another unit's. */
Test(unit_names, text_that_does_not_fit_is_no_name)
{
    char text[255];
    memset(text, 1, sizeof text);
    cr_assert_eq(of_one(2, 0x01, text, 255), 0);
}

Test(unit_names, another_page)
{
    GOLDEN g = golden_read("tgt-lun1/inquiry.bin");
    cr_assert_eq(scsi_unit_names(g.data, g.n, names, LUN_NAMES_MAX), 0);
    cr_assert_eq(scsi_unit_names(NULL, 0, names, LUN_NAMES_MAX), 0);
}

Test(unit_names, designator_cut_short)
{
    GOLDEN g = golden_read("tgt-lun1/vpd-83.bin");
    GOLDEN cut = golden_of(g.data, g.n - 1);
    cr_assert_eq(scsi_unit_names(cut.data, cut.n, names, LUN_NAMES_MAX), 2);
    cr_assert_str_eq(names[0], "t10.IET     00010001");
}
