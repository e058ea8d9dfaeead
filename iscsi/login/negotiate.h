/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The operational keys of one login: what we offer, what the target answers or offers itself, and the outcome
 * (RFC 7143 6.2, 6.3.3, chapter 13). Pure; any thread.
 */
#ifndef LUN_LOGIN_NEGOTIATE_H
#define LUN_LOGIN_NEGOTIATE_H

#include "base/bytes.h"
#include "login/keys.h"
#include "login/login.h"

struct negotiation {
    bool discovery;
    bool leading; /* the session's first connection */
    struct negotiation_slot {
        bool offered, settled;
        uint32_t offer, value; /* value: the outcome so far, at first the default */
        const char *list;      /* our proposal, of a list */
    } slot[KEY_COUNT];
};

/* Plans the offers and checks their ranges. */
bool negotiate_start(struct negotiation *n, const struct login_options *o, struct lun_error *e);
/* Writes our offers. */
void negotiate_offer(const struct negotiation *n, struct writer *w);
/* Takes one key=value of the target: an answer to our offer, a declaration, or a proposal, which is answered
 * into w. */
bool negotiate_take(struct negotiation *n, enum key_id id, const char *value, struct writer *w,
                    struct lun_error *e);
/* There was no operational stage: every key keeps its default, if we can live with that. */
bool negotiate_defaults(struct negotiation *n, struct lun_error *e);
/* At the end of the stage: nothing may be open; fills the negotiated part of *ret. */
bool negotiate_finish(struct negotiation *n, struct login_result *ret, struct lun_error *e);

#endif
