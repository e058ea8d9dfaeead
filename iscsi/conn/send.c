/* SPDX-License-Identifier: Apache-2.0 */
/* The gather queue out; see send.h. Runs in the loop that owns the connection. RFC 7143 11.2, 13.1. */
#include "conn/send.h"

#include <stdlib.h>
#include <string.h>

#include "wire/digest.h"

/* Pulling stops here, so that what is queued behind one another in this queue stays short and a NOP-Out or an
 * ABORT TASK finds the wire soon. */
#define SEND_BYTES (4u * 1024 * 1024)

bool send_init(struct send *s, const struct send_ops *ops, void *ctx)
{
    *s = (struct send){.ops = ops, .ctx = ctx};
    s->slots = malloc(SEND_SLOTS * sizeof *s->slots);
    return s->slots != NULL;
}

void send_free(struct send *s)
{
    free(s->slots);
    s->slots = NULL;
}

static uint32_t slot_bytes(const struct send_slot *slot)
{
    return slot->head_length + slot->data_length + slot->tail_length;
}

static void fill(struct send *s, struct send_slot *slot, const struct pdu_out *pdu)
{
    memcpy(slot->head, pdu->bhs, PDU_BHS);
    pdu_set_lengths(slot->head, 0, pdu->data_length);
    slot->head_length = PDU_BHS;
    if (s->header_digest) {
        digest_header(slot->head, PDU_BHS, slot->head + PDU_BHS);
        slot->head_length += PDU_DIGEST;
    }
    slot->data = pdu->data;
    slot->data_length = pdu->data_length;
    slot->cookie = pdu->cookie;
    slot->tail_length = (uint8_t)pdu_padding(pdu->data_length);
    memset(slot->tail, 0, 3);
    if (s->data_digest && pdu->data_length) {
        digest_data(pdu->data, pdu->data_length, slot->tail + slot->tail_length);
        slot->tail_length += PDU_DIGEST;
    }
}

static void pull(struct send *s)
{
    uint32_t bytes = 0;
    for (uint32_t i = s->head; i != s->tail; i++)
        bytes += slot_bytes(&s->slots[i % SEND_SLOTS]);
    struct pdu_out pdu;
    while (s->tail - s->head < SEND_SLOTS && bytes < SEND_BYTES && s->ops->next(s->ctx, &pdu)) {
        struct send_slot *slot = &s->slots[s->tail++ % SEND_SLOTS];
        fill(s, slot, &pdu);
        bytes += slot_bytes(slot);
    }
}

/* Adds [base, base + length) less the bytes already sent. */
static void add(struct iovec *iov, int *n, const void *base, uint32_t length, uint32_t *skip)
{
    if (*skip >= length) {
        *skip -= length;
        return;
    }
    iov[(*n)++] = (struct iovec){(uint8_t *)(uintptr_t)base + *skip, length - *skip};
    *skip = 0;
}

int send_gather(struct send *s, struct iovec ret[static SEND_IOV])
{
    pull(s);
    int n = 0;
    uint32_t skip = s->skip;
    for (uint32_t i = s->head; i != s->tail; i++) {
        struct send_slot *slot = &s->slots[i % SEND_SLOTS];
        add(ret, &n, slot->head, slot->head_length, &skip);
        add(ret, &n, slot->data, slot->data_length, &skip);
        add(ret, &n, slot->tail, slot->tail_length, &skip);
    }
    return n;
}

static void release(struct send *s)
{
    struct send_slot *slot = &s->slots[s->head++ % SEND_SLOTS];
    if (slot->cookie)
        s->ops->sent(s->ctx, slot->cookie);
}

void send_advance(struct send *s, size_t n)
{
    n += s->skip;
    while (!send_idle(s)) {
        uint32_t bytes = slot_bytes(&s->slots[s->head % SEND_SLOTS]);
        if (n < bytes)
            break;
        n -= bytes;
        release(s);
    }
    s->skip = (uint32_t)n;
}

void send_drop(struct send *s)
{
    s->skip = 0;
    while (!send_idle(s))
        release(s);
}
