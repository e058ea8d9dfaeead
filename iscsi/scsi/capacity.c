/* SPDX-License-Identifier: Apache-2.0 */
/* READ CAPACITY(10) and (16) parameter data. Pure, any thread. SBC-3 5.15, 5.16. */
#include "base/bytes.h"
#include "base/checked.h"
#include "scsi/decode.h"
#include "scsi/fields.h"

enum { CAPACITY_10 = 8, CAPACITY_16_LEAST = 12, CAPACITY_16_FLAGS = 16 };

static bool capacity_parse_10(const uint8_t *d, struct scsi_capacity *ret)
{
    uint32_t last = get_be32(d), size = get_be32(d + 4);
    if (!size)
        return false;
    *ret =
        (struct scsi_capacity){.blocks = (uint64_t)last + 1, .block_size = size, .more = last == UINT32_MAX};
    return true;
}

bool scsi_capacity_parse(const void *data, size_t n, struct scsi_capacity *ret)
{
    const uint8_t *d = data;
    if (n < CAPACITY_10)
        return false;
    if (n < CAPACITY_16_LEAST)
        return capacity_parse_10(d, ret);
    struct scsi_capacity c = {.block_size = get_be32(d + 8)};
    if (!c.block_size || !checked_add_u64(get_be64(d), 1, &c.blocks))
        return false;
    if (n >= CAPACITY_16_FLAGS) {
        c.protection = d[12] & 0x01;
        c.physical_exponent = d[13] & 0x0f;
        c.thin = d[14] & 0x80;
        c.reads_zero = d[14] & 0x40;
        c.lowest_aligned = get_be16(d + 14) & 0x3fff;
    }
    *ret = c;
    return true;
}

static const struct field fields_10[] = {
    FIELD_N("returned_logical_block_address", 0, 4, NULL),
    FIELD_N("logical_block_length", 4, 4, "bytes"),
};

static const struct field fields_16[] = {
    FIELD_N("returned_logical_block_address", 0, 8, NULL),
    FIELD_N("logical_block_length", 8, 4, "bytes"),
    FIELD_FLAG("prot_en", 12, 0),
    FIELD_BITS("p_type", 12, 3, 1),
    FIELD_BITS("p_i_exponent", 13, 7, 4),
    FIELD_BITS("logical_blocks_per_physical_block_exponent", 13, 3, 0),
    FIELD_FLAG("lbpme", 14, 7),
    FIELD_FLAG("lbprz", 14, 6),
    {.key = "lowest_aligned_logical_block_address", .byte = 14, .bytes = 2, .bits = 14},
};

/* What people ask first: how many blocks, how many bytes. Only (16) tells of physical blocks. */
static void capacity_size(const struct scsi_capacity *c, bool sixteen, struct lun_facts *f)
{
    uint64_t bytes;
    lun_facts_number(f, "", "blocks", c->blocks, "blocks");
    if (checked_mul_u64(c->blocks, c->block_size, &bytes))
        lun_facts_number(f, "", "capacity", bytes, "bytes");
    if (sixteen && checked_mul_u64(c->block_size, UINT64_C(1) << c->physical_exponent, &bytes))
        lun_facts_number(f, "", "physical_block_length", bytes, "bytes");
}

void lun_decode_capacity(const void *data, size_t n, struct lun_facts *f)
{
    struct scsi_capacity c;
    bool sixteen = n >= CAPACITY_16_LEAST;
    struct span s = span_over(data, n, sixteen ? 32 : CAPACITY_10);
    if (scsi_capacity_parse(data, n, &c) && !c.more)
        capacity_size(&c, sixteen, f);
    if (sixteen)
        FIELDS_ADD(fields_16, s, "", f);
    else
        FIELDS_ADD(fields_10, s, "", f);
    span_mark_truncated(s, f);
}
