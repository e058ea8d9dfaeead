/* SPDX-License-Identifier: Apache-2.0 */
/* The target's part of a fuzzed session; see target.h. RFC 7143 chapter 11. One thread. */
#include "target.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/bytes.h"
#include "wire/digest.h"

/* What answers what. */
static const struct kind {
    uint8_t opcode, request;
} kinds[] = {
    {PDU_DATA_IN, PDU_SCSI_COMMAND},
    {PDU_SCSI_RESPONSE, PDU_SCSI_COMMAND},
    {PDU_R2T, PDU_SCSI_COMMAND},
    {PDU_NOP_IN, PDU_NOP_OUT},
    {PDU_TASK_RESPONSE, PDU_TASK_REQUEST},
    {PDU_LOGIN_RESPONSE, PDU_LOGIN_REQUEST},
    {PDU_TEXT_RESPONSE, PDU_TEXT_REQUEST},
    {PDU_LOGOUT_RESPONSE, PDU_LOGOUT_REQUEST},
    {PDU_ASYNC, PDU_NOP_OUT},
    {PDU_REJECT, PDU_NOP_OUT},
};

static const uint8_t *request_of(const struct joined *j, uint8_t opcode, uint8_t which)
{
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
        if (kinds[i].opcode != opcode)
            continue;
        if (kinds[i].request != PDU_SCSI_COMMAND)
            return j->others[kinds[i].request];
        unsigned count = j->command_count < JOINED_RECENT ? j->command_count : JOINED_RECENT;
        return count ? j->commands[(j->command_count - 1 - which % count) % JOINED_RECENT] : NULL;
    }
    return NULL;
}

/* The task with this tag, or the one that had its place. */
static const struct task *task_of(const struct joined *j, uint32_t itt)
{
    unsigned slot = itt & 0xffff;
    return j->state == JOINED_UP && !j->discovery && slot < j->s.fresh ? &j->s.tasks[slot] : NULL;
}

void target_fill(const struct joined *j, uint8_t kind, uint8_t flags, uint8_t which, struct target_pdu *p)
{
    uint8_t *bhs = p->bhs;
    memset(bhs, 0, PDU_BHS);
    bhs[0] = kinds[kind % (sizeof kinds / sizeof *kinds)].opcode;
    bhs[1] = flags ^ 0x80;
    const uint8_t *request = request_of(j, bhs[0], which);
    switch (bhs[0]) {
    case PDU_LOGIN_RESPONSE:
        if (request)
            memcpy(bhs + 8, request + 8, 6); /* ISID */
        bhs[15] = 7;                         /* TSIH */
        break;
    case PDU_NOP_IN:
    case PDU_TEXT_RESPONSE:
    case PDU_DATA_IN:
        memset(bhs + 20, 0xff, 4); /* TTT */
        break;
    case PDU_R2T:
        bhs[23] = which;
        break;
    case PDU_ASYNC:
    case PDU_REJECT:
        memset(bhs + 16, 0xff, 4);
        break;
    }
}

static void right_offsets(const struct joined *j, const struct task *t, uint8_t *bhs, uint32_t length)
{
    if (bhs[0] == PDU_DATA_IN) {
        put_be32(bhs + 40, t->received);
    } else if (bhs[0] == PDU_R2T) {
        uint32_t offset = t->edtl ? (t->unsolicited + t->r2tsn * j->n.max_burst) % t->edtl : 0;
        uint32_t left = t->edtl - offset;
        put_be32(bhs + 40, offset);
        put_be32(bhs + 44, left < j->n.max_burst ? left : j->n.max_burst);
    }
}

static void put_right(const struct joined *j, struct target_pdu *p, uint8_t right, uint8_t which)
{
    uint8_t *bhs = p->bhs;
    const uint8_t *request = request_of(j, bhs[0] & 0x3f, which);
    bool session = j->state == JOINED_UP && !j->discovery;
    if ((right & TARGET_TAG) && request) {
        if (bhs[0] != PDU_LOGIN_RESPONSE)
            memcpy(bhs + 8, request + 8, 8);
        if (bhs[0] != PDU_ASYNC && bhs[0] != PDU_REJECT)
            memcpy(bhs + 16, request + 16, 4);
    }
    if (right & TARGET_STATSN)
        put_be32(bhs + 24, session ? j->s.window.expstatsn : j->statsn);
    if (right & TARGET_WINDOW) {
        uint32_t cmdsn = session ? j->s.window.cmdsn : j->options.cmdsn + 1;
        put_be32(bhs + 28, cmdsn);
        put_be32(bhs + 32, cmdsn + 31);
    }
    const struct task *t = task_of(j, get_be32(bhs + 16));
    if (t && (right & TARGET_DATASN))
        put_be32(bhs + 36, bhs[0] == PDU_R2T ? t->r2tsn : t->datasn);
    if (t && (right & TARGET_OFFSET)) {
        uint32_t due = t->edtl - (t->received < t->edtl ? t->received : t->edtl);
        if (bhs[0] == PDU_DATA_IN && !p->data && p->length > due)
            p->length = due;
        right_offsets(j, t, bhs, p->length);
    }
    if (right & TARGET_LENGTH) {
        bhs[4] = 0;
        put_be24(bhs + 5, p->length);
    }
}

void target_feed(struct joined *j, struct target_pdu *p, uint8_t right, uint8_t which, size_t chunk)
{
    if (!joined_live(j))
        return;
    put_right(j, p, right, which);
    uint32_t padding = -p->length & 3;
    size_t n = PDU_BHS + 4 + p->length + padding + 4;
    uint8_t *whole = calloc(1, n);
    FUZZ_CHECK(whole);
    size_t at = PDU_BHS;
    memcpy(whole, p->bhs, PDU_BHS);
    if (j->in.header_digest && (right & TARGET_DIGESTS)) {
        digest_header(whole, PDU_BHS, whole + at);
        at += 4;
    }
    if (p->data && p->length)
        memcpy(whole + at, p->data, p->length);
    for (uint32_t i = 0; !p->data && i < p->length; i++)
        whole[at + i] = (uint8_t)i;
    at += p->length + padding;
    if (j->in.data_digest && p->length && (right & TARGET_DIGESTS)) {
        digest_data(whole + at - p->length - padding, p->length, whole + at);
        at += 4;
    }
    j->held += n;
    joined_feed(j, whole, at, chunk);
    j->held -= n;
    free(whole);
}

static void answer(struct joined *j, uint8_t flags, const char *text, size_t n)
{
    struct target_pdu p;
    target_fill(j, 5, 0, 0, &p);
    p.bhs[1] = flags;
    p.data = (const uint8_t *)text;
    p.length = (uint32_t)n;
    joined_send(j, SIZE_MAX); /* the request, if it is still to be sent */
    target_feed(j, &p, TARGET_TAG | TARGET_STATSN | TARGET_WINDOW | TARGET_LENGTH, 0, 0);
}

void target_login(struct joined *j)
{
    static const char security[] = "TargetPortalGroupTag=1\0AuthMethod=None";
    char text[1024];
    int n = 0;
    answer(j, 0x81, security, sizeof security);
#define SAY(...) n += snprintf(text + n, sizeof text - (size_t)n, __VA_ARGS__) + 1
    SAY("HeaderDigest=%s", j->settings & JOINED_HEADER_DIGEST ? "CRC32C" : "None");
    SAY("DataDigest=%s", j->settings & JOINED_DATA_DIGEST ? "CRC32C" : "None");
    SAY("MaxRecvDataSegmentLength=%d", j->settings & JOINED_SMALL ? 512 : 65536);
    SAY("DefaultTime2Wait=2");
    SAY("DefaultTime2Retain=0");
    SAY("ErrorRecoveryLevel=0");
    if (!(j->settings & JOINED_DISCOVERY)) {
        SAY("InitialR2T=%s", j->settings & JOINED_INITIAL_R2T ? "Yes" : "No");
        SAY("ImmediateData=%s", j->settings & JOINED_NO_IMMEDIATE ? "No" : "Yes");
        SAY("MaxBurstLength=%d", j->settings & JOINED_SMALL ? 1024 : 1048576);
        SAY("FirstBurstLength=%d", j->settings & JOINED_SMALL ? 512 : 262144);
        SAY("MaxOutstandingR2T=8");
        SAY("MaxConnections=1");
        SAY("DataPDUInOrder=Yes");
        SAY("DataSequenceInOrder=Yes");
    }
#undef SAY
    answer(j, 0x87, text, (size_t)n);
}
