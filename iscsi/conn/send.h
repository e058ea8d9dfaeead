/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The gather queue out: whole PDUs wait as header, payload pointer and trailer, and one sendmsg takes as many
 * as there are (RFC 7143, 11.2). Nothing is allocated after send_init; payload is never copied.
 */
#ifndef LUN_CONN_SEND_H
#define LUN_CONN_SEND_H

#include <sys/uio.h>

#include "base/error.h"
#include "wire/transfer.h"

#define SEND_SLOTS 128u /* PDUs that can wait at once; a power of two */
#define SEND_IOV (3 * SEND_SLOTS)

struct send_slot {
    uint8_t head[PDU_BHS + PDU_DIGEST];
    uint8_t tail[3 + PDU_DIGEST];
    uint8_t head_length, tail_length;
    const uint8_t *data;
    uint32_t data_length;
    void *cookie;
};

struct send_ops {
    /* The next PDU to send, in order of sending. False: none now. */
    bool (*next)(void *ctx, struct pdu_out *ret);
    /* The PDU given with this cookie has left: its payload is no longer needed. */
    void (*sent)(void *ctx, void *cookie);
};

struct send {
    const struct send_ops *ops;
    void *ctx;
    struct send_slot *slots;
    uint32_t head, tail; /* free-running; slot = index % SEND_SLOTS */
    uint32_t skip;       /* bytes of the slot at head that have left */
    bool header_digest, data_digest;
};

bool send_init(struct send *s, const struct send_ops *ops, void *ctx);
void send_free(struct send *s);

/* Pulls PDUs from ops->next and describes what is to be sent now; returns the number of iovecs, 0 if nothing.
 */
int send_gather(struct send *s, struct iovec ret[static SEND_IOV]);
/* n bytes have left. */
void send_advance(struct send *s, size_t n);
/* The connection is gone: gives every cookie back through ops->sent. */
void send_drop(struct send *s);

static inline bool send_idle(const struct send *s)
{
    return s->head == s->tail;
}

#endif
