/* SPDX-License-Identifier: Apache-2.0 */
/* Each CDB byte for byte, from the tables of SPC-4 6 and SBC-3 5. */
#include "scsi/cdb.h"

#include <criterion/criterion.h>

#include <string.h>

static uint8_t cdb[CDB_MAX];

/* Builders must fill all bytes, whatever was there. */
static void dirty(void)
{
    memset(cdb, 0xee, sizeof cdb);
}

#define IS(...)                                                                                              \
    do {                                                                                                     \
        const uint8_t want[CDB_MAX] = {__VA_ARGS__};                                                         \
        cr_assert_arr_eq(cdb, want, CDB_MAX);                                                                \
    } while (0)

TestSuite(cdb, .init = dirty);

Test(cdb, test_unit_ready)
{
    cdb_test_unit_ready(cdb);
    IS(0x00);
}

Test(cdb, request_sense)
{
    cdb_request_sense(cdb, false, 252);
    IS(0x03, 0, 0, 0, 252);
}

Test(cdb, request_sense_in_descriptor_format)
{
    cdb_request_sense(cdb, true, 252);
    IS(0x03, 1, 0, 0, 252);
}

Test(cdb, inquiry)
{
    cdb_inquiry(cdb, false, 0, 260);
    IS(0x12, 0, 0, 1, 4);
}

Test(cdb, inquiry_of_a_vpd_page)
{
    cdb_inquiry(cdb, true, 0x83, 0xfffc);
    IS(0x12, 1, 0x83, 0xff, 0xfc);
}

Test(cdb, inquiry_without_evpd_has_no_page)
{
    cdb_inquiry(cdb, false, 0x83, 36);
    IS(0x12, 0, 0, 0, 36);
}

Test(cdb, mode_sense_6)
{
    cdb_mode_sense_6(cdb, 2, 0x3f, 0xff, 252);
    IS(0x1a, 0, 0xbf, 0xff, 252);
}

Test(cdb, mode_sense_6_keeps_fields_apart)
{
    cdb_mode_sense_6(cdb, 5, 0xff, 0, 4);
    IS(0x1a, 0, 0x7f, 0, 4);
}

Test(cdb, mode_sense_10)
{
    cdb_mode_sense_10(cdb, 3, 0x08, 0x01, 0x1234);
    IS(0x5a, 0, 0xc8, 0x01, 0, 0, 0, 0x12, 0x34);
}

Test(cdb, read_capacity_10)
{
    cdb_read_capacity_10(cdb);
    IS(0x25);
}

Test(cdb, read_capacity_16)
{
    cdb_read_capacity_16(cdb, 32);
    IS(0x9e, 0x10, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 32);
}

Test(cdb, report_luns)
{
    cdb_report_luns(cdb, 2, 0x01020304);
    IS(0xa0, 0, 2, 0, 0, 0, 1, 2, 3, 4);
}

Test(cdb, read_10)
{
    cdb_read(cdb, false, 0x01020304, 0x0506);
    IS(0x28, 0, 1, 2, 3, 4, 0, 5, 6);
}

Test(cdb, read_16)
{
    cdb_read(cdb, true, 0x0102030405060708, 0x090a0b0c);
    IS(0x88, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12);
}

Test(cdb, write_10)
{
    cdb_write(cdb, false, false, 0xfffefdfc, 0xffff);
    IS(0x2a, 0, 0xff, 0xfe, 0xfd, 0xfc, 0, 0xff, 0xff);
}

Test(cdb, write_10_with_fua)
{
    cdb_write(cdb, false, true, 1, 1);
    IS(0x2a, 0x08, 0, 0, 0, 1, 0, 0, 1);
}

Test(cdb, write_16_with_fua)
{
    cdb_write(cdb, true, true, 0x100000000, 8);
    IS(0x8a, 0x08, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 8);
}

Test(cdb, synchronize_cache_10)
{
    cdb_synchronize_cache(cdb, false, 0, 0);
    IS(0x35);
}

Test(cdb, synchronize_cache_16)
{
    cdb_synchronize_cache(cdb, true, 0x1122334455667788, 0x99aabbcc);
    IS(0x91, 0, 0x11, 0x22, 0x33, 0x44, 0x55, 0x66, 0x77, 0x88, 0x99, 0xaa, 0xbb, 0xcc);
}

Test(cdb, names)
{
    cr_assert_str_eq(cdb_name(0x88, 0), "READ(16)");
    cr_assert_str_eq(cdb_name(0x35, 0), "SYNCHRONIZE CACHE(10)");
    cr_assert_null(cdb_name(0xff, 0));
}

Test(cdb, names_by_service_action)
{
    cr_assert_str_eq(cdb_name(0x9e, 0x10), "READ CAPACITY(16)");
    cr_assert_str_eq(cdb_name(0x9e, 0x12), "GET LBA STATUS");
    cr_assert_str_eq(cdb_name(0x9e, 0x1f), "SERVICE ACTION IN(16)");
}
