/* SPDX-License-Identifier: Apache-2.0 */
/* VPD pages of block devices. Pure, any thread. SBC-3 6.6, SBC-4 6.6. */
#include "base/bytes.h"
#include "scsi/decode.h"

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
