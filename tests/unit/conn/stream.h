/* SPDX-License-Identifier: Apache-2.0 */
/* Streams of PDUs as a target would send them, and a consumer that keeps what receive.c delivers. */
#ifndef TEST_CONN_STREAM_H
#define TEST_CONN_STREAM_H

#include <criterion/criterion.h>

#include "conn/receive.h"

#define STREAM_ROOM (4u * 1024 * 1024)
#define SINK_PDUS 20000

struct stream {
    uint8_t *bytes;
    size_t n;
    bool header_digest, data_digest;
};

/* What byte `i` of the data of PDU number `tag` is. */
static inline uint8_t stream_byte(uint32_t tag, size_t i)
{
    return (uint8_t)(tag * 31 + i * 7 + (i >> 8));
}

void stream_init(struct stream *s, bool header_digest, bool data_digest);
void stream_free(struct stream *s);
/* Appends a PDU with `tag` as its ITT; returns where it starts. */
size_t stream_pdu(struct stream *s, uint8_t opcode, uint32_t tag, uint32_t ahs, uint32_t data);

/* One PDU as it was delivered. */
struct sunk {
    uint8_t opcode;
    uint32_t tag, ahs, data;
    bool placed;
};

struct sink {
    struct receive receive;
    struct sunk *pdus; /* SINK_PDUS of them */
    size_t count, places;
    uint8_t *room;        /* where Data-In of at least place_from bytes goes */
    uint32_t place_from;  /* 0: never */
    bool large;           /* what place says of it */
    size_t refuse_place;  /* the n-th header is refused, from 1; 0: none */
    size_t refuse_pdu;    /* likewise the n-th PDU */
    size_t digests_after; /* both digests are in force after the n-th PDU; 0: never */
    struct lun_error error;
};

void sink_init(struct sink *k, const struct stream *s, uint32_t max_data);
void sink_free(struct sink *k);
/* Reads up to `chunk` bytes at a time until all n are in or it fails; returns whether it went well. */
bool sink_feed(struct sink *k, const uint8_t *bytes, size_t n, size_t chunk);
/* The stream was delivered whole: this many PDUs, and at a boundary. */
void sink_whole(const struct sink *k, size_t count);
/* It failed as a breach of the protocol, with these words. */
void sink_failed(const struct sink *k, const char *words);

#endif
