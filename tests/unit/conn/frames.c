/* SPDX-License-Identifier: Apache-2.0 */
/* Whole PDUs as they travel, header to last digest: what send.c makes of the header and data, and what
 * receive.c makes of the bytes. Where they come from stands beside each; RFC 7143 11.1, 11.2.3, 13.1. */
#include <stdlib.h>

#include "../wire/hex.h"
#include "conn/receive.h"
#include "conn/send.h"
#include "wire/digest.h"

#define ROOM 256

struct frame {
    const char *header, *header_digest, *data /* with its padding */, *data_digest;
    uint32_t length;
};

static const struct frame frames[] = {
    /* RFC 7143, A.4: a READ(10) and the CRC of its header */
    {"01c00000 00000000 00000000 00000000 14000000 00000400 00000014 00000018"
     "28000000 00000000 02000000 00000000",
     "563a96d9", "", "", 0},
    /* tgt 1.0.85, both digests agreed on: the power-on unit attention, 20 bytes and no padding */
    {"21800002 00000014 00000000 00000000 00000021 00000000 00000001 00000002"
     "00000082 00000000 00000000 00000000",
     "b8729cbb", "00127000 06000000 000a0000 00002900 00000000", "ca039719", 20},
    /* tgt: INQUIRY data, one byte of padding */
    {"25810000 0000003f 00000000 00000000 00000022 ffffffff 00000002 00000003"
     "00000083 00000000 00000000 00000000",
     "0072345c",
     "00000512 3d000002 49455420 20202020 56495254 55414c2d 4449534b 20202020"
     "30303031 00000000 00000000 00000000 00000000 00000000 000004c0 09600300",
     "a879cc75", 63},
    /* tgt: two bytes of padding */
    {"25810000 00000042 00000000 00000000 00000023 ffffffff 00000003 00000004"
     "00000084 00000000 00000000 00000000",
     "2ad24717",
     "00000512 3d000002 49455420 20202020 56495254 55414c2d 4449534b 20202020"
     "30303031 00000000 00000000 00000000 00000000 00000000 000004c0 09600300"
     "00000000",
     "e1811663", 66},
    /* tgt: the echo of a ping with "hello", three bytes of padding */
    {"20800000 00000005 00000000 00000000 00000024 ffffffff 00000004 00000004"
     "00000084 00000000 00000000 00000000",
     "b5507a0c", "68656c6c 6f000000", "b3ed0390", 5},
    /* tgt: READ CAPACITY(10) data */
    {"25810000 00000008 00000000 00000000 00000025 ffffffff 00000005 00000005"
     "00000085 00000000 00000000 00000000",
     "68719c32", "00003fff 00000200", "c62eb2a8", 8},
    /* istgt 0.4: a Reject with the header it complains of and that one's digest */
    {"3f800400 00000034 00000000 00000000 ffffffff 00000000 00000007 00000004"
     "00000023 00000000 00000000 00000000",
     "158862a6",
     "10810000 00000000 00000000 00000000 ffffffff ffffffff 00000000 00000007"
     "00000000 00000000 00000000 00000000 0c39fb67",
     "c74b6748", 52},
};
#define FRAMES (sizeof frames / sizeof frames[0])

/* The frame's bytes with the digests that are in force. */
static size_t bytes_of(const struct frame *f, bool header_digest, bool data_digest, uint8_t to[static ROOM])
{
    size_t n = hex_bytes(f->header, to, ROOM);
    if (header_digest)
        n += hex_bytes(f->header_digest, to + n, ROOM - n);
    n += hex_bytes(f->data, to + n, ROOM - n);
    if (data_digest)
        n += hex_bytes(f->data_digest, to + n, ROOM - n);
    return n;
}

static struct {
    const struct frame *frame; /* NULL: nothing to send, or received already */
    const uint8_t *ahs;
    uint32_t ahs_length;
    uint8_t data[ROOM];
} t;

static void each_way(void (*check)(const struct frame *f, bool header_digest, bool data_digest))
{
    for (size_t i = 0; i < FRAMES; i++)
        for (unsigned digests = 0; digests < 4; digests++)
            check(&frames[i], digests & 1, digests & 2);
}

/* ---- out ----------------------------------------------------------------------------------------------- */

static bool next(void *ctx, struct pdu_out *ret)
{
    if (!t.frame)
        return false;
    hex_bytes(t.frame->header, ret->bhs, PDU_BHS);
    pdu_set_lengths(ret->bhs, 0, 0); /* for send.c to fill in */
    ret->data = t.data;
    ret->data_length = t.frame->length;
    ret->cookie = NULL;
    t.frame = NULL;
    return true;
}

static void sent(void *ctx, void *cookie)
{
}

static void send_one(const struct frame *f, bool header_digest, bool data_digest)
{
    static const struct send_ops ops = {next, sent};
    struct send s;
    struct iovec iov[SEND_IOV];
    uint8_t want[ROOM], got[ROOM];
    size_t want_n = bytes_of(f, header_digest, data_digest, want), n = 0;
    memset(t.data, 0xee, sizeof t.data); /* padding is not taken from what lies behind the data */
    uint8_t data[ROOM];
    hex_bytes(f->data, data, sizeof data);
    memcpy(t.data, data, f->length);
    t.frame = f;
    cr_assert(send_init(&s, &ops, NULL));
    s.header_digest = header_digest;
    s.data_digest = data_digest;
    int count = send_gather(&s, iov);
    for (int i = 0; i < count; i++) {
        cr_assert_leq(n + iov[i].iov_len, sizeof got);
        memcpy(got + n, iov[i].iov_base, iov[i].iov_len);
        n += iov[i].iov_len;
    }
    cr_assert_eq(n, want_n);
    cr_assert_arr_eq(got, want, n);
    send_advance(&s, n);
    send_free(&s);
}

Test(frames, s11_1_out)
{
    each_way(send_one);
}

/* ---- in ------------------------------------------------------------------------------------------------ */

static bool place(void *ctx, const uint8_t *bhs, struct pdu_place *ret, struct lun_error *e)
{
    *ret = (struct pdu_place){0};
    return true;
}

static bool pdu(void *ctx, const struct pdu_in *p, struct lun_error *e)
{
    uint8_t bhs[PDU_BHS], data[ROOM];
    hex_bytes(t.frame->header, bhs, sizeof bhs);
    hex_bytes(t.frame->data, data, sizeof data);
    pdu_set_lengths(bhs, t.ahs_length, t.frame->length);
    cr_assert_arr_eq(p->bhs, bhs, PDU_BHS);
    cr_assert_eq(p->data_length, t.frame->length);
    cr_assert_eq(memcmp(p->data, data, t.frame->length), 0);
    cr_assert_eq(p->ahs_length, t.ahs_length);
    cr_assert_eq(t.ahs_length && memcmp(p->ahs, t.ahs, t.ahs_length), 0);
    t.frame = NULL;
    return true;
}

/* All bytes at once; false: refused. */
static bool receive_all(const uint8_t *bytes, size_t n, bool header_digest, bool data_digest)
{
    static const struct receive_ops ops = {place, pdu};
    struct receive r;
    struct iovec iov[2];
    struct lun_error e;
    cr_assert(receive_init(&r, &ops, NULL, 8192));
    r.header_digest = header_digest;
    r.data_digest = data_digest;
    receive_room(&r, iov);
    cr_assert_geq(iov[0].iov_len, n);
    memcpy(iov[0].iov_base, bytes, n);
    bool good = receive_parse(&r, n, &e) && receive_at_boundary(&r);
    receive_free(&r);
    return good && !t.frame;
}

static void receive_one(const struct frame *f, bool header_digest, bool data_digest)
{
    uint8_t bytes[ROOM];
    size_t n = bytes_of(f, header_digest, data_digest, bytes);
    t.frame = f;
    cr_assert(receive_all(bytes, n, header_digest, data_digest));
}

Test(frames, s11_1_in)
{
    each_way(receive_one);
}

/* Both digests: each byte changed is noticed, the lengths apart, which end in another way. */
Test(frames, s7_8_each_changed_byte_is_noticed)
{
    for (size_t i = 0; i < FRAMES; i++) {
        uint8_t bytes[ROOM];
        size_t n = bytes_of(&frames[i], true, true, bytes);
        for (size_t at = 0; at < n; at++) {
            bytes[at] ^= 0x10;
            t.frame = &frames[i];
            cr_assert_not(receive_all(bytes, n, true, true), "frame %zu, byte %zu", i, at);
            bytes[at] ^= 0x10;
        }
    }
}

/* The remainder of 13.1 bit by bit, for headers that nobody sent us. */
static void crc_by_bits(const uint8_t *bytes, size_t n, uint8_t ret[4])
{
    uint32_t crc = 0xffffffff;
    for (size_t i = 0; i < n * 8; i++) {
        uint32_t in = bytes[i / 8] >> (i % 8) & 1;
        crc = (crc ^ in) & 1 ? crc >> 1 ^ 0x82f63b78 : crc >> 1; /* 1edc6f41, reflected */
    }
    for (int i = 0; i < 4; i++)
        ret[i] = (uint8_t)(~crc >> 8 * i);
}

/* 11.2.2.1, 11.2.3: tgt's unit attention with an AHS of a kind unknown to us between header and digest: the
 * digest covers both, and neither data nor the next PDU moves. */
Test(frames, s11_2_3_in_with_an_ahs)
{
    static const uint8_t ahs[8] = {0x00, 0x05, 0x3f, 0x00, 1, 2, 3, 4};
    const struct frame *f = &frames[1];
    for (unsigned digests = 0; digests < 4; digests++) {
        uint8_t bytes[ROOM];
        size_t n = hex_bytes(f->header, bytes, sizeof bytes);
        bytes[4] = sizeof ahs / 4;
        memcpy(bytes + n, ahs, sizeof ahs);
        n += sizeof ahs;
        if (digests & 1)
            crc_by_bits(bytes, PDU_BHS + sizeof ahs, bytes + n);
        n += digests & 1 ? 4 : 0;
        n += hex_bytes(f->data, bytes + n, sizeof bytes - n);
        if (digests & 2)
            n += hex_bytes(f->data_digest, bytes + n, sizeof bytes - n);
        t.frame = f;
        t.ahs = ahs;
        t.ahs_length = sizeof ahs;
        cr_assert(receive_all(bytes, n, digests & 1, digests & 2), "digests %u", digests);
    }
}
