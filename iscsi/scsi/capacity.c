/* SPDX-License-Identifier: Apache-2.0 */
/* READ CAPACITY(10) and (16) parameter data. Pure, any thread. SBC-3 5.15, 5.16. */
#include "base/bytes.h"
#include "base/checked.h"
#include "scsi/decode.h"

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
