/* SPDX-License-Identifier: Apache-2.0 */
/* The cache mode: one for all LUNs of a target, and the LUNs that have the other one. Main thread; no
 * standard. */
#include <stdlib.h>
#include <string.h>

#include "config.h"
#include "value.h"

#define LUNS_MAX 64 /* duplicates are looked for one by one */
static const char all[] = "default";

static bool take(const struct schema_key *k, const struct value *lun, const struct value *mode,
                 struct config_cache *ret, uint64_t *luns, int *modes, struct lun_error *e)
{
    size_t n = ret->other_count;
    int word;
    if (!value_word(k, mode, &word, e))
        return false;
    if (!strcmp(lun->text, all)) {
        ret->mode = word;
        return true;
    }
    if (!value_number_take(k, lun, &luns[n], e))
        return false;
    for (size_t i = 0; i < n; i++)
        if (luns[i] == luns[n])
            return value_fail(k, &lun->place, e, "LUN %s is given twice", lun->text);
    modes[n] = word;
    ret->other_count++;
    return true;
}

bool value_cache_set(const struct schema_key *k, void *base, const struct value *luns,
                     const struct value *modes, size_t n, struct lun_error *e)
{
    struct config_cache *field = (struct config_cache *)(void *)((char *)base + k->offset);
    struct config_cache c = {0};
    uint64_t numbers[LUNS_MAX + 1];
    int words[LUNS_MAX + 1];
    bool has_default = false;
    for (size_t i = 0; i < n; i++) {
        bool is_default = !strcmp(luns[i].text, all);
        if (is_default && has_default)
            return value_fail(k, &luns[i].place, e, "the default is given twice");
        has_default |= is_default;
        if (c.other_count == LUNS_MAX)
            return value_fail(k, &luns[i].place, e, "more than %d LUNs", LUNS_MAX);
        if (!take(k, &luns[i], &modes[i], &c, numbers, words, e))
            return false;
    }
    size_t count = c.other_count;
    c.other_count = 0;
    for (size_t i = 0; i < count; i++)
        if (words[i] != c.mode)
            numbers[c.other_count++] = numbers[i];
    if (c.other_count) {
        c.other = reallocarray(NULL, c.other_count, sizeof *c.other);
        if (!c.other)
            return place_no_memory(e);
        memcpy(c.other, numbers, c.other_count * sizeof *c.other);
    }
    free(field->other);
    *field = c;
    return true;
}

bool value_cache_set_words(const struct schema_key *k, void *base, const struct value *v, size_t n,
                           struct lun_error *e)
{
    struct value luns[LUNS_MAX + 1], modes[LUNS_MAX + 1];
    char texts[LUNS_MAX + 1][24]; /* LUNs */
    if (n > LUNS_MAX + 1)
        return value_fail(k, &v->place, e, "more than %d LUNs", LUNS_MAX);
    for (size_t i = 0; i < n; i++) {
        luns[i] = modes[i] = v[i];
        luns[i].text = all;
        const char *colon = v[i].place.option ? strchr(v[i].text, ':') : NULL;
        if (!colon)
            continue;
        size_t length = (size_t)(colon - v[i].text);
        if (length >= sizeof texts[i])
            return value_fail(k, &v[i].place, e, "'%.*s' is no LUN", VALUE_SHOWN, v[i].text);
        memcpy(texts[i], v[i].text, length);
        texts[i][length] = '\0';
        luns[i].text = texts[i];
        modes[i].text = colon + 1;
    }
    return value_cache_set(k, base, luns, modes, n, e);
}
