/* SPDX-License-Identifier: Apache-2.0 */
/* Digests against the examples of RFC 7143, A.4, whose CRC bytes are given in the order they travel. */
#include "wire/digest.h"

#include "hex.h"
#include "wire/pdu.h"

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

/* ---- What targets put on the wire ---- */

static void segment_gives(const char *data, size_t length, const char *crc)
{
    uint8_t bytes[128], want[4], got[4];
    cr_assert_eq(hex_bytes(data, bytes, sizeof bytes), length + pdu_padding((uint32_t)length));
    hex_bytes(crc, want, sizeof want);
    digest_data(bytes, length, got);
    cr_assert_arr_eq(got, want, 4);
    cr_assert(digest_data_ok(bytes, length, bytes + length, want));
}

/* tgt 1.0.85, with HeaderDigest=CRC32C and DataDigest=CRC32C */
Test(digest, tgt_headers)
{
    uint8_t bhs[48];
    hex_bytes("21800002 00000014 00000000 00000000 00000021 00000000 00000002 00000002"
              "00000082 00000000 00000000 00000000",
              bhs, sizeof bhs);
    header_gives(bhs, sizeof bhs, "8ff482ac");
    hex_bytes("25810000 00000042 00000000 00000000 00000022 ffffffff 00000003 00000003"
              "00000083 00000000 00000000 00000000",
              bhs, sizeof bhs);
    header_gives(bhs, sizeof bhs, "58d3f0e8");
}

/* libiscsi 1.19: a TEST UNIT READY under HeaderDigest=CRC32C */
Test(digest, libiscsi_header)
{
    uint8_t bhs[48];
    hex_bytes("01810000 00000000 00010000 00000000 700079a2 00000000 46fb4aa7 00000001"
              "00000000 00000000 00000000 00000000",
              bhs, sizeof bhs);
    header_gives(bhs, sizeof bhs, "21735242");
}

Test(digest, tgt_data_without_padding)
{
    segment_gives("00127000 06000000 000a0000 00002900 00000000", 20, "ca039719");
}

Test(digest, tgt_data_with_one_pad_byte)
{
    segment_gives("00000512 3d000002 49455420 20202020 56495254 55414c2d 4449534b 20202020"
                  "30303031 00000000 00000000 00000000 00000000 00000000 000004c0 09600300",
                  63, "a879cc75");
}

Test(digest, tgt_data_with_two_pad_bytes)
{
    segment_gives("00000512 3d000002 49455420 20202020 56495254 55414c2d 4449534b 20202020"
                  "30303031 00000000 00000000 00000000 00000000 00000000 000004c0 09600300"
                  "00000000",
                  66, "e1811663");
}

/* istgt 0.4: the echo of a ping with "hello" */
Test(digest, istgt_data_with_three_pad_bytes)
{
    segment_gives("68656c6c 6f000000", 5, "b3ed0390");
}

/* istgt 0.4: a Reject and the header it complains of */
Test(digest, istgt_reject)
{
    uint8_t bhs[48];
    hex_bytes("3f800400 00000034 00000000 00000000 ffffffff 00000000 00000007 00000004"
              "00000023 00000000 00000000 00000000",
              bhs, sizeof bhs);
    header_gives(bhs, sizeof bhs, "158862a6");
    segment_gives("10810000 00000000 00000000 00000000 ffffffff ffffffff 00000000 00000007"
                  "00000000 00000000 00000000 00000000 0c39fb67",
                  52, "c74b6748");
}

/* The remainder of 13.1 bit by bit: another way to the same value, for headers nobody sent us. */
static void crc_by_bits(const uint8_t *bytes, size_t n, uint8_t ret[4])
{
    uint32_t crc = 0xffffffff;
    for (size_t i = 0; i < n * 8; i++) {
        uint32_t in = bytes[i / 8] >> (i % 8) & 1;
        crc = (crc ^ in) & 1 ? crc >> 1 ^ 0x82f63b78 : crc >> 1; /* 1edc6f41, reflected */
    }
    crc = ~crc;
    for (int i = 0; i < 4; i++)
        ret[i] = (uint8_t)(crc >> 8 * i);
}

Test(digest, bit_by_bit_agrees_with_the_rfc)
{
    const uint8_t bytes[32] = {0}, want[4] = {0xaa, 0x36, 0x91, 0x8a};
    uint8_t got[4];
    crc_by_bits(bytes, sizeof bytes, got);
    cr_assert_arr_eq(got, want, 4);
}

/* 11.2.2.3, 11.2.3: a 32-byte CDB puts its last 16 bytes in an Extended CDB AHS of 20 bytes, and the header
 * digest covers both. READ(32): operation 7f, service action 0009. */
Test(digest, header_with_an_extended_cdb)
{
    uint8_t segment[PDU_BHS + 20], want[4], got[4];
    const struct pdu_scsi_command command = {.final = true,
                                             .read = true,
                                             .attr = 1,
                                             .ahs_words = 5,
                                             .lun = 0x0001000000000000,
                                             .itt = 7,
                                             .edtl = 512,
                                             .cmdsn = 8,
                                             .expstatsn = 9,
                                             .cdb = {0x7f, [7] = 0x18, 0x00, 0x09}};
    pdu_put_scsi_command(segment, &command);
    cr_assert_eq(pdu_ahs_length(segment), 20);
    cr_assert_eq(hex_bytes("00110100 00000000 00000000 00000000 00000001", segment + PDU_BHS, 20), 20);
    digest_header(segment, sizeof segment, got);
    crc_by_bits(segment, sizeof segment, want);
    cr_assert_arr_eq(got, want, 4);
    segment[PDU_BHS + 19] ^= 1;
    cr_assert_not(digest_header_ok(segment, sizeof segment, want));
}

/* 11.2.2.4: a bidirectional command's AHS of 8 bytes. */
Test(digest, header_with_a_bidirectional_length)
{
    uint8_t segment[PDU_BHS + 8] = {0x01, 0xe1, [4] = 2}, want[4], got[4];
    cr_assert_eq(hex_bytes("00050200 00010000", segment + PDU_BHS, 8), 8);
    digest_header(segment, sizeof segment, got);
    crc_by_bits(segment, sizeof segment, want);
    cr_assert_arr_eq(got, want, 4);
}
