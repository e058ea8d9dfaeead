/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A unit on the bench: a target, a loop and a session made by hand, with neither thread nor socket, and a
 * disk in memory that answers what the session sends. The test decides when it answers, and what.
 */
#ifndef TEST_BLOCK_BENCH_H
#define TEST_BLOCK_BENCH_H

#include <criterion/criterion.h>
#include <string.h>

#include "base/bytes.h"
#include "block/outage.h"
#include "block/request.h"
#include "block/retry.h"
#include "block/scan.h"
#include "pool/pool.h"
#include "scsi/cdb.h"
#include "scsi/decode.h"

#define DISK_SIZE (8u * 1024 * 1024)
#define COMMANDS 4096

/* A command as the disk saw it. */
struct seen {
    uint8_t opcode;
    uint64_t lba;
    uint32_t blocks, edtl, itt;
    uint8_t cdb[16];
    bool answered;
};

/* What the disk answers instead of doing what it is told, for the next `times` commands with this opcode. */
struct refusal {
    uint8_t opcode;
    int times;
    uint8_t status, response;
    uint8_t key, asc, ascq;
    bool deferred; /* sense of an earlier command */
};

struct bench {
    struct lun_pool pool;
    struct lun_loop loop;
    struct lun_target target;
    struct target_session session;
    struct units units;
    struct lun_unit *unit;
    struct lun_error e;
    int added, changed, gone;

    uint8_t disk[DISK_SIZE];
    struct seen seen[COMMANDS];
    int count;    /* commands seen */
    int answered; /* the next one to be answered by bench_run */
    struct refusal refusals[8];
    uint8_t segment[LUN_BUFFER_SIZE];
    uint32_t statsn;
};

extern struct bench b;

/* LUN 5, online: blocks of 512 bytes, 1 MiB a command, 16-byte commands, a volatile cache. */
void bench_init(void);
void bench_fini(void);

struct bench_io {
    struct lun_io io;
    int dones;
    uint8_t first[16]; /* of what was lent */
    uint8_t *copy;     /* likewise, all of it; NULL: not kept */
};

/* Submits; `io` is the test's. */
void bench_submit(struct bench_io *io, enum lun_op op, uint64_t offset, size_t length, void *buffer);
/* Takes what the session sends, answering nothing. */
void bench_take(void);
/* Answers command n well. */
void bench_answer(int n);
/* Takes and answers until nothing more happens. */
void bench_run(void);
void bench_pass(uint64_t ms);
/* The session is lost, with what it had under way; and another is there, with the unit as info says. */
void bench_lose(void);
void bench_return(void);
/* Another session, and the unit is not known to be there. */
void bench_reconnect(void);
void bench_refuse(struct refusal r);

/* Submits, runs, wants it to have ended well with all its bytes. */
void bench_read(uint64_t offset, size_t length, void *buffer);
void bench_write(uint64_t offset, size_t length, const void *buffer);
void bench_ended(const struct bench_io *io, size_t transferred);
void bench_failed(const struct bench_io *io, enum lun_layer layer, int code);
/* Command n was this one. */
void bench_saw(int n, uint8_t opcode, uint64_t lba, uint32_t blocks);

/* The answers of the scan: byte strings the disk gives for INQUIRY and the like (scan.c of the tests). */
extern size_t (*bench_data)(const struct seen *s, uint8_t *to);

#endif
