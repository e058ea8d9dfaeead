/* SPDX-License-Identifier: Apache-2.0 */
/* The nodes of a YAML file into the model, key by key against the table; unknown, misplaced and mistyped
 * ones are refused with their place. Main thread. */
#include "document.h"

#include <stdlib.h>
#include <string.h>

#include "schema.h"
#include "value.h"

#define ENTRIES_MAX 4096 /* duplicates are looked for one by one */

struct document {
    struct config *c;
    const struct yaml_node *defaults, *targets, *discover;
    struct lun_error *e;
};

static bool fail_unknown(struct document *d, const struct yaml_node *key, unsigned where, const char *prefix)
{
    const struct schema_key *k = schema_find(~0u, prefix, key->text);
    if (k)
        return place_fail(d->e, &key->place, "key '%s' is not allowed %s, only %s", key->text,
                          schema_where_text(where), schema_where_text(k->where));
    const char *meant = schema_suggest(where, prefix, key->text);
    if (meant)
        return place_fail(d->e, &key->place, "unknown key '%.64s' (did you mean '%s'?)", key->text, meant);
    return place_fail(d->e, &key->place, "unknown key '%.64s'", key->text);
}

static bool fail_kind(struct document *d, const struct schema_key *k, const struct yaml_node *n)
{
    static const char *const kinds[] = {
        [NODE_SCALAR] = "a single value", [NODE_LIST] = "a list", [NODE_MAP] = "a map"};
    return value_fail(k, &n->place, d->e, "must be %s, not %s", schema_type_text(k->type), kinds[n->kind]);
}

static bool apply_list(struct document *d, const struct schema_key *k, const struct yaml_node *n, void *base)
{
    if (n->kind != NODE_LIST)
        return fail_kind(d, k, n);
    if (!n->count)
        return value_fail(k, &n->place, d->e, "must not be empty");
    struct value *values = calloc(n->count, sizeof *values);
    if (!values)
        return place_no_memory(d->e);
    bool ok = true;
    for (size_t i = 0; ok && i < n->count; i++) {
        const struct yaml_node *item = n->children[i];
        values[i] = (struct value){item->text, item->quoted, item->place};
        if (item->kind != NODE_SCALAR)
            ok = value_fail(k, &item->place, d->e, "each item must be a single value");
    }
    ok = ok && value_set(k, base, values, n->count, d->e);
    free(values);
    return ok;
}

/* One word for all LUNs, or a word for each that is named. */
static bool apply_cache(struct document *d, const struct schema_key *k, const struct yaml_node *n, void *base)
{
    if (n->kind == NODE_LIST)
        return fail_kind(d, k, n);
    if (n->kind == NODE_SCALAR) {
        struct value v = {n->text, n->quoted, n->place};
        return value_set(k, base, &v, 1, d->e);
    }
    struct value *luns = calloc(n->count + 1, sizeof *luns), *modes = luns ? luns + n->count / 2 : NULL;
    if (!luns)
        return place_no_memory(d->e);
    bool ok = true;
    for (size_t i = 0; ok && i < n->count / 2; i++) {
        const struct yaml_node *lun = n->children[2 * i], *mode = n->children[2 * i + 1];
        luns[i] = (struct value){lun->text, lun->quoted, lun->place};
        modes[i] = (struct value){mode->text, mode->quoted, mode->place};
        if (mode->kind != NODE_SCALAR)
            ok = value_fail(k, &mode->place, d->e, "the mode of a LUN must be one word");
    }
    ok = ok && value_cache_set(k, base, luns, modes, n->count / 2, d->e);
    free(luns);
    return ok;
}

static bool apply_map(struct document *d, const struct yaml_node *map, unsigned where, const char *prefix,
                      void *base);

static bool apply_submap(struct document *d, const struct schema_key *k, const struct yaml_node *n,
                         unsigned where, void *base)
{
    if (n->kind != NODE_MAP)
        return fail_kind(d, k, n);
    /* Whole, not key by key: a target's own `auth: {}` means none, whatever the defaults say. */
    if (!strcmp(k->path, "auth"))
        config_auth_free(&((struct config_target *)base)->auth);
    return apply_map(d, n, where, k->path, base);
}

/* The maps and lists of maps of the top are only noted: defaults must come first, wherever they stand. */
static bool note_section(struct document *d, const struct schema_key *k, const struct yaml_node *n)
{
    if (n->kind != (k->type == SCHEMA_MAP ? NODE_MAP : NODE_LIST))
        return fail_kind(d, k, n);
    if (n->kind == NODE_LIST && n->count > ENTRIES_MAX)
        return value_fail(k, &n->place, d->e, "more than %d entries", ENTRIES_MAX);
    const struct yaml_node **slot = !strcmp(k->path, "defaults")   ? &d->defaults
                                    : !strcmp(k->path, "discover") ? &d->discover
                                                                   : &d->targets;
    *slot = n;
    return true;
}

static bool apply_pair(struct document *d, const struct yaml_node *key, const struct yaml_node *n,
                       unsigned where, const char *prefix, void *base)
{
    const struct schema_key *k = schema_find(where, prefix, key->text);
    if (!k)
        return fail_unknown(d, key, where, prefix);
    if (k->type == SCHEMA_ENTRIES || (k->type == SCHEMA_MAP && where == SCHEMA_TOP))
        return note_section(d, k, n);
    if (k->type == SCHEMA_MAP)
        return apply_submap(d, k, n, where, base);
    if (k->type == SCHEMA_CACHE)
        return apply_cache(d, k, n, base);
    if (value_is_list(k->type))
        return apply_list(d, k, n, base);
    if (n->kind != NODE_SCALAR)
        return fail_kind(d, k, n);
    struct value v = {n->text, n->quoted, n->place};
    return value_set(k, base, &v, 1, d->e);
}

static bool apply_map(struct document *d, const struct yaml_node *map, unsigned where, const char *prefix,
                      void *base)
{
    for (size_t i = 0; i < map->count; i += 2)
        if (!apply_pair(d, map->children[i], map->children[i + 1], where, prefix, base))
            return false;
    return true;
}

static bool check_defaults(struct document *d)
{
    struct config_target scratch;
    config_target_init(&scratch);
    bool ok = !d->defaults || apply_map(d, d->defaults, SCHEMA_DEFAULTS, "", &scratch);
    config_target_free(&scratch);
    return ok;
}

static bool fill_entry(struct document *d, const struct yaml_node *n, unsigned where, struct config_target *t)
{
    config_target_init(t);
    t->place = n->place;
    if (n->kind != NODE_MAP)
        return place_fail(d->e, &n->place, "each entry must be a map of keys");
    if (d->defaults && !apply_map(d, d->defaults, SCHEMA_DEFAULTS, "", t))
        return false;
    if (!apply_map(d, n, where, "", t))
        return false;
    for (size_t i = 0; i < n->count; i += 2)
        if (!strcmp(n->children[i]->text, "iqn"))
            t->iqn_place = n->children[i + 1]->place;
    if (where == SCHEMA_DISCOVER)
        return t->portal_count ? true : place_fail(d->e, &n->place, "portal is missing");
    if (!t->iqn)
        return place_fail(d->e, &n->place, "iqn is missing");
    return t->portal_count ? true : place_fail(d->e, &n->place, "portals is missing");
}

/* *ret and *ret_count are always what config_free must see. */
static bool fill_entries(struct document *d, const struct yaml_node *list, unsigned where,
                         struct config_target **ret, size_t *ret_count)
{
    size_t n = list ? list->count : 0;
    if (!n)
        return true;
    if (!(*ret = calloc(n, sizeof **ret)))
        return place_no_memory(d->e);
    for (size_t i = 0; i < n; i++) {
        *ret_count = i + 1;
        if (!fill_entry(d, list->children[i], where, &(*ret)[i]))
            return false;
    }
    return true;
}

static bool apply_root(struct document *d, const struct yaml_node *root)
{
    if (root->kind == NODE_SCALAR && !*root->text)
        return place_fail(d->e, &root->place, "the file is empty");
    if (root->kind != NODE_MAP)
        return place_fail(d->e, &root->place, "must be a map of keys");
    if (!apply_map(d, root, SCHEMA_TOP, "", d->c) || !check_defaults(d))
        return false;
    if (!fill_entries(d, d->discover, SCHEMA_DISCOVER, &d->c->discover, &d->c->discover_count) ||
        !fill_entries(d, d->targets, SCHEMA_TARGET, &d->c->targets, &d->c->target_count))
        return false;
    if (!d->c->target_count && !d->c->discover_count)
        return place_fail(d->e, &root->place, "neither targets nor discover: nothing to mount");
    return true;
}

bool document_apply(const struct yaml_node *root, struct config *c, struct lun_error *e)
{
    struct document d = {.c = c, .e = e};
    return apply_root(&d, root);
}
