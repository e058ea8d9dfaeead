/* SPDX-License-Identifier: Apache-2.0 */
/* VPD pages every kind of device may have. Pure, any thread. SPC-4 7.8.7 (extended INQUIRY), 7.8.8
 * (management network addresses), 7.8.10 (mode page policy), 7.8.17 (third-party copy). */
#include "base/bytes.h"
#include "scsi/vpd.h"

static const char *const associations[] = {"logical unit", "target port", "target device"};
static const char *const services[] = {
    "unspecified", "storage configuration service", "diagnostics",  "status",
    "logging",     "code download service",         "copy service", "administrative configuration service",
};
static const struct field address_fields[] = {
    FIELD_WORDS("association", 0, 6, 5, associations),
    FIELD_WORDS("service_type", 0, 4, 0, services),
};

void vpd_management_addresses(struct span s, struct lun_facts *f)
{
    struct span list = span_from(s, VPD_HEADER);
    struct reader r = reader_over(list.data, list.have);
    for (size_t i = 0; r.left; i++) {
        const uint8_t *h = reader_take(&r, 4);
        size_t n = h ? get_be16(h + 2) : 0;
        const uint8_t *address = reader_take(&r, n);
        if (r.bad) {
            fields_truncated(f);
            break;
        }
        char path[FIELD_PATH];
        field_path(path, "", "network_services", i);
        FIELDS_ADD(address_fields, span_over(h, 4, 4), path, f);
        fields_add_text(f, path, "network_address", address, n);
    }
}

static const struct field extended_inquiry_fields[] = {
    FIELD_BITS("activate_microcode", 4, 7, 6),
    FIELD_BITS("spt", 4, 5, 3),
    FIELD_FLAG("grd_chk", 4, 2),
    FIELD_FLAG("app_chk", 4, 1),
    FIELD_FLAG("ref_chk", 4, 0),
    FIELD_FLAG("uask_sup", 5, 5),
    FIELD_FLAG("group_sup", 5, 4),
    FIELD_FLAG("prior_sup", 5, 3),
    FIELD_FLAG("headsup", 5, 2),
    FIELD_FLAG("ordsup", 5, 1),
    FIELD_FLAG("simpsup", 5, 0),
    FIELD_FLAG("wu_sup", 6, 3),
    FIELD_FLAG("crd_sup", 6, 2),
    FIELD_FLAG("nv_sup", 6, 1),
    FIELD_FLAG("v_sup", 6, 0),
    FIELD_FLAG("no_pi_chk", 7, 5),
    FIELD_FLAG("p_i_i_sup", 7, 4),
    FIELD_FLAG("luiclr", 7, 0),
    FIELD_BITS("lu_coll_type", 8, 7, 5),
    FIELD_FLAG("r_sup", 8, 4),
    FIELD_FLAG("rtd_sup", 8, 3),
    FIELD_FLAG("hssrelef", 8, 1),
    FIELD_FLAG("cbcs", 8, 0),
    FIELD_BITS("multi_i_t_nexus_microcode_download", 9, 3, 0),
    FIELD_N("extended_self_test_completion_minutes", 10, 2, "minutes"),
    FIELD_FLAG("poa_sup", 12, 7),
    FIELD_FLAG("hra_sup", 12, 6),
    FIELD_FLAG("vsa_sup", 12, 5),
    FIELD_N("maximum_supported_sense_data_length", 13, 1, "bytes"),
};

void vpd_extended_inquiry(struct span s, struct lun_facts *f)
{
    FIELDS_ADD(extended_inquiry_fields, s, "", f);
}

static const char *const policies[] = {"shared", "per target port", "per initiator port", "per i_t nexus"};
static const struct field policy_fields[] = {
    {.key = "policy_page_code", .byte = 0, .bytes = 1, .bits = 6},
    FIELD_N("policy_subpage_code", 1, 1, NULL),
    FIELD_FLAG("mlus", 2, 7),
    FIELD_WORDS("mode_page_policy", 2, 1, 0, policies),
};

void vpd_mode_page_policy(struct span s, struct lun_facts *f)
{
    struct span list = span_from(s, VPD_HEADER);
    for (size_t i = 0; (i + 1) * 4 <= list.have; i++) {
        char path[FIELD_PATH];
        field_path(path, "", "mode_page_policies", i);
        FIELDS_ADD(policy_fields, span_over(list.data + i * 4, 4, 4), path, f);
    }
}

static const char *third_party_copy_name(uint16_t type)
{
    switch (type) {
    case 0x0000:
        return "block device rod limits";
    case 0x0001:
        return "supported commands";
    case 0x0004:
        return "parameter data";
    case 0x0008:
        return "supported descriptors";
    case 0x000c:
        return "supported cscd descriptor ids";
    case 0x000d:
        return "copy group identifier";
    case 0x0106:
        return "rod token features";
    case 0x0108:
        return "supported rod types";
    case 0x8001:
        return "general copy operations";
    case 0x9101:
        return "stream copy operations";
    case 0xc001:
        return "held data";
    default:
        return NULL;
    }
}

/* The descriptors are listed by type; their bodies are shown as they are. */
void vpd_third_party_copy(struct span s, struct lun_facts *f)
{
    struct span list = span_from(s, VPD_HEADER);
    struct reader r = reader_over(list.data, list.have);
    for (size_t i = 0; r.left; i++) {
        const uint8_t *type = reader_take(&r, 2);
        size_t n = reader_be16(&r);
        const uint8_t *body = reader_take(&r, n);
        if (r.bad) {
            fields_truncated(f);
            break;
        }
        char path[FIELD_PATH];
        field_path(path, "", "third_party_copy_descriptors", i);
        lun_facts_hex(f, path, "third_party_copy_descriptor_type", type, 2);
        const char *name = third_party_copy_name(get_be16(type));
        if (name)
            lun_facts_word(f, path, "name", name);
        lun_facts_hex(f, path, "data", body, n);
    }
}
