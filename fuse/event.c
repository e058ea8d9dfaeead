/* SPDX-License-Identifier: Apache-2.0 */
/* What happens to targets and units, from their home loops into the tree. snapshot functions run in the home
 * loop, apply in the mount's loop. */
#include "event.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

struct happening {
    struct lun_message message;
    struct mount *mount;
    enum lun_event_kind kind;
    struct lun_target *target;
    struct lun_error error;
    struct unit_snapshot unit;
};

static void tell_kernel(struct mount *m, const struct tree_unit *u, const struct tree_change *change)
{
    if (change->resized && u->data) {
        notify_attributes(&m->notify, u->data->ino);
        notify_size(&m->notify, u->data->ino, u->now.size);
    }
    /* What the page cache holds may be another device's, or of a place that is no more. */
    if ((change->resized || change->returned) && u->data && u->cached)
        notify_range(&m->notify, u->data->ino, 0, UINT64_MAX, NULL, NULL);
    if (!change->lost)
        return;
    for (size_t i = 0; i < u->directory->child_count; i++) {
        const struct node *n = u->directory->children[i];
        if (!n->present)
            notify_entry(&m->notify, u->directory->ino, n->name);
    }
}

static void apply_unit(struct mount *m, struct tree_target *target, const struct happening *h)
{
    if (h->kind == LUN_EVENT_UNIT_GONE) {
        const struct tree_unit *u = tree_drop_unit(&m->tree, target, h->unit.lun);
        if (u)
            notify_entry(&m->notify, target->directory->ino, u->directory->name);
        return;
    }
    struct tree_change change;
    const struct tree_unit *u = tree_set_unit(&m->tree, target, &h->unit, &change);
    if (u)
        tell_kernel(m, u, &change);
    else
        state_log(m, LUN_LOG_ERROR, "%s: out of memory for a unit", target->iqn);
}

/* Others may have written while it was away. */
static void drop_caches(struct mount *m, const struct tree_target *target)
{
    for (const struct tree_unit *u = target->units; u; u = u->next) {
        if (u->present && u->cached && u->data)
            notify_range(&m->notify, u->data->ino, 0, UINT64_MAX, NULL, NULL);
    }
}

static void apply(struct lun_message *message)
{
    struct happening *h = (struct happening *)(void *)message;
    struct tree_target *target = tree_find_target(&h->mount->tree, h->target);
    if (target) {
        switch (h->kind) {
        case LUN_EVENT_TARGET_UP:
            if (target->down_ms)
                drop_caches(h->mount, target);
            target->down_ms = 0;
            target->error = (struct lun_error){0};
            break;
        case LUN_EVENT_TARGET_DOWN:
            target->down_ms = state_wall_ms();
            target->error = h->error;
            break;
        default:
            apply_unit(h->mount, target, h);
        }
    }
    free(h);
}

static void snapshot(const struct lun_unit *unit, struct unit_snapshot *ret)
{
    const struct lun_unit_info *info = lun_unit_info(unit);
    ret->unit = (struct lun_unit *)(uintptr_t)unit;
    ret->lun = info->lun;
    ret->has_data = info->has_data;
    ret->read_only = info->read_only;
    ret->size = info->has_data && info->size <= INT64_MAX ? info->size : 0;
    ret->block_size = info->block_size;
    ret->page_count = info->page_count < 256 ? info->page_count : 256;
    memcpy(ret->pages, info->pages, sizeof ret->pages);
    ret->name_count = info->name_count < LUN_NAMES_MAX ? info->name_count : LUN_NAMES_MAX;
    memcpy(ret->names, info->names, sizeof ret->names);
    for (size_t i = 0; i < LUN_NAMES_MAX; i++)
        ret->names[i][sizeof ret->names[i] - 1] = '\0';
}

void event_send(struct mount *m, const struct lun_event *event)
{
    struct happening *h = calloc(1, sizeof *h);
    if (!h) {
        state_log(m, LUN_LOG_ERROR, "%s: out of memory for an event", lun_target_name(event->target));
        return;
    }
    h->message.fn = apply;
    h->mount = m;
    h->kind = event->kind;
    h->target = event->target;
    if (event->error)
        h->error = *event->error;
    if (event->unit)
        snapshot(event->unit, &h->unit);
    if (lun_loop_is_current(m->loop))
        apply(&h->message);
    else
        lun_loop_post(m->loop, &h->message);
}

void event_send_units(struct mount *m, struct lun_target *target)
{
    struct lun_unit *const *units;
    size_t n = lun_target_units(target, &units);
    for (size_t i = 0; i < n; i++) {
        if (lun_unit_info(units[i])->state != LUN_UNIT_GONE)
            event_send(m, &(struct lun_event){LUN_EVENT_UNIT_ADDED, target, units[i], NULL});
    }
}
