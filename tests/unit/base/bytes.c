/* SPDX-License-Identifier: Apache-2.0 */
/* Big-endian fields at any alignment; readers and writers that stop at the end and stay stopped. */
#include "base/bytes.h"

#include <criterion/criterion.h>

static const uint8_t ramp[] = {0xf1, 0xf2, 0xf3, 0xf4, 0xf5, 0xf6, 0xf7, 0xf8, 0xf9};

Test(bytes, get_big_endian)
{
    cr_assert_eq(get_be16(ramp), 0xf1f2);
    cr_assert_eq(get_be24(ramp), 0xf1f2f3);
    cr_assert_eq(get_be32(ramp), 0xf1f2f3f4);
    cr_assert_eq(get_be64(ramp), 0xf1f2f3f4f5f6f7f8);
}

Test(bytes, get_unaligned)
{
    cr_assert_eq(get_be16(ramp + 1), 0xf2f3);
    cr_assert_eq(get_be32(ramp + 1), 0xf2f3f4f5);
    cr_assert_eq(get_be64(ramp + 1), 0xf2f3f4f5f6f7f8f9);
}

Test(bytes, put_big_endian)
{
    uint8_t b[20];
    memset(b, 0xee, sizeof b);
    put_be16(b + 1, 0x0102);
    put_be24(b + 3, 0xff030405); /* the highest byte has no place */
    put_be32(b + 6, 0x06070809);
    put_be64(b + 10, 0x0a0b0c0d0e0f1011);
    const uint8_t want[] = {0xee, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 0xee, 0xee};
    cr_assert_arr_eq(b, want, sizeof want);
}

Test(bytes, little_endian)
{
    uint8_t b[4];
    cr_assert_eq(get_le32(ramp), 0xf4f3f2f1);
    put_le32(b, 0xf4f3f2f1);
    cr_assert_arr_eq(b, ramp, 4);
}

Test(reader, fields_in_order)
{
    struct reader r = reader_over(ramp, sizeof ramp);
    cr_assert_eq(reader_u8(&r), 0xf1);
    cr_assert_eq(reader_be16(&r), 0xf2f3);
    cr_assert_eq(reader_be24(&r), 0xf4f5f6);
    cr_assert_eq(r.left, 3);
    cr_assert_not(r.bad);
}

Test(reader, wide_fields)
{
    struct reader r = reader_over(ramp, sizeof ramp);
    cr_assert_eq(reader_be64(&r), 0xf1f2f3f4f5f6f7f8);
    r = reader_over(ramp, sizeof ramp);
    cr_assert_eq(reader_be32(&r), 0xf1f2f3f4);
}

Test(reader, to_the_last_byte)
{
    struct reader r = reader_over(ramp, 4);
    cr_assert_eq(reader_be32(&r), 0xf1f2f3f4);
    cr_assert_not(r.bad);
    cr_assert_eq(r.left, 0);
}

Test(reader, one_byte_too_few)
{
    struct reader r = reader_over(ramp, 3);
    cr_assert_eq(reader_be32(&r), 0);
    cr_assert(r.bad);
    r = reader_over(ramp, 7);
    cr_assert_eq(reader_be64(&r), 0);
    cr_assert(r.bad);
    r = reader_over(ramp, 2);
    cr_assert_eq(reader_be24(&r), 0);
    cr_assert(r.bad);
    r = reader_over(ramp, 1);
    cr_assert_eq(reader_be16(&r), 0);
    cr_assert(r.bad);
    r = reader_over(ramp, 0);
    cr_assert_eq(reader_u8(&r), 0);
    cr_assert(r.bad);
}

/* What would fit is not given either: a field after a missing one has no known place. */
Test(reader, stays_bad)
{
    struct reader r = reader_over(ramp, 3);
    reader_be32(&r);
    cr_assert_eq(reader_u8(&r), 0);
    cr_assert_null(reader_take(&r, 0));
    cr_assert(r.bad);
}

Test(reader, take)
{
    struct reader r = reader_over(ramp, sizeof ramp);
    cr_assert_eq(reader_take(&r, 3), ramp);
    cr_assert_eq(reader_take(&r, 0), ramp + 3);
    cr_assert_null(reader_take(&r, SIZE_MAX));
    cr_assert(r.bad);
}

Test(reader, sub)
{
    struct reader r = reader_over(ramp, sizeof ramp);
    struct reader s = reader_sub(&r, 2);
    cr_assert_eq(reader_be16(&s), 0xf1f2);
    cr_assert_eq(reader_u8(&s), 0);
    cr_assert(s.bad);
    cr_assert_not(r.bad);
    cr_assert_eq(reader_u8(&r), 0xf3);
}

Test(reader, sub_past_the_end)
{
    struct reader r = reader_over(ramp, 4);
    struct reader s = reader_sub(&r, 5);
    cr_assert(s.bad);
    cr_assert(r.bad);
    cr_assert_eq(reader_u8(&s), 0);
}

Test(writer, bytes_in_order)
{
    uint8_t b[4] = {0};
    struct writer w = writer_over(b, sizeof b);
    writer_u8(&w, 0xf1);
    writer_bytes(&w, ramp + 1, 3);
    cr_assert_not(w.bad);
    cr_assert_eq(writer_used(&w), 4);
    cr_assert_arr_eq(b, ramp, 4);
}

Test(writer, what_does_not_fit_is_not_begun)
{
    uint8_t b[4] = {0};
    struct writer w = writer_over(b, 3);
    writer_u8(&w, 1);
    writer_bytes(&w, ramp, 3);
    cr_assert(w.bad);
    cr_assert_eq(writer_used(&w), 1);
    const uint8_t want[] = {1, 0, 0, 0};
    cr_assert_arr_eq(b, want, 4);
}

Test(writer, stays_bad)
{
    uint8_t b[4] = {0};
    struct writer w = writer_over(b, 3);
    cr_assert_null(writer_room(&w, 4));
    writer_u8(&w, 1);
    cr_assert(w.bad);
    cr_assert_eq(writer_used(&w), 0);
    cr_assert_eq(b[0], 0);
}

Test(writer, nothing_into_nothing)
{
    struct writer w = writer_over(NULL, 0);
    writer_bytes(&w, NULL, 0);
    cr_assert_not(w.bad);
    writer_u8(&w, 1);
    cr_assert(w.bad);
}
