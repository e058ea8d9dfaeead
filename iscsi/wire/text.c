/* SPDX-License-Identifier: Apache-2.0 */
/* Reading and writing key=value pairs; pure, any thread. RFC 7143, 6.1. */
#include "wire/text.h"

#include <stdarg.h>
#include <stdio.h>

/* A standard-label (6.1), and '#' for X#NodeArchitecture (13.26). */
static bool key_byte(uint8_t c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           (c && strchr(".-+@_#", c));
}

static const char *check_key(const uint8_t *key, size_t n)
{
    if (n == 0)
        return "a pair without a key";
    if (n > TEXT_KEY_MAX)
        return "a key of more than 63 bytes";
    /* RFC 7144 named one key against the rule. */
    static const char exception[] = "iSCSIProtocolLevel";
    bool excepted = n == sizeof exception - 1 && !memcmp(key, exception, n);
    if ((key[0] < 'A' || key[0] > 'Z') && !excepted)
        return "a key that does not begin with a capital letter";
    for (size_t i = 1; i < n; i++)
        if (!key_byte(key[i]))
            return "a character that no key may hold";
    return NULL;
}

static const char *check_value(const uint8_t *value, size_t n)
{
    if (n > TEXT_VALUE_MAX)
        return "a value of more than 8192 bytes";
    for (size_t i = 0; i < n; i++)
        if (value[i] < 0x20 || value[i] == 0x7f)
            return "a control character in a value";
    return NULL;
}

static enum text_next bad(const char **ret_why, const char *why)
{
    *ret_why = why;
    return TEXT_BAD;
}

enum text_next text_next(struct reader *r, struct text_pair *ret, const char **ret_why)
{
    while (r->left && *r->at == 0)
        reader_take(r, 1);
    if (!r->left)
        return TEXT_END;
    const uint8_t *pair = r->at, *end = memchr(pair, 0, r->left);
    if (!end)
        return bad(ret_why, "no NUL after the last pair");
    const uint8_t *equals = memchr(pair, '=', (size_t)(end - pair));
    if (!equals)
        return bad(ret_why, "a pair without '='");
    size_t key_length = (size_t)(equals - pair), value_length = (size_t)(end - equals - 1);
    const char *why = check_key(pair, key_length);
    if (!why)
        why = check_value(equals + 1, value_length);
    if (why)
        return bad(ret_why, why);
    reader_take(r, key_length + value_length + 2);
    *ret = (struct text_pair){.key = (const char *)pair,
                              .value = (const char *)equals + 1,
                              .key_length = key_length,
                              .value_length = value_length};
    return TEXT_PAIR;
}

bool text_key_is(const struct text_pair *p, const char *key)
{
    return strlen(key) == p->key_length && memcmp(p->key, key, p->key_length) == 0;
}

void text_put(struct writer *w, const char *key, const char *value)
{
    text_putf(w, key, "%s", value);
}

void text_putf(struct writer *w, const char *key, const char *format, ...)
{
    size_t before = strlen(key) + 1; /* key and '=' */
    if (w->bad || w->left <= before) {
        w->bad = true;
        return;
    }
    va_list args;
    va_start(args, format);
    int n = vsnprintf((char *)w->at + before, w->left - before, format, args);
    va_end(args);
    /* Room for the whole pair and its NUL, or nothing: half a pair is never in the segment. */
    uint8_t *to = n < 0 ? NULL : writer_room(w, before + (size_t)n + 1);
    if (!to) {
        w->bad = true;
        return;
    }
    memcpy(to, key, before - 1);
    to[before - 1] = '=';
}
