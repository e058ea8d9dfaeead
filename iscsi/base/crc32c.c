/* SPDX-License-Identifier: Apache-2.0 */
/* CRC32C through ISA-L. Pure, any thread. RFC 7143, 13.1. */
#include "base/crc32c.h"

#include <isa-l/crc.h>

uint32_t crc32c_update(uint32_t crc, const void *p, size_t n)
{
    const uint8_t *b = p;
    while (n) { /* ISA-L takes the length as int */
        int step = n > 1u << 30 ? 1 << 30 : (int)n;
        /* ISA-L only reads; its prototype lacks the const. */
        crc = crc32_iscsi((unsigned char *)(uintptr_t)b, step, crc);
        b += step;
        n -= (size_t)step;
    }
    return crc;
}
