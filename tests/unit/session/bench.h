/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A session on the bench: the test plays the owner, the connection and the target, and says what time it is.
 */
#ifndef TEST_SESSION_BENCH_H
#define TEST_SESSION_BENCH_H

#include <criterion/criterion.h>
#include <string.h>

#include "session/session.h"

#define SECOND 1000000000ull
#define BENCH_ENDS 2048

/* A task that has ended. */
struct bench_end {
    uint64_t note;
    bool failed;
    struct lun_error error;
    uint8_t response, status;
    bool overflow, underflow, lent, borrowed;
    uint32_t residual, transferred, sense_length;
    uint8_t sense[LUN_SENSE_MAX];
    uint8_t first, last; /* bytes of what was read */
};

struct bench {
    struct session s;
    struct timer_heap timers;
    struct login_result n; /* to be changed before bench_start */
    uint64_t nop_interval, nop_timeout, abort_timeout, now;

    /* What the session told its owner. */
    int wakes, broken, logged_out, rooms, buffers;
    bool no_buffers;
    struct lun_error why;

    struct bench_end ends[BENCH_ENDS];
    int end_count;
    struct lun_error e; /* of the last PDU refused */

    /* The target's numbers: what the next PDU from it says. */
    uint32_t statsn, expcmdsn, maxcmdsn;
    uint8_t segment[1 << 18]; /* where an arriving data segment lies, unless placed */
};

extern struct bench b;

/* A session with large bursts, an open window and no keepalive; fill b.n and the like in between. */
void bench_prepare(void);
void bench_start(void);
void bench_end(void); /* fails what is left, frees */

/* Tasks with `note`; `out` and `in` as in struct task. Issued without a deadline. */
struct task *bench_read(uint32_t edtl, uint8_t *in, uint64_t note);
struct task *bench_write(uint32_t edtl, const uint8_t *out, uint64_t note);
struct task *bench_plain(uint64_t note); /* no data */
struct task *bench_fresh(uint64_t note); /* not issued */

/* The next PDU to leave must be of this kind; its cookie comes back at once unless said. */
bool bench_quiet(void); /* nothing is to be sent */
struct pdu_scsi_command bench_command(void);
struct pdu_data_out bench_data_out(void);
struct pdu_nop_out bench_nop_out(void);
struct pdu_task_request bench_abort(void);
struct pdu_logout_request bench_logout(void);
extern struct pdu_out bench_out; /* the PDU those have read */
extern bool bench_keep;          /* cookies are not given back */

/* The target sends. False: refused, b.e says why. */
bool bench_receive(const uint8_t *bhs, uint32_t data);
bool bench_response(uint32_t itt, uint8_t status);
bool bench_scsi_response(struct pdu_scsi_response p, uint32_t data);
bool bench_data_in(struct pdu_data_in p); /* data_length bytes, byte i being (offset + i) & 0xff */
bool bench_r2t(uint32_t itt, uint32_t ttt, uint32_t r2tsn, uint32_t offset, uint32_t length);
bool bench_nop_in(uint32_t itt, uint32_t ttt);
bool bench_task_response(uint32_t itt, uint8_t response);
bool bench_async(uint8_t event);
bool bench_reject(uint8_t reason, uint8_t opcode);
bool bench_logout_response(uint32_t itt);

/* The last PDU was refused as a breach of the protocol, with these words. */
void bench_refused(const char *words);
/* The clock moves on, timers fire. */
void bench_pass(uint64_t ns);
/* The n-th task to end is the one with this note: well, with this status; or with an error of this layer. */
void bench_ended(int n, uint64_t note, uint8_t status);
void bench_ended_badly(int n, uint64_t note, enum lun_layer layer);

#endif
