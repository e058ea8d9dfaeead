/* SPDX-License-Identifier: Apache-2.0 */
/* discover and ls: which targets and LUNs there are. Main thread; list_units runs in a target's home loop.
 * RFC 7143 4.3. */
#include "list.h"
#include "commands.h"
#include "output.h"
#include "report.h"
#include "visit.h"

#include <string.h>

#define PATH_TEXT 64

void list_target(struct lun_facts *f, size_t target, const char *name, const char *error)
{
    char path[PATH_TEXT];
    snprintf(path, sizeof path, "targets.%zu", target);
    lun_facts_string(f, path, "target", name, strlen(name));
    if (error)
        lun_facts_string(f, path, "error", error, strlen(error));
}

/* Copies the fact called key, as `as`. */
static void pick(const struct lun_facts *from, const char *key, struct lun_facts *to, const char *path,
                 const char *as)
{
    for (size_t i = 0; i < from->count; i++) {
        const struct lun_fact *fact = &from->at[i];
        if (*fact->path || strcmp(fact->key, key) != 0)
            continue;
        if (fact->kind == LUN_FACT_NUMBER)
            lun_facts_number(to, path, as, fact->number, fact->unit);
        else if (fact->kind == LUN_FACT_WORD)
            lun_facts_word(to, path, as, fact->text);
        else if (fact->kind == LUN_FACT_STRING)
            lun_facts_string(to, path, as, fact->text, fact->length);
        return;
    }
}

void list_unit(struct lun_facts *f, size_t target, size_t unit, const struct list_unit *u)
{
    char path[PATH_TEXT];
    struct lun_facts inquiry = {0}, capacity = {0};
    snprintf(path, sizeof path, "targets.%zu.luns.%zu", target, unit);
    if (u->inquiry)
        lun_decode_inquiry(u->inquiry, u->inquiry_length, &inquiry);
    if (u->capacity && u->has_data)
        lun_decode_capacity(u->capacity, u->capacity_length, &capacity);
    lun_facts_number(f, path, "lun", u->lun, NULL);
    pick(&inquiry, "peripheral_device_type_name", f, path, "type");
    pick(&inquiry, "vendor", f, path, "vendor");
    pick(&inquiry, "product", f, path, "product");
    pick(&inquiry, "revision", f, path, "revision");
    pick(&capacity, "capacity", f, path, "capacity");
    pick(&capacity, "logical_block_length", f, path, "logical_block_length");
    if (u->has_data)
        lun_facts_boolean(f, path, "read_only", u->read_only);
    if (u->name)
        lun_facts_string(f, path, "name", u->name, strlen(u->name));
    if (u->error)
        lun_facts_string(f, path, "error", u->error, strlen(u->error));
    f->failed |= inquiry.failed || capacity.failed;
    lun_facts_free(&inquiry);
    lun_facts_free(&capacity);
}

struct listing {
    struct visit visit;
    struct lun_facts facts;
    size_t index; /* of the target at work */
};

static void list_info(struct lun_facts *f, size_t target, size_t unit, const struct lun_unit_info *info)
{
    char line[LUN_ERROR_LINE];
    struct list_unit u = {
        .lun = info->lun,
        .inquiry = info->inquiry_length ? info->inquiry : NULL,
        .inquiry_length = info->inquiry_length,
        .capacity = info->capacity_length ? info->capacity : NULL,
        .capacity_length = info->capacity_length,
        .has_data = info->has_data,
        .read_only = info->read_only,
        .name = info->name_count ? info->names[0] : NULL,
        .error = info->state == LUN_UNIT_ONLINE ? NULL : lun_error_line(&info->error, line),
    };
    list_unit(f, target, unit, &u);
}

/* In the home loop. */
static void list_units(void *arg)
{
    struct listing *l = arg;
    struct lun_unit *const *units;
    size_t count = lun_target_units(l->visit.target, &units);
    for (size_t i = 0; i < count; i++)
        list_info(&l->facts, l->index, i, lun_unit_info(units[i]));
}

/* After a login: the target, its units, and out again. Nothing was written: a failing logout loses nothing.
 */
static void list_logged_in(struct listing *l, const char *name)
{
    struct lun_error ignored;
    list_target(&l->facts, l->index, name, NULL);
    lun_loop_run(lun_target_loop(l->visit.target), list_units, l);
    visit_logout(&l->visit, &ignored);
}

/* The one target of the URL. Login has failed if it lacks the URL's LUN. */
static bool list_one(struct listing *l, struct lun_error *e)
{
    if (!visit_login(&l->visit, e))
        return false;
    list_logged_in(l, l->visit.entry->iqn);
    return true;
}

/* Every target the portal names; those that fail are listed with their error. */
static bool list_found(struct listing *l, struct lun_error *e)
{
    struct lun_found *found = NULL;
    size_t failed = 0;
    if (!visit_discover(&l->visit, &found, e))
        return false;
    for (l->index = 0; l->index < found->count; l->index++) {
        const struct lun_found_target *target = &found->targets[l->index];
        struct lun_error why;
        if (visit_login_found(&l->visit, target, &why)) {
            list_logged_in(l, target->iqn);
        } else {
            char line[LUN_ERROR_LINE];
            list_target(&l->facts, l->index, target->iqn, lun_error_line(&why, line));
            failed++;
        }
    }
    size_t count = found->count;
    lun_found_free(found);
    return !failed || report_set(e, LUN_LOGIN, "%zu of %zu targets could not be listed", failed, count);
}

static bool list_url(struct listing *l, const struct args *a, struct lun_error *e)
{
    if (!visit_start(&l->visit, a, e))
        return false;
    return l->visit.entry->iqn ? list_one(l, e) : list_found(l, e);
}

/* Prints what there is even when some of it failed; the first failure is the result. */
static bool list_print(const struct args *a, const struct lun_facts *f, bool ok, struct lun_error *e)
{
    struct lun_error printing;
    if (!ok && f->count == 0)
        return false;
    bool printed = output_facts(a, f, true, &printing);
    if (ok && !printed)
        *e = printing;
    return ok && printed;
}

bool list_ls(const struct args *a, struct lun_error *e)
{
    struct listing l = {0};
    bool ok = a->is_url ? list_url(&l, a, e) : list_tree(a->where, &l.facts, e);
    visit_stop(&l.visit);
    ok = list_print(a, &l.facts, ok, e);
    lun_facts_free(&l.facts);
    return ok;
}

static void found_facts(const struct lun_found *found, struct lun_facts *f)
{
    for (size_t i = 0; i < found->count; i++) {
        const struct lun_found_target *target = &found->targets[i];
        list_target(f, i, target->iqn, NULL);
        for (size_t j = 0; j < target->portal_count; j++) {
            char path[PATH_TEXT];
            const struct lun_found_portal *portal = &target->portals[j];
            snprintf(path, sizeof path, "targets.%zu.portals.%zu", i, j);
            lun_facts_string(f, path, "address", portal->address, strlen(portal->address));
            if (portal->portal_group >= 0)
                lun_facts_number(f, path, "portal_group", (uint64_t)portal->portal_group, NULL);
        }
    }
}

bool list_discover(const struct args *a, struct lun_error *e)
{
    struct visit visit = {0};
    struct lun_found *found = NULL;
    struct lun_facts facts = {0};
    bool ok = visit_start(&visit, a, e);
    if (ok && visit.entry->iqn)
        ok = report_set(e, LUN_USAGE, "discover asks a portal: iscsi://HOST[:PORT], without a target");
    ok = ok && visit_discover(&visit, &found, e);
    visit_stop(&visit);
    if (ok) {
        found_facts(found, &facts);
        lun_found_free(found);
        ok = output_facts(a, &facts, true, e);
    }
    lun_facts_free(&facts);
    return ok;
}
