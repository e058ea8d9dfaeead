/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Tables of fields: where the standard puts a field, and what fact it makes. Nearly all decoders are such
 * tables, so that bounds are checked in one place. Pure; any thread.
 */
#ifndef LUN_SCSI_FIELDS_H
#define LUN_SCSI_FIELDS_H

#include "lun.h"

/* A structure the device sent: `have` bytes are here, the device says it has `said`. A field past `said` is
 * one that this version of the standard lacks: left out in silence. One past `have` was cut off. */
struct span {
    const uint8_t *data;
    size_t have, said;
};

/* A span of n bytes whose header says it has `said`. */
struct span span_over(const void *data, size_t n, size_t said);
/* The bytes from `offset` on; empty when there are none. */
struct span span_from(struct span s, size_t offset);
/* Adds `truncated: true`, once. */
void fields_truncated(struct lun_facts *f);
/* The same when bytes are missing. */
void span_mark_truncated(struct span s, struct lun_facts *f);

enum field_kind {
    FIELD_NUMBER,
    FIELD_BOOLEAN,
    FIELD_WORD,   /* from `words`; a value without a word is shown as a number */
    FIELD_STRING, /* `bytes` of text, padding at the end cut */
    FIELD_HEX,
};

struct field {
    const char *key;
    uint16_t byte;  /* offset of the first byte */
    uint16_t bytes; /* length; numbers have at most 8, scaled ones 4 */
    uint8_t shift;  /* bits below the field in those bytes, for numbers */
    uint8_t bits;   /* width in bits, 0 = all bytes */
    enum field_kind kind;
    uint16_t scale; /* numbers: the standard counts in so many `unit`s; 0 = 1 */
    const char *unit;
    const char *const *words;
    uint8_t word_count;
};

#define FIELD_N(key_, byte_, bytes_, unit_)                                                                  \
    {                                                                                                        \
        .key = (key_), .byte = (byte_), .bytes = (bytes_), .kind = FIELD_NUMBER, .unit = (unit_)             \
    }
/* A number the standard gives in multiples of `scale_` units. */
#define FIELD_SCALED(key_, byte_, bytes_, scale_, unit_)                                                     \
    {                                                                                                        \
        .key = (key_), .byte = (byte_), .bytes = (bytes_), .kind = FIELD_NUMBER, .scale = (scale_),          \
        .unit = (unit_)                                                                                      \
    }
/* Bits top..bottom of one byte, as a number, a boolean (one bit) or a word. */
#define FIELD_BITS(key_, byte_, top_, bottom_)                                                               \
    {                                                                                                        \
        .key = (key_), .byte = (byte_), .bytes = 1, .shift = (bottom_), .bits = (top_) - (bottom_) + 1,      \
        .kind = FIELD_NUMBER                                                                                 \
    }
#define FIELD_FLAG(key_, byte_, bit_)                                                                        \
    {                                                                                                        \
        .key = (key_), .byte = (byte_), .bytes = 1, .shift = (bit_), .bits = 1, .kind = FIELD_BOOLEAN        \
    }
#define FIELD_WORDS(key_, byte_, top_, bottom_, words_)                                                      \
    {                                                                                                        \
        .key = (key_), .byte = (byte_), .bytes = 1, .shift = (bottom_), .bits = (top_) - (bottom_) + 1,      \
        .kind = FIELD_WORD, .words = (words_), .word_count = sizeof(words_) / sizeof *(words_)               \
    }
#define FIELD_S(key_, byte_, bytes_)                                                                         \
    {                                                                                                        \
        .key = (key_), .byte = (byte_), .bytes = (bytes_), .kind = FIELD_STRING                              \
    }
#define FIELD_X(key_, byte_, bytes_)                                                                         \
    {                                                                                                        \
        .key = (key_), .byte = (byte_), .bytes = (bytes_), .kind = FIELD_HEX                                 \
    }

/* Adds the fact of each field that is whole in s, in the table's order. */
void fields_add(const struct field *table, size_t count, struct span s, const char *path,
                struct lun_facts *f);
#define FIELDS_ADD(table, s, path, f) fields_add((table), sizeof(table) / sizeof *(table), (s), (path), (f))

/* Text with the padding (spaces, NULs) at its end cut. */
void fields_add_text(struct lun_facts *f, const char *path, const char *key, const uint8_t *text, size_t n);

#define FIELD_PATH 96
/* "PATH.LIST.INDEX", or "LIST.INDEX" when path is "". */
void field_path(char ret[static FIELD_PATH], const char *path, const char *list, size_t index);

#endif
