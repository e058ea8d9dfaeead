/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The headers of login, logout, text, NOP, SNACK, Asynchronous Message and Reject (RFC 7143, 11.9-11.19);
 * pure, any thread. What is ignored and what is refused: see pdu.c.
 */
#include "wire/pdu_fields.h"

/* ---- Asynchronous Message, 11.9 ---- */

void pdu_put_async(uint8_t bhs[static PDU_BHS], const struct pdu_async *p)
{
    put_start(bhs, PDU_ASYNC, FLAG_FINAL, 0, 0, p->data_length);
    put_be64(bhs + 8, p->lun);
    put_be32(bhs + 16, PDU_TAG_NONE);
    put_be32(bhs + 20, 0);
    put_numbers(bhs, p->statsn, p->expcmdsn, p->maxcmdsn);
    bhs[36] = p->event;
    bhs[37] = p->vendor_code;
    put_be16(bhs + 38, p->parameter1);
    put_be16(bhs + 40, p->parameter2);
    put_be16(bhs + 42, p->parameter3);
    put_be32(bhs + 44, 0);
}

bool pdu_get_async(const uint8_t bhs[static PDU_BHS], struct pdu_async *ret)
{
    if (!is_kind(bhs, PDU_ASYNC, FLAG_FINAL) || pdu_itt(bhs) != PDU_TAG_NONE)
        return false;
    *ret = (struct pdu_async){
        .data_length = pdu_data_length(bhs),
        .lun = get_be64(bhs + 8),
        .statsn = get_be32(bhs + 24),
        .expcmdsn = get_be32(bhs + 28),
        .maxcmdsn = get_be32(bhs + 32),
        .event = bhs[36],
        .vendor_code = bhs[37],
        .parameter1 = get_be16(bhs + 38),
        .parameter2 = get_be16(bhs + 40),
        .parameter3 = get_be16(bhs + 42),
    };
    return true;
}

/* ---- Text Request and Response, 11.10 and 11.11 ---- */

/* F, or T of a login, never comes with C: text that is not complete cannot be final (11.10.2, 11.12.2). */
static bool final_is_complete(const uint8_t *bhs)
{
    return (bhs[1] & (FLAG_FINAL | FLAG_CONTINUE)) != (FLAG_FINAL | FLAG_CONTINUE);
}

void pdu_put_text_request(uint8_t bhs[static PDU_BHS], const struct pdu_text_request *p)
{
    put_start(bhs, with_immediate(PDU_TEXT_REQUEST, p->immediate),
              flag(p->final, FLAG_FINAL) | flag(p->more, FLAG_CONTINUE), 0, 0, p->data_length);
    put_be64(bhs + 8, p->lun);
    put_be32(bhs + 16, p->itt);
    put_be32(bhs + 20, p->ttt);
    put_be32(bhs + 24, p->cmdsn);
    put_be32(bhs + 28, p->expstatsn);
    memset(bhs + 32, 0, 16);
}

bool pdu_get_text_request(const uint8_t bhs[static PDU_BHS], struct pdu_text_request *ret)
{
    if (!is_kind(bhs, PDU_TEXT_REQUEST, 0) || !final_is_complete(bhs))
        return false;
    *ret = (struct pdu_text_request){
        .immediate = pdu_immediate(bhs),
        .final = bhs[1] & FLAG_FINAL,
        .more = bhs[1] & FLAG_CONTINUE,
        .data_length = pdu_data_length(bhs),
        .lun = get_be64(bhs + 8),
        .itt = get_be32(bhs + 16),
        .ttt = get_be32(bhs + 20),
        .cmdsn = get_be32(bhs + 24),
        .expstatsn = get_be32(bhs + 28),
    };
    return true;
}

void pdu_put_text_response(uint8_t bhs[static PDU_BHS], const struct pdu_text_response *p)
{
    put_start(bhs, PDU_TEXT_RESPONSE, flag(p->final, FLAG_FINAL) | flag(p->more, FLAG_CONTINUE), 0, 0,
              p->data_length);
    put_be64(bhs + 8, p->lun);
    put_be32(bhs + 16, p->itt);
    put_be32(bhs + 20, p->ttt);
    put_numbers(bhs, p->statsn, p->expcmdsn, p->maxcmdsn);
    memset(bhs + 36, 0, 12);
}

bool pdu_get_text_response(const uint8_t bhs[static PDU_BHS], struct pdu_text_response *ret)
{
    if (!is_kind(bhs, PDU_TEXT_RESPONSE, 0) || !final_is_complete(bhs))
        return false;
    *ret = (struct pdu_text_response){
        .final = bhs[1] & FLAG_FINAL,
        .more = bhs[1] & FLAG_CONTINUE,
        .data_length = pdu_data_length(bhs),
        .lun = get_be64(bhs + 8),
        .itt = get_be32(bhs + 16),
        .ttt = get_be32(bhs + 20),
        .statsn = get_be32(bhs + 24),
        .expcmdsn = get_be32(bhs + 28),
        .maxcmdsn = get_be32(bhs + 32),
    };
    return true;
}

/* ---- Login Request and Response, 11.12 and 11.13 ---- */

static uint32_t stage_flags(bool transit, bool more, uint8_t csg, uint8_t nsg)
{
    return flag(transit, FLAG_FINAL) | flag(more, FLAG_CONTINUE) | (csg & 3u) << 2 | (nsg & 3u);
}

void pdu_put_login_request(uint8_t bhs[static PDU_BHS], const struct pdu_login_request *p)
{
    put_start(bhs, with_immediate(PDU_LOGIN_REQUEST, true), stage_flags(p->transit, p->more, p->csg, p->nsg),
              p->version_max, p->version_min, p->data_length);
    memcpy(bhs + 8, p->isid, sizeof p->isid);
    put_be16(bhs + 14, p->tsih);
    put_be32(bhs + 16, p->itt);
    put_be16(bhs + 20, p->cid);
    put_be16(bhs + 22, 0);
    put_be32(bhs + 24, p->cmdsn);
    put_be32(bhs + 28, p->expstatsn);
    memset(bhs + 32, 0, 16);
}

bool pdu_get_login_request(const uint8_t bhs[static PDU_BHS], struct pdu_login_request *ret)
{
    if (!is_kind(bhs, PDU_LOGIN_REQUEST, 0) || !pdu_immediate(bhs) || !final_is_complete(bhs))
        return false;
    *ret = (struct pdu_login_request){
        .transit = bhs[1] & FLAG_FINAL,
        .more = bhs[1] & FLAG_CONTINUE,
        .csg = bhs[1] >> 2 & 3,
        .nsg = bhs[1] & 3,
        .version_max = bhs[2],
        .version_min = bhs[3],
        .data_length = pdu_data_length(bhs),
        .tsih = get_be16(bhs + 14),
        .cid = get_be16(bhs + 20),
        .itt = get_be32(bhs + 16),
        .cmdsn = get_be32(bhs + 24),
        .expstatsn = get_be32(bhs + 28),
    };
    memcpy(ret->isid, bhs + 8, sizeof ret->isid);
    return true;
}

void pdu_put_login_response(uint8_t bhs[static PDU_BHS], const struct pdu_login_response *p)
{
    put_start(bhs, PDU_LOGIN_RESPONSE, stage_flags(p->transit, p->more, p->csg, p->nsg), p->version_max,
              p->version_active, p->data_length);
    memcpy(bhs + 8, p->isid, sizeof p->isid);
    put_be16(bhs + 14, p->tsih);
    put_be32(bhs + 16, p->itt);
    put_be32(bhs + 20, 0);
    put_numbers(bhs, p->statsn, p->expcmdsn, p->maxcmdsn);
    put_be32(bhs + 36, (uint32_t)p->status_class << 24 | (uint32_t)p->status_detail << 16);
    put_be64(bhs + 40, 0);
}

bool pdu_get_login_response(const uint8_t bhs[static PDU_BHS], struct pdu_login_response *ret)
{
    if (!is_kind(bhs, PDU_LOGIN_RESPONSE, 0) || !final_is_complete(bhs))
        return false;
    *ret = (struct pdu_login_response){
        .transit = bhs[1] & FLAG_FINAL,
        .more = bhs[1] & FLAG_CONTINUE,
        .csg = bhs[1] >> 2 & 3,
        .nsg = bhs[1] & 3,
        .version_max = bhs[2],
        .version_active = bhs[3],
        .data_length = pdu_data_length(bhs),
        .tsih = get_be16(bhs + 14),
        .itt = get_be32(bhs + 16),
        .statsn = get_be32(bhs + 24),
        .expcmdsn = get_be32(bhs + 28),
        .maxcmdsn = get_be32(bhs + 32),
        .status_class = bhs[36],
        .status_detail = bhs[37],
    };
    memcpy(ret->isid, bhs + 8, sizeof ret->isid);
    return true;
}

/* ---- Logout Request and Response, 11.14 and 11.15 ---- */

void pdu_put_logout_request(uint8_t bhs[static PDU_BHS], const struct pdu_logout_request *p)
{
    put_start(bhs, with_immediate(PDU_LOGOUT_REQUEST, p->immediate), FLAG_FINAL | (p->reason & 0x7fu), 0, 0,
              0);
    put_be64(bhs + 8, 0);
    put_be32(bhs + 16, p->itt);
    put_be16(bhs + 20, p->cid);
    put_be16(bhs + 22, 0);
    put_be32(bhs + 24, p->cmdsn);
    put_be32(bhs + 28, p->expstatsn);
    memset(bhs + 32, 0, 16);
}

bool pdu_get_logout_request(const uint8_t bhs[static PDU_BHS], struct pdu_logout_request *ret)
{
    if (!is_kind(bhs, PDU_LOGOUT_REQUEST, FLAG_FINAL))
        return false;
    *ret = (struct pdu_logout_request){
        .immediate = pdu_immediate(bhs),
        .reason = bhs[1] & 0x7f,
        .itt = get_be32(bhs + 16),
        .cid = get_be16(bhs + 20),
        .cmdsn = get_be32(bhs + 24),
        .expstatsn = get_be32(bhs + 28),
    };
    return true;
}

void pdu_put_logout_response(uint8_t bhs[static PDU_BHS], const struct pdu_logout_response *p)
{
    put_start(bhs, PDU_LOGOUT_RESPONSE, FLAG_FINAL, p->response, 0, 0);
    put_be64(bhs + 8, 0);
    put_be32(bhs + 16, p->itt);
    put_be32(bhs + 20, 0);
    put_numbers(bhs, p->statsn, p->expcmdsn, p->maxcmdsn);
    put_be32(bhs + 36, 0);
    put_be16(bhs + 40, p->time2wait);
    put_be16(bhs + 42, p->time2retain);
    put_be32(bhs + 44, 0);
}

bool pdu_get_logout_response(const uint8_t bhs[static PDU_BHS], struct pdu_logout_response *ret)
{
    if (!is_kind(bhs, PDU_LOGOUT_RESPONSE, FLAG_FINAL))
        return false;
    *ret = (struct pdu_logout_response){
        .response = bhs[2],
        .itt = get_be32(bhs + 16),
        .statsn = get_be32(bhs + 24),
        .expcmdsn = get_be32(bhs + 28),
        .maxcmdsn = get_be32(bhs + 32),
        .time2wait = get_be16(bhs + 40),
        .time2retain = get_be16(bhs + 42),
    };
    return true;
}

/* ---- SNACK, 11.16 ---- */

void pdu_put_snack(uint8_t bhs[static PDU_BHS], const struct pdu_snack *p)
{
    put_start(bhs, PDU_SNACK, FLAG_FINAL | (p->type & 0x0fu), 0, 0, 0);
    put_be64(bhs + 8, p->lun);
    put_be32(bhs + 16, p->itt);
    put_be32(bhs + 20, p->ttt);
    put_be32(bhs + 24, 0);
    put_be32(bhs + 28, p->expstatsn);
    put_be64(bhs + 32, 0);
    put_be32(bhs + 40, p->begrun);
    put_be32(bhs + 44, p->runlength);
}

bool pdu_get_snack(const uint8_t bhs[static PDU_BHS], struct pdu_snack *ret)
{
    if (!is_kind(bhs, PDU_SNACK, FLAG_FINAL))
        return false;
    *ret = (struct pdu_snack){
        .type = bhs[1] & 0x0f,
        .lun = get_be64(bhs + 8),
        .itt = get_be32(bhs + 16),
        .ttt = get_be32(bhs + 20),
        .expstatsn = get_be32(bhs + 28),
        .begrun = get_be32(bhs + 40),
        .runlength = get_be32(bhs + 44),
    };
    return true;
}

/* ---- Reject, 11.17 ---- */

void pdu_put_reject(uint8_t bhs[static PDU_BHS], const struct pdu_reject *p)
{
    put_start(bhs, PDU_REJECT, FLAG_FINAL, p->reason, 0, p->data_length);
    put_be64(bhs + 8, 0);
    put_be32(bhs + 16, PDU_TAG_NONE);
    put_be32(bhs + 20, 0);
    put_numbers(bhs, p->statsn, p->expcmdsn, p->maxcmdsn);
    put_be32(bhs + 36, p->datasn);
    put_be64(bhs + 40, 0);
}

bool pdu_get_reject(const uint8_t bhs[static PDU_BHS], struct pdu_reject *ret)
{
    if (!is_kind(bhs, PDU_REJECT, FLAG_FINAL) || pdu_itt(bhs) != PDU_TAG_NONE)
        return false;
    *ret = (struct pdu_reject){
        .reason = bhs[2],
        .data_length = pdu_data_length(bhs),
        .statsn = get_be32(bhs + 24),
        .expcmdsn = get_be32(bhs + 28),
        .maxcmdsn = get_be32(bhs + 32),
        .datasn = get_be32(bhs + 36),
    };
    return true;
}

/* ---- NOP-Out and NOP-In, 11.18 and 11.19 ---- */

void pdu_put_nop_out(uint8_t bhs[static PDU_BHS], const struct pdu_nop_out *p)
{
    put_start(bhs, with_immediate(PDU_NOP_OUT, p->immediate), FLAG_FINAL, 0, 0, p->data_length);
    put_be64(bhs + 8, p->lun);
    put_be32(bhs + 16, p->itt);
    put_be32(bhs + 20, p->ttt);
    put_be32(bhs + 24, p->cmdsn);
    put_be32(bhs + 28, p->expstatsn);
    memset(bhs + 32, 0, 16);
}

bool pdu_get_nop_out(const uint8_t bhs[static PDU_BHS], struct pdu_nop_out *ret)
{
    /* 11.18.1: without a tag there is no answer to wait for, so it must be immediate. */
    if (!is_kind(bhs, PDU_NOP_OUT, FLAG_FINAL) || (pdu_itt(bhs) == PDU_TAG_NONE && !pdu_immediate(bhs)))
        return false;
    *ret = (struct pdu_nop_out){
        .immediate = pdu_immediate(bhs),
        .data_length = pdu_data_length(bhs),
        .lun = get_be64(bhs + 8),
        .itt = get_be32(bhs + 16),
        .ttt = get_be32(bhs + 20),
        .cmdsn = get_be32(bhs + 24),
        .expstatsn = get_be32(bhs + 28),
    };
    return true;
}

void pdu_put_nop_in(uint8_t bhs[static PDU_BHS], const struct pdu_nop_in *p)
{
    put_start(bhs, PDU_NOP_IN, FLAG_FINAL, 0, 0, p->data_length);
    put_be64(bhs + 8, p->lun);
    put_be32(bhs + 16, p->itt);
    put_be32(bhs + 20, p->ttt);
    put_numbers(bhs, p->statsn, p->expcmdsn, p->maxcmdsn);
    memset(bhs + 36, 0, 12);
}

bool pdu_get_nop_in(const uint8_t bhs[static PDU_BHS], struct pdu_nop_in *ret)
{
    if (!is_kind(bhs, PDU_NOP_IN, FLAG_FINAL))
        return false;
    *ret = (struct pdu_nop_in){
        .data_length = pdu_data_length(bhs),
        .lun = get_be64(bhs + 8),
        .itt = get_be32(bhs + 16),
        .ttt = get_be32(bhs + 20),
        .statsn = get_be32(bhs + 24),
        .expcmdsn = get_be32(bhs + 28),
        .maxcmdsn = get_be32(bhs + 32),
    };
    return true;
}
