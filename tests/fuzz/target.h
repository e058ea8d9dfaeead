/* SPDX-License-Identifier: Apache-2.0 */
/* The target's part of a fuzzed session: PDUs as right as the input wants them. One thread. */
#ifndef TESTS_FUZZ_TARGET_H
#define TESTS_FUZZ_TARGET_H

#include "joined.h"

/* A PDU that is about to be fed. */
struct target_pdu {
    uint8_t bhs[PDU_BHS];
    const uint8_t *data; /* NULL: a pattern */
    uint32_t length;
};

/* What a target would put right. */
#define TARGET_TAG 0x01     /* ITT, LUN, of a task chosen by the input */
#define TARGET_STATSN 0x02  /* StatSN */
#define TARGET_WINDOW 0x04  /* ExpCmdSN, MaxCmdSN */
#define TARGET_LENGTH 0x08  /* DataSegmentLength */
#define TARGET_DATASN 0x10  /* DataSN or R2TSN */
#define TARGET_OFFSET 0x20  /* Buffer Offset, Desired Data Transfer Length */
#define TARGET_DIGESTS 0x40 /* digests are right */

/* Fills the header: kind is an index among the opcodes of targets, `which` chooses the request that is
 * answered. */
void target_fill(const struct joined *j, uint8_t kind, uint8_t flags, uint8_t which, struct target_pdu *p);
/* Puts right what `right` says, and feeds it. */
void target_feed(struct joined *j, struct target_pdu *p, uint8_t right, uint8_t which, size_t chunk);
/* Answers a login so that it succeeds, as the settings want it. */
void target_login(struct joined *j);

#endif
