/* SPDX-License-Identifier: Apache-2.0 */
/* AuthMethod and the CHAP exchange: RFC 7143 6.3.2, 12.1, 12.1.3 and the refusals of 9.2.1. Pure; any
 * thread. */
#include "login/security.h"

#include <openssl/crypto.h>
#include <openssl/rand.h>
#include <string.h>

#include "base/error.h"
#include "wire/text.h"

static bool is_mutual(const struct security *s)
{
    return s->auth->mutual_user;
}

static const char *method(const struct security *s)
{
    return s->auth->user ? "CHAP" : "None";
}

void security_offer(const struct security *s, struct writer *w)
{
    text_put(w, "AuthMethod", method(s));
}

bool security_ready(const struct security *s)
{
    return !s->auth->user || s->step >= SECURITY_ANSWERED;
}

static bool unauthenticated(struct lun_error *e, const char *why)
{
    return error_set(e, LUN_LOGIN, SECURITY_FAILED, false, "authentication failed: %s", why);
}

/* The answer to AuthMethod. Without an answer the only word we offered could stand, but CHAP goes on only
 * when the target says so. */
static bool take_method(struct security *s, const char *value, bool transit, struct writer *w,
                        struct lun_error *e)
{
    if (!value && s->auth->user)
        return error_set(e, LUN_PROTOCOL, 0, false, "target did not answer our offer of AuthMethod=CHAP");
    if (!value) {
        s->step = transit ? SECURITY_DONE : SECURITY_OFFERED;
        return true;
    }
    if (!strcmp(value, "Reject"))
        return error_set(e, LUN_LOGIN, SECURITY_FAILED, false,
                         "authentication failed: target rejects AuthMethod=%s%s", method(s),
                         s->auth->user ? "" : " (it wants a name and secret)");
    if (s->auth->user && !strcmp(value, "None"))
        return unauthenticated(e, "target answers AuthMethod=None to CHAP: it would not authenticate us");
    if (strcmp(value, method(s)))
        return error_set(e, LUN_PROTOCOL, 0, false, "target answers AuthMethod=%.64s to an offer of %s",
                         value, method(s));
    if (!s->auth->user) {
        s->step = SECURITY_DONE;
        return true;
    }
    char list[CHAP_LIST_MAX];
    chap_list(s->auth, list);
    text_put(w, "CHAP_A", list);
    s->step = SECURITY_LISTED;
    return true;
}

static bool take_algorithm(struct security *s, const char *value, struct lun_error *e)
{
    char list[CHAP_LIST_MAX];
    chap_list(s->auth, list);
    if (!value)
        return error_set(e, LUN_PROTOCOL, 0, false, "target sends no CHAP_A");
    if (!strcmp(value, "Reject"))
        return error_set(e, LUN_LOGIN, SECURITY_FAILED, false,
                         "authentication failed: target rejects our CHAP algorithms %s", list);
    if (!keys_list_has(list, value))
        return error_set(e, LUN_PROTOCOL, 0, false, "target answers CHAP_A=%.64s to an offer of %s", value,
                         list);
    s->algorithm = (uint8_t)(value[0] - '0');
    return true;
}

static bool take_id(const char *value, uint8_t *ret, struct lun_error *e)
{
    uint32_t id;
    if (!value || !keys_parse(keys_get(KEY_CHAP_I), value, &id))
        return error_set(e, LUN_PROTOCOL, 0, false, "target sends %s%.64s, not a number below 256",
                         value ? "CHAP_I=" : "no CHAP_I", value ? value : "");
    *ret = (uint8_t)id;
    return true;
}

static void fill_random(const struct security *s, void *bytes, size_t n, bool *ok)
{
    if (s->random)
        s->random(bytes, n);
    else
        *ok = *ok && RAND_bytes(bytes, (int)n) == 1;
}

/* As the target writes its own: who sends base64 can read it, and may read nothing else. */
static void put_binary(const struct security *s, struct writer *w, const char *key, const uint8_t *bytes,
                       size_t n)
{
    char text[2 * CHAP_DIGEST_MAX + 6];
    chap_encode(bytes, n, s->base64, text);
    text_put(w, key, text);
    OPENSSL_cleanse(text, sizeof text);
}

/* Our challenge to the target: fresh, and never the target's own (9.2.1). */
static bool put_challenge(struct security *s, const uint8_t *theirs, size_t theirs_n, struct writer *w,
                          struct lun_error *e)
{
    size_t n = chap_digest_length(s->algorithm);
    bool ok = true;
    fill_random(s, &s->id, 1, &ok);
    fill_random(s, s->challenge, n, &ok);
    if (!ok)
        return error_set(e, LUN_SYSTEM, 0, true, "OpenSSL has no random bytes to give");
    if (theirs_n == n && !memcmp(theirs, s->challenge, n))
        return unauthenticated(e, "target's challenge is the one we were about to send");
    text_putf(w, "CHAP_I", "%u", s->id);
    put_binary(s, w, "CHAP_C", s->challenge, n);
    return true;
}

/* CHAP_A, CHAP_I and CHAP_C in; CHAP_N and CHAP_R out, and our challenge if the target must prove itself. */
static bool take_challenge(struct security *s, const struct key_values *got, struct writer *w,
                           struct lun_error *e)
{
    uint8_t id = 0, challenge[CHAP_BINARY_MAX], response[CHAP_DIGEST_MAX];
    size_t n = 0;
    if (!take_algorithm(s, got->of[KEY_CHAP_A], e) || !take_id(got->of[KEY_CHAP_I], &id, e))
        return false;
    const char *value = got->of[KEY_CHAP_C];
    if (!value || !chap_decode(value, challenge, sizeof challenge, &n))
        return error_set(e, LUN_PROTOCOL, 0, false, "target sends %s%.32s%s", value ? "CHAP_C=" : "no CHAP_C",
                         value ? value : "",
                         value ? "..., not 1 to 1024 bytes in hexadecimal or base64" : "");
    if (!chap_response(s->algorithm, id, s->auth->secret, challenge, n, response, e))
        return false;
    text_put(w, "CHAP_N", s->auth->user);
    s->base64 = value[1] == 'b' || value[1] == 'B';
    put_binary(s, w, "CHAP_R", response, chap_digest_length(s->algorithm));
    OPENSSL_cleanse(response, sizeof response);
    s->step = SECURITY_ANSWERED;
    return !is_mutual(s) || put_challenge(s, challenge, n, w, e);
}

/* Is this the target's response to our challenge, and not the one our own secret makes (9.2.1)? */
static bool check_response(const struct security *s, const uint8_t *response, struct lun_error *e)
{
    const struct lun_auth *a = s->auth;
    size_t n = chap_digest_length(s->algorithm);
    uint8_t expected[CHAP_DIGEST_MAX], ours[CHAP_DIGEST_MAX];
    bool hashed = chap_response(s->algorithm, s->id, a->mutual_secret, s->challenge, n, expected, e) &&
                  chap_response(s->algorithm, s->id, a->secret, s->challenge, n, ours, e);
    bool reflected = hashed && chap_equal(response, ours, n);
    bool right = hashed && chap_equal(response, expected, n);
    OPENSSL_cleanse(expected, sizeof expected);
    OPENSSL_cleanse(ours, sizeof ours);
    if (!hashed)
        return false;
    if (reflected)
        return unauthenticated(e, "target uses our own secret to authenticate itself");
    return right || unauthenticated(e, "target's CHAP response is wrong (mutual secret)");
}

/* The target's CHAP_N and CHAP_R. */
static bool take_response(struct security *s, const struct key_values *got, struct lun_error *e)
{
    const char *name = got->of[KEY_CHAP_N], *value = got->of[KEY_CHAP_R];
    uint8_t response[CHAP_DIGEST_MAX];
    size_t n;
    if (!name || !value)
        return unauthenticated(e, "target does not authenticate itself (mutual CHAP)");
    if (strcmp(name, s->auth->mutual_user))
        return error_set(e, LUN_LOGIN, SECURITY_FAILED, false,
                         "authentication failed: target calls itself %.64s, not %.64s (mutual CHAP)", name,
                         s->auth->mutual_user);
    if (!chap_decode(value, response, sizeof response, &n) || n != chap_digest_length(s->algorithm))
        return error_set(e, LUN_PROTOCOL, 0, false, "target's CHAP_R is not a %s value",
                         chap_name(s->algorithm));
    if (!check_response(s, response, e))
        return false;
    s->step = SECURITY_DONE;
    return true;
}

#define BIT(key) (UINT64_C(1) << KEY_##key)
_Static_assert(KEY_COUNT <= 64, "sets of keys are 64-bit masks");

/* The keys of the exchange that the target may send in this step. */
static uint64_t keys_due(const struct security *s)
{
    switch (s->step) {
    case SECURITY_OFFERED:
        return BIT(AUTH_METHOD);
    case SECURITY_LISTED:
        return BIT(CHAP_A) | BIT(CHAP_I) | BIT(CHAP_C);
    case SECURITY_ANSWERED:
        return is_mutual(s) ? BIT(CHAP_N) | BIT(CHAP_R) : 0;
    case SECURITY_DONE:
        break;
    }
    return 0;
}

static bool check_due(const struct security *s, const struct key_values *got, struct lun_error *e)
{
    const uint64_t all =
        BIT(AUTH_METHOD) | BIT(CHAP_A) | BIT(CHAP_I) | BIT(CHAP_C) | BIT(CHAP_N) | BIT(CHAP_R);
    uint64_t unexpected = all & ~keys_due(s);
    for (enum key_id id = 0; id < KEY_COUNT; id++)
        if (got->of[id] && unexpected >> id & 1)
            return error_set(e, LUN_PROTOCOL, 0, false, "target sends %s where none is due",
                             keys_get(id)->name);
    return true;
}

bool security_take(struct security *s, const struct key_values *got, bool transit, struct writer *w,
                   struct lun_error *e)
{
    if (!check_due(s, got, e))
        return false;
    switch (s->step) {
    case SECURITY_OFFERED:
        return take_method(s, got->of[KEY_AUTH_METHOD], transit, w, e);
    case SECURITY_LISTED:
        return take_challenge(s, got, w, e);
    case SECURITY_ANSWERED:
        if (!is_mutual(s)) {
            s->step = transit ? SECURITY_DONE : SECURITY_ANSWERED;
            return true;
        }
        /* Some targets leave the stage open first: T=0 and no keys. */
        if (!transit && !got->of[KEY_CHAP_N] && !got->of[KEY_CHAP_R])
            return true;
        return take_response(s, got, e);
    case SECURITY_DONE:
        break;
    }
    return true;
}
