/* SPDX-License-Identifier: Apache-2.0 */
/* Which units a target has; see scan.h. Home loop. SPC-4 6.33 (REPORT LUNS). */
#include "block/scan.h"

#include <errno.h>
#include <stdlib.h>

#include "block/device.h"
#include "block/outage.h"
#include "block/request.h"
#include "scsi/decode.h"
#include "wire/lun_field.h"

#define SCAN_SIDE_BY_SIDE 16
#define UNITS_MAX 32768
#define LIST_FIRST 4096         /* room for 511 LUNs */
#define LIST_MOST (256u * 1024) /* and for 32,767: more is not believed */

struct list_scan {
    struct lun_target *target;
    struct lun_io io;
    uint64_t *fields;
    size_t count, next;
    bool listed; /* fields are known; units are being identified */
};

static void list_end(struct list_scan *l, const struct lun_error *e)
{
    struct lun_target *t = l->target;
    struct units *all = units_of(t);
    all->list = NULL;
    free(l->io.buffer);
    free(l->fields);
    free(l);
    bool again = all->list_again && all->lists < SCANS_MAX;
    all->list_again = false;
    all->lists = again ? (uint8_t)(all->lists + 1) : 0;
    device_scanned(t, e);
    if (again && t->state == TARGET_OPEN)
        scan_list(t);
}

bool scan_is_listed(const struct lun_target *t)
{
    const struct list_scan *l = units_of(t)->list;
    return l && l->listed;
}

static bool chosen(const struct lun_target *t, uint64_t number)
{
    for (size_t i = 0; i < t->o.lun_count; i++)
        if (t->o.luns[i] == number)
            return true;
    return t->o.lun_count == 0;
}

static bool listed(const struct list_scan *l, uint64_t field)
{
    for (size_t i = 0; i < l->count; i++)
        if (l->fields[i] == field)
            return true;
    return false;
}

/* A target may use another addressing method for a number than we would (SAM-5 4.7.7). */
static bool listed_number(const struct list_scan *l, uint64_t number)
{
    uint64_t listed;
    for (size_t i = 0; i < l->count; i++)
        if (lun_field_to_number(l->fields[i], &listed) && listed == number)
            return true;
    return false;
}

static void drop_unlisted(struct list_scan *l)
{
    struct units *all = units_of(l->target);
    for (size_t i = 0; i < all->count; i++) {
        struct lun_unit *u = all->at[i];
        if (listed(l, u->field) || u->info.state == LUN_UNIT_GONE)
            continue;
        if (u->missed) { /* a target that came back may still be set up */
            error_set(&u->info.error, LUN_SCSI, 0, true, "target %s is back, without LUN %llu",
                      l->target->o.iqn, (unsigned long long)u->info.lun);
            device_revisit(l->target);
            continue;
        }
        u->info.state = LUN_UNIT_GONE;
        error_set(&u->info.error, LUN_SCSI, 0, false, "target %s no longer lists LUN %llu", l->target->o.iqn,
                  (unsigned long long)u->info.lun);
        u->identified = false;
        u->unlisted = true;
        unit_event(u, LUN_EVENT_UNIT_GONE);
    }
}

/* A configured LUN that the target does not list is an error at the start, and offline later. */
static bool check_chosen(struct list_scan *l, struct lun_error *e)
{
    const struct lun_target *t = l->target;
    for (size_t i = 0; i < t->o.lun_count; i++) {
        if (!listed_number(l, t->o.luns[i]))
            return error_set(e, LUN_SCSI, 0, true, "portal %s, target %s: there is no LUN %llu",
                             t->addresses[t->address].text, t->o.iqn, (unsigned long long)t->o.luns[i]);
    }
    return true;
}

/* Starts on as many units as may run side by side; ends when the last is in. */
void scan_more(struct lun_target *t)
{
    struct units *all = units_of(t);
    struct list_scan *l = all->list;
    if (!l || !l->listed)
        return;
    if (t->state != TARGET_OPEN) /* nobody answers: the next session begins with a new list */
        l->next = l->count;
    while (l->next < l->count && all->scanning < SCAN_SIDE_BY_SIDE) {
        uint64_t field = l->fields[l->next++], number;
        if (!lun_field_to_number(field, &number) || !chosen(t, number))
            continue;
        struct lun_unit *u = all->count < UNITS_MAX ? unit_get(t, number, field) : lun_target_unit(t, number);
        if (!u)
            continue;
        u->unlisted = false;
        if (!u->scan)
            scan_unit(u);
        if (all->list != l)
            return; /* it ended inside */
    }
    if (l->next == l->count && all->scanning == 0)
        list_end(l, NULL);
}

static bool take_list(struct list_scan *l, size_t n, struct lun_error *e)
{
    size_t count, needed;
    if (!scsi_luns_count(l->io.buffer, n, &count, &needed))
        return error_set(e, LUN_PROTOCOL, 0, true, "target %s: REPORT LUNS data make no sense",
                         l->target->o.iqn);
    l->fields = calloc(count + 1, sizeof *l->fields);
    if (!l->fields)
        return error_set(e, LUN_SYSTEM, ENOMEM, true, "no memory for the list of LUNs");
    for (size_t i = 0; i < count; i++)
        l->fields[i] = scsi_luns_at(l->io.buffer, i);
    l->count = count;
    return true;
}

/* The list did not fit: asks again with room for all of it. True: on its way. */
static bool ask_for_more(struct list_scan *l)
{
    size_t count, needed;
    if (!scsi_luns_count(l->io.buffer, l->io.transferred, &count, &needed) || needed <= l->io.length ||
        needed > LIST_MOST)
        return false;
    if (needed < 2 * l->io.length) /* one that grows entry by entry must not keep us asking */
        needed = 2 * l->io.length;
    void *buffer = realloc(l->io.buffer, needed);
    if (!buffer)
        return false;
    l->io.buffer = buffer;
    l->io.length = needed;
    request_submit(units_of(l->target)->probe, &l->io, true);
    return true;
}

/* REPORT LUNS is mandatory, but not everywhere: LUN 0, or those configured, are then tried. */
static bool assume_list(struct list_scan *l)
{
    const struct lun_target *t = l->target;
    size_t count = t->o.lun_count ? t->o.lun_count : 1;
    l->fields = calloc(count, sizeof *l->fields);
    if (!l->fields)
        return false;
    for (size_t i = 0; i < t->o.lun_count; i++)
        lun_field_from_number(t->o.luns[i], &l->fields[i]);
    l->count = count;
    return true;
}

static void list_done(struct lun_io *io)
{
    struct list_scan *l = io->user;
    struct lun_error e = io->error;
    bool ok;
    if (e.layer == LUN_OK) {
        if (ask_for_more(l))
            return;
        ok = take_list(l, io->transferred, &e) && (!units_of(l->target)->opening || check_chosen(l, &e));
    } else {
        ok = e.layer == LUN_SCSI && assume_list(l);
    }
    if (!ok) {
        list_end(l, &e);
        return;
    }
    drop_unlisted(l);
    l->listed = true;
    scan_more(l->target);
}

void scan_list(struct lun_target *t)
{
    struct units *all = units_of(t);
    if (all->list) {
        all->list_again = true;
        return;
    }
    struct list_scan *l = calloc(1, sizeof *l);
    void *buffer = calloc(1, LIST_FIRST);
    if (!l || !buffer) {
        free(l);
        free(buffer);
        struct lun_error e;
        error_set(&e, LUN_SYSTEM, ENOMEM, true, "target %s: no memory to list its units", t->o.iqn);
        device_scanned(t, &e);
        return;
    }
    l->target = t;
    l->io = (struct lun_io){
        .done = list_done, .user = l, .op = LUN_OP_REPORT_LUNS, .buffer = buffer, .length = LIST_FIRST};
    all->list = l;
    request_submit(all->probe, &l->io, true);
}
