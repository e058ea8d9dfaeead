/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The security stage as steps: AuthMethod, then CHAP one-way or mutual (RFC 7143 6.3.2, 12.1, 12.1.3).
 * Pure; any thread.
 *
 *   AuthMethod=None:  OFFERED --> DONE
 *   AuthMethod=CHAP:  OFFERED --(CHAP_A sent)--> LISTED --(CHAP_N, CHAP_R sent)--> ANSWERED --> DONE
 */
#ifndef LUN_LOGIN_SECURITY_H
#define LUN_LOGIN_SECURITY_H

#include "base/bytes.h"
#include "login/chap.h"
#include "login/keys.h"

enum security_step { SECURITY_OFFERED, SECURITY_LISTED, SECURITY_ANSWERED, SECURITY_DONE };

/* Code of a LUN_LOGIN error for authentication that fails here: what a target would say (11.13.5). */
#define SECURITY_FAILED 0x0201

struct security {
    const struct lun_auth *auth;
    void (*random)(void *bytes, size_t n); /* NULL: OpenSSL's */
    enum security_step step;
    uint8_t algorithm, id; /* id: of our challenge to the target */
    bool base64;           /* the target writes binary values so */
    uint8_t challenge[CHAP_DIGEST_MAX];
};

/* Our first keys: AuthMethod. */
void security_offer(const struct security *s, struct writer *w);
/* Takes one whole text of the target and writes our next keys. transit: it came with T=1. */
bool security_take(struct security *s, const struct key_values *got, bool transit, struct writer *w,
                   struct lun_error *e);
/* Have we said all we have to say in this stage (T may be set)? */
bool security_ready(const struct security *s);

#endif
