/* SPDX-License-Identifier: Apache-2.0 */
/* VPD pages of block devices. Pure, any thread. SBC-3 6.6; what SBC-4 added to the same pages is there too.
 */
#include "base/bytes.h"
#include "scsi/decode.h"
#include "scsi/designator.h"
#include "scsi/vpd.h"

bool scsi_block_limits_parse(const void *data, size_t n, struct scsi_block_limits *ret)
{
    const uint8_t *d = data;
    const size_t least = 16; /* the page of SBC-2, which ends with OPTIMAL TRANSFER LENGTH */
    if (n < least || d[1] != 0xb0 || get_be16(d + 2) + 4u < least)
        return false;
    *ret = (struct scsi_block_limits){
        .optimal_granularity = get_be16(d + 6),
        .max_transfer = get_be32(d + 8),
        .optimal_transfer = get_be32(d + 12),
    };
    return true;
}

static const struct field block_limits_fields[] = {
    FIELD_FLAG("wsnz", 4, 0),
    FIELD_N("maximum_compare_and_write_length", 5, 1, "blocks"),
    FIELD_N("optimal_transfer_length_granularity", 6, 2, "blocks"),
    FIELD_N("maximum_transfer_length", 8, 4, "blocks"),
    FIELD_N("optimal_transfer_length", 12, 4, "blocks"),
    FIELD_N("maximum_prefetch_length", 16, 4, "blocks"),
    FIELD_N("maximum_unmap_lba_count", 20, 4, "blocks"),
    FIELD_N("maximum_unmap_block_descriptor_count", 24, 4, NULL),
    FIELD_N("optimal_unmap_granularity", 28, 4, "blocks"),
    FIELD_FLAG("ugavalid", 32, 7),
    {.key = "unmap_granularity_alignment", .byte = 32, .bytes = 4, .bits = 31, .unit = "blocks"},
    FIELD_N("maximum_write_same_length", 36, 8, "blocks"),
    FIELD_N("maximum_atomic_transfer_length", 44, 4, "blocks"),
    FIELD_N("atomic_alignment", 48, 4, "blocks"),
    FIELD_N("atomic_transfer_length_granularity", 52, 4, "blocks"),
    FIELD_N("maximum_atomic_transfer_length_with_atomic_boundary", 56, 4, "blocks"),
    FIELD_N("maximum_atomic_boundary_size", 60, 4, "blocks"),
};

void vpd_block_limits(struct span s, struct lun_facts *f)
{
    FIELDS_ADD(block_limits_fields, s, "", f);
}

static const char *const form_factors[] = {NULL,       "5.25 inch", "3.5 inch",
                                           "2.5 inch", "1.8 inch",  "less than 1.8 inch"};
static const struct field block_characteristics_fields[] = {
    FIELD_N("product_type", 6, 1, NULL),
    FIELD_BITS("wabereq", 7, 7, 6),
    FIELD_BITS("wacereq", 7, 5, 4),
    FIELD_WORDS("nominal_form_factor", 7, 3, 0, form_factors),
    FIELD_BITS("zoned", 8, 5, 4),
    FIELD_FLAG("rbwz", 8, 3),
    FIELD_FLAG("bocs", 8, 2),
    FIELD_FLAG("fuab", 8, 1),
    FIELD_FLAG("vbuls", 8, 0),
    FIELD_N("depopulation_time", 12, 4, "seconds"),
};

/* MEDIUM ROTATION RATE, SBC-3 6.6.3: 0 not reported, 1 no rotation, 2 to 400h and FFFFh reserved. */
static void vpd_rotation_rate(struct span s, struct lun_facts *f)
{
    if (s.have < 6)
        return;
    uint16_t rate = get_be16(s.data + 4);
    if (rate == 0)
        lun_facts_word(f, "", "medium_rotation_rate", "not reported");
    else if (rate == 1)
        lun_facts_word(f, "", "medium_rotation_rate", "non-rotating");
    else
        lun_facts_number(f, "", "medium_rotation_rate", rate, rate > 0x400 && rate < 0xffff ? "rpm" : NULL);
}

void vpd_block_characteristics(struct span s, struct lun_facts *f)
{
    vpd_rotation_rate(s, f);
    FIELDS_ADD(block_characteristics_fields, s, "", f);
}

static const char *const provisioning_types[] = {"not reported", "resource provisioned", "thin provisioned"};
static const struct field provisioning_fields[] = {
    FIELD_N("threshold_exponent", 4, 1, NULL),
    FIELD_FLAG("lbpu", 5, 7),
    FIELD_FLAG("lbpws", 5, 6),
    FIELD_FLAG("lbpws10", 5, 5),
    FIELD_BITS("lbprz", 5, 4, 2),
    FIELD_FLAG("anc_sup", 5, 1),
    FIELD_FLAG("dp", 5, 0),
    FIELD_BITS("minimum_percentage", 6, 7, 3),
    FIELD_WORDS("provisioning_type", 6, 2, 0, provisioning_types),
    FIELD_N("threshold_percentage", 7, 1, NULL),
};

/* DP says that a designation descriptor of the provisioning group follows (SBC-3 6.6.5). */
void vpd_provisioning(struct span s, struct lun_facts *f)
{
    FIELDS_ADD(provisioning_fields, s, "", f);
    struct span group = span_from(s, 8);
    if (s.have > 5 && s.data[5] & 1)
        designator_facts(reader_over(group.data, group.have), "provisioning_group", f);
}

static const struct field referrals_fields[] = {
    FIELD_N("user_data_segment_size", 8, 4, "blocks"),
    FIELD_N("user_data_segment_multiplier", 12, 4, NULL),
};

void vpd_referrals(struct span s, struct lun_facts *f)
{
    FIELDS_ADD(referrals_fields, s, "", f);
}

static const struct field block_limits_extension_fields[] = {
    FIELD_FLAG("rscs", 5, 0),
    FIELD_N("maximum_number_of_streams", 6, 2, NULL),
    FIELD_N("optimal_stream_write_size", 8, 2, "blocks"),
    FIELD_N("stream_granularity_size", 10, 4, NULL),
    FIELD_N("maximum_scattered_lba_range_transfer_length", 16, 4, "blocks"),
    FIELD_N("maximum_scattered_lba_range_descriptor_count", 22, 2, NULL),
    FIELD_N("maximum_scattered_transfer_length", 24, 4, "blocks"),
};

void vpd_block_limits_extension(struct span s, struct lun_facts *f)
{
    FIELDS_ADD(block_limits_extension_fields, s, "", f);
}
