/* SPDX-License-Identifier: Apache-2.0 */
/* Something on a TCP port that is no target: silent, or talking nonsense. */
#ifndef TESTS_BAD_PEER_H
#define TESTS_BAD_PEER_H

#include <stdint.h>
#include <sys/types.h>

enum bad_peer_kind {
    BAD_PEER_SILENT,    /* takes the connection and says nothing */
    BAD_PEER_CLOSES,    /* takes the connection and closes it when the first bytes have come */
    BAD_PEER_HTTP,      /* answers like a web server */
    BAD_PEER_NOISE,     /* answers with random bytes */
    BAD_PEER_TRUNCATED, /* half of a Login Response's header, then the end */
    BAD_PEER_OVERLONG,  /* a Login Response that announces 16 MiB - 1 of data, then goes on without end */
    BAD_PEER_WRONG_TAG, /* a well-formed Login Response for another task */
};

struct bad_peer {
    uint16_t port;
    pid_t pid;
};

void bad_peer_start(struct bad_peer *p, enum bad_peer_kind kind);
void bad_peer_stop(struct bad_peer *p);

#endif
