/* SPDX-License-Identifier: Apache-2.0 */
/* Framing in; see receive.h. Runs in the loop that owns the connection. RFC 7143 11.2, 13.1. */
#include "conn/receive.h"

#include <stdlib.h>
#include <string.h>

#include "wire/digest.h"

bool receive_init(struct receive *r, const struct receive_ops *ops, void *ctx, uint32_t max_data)
{
    *r = (struct receive){.ops = ops, .ctx = ctx, .max_data = max_data};
    r->buffer = malloc(RECEIVE_SIZE);
    return r->buffer != NULL;
}

void receive_free(struct receive *r)
{
    free(r->buffer);
    r->buffer = NULL;
}

/* Bytes of the header segment at r->start; BHS must be in. */
static uint32_t header_length(const struct receive *r)
{
    const uint8_t *bhs = r->buffer + r->start;
    return PDU_BHS + pdu_ahs_length(bhs) + (r->header_digest ? PDU_DIGEST : 0);
}

/* Bytes behind the payload: padding and data digest. */
static uint32_t trailer_length(const struct receive *r, uint32_t data)
{
    return data ? pdu_padding(data) + (r->data_digest ? PDU_DIGEST : 0) : 0;
}

/* Bytes of the PDU at r->start that pass through our buffer; a lone header while not even that is in. */
static uint32_t pdu_length(const struct receive *r)
{
    if (r->end - r->start < PDU_BHS)
        return PDU_BHS + (r->header_digest ? PDU_DIGEST : 0);
    uint32_t data = pdu_data_length(r->buffer + r->start);
    return header_length(r) + trailer_length(r, data) + (r->place.to ? 0 : data);
}

/* Moves what is left to the front when the PDU that starts there could not end inside the buffer. */
static void make_room(struct receive *r)
{
    uint32_t held = r->end - r->start;
    if (held == 0) {
        r->start = r->end = 0;
        return;
    }
    if (r->start + pdu_length(r) <= RECEIVE_SIZE)
        return;
    memmove(r->buffer, r->buffer + r->start, held);
    r->copied += held > PDU_BHS ? held - PDU_BHS : 0;
    r->start = 0;
    r->end = held;
}

int receive_room(struct receive *r, struct iovec ret[static 2])
{
    int n = 0;
    make_room(r);
    uint32_t tail = RECEIVE_SIZE - r->end;
    if (r->large) {
        uint32_t held = r->end - r->start, want = pdu_length(r) - held;
        if (held >= PDU_BHS)
            want += PDU_BHS + (r->header_digest ? PDU_DIGEST : 0);
        tail = want < tail ? want : tail;
    }
    if (r->direct_left) {
        uint32_t data = pdu_data_length(r->buffer + r->start);
        ret[n++] = (struct iovec){r->place.to + (data - r->direct_left), r->direct_left};
    }
    ret[n++] = (struct iovec){r->buffer + r->end, tail};
    return n;
}

/* What the first 48 bytes must be to be worth waiting for more: garbage is known at once. */
static bool check_bhs(const struct receive *r, struct lun_error *e)
{
    const uint8_t *bhs = r->buffer + r->start;
    uint32_t data = pdu_data_length(bhs);
    if (!pdu_known(pdu_opcode(bhs)))
        return error_set(e, LUN_PROTOCOL, 0, true, "the target sent opcode %02x, which is none",
                         pdu_opcode(bhs));
    if (data > r->max_data)
        return error_set(e, LUN_PROTOCOL, 0, true, "a %s carries %u bytes, more than the %u declared",
                         pdu_name(pdu_opcode(bhs)), data, r->max_data);
    return true;
}

static bool check_header(struct receive *r, struct lun_error *e)
{
    const uint8_t *bhs = r->buffer + r->start;
    uint32_t head = PDU_BHS + pdu_ahs_length(bhs), data = pdu_data_length(bhs);
    if (r->header_digest && !digest_header_ok(bhs, head, bhs + head))
        return error_set(e, LUN_PROTOCOL, 0, true, "header digest of a %s is wrong",
                         pdu_name(pdu_opcode(bhs)));
    if (!check_bhs(r, e))
        return false;
    r->place = (struct pdu_place){0};
    if (!r->ops->place(r->ctx, bhs, &r->place, e))
        return false;
    uint32_t whole = header_length(r) + data + trailer_length(r, data);
    if (!r->place.to && whole > RECEIVE_SIZE)
        return error_set(e, LUN_PROTOCOL, 0, true, "a %s carries %u bytes, more than can be taken",
                         pdu_name(pdu_opcode(bhs)), data);
    r->large = r->place.large;
    r->placed = true;
    return true;
}

/* Payload that already lies in our buffer behind the header goes to its place; the gap is closed by moving
 * the header up, so that what follows the payload follows the header. */
static void place_payload(struct receive *r, uint32_t head, uint32_t data)
{
    uint32_t here = r->end - r->start - head;
    if (here > data)
        here = data;
    memcpy(r->place.to, r->buffer + r->start + head, here);
    r->copied += here;
    memmove(r->buffer + r->start + here, r->buffer + r->start, head);
    r->start += here;
    r->direct_left = data - here;
}

static bool deliver(struct receive *r, struct lun_error *e)
{
    const uint8_t *bhs = r->buffer + r->start;
    uint32_t head = header_length(r), data = pdu_data_length(bhs), trailer = trailer_length(r, data);
    struct pdu_in pdu = {
        .bhs = bhs,
        .ahs = bhs + PDU_BHS,
        .ahs_length = pdu_ahs_length(bhs),
        .data = r->place.to ? r->place.to : bhs + head,
        .data_length = data,
    };
    const uint8_t *pad = r->place.to ? bhs + head : bhs + head + data;
    if (r->data_digest && data && !digest_data_ok(pdu.data, data, pad, pad + pdu_padding(data)))
        return error_set(e, LUN_PROTOCOL, 0, true, "data digest of a %s is wrong", pdu_name(pdu_opcode(bhs)));
    r->start += head + trailer + (r->place.to ? 0 : data);
    r->placed = false;
    r->place = (struct pdu_place){0};
    return r->ops->pdu(r->ctx, &pdu, e);
}

bool receive_parse(struct receive *r, size_t n, struct lun_error *e)
{
    if (r->direct_left) {
        uint32_t took = n < r->direct_left ? (uint32_t)n : r->direct_left;
        r->direct_left -= took;
        n -= took;
    }
    r->end += (uint32_t)n;
    for (;;) {
        uint32_t held = r->end - r->start;
        if (r->direct_left || held < PDU_BHS)
            return true;
        uint32_t head = header_length(r), data = pdu_data_length(r->buffer + r->start);
        if (held < head) /* with a digest, nothing is believed before it */
            return r->header_digest || check_bhs(r, e);
        if (!r->placed) {
            if (!check_header(r, e))
                return false;
            if (r->place.to)
                place_payload(r, head, data);
            continue;
        }
        uint32_t whole = head + trailer_length(r, data) + (r->place.to ? 0 : data);
        if (held < whole)
            return true;
        if (!deliver(r, e))
            return false;
    }
}

bool receive_at_boundary(const struct receive *r)
{
    return r->start == r->end && !r->direct_left;
}
