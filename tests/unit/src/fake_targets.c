/* SPDX-License-Identifier: Apache-2.0 */
/* Targets and portals that do what the test says; see fake_targets.h. */
#include "fake_targets.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MOST 128

struct lun_target {
    char *iqn, portals[256];
    struct lun_call *opening;
    unsigned opens;
};

struct asking {
    char portal[64];
    struct lun_discovery *d;
    bool ended;
};

static struct lun_target *targets[MOST];
static size_t target_count;
static struct asking *askings[MOST];
static size_t asking_count, found_alive, targets_alive, asks_alive;
static struct lun_error refusal;

static bool refused(struct lun_error *e)
{
    if (refusal.layer == LUN_OK)
        return false;
    *e = refusal;
    refusal.layer = LUN_OK;
    return true;
}

static struct lun_error made(enum lun_layer layer, int code, const char *text)
{
    struct lun_error e = {.layer = layer, .code = code};
    snprintf(e.text, sizeof e.text, "%s", text);
    return e;
}

void fake_refuse(enum lun_layer layer, int code, const char *text)
{
    refusal = made(layer, code, text);
}

/* ---- What members.c calls ----------------------------------------------------------------------------- */

struct lun_target *lun_target_new(struct lun_pool *p, const struct lun_target_options *o, struct lun_error *e)
{
    if (refused(e))
        return NULL;
    struct lun_target *t = calloc(1, sizeof *t);
    t->iqn = strdup(o->iqn);
    for (size_t i = 0; i < o->portal_count; i++) {
        strcat(t->portals, i ? " " : "");
        strcat(t->portals, o->portals[i]);
    }
    cr_assert_lt(target_count, MOST);
    targets[target_count++] = t;
    targets_alive++;
    return t;
}

void lun_target_open(struct lun_target *t, struct lun_call *call)
{
    cr_assert_null(t->opening, "%s is opened twice at once", t->iqn);
    t->opening = call;
    t->opens++;
}

void lun_target_close(struct lun_target *t, uint32_t drain_ms, struct lun_call *call)
{
    struct lun_call *opening = t->opening;
    t->opening = NULL;
    if (opening) {
        opening->error = made(LUN_CANCELLED, 0, "cancelled");
        opening->done(opening);
    }
    call->error = (struct lun_error){0};
    call->done(call);
}

void lun_target_free(struct lun_target *t)
{
    if (!t)
        return;
    for (size_t i = 0; i < target_count; i++)
        if (targets[i] == t)
            targets[i] = NULL;
    targets_alive--;
    free(t->iqn);
    free(t);
}

bool lun_discover_start(struct lun_pool *p, const char *portal, const struct lun_auth *auth,
                        uint32_t timeout_ms, struct lun_discovery *d, struct lun_error *e)
{
    if (refused(e))
        return false;
    struct asking *a = calloc(1, sizeof *a);
    snprintf(a->portal, sizeof a->portal, "%s", portal);
    a->d = d;
    d->private_ = a;
    cr_assert_lt(asking_count, MOST);
    askings[asking_count++] = a;
    asks_alive++;
    return true;
}

static void end_asking(struct asking *a, struct lun_found *found, struct lun_error e)
{
    a->ended = true;
    a->d->found = found;
    a->d->error = e;
    a->d->done(a->d);
}

void lun_discover_cancel(struct lun_discovery *d)
{
    struct asking *a = d->private_;
    if (!a->ended)
        end_asking(a, NULL, made(LUN_CANCELLED, 0, "cancelled"));
}

void lun_discover_end(struct lun_discovery *d)
{
    struct asking *a = d->private_;
    cr_assert(a->ended, "%s has not ended", a->portal);
    for (size_t i = 0; i < asking_count; i++)
        if (askings[i] == a)
            askings[i] = NULL;
    asks_alive--;
    free(a);
}

struct found {
    struct lun_found head;
    struct lun_found_target target[8];
};

void lun_found_free(struct lun_found *f)
{
    found_alive -= f != NULL;
    free(f);
}

/* ---- What tests call ---------------------------------------------------------------------------------- */

size_t fake_opening(void)
{
    size_t n = 0;
    for (size_t i = 0; i < target_count; i++)
        n += targets[i] && targets[i]->opening;
    return n;
}

size_t fake_asking(void)
{
    size_t n = 0;
    for (size_t i = 0; i < asking_count; i++)
        n += askings[i] && !askings[i]->ended;
    return n;
}

static struct lun_target *find_target(const char *iqn)
{
    for (size_t i = 0; i < target_count; i++)
        if (targets[i] && !strcmp(targets[i]->iqn, iqn))
            return targets[i];
    return NULL;
}

unsigned fake_opens(const char *iqn)
{
    const struct lun_target *t = find_target(iqn);
    return t ? t->opens : 0;
}

const char *fake_portals(const char *iqn)
{
    const struct lun_target *t = find_target(iqn);
    cr_assert(t, "%s was not made", iqn);
    return t->portals;
}

void fake_opened(const char *iqn, enum lun_layer layer, int code)
{
    struct lun_target *t = find_target(iqn);
    cr_assert(t && t->opening, "%s is not being opened", iqn);
    struct lun_call *call = t->opening;
    t->opening = NULL;
    call->error = made(layer, code, iqn);
    call->done(call);
}

static struct asking *find_asking(const char *portal)
{
    for (size_t i = 0; i < asking_count; i++)
        if (askings[i] && !askings[i]->ended && !strcmp(askings[i]->portal, portal))
            return askings[i];
    cr_assert_fail("%s is not being asked", portal);
    return NULL;
}

void fake_found(const char *portal, const char *const *iqns)
{
    static const struct lun_found_portal inner = {"10.0.2.15:3260", 1};
    struct found *f = calloc(1, sizeof *f);
    found_alive++;
    f->head.targets = f->target;
    for (; iqns[f->head.count]; f->head.count++)
        f->target[f->head.count] = (struct lun_found_target){iqns[f->head.count], &inner, 1};
    end_asking(find_asking(portal), &f->head, (struct lun_error){0});
}

void fake_not_found(const char *portal, enum lun_layer layer, int code)
{
    end_asking(find_asking(portal), NULL, made(layer, code, portal));
}

bool fake_all_gone(void)
{
    return !targets_alive && !asks_alive && !found_alive;
}
