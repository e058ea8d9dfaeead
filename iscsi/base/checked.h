/* SPDX-License-Identifier: Apache-2.0 */
/* Arithmetic on numbers a peer or a user chose: true when the result fits, else *ret is untouched. */
#ifndef LUN_BASE_CHECKED_H
#define LUN_BASE_CHECKED_H

#include <stdbool.h>
#include <stdint.h>

static inline bool checked_add_u64(uint64_t a, uint64_t b, uint64_t *ret)
{
    uint64_t v;
    if (__builtin_add_overflow(a, b, &v))
        return false;
    *ret = v;
    return true;
}

static inline bool checked_mul_u64(uint64_t a, uint64_t b, uint64_t *ret)
{
    uint64_t v;
    if (__builtin_mul_overflow(a, b, &v))
        return false;
    *ret = v;
    return true;
}

/* Does [offset, offset + length) lie inside [0, limit)? */
static inline bool checked_range(uint64_t offset, uint64_t length, uint64_t limit)
{
    return length <= limit && offset <= limit - length;
}

#endif
