/* SPDX-License-Identifier: Apache-2.0 */
/* Digests against the examples of RFC 7143, A.4, whose CRC bytes are given in the order they travel. */
#include "wire/digest.h"

#include "hex.h"

static void header_gives(const uint8_t *bytes, size_t n, const char *hex)
{
    uint8_t want[4], got[4];
    cr_assert_eq(hex_bytes(hex, want, sizeof want), 4);
    digest_header(bytes, n, got);
    cr_assert_arr_eq(got, want, 4);
    cr_assert(digest_header_ok(bytes, n, want));
}

Test(digest, zeros)
{
    const uint8_t bytes[32] = {0};
    header_gives(bytes, sizeof bytes, "aa 36 91 8a");
}

Test(digest, ones)
{
    uint8_t bytes[32];
    memset(bytes, 0xff, sizeof bytes);
    header_gives(bytes, sizeof bytes, "43 ab a8 62");
}

Test(digest, incrementing)
{
    uint8_t bytes[32];
    for (int i = 0; i < 32; i++)
        bytes[i] = (uint8_t)i;
    header_gives(bytes, sizeof bytes, "4e 79 dd 46");
}

Test(digest, decrementing)
{
    uint8_t bytes[32];
    for (int i = 0; i < 32; i++)
        bytes[i] = (uint8_t)(31 - i);
    header_gives(bytes, sizeof bytes, "5c db 3f 11");
}

Test(digest, read_command_header)
{
    uint8_t bhs[48];
    hex_bytes("01c00000 00000000 00000000 00000000 14000000 00000400 00000014 00000018"
              "28000000 00000000 02000000 00000000",
              bhs, sizeof bhs);
    header_gives(bhs, sizeof bhs, "56 3a 96 d9");
}

Test(digest, data_without_padding)
{
    const uint8_t bytes[32] = {0};
    uint8_t got[4];
    digest_data(bytes, sizeof bytes, got);
    const uint8_t want[4] = {0xaa, 0x36, 0x91, 0x8a};
    cr_assert_arr_eq(got, want, 4);
    cr_assert(digest_data_ok(bytes, sizeof bytes, NULL, want));
}

/* 13.1: padding is covered. 29, 30 and 31 zeros and their padding are the 32 zeros of A.4. */
Test(digest, data_with_padding)
{
    const uint8_t bytes[32] = {0}, want[4] = {0xaa, 0x36, 0x91, 0x8a};
    for (size_t n = 29; n <= 31; n++) {
        uint8_t got[4];
        digest_data(bytes, n, got);
        cr_assert_arr_eq(got, want, 4);
        cr_assert(digest_data_ok(bytes, n, bytes, want));
    }
}

/* Pad bytes SHOULD be zero (11.1), so they need not be: the 30th of 32 incrementing bytes on are padding. */
Test(digest, padding_that_is_not_zero)
{
    uint8_t bytes[32];
    for (int i = 0; i < 32; i++)
        bytes[i] = (uint8_t)i;
    const uint8_t digest[4] = {0x4e, 0x79, 0xdd, 0x46}, zeros[3] = {0};
    cr_assert(digest_data_ok(bytes, 29, bytes + 29, digest));
    cr_assert_not(digest_data_ok(bytes, 29, zeros, digest));
}

Test(digest, each_wrong_bit_is_noticed)
{
    uint8_t bytes[32] = {0};
    const uint8_t digest[4] = {0xaa, 0x36, 0x91, 0x8a};
    for (unsigned bit = 0; bit < 256; bit++) {
        bytes[bit / 8] ^= (uint8_t)(1 << bit % 8);
        cr_assert_not(digest_header_ok(bytes, sizeof bytes, digest));
        cr_assert_not(digest_data_ok(bytes, sizeof bytes, NULL, digest));
        bytes[bit / 8] ^= (uint8_t)(1 << bit % 8);
    }
    for (unsigned bit = 0; bit < 32; bit++) {
        uint8_t wrong[4];
        memcpy(wrong, digest, 4);
        wrong[bit / 8] ^= (uint8_t)(1 << bit % 8);
        cr_assert_not(digest_header_ok(bytes, sizeof bytes, wrong));
    }
}
