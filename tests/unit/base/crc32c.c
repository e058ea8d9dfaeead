/* SPDX-License-Identifier: Apache-2.0 */
/* CRC32C against RFC 7143, A.4, and its check value; in one piece and in many. */
#include "base/crc32c.h"

#include <criterion/criterion.h>
#include <string.h>

static uint32_t crc_of(const void *p, size_t n)
{
    return crc32c_finish(crc32c_update(CRC32C_SEED, p, n));
}

/* The check value of the catalogue of CRC algorithms (CRC-32/ISCSI). */
Test(crc32c, check_value)
{
    cr_assert_eq(crc_of("123456789", 9), 0xe3069283);
}

Test(crc32c, examples_of_the_rfc)
{
    uint8_t b[32] = {0};
    cr_assert_eq(crc_of(b, 32), 0x8a9136aa);
    memset(b, 0xff, sizeof b);
    cr_assert_eq(crc_of(b, 32), 0x62a8ab43);
}

Test(crc32c, nothing)
{
    cr_assert_eq(crc32c_update(CRC32C_SEED, NULL, 0), CRC32C_SEED);
    cr_assert_eq(crc_of("", 0), 0);
}

Test(crc32c, in_pieces_of_any_length_and_alignment)
{
    uint8_t b[300];
    for (size_t i = 0; i < sizeof b; i++)
        b[i] = (uint8_t)(i * 7 + 3);
    uint32_t whole = crc_of(b, sizeof b);
    for (size_t cut = 0; cut <= sizeof b; cut++) {
        uint32_t crc = crc32c_update(CRC32C_SEED, b, cut);
        cr_assert_eq(crc32c_finish(crc32c_update(crc, b + cut, sizeof b - cut)), whole);
    }
    uint32_t crc = CRC32C_SEED;
    for (size_t i = 0; i < sizeof b; i++)
        crc = crc32c_update(crc, b + i, 1);
    cr_assert_eq(crc32c_finish(crc), whole);
}
