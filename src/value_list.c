/* SPDX-License-Identifier: Apache-2.0 */
/* Lists: portals, LUNs, CHAP algorithms. Main thread; of standards the codes of the algorithms (RFC 7143,
 * 12.1.3). */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "config.h"
#include "value.h"

bool value_is_list(enum schema_type type)
{
    return type == SCHEMA_PORTALS || type == SCHEMA_LUNS || type == SCHEMA_ALGORITHMS || type == SCHEMA_CACHE;
}

static bool add_portal(const struct schema_key *k, struct config_target *t, const struct value *v,
                       struct lun_error *e)
{
    char host[256];
    uint16_t port;
    struct lun_error why = {0};
    if (!lun_portal_parse(v->text, host, &port, &why))
        return value_fail(k, &v->place, e, "%s", why.text);
    char **grown = reallocarray(t->portals, t->portal_count + 1, sizeof *grown);
    if (!grown)
        return place_no_memory(e);
    t->portals = grown;
    if (!(grown[t->portal_count] = strdup(v->text)))
        return place_no_memory(e);
    t->portal_count++;
    return true;
}

/* After those there are already (a URL's own). */
static bool set_portals(const struct schema_key *k, struct config_target *t, const struct value *v, size_t n,
                        struct lun_error *e)
{
    for (size_t i = 0; i < n; i++)
        if (!add_portal(k, t, &v[i], e))
            return false;
    return true;
}

static bool take_luns(const struct schema_key *k, uint64_t *luns, const struct value *v, size_t n,
                      struct lun_error *e)
{
    for (size_t i = 0; i < n; i++) {
        if (!value_number_take(k, &v[i], &luns[i], e))
            return false;
        for (size_t j = 0; j < i; j++)
            if (luns[j] == luns[i])
                return value_fail(k, &v[i].place, e, "%" PRIu64 " is given twice", luns[i]);
    }
    return true;
}

#define LUNS_MAX 16384 /* as many as flat space addressing tells apart (SAM-5, 4.7) */

static bool set_luns(const struct schema_key *k, struct config_target *t, const struct value *v, size_t n,
                     struct lun_error *e)
{
    if (n > LUNS_MAX)
        return value_fail(k, &v->place, e, "more than %d LUNs", LUNS_MAX);
    uint64_t *luns = calloc(n, sizeof *luns);
    if (!luns)
        return place_no_memory(e);
    if (!take_luns(k, luns, v, n, e)) {
        free(luns);
        return false;
    }
    free(t->luns);
    t->luns = luns;
    t->lun_count = n;
    return true;
}

static const uint8_t algorithm_codes[LUN_CHAP_ALGORITHMS] = {LUN_CHAP_MD5, LUN_CHAP_SHA1, LUN_CHAP_SHA256,
                                                             LUN_CHAP_SHA3_256};

static bool set_algorithms(const struct schema_key *k, uint8_t *field, const struct value *v, size_t n,
                           struct lun_error *e)
{
    uint8_t codes[LUN_CHAP_ALGORITHMS] = {0};
    for (size_t i = 0; i < n; i++) {
        int word;
        if (!value_word(k, &v[i], &word, e))
            return false;
        if (i >= LUN_CHAP_ALGORITHMS || memchr(codes, algorithm_codes[word], sizeof codes))
            return value_fail(k, &v[i].place, e, "'%s' is given twice", v[i].text);
        codes[i] = algorithm_codes[word];
    }
    memcpy(field, codes, sizeof codes);
    return true;
}

bool value_list_set(const struct schema_key *k, void *base, const struct value *v, size_t n,
                    struct lun_error *e)
{
    if (k->type == SCHEMA_LUNS)
        return set_luns(k, base, v, n, e);
    if (k->type == SCHEMA_ALGORITHMS)
        return set_algorithms(k, (uint8_t *)base + k->offset, v, n, e);
    return set_portals(k, base, v, n, e);
}

const char *value_algorithm_text(const struct schema_key *k, uint8_t algorithm)
{
    for (int i = 0; i < LUN_CHAP_ALGORITHMS; i++)
        if (algorithm_codes[i] == algorithm)
            return k->words[i];
    return NULL;
}
