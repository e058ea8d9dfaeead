/* SPDX-License-Identifier: Apache-2.0 */
/* CRC32C over header and data segments; pure, any thread. RFC 7143, 11.2.3 and 13.1. */
#include "wire/digest.h"

#include "base/bytes.h"
#include "base/crc32c.h"
#include "wire/pdu.h"

static uint32_t crc_of(const void *p, size_t n, const uint8_t *padding)
{
    uint32_t crc = crc32c_update(CRC32C_SEED, p, n);
    return crc32c_finish(crc32c_update(crc, padding, pdu_padding((uint32_t)n)));
}

void digest_header(const void *header, size_t n, uint8_t ret[static 4])
{
    put_le32(ret, crc32c_finish(crc32c_update(CRC32C_SEED, header, n)));
}

void digest_data(const void *data, size_t n, uint8_t ret[static 4])
{
    static const uint8_t zeros[3];
    put_le32(ret, crc_of(data, n, zeros));
}

bool digest_header_ok(const void *header, size_t n, const uint8_t digest[static 4])
{
    return crc32c_finish(crc32c_update(CRC32C_SEED, header, n)) == get_le32(digest);
}

bool digest_data_ok(const void *data, size_t n, const uint8_t *padding, const uint8_t digest[static 4])
{
    return crc_of(data, n, padding) == get_le32(digest);
}
