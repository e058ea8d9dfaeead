/* SPDX-License-Identifier: Apache-2.0 */
/* From SOURCE and options to a checked struct config: defaults, YAML maps against the table of keys, URLs,
 * and the rules that join several keys. Main thread. */
#include "config.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "document.h"
#include "schema.h"
#include "secret.h"
#include "value.h"

#define OPTION_VALUES_MAX 64
#define URL_SHOWN 110 /* characters of a bad one in its message */

#define OFFER_MAX_BURST 1048576 /* what liblun offers unless told otherwise (lun.h) */

struct loader {
    struct config c;
    bool url_lun; /* the URL names a LUN */
    struct lun_error *e;
};

void config_target_init(struct config_target *t)
{
    *t = (struct config_target){
        .mode = 0600,
        .uid = getuid(),
        .gid = getgid(),
        .login_timeout = 15000,
        .io_timeout = 30000,
        .nop_interval = 5000,
        .nop_timeout = 5000,
        .replacement_timeout = 120000,
    };
}

void config_auth_free(struct config_auth *a)
{
    free(a->user);
    free(a->mutual_user);
    secret_free(&a->secret);
    secret_free(&a->mutual_secret);
    *a = (struct config_auth){0};
}

void config_target_free(struct config_target *t)
{
    free(t->iqn);
    free(t->name);
    for (size_t i = 0; i < t->portal_count; i++)
        free(t->portals[i]);
    free(t->portals);
    free(t->luns);
    free(t->cache.other);
    config_auth_free(&t->auth);
}

void config_free(struct config *c)
{
    for (size_t i = 0; i < c->target_count; i++)
        config_target_free(&c->targets[i]);
    for (size_t i = 0; i < c->discover_count; i++)
        config_target_free(&c->discover[i]);
    free(c->targets);
    free(c->discover);
    free(c->file);
    free(c->shown);
    free(c->initiator);
    *c = (struct config){0};
}

static bool load_file(struct loader *l, const char *path)
{
    if (!(l->c.file = strdup(path)) || !(l->c.shown = strdup(path)))
        return place_no_memory(l->e);
    struct yaml_node *root = yaml_node_read(l->c.file, l->e);
    bool ok = root && document_apply(root, &l->c, l->e);
    yaml_node_free(root);
    return ok;
}

static char *show_url(const struct lun_url *u)
{
    char *shown;
    int n;
    if (!u->iqn)
        n = asprintf(&shown, "iscsi://%s", u->portal);
    else if (!u->has_lun)
        n = asprintf(&shown, "iscsi://%s/%s", u->portal, u->iqn);
    else
        n = asprintf(&shown, "iscsi://%s/%s/%" PRIu64, u->portal, u->iqn, u->lun);
    return n < 0 ? NULL : shown;
}

/* Moves the strings of the URL into the target. */
static bool take_url(struct config_target *t, struct lun_url *u)
{
    if (!(t->portals = calloc(1, sizeof *t->portals)))
        return false;
    t->portals[t->portal_count++] = u->portal;
    t->iqn = u->iqn;
    t->auth.user = u->user;
    t->auth.secret.value = u->password;
    u->portal = u->iqn = u->user = u->password = NULL;
    if (!u->has_lun)
        return true;
    if (!(t->luns = calloc(1, sizeof *t->luns)))
        return false;
    t->luns[t->lun_count++] = u->lun;
    return true;
}

static bool fill_url(struct loader *l, struct lun_url *u)
{
    struct config *c = &l->c;
    struct config_target *t = calloc(1, sizeof *t);
    if (!t || !(c->shown = show_url(u))) {
        free(t);
        return place_no_memory(l->e);
    }
    config_target_init(t);
    if (u->iqn) {
        c->targets = t;
        c->target_count = 1;
    } else {
        c->discover = t;
        c->discover_count = 1;
    }
    l->url_lun = u->has_lun;
    return take_url(t, u) ? true : place_no_memory(l->e);
}

/* The URL up to what may be a password, and from its end: also one whose '@' was forgotten is hidden. */
static bool fail_url(struct loader *l, const char *url, const char *why)
{
    const char *credentials = strstr(url, "://") + 3, *at = strrchr(credentials, '@');
    const char *rest = at ? at + 1 : credentials;
    size_t shown = strcspn(rest, "%");
    static const char prefix[] = "URL: ";
    if (!strncmp(why, prefix, sizeof prefix - 1))
        why += sizeof prefix - 1;
    return place_fail(l->e, &(struct place){0}, "%.*s%.*s: %s", (int)(credentials - url), url,
                      (int)(shown < URL_SHOWN ? shown : URL_SHOWN), rest, why);
}

static bool load_url(struct loader *l, const char *url)
{
    struct lun_url u = {0};
    struct lun_error why = {0};
    if (!lun_url_parse(url, &u, &why))
        return fail_url(l, url, why.text);
    bool ok =
        u.user && !value_is_utf8(u.user) ? fail_url(l, url, "the user name is not UTF-8") : fill_url(l, &u);
    lun_url_free(&u);
    return ok;
}

/* ---- Options ------------------------------------------------------------------------------------------- */

bool config_is_option(const char *key)
{
    return schema_option(key) != NULL;
}

static bool set_option(struct loader *l, const struct schema_key *k, const struct value *v, size_t n)
{
    struct config *c = &l->c;
    if (k->where == SCHEMA_TOP)
        return value_set(k, c, v, n, l->e);
    for (size_t i = 0; i < c->target_count; i++)
        if (!value_set(k, &c->targets[i], v, n, l->e))
            return false;
    for (size_t i = 0; i < c->discover_count; i++)
        if (!value_set(k, &c->discover[i], v, n, l->e))
            return false;
    return true;
}

/* What names or limits one target makes sense only for a source that is one target. */
static bool check_option(struct loader *l, const struct schema_key *k, const struct place *p)
{
    if (k->where != SCHEMA_TARGET)
        return true;
    if (l->c.file || !l->c.target_count)
        return value_fail(k, p, l->e, "only with a source iscsi://host/target");
    if (!strcmp(k->path, "iqn"))
        return value_fail(k, p, l->e, "the source names the target");
    if (!strcmp(k->path, "luns") && l->url_lun)
        return value_fail(k, p, l->e, "the source names a LUN");
    return true;
}

/* A list as an option: items joined by '+', since mount(8) splits at commas and addresses hold colons. */
static bool set_list_option(struct loader *l, const struct schema_key *k, const char *text,
                            const struct place *p)
{
    struct value values[OPTION_VALUES_MAX];
    size_t n = 0;
    char *copy = strdup(text), *rest = copy;
    if (!copy)
        return place_no_memory(l->e);
    bool ok = true;
    for (char *item; ok && (item = strsep(&rest, "+"));) {
        if (n == OPTION_VALUES_MAX)
            ok = value_fail(k, p, l->e, "more than %d values", OPTION_VALUES_MAX);
        else
            values[n++] = (struct value){.text = item, .place = *p};
    }
    ok = ok && set_option(l, k, values, n);
    free(copy);
    return ok;
}

static bool check_known(struct loader *l, const struct config_option *o)
{
    struct place p = {.option = o->key};
    if (schema_option(o->key))
        return true;
    const char *meant = schema_suggest_option(o->key);
    return meant ? place_fail(l->e, &p, "unknown (did you mean '%s'?)", meant)
                 : place_fail(l->e, &p, "unknown");
}

static bool apply_option(struct loader *l, const struct config_option *o)
{
    struct place p = {.option = o->key};
    const struct schema_key *k = schema_option(o->key);
    if (!check_option(l, k, &p))
        return false;
    if (value_is_list(k->type) && o->value)
        return set_list_option(l, k, o->value, &p);
    struct value v = {.text = o->value, .place = p};
    return set_option(l, k, &v, 1);
}

/* ---- Rules that join keys ------------------------------------------------------------------------------ */

/* RFC 7143, 13.14: FirstBurstLength must not exceed MaxBurstLength. */
static bool check_bursts(struct loader *l, const struct config_target *t)
{
    uint64_t most = t->max_burst_length ? t->max_burst_length : OFFER_MAX_BURST;
    if (t->first_burst_length > most)
        return place_fail(l->e, &t->place,
                          "first_burst_length (%" PRIu64 ") is larger than max_burst_length (%" PRIu64 ")",
                          t->first_burst_length, most);
    return true;
}

static bool complete(struct loader *l, struct config_target *t)
{
    return check_bursts(l, t) && secret_complete(&t->auth, &t->place, l->e);
}

static bool check_pair(struct loader *l, const struct config_target *first, const struct config_target *t)
{
    /* iSCSI names do not tell cases apart (RFC 7143, 4.2.7.2). */
    if (!strcasecmp(first->iqn, t->iqn))
        return place_fail(l->e, &t->iqn_place, "target %.100s is given twice, first on line %u", t->iqn,
                          first->place.line);
    if (!strcmp(config_target_directory(first), config_target_directory(t)))
        return place_fail(l->e, &t->place, "directory '%.100s' is taken by the target on line %u",
                          config_target_directory(t), first->place.line);
    return true;
}

static bool finish(struct loader *l)
{
    struct config *c = &l->c;
    for (size_t i = 0; i < c->target_count; i++)
        for (size_t j = 0; j < i; j++)
            if (!check_pair(l, &c->targets[j], &c->targets[i]))
                return false;
    for (size_t i = 0; i < c->discover_count; i++)
        if (!complete(l, &c->discover[i]))
            return false;
    for (size_t i = 0; i < c->target_count; i++)
        if (!complete(l, &c->targets[i]))
            return false;
    return true;
}

static bool load(struct loader *l, const char *source, const struct config_option *options, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (!check_known(l, &options[i]))
            return false;
    if (!(strstr(source, "://") ? load_url(l, source) : load_file(l, source)))
        return false;
    for (size_t i = 0; i < n; i++)
        if (!apply_option(l, &options[i]))
            return false;
    return finish(l);
}

bool config_load(const char *source, const struct config_option *options, size_t option_count,
                 struct config *ret, struct lun_error *e)
{
    struct loader l = {
        .c = {.poll = 100, .memory_limit = 128 << 20, .shutdown_timeout = 10000, .readahead = 4 << 20},
        .e = e,
    };
    if (!load(&l, source, options, option_count)) {
        config_free(&l.c);
        return false;
    }
    *ret = l.c;
    return true;
}

const char *config_target_directory(const struct config_target *t)
{
    return t->name ? t->name : t->iqn;
}

void config_target_auth(const struct config_target *t, struct lun_auth *ret)
{
    *ret = (struct lun_auth){
        .user = t->auth.user,
        .secret = t->auth.secret.value,
        .mutual_user = t->auth.mutual_user,
        .mutual_secret = t->auth.mutual_secret.value,
        .allow_short_secret = t->allow_short_secret,
    };
    memcpy(ret->algorithms, t->auth.algorithms, sizeof ret->algorithms);
}

void config_target_options(const struct config_target *t, const char **portals,
                           struct lun_target_options *ret)
{
    for (size_t i = 0; i < t->portal_count; i++)
        portals[i] = t->portals[i];
    *ret = (struct lun_target_options){
        .iqn = t->iqn,
        .portals = portals,
        .portal_count = t->portal_count,
        .portal_group = -1,
        .header_digest = (enum lun_digest)t->header_digest,
        .data_digest = (enum lun_digest)t->data_digest,
        .sessions = t->sessions,
        .luns = t->luns,
        .lun_count = t->lun_count,
        .read_only = t->read_only,
        .login_timeout_ms = t->login_timeout,
        .io_timeout_ms = t->io_timeout,
        .nop_interval_ms = t->nop_interval,
        .nop_timeout_ms = t->nop_timeout,
        .on_outage = (enum lun_outage)t->on_outage,
        .replacement_timeout_ms = t->replacement_timeout,
        .queue_depth = t->queue_depth,
        .max_transfer = (uint32_t)t->max_transfer,
        .initial_r2t = t->initial_r2t,
        .immediate_data = t->immediate_data,
        .data_pdu_in_order = t->data_pdu_in_order,
        .data_sequence_in_order = t->data_sequence_in_order,
        .max_recv_data_segment_length = (uint32_t)t->max_recv_data_segment_length,
        .first_burst_length = (uint32_t)t->first_burst_length,
        .max_burst_length = (uint32_t)t->max_burst_length,
        .max_outstanding_r2t = (uint16_t)t->max_outstanding_r2t,
    };
    config_target_auth(t, &ret->auth);
}
