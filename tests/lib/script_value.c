/* SPDX-License-Identifier: Apache-2.0 */
/* What stands right of `=` in a script: numbers, references, data, CDBs, text values and CHAP responses. The
 * script's thread. CHAP: RFC 1994 section 4.1 and RFC 7143 12.1.3, computed here with OpenSSL alone. */
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/evp.h>

#include "base/bytes.h"
#include "base/cleanup.h"
#include "script_impl.h"

static bool plain_number(const char *text, char **ret_end, uint64_t *ret)
{
    if (!isdigit((unsigned char)*text))
        return false;
    *ret = strtoull(text, ret_end, 0);
    return true;
}

/* @NAME.FIELD, or @NAME for the field of the same name. */
static bool reference(struct script *s, const char *text, const char *field, char **ret_end, uint64_t *ret)
{
    char name[24] = "", other[24] = "";
    int used = 0;
    if (sscanf(text, "@%23[a-z0-9_]%n.%23[a-z0-9_A-Z]%n", name, &used, other, &used) < 1)
        return script_fail(s, "bad reference %s", text);
    const struct script_binding *b = script_bound(s, name);
    if (!b)
        return script_fail(s, "no PDU was kept as %s", name);
    if (!script_field_get(b->bhs, other[0] ? other : field, ret))
        return script_fail(s, "%s has no field %s", name, other[0] ? other : field);
    *ret_end = (char *)text + used;
    return true;
}

bool script_value_number(struct script *s, const char *text, uint64_t standard, const char *field,
                         uint64_t *ret)
{
    char *end = (char *)text;
    uint64_t v = standard, step;
    if (*text == '@') {
        if (!reference(s, text, field, &end, &v))
            return false;
    } else if (*text != '+' && *text != '-' && !plain_number(text, &end, &v)) {
        return script_fail(s, "%s=%s is not a number", field, text);
    }
    char *after = end;
    if (*end == '+' && plain_number(end + 1, &after, &step))
        v += step;
    else if (*end == '-' && plain_number(end + 1, &after, &step))
        v -= step;
    if (*after)
        return script_fail(s, "%s=%s is not a number", field, text);
    *ret = v;
    return true;
}

void script_pattern(void *to, uint64_t offset, size_t n)
{
    uint8_t *p = to;
    for (size_t i = 0; i < n; i++) {
        uint64_t at = offset + i;
        p[i] = (uint8_t)(at * 7 + (at >> 8) * 13 + (at >> 16) * 101 + 1);
    }
}

static size_t hex(const char *text, size_t n, uint8_t *to, size_t room)
{
    size_t used = 0;
    for (size_t i = 0; i + 2 <= n && used < room; i += 2) {
        char pair[3] = {text[i], text[i + 1], 0};
        to[used++] = (uint8_t)strtoul(pair, NULL, 16);
    }
    return used;
}

/* name(argument): the argument's place and length, and what follows. */
static bool call(const char *text, const char *name, const char **ret_inside, size_t *ret_length,
                 const char **ret_after)
{
    size_t n = strlen(name);
    const char *end = strchr(text, ')');
    if (strncmp(text, name, n) || text[n] != '(' || !end)
        return false;
    *ret_inside = text + n + 1;
    *ret_length = (size_t)(end - *ret_inside);
    *ret_after = end + 1;
    return true;
}

static bool two_numbers(const char *inside, uint64_t *a, uint64_t *b)
{
    char *end;
    return plain_number(inside, &end, a) && *end == ',' && plain_number(end + 1, &end, b) && *end == ')';
}

/* One term of DATA into to; its length, or -1. */
static ssize_t term(struct script *s, const char *text, uint8_t *to, size_t room, const char **ret_after)
{
    const char *inside;
    size_t n;
    uint64_t a = 0, b = 0;
    char *end;
    if (call(text, "pattern", &inside, &n, ret_after) && two_numbers(inside, &a, &b) && b <= room) {
        script_pattern(to, a, b);
        return (ssize_t)b;
    }
    if (call(text, "fill", &inside, &n, ret_after) && two_numbers(inside, &a, &b) && b <= room) {
        memset(to, (int)a, b);
        return (ssize_t)b;
    }
    if (call(text, "zeros", &inside, &n, ret_after) && plain_number(inside, &end, &b) && b <= room) {
        memset(to, 0, b);
        return (ssize_t)b;
    }
    if (call(text, "hex", &inside, &n, ret_after))
        return (ssize_t)hex(inside, n, to, room);
    if (call(text, "header", &inside, &n, ret_after) && room >= PDU_BHS) {
        char name[24];
        snprintf(name, sizeof name, "%.*s", (int)n, inside);
        const struct script_binding *bound = script_bound(s, name);
        if (bound)
            memcpy(to, bound->bhs, PDU_BHS);
        return bound ? PDU_BHS : -1;
    }
    if (call(text, "text", &inside, &n, ret_after) && n <= room) {
        memcpy(to, inside, n);
        return (ssize_t)n;
    }
    return -1;
}

bool script_value_data(struct script *s, const char *text, uint8_t **ret, uint32_t *ret_length)
{
    uint8_t *data = malloc(SCRIPT_DATA_MAX);
    size_t used = 0;
    for (const char *at = text; *at;) {
        ssize_t n = term(s, at, data + used, SCRIPT_DATA_MAX - used, &at);
        if (n < 0 || (*at && *at != '+')) {
            free(data);
            return script_fail(s, "not data: %s", text);
        }
        used += (size_t)n;
        at += *at == '+';
    }
    uint8_t *fit = realloc(data, used ? used : 1); /* exact, so that ASan sees what runs over */
    *ret = fit ? fit : data;
    *ret_length = (uint32_t)used;
    return true;
}

static bool named_cdb(const char *text, uint8_t got, uint8_t cdb[16])
{
    static const struct {
        const char *name;
        uint8_t ten, sixteen;
    } named[] = {{"read", 0x28, 0x88},  {"read10", 0x28, 0},  {"read16", 0, 0x88},
                 {"write", 0x2a, 0x8a}, {"write10", 0x2a, 0}, {"write16", 0, 0x8a},
                 {"sync", 0x35, 0x91},  {"sync10", 0x35, 0},  {"sync16", 0, 0x91}};
    const char *inside, *after;
    size_t n;
    uint64_t lba, blocks;
    for (size_t i = 0; i < sizeof named / sizeof named[0]; i++) {
        if (!call(text, named[i].name, &inside, &n, &after) || !two_numbers(inside, &lba, &blocks))
            continue;
        bool sixteen = named[i].sixteen && (!named[i].ten || got == named[i].sixteen);
        cdb[0] = sixteen ? named[i].sixteen : named[i].ten;
        if (!sixteen) { /* SBC-3 5.9, 5.32: LBA in bytes 2-5, length in 7-8 */
            put_be32(cdb + 2, (uint32_t)lba);
            put_be16(cdb + 7, (uint16_t)blocks);
        } else { /* SBC-3 5.11, 5.34: LBA in bytes 2-9, length in 10-13 */
            put_be64(cdb + 2, lba);
            put_be32(cdb + 10, (uint32_t)blocks);
        }
        return true;
    }
    return false;
}

bool script_value_cdb(struct script *s, const char *text, uint8_t got, uint8_t cdb[16], int *ret_fixed)
{
    memset(cdb, 0, 16);
    *ret_fixed = 16;
    if (named_cdb(text, got, cdb))
        return true;
    size_t n = strspn(text, "0123456789abcdefABCDEF");
    bool open = text[n] == '*';
    if (n % 2 || n > 32 || text[n + open] || !n)
        return script_fail(s, "not a CDB: %s", text);
    size_t bytes = hex(text, n, cdb, 16);
    if (open)
        *ret_fixed = (int)bytes;
    return true;
}

/* ---- Text values ---- */

static size_t base64(const char *text, uint8_t *to)
{
    size_t n = strlen(text), pad = 0;
    while (pad < n && text[n - 1 - pad] == '=')
        pad++;
    int used = EVP_DecodeBlock(to, (const uint8_t *)text, (int)n);
    return used < 0 ? 0 : (size_t)used - pad;
}

/* RFC 7143 6.1: 0x... or 0b... */
static size_t binary_value(const char *text, uint8_t *to, size_t room)
{
    if (!strncasecmp(text, "0b", 2) && strlen(text) < room)
        return base64(text + 2, to);
    if (!strncasecmp(text, "0x", 2))
        return hex(text + 2, strlen(text + 2), to, room);
    return 0;
}

/* chap(ALGORITHM,ID,SECRET,CHALLENGE): H(identifier, secret, challenge), in hexadecimal. */
static char *chap(const char *inside)
{
    CLEAN_FREE char *copy = strdup(inside);
    char *save, *algorithm = strtok_r(copy, ",", &save), *id = strtok_r(NULL, ",", &save);
    char *secret = strtok_r(NULL, ",", &save), *challenge = strtok_r(NULL, ",)", &save);
    if (!challenge)
        return NULL;
    const EVP_MD *md = EVP_get_digestbyname(algorithm);
    uint8_t bytes[4096], out[EVP_MAX_MD_SIZE], ident = (uint8_t)strtoul(id, NULL, 0);
    unsigned n = 0;
    size_t length = binary_value(challenge, bytes, sizeof bytes);
    EVP_MD_CTX *ctx = EVP_MD_CTX_new();
    bool good = md && length && EVP_DigestInit(ctx, md) && EVP_DigestUpdate(ctx, &ident, 1) &&
                EVP_DigestUpdate(ctx, secret, strlen(secret)) && EVP_DigestUpdate(ctx, bytes, length) &&
                EVP_DigestFinal(ctx, out, &n);
    EVP_MD_CTX_free(ctx);
    if (!good)
        return NULL;
    char *text = calloc(2 * n + 3, 1);
    memcpy(text, "0x", 2);
    for (unsigned i = 0; i < n; i++)
        snprintf(text + 2 + 2 * i, 3, "%02x", out[i]);
    return text;
}

/* repeat(TEXT,N), its bytes to the stream; what follows it. */
static const char *repeat(const char *text, FILE *to)
{
    const char *inside, *after;
    size_t n;
    if (!call(text, "repeat", &inside, &n, &after))
        return NULL;
    const char *comma = memchr(inside, ',', n);
    if (!comma)
        return NULL;
    for (unsigned long times = strtoul(comma + 1, NULL, 0); times && times <= 65536; times--)
        fwrite(inside, 1, (size_t)(comma - inside), to);
    return after;
}

/* $KEY by its last value, \s by a space, repeat(). */
static void expand(struct script *s, const char *text, char **ret)
{
    size_t length = 0;
    FILE *to = open_memstream(ret, &length);
    for (const char *at = text, *after; *at;) {
        if ((after = repeat(at, to))) {
            at = after;
        } else if (at[0] == '\\' && at[1] == 's') {
            fputc(' ', to);
            at += 2;
        } else if (*at == '$') {
            size_t n = strspn(at + 1, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_.");
            char key[64];
            snprintf(key, sizeof key, "%.*s", (int)n, at + 1);
            const char *value = script_heard(s, key);
            if (!value)
                script_fail(s, "the initiator has sent no %s", key);
            fputs(value ? value : "", to);
            at += 1 + n;
        } else {
            fputc(*at++, to);
        }
    }
    fclose(to);
}

char *script_value_text(struct script *s, const char *text)
{
    char *expanded = NULL, *value = NULL;
    const char *inside, *after;
    size_t n;
    expand(s, text, &expanded);
    if (call(expanded, "chap", &inside, &n, &after))
        value = chap(inside);
    else
        return expanded;
    if (!value)
        script_fail(s, "cannot make sense of %s", text);
    free(expanded);
    return value;
}
