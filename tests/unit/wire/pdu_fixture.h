/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How a fixture of a header becomes tests. Where its bytes come from stands beside each:
 *   "libiscsi 1.19", "tgt 1.0.85", "istgt 0.4": as captured between Debian 12's packages on loopback;
 *   a section of RFC 7143: laid out by hand from that section's table of fields.
 */
#ifndef TEST_WIRE_PDU_FIXTURE_H
#define TEST_WIRE_PDU_FIXTURE_H

#include "hex.h"
#include "wire/pdu.h"

static inline void bhs_of(const char *hex, uint8_t bhs[static PDU_BHS])
{
    cr_assert_eq(hex_bytes(hex, bhs, PDU_BHS), PDU_BHS, "not 48 bytes: %s", hex);
}

static inline void same_number(uint64_t got, uint64_t want, const char *field)
{
    cr_assert_eq(got, want, "%s: %#lx, not %#lx", field, (unsigned long)got, (unsigned long)want);
}

static inline void same_bytes(const uint8_t *got, const uint8_t *want, size_t n)
{
    cr_assert_arr_eq(got, want, n);
}

#define SAME(field) same_number(got->field, want->field, #field)
#define SAME_BYTES(field) same_bytes(got->field, want->field, sizeof want->field)

/* same_kind(got, want): each field listed is the same in both. */
#define SAME_FIELDS(kind, ...)                                                                               \
    static void same_##kind(const struct pdu_##kind *got, const struct pdu_##kind *want)                     \
    {                                                                                                        \
        __VA_ARGS__;                                                                                         \
    }

/* The structure gives exactly these bytes, whatever was there before, and they give it back. */
#define BOTH_WAYS(kind, name, hex, ...)                                                                      \
    static const struct pdu_##kind kind##_##name = {__VA_ARGS__};                                            \
    Test(pdu_##kind, put_##name)                                                                             \
    {                                                                                                        \
        uint8_t got[PDU_BHS], want[PDU_BHS];                                                                 \
        bhs_of(hex, want);                                                                                   \
        memset(got, 0xa5, sizeof got);                                                                       \
        pdu_put_##kind(got, &kind##_##name);                                                                 \
        cr_assert_arr_eq(got, want, PDU_BHS);                                                                \
    }                                                                                                        \
    Test(pdu_##kind, get_##name)                                                                             \
    {                                                                                                        \
        uint8_t bhs[PDU_BHS];                                                                                \
        struct pdu_##kind got;                                                                               \
        bhs_of(hex, bhs);                                                                                    \
        memset(&got, 0xa5, sizeof got);                                                                      \
        cr_assert(pdu_get_##kind(bhs, &got));                                                                \
        same_##kind(&got, &kind##_##name);                                                                   \
    }

/* Refused, and *ret untouched. */
#define REFUSED(kind, bhs)                                                                                   \
    do {                                                                                                     \
        struct pdu_##kind got_, before_;                                                                     \
        memset(&got_, 0xa5, sizeof got_);                                                                    \
        memset(&before_, 0xa5, sizeof before_);                                                              \
        cr_assert_not(pdu_get_##kind(bhs, &got_));                                                           \
        cr_assert_eq(memcmp(&got_, &before_, sizeof got_), 0);                                               \
    } while (0)

#define REFUSES(kind, name, hex)                                                                             \
    Test(pdu_##kind, refuses_##name)                                                                         \
    {                                                                                                        \
        uint8_t bhs_[PDU_BHS];                                                                               \
        bhs_of(hex, bhs_);                                                                                   \
        REFUSED(kind, bhs_);                                                                                 \
    }

/* With the bytes of fixture `name`: every other opcode is refused. */
#define REFUSES_OTHER_OPCODES(kind, name)                                                                    \
    Test(pdu_##kind, refuses_other_opcodes)                                                                  \
    {                                                                                                        \
        uint8_t bhs_[PDU_BHS];                                                                               \
        pdu_put_##kind(bhs_, &kind##_##name);                                                                \
        const uint8_t first = bhs_[0];                                                                       \
        for (unsigned opcode = 0; opcode < 64; opcode++) {                                                   \
            bhs_[0] = (uint8_t)((first & 0xc0) | opcode);                                                    \
            if (bhs_[0] != first)                                                                            \
                REFUSED(kind, bhs_);                                                                         \
        }                                                                                                    \
    }

/* With the bytes of fixture `name`: byte 1 without its first bit, which 7143 fixes at 1, is refused. */
#define REFUSES_WITHOUT_F(kind, name)                                                                        \
    Test(pdu_##kind, refuses_f_missing)                                                                      \
    {                                                                                                        \
        uint8_t bhs_[PDU_BHS];                                                                               \
        pdu_put_##kind(bhs_, &kind##_##name);                                                                \
        bhs_[1] &= 0x7f;                                                                                     \
        REFUSED(kind, bhs_);                                                                                 \
    }

/* Chapter 11: receivers ignore reserved bits. `mask` has a 1 for each the section's table leaves reserved. */
#define IGNORES_RESERVED(kind, name, mask)                                                                   \
    Test(pdu_##kind, ignores_reserved_bits)                                                                  \
    {                                                                                                        \
        uint8_t bhs_[PDU_BHS], mask_[PDU_BHS];                                                               \
        bhs_of(mask, mask_);                                                                                 \
        pdu_put_##kind(bhs_, &kind##_##name);                                                                \
        for (size_t i = 0; i < PDU_BHS; i++) {                                                               \
            cr_assert_eq(bhs_[i] & mask_[i], 0, "byte %zu: reserved bits are sent as 0", i);                 \
            bhs_[i] |= mask_[i];                                                                             \
        }                                                                                                    \
        struct pdu_##kind got_;                                                                              \
        memset(&got_, 0xa5, sizeof got_);                                                                    \
        cr_assert(pdu_get_##kind(bhs_, &got_));                                                              \
        same_##kind(&got_, &kind##_##name);                                                                  \
    }

#endif
