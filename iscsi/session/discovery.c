/* SPDX-License-Identifier: Apache-2.0 */
/* SendTargets; see discovery.h. Runs in the owner's loop. RFC 7143 4.3, 11.10, 11.11, Appendix C. */
#include "session/discovery.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "session/found.h"
#include "session/session.h"
#include "session/window.h"

#define ITT_TEXT 1u
#define ITT_LEAVE 2u
#define ROUNDS_MAX 4096u

enum step { SEND_REQUEST, WAIT_TEXT, SEND_MORE, SEND_LOGOUT, WAIT_LOGOUT };

struct discovery {
    struct window window;
    uint16_t cid;
    enum step step;
    enum discovery_phase phase;
    uint32_t ttt;
    uint64_t lun;
    bool ping; /* a NOP-In waits for its answer */
    uint32_t ping_ttt;
    uint64_t ping_lun;
    unsigned rounds;
    char *text;
    size_t length;
};

static const char request[] = "SendTargets=All"; /* its NUL is part of the text */

struct discovery *discovery_new(const struct login_result *n, uint16_t cid)
{
    struct discovery *d = calloc(1, sizeof *d);
    if (!d)
        return NULL;
    d->window = (struct window){n->cmdsn, n->expcmdsn, n->maxcmdsn, n->expstatsn};
    d->cid = cid;
    d->ttt = PDU_TAG_NONE;
    return d;
}

void discovery_free(struct discovery *d)
{
    if (!d)
        return;
    free(d->text);
    free(d);
}

enum discovery_phase discovery_phase(const struct discovery *d)
{
    return d->phase;
}

static void put_text(struct discovery *d, struct pdu_out *ret)
{
    bool first = d->step == SEND_REQUEST;
    struct pdu_text_request p = {
        .final = true,
        .lun = d->lun,
        .itt = ITT_TEXT,
        .ttt = d->ttt,
        .cmdsn = d->window.cmdsn++,
        .expstatsn = d->window.expstatsn,
    };
    pdu_put_text_request(ret->bhs, &p);
    ret->data = first ? (const uint8_t *)request : NULL;
    ret->data_length = first ? sizeof request : 0;
    d->step = WAIT_TEXT;
}

static void put_logout(struct discovery *d, struct pdu_out *ret)
{
    struct pdu_logout_request p = {
        .immediate = true,
        .itt = ITT_LEAVE,
        .cid = d->cid,
        .cmdsn = d->window.cmdsn,
        .expstatsn = d->window.expstatsn,
    };
    pdu_put_logout_request(ret->bhs, &p);
    d->step = WAIT_LOGOUT;
}

static void put_pong(struct discovery *d, struct pdu_out *ret)
{
    struct pdu_nop_out p = {
        .immediate = true,
        .lun = d->ping_lun,
        .itt = PDU_TAG_NONE,
        .ttt = d->ping_ttt,
        .cmdsn = d->window.cmdsn,
        .expstatsn = d->window.expstatsn,
    };
    pdu_put_nop_out(ret->bhs, &p);
    d->ping = false;
}

bool discovery_next(struct discovery *d, struct pdu_out *ret)
{
    *ret = (struct pdu_out){0};
    if (d->ping) {
        put_pong(d, ret);
        return true;
    }
    switch (d->step) {
    case SEND_REQUEST:
    case SEND_MORE:
        if (!window_open(&d->window))
            return false;
        put_text(d, ret);
        return true;
    case SEND_LOGOUT:
        put_logout(d, ret);
        return true;
    default:
        return false;
    }
}

static bool append(struct discovery *d, const struct pdu_in *pdu, struct lun_error *e)
{
    if (pdu->data_length > DISCOVERY_TEXT_MAX - d->length)
        return error_set(e, LUN_PROTOCOL, 0, false, "the answer to SendTargets is longer than %u bytes",
                         DISCOVERY_TEXT_MAX);
    char *text = realloc(d->text, d->length + pdu->data_length + 1);
    if (!text)
        return error_set(e, LUN_SYSTEM, ENOMEM, true, "no memory for the answer to SendTargets");
    d->text = text;
    if (pdu->data_length)
        memcpy(text + d->length, pdu->data, pdu->data_length);
    d->length += pdu->data_length;
    return true;
}

static bool text_response(struct discovery *d, const struct pdu_in *pdu, struct lun_error *e)
{
    struct pdu_text_response p;
    if (!pdu_get_text_response(pdu->bhs, &p) || d->step != WAIT_TEXT || p.itt != ITT_TEXT)
        return error_set(e, LUN_PROTOCOL, 0, true, "malformed or unexpected Text Response");
    if (p.statsn != d->window.expstatsn)
        return error_set(e, LUN_PROTOCOL, 0, true, "StatSN %u where %u was due", p.statsn,
                         d->window.expstatsn);
    d->window.expstatsn++;
    window_update(&d->window, p.expcmdsn, p.maxcmdsn);
    if (!append(d, pdu, e))
        return false;
    bool last = p.final && !p.more;
    if (!last && p.ttt == PDU_TAG_NONE) /* 11.11.1, 11.11.4; with F=1 it means nothing (11.10.4) */
        return error_set(e, LUN_PROTOCOL, 0, true, "Text Response with F=%d C=%d and no Target Transfer Tag",
                         p.final, p.more);
    if (!last && ++d->rounds == ROUNDS_MAX)
        return error_set(e, LUN_PROTOCOL, 0, false, "the answer to SendTargets does not end");
    d->ttt = p.ttt;
    d->lun = p.lun;
    d->step = last ? SEND_LOGOUT : SEND_MORE;
    if (last)
        d->phase = DISCOVERY_LEAVING;
    return true;
}

static bool rejected(const struct pdu_in *pdu, struct lun_error *e)
{
    struct pdu_reject p;
    if (!pdu_get_reject(pdu->bhs, &p))
        return error_set(e, LUN_PROTOCOL, 0, true, "malformed Reject");
    return error_set(e, LUN_PROTOCOL, p.reason, true, "the target rejected our discovery: %s",
                     session_reject_name(p.reason));
}

bool discovery_receive(struct discovery *d, const struct pdu_in *pdu, struct lun_error *e)
{
    struct pdu_logout_response out;
    struct pdu_nop_in nop;
    switch (pdu_opcode(pdu->bhs)) {
    case PDU_TEXT_RESPONSE:
        return text_response(d, pdu, e);
    case PDU_REJECT:
        return rejected(pdu, e);
    case PDU_LOGOUT_RESPONSE:
        if (d->step != WAIT_LOGOUT || !pdu_get_logout_response(pdu->bhs, &out))
            break;
        d->phase = DISCOVERY_DONE;
        return true;
    case PDU_NOP_IN:
        if (!pdu_get_nop_in(pdu->bhs, &nop) || nop.itt != PDU_TAG_NONE)
            break;
        window_update(&d->window, nop.expcmdsn, nop.maxcmdsn);
        if (nop.ttt == PDU_TAG_NONE)
            return true;
        if (d->ping)
            return error_set(e, LUN_PROTOCOL, 0, true, "a second NOP-In before the first was answered");
        d->ping = true;
        d->ping_ttt = nop.ttt;
        d->ping_lun = nop.lun;
        return true;
    default:
        break;
    }
    return error_set(e, LUN_PROTOCOL, 0, true, "the target sent a %s (opcode %02x) in a discovery session",
                     pdu_name(pdu_opcode(pdu->bhs)), pdu_opcode(pdu->bhs));
}

struct lun_found *discovery_result(const struct discovery *d, const char *asked, struct lun_error *e)
{
    return found_from_text(d->text, d->length, asked, e);
}
