/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One TCP connection: non-blocking socket, framing in (receive.h), gather queue out (send.h). Every call runs
 * in the loop that owns the connection; the loop watches conn_fd edge-triggered for input and output.
 *
 * TLS will sit here, between the socket calls and framing.
 */
#ifndef LUN_CONN_CONN_H
#define LUN_CONN_CONN_H

#include <netinet/in.h>

#include "conn/receive.h"
#include "conn/send.h"

struct conn_address {
    struct sockaddr_storage address;
    socklen_t length;
    char text[80]; /* "192.0.2.1:3260", "[fd00::1]:3260" */
};

struct conn {
    int fd;
    bool connected;
    bool input_left;  /* the last read stopped at its budget: more may wait in the socket */
    bool hung_up;     /* the target will send no more: what is left is read up to the end of the stream */
    bool output_full; /* the socket took less than we had: wait for it to drain */
    struct receive receive;
    struct send send;
    uint64_t bytes_in, bytes_out;
};

/* Opens a socket and starts to connect. False: e filled, nothing held. */
bool conn_open(struct conn *c, const struct conn_address *to, const struct receive_ops *in,
               const struct send_ops *out, void *ctx, struct lun_error *e);
/* Closes and gives every queued cookie back. Safe on a connection that never opened (fd -1). */
void conn_close(struct conn *c);

static inline int conn_fd(const struct conn *c)
{
    return c->fd;
}

/* The socket turned writable for the first time: did connect succeed? */
bool conn_connected(struct conn *c, struct lun_error *e);
/* Reads and delivers what is there, at most about `budget` bytes. False: the connection is over, e says why.
 */
bool conn_input(struct conn *c, size_t budget, struct lun_error *e);
/* Sends what the producer has until it or the socket has enough. False: the connection is over. */
bool conn_output(struct conn *c, struct lun_error *e);

/* Writes the text of an address. */
void conn_name_address(struct conn_address *a);
/* The address, if the host is a numeric one (with or without a scope). Does not block. */
bool conn_numeric(const char *host, uint16_t port, struct conn_address *ret);
/* Looks up "host:port"; fills up to `room` addresses. Blocks: never in a loop. */
size_t conn_resolve(const char *host, uint16_t port, struct conn_address *ret, size_t room,
                    struct lun_error *e);

#endif
