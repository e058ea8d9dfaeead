/* SPDX-License-Identifier: Apache-2.0 */
/* Targets and portals out of an answer to SendTargets; see found.h. Pure; any thread. RFC 7143 appendix
 * C, 13.8.
 */
#include "session/found.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "wire/name.h"
#include "wire/text.h"

/* One allocation after another, all reachable from here. */
struct found {
    struct lun_found head;
    struct lun_found_target *targets;
    char *text; /* every string of the result points in here, */
    char *asked;
    char **scoped; /* or is one of these */
    size_t scoped_count;
    char scope[64]; /* of `asked`, if that is a link-local address */
};

void lun_found_free(struct lun_found *f)
{
    struct found *all = (struct found *)f;
    if (!all)
        return;
    for (size_t i = 0; i < all->head.count; i++)
        free((void *)(uintptr_t)all->targets[i].portals);
    for (size_t i = 0; i < all->scoped_count; i++)
        free(all->scoped[i]);
    free(all->scoped);
    free(all->targets);
    free(all->text);
    free(all->asked);
    free(all);
}

static bool no_memory(struct lun_error *e)
{
    return error_set(e, LUN_SYSTEM, ENOMEM, true, "no memory for the targets found");
}

/* ---- link-local addresses ---------------------------------------------------------------------------- */

static bool is_link_local(const char *host)
{
    struct in6_addr a;
    return inet_pton(AF_INET6, host, &a) == 1 && IN6_IS_ADDR_LINKLOCAL(&a);
}

static void note_scope(struct found *f)
{
    char host[256];
    uint16_t port;
    if (!lun_portal_parse(f->asked, host, &port, NULL))
        return;
    char *scope = strchr(host, '%');
    if (!scope)
        return;
    *scope++ = '\0';
    if (is_link_local(host) && strlen(scope) < sizeof f->scope)
        strcpy(f->scope, scope);
}

/* A target knows no scope of ours: its link-local addresses are on the link on which we asked. */
static const char *with_scope(struct found *f, const char *host, uint16_t port, struct lun_error *e)
{
    char **grown = realloc(f->scoped, (f->scoped_count + 1) * sizeof *grown), *text;
    if (grown)
        f->scoped = grown;
    if (!grown || asprintf(&text, "[%s%%%s]:%u", host, f->scope, port) < 0) {
        no_memory(e);
        return NULL;
    }
    f->scoped[f->scoped_count++] = text;
    return text;
}

/* ---- records ----------------------------------------------------------------------------------------- */

static bool add_target(struct found *f, const char *iqn, struct lun_error *e)
{
    struct lun_error why;
    if (!lun_name_check(iqn, &why))
        return error_set(e, LUN_PROTOCOL, 0, false, "answer to SendTargets: TargetName: %s", why.text);
    struct lun_found_target *at = realloc(f->targets, (f->head.count + 1) * sizeof *at);
    if (!at)
        return no_memory(e);
    f->targets = at;
    at[f->head.count++] = (struct lun_found_target){.iqn = iqn};
    return true;
}

static bool add_portals(struct lun_found_target *t, const struct lun_found_portal *portals, size_t n,
                        struct lun_error *e)
{
    struct lun_found_portal *at = realloc((void *)(uintptr_t)t->portals, (t->portal_count + n) * sizeof *at);
    if (!at)
        return no_memory(e);
    t->portals = at;
    memcpy(at + t->portal_count, portals, n * sizeof *at);
    t->portal_count += n;
    return true;
}

/* "host:port,group" becomes "host:port" and group; the comma is overwritten. */
static bool take_address(struct found *f, char *value, struct lun_error *e)
{
    char host[256];
    uint16_t port;
    struct lun_found_portal p = {.address = value};
    if (f->head.count == 0)
        return error_set(e, LUN_PROTOCOL, 0, false, "TargetAddress=%s before any TargetName", value);
    if (!name_target_address(value, host, &port, &p.portal_group, e))
        return false;
    char *comma = strrchr(value, ',');
    if (comma)
        *comma = '\0';
    if (*f->scope && is_link_local(host))
        p.address = with_scope(f, host, port, e);
    return p.address && add_portals(&f->targets[f->head.count - 1], &p, 1, e);
}

static bool take_pairs(struct found *f, size_t length, struct lun_error *e)
{
    struct reader r = reader_over(f->text, length);
    struct text_pair pair;
    const char *why = "";
    enum text_next next;
    while ((next = text_next(&r, &pair, &why)) == TEXT_PAIR) {
        if (text_key_is(&pair, "TargetName")) {
            if (!add_target(f, pair.value, e))
                return false;
        } else if (text_key_is(&pair, "TargetAddress")) {
            if (!take_address(f, f->text + (pair.value - f->text), e))
                return false;
        }
    }
    return next == TEXT_END || error_set(e, LUN_PROTOCOL, 0, false, "answer to SendTargets: %s", why);
}

/* ---- targets named more than once -------------------------------------------------------------------- */

/* By name, then as they came. */
static int compare(const void *a, const void *b)
{
    const struct lun_found_target *const *x = a, *const *y = b;
    int names = strcasecmp((*x)->iqn, (*y)->iqn);
    return names ? names : (*x > *y) - (*x < *y);
}

/* Gives the portals of each repetition to the first record of its name. */
static bool gather(struct lun_found_target **by_name, size_t n, struct lun_error *e)
{
    struct lun_found_target *first = n ? by_name[0] : NULL;
    for (size_t i = 1; i < n; i++) {
        struct lun_found_target *t = by_name[i];
        if (strcasecmp(first->iqn, t->iqn)) {
            first = t;
            continue;
        }
        if (t->portal_count && !add_portals(first, t->portals, t->portal_count, e))
            return false;
        t->iqn = NULL;
    }
    return true;
}

/* Some targets begin a record for each address. */
static bool merge(struct found *f, struct lun_error *e)
{
    size_t n = f->head.count, kept = 0;
    struct lun_found_target **by_name = malloc((n + 1) * sizeof *by_name);
    if (!by_name)
        return no_memory(e);
    for (size_t i = 0; i < n; i++)
        by_name[i] = &f->targets[i];
    qsort(by_name, n, sizeof(struct lun_found_target *), compare);
    bool ok = gather(by_name, n, e);
    free(by_name);
    if (!ok)
        return false;
    for (size_t i = 0; i < n; i++) {
        if (f->targets[i].iqn)
            f->targets[kept++] = f->targets[i];
        else
            free((void *)(uintptr_t)f->targets[i].portals);
    }
    f->head.count = kept;
    return true;
}

static bool complete(struct found *f, struct lun_error *e)
{
    const struct lun_found_portal asked = {f->asked, -1};
    for (size_t i = 0; i < f->head.count; i++)
        if (f->targets[i].portal_count == 0 && !add_portals(&f->targets[i], &asked, 1, e))
            return false;
    f->head.targets = f->targets;
    return true;
}

struct lun_found *found_from_text(const char *text, size_t n, const char *asked, struct lun_error *e)
{
    struct found *f = calloc(1, sizeof *f);
    if (!f) {
        no_memory(e);
        return NULL;
    }
    f->text = malloc(n + 1);
    f->asked = strdup(asked);
    bool ok = (f->text && f->asked) || no_memory(e);
    if (ok && n)
        memcpy(f->text, text, n);
    if (ok)
        note_scope(f);
    ok = ok && take_pairs(f, n, e) && merge(f, e) && complete(f, e);
    if (!ok) {
        lun_found_free(&f->head);
        return NULL;
    }
    return &f->head;
}
