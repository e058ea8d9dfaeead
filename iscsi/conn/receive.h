/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Framing of what arrives on one connection: bytes in, whole PDUs out (RFC 7143, 11.2). No system call here:
 * the caller asks where to read (receive_room), reads, and says how much came (receive_parse).
 *
 * Small PDUs are gathered in one buffer, many a read, and handed out where they lie. The payload of a large
 * Data-In goes straight from the socket into the command's own buffer; the bytes behind it follow into ours.
 */
#ifndef LUN_CONN_RECEIVE_H
#define LUN_CONN_RECEIVE_H

#include <sys/uio.h>

#include "base/error.h"
#include "wire/transfer.h"

/* Room for the longest PDU that is taken whole, header segment and digests included. */
#define RECEIVE_INLINE_MAX (256u * 1024)
#define RECEIVE_SIZE (RECEIVE_INLINE_MAX + 64u * 1024)

struct receive_ops {
    /* The header segment is in: check it and say where its data goes. False: give the connection up (e
     * filled). */
    bool (*place)(void *ctx, const uint8_t *bhs, struct pdu_place *ret, struct lun_error *e);
    /* A whole PDU. Bytes are valid until this returns. False: stop (e filled). */
    bool (*pdu)(void *ctx, const struct pdu_in *pdu, struct lun_error *e);
};

struct receive {
    const struct receive_ops *ops;
    void *ctx;
    uint8_t *buffer; /* RECEIVE_SIZE bytes */
    uint32_t start, end;
    uint32_t max_data; /* longest data segment the peer may send */
    bool header_digest, data_digest;
    bool large;  /* reads stop at headers, so that payloads can go straight to their place (the owner sets it
                    too) */
    bool placed; /* the header at `start` has been checked and placed */
    struct pdu_place place;
    uint32_t direct_left; /* payload bytes still to be read into place.to */
    uint64_t copied;      /* payload bytes copied in user space */
};

bool receive_init(struct receive *r, const struct receive_ops *ops, void *ctx, uint32_t max_data);
void receive_free(struct receive *r);

/* Where the next bytes go: fills up to two iovecs, returns how many. */
int receive_room(struct receive *r, struct iovec ret[static 2]);
/* n bytes were read into what receive_room gave. False: the connection must be given up, e says why. */
bool receive_parse(struct receive *r, size_t n, struct lun_error *e);
/* True when the stream stands between two PDUs. */
bool receive_at_boundary(const struct receive *r);

#endif
