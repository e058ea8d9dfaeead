/* SPDX-License-Identifier: Apache-2.0 */
/* Text data segments: key=value pairs, each ended by NUL (RFC 7143, 6.1, 6.2). Pure; any thread. */
#ifndef LUN_WIRE_TEXT_H
#define LUN_WIRE_TEXT_H

#include "base/bytes.h"

#define TEXT_KEY_MAX 63     /* 6.1: a key name is at most 63 bytes */
#define TEXT_VALUE_MAX 8192 /* 6.1: and a value, after C-bit joining, at most 8192 */

struct text_pair {
    const char *key, *value; /* inside the segment: the value ends in NUL, the key in '=' (see text_key_is) */
    size_t key_length, value_length;
};

bool text_key_is(const struct text_pair *p, const char *key);

enum text_next { TEXT_PAIR, TEXT_END, TEXT_BAD };

/* The next pair of a whole (C-bit joined) segment; stray NULs between pairs are passed over as padding.
 * TEXT_BAD: no '=', empty or over-long or ill-formed key, over-long value, no final NUL, or a control
 * character; *ret_why then says which (a constant string). */
enum text_next text_next(struct reader *r, struct text_pair *ret, const char **ret_why);

/* Appends key=value and its NUL. */
void text_put(struct writer *w, const char *key, const char *value);
__attribute__((format(printf, 3, 4))) void text_putf(struct writer *w, const char *key, const char *format,
                                                     ...);

#endif
