/* SPDX-License-Identifier: Apache-2.0 */
/* Reading one text of the target key by key: RFC 7143 6.1 (format), 6.2 (NotUnderstood), 6.3 (stages and
 * repetition). Pure; any thread. */
#include "login/collect.h"

#include <string.h>

#include "base/error.h"
#include "wire/text.h"

/* May the target send this key here? */
static bool check_stage(const struct collect *c, enum key_id id, const char *value, struct lun_error *e)
{
    const struct key *k = keys_get(id);
    if (k->target & c->stage)
        return true;
    return error_set(e, LUN_PROTOCOL, 0, false, "target sends %s=%.64s in the %s stage", k->name, value,
                     c->stage == KEY_S ? "security" : "operational");
}

/* Some targets echo what we declared: the same value says nothing new. */
static bool is_echo(const struct collect *c, enum key_id id, const char *value)
{
    const char *ours = c->declared->of[id];
    return ours && !strcmp(ours, value);
}

/* FNV-1a, 64 bits. A target that makes two of its keys collide fails its own login. */
static uint64_t hash(const char *key)
{
    uint64_t h = 14695981039346656037u;
    for (; *key; key++)
        h = (h ^ (uint8_t)*key) * 1099511628211u;
    return h;
}

static bool note_unknown(struct collect_unknown *u, const char *key, struct lun_error *e)
{
    uint64_t h = hash(key);
    for (unsigned i = 0; i < u->count; i++)
        if (u->hash[i] == h)
            return error_set(e, LUN_PROTOCOL, 0, false, "target sends %s a second time", key);
    if (u->count == COLLECT_UNKNOWN_MAX)
        return error_set(e, LUN_PROTOCOL, 0, false, "target sends more than %d keys that nobody knows",
                         COLLECT_UNKNOWN_MAX);
    u->hash[u->count++] = h;
    return true;
}

/* A key that the table does not have: NotUnderstood, unless the stage has ended and no answer can be given.
 */
static bool take_unknown(const struct collect *c, const char *key, const char *value, struct writer *w,
                         struct lun_error *e)
{
    if (!note_unknown(c->unknown, key, e))
        return false;
    if (keys_reserved(value))
        return error_set(e, LUN_PROTOCOL, 0, false, "target answers %s=%s, which was not offered", key,
                         value);
    if (!c->transit)
        text_put(w, key, "NotUnderstood");
    return true;
}

static bool take_pair(const struct collect *c, const struct text_pair *pair, struct key_values *ret,
                      struct writer *w, struct lun_error *e)
{
    char key[TEXT_KEY_MAX + 1];
    memcpy(key, pair->key, pair->key_length);
    key[pair->key_length] = 0;
    enum key_id id = keys_find(key);
    if (id == KEY_COUNT)
        return take_unknown(c, key, pair->value, w, e);
    if (pair->value_length > KEY_VALUE_MAX && !(keys_get(id)->flags & KEY_LONG))
        return error_set(e, LUN_PROTOCOL, 0, false, "target sends %s with %zu bytes, more than %d", key,
                         pair->value_length, KEY_VALUE_MAX);
    if (is_echo(c, id, pair->value))
        return true;
    if (!check_stage(c, id, pair->value, e))
        return false;
    if (ret->of[id] && !(keys_get(id)->flags & KEY_REPEATS)) /* 6.3 */
        return error_set(e, LUN_PROTOCOL, 0, false, "target sends %s twice", key);
    ret->of[id] = pair->value;
    return true;
}

bool collect_text(const struct collect *c, const uint8_t *text, size_t n, struct key_values *ret,
                  struct writer *w, struct lun_error *e)
{
    struct reader r = reader_over(text, n);
    struct text_pair pair;
    const char *why = NULL;
    for (;;) {
        switch (text_next(&r, &pair, &why)) {
        case TEXT_PAIR:
            if (!take_pair(c, &pair, ret, w, e))
                return false;
            break;
        case TEXT_END:
            return true;
        case TEXT_BAD:
            return error_set(e, LUN_PROTOCOL, 0, false, "text of the target: %s", why);
        }
    }
}
