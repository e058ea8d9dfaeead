/* SPDX-License-Identifier: Apache-2.0 */
/* Numbers of bytes as people write and read them. Pure; any thread. */
#include "size.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

static const char prefixes[] = "kmgtp";

static int digit_value(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    if (c >= 'a' && c <= 'f')
        return c - 'a' + 10;
    if (c >= 'A' && c <= 'F')
        return c - 'A' + 10;
    return 99;
}

/* The factor a suffix stands for; 0 = not a suffix. */
static uint64_t suffix_factor(const char *s)
{
    if (*s == '\0' || strcasecmp(s, "b") == 0)
        return 1;
    const char *p = strchr(prefixes, *s | 0x20);
    if (!p)
        return 0;
    uint64_t base = strcasecmp(s + 1, "b") == 0 ? 1000 : 1024;
    if (base == 1024 && s[1] != '\0' && strcasecmp(s + 1, "ib") != 0)
        return 0;
    uint64_t factor = base;
    for (ptrdiff_t i = 0; i < p - prefixes; i++)
        factor *= base;
    return factor;
}

bool size_parse(const char *text, uint64_t *ret)
{
    int base = 10;
    if (text[0] == '0' && (text[1] == 'x' || text[1] == 'X')) {
        base = 16;
        text += 2;
    }
    if (digit_value(*text) >= base)
        return false;
    uint64_t v = 0;
    for (; digit_value(*text) < base; text++)
        if (__builtin_mul_overflow(v, (uint64_t)base, &v) ||
            __builtin_add_overflow(v, (uint64_t)digit_value(*text), &v))
            return false;
    uint64_t factor = suffix_factor(text);
    if (factor == 0 || __builtin_mul_overflow(v, factor, &v))
        return false;
    *ret = v;
    return true;
}

void size_text(uint64_t bytes, char ret[static SIZE_TEXT])
{
    static const char *const units[] = {"bytes", "KiB", "MiB", "GiB", "TiB", "PiB"};
    size_t unit = 0;
    while (bytes >= 1024 && bytes % 1024 == 0 && unit + 1 < sizeof units / sizeof *units) {
        bytes /= 1024;
        unit++;
    }
    snprintf(ret, SIZE_TEXT, "%" PRIu64 " %s", bytes, units[unit]);
}
