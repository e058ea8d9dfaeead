/* SPDX-License-Identifier: Apache-2.0 */
/* Names of statuses, sense keys, device types, pages and additional sense codes. */
#include "scsi/decode.h"

#include <criterion/criterion.h>

#include <ctype.h>
#include <string.h>

Test(names, statuses)
{
    cr_assert_str_eq(scsi_status_name(SCSI_GOOD), "GOOD");
    cr_assert_str_eq(scsi_status_name(SCSI_CHECK_CONDITION), "CHECK CONDITION");
    cr_assert_str_eq(scsi_status_name(SCSI_BUSY), "BUSY");
    cr_assert_str_eq(scsi_status_name(SCSI_RESERVATION_CONFLICT), "RESERVATION CONFLICT");
    cr_assert_str_eq(scsi_status_name(SCSI_TASK_SET_FULL), "TASK SET FULL");
    cr_assert_str_eq(scsi_status_name(SCSI_TASK_ABORTED), "TASK ABORTED");
}

Test(names, no_status_is_without_a_name)
{
    for (unsigned s = 0; s < 256; s++)
        cr_assert_not_null(scsi_status_name((uint8_t)s));
}

Test(names, sense_keys)
{
    cr_assert_str_eq(lun_sense_key_name(0), "no sense");
    cr_assert_str_eq(lun_sense_key_name(5), "illegal request");
    cr_assert_str_eq(lun_sense_key_name(6), "unit attention");
    cr_assert_str_eq(lun_sense_key_name(0xb), "aborted command");
    cr_assert_str_eq(lun_sense_key_name(0xe), "miscompare");
}

Test(names, no_sense_key_is_without_a_name)
{
    for (unsigned k = 0; k < 256; k++)
        cr_assert_not_null(lun_sense_key_name((uint8_t)k));
}

Test(names, device_types)
{
    cr_assert_str_eq(lun_device_type_name(0x00), "disk");
    cr_assert_str_eq(lun_device_type_name(0x01), "tape");
    cr_assert_str_eq(lun_device_type_name(0x0c), "storage-array-controller");
    cr_assert_str_eq(lun_device_type_name(0x0d), "enclosure");
    cr_assert_str_eq(lun_device_type_name(0x1d), "reserved");
}

Test(names, device_types_are_words)
{
    for (unsigned t = 0; t < 256; t++)
        for (const char *c = lun_device_type_name((uint8_t)t); *c; c++)
            cr_assert(islower((unsigned char)*c) || *c == '-');
}

Test(names, vpd_pages)
{
    cr_assert_str_eq(lun_vpd_name(0x00), "supported-vpd-pages");
    cr_assert_str_eq(lun_vpd_name(0x80), "unit-serial-number");
    cr_assert_str_eq(lun_vpd_name(0x83), "device-identification");
    cr_assert_str_eq(lun_vpd_name(0xb0), "block-limits");
    cr_assert_str_eq(lun_vpd_name(0xb2), "logical-block-provisioning");
}

Test(names, vpd_pages_of_vendors_have_none)
{
    for (unsigned p = 0xc0; p < 256; p++)
        cr_assert_null(lun_vpd_name((uint8_t)p));
}

/* They become file names. */
Test(names, vpd_names_are_safe_as_file_names)
{
    for (unsigned p = 0; p < 256; p++)
        for (const char *c = lun_vpd_name((uint8_t)p); c && *c; c++)
            cr_assert(islower((unsigned char)*c) || isdigit((unsigned char)*c) || *c == '-');
}

Test(names, asc_first_and_last_of_the_list)
{
    cr_assert_str_eq(lun_asc_text(0, 0), "No additional sense information");
    cr_assert_str_eq(lun_asc_text(0x74, 0x79), "Security conflict in translated device");
}

Test(names, asc_common_ones)
{
    cr_assert_str_eq(lun_asc_text(0x04, 0x00), "Logical unit not ready, cause not reportable");
    cr_assert_str_eq(lun_asc_text(0x20, 0x00), "Invalid command operation code");
    cr_assert_str_eq(lun_asc_text(0x21, 0x00), "Logical block address out of range");
    cr_assert_str_eq(lun_asc_text(0x24, 0x00), "Invalid field in CDB");
    cr_assert_str_eq(lun_asc_text(0x27, 0x00), "Write protected");
    cr_assert_str_eq(lun_asc_text(0x29, 0x00), "Power on, reset, or bus device reset occurred");
    cr_assert_str_eq(lun_asc_text(0x2a, 0x09), "Capacity data has changed");
    cr_assert_str_eq(lun_asc_text(0x3a, 0x00), "Medium not present");
    cr_assert_str_eq(lun_asc_text(0x3f, 0x0e), "Reported LUNs data has changed");
}

Test(names, asc_unassigned)
{
    cr_assert_null(lun_asc_text(0x04, 0xff));
    cr_assert_null(lun_asc_text(0xff, 0x00));
    cr_assert_null(lun_asc_text(0x80, 0x00));
}

Test(names, asc_whose_qualifier_is_a_value)
{
    cr_assert_null(lun_asc_text(0x40, 0x7f));
    cr_assert_str_eq(lun_asc_text(0x40, 0x80), "Diagnostic failure on component NN");
    cr_assert_not_null(lun_asc_text(0x4d, 0x17));
}

/* A table out of order would hide rows from the binary search: T10's list has 763 codes and three ranges. */
Test(names, asc_every_row_is_found)
{
    unsigned found = 0;
    for (unsigned code = 0; code < 0x10000; code++)
        if (lun_asc_text((uint8_t)(code >> 8), (uint8_t)code))
            found++;
    cr_assert_eq(found, 763 + 128 + 256 + 256);
}

Test(names, asc_texts_are_sentences)
{
    for (unsigned code = 0; code < 0x10000; code++) {
        const char *text = lun_asc_text((uint8_t)(code >> 8), (uint8_t)code);
        if (!text)
            continue;
        cr_assert(isupper((unsigned char)text[0]) || strncmp(text, "iSCSI", 5) == 0, "%s", text);
        for (const char *c = text; *c; c++)
            cr_assert(*c >= ' ' && *c < 0x7f, "%s", text);
    }
}
