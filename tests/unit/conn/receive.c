/* SPDX-License-Identifier: Apache-2.0 */
/* Framing of what arrives: however the bytes are cut, the same PDUs come out. */
#include "stream.h"

#define SEGMENT 262144u

/* Both streams hold the same five PDUs: no data, padded data, data and AHS, a placeable Data-In, no data. */
static void five(struct stream *s)
{
    stream_pdu(s, PDU_NOP_IN, 1, 0, 0);
    stream_pdu(s, PDU_SCSI_RESPONSE, 2, 0, 21);
    stream_pdu(s, PDU_ASYNC, 3, 24, 10);
    stream_pdu(s, PDU_DATA_IN, 4, 0, 43);
    stream_pdu(s, PDU_R2T, 5, 0, 0);
}

static void five_came(const struct sink *k)
{
    static const struct sunk want[] = {{PDU_NOP_IN, 1, 0, 0, false},
                                       {PDU_SCSI_RESPONSE, 2, 0, 21, false},
                                       {PDU_ASYNC, 3, 24, 10, false},
                                       {PDU_DATA_IN, 4, 0, 43, false},
                                       {PDU_R2T, 5, 0, 0, false}};
    sink_whole(k, 5);
    for (int i = 0; i < 5; i++) {
        cr_assert_eq(k->pdus[i].opcode, want[i].opcode);
        cr_assert_eq(k->pdus[i].tag, want[i].tag);
        cr_assert_eq(k->pdus[i].ahs, want[i].ahs);
        cr_assert_eq(k->pdus[i].data, want[i].data);
    }
}

static void five_in_chunks(size_t chunk, bool digests, bool direct)
{
    struct stream s;
    struct sink k;
    stream_init(&s, digests, digests);
    five(&s);
    sink_init(&k, &s, SEGMENT);
    k.place_from = direct ? 40 : 0;
    cr_assert(sink_feed(&k, s.bytes, s.n, chunk), "%s", k.error.text);
    five_came(&k);
    cr_assert_eq(k.pdus[3].placed, direct);
    sink_free(&k);
    stream_free(&s);
}

Test(receive, one_byte_at_a_time)
{
    five_in_chunks(1, false, false);
}

Test(receive, one_byte_at_a_time_with_digests)
{
    five_in_chunks(1, true, false);
}

Test(receive, one_byte_at_a_time_into_its_place)
{
    five_in_chunks(1, true, true);
}

Test(receive, many_pdus_in_one_read)
{
    five_in_chunks(STREAM_ROOM, true, false);
}

Test(receive, every_chunk_length)
{
    for (size_t chunk = 2; chunk < 130; chunk++)
        five_in_chunks(chunk, chunk & 1, chunk & 2);
}

static void every_split(bool digests, uint32_t place_from, bool large)
{
    struct stream s;
    stream_init(&s, digests, digests);
    five(&s);
    for (size_t cut = 1; cut < s.n; cut++) {
        struct sink k;
        sink_init(&k, &s, SEGMENT);
        k.place_from = place_from;
        k.large = large;
        cr_assert(sink_feed(&k, s.bytes, cut, cut), "%s", k.error.text);
        cr_assert(sink_feed(&k, s.bytes + cut, s.n - cut, s.n), "%s", k.error.text);
        five_came(&k);
        sink_free(&k);
    }
    stream_free(&s);
}

Test(receive, every_split_in_two)
{
    every_split(false, 0, false);
}

Test(receive, every_split_in_two_with_digests)
{
    every_split(true, 0, false);
}

Test(receive, every_split_in_two_into_its_place)
{
    every_split(false, 1, false);
}

Test(receive, every_split_in_two_into_its_place_with_digests)
{
    every_split(true, 1, false);
}

Test(receive, every_split_in_two_in_large_mode)
{
    every_split(true, 1, true);
}

/* Random cuts over thousands of PDUs of all lengths, so that PDUs come to lie across the buffer's end. */
static void random_cuts(bool digests, uint32_t place_from, bool large, uint32_t seed)
{
    struct stream s;
    struct sink k;
    size_t count = 0;
    stream_init(&s, digests, digests);
    for (uint32_t random = seed; s.n < 3 * 1024 * 1024; random = random * 1664525 + 1013904223) {
        uint32_t kind = random >> 28, length = kind < 8    ? 0
                                               : kind < 14 ? random >> 8 & 511
                                                           : random >> 8 & 65535;
        stream_pdu(&s, length ? PDU_DATA_IN : PDU_NOP_IN, (uint32_t)count++, (random >> 6 & 3) * 4, length);
    }
    sink_init(&k, &s, SEGMENT);
    k.place_from = place_from;
    k.large = large;
    uint32_t random = seed + 1;
    for (size_t at = 0; at < s.n;) {
        random = random * 1664525 + 1013904223;
        size_t n = (random >> 20) + 1, left = s.n - at;
        n = random & 0x8000 ? n * 64 : n;
        n = n < left ? n : left;
        cr_assert(sink_feed(&k, s.bytes + at, n, n), "%s", k.error.text);
        at += n;
    }
    sink_whole(&k, count);
    for (size_t i = 0; i < count; i++)
        cr_assert_eq(k.pdus[i].tag, i);
    sink_free(&k);
    stream_free(&s);
}

Test(receive, random_cuts_through_the_buffer)
{
    random_cuts(false, 0, false, 1);
}

Test(receive, random_cuts_with_digests)
{
    random_cuts(true, 0, false, 2);
}

Test(receive, random_cuts_with_places)
{
    random_cuts(true, 4096, false, 3);
}

Test(receive, random_cuts_with_places_in_large_mode)
{
    random_cuts(false, 256, true, 4);
}

/* ---- digests ----------------------------------------------------------------------------------------- */

/* One PDU with digests; the byte at `at` is changed. */
static void one_changed(size_t at, bool direct, const char *words)
{
    struct stream s;
    struct sink k;
    stream_init(&s, true, true);
    stream_pdu(&s, PDU_DATA_IN, 9, 8, 13); /* 56, digest to 60, data to 73, padding to 76, digest to 80 */
    cr_assert_eq(s.n, 80);
    s.bytes[at] ^= 0x10;
    sink_init(&k, &s, SEGMENT);
    k.place_from = direct;
    /* A data digest is compared after the data have been handed to their place, never to the consumer. */
    cr_assert_not(sink_feed(&k, s.bytes, s.n, 7));
    sink_failed(&k, words);
    cr_assert(strstr(k.error.text, "SCSI Data-In"), "%s", k.error.text);
    cr_assert_eq(k.count, 0);
    sink_free(&k);
    stream_free(&s);
}

Test(receive, changed_header)
{
    one_changed(20, false, "header digest");
}

Test(receive, changed_ahs)
{
    one_changed(50, false, "header digest");
}

Test(receive, changed_header_digest)
{
    one_changed(57, false, "header digest");
}

Test(receive, changed_data)
{
    one_changed(60, false, "data digest");
}

Test(receive, changed_data_in_its_place)
{
    one_changed(72, true, "data digest");
}

Test(receive, changed_padding)
{
    one_changed(74, false, "data digest");
}

Test(receive, changed_padding_behind_a_place)
{
    one_changed(75, true, "data digest");
}

Test(receive, changed_data_digest)
{
    one_changed(79, true, "data digest");
}

Test(receive, a_changed_header_is_not_placed)
{
    struct stream s;
    struct sink k;
    stream_init(&s, true, false);
    stream_pdu(&s, PDU_DATA_IN, 1, 0, 100);
    s.bytes[5] = 0xff; /* a length that would be refused too: but the digest is looked at first */
    sink_init(&k, &s, SEGMENT);
    cr_assert_not(sink_feed(&k, s.bytes, s.n, s.n));
    sink_failed(&k, "header digest");
    cr_assert_eq(k.places, 0);
    sink_free(&k);
    stream_free(&s);
}

/* A target may pad with anything when no digest covers it (11.2.3 says zeros, "should"). */
Test(receive, padding_need_not_be_zero)
{
    struct stream s;
    struct sink k;
    stream_init(&s, false, false);
    stream_pdu(&s, PDU_SCSI_RESPONSE, 1, 0, 5);
    memset(s.bytes + PDU_BHS + 5, 0xee, 3);
    stream_pdu(&s, PDU_NOP_IN, 2, 0, 0);
    sink_init(&k, &s, SEGMENT);
    cr_assert(sink_feed(&k, s.bytes, s.n, s.n), "%s", k.error.text);
    sink_whole(&k, 2);
    sink_free(&k);
    stream_free(&s);
}

/* What login agreed holds from the next byte, though it is in the same read. */
Test(receive, digests_from_the_next_pdu)
{
    struct stream s;
    struct sink k;
    stream_init(&s, false, false);
    stream_pdu(&s, PDU_LOGIN_RESPONSE, 1, 0, 33);
    s.header_digest = s.data_digest = true;
    stream_pdu(&s, PDU_NOP_IN, 2, 0, 0);
    stream_pdu(&s, PDU_DATA_IN, 3, 0, 30);
    s.header_digest = s.data_digest = false;
    sink_init(&k, &s, SEGMENT);
    k.digests_after = 1;
    cr_assert(sink_feed(&k, s.bytes, s.n, s.n), "%s", k.error.text);
    sink_whole(&k, 3);
    sink_free(&k);
    stream_free(&s);
}

/* ---- lengths ----------------------------------------------------------------------------------------- */

static bool one_of_length(uint32_t length, uint32_t max_data, uint32_t place_from, struct sink *k)
{
    struct stream s;
    stream_init(&s, false, false);
    stream_pdu(&s, PDU_DATA_IN, 1, 0, length);
    sink_init(k, &s, max_data);
    k->place_from = place_from;
    bool ok = sink_feed(k, s.bytes, s.n, 65536);
    stream_free(&s);
    return ok;
}

Test(receive, longest_segment_declared)
{
    struct sink k;
    cr_assert(one_of_length(8192, 8192, 0, &k));
    sink_whole(&k, 1);
    sink_free(&k);
}

Test(receive, segment_longer_than_declared)
{
    struct sink k;
    cr_assert_not(one_of_length(8193, 8192, 0, &k));
    sink_failed(&k, "8193 bytes, more than the 8192 declared");
    cr_assert_eq(k.places, 0);
    sink_free(&k);
}

Test(receive, longest_taken_whole)
{
    struct sink k;
    cr_assert(one_of_length(RECEIVE_INLINE_MAX, RECEIVE_INLINE_MAX, 0, &k), "%s", k.error.text);
    sink_whole(&k, 1);
    sink_free(&k);
}

Test(receive, too_long_to_be_taken_whole)
{
    struct sink k;
    cr_assert_not(one_of_length(RECEIVE_SIZE, 1 << 23, 0, &k));
    sink_failed(&k, "more than can be taken");
    sink_free(&k);
}

Test(receive, longer_than_the_buffer_into_its_place)
{
    struct sink k;
    cr_assert(one_of_length(3 * RECEIVE_SIZE + 1, 1 << 23, 1, &k), "%s", k.error.text);
    sink_whole(&k, 1);
    cr_assert(k.pdus[0].placed);
    sink_free(&k);
}

Test(receive, longest_ahs)
{
    struct stream s;
    struct sink k;
    stream_init(&s, true, true);
    stream_pdu(&s, PDU_ASYNC, 1, 255 * 4, 3);
    sink_init(&k, &s, SEGMENT);
    cr_assert(sink_feed(&k, s.bytes, s.n, 100), "%s", k.error.text);
    sink_whole(&k, 1);
    cr_assert_eq(k.pdus[0].ahs, 1020);
    sink_free(&k);
    stream_free(&s);
}

/* ---- stopping ---------------------------------------------------------------------------------------- */

Test(receive, refused_header_stops)
{
    struct stream s;
    struct sink k;
    stream_init(&s, false, false);
    five(&s);
    sink_init(&k, &s, SEGMENT);
    k.refuse_place = 3;
    cr_assert_not(sink_feed(&k, s.bytes, s.n, s.n));
    sink_failed(&k, "header refused");
    cr_assert_eq(k.count, 2);
    sink_free(&k);
    stream_free(&s);
}

Test(receive, refused_pdu_stops)
{
    struct stream s;
    struct sink k;
    stream_init(&s, false, false);
    five(&s);
    sink_init(&k, &s, SEGMENT);
    k.refuse_pdu = 2;
    cr_assert_not(sink_feed(&k, s.bytes, s.n, s.n));
    sink_failed(&k, "PDU refused");
    cr_assert_eq(k.count, 2);
    sink_free(&k);
    stream_free(&s);
}

Test(receive, a_boundary_only_between_pdus)
{
    struct stream s;
    struct sink k;
    stream_init(&s, true, true);
    stream_pdu(&s, PDU_DATA_IN, 1, 0, 10);
    sink_init(&k, &s, SEGMENT);
    k.place_from = 1;
    cr_assert(receive_at_boundary(&k.receive));
    for (size_t i = 0; i < s.n; i++) {
        cr_assert(sink_feed(&k, s.bytes + i, 1, 1));
        cr_assert_eq(receive_at_boundary(&k.receive), i + 1 == s.n, "after byte %zu", i);
    }
    sink_free(&k);
    stream_free(&s);
}

/* ---- large payloads ---------------------------------------------------------------------------------- */

/* The room offered: where the payload goes first, then our buffer. */
Test(receive, the_rest_of_a_payload_is_read_into_its_place)
{
    struct stream s;
    struct sink k;
    struct iovec iov[2];
    stream_init(&s, false, true);
    stream_pdu(&s, PDU_DATA_IN, 1, 0, 10001);
    sink_init(&k, &s, SEGMENT);
    k.place_from = 4096;
    cr_assert(sink_feed(&k, s.bytes, PDU_BHS + 100, s.n));
    cr_assert_eq(receive_room(&k.receive, iov), 2);
    cr_assert_eq(iov[0].iov_base, k.room + 100);
    cr_assert_eq(iov[0].iov_len, 9901);
    cr_assert_eq(k.receive.copied, 100);
    cr_assert(sink_feed(&k, s.bytes + PDU_BHS + 100, s.n - PDU_BHS - 100, s.n));
    sink_whole(&k, 1);
    cr_assert_eq(k.receive.copied, 100);
    sink_free(&k);
    stream_free(&s);
}

/* In large mode each read ends where the next header does: no payload passes through our buffer. */
static void large_copies_nothing(bool digests)
{
    struct stream s;
    struct sink k;
    stream_init(&s, digests, digests);
    for (uint32_t i = 0; i < 10; i++)
        stream_pdu(&s, PDU_DATA_IN, i, 0, 65536 + i);
    stream_pdu(&s, PDU_SCSI_RESPONSE, 10, 0, 0);
    sink_init(&k, &s, SEGMENT);
    k.place_from = 4096;
    k.large = k.receive.large = true;
    cr_assert(sink_feed(&k, s.bytes, s.n, s.n), "%s", k.error.text);
    sink_whole(&k, 11);
    cr_assert_eq(k.receive.copied, 0);
    sink_free(&k);
    stream_free(&s);
}

Test(receive, large_mode_copies_no_payload)
{
    large_copies_nothing(false);
}

Test(receive, large_mode_with_digests_copies_no_payload)
{
    large_copies_nothing(true);
}

Test(receive, large_mode_ends_when_place_says_so)
{
    struct stream s;
    struct sink k;
    struct iovec iov[2];
    stream_init(&s, false, false);
    five(&s);
    sink_init(&k, &s, SEGMENT);
    k.receive.large = true;
    cr_assert_eq(receive_room(&k.receive, iov), 1);
    cr_assert_eq(iov[0].iov_len, PDU_BHS);
    cr_assert(sink_feed(&k, s.bytes, s.n, s.n)); /* the first place() says: not large */
    five_came(&k);
    cr_assert_eq(receive_room(&k.receive, iov), 1);
    cr_assert_gt(iov[0].iov_len, RECEIVE_INLINE_MAX);
    sink_free(&k);
    stream_free(&s);
}

/* Small PDUs never move in the buffer while what follows still fits behind them. */
Test(receive, small_pdus_are_not_copied)
{
    struct stream s;
    struct sink k;
    stream_init(&s, false, false);
    for (uint32_t i = 0; i < 50; i++)
        stream_pdu(&s, PDU_DATA_IN, i, 0, 4096);
    sink_init(&k, &s, SEGMENT);
    cr_assert(sink_feed(&k, s.bytes, s.n, 1000));
    sink_whole(&k, 50);
    cr_assert_eq(k.receive.copied, 0);
    sink_free(&k);
    stream_free(&s);
}
