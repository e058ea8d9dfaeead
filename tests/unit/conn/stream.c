/* SPDX-License-Identifier: Apache-2.0 */
/* See stream.h. */
#include "stream.h"

#include <stdlib.h>
#include <string.h>

#include "base/bytes.h"
#include "wire/digest.h"

void stream_init(struct stream *s, bool header_digest, bool data_digest)
{
    *s = (struct stream){.header_digest = header_digest, .data_digest = data_digest};
    s->bytes = malloc(STREAM_ROOM);
    cr_assert_not_null(s->bytes);
}

void stream_free(struct stream *s)
{
    free(s->bytes);
}

size_t stream_pdu(struct stream *s, uint8_t opcode, uint32_t tag, uint32_t ahs, uint32_t data)
{
    size_t start = s->n;
    cr_assert(s->n + PDU_BHS + ahs + data + 16 <= STREAM_ROOM);
    uint8_t *bhs = s->bytes + s->n;
    memset(bhs, 0, PDU_BHS);
    bhs[0] = opcode;
    bhs[1] = 0x80;
    pdu_set_lengths(bhs, ahs, data);
    put_be32(bhs + 16, tag);
    for (uint32_t i = 20; i < PDU_BHS; i++)
        bhs[i] = stream_byte(tag + 2, i);
    for (uint32_t i = 0; i < ahs; i++)
        bhs[PDU_BHS + i] = stream_byte(tag + 1, i);
    s->n += PDU_BHS + ahs;
    if (s->header_digest) {
        digest_header(bhs, PDU_BHS + ahs, s->bytes + s->n);
        s->n += PDU_DIGEST;
    }
    if (!data)
        return start;
    uint8_t *payload = s->bytes + s->n;
    for (uint32_t i = 0; i < data; i++)
        payload[i] = stream_byte(tag, i);
    memset(payload + data, 0, pdu_padding(data));
    s->n += data + pdu_padding(data);
    if (s->data_digest) {
        digest_data(payload, data, s->bytes + s->n);
        s->n += PDU_DIGEST;
    }
    return start;
}

static bool place(void *ctx, const uint8_t *bhs, struct pdu_place *ret, struct lun_error *e)
{
    struct sink *k = ctx;
    if (++k->places == k->refuse_place)
        return error_set(e, LUN_PROTOCOL, 0, true, "header refused");
    if (k->place_from && pdu_opcode(bhs) == PDU_DATA_IN && pdu_data_length(bhs) >= k->place_from)
        ret->to = k->room;
    ret->large = k->large;
    return true;
}

static bool pdu(void *ctx, const struct pdu_in *p, struct lun_error *e)
{
    struct sink *k = ctx;
    cr_assert_lt(k->count, (size_t)SINK_PDUS);
    uint32_t tag = pdu_itt(p->bhs);
    for (uint32_t i = 20; i < PDU_BHS; i++)
        cr_assert_eq(p->bhs[i], stream_byte(tag + 2, i), "header byte %u of PDU %u", i, tag);
    for (uint32_t i = 0; i < p->ahs_length; i++)
        cr_assert_eq(p->ahs[i], stream_byte(tag + 1, i), "AHS byte %u of PDU %u", i, tag);
    for (uint32_t i = 0; i < p->data_length; i++)
        cr_assert_eq(p->data[i], stream_byte(tag, i), "data byte %u of PDU %u", i, tag);
    k->pdus[k->count++] =
        (struct sunk){pdu_opcode(p->bhs), tag, p->ahs_length, p->data_length, p->data == k->room};
    if (k->count == k->digests_after)
        k->receive.header_digest = k->receive.data_digest = true;
    return k->count != k->refuse_pdu || error_set(e, LUN_PROTOCOL, 0, true, "PDU refused");
}

static const struct receive_ops ops = {place, pdu};

void sink_init(struct sink *k, const struct stream *s, uint32_t max_data)
{
    *k = (struct sink){.pdus = calloc(SINK_PDUS, sizeof(struct sunk)), .room = malloc(STREAM_ROOM)};
    cr_assert(k->pdus && k->room);
    cr_assert(receive_init(&k->receive, &ops, k, max_data));
    k->receive.header_digest = s->header_digest;
    k->receive.data_digest = s->data_digest;
}

void sink_free(struct sink *k)
{
    receive_free(&k->receive);
    free(k->pdus);
    free(k->room);
}

bool sink_feed(struct sink *k, const uint8_t *bytes, size_t n, size_t chunk)
{
    while (n) {
        struct iovec iov[2];
        int count = receive_room(&k->receive, iov);
        size_t left = chunk < n ? chunk : n, took = 0;
        for (int i = 0; i < count && left; i++) {
            size_t part = iov[i].iov_len < left ? iov[i].iov_len : left;
            memcpy(iov[i].iov_base, bytes + took, part);
            took += part;
            left -= part;
        }
        cr_assert_gt(took, 0, "no room for the next byte");
        bytes += took;
        n -= took;
        if (!receive_parse(&k->receive, took, &k->error))
            return false;
    }
    return true;
}

void sink_whole(const struct sink *k, size_t count)
{
    cr_assert_eq(k->count, count, "%zu PDUs of %zu: %s", k->count, count, k->error.text);
    cr_assert(receive_at_boundary(&k->receive));
}

void sink_failed(const struct sink *k, const char *words)
{
    cr_assert_eq(k->error.layer, LUN_PROTOCOL);
    cr_assert(strstr(k->error.text, words), "%s", k->error.text);
}
