/* SPDX-License-Identifier: Apache-2.0 */
/* CHAP algorithms and values: RFC 7143 12.1.3 (keys), 9.2.1 (secrets), 6.1 (binary values), RFC 1994 4.1 (the
 * response). Pure; any thread. */
#include "login/chap.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <stdio.h>
#include <string.h>

#include "base/error.h"
#include "login/keys.h"

/* The numbers are IANA's. tgt means SHA1 by 7: it works only while it picks something earlier in the list. */
static const struct algorithm {
    uint8_t number, length;
    const char *name, *fetch; /* ours and OpenSSL's name */
} algorithms[] = {
    {LUN_CHAP_MD5, 16, "MD5", "MD5"},
    {LUN_CHAP_SHA1, 20, "SHA1", "SHA1"},
    {LUN_CHAP_SHA256, 32, "SHA-256", "SHA2-256"},
    {LUN_CHAP_SHA3_256, 32, "SHA3-256", "SHA3-256"},
};

static const struct algorithm *algorithm_find(uint8_t number)
{
    for (size_t i = 0; i < sizeof algorithms / sizeof *algorithms; i++)
        if (algorithms[i].number == number)
            return &algorithms[i];
    return NULL;
}

const char *chap_name(uint8_t number)
{
    const struct algorithm *a = algorithm_find(number);
    return a ? a->name : NULL;
}

size_t chap_digest_length(uint8_t number)
{
    const struct algorithm *a = algorithm_find(number);
    return a ? a->length : 0;
}

static bool check_pair(const char *what, const char *user, const char *secret, bool allow_short,
                       struct lun_error *e)
{
    if (!user || !secret)
        return error_set(e, LUN_USAGE, 0, false, "CHAP: %s needs both a name and a secret", what);
    size_t n = strlen(user), bytes = strlen(secret);
    if (!n || n > CHAP_NAME_MAX)
        return error_set(e, LUN_USAGE, 0, false, "CHAP: the name for %s has %zu bytes, not 1 to %d", what, n,
                         CHAP_NAME_MAX);
    if (!bytes)
        return error_set(e, LUN_USAGE, 0, false, "CHAP: the secret for %s is empty", what);
    if (bytes < CHAP_SECRET_MIN && !allow_short)
        return error_set(
            e, LUN_USAGE, 0, false,
            "CHAP: the secret for %s has %zu bits, fewer than 96 (allow_short_secret permits it)", what,
            bytes * 8);
    return true;
}

static bool check_algorithms(const uint8_t list[static LUN_CHAP_ALGORITHMS], struct lun_error *e)
{
    for (int i = 0; i < LUN_CHAP_ALGORITHMS && list[i]; i++) {
        if (!algorithm_find(list[i]))
            return error_set(e, LUN_USAGE, 0, false, "CHAP: algorithm %u is not one of 5, 6, 7, 8", list[i]);
        for (int j = 0; j < i; j++)
            if (list[j] == list[i])
                return error_set(e, LUN_USAGE, 0, false, "CHAP: algorithm %u is listed twice", list[i]);
    }
    return true;
}

bool chap_check(const struct lun_auth *auth, struct lun_error *e)
{
    bool mutual = auth->mutual_user || auth->mutual_secret;
    if (!auth->user && !auth->secret) {
        if (mutual)
            return error_set(e, LUN_USAGE, 0, false,
                             "CHAP: mutual authentication needs our name and secret too");
        return true;
    }
    if (!check_pair("us", auth->user, auth->secret, auth->allow_short_secret, e))
        return false;
    if (mutual) {
        if (!check_pair("the target", auth->mutual_user, auth->mutual_secret, auth->allow_short_secret, e))
            return false;
        if (!strcmp(auth->secret, auth->mutual_secret)) /* 9.2.1 */
            return error_set(e, LUN_USAGE, 0, false, "CHAP: both directions have the same secret");
    }
    return check_algorithms(auth->algorithms, e);
}

void chap_list(const struct lun_auth *auth, char ret[static CHAP_LIST_MAX])
{
    /* 12.1.3 wants MD5 in every list. It stands first because tgt misreads 7; the rest goes from strong to
     * weak, for a target that does not have MD5. */
    static const uint8_t standard[LUN_CHAP_ALGORITHMS] = {LUN_CHAP_MD5, LUN_CHAP_SHA3_256, LUN_CHAP_SHA256,
                                                          LUN_CHAP_SHA1};
    const uint8_t *list = auth->algorithms[0] ? auth->algorithms : standard;
    size_t at = 0;
    ret[0] = 0;
    for (int i = 0; i < LUN_CHAP_ALGORITHMS && list[i]; i++) {
        if (i)
            ret[at++] = ',';
        ret[at++] = (char)('0' + list[i]);
        ret[at] = 0;
    }
}

static bool hash(EVP_MD_CTX *context, const EVP_MD *md, uint8_t id, const char *secret,
                 const uint8_t *challenge, size_t n, uint8_t *ret)
{
    return EVP_DigestInit_ex2(context, md, NULL) && EVP_DigestUpdate(context, &id, 1) &&
           EVP_DigestUpdate(context, secret, strlen(secret)) && EVP_DigestUpdate(context, challenge, n) &&
           EVP_DigestFinal_ex(context, ret, NULL);
}

bool chap_response(uint8_t number, uint8_t id, const char *secret, const uint8_t *challenge, size_t n,
                   uint8_t ret[static CHAP_DIGEST_MAX], struct lun_error *e)
{
    const struct algorithm *a = algorithm_find(number);
    if (!a)
        return error_set(e, LUN_USAGE, 0, false, "CHAP: algorithm %u is not one of 5, 6, 7, 8", number);
    EVP_MD *md = EVP_MD_fetch(NULL, a->fetch, NULL);
    EVP_MD_CTX *context = EVP_MD_CTX_new();
    bool done = md && context && hash(context, md, id, secret, challenge, n, ret);
    EVP_MD_CTX_free(context); /* wipes its state */
    EVP_MD_free(md);
    return done || error_set(e, LUN_SYSTEM, 0, false, "CHAP: OpenSSL does not provide %s here", a->name);
}

bool chap_equal(const uint8_t *a, const uint8_t *b, size_t n)
{
    return !CRYPTO_memcmp(a, b, n);
}

/* An odd number of digits is a number with an implied leading zero: (n + 1) / 2 bytes (6.1). */
static bool decode_hex(const char *text, size_t digits, uint8_t *ret, size_t room, size_t *ret_n)
{
    size_t n = (digits + 1) / 2;
    if (!n || n > room)
        return false;
    memset(ret, 0, n);
    for (size_t i = 0; i < digits; i++) {
        int v = keys_hex_digit(text[i]);
        if (v < 0)
            return false;
        size_t nibble = 2 * n - digits + i;
        ret[nibble / 2] |= (uint8_t)(v << (nibble % 2 ? 0 : 4));
    }
    *ret_n = n;
    return true;
}

static int base64_digit(char c)
{
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    const char *at = c ? strchr(digits, c) : NULL;
    return at ? (int)(at - digits) : -1;
}

/* RFC 4648 section 4, padding required. */
static bool decode_base64(const char *text, size_t chars, uint8_t *ret, size_t room, size_t *ret_n)
{
    if (!chars || chars % 4)
        return false;
    size_t pad = text[chars - 1] != '=' ? 0 : text[chars - 2] != '=' ? 1 : 2;
    size_t n = chars / 4 * 3 - pad;
    if (n > room)
        return false;
    uint32_t bits = 0;
    size_t at = 0;
    for (size_t i = 0; i < chars - pad; i++) {
        int v = base64_digit(text[i]);
        if (v < 0)
            return false;
        bits = bits << 6 | (uint32_t)v;
        if (i % 4) /* the second, third and fourth digit each complete a byte */
            ret[at++] = (uint8_t)(bits >> (6 - 2 * (i % 4)));
    }
    *ret_n = n;
    return true;
}

bool chap_decode(const char *text, uint8_t *ret, size_t room, size_t *ret_n)
{
    if (text[0] != '0' || !text[1])
        return false;
    size_t n = strlen(text + 2);
    switch (text[1]) {
    case 'x':
    case 'X':
        return decode_hex(text + 2, n, ret, room, ret_n);
    case 'b':
    case 'B':
        return decode_base64(text + 2, n, ret, room, ret_n);
    default:
        return false;
    }
}

void chap_encode(const uint8_t *bytes, size_t n, bool base64, char *ret)
{
    static const char digits[] = "0123456789abcdef";
    *ret++ = '0';
    *ret++ = base64 ? 'b' : 'x';
    if (base64) {
        EVP_EncodeBlock((unsigned char *)ret, bytes, (int)n);
        return;
    }
    for (size_t i = 0; i < n; i++) {
        *ret++ = digits[bytes[i] >> 4];
        *ret++ = digits[bytes[i] & 15];
    }
    *ret = 0;
}
