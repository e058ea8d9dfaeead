/* SPDX-License-Identifier: Apache-2.0 */
/* Numbers of bytes as people write and read them. Pure; any thread. */
#ifndef LUNCTL_SIZE_H
#define LUNCTL_SIZE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * "4096", "0x1000", "4k", "4K", "4KiB" (all 4096) or "4kB" (4000); likewise m, g, t and p, in either case; a
 * final "B" alone is allowed. No sign, blank or fraction. False, with *ret untouched, for anything else and
 * for what does not fit in 64 bits.
 */
bool size_parse(const char *text, uint64_t *ret);

/* "64 MiB" where that is exact, else "67108865 bytes". */
#define SIZE_TEXT 32
void size_text(uint64_t bytes, char ret[static SIZE_TEXT]);

#endif
