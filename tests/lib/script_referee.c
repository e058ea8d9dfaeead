/* SPDX-License-Identifier: Apache-2.0 */
/* What RFC 7143 always wants of an initiator, held against every PDU it sends, so that scripts need not say
 * it: reserved bits zero; the F bits; CmdSN order and window (4.2.2.1); ExpStatSN neither ahead nor backwards
 * (4.2.2.2); tags fresh (11.2.1.8); immediate where it must be (11.18.1); no segments where there are none
 * (11.2.1); one identity through a login (11.12.4-11.12.7). tests/wire/referee.c shows that each is noticed.
 * The script's thread. */
#include <string.h>

#include "base/bytes.h"
#include "script_impl.h"

static bool before(uint32_t a, uint32_t b)
{
    return (int32_t)(a - b) < 0;
}

static bool has_cmdsn(uint8_t opcode)
{
    return opcode != PDU_DATA_OUT && opcode != PDU_SNACK;
}

static bool cmdsn(struct script *s, const uint8_t *bhs)
{
    uint32_t got = get_be32(bhs + 24);
    if (pdu_opcode(bhs) == PDU_LOGIN_REQUEST && !s->login_seen) {
        s->expcmdsn = got; /* InitCmdSN, 11.12.8 */
        s->maxcmdsn = got - 1;
        return true;
    }
    if (got != s->expcmdsn)
        return script_fail(s, "CmdSN: expected 0x%x, got 0x%x (4.2.2.1)", s->expcmdsn, got);
    if (pdu_immediate(bhs) || pdu_opcode(bhs) == PDU_LOGIN_REQUEST)
        return true;
    if (before(s->maxcmdsn, got))
        return script_fail(s, "CmdSN 0x%x is past MaxCmdSN 0x%x (4.2.2.1)", got, s->maxcmdsn);
    s->expcmdsn++;
    return true;
}

static bool expstatsn(struct script *s, const uint8_t *bhs)
{
    uint32_t got = get_be32(bhs + 28);
    if (pdu_opcode(bhs) == PDU_LOGIN_REQUEST && !s->login_seen) {
        s->acked = s->statsn;
        return true;
    }
    if (before(s->statsn, got))
        return script_fail(s,
                           "ExpStatSN 0x%x acknowledges what was not sent: the next StatSN is 0x%x (4.2.2.2)",
                           got, s->statsn);
    if (before(got, s->acked))
        return script_fail(s, "ExpStatSN went back from 0x%x to 0x%x (4.2.2.2)", s->acked, got);
    s->acked = got;
    return true;
}

static bool opens_task(const uint8_t *bhs)
{
    switch (pdu_opcode(bhs)) {
    case PDU_SCSI_COMMAND:
    case PDU_TASK_REQUEST:
    case PDU_LOGOUT_REQUEST:
        return true;
    case PDU_NOP_OUT: /* 11.18.2: ffffffff when no answer is wanted */
        return get_be32(bhs + 16) != PDU_TAG_NONE;
    case PDU_TEXT_REQUEST: /* 11.10.4: TTT ffffffff starts one */
        return get_be32(bhs + 20) == PDU_TAG_NONE;
    default:
        return false;
    }
}

static bool tag(struct script *s, const uint8_t *bhs)
{
    uint32_t itt = get_be32(bhs + 16);
    if (!opens_task(bhs))
        return true;
    if (itt == PDU_TAG_NONE)
        return script_fail(s, "ITT ffffffff is reserved (11.2.1.8)");
    for (uint32_t i = 0; i < s->task_count; i++)
        if (s->tasks[i] == itt)
            return script_fail(s, "ITT 0x%x is still in use (11.2.1.8)", itt);
    if (s->task_count < SCRIPT_TASKS)
        s->tasks[s->task_count++] = itt;
    return true;
}

void script_referee_answered(struct script *s, uint32_t itt)
{
    for (uint32_t i = 0; i < s->task_count; i++)
        if (s->tasks[i] == itt) {
            s->tasks[i] = s->tasks[--s->task_count];
            return;
        }
}

static bool flags(struct script *s, const struct script_pdu *p)
{
    const uint8_t *bhs = p->bhs;
    uint8_t opcode = pdu_opcode(bhs);
    bool always_final = opcode == PDU_NOP_OUT || opcode == PDU_TASK_REQUEST || opcode == PDU_LOGOUT_REQUEST;
    if (always_final && !(bhs[1] & 0x80))
        return script_fail(s, "the F bit is always 1 here");
    if (opcode == PDU_LOGIN_REQUEST && !pdu_immediate(bhs))
        return script_fail(s, "a Login Request is always immediate (11.12)");
    if (opcode == PDU_LOGIN_REQUEST && (bhs[1] & 0xc0) == 0xc0)
        return script_fail(s, "T and C exclude each other (11.12.2)");
    if (opcode == PDU_NOP_OUT && get_be32(bhs + 16) == PDU_TAG_NONE && !pdu_immediate(bhs))
        return script_fail(s, "NOP-Out with ITT ffffffff is always immediate (11.18.1)");
    if (opcode == PDU_SCSI_COMMAND && !(bhs[1] & 0x80) && !(bhs[1] & 0x20))
        return script_fail(s, "F=0 without W (11.3.1)");
    if (opcode == PDU_SCSI_COMMAND && get_be32(bhs + 20) && !(bhs[1] & 0x60))
        return script_fail(s, "data expected, but neither R nor W (11.3.1)");
    if (opcode == PDU_TEXT_REQUEST && (bhs[1] & 0xc0) == 0xc0)
        return script_fail(s, "F and C exclude each other (11.10.2)");
    if ((opcode == PDU_LOGIN_REQUEST) == s->full_feature)
        return script_fail(s, "%s in the wrong phase", script_field_kind_name(opcode));
    return true;
}

/* 11.2.1.5, 11.2.1.6: a command may have an AHS; these have neither AHS nor data (11.5.2, 11.14.2, 11.16). */
static bool segments(struct script *s, const struct script_pdu *p)
{
    uint8_t opcode = pdu_opcode(p->bhs);
    bool bare = opcode == PDU_TASK_REQUEST || opcode == PDU_LOGOUT_REQUEST || opcode == PDU_SNACK;
    if (p->ahs_length && opcode != PDU_SCSI_COMMAND)
        return script_fail(s, "%s with an AHS (11.2.1.5)", script_field_kind_name(opcode));
    if (p->data_length && bare)
        return script_fail(s, "%s with a data segment (11.2.1.6)", script_field_kind_name(opcode));
    return true;
}

/* 11.5.1, 11.5.4: which task a request is about. */
static bool referenced(struct script *s, const uint8_t *bhs)
{
    uint8_t function = bhs[1] & 0x7f;
    bool one_task = function == 1 || function == 8; /* ABORT TASK, TASK REASSIGN */
    if (pdu_opcode(bhs) == PDU_TASK_REQUEST && !one_task && get_be32(bhs + 20) != PDU_TAG_NONE)
        return script_fail(s, "Referenced Task Tag in function %u (11.5.4)", function);
    return true;
}

/* The first Login Request says who logs in; the others say the same. */
static bool identity(struct script *s, const uint8_t *bhs)
{
    static const struct {
        uint8_t offset, length;
        const char *what;
    } same[] = {
        {2, 2, "the versions (11.12.4)"}, {8, 6, "the ISID (11.12.5)"}, {14, 2, "the TSIH (11.12.6)"},
        {16, 4, "the ITT (6.3)"},         {20, 2, "the CID (11.12.7)"},
    };
    if (pdu_opcode(bhs) != PDU_LOGIN_REQUEST)
        return true;
    if (!s->login_seen)
        memcpy(s->login, bhs, PDU_BHS);
    for (size_t i = 0; i < sizeof same / sizeof same[0]; i++)
        if (memcmp(s->login + same[i].offset, bhs + same[i].offset, same[i].length))
            return script_fail(s, "%s changed within the login", same[i].what);
    return true;
}

bool script_referee(struct script *s, const struct script_pdu *p)
{
    uint8_t opcode = pdu_opcode(p->bhs);
    if (opcode >= 0x20 || !script_field_kind_name(opcode))
        return script_fail(s, "opcode 0x%02x is not an initiator's", opcode);
    if (p->bhs[0] & 0x80)
        return script_fail(s, "reserved bit 7 of byte 0 is set");
    int reserved = script_field_reserved(p->bhs);
    if (reserved >= 0)
        return script_fail(s, "reserved bits in byte %d of %s: 0x%02x", reserved,
                           script_field_kind_name(opcode), p->bhs[reserved]);
    return flags(s, p) && segments(s, p) && referenced(s, p->bhs) && identity(s, p->bhs) &&
           (!has_cmdsn(opcode) || cmdsn(s, p->bhs)) && expstatsn(s, p->bhs) && tag(s, p->bhs);
}
