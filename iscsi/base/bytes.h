/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Big-endian fields and bounded readers and writers. The only place in the project that knows byte order.
 * A reader or writer that runs out of room turns `bad` and stays so: callers check once, at the end.
 */
#ifndef LUN_BASE_BYTES_H
#define LUN_BASE_BYTES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

static inline uint16_t get_be16(const void *p)
{
    uint16_t v;
    memcpy(&v, p, sizeof v);
    return __builtin_bswap16(v);
}

static inline uint32_t get_be24(const void *p)
{
    const uint8_t *b = p;
    return (uint32_t)b[0] << 16 | (uint32_t)b[1] << 8 | b[2];
}

static inline uint32_t get_be32(const void *p)
{
    uint32_t v;
    memcpy(&v, p, sizeof v);
    return __builtin_bswap32(v);
}

static inline uint64_t get_be64(const void *p)
{
    uint64_t v;
    memcpy(&v, p, sizeof v);
    return __builtin_bswap64(v);
}

static inline void put_be16(void *p, uint16_t v)
{
    v = __builtin_bswap16(v);
    memcpy(p, &v, sizeof v);
}

static inline void put_be24(void *p, uint32_t v)
{
    uint8_t *b = p;
    b[0] = (uint8_t)(v >> 16);
    b[1] = (uint8_t)(v >> 8);
    b[2] = (uint8_t)v;
}

static inline void put_be32(void *p, uint32_t v)
{
    v = __builtin_bswap32(v);
    memcpy(p, &v, sizeof v);
}

static inline void put_be64(void *p, uint64_t v)
{
    v = __builtin_bswap64(v);
    memcpy(p, &v, sizeof v);
}

/* CRC32C travels least significant byte first (RFC 7143, 13.1). */
static inline uint32_t get_le32(const void *p)
{
    uint32_t v;
    memcpy(&v, p, sizeof v);
    return v;
}

static inline void put_le32(void *p, uint32_t v)
{
    memcpy(p, &v, sizeof v);
}

_Static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__,
               "big-endian hosts need the swaps above made conditional");

struct reader {
    const uint8_t *at;
    size_t left;
    bool bad; /* something was read past the end; every later read gives zeros */
};

static inline struct reader reader_over(const void *p, size_t n)
{
    return (struct reader){.at = p, .left = n};
}

/* The next n bytes, or NULL (and bad) if there are fewer. */
static inline const uint8_t *reader_take(struct reader *r, size_t n)
{
    if (r->bad || n > r->left) {
        r->bad = true;
        return NULL;
    }
    const uint8_t *p = r->at;
    if (n) /* nothing may be taken from a reader over NULL, and NULL + 0 is undefined */
        r->at += n;
    r->left -= n;
    return p;
}

static inline uint8_t reader_u8(struct reader *r)
{
    const uint8_t *p = reader_take(r, 1);
    return p ? *p : 0;
}

static inline uint16_t reader_be16(struct reader *r)
{
    const uint8_t *p = reader_take(r, 2);
    return p ? get_be16(p) : 0;
}

static inline uint32_t reader_be24(struct reader *r)
{
    const uint8_t *p = reader_take(r, 3);
    return p ? get_be24(p) : 0;
}

static inline uint32_t reader_be32(struct reader *r)
{
    const uint8_t *p = reader_take(r, 4);
    return p ? get_be32(p) : 0;
}

static inline uint64_t reader_be64(struct reader *r)
{
    const uint8_t *p = reader_take(r, 8);
    return p ? get_be64(p) : 0;
}

/* A reader over the next n bytes, which are taken from r; bad if there are fewer. */
static inline struct reader reader_sub(struct reader *r, size_t n)
{
    const uint8_t *p = reader_take(r, n);
    return p ? reader_over(p, n) : (struct reader){.bad = true};
}

struct writer {
    uint8_t *start, *at;
    size_t left;
    bool bad; /* something did not fit; nothing further is written */
};

static inline struct writer writer_over(void *p, size_t n)
{
    return (struct writer){.start = p, .at = p, .left = n};
}

static inline size_t writer_used(const struct writer *w)
{
    return (size_t)(w->at - w->start);
}

/* Room for n bytes, or NULL (and bad). */
static inline uint8_t *writer_room(struct writer *w, size_t n)
{
    if (w->bad || n > w->left) {
        w->bad = true;
        return NULL;
    }
    uint8_t *p = w->at;
    if (n)
        w->at += n;
    w->left -= n;
    return p;
}

static inline void writer_bytes(struct writer *w, const void *p, size_t n)
{
    uint8_t *to = writer_room(w, n);
    if (to && n)
        memcpy(to, p, n);
}

static inline void writer_u8(struct writer *w, uint8_t v)
{
    writer_bytes(w, &v, 1);
}

#endif
