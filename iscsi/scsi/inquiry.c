/* SPDX-License-Identifier: Apache-2.0 */
/* Standard INQUIRY data as facts. Pure, any thread. SPC-4 6.6.2 (LU_CONG: SPC-5 6.7.2). */
#include "base/bytes.h"
#include "scsi/fields.h"

/* VERSION, SPC-4 table 142; the numbers between are obsolete or unassigned. */
static const char *const versions[] = {
    [0] = "none", [3] = "spc", [4] = "spc-2", [5] = "spc-3", [6] = "spc-4", [7] = "spc-5", [13] = "spc-6",
};

static const struct field inquiry_device[] = {
    FIELD_BITS("peripheral_qualifier", 0, 7, 5),
    FIELD_BITS("peripheral_device_type", 0, 4, 0),
};

static const struct field inquiry_fields[] = {
    FIELD_FLAG("rmb", 1, 7),
    FIELD_FLAG("lu_cong", 1, 6),
    FIELD_N("version", 2, 1, NULL),
    FIELD_WORDS("version_name", 2, 7, 0, versions),
    FIELD_FLAG("normaca", 3, 5),
    FIELD_FLAG("hisup", 3, 4),
    FIELD_BITS("response_data_format", 3, 3, 0),
    FIELD_N("additional_length", 4, 1, "bytes"),
    FIELD_FLAG("sccs", 5, 7),
    FIELD_FLAG("acc", 5, 6),
    FIELD_BITS("tpgs", 5, 5, 4),
    FIELD_FLAG("3pc", 5, 3),
    FIELD_FLAG("protect", 5, 0),
    FIELD_FLAG("encserv", 6, 6),
    FIELD_FLAG("multip", 6, 4),
    FIELD_FLAG("cmdque", 7, 1),
    FIELD_S("vendor", 8, 8),
    FIELD_S("product", 16, 16),
    FIELD_S("revision", 32, 4),
};

#define VERSION_DESCRIPTORS 58
#define VERSION_DESCRIPTOR_COUNT 8

/* VERSION DESCRIPTOR, SPC-4 6.6.2: codes of the standards the device claims; zero ends the list. */
static void inquiry_version_descriptors(struct span s, struct lun_facts *f)
{
    for (size_t i = 0; i < VERSION_DESCRIPTOR_COUNT; i++) {
        struct span at = span_from(s, VERSION_DESCRIPTORS + i * 2);
        if (at.have < 2 || !get_be16(at.data))
            break;
        char path[FIELD_PATH];
        field_path(path, "", "version_descriptors", i);
        lun_facts_hex(f, path, "version_descriptor", at.data, 2);
    }
}

void lun_decode_inquiry(const void *data, size_t n, struct lun_facts *f)
{
    const uint8_t *d = data;
    /* ADDITIONAL LENGTH counts what follows it; without it, at least a header is missing. */
    struct span s = span_over(d, n, n > 4 ? d[4] + 5u : 36u);
    FIELDS_ADD(inquiry_device, s, "", f);
    if (s.have)
        lun_facts_word(f, "", "peripheral_device_type_name", lun_device_type_name(d[0] & 0x1f));
    FIELDS_ADD(inquiry_fields, s, "", f);
    inquiry_version_descriptors(s, f);
    span_mark_truncated(s, f);
}
