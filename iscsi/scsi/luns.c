/* SPDX-License-Identifier: Apache-2.0 */
/* The answer to REPORT LUNS. Pure, any thread. SPC-4 6.33. */
#include "base/bytes.h"
#include "scsi/decode.h"

#define LUNS_HEADER 8
#define LUNS_ENTRY 8

bool scsi_luns_count(const void *data, size_t n, size_t *ret_count, size_t *ret_needed)
{
    if (n < LUNS_HEADER)
        return false;
    size_t list = get_be32(data);
    size_t here = n - LUNS_HEADER;
    *ret_count = (list < here ? list : here) / LUNS_ENTRY;
    *ret_needed = LUNS_HEADER + list;
    return true;
}

uint64_t scsi_luns_at(const void *data, size_t i)
{
    return get_be64((const uint8_t *)data + LUNS_HEADER + i * LUNS_ENTRY);
}
