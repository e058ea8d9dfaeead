/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A PDU as it passes between a connection and the protocol above it, with no byte of payload copied.
 */
#ifndef LUN_WIRE_TRANSFER_H
#define LUN_WIRE_TRANSFER_H

#include "wire/pdu.h"

/* On its way out. */
struct pdu_out {
    uint8_t bhs[PDU_BHS]; /* its lengths are filled in by the connection */
    const uint8_t *data;  /* stays valid until the connection gives the cookie back */
    uint32_t data_length;
    void *cookie; /* NULL: nobody needs to know when it has left */
};

/* Arrived whole, digests checked. */
struct pdu_in {
    const uint8_t *bhs;
    const uint8_t *ahs;
    uint32_t ahs_length;
    const uint8_t *data; /* without padding */
    uint32_t data_length;
};

/* Where the data segment of an arriving PDU is to go. */
struct pdu_place {
    uint8_t *to; /* NULL: into the connection's own buffer, whole */
    bool large;  /* large payloads are expected: read no further than the next header */
};

#endif
