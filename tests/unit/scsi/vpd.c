/* SPDX-License-Identifier: Apache-2.0 */
/* VPD pages as facts, and what the library takes from them. SPC-4 7.8, SBC-3 6.6. */
#include "golden.h"
#include "scsi/decode.h"

#include <criterion/criterion.h>

#include <stdio.h>
#include <string.h>

static struct lun_facts decoded(uint8_t page, const char *name)
{
    GOLDEN g = golden_read(name);
    struct lun_facts f = {0};
    lun_decode_vpd(page, g.data, g.n, &f);
    cr_assert(!f.failed);
    return f;
}

Test(vpd, list_of_tgt)
{
    GOLDEN g = golden_read("tgt-lun1/vpd-00.bin");
    uint8_t pages[256];
    const uint8_t want[] = {0x00, 0x80, 0x83, 0xb0, 0xb1, 0xb2};
    cr_assert_eq(scsi_vpd_list(g.data, g.n, pages), sizeof want);
    cr_assert_arr_eq(pages, want, sizeof want);
}

Test(vpd, list_is_sorted_and_free_of_doubles)
{
    uint8_t pages[256];
    const uint8_t page[] = {0, 0, 0, 6, 0xb0, 0x83, 0x00, 0x83, 0x80, 0xb0};
    const uint8_t want[] = {0x00, 0x80, 0x83, 0xb0};
    cr_assert_eq(scsi_vpd_list(page, sizeof page, pages), sizeof want);
    cr_assert_arr_eq(pages, want, sizeof want);
}

Test(vpd, list_cut_short)
{
    GOLDEN g = golden_read("tgt-lun1/vpd-00.bin");
    uint8_t pages[256];
    cr_assert_eq(scsi_vpd_list(g.data, 6, pages), 2);
    cr_assert_eq(scsi_vpd_list(g.data, 3, pages), 0);
    cr_assert_eq(scsi_vpd_list(NULL, 0, pages), 0);
}

/* Some devices ignore EVPD. */
Test(vpd, list_from_standard_inquiry_data_is_empty)
{
    GOLDEN g = golden_read("tgt-lun1/inquiry.bin");
    uint8_t pages[256];
    cr_assert_eq(scsi_vpd_list(g.data, g.n, pages), 0);
}

Test(vpd, list_facts)
{
    FACTS f = decoded(0x00, "istgt/vpd-00.bin");
    cr_assert_eq(fact_number(&f, "", "page_length"), 9);
    cr_assert(fact_is_hex(&f, "supported_vpd_pages.2", "page_code", "83"));
    cr_assert_str_eq(fact_text(&f, "supported_vpd_pages.2", "page_name"), "device-identification");
    cr_assert_null(fact_find(&f, "supported_vpd_pages.9", "page_code"));
}

Test(vpd, serial_number_of_tgt)
{
    FACTS f = decoded(0x80, "tgt-lun1/vpd-80.bin");
    const char *serial = fact_text(&f, "", "unit_serial_number");
    cr_assert_eq(strlen(serial), 36, "spaces in front belong to it");
    cr_assert_str_eq(serial + 30, "beaf11");
}

Test(vpd, serial_number_of_lio)
{
    FACTS f = decoded(0x80, "lio-512/vpd-80.bin");
    cr_assert_str_eq(fact_text(&f, "", "unit_serial_number"), "11111111-0000-0000-0000-000000000512");
}

Test(vpd, identification_of_tgt)
{
    FACTS f = decoded(0x83, "tgt-lun1/vpd-83.bin");
    cr_assert_str_eq(fact_text(&f, "designators.0", "designator_type"), "t10 vendor identification");
    cr_assert_str_eq(fact_text(&f, "designators.0", "association"), "logical unit");
    cr_assert_str_eq(fact_text(&f, "designators.0", "code_set"), "ascii");
    cr_assert_str_eq(fact_text(&f, "designators.0", "vendor"), "IET");
    cr_assert_str_eq(fact_text(&f, "designators.0", "vendor_specific_identifier"), "00010001");
    cr_assert_eq(fact_number(&f, "designators.1", "naa"), 3);
    cr_assert(fact_is_hex(&f, "designators.1", "designator", "3000000100000001"));
    cr_assert_null(fact_find(&f, "designators.1", "ieee_company_id"), "assigned locally");
    cr_assert_null(fact_find(&f, "designators.3", "code_set"));
}

Test(vpd, identification_naa)
{
    FACTS f = decoded(0x83, "made/vpd-83.bin");
    cr_assert(fact_is_hex(&f, "designators.5", "ieee_company_id", "000253"));
    cr_assert(fact_is_hex(&f, "designators.7", "ieee_company_id", "000c50"));
    cr_assert(fact_is_hex(&f, "designators.8", "ieee_company_id", "001405"));
    cr_assert_eq(fact_number(&f, "designators.8", "naa"), 6);
}

Test(vpd, identification_eui64)
{
    FACTS f = decoded(0x83, "made/vpd-83.bin");
    for (unsigned i = 2; i <= 4; i++) {
        char path[32];
        snprintf(path, sizeof path, "designators.%u", i);
        cr_assert(fact_is_hex(&f, path, "ieee_company_id", "0002c9"));
        cr_assert(fact_is_hex(&f, path, "vendor_specific_extension_identifier", "03000a1b2c"));
    }
    cr_assert(fact_is_hex(&f, "designators.3", "directory_id", "01020304"));
    cr_assert(fact_is_hex(&f, "designators.4", "identifier_extension", "aabbccddeeff0011"));
}

Test(vpd, identification_ports_and_groups)
{
    FACTS f = decoded(0x83, "made/vpd-83.bin");
    cr_assert_eq(fact_number(&f, "designators.9", "relative_target_port_identifier"), 7);
    cr_assert_str_eq(fact_text(&f, "designators.9", "association"), "target port");
    cr_assert_str_eq(fact_text(&f, "designators.9", "protocol_identifier"), "iscsi");
    cr_assert_eq(fact_number(&f, "designators.10", "target_port_group"), 0x102);
    cr_assert_str_eq(fact_text(&f, "designators.10", "protocol_identifier"), "sas");
    cr_assert_eq(fact_number(&f, "designators.11", "logical_unit_group"), 0x304);
    cr_assert_null(fact_find(&f, "designators.11", "protocol_identifier"), "PIV is off");
}

Test(vpd, identification_texts_and_bytes)
{
    FACTS f = decoded(0x83, "made/vpd-83.bin");
    cr_assert_str_eq(fact_text(&f, "designators.0", "designator"), "vendor text");
    cr_assert(fact_is_hex(&f, "designators.12", "designator", "000102030405060708090a0b0c0d0e0f"));
    cr_assert_str_eq(fact_text(&f, "designators.13", "designator"), "iqn.2026-01.com.example:disk");
    cr_assert_str_eq(fact_text(&f, "designators.13", "association"), "target device");
    cr_assert_str_eq(fact_text(&f, "designators.15", "designator_type"), "uuid");
}

Test(vpd, identification_with_a_designator_past_the_end)
{
    const uint8_t page[] = {0, 0x83, 0, 16, 1, 3, 0, 8, 0x50, 1, 2, 3, 4, 5, 6, 7, 1, 3, 0, 8};
    FACTS f = {0};
    lun_decode_vpd(0x83, page, sizeof page, &f);
    cr_assert(fact_is_hex(&f, "designators.0", "designator", "5001020304050607"));
    cr_assert_null(fact_find(&f, "designators.1", "code_set"));
    cr_assert(fact_truncated(&f));
}

Test(vpd, management_network_addresses)
{
    FACTS f = decoded(0x85, "made/vpd-85.bin");
    cr_assert_str_eq(fact_text(&f, "network_services.0", "network_address"), "http://192.0.2.1/");
    cr_assert_str_eq(fact_text(&f, "network_services.0", "service_type"), "storage configuration service");
    cr_assert_str_eq(fact_text(&f, "network_services.1", "association"), "target device");
    cr_assert_str_eq(fact_text(&f, "network_services.1", "service_type"), "logging");
}

Test(vpd, management_network_addresses_none)
{
    FACTS f = decoded(0x85, "istgt/vpd-85.bin");
    cr_assert_eq(fact_number(&f, "", "page_length"), 0);
    cr_assert(!fact_truncated(&f));
}

Test(vpd, mode_page_policy)
{
    FACTS f = decoded(0x87, "made/vpd-87.bin");
    cr_assert_eq(fact_number(&f, "mode_page_policies.0", "policy_page_code"), 8);
    cr_assert_eq(fact_number(&f, "mode_page_policies.0", "mlus"), 1);
    cr_assert_str_eq(fact_text(&f, "mode_page_policies.0", "mode_page_policy"), "shared");
    cr_assert_eq(fact_number(&f, "mode_page_policies.1", "policy_subpage_code"), 0xff);
    cr_assert_str_eq(fact_text(&f, "mode_page_policies.1", "mode_page_policy"), "per i_t nexus");
}

Test(vpd, scsi_ports_of_istgt)
{
    FACTS f = decoded(0x88, "istgt/vpd-88.bin");
    cr_assert_eq(fact_number(&f, "scsi_ports.0", "relative_port_identifier"), 2);
    cr_assert_str_eq(fact_text(&f, "scsi_ports.0.designators.0", "designator"),
                     "iqn.2026-01.com.example:golden,t,0x0001");
}

Test(vpd, scsi_ports_with_a_transportid)
{
    FACTS f = decoded(0x88, "made/vpd-88.bin");
    const struct lun_fact *id = fact_find(&f, "scsi_ports.0", "initiator_port_transportid");
    cr_assert(id && id->length == 28);
    cr_assert_eq(fact_number(&f, "scsi_ports.1", "relative_port_identifier"), 2);
    cr_assert_null(fact_find(&f, "scsi_ports.1", "initiator_port_transportid"));
}

Test(vpd, third_party_copy)
{
    FACTS f = decoded(0x8f, "made/vpd-8f.bin");
    const char *at = "third_party_copy_descriptors.0";
    cr_assert(fact_is_hex(&f, at, "third_party_copy_descriptor_type", "0001"));
    cr_assert_str_eq(fact_text(&f, at, "name"), "supported commands");
    cr_assert(fact_is_hex(&f, at, "data", "0583020001000000"));
    cr_assert_str_eq(fact_text(&f, "third_party_copy_descriptors.1", "name"), "general copy operations");
}

Test(vpd, block_limits_for_the_library)
{
    GOLDEN g = golden_read("lio-512/vpd-b0.bin");
    struct scsi_block_limits limits;
    cr_assert(scsi_block_limits_parse(g.data, g.n, &limits));
    cr_assert_eq(limits.max_transfer, 16384);
    cr_assert_eq(limits.optimal_transfer, 16384);
    cr_assert_eq(limits.optimal_granularity, 1);
}

Test(vpd, block_limits_of_sbc2)
{
    GOLDEN g = golden_read("made/vpd-b0-sbc2.bin");
    struct scsi_block_limits limits;
    cr_assert(scsi_block_limits_parse(g.data, g.n, &limits));
    cr_assert_eq(limits.max_transfer, 0x05060708);
    FACTS f = decoded(0xb0, "made/vpd-b0-sbc2.bin");
    cr_assert_eq(fact_number(&f, "", "optimal_transfer_length"), 0x090a0b0c);
    cr_assert_null(fact_find(&f, "", "maximum_unmap_lba_count"));
    cr_assert(!fact_truncated(&f), "SBC-2 has no such field");
}

Test(vpd, block_limits_too_short)
{
    GOLDEN g = golden_read("lio-512/vpd-b0.bin");
    struct scsi_block_limits limits = {.max_transfer = 7};
    cr_assert(!scsi_block_limits_parse(g.data, 15, &limits));
    g.data[3] = 11;
    cr_assert(!scsi_block_limits_parse(g.data, g.n, &limits), "the page says it ends before");
    cr_assert_eq(limits.max_transfer, 7);
}

Test(vpd, block_limits_from_standard_inquiry_data)
{
    GOLDEN g = golden_read("tgt-lun1/inquiry.bin");
    struct scsi_block_limits limits;
    cr_assert(!scsi_block_limits_parse(g.data, g.n, &limits));
}

Test(vpd, block_limits_units)
{
    FACTS f = decoded(0xb0, "made/vpd-b0.bin");
    cr_assert_str_eq(fact_find(&f, "", "maximum_transfer_length")->unit, "blocks");
    cr_assert_null(fact_find(&f, "", "maximum_unmap_block_descriptor_count")->unit);
}

Test(vpd, rotation_rate)
{
    FACTS disk = decoded(0xb1, "made/vpd-b1.bin"), flash = decoded(0xb1, "made/vpd-b1-ssd.bin"),
          silent = decoded(0xb1, "tgt-lun1/vpd-b1.bin");
    cr_assert_eq(fact_number(&disk, "", "medium_rotation_rate"), 7200);
    cr_assert_str_eq(fact_find(&disk, "", "medium_rotation_rate")->unit, "rpm");
    cr_assert_str_eq(fact_text(&flash, "", "medium_rotation_rate"), "non-rotating");
    cr_assert_str_eq(fact_text(&silent, "", "medium_rotation_rate"), "not reported");
}

Test(vpd, provisioning_of_tgt_thin)
{
    FACTS f = decoded(0xb2, "tgt-lun2/vpd-b2.bin");
    cr_assert_str_eq(fact_text(&f, "", "provisioning_type"), "thin provisioned");
    cr_assert_eq(fact_number(&f, "", "lbpu"), 1);
}

Test(vpd, provisioning_group)
{
    FACTS f = decoded(0xb2, "made/vpd-b2.bin");
    cr_assert(fact_is_hex(&f, "provisioning_group.designators.0", "designator", "5001405abcdef012"));
}

Test(vpd, page_without_a_decoder_is_shown_in_hexadecimal)
{
    FACTS f = decoded(0x8d, "made/vpd-8d.bin");
    cr_assert_str_eq(fact_text(&f, "", "page_name"), "power-consumption");
    cr_assert(fact_is_hex(&f, "", "data", "00010203"));
}

Test(vpd, vendor_page_is_shown_in_hexadecimal)
{
    const uint8_t page[] = {0, 0xc1, 0, 2, 0xab, 0xcd};
    FACTS f = {0};
    lun_decode_vpd(0xc1, page, sizeof page, &f);
    cr_assert(fact_is_hex(&f, "", "data", "abcd"));
    cr_assert_null(fact_find(&f, "", "page_name"));
}

Test(vpd, another_page_than_asked)
{
    FACTS f = decoded(0x83, "tgt-lun1/inquiry.bin");
    cr_assert(fact_is_hex(&f, "", "page_code", "00"));
    cr_assert(fact_is_hex(&f, "", "page_code_asked", "83"));
    cr_assert_null(fact_find(&f, "designators.0", "code_set"));
    cr_assert_not_null(fact_find(&f, "", "data"));
}

Test(vpd, bytes_past_the_page_length_do_not_count)
{
    const uint8_t page[] = {0, 0x80, 0, 2, 'a', 'b', 'c', 'd'};
    FACTS f = {0};
    lun_decode_vpd(0x80, page, sizeof page, &f);
    cr_assert_str_eq(fact_text(&f, "", "unit_serial_number"), "ab");
}

Test(vpd, nothing_at_all)
{
    FACTS f = {0};
    lun_decode_vpd(0x83, NULL, 0, &f);
    cr_assert_eq(f.count, 1);
    cr_assert(fact_truncated(&f));
}
