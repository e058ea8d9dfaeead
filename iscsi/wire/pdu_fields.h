/* SPDX-License-Identifier: Apache-2.0 */
/* What pdu.c and pdu_control.c share: the fields most headers have in common (RFC 7143, 11.2.1). */
#ifndef LUN_WIRE_PDU_FIELDS_H
#define LUN_WIRE_PDU_FIELDS_H

#include "base/bytes.h"
#include "wire/pdu.h"

#define FLAG_IMMEDIATE 0x40u /* byte 0 */
#define FLAG_FINAL 0x80u     /* byte 1, as are those below */
#define FLAG_CONTINUE 0x40u

/* Bytes 0-7. `opcode` may carry FLAG_IMMEDIATE; bytes 2 and 3 are `two` and `three`. */
static inline void put_start(uint8_t *bhs, uint32_t opcode, uint32_t flags, uint32_t two, uint32_t three,
                             uint32_t data_length)
{
    put_be32(bhs, opcode << 24 | flags << 16 | two << 8 | three);
    put_be32(bhs + 4, data_length & 0xffffff);
}

/* Bytes 24-35 of every response. */
static inline void put_numbers(uint8_t *bhs, uint32_t statsn, uint32_t expcmdsn, uint32_t maxcmdsn)
{
    put_be32(bhs + 24, statsn);
    put_be32(bhs + 28, expcmdsn);
    put_be32(bhs + 32, maxcmdsn);
}

static inline uint32_t flag(bool set, uint32_t bit)
{
    return set ? bit : 0;
}

static inline uint32_t with_immediate(uint32_t opcode, bool immediate)
{
    return opcode | flag(immediate, FLAG_IMMEDIATE);
}

/* The opcode fits, and so do the bits of byte 1 that 7143 fixes at 1. */
static inline bool is_kind(const uint8_t *bhs, uint8_t opcode, uint8_t ones)
{
    return pdu_opcode(bhs) == opcode && (bhs[1] & ones) == ones;
}

#endif
