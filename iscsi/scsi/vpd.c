/* SPDX-License-Identifier: Apache-2.0 */
/* VPD pages: the list of pages. Pure, any thread. SPC-4 7.8. */
#include "base/bytes.h"
#include "scsi/decode.h"

#define VPD_HEADER 4

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
