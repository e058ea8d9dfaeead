/* SPDX-License-Identifier: Apache-2.0 */
/* CHAP values: algorithms, responses, and the encoding of binary values (RFC 7143 12.1.3, 9.2.1, 6.1; RFC
 * 1994 4.1). Pure; any thread. */
#ifndef LUN_LOGIN_CHAP_H
#define LUN_LOGIN_CHAP_H

#include "lun.h"

#define CHAP_BINARY_MAX 1024 /* 12.1.3: a challenge or response has at most this many bytes */
#define CHAP_DIGEST_MAX 32
#define CHAP_SECRET_MIN 12 /* 9.2.1: 96 bits */
#define CHAP_NAME_MAX 255  /* 6.1: a simple-value */
#define CHAP_LIST_MAX 16   /* "5,8,7,6" and its NUL */

/* "MD5", "SHA1", ...; NULL for a value this initiator does not have. */
const char *chap_name(uint8_t algorithm);
/* Bytes of a response; 0 for a value this initiator does not have. */
size_t chap_digest_length(uint8_t algorithm);

/* Are these settings usable? Names, secret lengths and equality, algorithms. On failure e says why. */
bool chap_check(const struct lun_auth *auth, struct lun_error *e);
/* The value of CHAP_A: the algorithms wanted, or the default order. */
void chap_list(const struct lun_auth *auth, char ret[static CHAP_LIST_MAX]);

/* Hash of id, secret and challenge (RFC 1994 4.1) into chap_digest_length bytes. */
bool chap_response(uint8_t algorithm, uint8_t id, const char *secret, const uint8_t *challenge, size_t n,
                   uint8_t ret[static CHAP_DIGEST_MAX], struct lun_error *e);
/* Compares in a time that does not depend on the content. */
bool chap_equal(const uint8_t *a, const uint8_t *b, size_t n);

/* A hex- or base64-constant (6.1) of 1 to `room` bytes; false, with *ret_n untouched, for anything else. */
bool chap_decode(const char *text, uint8_t *ret, size_t room, size_t *ret_n);
/* "0x" and two digits a byte, or "0b" and base64; ret holds 2 * n + 6, enough for either. */
void chap_encode(const uint8_t *bytes, size_t n, bool base64, char *ret);

#endif
