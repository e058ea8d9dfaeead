/* SPDX-License-Identifier: Apache-2.0 */
/* What the files of the fast target share. One thread; nothing here is ever locked. All memory of a
 * connection is taken when it is accepted: a command allocates nothing. */
#ifndef FAST_TARGET_H
#define FAST_TARGET_H

#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/uio.h>

#include "base/bytes.h"
#include "base/list.h"
#include "wire/pdu.h"

#define TEXT_SIZE 16384u   /* login and text segments, joined; ping data */
#define INPUT_SIZE 262144u /* one recv */
#define SLOTS 64u          /* answers with bytes of their own that may wait to be sent */
#define SLOT_SIZE 4096u
#define BATCH 64u               /* PDUs a sendmsg */
#define WINDOW_MAX 2048u        /* commands outstanding */
#define TRANSFER_MAX 0x1000000u /* bytes a command (Block Limits) */

struct target {
    uint8_t *memory, *trash; /* the bytes of every LUN; where payload of failed writes goes */
    uint64_t size, blocks;
    uint32_t block_size, luns;
    const char *name, *file;
    uint16_t port;
    bool poll, write_cache, apart; /* apart: each LUN has memory of its own */
    uint32_t window;
    /* What we offer or declare (RFC 7143, chapter 13). */
    uint32_t max_receive, first_burst, max_burst;
    bool initial_r2t, immediate_data;
    uint8_t *lun_list; /* REPORT LUNS, whole */
    uint32_t lun_list_length;
    struct list connections, dead;
    uint16_t last_tsih;
    uint32_t most_sessions; /* 0: any number */
};

enum job_kind { JOB_DATA_IN, JOB_RESPONSE, JOB_R2T, JOB_READY };

/* Something to be sent, in this order. */
struct job {
    uint8_t kind, status;
    bool counted;             /* its end opens the command window by one */
    bool slot;                /* holds the oldest slot in use */
    bool overflow, underflow; /* with `residual` */
    bool last_of_login, last; /* digests start after it; the connection ends after it */
    uint32_t itt, ttt;
    uint32_t length, done, number; /* bytes, bytes already sent; DataSN or R2TSN */
    uint32_t residual, offset;
    uint64_t lun;
    const uint8_t *data;
};

struct slot {
    uint8_t bhs[PDU_BHS]; /* of a JOB_READY */
    uint8_t data[SLOT_SIZE];
};

/* A write that waits for data. */
struct write {
    bool used, counted, unsolicited;
    uint32_t itt, ttt;
    uint64_t lun;
    uint8_t *to;               /* NULL: its data is dropped, and `sense` answered */
    uint32_t length, received; /* bytes */
    uint32_t burst_end;        /* offset where the sequence under way ends */
    uint32_t datasn, r2tsn;
    uint32_t sense;
};

enum stage { STAGE_HEADER, STAGE_DATA, STAGE_TAIL };
enum phase { PHASE_LOGIN, PHASE_DISCOVERY, PHASE_NORMAL };

struct packet {
    uint8_t head[PDU_BHS + PDU_DIGEST], tail[4 + PDU_DIGEST];
};

struct connection {
    struct list in; /* target.connections or target.dead */
    struct target *target;
    int fd;
    bool failed, closing;
    uint32_t events; /* asked of epoll */
    enum phase phase;

    /* Input: [start, end) of `input` is not yet taken; `to` is where the data segment goes. */
    enum stage stage;
    uint8_t *input;
    size_t start, end;
    uint8_t bhs[PDU_BHS];
    uint8_t *to;
    uint32_t length, got;
    struct pdu_scsi_command command; /* the one whose header has been read, and what it means: */
    uint32_t command_sense;          /* key << 16 | ASC << 8 | ASCQ; 0: none */
    uint8_t *command_at;             /* the bytes it reads or writes */
    uint32_t command_length;
    struct write *write; /* whose Data-Out is being read; NULL: none, dropped */
    uint8_t *text;
    uint32_t text_used;

    /* Negotiated. */
    uint32_t their_max_receive, first_burst, max_burst;
    bool initial_r2t, immediate_data, header_digest, data_digest, declared;
    bool want_header_digest, want_data_digest;
    bool named, for_target, discovery;
    char initiator[224];
    uint8_t isid[6];

    uint32_t statsn, expcmdsn, maxcmdsn;
    struct write *writes;
    uint32_t write_count, ttt_turn;
    bool aborted; /* Data-Out of unknown tasks may still be on its way */

    /* Output. */
    struct job *jobs; /* ring; indices run freely */
    uint32_t job_size, job_head, job_tail;
    struct slot *slots;
    uint32_t slot_head, slot_tail;
    struct packet packets[BATCH];
    struct iovec iov[3 * BATCH];
    unsigned iov_at, iov_count;
};

/* connection.c */
void connection_accept(struct target *t, int epoll, int listener);
void connection_event(struct connection *c, int epoll);
void connection_bury(struct target *t);
static inline bool connection_fail(struct connection *c)
{
    c->failed = true;
    return false;
}

/* output.c */
bool output_blocked(const struct connection *c); /* take no further PDU before something has been sent */
struct job *output_job(struct connection *c, enum job_kind kind, uint32_t itt);
struct slot *output_slot(struct connection *c);           /* goes with the job made next */
void output_ready(struct connection *c, uint32_t length); /* sends the slot's header and data */
void output_response(struct connection *c, uint32_t itt, bool counted, uint32_t sense);
bool output_flush(struct connection *c); /* false: the socket takes no more for now, or failed */

/* login.c */
void login_request(struct connection *c);
void login_text(struct connection *c);
bool login_number(const char *value, uint32_t min, uint32_t max, uint32_t *ret);

/* command.c: the header of a SCSI Command or Data-Out says where data goes; then, with the data there, act.
 */
bool command_place(struct connection *c);
void command_act(struct connection *c);
bool command_place_data(struct connection *c);
void command_act_data(struct connection *c);
void command_task(struct connection *c);

/* unit.c: everything that moves no blocks. The answer (bytes in *ret, or a sense) of a CDB. */
struct answer {
    const uint8_t *data;
    uint32_t length, sense;
    bool slot;
};
struct answer unit_answer(struct connection *c, const struct pdu_scsi_command *p);
void unit_list(struct target *t);

#define SENSE_OPCODE 0x052000u
#define SENSE_RANGE 0x052100u
#define SENSE_FIELD 0x052400u
#define SENSE_NO_LUN 0x052500u
#define SENSE_SAVED 0x053900u

#endif
