/* SPDX-License-Identifier: Apache-2.0 */
/* Designation descriptors: walking a list of them, and their facts. Pure, any thread. SPC-4 7.8.6. */
#include "scsi/designator.h"

#include "scsi/fields.h"

bool designator_next(struct reader *r, struct designator *ret)
{
    if (!r->left)
        return false;
    const uint8_t *h = reader_take(r, 4);
    const uint8_t *data = h ? reader_take(r, h[3]) : NULL;
    if (!data)
        return false;
    *ret = (struct designator){
        .has_protocol = h[1] & 0x80,
        .protocol = h[0] >> 4,
        .code_set = h[0] & 0x0f,
        .association = h[1] >> 4 & 3,
        .type = h[1] & 0x0f,
        .data = data,
        .length = h[3],
    };
    return true;
}

/* Association, protocol identifier and code set: SPC-4 7.8.6.1, 7.6.1. */
static const char *const associations[] = {"logical unit", "target port", "target device"};
static const char *const protocols[] = {"fcp", "spi", "ssa", "sbp", "srp", "iscsi",
                                        "sas", "adt", "ata", "uas", "sop", "pcie"};
static const char *const code_sets[] = {NULL, "binary", "ascii", "utf-8"};
static const char *const types[] = {
    "vendor specific",
    "t10 vendor identification",
    "eui-64",
    "naa",
    "relative target port",
    "target port group",
    "logical unit group",
    "md5 logical unit",
    "scsi name string",
    "protocol specific port",
    "uuid",
};

/* Relative to the header of the descriptor. */
static const struct field header_fields[] = {
    FIELD_WORDS("association", 1, 5, 4, associations),
    FIELD_WORDS("designator_type", 1, 3, 0, types),
    FIELD_WORDS("code_set", 0, 3, 0, code_sets),
    FIELD_N("designator_length", 3, 1, "bytes"),
};
static const struct field protocol_field[] = {FIELD_WORDS("protocol_identifier", 0, 7, 4, protocols)};

/* The tables below are relative to the designator itself; SPC-4 7.8.6.4 to 7.8.6.12. */
static const struct field t10_fields[] = {FIELD_S("vendor", 0, 8)};
static const struct field eui_8_fields[] = {FIELD_X("ieee_company_id", 0, 3),
                                            FIELD_X("vendor_specific_extension_identifier", 3, 5)};
static const struct field eui_12_fields[] = {FIELD_X("ieee_company_id", 0, 3),
                                             FIELD_X("vendor_specific_extension_identifier", 3, 5),
                                             FIELD_X("directory_id", 8, 4)};
static const struct field eui_16_fields[] = {FIELD_X("identifier_extension", 0, 8),
                                             FIELD_X("ieee_company_id", 8, 3),
                                             FIELD_X("vendor_specific_extension_identifier", 11, 5)};
static const struct field naa_field[] = {FIELD_BITS("naa", 0, 7, 4)};
static const struct field port_field[] = {FIELD_N("relative_target_port_identifier", 2, 2, NULL)};
static const struct field port_group_field[] = {FIELD_N("target_port_group", 2, 2, NULL)};
static const struct field unit_group_field[] = {FIELD_N("logical_unit_group", 2, 2, NULL)};

static bool designator_is_text(const struct designator *d)
{
    return d->code_set == DESIGNATOR_ASCII || d->code_set == DESIGNATOR_UTF8;
}

/* The n bytes from `offset` on, as text or as hexadecimal, as the code set says. */
static void designator_rest(const struct designator *d, size_t offset, const char *path, const char *key,
                            struct lun_facts *f)
{
    if (d->length < offset)
        return;
    if (designator_is_text(d))
        fields_add_text(f, path, key, d->data + offset, d->length - offset);
    else
        lun_facts_hex(f, path, key, d->data + offset, d->length - offset);
}

/* NAA 2 keeps 12 bits, 3 keeps 60, 5 and 6 a company id of 24 bits that starts at bit 4 of byte 0. */
static void designator_naa(const struct designator *d, struct span s, const char *path, struct lun_facts *f)
{
    FIELDS_ADD(naa_field, s, path, f);
    unsigned naa = d->length ? d->data[0] >> 4 : 0;
    uint8_t company[3];
    if ((naa == 5 || naa == 6) && d->length >= 8) {
        uint32_t v = get_be32(d->data) >> 4 & 0xffffff;
        put_be24(company, v);
        lun_facts_hex(f, path, "ieee_company_id", company, sizeof company);
    } else if (naa == 2 && d->length >= 8) {
        lun_facts_hex(f, path, "ieee_company_id", d->data + 2, 3);
    }
}

static void designator_eui(const struct designator *d, struct span s, const char *path, struct lun_facts *f)
{
    if (d->length == 8)
        FIELDS_ADD(eui_8_fields, s, path, f);
    else if (d->length == 12)
        FIELDS_ADD(eui_12_fields, s, path, f);
    else if (d->length == 16)
        FIELDS_ADD(eui_16_fields, s, path, f);
}

static void designator_body(const struct designator *d, const char *path, struct lun_facts *f)
{
    struct span s = span_over(d->data, d->length, d->length);
    switch (d->type) {
    case DESIGNATOR_T10:
        FIELDS_ADD(t10_fields, s, path, f);
        designator_rest(d, 8, path, "vendor_specific_identifier", f);
        return;
    case DESIGNATOR_EUI64:
        designator_eui(d, s, path, f);
        break;
    case DESIGNATOR_NAA:
        designator_naa(d, s, path, f);
        break;
    case DESIGNATOR_RELATIVE_PORT:
        FIELDS_ADD(port_field, s, path, f);
        return;
    case DESIGNATOR_PORT_GROUP:
        FIELDS_ADD(port_group_field, s, path, f);
        return;
    case DESIGNATOR_UNIT_GROUP:
        FIELDS_ADD(unit_group_field, s, path, f);
        return;
    }
    designator_rest(d, 0, path, "designator", f);
}

void designator_facts(struct reader r, const char *path, struct lun_facts *f)
{
    struct designator d;
    for (size_t i = 0; designator_next(&r, &d); i++) {
        char item[FIELD_PATH];
        field_path(item, path, "designators", i);
        struct span header = span_over(d.data - 4, 4, 4);
        FIELDS_ADD(header_fields, header, item, f);
        if (d.has_protocol)
            FIELDS_ADD(protocol_field, header, item, f);
        designator_body(&d, item, f);
    }
    if (r.bad)
        fields_truncated(f);
}
