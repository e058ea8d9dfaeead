/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One session without a socket: framing, login, full feature phase or discovery, joined as pool/link.c joins
 * them, with bytes and time from the fuzz input. One thread.
 */
#ifndef TESTS_FUZZ_JOINED_H
#define TESTS_FUZZ_JOINED_H

#include "conn/receive.h"
#include "conn/send.h"
#include "fuzz.h"
#include "session/discovery.h"
#include "session/session.h"

#define JOINED_SECOND 1000000000ull
#define JOINED_RECENT 32

/* Settings of the first byte. */
#define JOINED_DISCOVERY 0x01
#define JOINED_CHAP 0x02
#define JOINED_HEADER_DIGEST 0x04
#define JOINED_DATA_DIGEST 0x08
#define JOINED_INITIAL_R2T 0x10
#define JOINED_NO_IMMEDIATE 0x20
#define JOINED_SMALL 0x40  /* bursts and segments of 512 to 1024 bytes */
#define JOINED_HONEST 0x80 /* the login goes well without any byte of the input */
/* Of the second. */
#define JOINED_LAZY 0x01 /* what is to be sent waits for an order to send */
#define JOINED_KEEPALIVE 0x02
#define JOINED_NO_BUFFERS 0x04
#define JOINED_AGAIN 0x08 /* a task that ends well is followed by another */

enum joined_state { JOINED_LOGIN, JOINED_UP, JOINED_OVER };

struct joined {
    uint8_t settings, more;
    enum joined_state state;
    struct receive in;
    struct send out;
    struct login_options options;
    struct login *login;
    struct login_result n;
    struct session s;
    struct discovery *discovery;
    struct timer_heap timers;
    uint64_t now;
    bool broken, logged_out;
    struct lun_error error;

    /* What has been sent, for a target that wants to answer it. */
    uint8_t commands[JOINED_RECENT][PDU_BHS]; /* SCSI Commands, a ring */
    unsigned command_count;
    uint8_t others[64][PDU_BHS]; /* the last of each other opcode */
    uint32_t statsn;             /* the ExpStatSN last said, and what has been answered since */

    unsigned issued, ended, again, buffers;
    size_t held, most; /* bytes of heap that are the harness's own; the most that the library had */
    size_t before;     /* bytes in use when all began */
};

void joined_start(struct joined *j, uint8_t settings, uint8_t more);
/* Bytes from the target, `chunk` at a time (0: as many as fit). */
void joined_feed(struct joined *j, const uint8_t *bytes, size_t n, size_t chunk);
/* Sends at most so many bytes. */
void joined_send(struct joined *j, size_t limit);
/* Time passes, timers fire. */
void joined_pass(struct joined *j, uint64_t ns);
/* A command; deadline in ns from now. */
enum joined_kind { JOINED_READ, JOINED_READ_LENT, JOINED_WRITE, JOINED_PLAIN };
void joined_issue(struct joined *j, enum joined_kind kind, uint32_t length, uint64_t deadline);
void joined_abort(struct joined *j, unsigned which);
/* The target falls silent: every task ends, or the connection is given up, within the deadlines. Then all is
 * taken down, and nothing is left. */
void joined_end(struct joined *j);

static inline bool joined_live(const struct joined *j)
{
    return j->state != JOINED_OVER && !j->broken;
}

#endif
