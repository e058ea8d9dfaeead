/* SPDX-License-Identifier: Apache-2.0 */
/* VPD pages: which decoder a page has, the header all pages share, the list of pages and the pages that are
 * no more than a list or a text. Pure, any thread. SPC-4 7.8. */
#include "scsi/vpd.h"

#include "base/bytes.h"
#include "scsi/decode.h"

/*
 * A device that ignores EVPD answers with standard inquiry data, whose byte 1 may be zero as well; its bytes
 * 2 and 3 then make a page length no list of distinct one-byte codes can have.
 */
size_t scsi_vpd_list(const void *data, size_t n, uint8_t ret[static 256])
{
    const uint8_t *d = data;
    if (n < VPD_HEADER || d[1] != 0x00)
        return 0;
    size_t said = get_be16(d + 2), here = n - VPD_HEADER;
    if (said > 256)
        return 0;
    bool listed[256] = {false};
    for (size_t i = 0; i < said && i < here; i++)
        listed[d[VPD_HEADER + i]] = true;
    size_t count = 0;
    for (unsigned page = 0; page < 256; page++)
        if (listed[page])
            ret[count++] = (uint8_t)page;
    return count;
}

static void vpd_supported_pages(struct span s, struct lun_facts *f)
{
    struct span list = span_from(s, VPD_HEADER);
    for (size_t i = 0; i < list.have; i++) {
        char path[FIELD_PATH];
        field_path(path, "", "supported_vpd_pages", i);
        lun_facts_hex(f, path, "page_code", list.data + i, 1);
        const char *name = lun_vpd_name(list.data[i]);
        if (name)
            lun_facts_word(f, path, "page_name", name);
    }
}

static void vpd_serial_number(struct span s, struct lun_facts *f)
{
    struct span text = span_from(s, VPD_HEADER);
    fields_add_text(f, "", "unit_serial_number", text.data, text.have);
}

static vpd_decoder *const decoders[256] = {
    [0x00] = vpd_supported_pages,
    [0x80] = vpd_serial_number,
    [0x83] = vpd_device_identification,
    [0x85] = vpd_management_addresses,
    [0x86] = vpd_extended_inquiry,
    [0x87] = vpd_mode_page_policy,
    [0x88] = vpd_scsi_ports,
    [0x8f] = vpd_third_party_copy,
    [0xb0] = vpd_block_limits,
    [0xb1] = vpd_block_characteristics,
    [0xb2] = vpd_provisioning,
    [0xb3] = vpd_referrals,
    [0xb7] = vpd_block_limits_extension,
};

static const struct field header_device[] = {
    FIELD_BITS("peripheral_qualifier", 0, 7, 5),
    FIELD_BITS("peripheral_device_type", 0, 4, 0),
    FIELD_X("page_code", 1, 1),
};
static const struct field header_length[] = {FIELD_N("page_length", 2, 2, "bytes")};

static void vpd_bytes(struct span s, struct lun_facts *f)
{
    if (s.have)
        lun_facts_hex(f, "", "data", s.data, s.have);
}

void lun_decode_vpd(uint8_t page, const void *data, size_t n, struct lun_facts *f)
{
    const uint8_t *d = data;
    struct span s = span_over(d, n, n >= VPD_HEADER ? get_be16(d + 2) + (size_t)VPD_HEADER : VPD_HEADER);
    FIELDS_ADD(header_device, s, "", f);
    if (n >= 2 && d[1] != page) {
        /* Not the page asked for; perhaps EVPD was ignored. No guess is made what the bytes are. */
        lun_facts_hex(f, "", "page_code_asked", &page, 1);
        vpd_bytes(span_over(d, n, n), f);
        return;
    }
    if (lun_vpd_name(page))
        lun_facts_word(f, "", "page_name", lun_vpd_name(page));
    FIELDS_ADD(header_length, s, "", f);
    if (s.have >= VPD_HEADER && decoders[page])
        decoders[page](s, f);
    else if (s.have >= VPD_HEADER)
        vpd_bytes(span_from(s, VPD_HEADER), f);
    span_mark_truncated(s, f);
}
