/* SPDX-License-Identifier: Apache-2.0 */
/* CRC32C as iSCSI digests use it (RFC 7143, 13.1): seed ffffffff, final complement, ISA-L underneath. */
#ifndef LUN_BASE_CRC32C_H
#define LUN_BASE_CRC32C_H

#include <stddef.h>
#include <stdint.h>

#define CRC32C_SEED 0xffffffffu

/* The running value over n more bytes; start from CRC32C_SEED, end with crc32c_finish. */
uint32_t crc32c_update(uint32_t crc, const void *p, size_t n);

static inline uint32_t crc32c_finish(uint32_t crc)
{
    return ~crc;
}

#endif
