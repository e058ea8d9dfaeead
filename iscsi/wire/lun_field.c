/* SPDX-License-Identifier: Apache-2.0 */
/*
 * LUN fields and numbers; pure, any thread. SAM-5 4.7.
 * Numbers from 16384 on follow Linux (lsscsi, sg_luns --linux): the field's 16-bit words, the first one
 * lowest. So each extended field has a number of its own, and it is the one a user of the kernel's initiator
 * knows.
 */
#include "wire/lun_field.h"

#define FLAT_MAX 0x3fffu

/* Bytes 0 and, where it is part of the form, what follows: the extended forms of one level (SAM-5 4.7.7). */
static bool extended(uint64_t field)
{
    switch (field >> 56) {
    case 0xc1: /* well known logical unit: 2 bytes */
        return !(field & 0x0000ffffffffffff);
    case 0xd2: /* extended flat space: 4 bytes */
        return !(field & 0x00000000ffffffff);
    case 0xe2: /* long extended flat space: 6 bytes */
        return !(field & 0x000000000000ffff);
    default:
        return false;
    }
}

/* Reverses the order of the four 16-bit words. */
static uint64_t swap_words(uint64_t v)
{
    return v << 48 | (v & 0xffff0000) << 16 | (v >> 16 & 0xffff0000) | v >> 48;
}

bool lun_field_from_number(uint64_t number, uint64_t *ret_field)
{
    if (number > FLAT_MAX) {
        uint64_t field = swap_words(number);
        if (!extended(field))
            return false;
        *ret_field = field;
    } else if (number < 256) {
        *ret_field = number << 48; /* peripheral device, bus 0 */
    } else {
        *ret_field = (0x4000 | number) << 48; /* flat space */
    }
    return true;
}

bool lun_field_to_number(uint64_t field, uint64_t *ret_number)
{
    uint64_t word = field >> 48;
    bool only_first = !(field & 0x0000ffffffffffff);
    if (only_first && (word < 256 || word >> 14 == 1))
        *ret_number = word & FLAT_MAX;
    else if (extended(field))
        *ret_number = swap_words(field);
    else
        return false;
    return true;
}
