/* SPDX-License-Identifier: Apache-2.0 */
/* SendTargets; see discovery.h. Runs in the owner's loop. RFC 7143 4.3, 11.10, 11.11, Appendix C. */
#include "session/discovery.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "session/window.h"
#include "wire/name.h"
#include "wire/text.h"

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

bool discovery_receive(struct discovery *d, const struct pdu_in *pdu, struct lun_error *e)
{
    struct pdu_logout_response out;
    struct pdu_nop_in nop;
    switch (pdu_opcode(pdu->bhs)) {
    case PDU_TEXT_RESPONSE:
        return text_response(d, pdu, e);
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

/* ---- the result: one allocation after another, all reachable from struct found ----------------------- */

struct found {
    struct lun_found head;
    struct lun_found_target *targets;
    char *text; /* every string of the result points in here, or at `asked` */
    char *asked;
};

void lun_found_free(struct lun_found *f)
{
    struct found *all = (struct found *)f;
    if (!all)
        return;
    for (size_t i = 0; i < all->head.count; i++)
        free((void *)(uintptr_t)all->targets[i].portals);
    free(all->targets);
    free(all->text);
    free(all->asked);
    free(all);
}

static bool add_target(struct found *f, const char *iqn, struct lun_error *e)
{
    struct lun_error why;
    if (!lun_name_check(iqn, &why))
        return error_set(e, LUN_PROTOCOL, 0, false, "answer to SendTargets: TargetName: %s", why.text);
    struct lun_found_target *at = realloc(f->targets, (f->head.count + 1) * sizeof *at);
    if (!at)
        return error_set(e, LUN_SYSTEM, ENOMEM, true, "no memory for the targets found");
    f->targets = at;
    at[f->head.count++] = (struct lun_found_target){.iqn = iqn};
    return true;
}

static bool add_portal(struct lun_found_target *t, const char *address, int group, struct lun_error *e)
{
    struct lun_found_portal *at = realloc((void *)(uintptr_t)t->portals, (t->portal_count + 1) * sizeof *at);
    if (!at)
        return error_set(e, LUN_SYSTEM, ENOMEM, true, "no memory for the portals found");
    t->portals = at;
    at[t->portal_count++] = (struct lun_found_portal){address, group};
    return true;
}

/* "host:port,group" becomes "host:port" and group; the comma is overwritten. */
static bool take_address(struct found *f, char *value, struct lun_error *e)
{
    char host[256];
    uint16_t port;
    int group;
    if (f->head.count == 0)
        return error_set(e, LUN_PROTOCOL, 0, false, "TargetAddress=%s before any TargetName", value);
    if (!name_target_address(value, host, &port, &group, e))
        return false;
    char *comma = strrchr(value, ',');
    if (comma)
        *comma = '\0';
    return add_portal(&f->targets[f->head.count - 1], value, group, e);
}

static bool take_pairs(struct found *f, size_t length, struct lun_error *e)
{
    struct reader r = reader_over(f->text, length);
    struct text_pair pair;
    const char *why = "";
    enum text_next next;
    while ((next = text_next(&r, &pair, &why)) == TEXT_PAIR) {
        if (text_key_is(&pair, "TargetName")) {
            if (!add_target(f, pair.value, e))
                return false;
        } else if (text_key_is(&pair, "TargetAddress")) {
            if (!take_address(f, f->text + (pair.value - f->text), e))
                return false;
        }
    }
    return next == TEXT_END || error_set(e, LUN_PROTOCOL, 0, false, "answer to SendTargets: %s", why);
}

struct lun_found *discovery_result(const struct discovery *d, const char *asked, struct lun_error *e)
{
    struct found *f = calloc(1, sizeof *f);
    if (!f) {
        error_set(e, LUN_SYSTEM, ENOMEM, true, "no memory for the targets found");
        return NULL;
    }
    f->text = malloc(d->length + 1);
    f->asked = strdup(asked);
    bool ok = f->text && f->asked;
    if (!ok)
        error_set(e, LUN_SYSTEM, ENOMEM, true, "no memory for the targets found");
    if (ok && d->length)
        memcpy(f->text, d->text, d->length);
    ok = ok && take_pairs(f, d->length, e);
    for (size_t i = 0; ok && i < f->head.count; i++)
        if (f->targets[i].portal_count == 0)
            ok = add_portal(&f->targets[i], f->asked, -1, e);
    f->head.targets = f->targets;
    if (!ok) {
        lun_found_free(&f->head);
        return NULL;
    }
    return &f->head;
}
