/* SPDX-License-Identifier: Apache-2.0 */
/* Serial number arithmetic on 32 bits (RFC 1982, RFC 7143 4.2.2.1). */
#ifndef LUN_WIRE_SERIAL_H
#define LUN_WIRE_SERIAL_H

#include <stdbool.h>
#include <stdint.h>

static inline bool serial_less(uint32_t a, uint32_t b)
{
    return (int32_t)(a - b) < 0;
}

static inline bool serial_less_equal(uint32_t a, uint32_t b)
{
    return (int32_t)(a - b) <= 0;
}

#endif
