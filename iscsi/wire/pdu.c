/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The headers of commands, data and task management (RFC 7143, 11.3-11.8); the rest are in pdu_control.c.
 * Pure, any thread. Reserved fields are ignored on receipt (chapter 11); codes (function, reason, response,
 * status, type, event) are handed on as they came, for whoever acts on them to judge.
 * The functions that run for every I/O store field by field: a header and a structure may alias as far as the
 * compiler knows, and a compound literal would be built aside and copied.
 */
#include "wire/pdu.h"

#include "wire/pdu_fields.h"

static const char *name(uint8_t opcode)
{
    switch (opcode) {
#define PDU_WORD(name, value, word)                                                                          \
    case value:                                                                                              \
        return word;
        PDU_OPCODES(PDU_WORD)
#undef PDU_WORD
    default:
        return NULL;
    }
}

const char *pdu_name(uint8_t opcode)
{
    const char *known = name(opcode);
    return known ? known : "unknown";
}

bool pdu_known(uint8_t opcode)
{
    return name(opcode) != NULL;
}

uint32_t pdu_itt(const uint8_t bhs[static PDU_BHS])
{
    return get_be32(bhs + 16);
}

uint32_t pdu_sn(const uint8_t bhs[static PDU_BHS])
{
    return get_be32(bhs + 24);
}

void pdu_set_lengths(uint8_t bhs[static PDU_BHS], uint32_t ahs, uint32_t data)
{
    put_be32(bhs + 4, ahs / 4 << 24 | (data & 0xffffff));
}

/* ---- SCSI Command, 11.3 ---- */

void pdu_put_scsi_command(uint8_t bhs[static PDU_BHS], const struct pdu_scsi_command *p)
{
    uint32_t flags = flag(p->final, FLAG_FINAL) | flag(p->read, 0x40) | flag(p->write, 0x20) | (p->attr & 7u);
    put_start(bhs, with_immediate(PDU_SCSI_COMMAND, p->immediate), flags, 0, 0, p->data_length);
    bhs[4] = p->ahs_words;
    put_be64(bhs + 8, p->lun);
    put_be32(bhs + 16, p->itt);
    put_be32(bhs + 20, p->edtl);
    put_be32(bhs + 24, p->cmdsn);
    put_be32(bhs + 28, p->expstatsn);
    memcpy(bhs + 32, p->cdb, sizeof p->cdb);
}

bool pdu_get_scsi_command(const uint8_t bhs[static PDU_BHS], struct pdu_scsi_command *ret)
{
    uint8_t flags = bhs[1];
    /* 11.3.1: at least one of W and F is 1. */
    if (!is_kind(bhs, PDU_SCSI_COMMAND, 0) || !(flags & (FLAG_FINAL | 0x20)))
        return false;
    ret->immediate = pdu_immediate(bhs);
    ret->final = flags & FLAG_FINAL;
    ret->read = flags & 0x40;
    ret->write = flags & 0x20;
    ret->attr = flags & 7;
    ret->ahs_words = bhs[4];
    ret->data_length = pdu_data_length(bhs);
    ret->lun = get_be64(bhs + 8);
    ret->itt = get_be32(bhs + 16);
    ret->edtl = get_be32(bhs + 20);
    ret->cmdsn = get_be32(bhs + 24);
    ret->expstatsn = get_be32(bhs + 28);
    memcpy(ret->cdb, bhs + 32, sizeof ret->cdb);
    return true;
}

/* ---- SCSI Response, 11.4 ---- */

void pdu_put_scsi_response(uint8_t bhs[static PDU_BHS], const struct pdu_scsi_response *p)
{
    uint32_t flags = FLAG_FINAL | flag(p->bidi_overflow, 0x10) | flag(p->bidi_underflow, 0x08) |
                     flag(p->overflow, 0x04) | flag(p->underflow, 0x02);
    put_start(bhs, PDU_SCSI_RESPONSE, flags, p->response, p->status, p->data_length);
    put_be64(bhs + 8, 0);
    put_be32(bhs + 16, p->itt);
    put_be32(bhs + 20, p->snack_tag);
    put_numbers(bhs, p->statsn, p->expcmdsn, p->maxcmdsn);
    put_be32(bhs + 36, p->expdatasn);
    put_be32(bhs + 40, p->bidi_residual);
    put_be32(bhs + 44, p->residual);
}

bool pdu_get_scsi_response(const uint8_t bhs[static PDU_BHS], struct pdu_scsi_response *ret)
{
    uint8_t flags = bhs[1];
    if (!is_kind(bhs, PDU_SCSI_RESPONSE, FLAG_FINAL))
        return false;
    /* 11.4.1: o and u, O and U exclude each other; 11.4.3: but flags of a failed command are undefined. */
    if (bhs[2] == 0 && ((flags & 0x18) == 0x18 || (flags & 0x06) == 0x06))
        return false;
    ret->overflow = flags & 0x04;
    ret->underflow = flags & 0x02;
    ret->bidi_overflow = flags & 0x10;
    ret->bidi_underflow = flags & 0x08;
    ret->response = bhs[2];
    ret->status = bhs[3];
    ret->data_length = pdu_data_length(bhs);
    ret->itt = get_be32(bhs + 16);
    ret->snack_tag = get_be32(bhs + 20);
    ret->statsn = get_be32(bhs + 24);
    ret->expcmdsn = get_be32(bhs + 28);
    ret->maxcmdsn = get_be32(bhs + 32);
    ret->expdatasn = get_be32(bhs + 36);
    ret->bidi_residual = get_be32(bhs + 40);
    ret->residual = get_be32(bhs + 44);
    return true;
}

/* ---- SCSI Data-Out and Data-In, 11.7 ---- */

void pdu_put_data_out(uint8_t bhs[static PDU_BHS], const struct pdu_data_out *p)
{
    put_start(bhs, PDU_DATA_OUT, flag(p->final, FLAG_FINAL), 0, 0, p->data_length);
    put_be64(bhs + 8, p->lun);
    put_be32(bhs + 16, p->itt);
    put_be32(bhs + 20, p->ttt);
    put_be32(bhs + 24, 0);
    put_be32(bhs + 28, p->expstatsn);
    put_be32(bhs + 32, 0);
    put_be32(bhs + 36, p->datasn);
    put_be32(bhs + 40, p->offset);
    put_be32(bhs + 44, 0);
}

bool pdu_get_data_out(const uint8_t bhs[static PDU_BHS], struct pdu_data_out *ret)
{
    if (!is_kind(bhs, PDU_DATA_OUT, 0))
        return false;
    ret->final = bhs[1] & FLAG_FINAL;
    ret->data_length = pdu_data_length(bhs);
    ret->lun = get_be64(bhs + 8);
    ret->itt = get_be32(bhs + 16);
    ret->ttt = get_be32(bhs + 20);
    ret->expstatsn = get_be32(bhs + 28);
    ret->datasn = get_be32(bhs + 36);
    ret->offset = get_be32(bhs + 40);
    return true;
}

void pdu_put_data_in(uint8_t bhs[static PDU_BHS], const struct pdu_data_in *p)
{
    uint32_t flags = flag(p->final, FLAG_FINAL) | flag(p->acknowledge, 0x40) | flag(p->overflow, 0x04) |
                     flag(p->underflow, 0x02) | flag(p->has_status, 0x01);
    put_start(bhs, PDU_DATA_IN, flags, 0, p->status, p->data_length);
    put_be64(bhs + 8, p->lun);
    put_be32(bhs + 16, p->itt);
    put_be32(bhs + 20, p->ttt);
    put_numbers(bhs, p->statsn, p->expcmdsn, p->maxcmdsn);
    put_be32(bhs + 36, p->datasn);
    put_be32(bhs + 40, p->offset);
    put_be32(bhs + 44, p->residual);
}

bool pdu_get_data_in(const uint8_t bhs[static PDU_BHS], struct pdu_data_in *ret)
{
    uint8_t flags = bhs[1];
    /* 11.7.3: S needs F, and gives O and U their meaning, of which only one may be set (11.4.1). */
    if (!is_kind(bhs, PDU_DATA_IN, 0) || (flags & 0x81) == 0x01 || (flags & 0x07) == 0x07)
        return false;
    ret->final = flags & FLAG_FINAL;
    ret->acknowledge = flags & 0x40;
    ret->overflow = flags & 0x04;
    ret->underflow = flags & 0x02;
    ret->has_status = flags & 0x01;
    ret->status = bhs[3];
    ret->data_length = pdu_data_length(bhs);
    ret->lun = get_be64(bhs + 8);
    ret->itt = get_be32(bhs + 16);
    ret->ttt = get_be32(bhs + 20);
    ret->statsn = get_be32(bhs + 24);
    ret->expcmdsn = get_be32(bhs + 28);
    ret->maxcmdsn = get_be32(bhs + 32);
    ret->datasn = get_be32(bhs + 36);
    ret->offset = get_be32(bhs + 40);
    ret->residual = get_be32(bhs + 44);
    return true;
}

/* ---- Ready To Transfer, 11.8 ---- */

void pdu_put_r2t(uint8_t bhs[static PDU_BHS], const struct pdu_r2t *p)
{
    put_start(bhs, PDU_R2T, FLAG_FINAL, 0, 0, 0);
    put_be64(bhs + 8, p->lun);
    put_be32(bhs + 16, p->itt);
    put_be32(bhs + 20, p->ttt);
    put_numbers(bhs, p->statsn, p->expcmdsn, p->maxcmdsn);
    put_be32(bhs + 36, p->r2tsn);
    put_be32(bhs + 40, p->offset);
    put_be32(bhs + 44, p->length);
}

bool pdu_get_r2t(const uint8_t bhs[static PDU_BHS], struct pdu_r2t *ret)
{
    uint32_t ttt = get_be32(bhs + 20);
    /* 11.8.5: the reserved tag never comes in an R2T. */
    if (!is_kind(bhs, PDU_R2T, FLAG_FINAL) || ttt == PDU_TAG_NONE)
        return false;
    ret->lun = get_be64(bhs + 8);
    ret->itt = get_be32(bhs + 16);
    ret->ttt = ttt;
    ret->statsn = get_be32(bhs + 24);
    ret->expcmdsn = get_be32(bhs + 28);
    ret->maxcmdsn = get_be32(bhs + 32);
    ret->r2tsn = get_be32(bhs + 36);
    ret->offset = get_be32(bhs + 40);
    ret->length = get_be32(bhs + 44);
    return true;
}

/* ---- Task Management, 11.5 and 11.6 ---- */

void pdu_put_task_request(uint8_t bhs[static PDU_BHS], const struct pdu_task_request *p)
{
    put_start(bhs, with_immediate(PDU_TASK_REQUEST, p->immediate), FLAG_FINAL | (p->function & 0x7fu), 0, 0,
              0);
    put_be64(bhs + 8, p->lun);
    put_be32(bhs + 16, p->itt);
    put_be32(bhs + 20, p->referenced_tag);
    put_be32(bhs + 24, p->cmdsn);
    put_be32(bhs + 28, p->expstatsn);
    put_be32(bhs + 32, p->refcmdsn);
    put_be32(bhs + 36, p->expdatasn);
    put_be64(bhs + 40, 0);
}

bool pdu_get_task_request(const uint8_t bhs[static PDU_BHS], struct pdu_task_request *ret)
{
    if (!is_kind(bhs, PDU_TASK_REQUEST, FLAG_FINAL))
        return false;
    *ret = (struct pdu_task_request){
        .immediate = pdu_immediate(bhs),
        .function = bhs[1] & 0x7f,
        .lun = get_be64(bhs + 8),
        .itt = get_be32(bhs + 16),
        .referenced_tag = get_be32(bhs + 20),
        .cmdsn = get_be32(bhs + 24),
        .expstatsn = get_be32(bhs + 28),
        .refcmdsn = get_be32(bhs + 32),
        .expdatasn = get_be32(bhs + 36),
    };
    return true;
}

void pdu_put_task_response(uint8_t bhs[static PDU_BHS], const struct pdu_task_response *p)
{
    put_start(bhs, PDU_TASK_RESPONSE, FLAG_FINAL, p->response, 0, 0);
    put_be64(bhs + 8, 0);
    put_be32(bhs + 16, p->itt);
    put_be32(bhs + 20, 0);
    put_numbers(bhs, p->statsn, p->expcmdsn, p->maxcmdsn);
    put_be32(bhs + 36, 0);
    put_be64(bhs + 40, 0);
}

bool pdu_get_task_response(const uint8_t bhs[static PDU_BHS], struct pdu_task_response *ret)
{
    if (!is_kind(bhs, PDU_TASK_RESPONSE, FLAG_FINAL))
        return false;
    *ret = (struct pdu_task_response){
        .response = bhs[2],
        .itt = get_be32(bhs + 16),
        .statsn = get_be32(bhs + 24),
        .expcmdsn = get_be32(bhs + 28),
        .maxcmdsn = get_be32(bhs + 32),
    };
    return true;
}
