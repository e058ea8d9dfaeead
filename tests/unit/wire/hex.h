/* SPDX-License-Identifier: Apache-2.0 */
/* Fixtures written as hexadecimal text, so that a test shows the bytes as they are on the wire. */
#ifndef TEST_WIRE_HEX_H
#define TEST_WIRE_HEX_H

#include <criterion/criterion.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

/* Bytes of `hex` (blanks between bytes are passed over) into `to`; how many there were. */
static inline size_t hex_bytes(const char *hex, uint8_t *to, size_t room)
{
    size_t n = 0;
    while (*hex) {
        unsigned byte;
        if (*hex == ' ') {
            hex++;
            continue;
        }
        cr_assert_eq(sscanf(hex, "%2x", &byte), 1, "not hexadecimal: %s", hex);
        cr_assert_lt(n, room);
        to[n++] = (uint8_t)byte;
        hex += 2;
    }
    return n;
}

#endif
