/* SPDX-License-Identifier: Apache-2.0 */
/* Logical units: making, finding, what is known of them. Home loop. SAM-5 4.7 (LUNs). */
#include "block/unit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

struct lun_unit *unit_new(struct lun_target *t, uint64_t number, uint64_t field)
{
    struct lun_unit *u = calloc(1, sizeof *u);
    if (!u)
        return NULL;
    u->target = t;
    u->field = field;
    u->info.lun = number;
    u->info.state = LUN_UNIT_OFFLINE;
    u->info.queue_depth = depth_init(&u->depth, t->o.queue_depth);
    error_set(&u->info.error, LUN_CONNECT, 0, true, "not identified yet");
    list_init(&u->ranges);
    list_init(&u->waiting);
    list_init(&u->ready);
    list_init(&u->requests);
    list_init(&u->parked);
    return u;
}

void unit_free(struct lun_unit *u)
{
    free(u);
}

static size_t position(const struct units *all, uint64_t number)
{
    size_t low = 0, high = all->count;
    while (low < high) {
        size_t mid = low + (high - low) / 2;
        if (all->at[mid]->info.lun < number)
            low = mid + 1;
        else
            high = mid;
    }
    return low;
}

struct lun_unit *lun_target_unit(const struct lun_target *t, uint64_t lun)
{
    const struct units *all = units_of(t);
    size_t i = position(all, lun);
    return i < all->count && all->at[i]->info.lun == lun ? all->at[i] : NULL;
}

struct lun_unit *unit_get(struct lun_target *t, uint64_t number, uint64_t field)
{
    struct units *all = units_of(t);
    size_t i = position(all, number);
    if (i < all->count && all->at[i]->info.lun == number)
        return all->at[i];
    if (all->count == all->room) {
        size_t room = all->room ? 2 * all->room : 8;
        struct lun_unit **at = realloc(all->at, room * sizeof(struct lun_unit *));
        if (!at)
            return NULL;
        all->at = at;
        all->room = room;
    }
    struct lun_unit *u = unit_new(t, number, field);
    if (!u)
        return NULL;
    memmove(all->at + i + 1, all->at + i, (all->count - i) * sizeof(struct lun_unit *));
    all->at[i] = u;
    all->count++;
    return u;
}

size_t lun_target_units(const struct lun_target *t, struct lun_unit *const **ret_units)
{
    const struct units *all = units_of(t);
    *ret_units = all->at;
    return all->count;
}

void unit_event(struct lun_unit *u, enum lun_event_kind kind)
{
    struct lun_event event = {.kind = kind, .target = u->target, .unit = u};
    pool_event(u->target->pool, &event);
}

void unit_note_sense(struct lun_unit *u, uint8_t opcode, const uint8_t *sense, size_t n)
{
    struct lun_sense_record *r = &u->info.sense[u->info.sense_count++ % LUN_SENSE_HISTORY];
    struct timespec t;
    clock_gettime(CLOCK_REALTIME, &t);
    r->when_ms = (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
    r->opcode = opcode;
    r->length = (uint16_t)(n < LUN_SENSE_MAX ? n : LUN_SENSE_MAX);
    memcpy(r->data, sense, r->length);
}

void unit_place(const struct lun_unit *u, char *ret, size_t room)
{
    const struct lun_target *t = u->target;
    snprintf(ret, room, "portal %s, target %s, LUN %llu", t->addresses[t->address % t->address_count].text,
             t->o.iqn, (unsigned long long)u->info.lun);
}

const struct lun_unit_info *lun_unit_info(const struct lun_unit *u)
{
    return &u->info;
}

struct lun_target *lun_unit_target(const struct lun_unit *u)
{
    return u->target;
}

struct lun_loop *lun_unit_loop(const struct lun_unit *u)
{
    return u->target->loop;
}

uint64_t lun_unit_number(const struct lun_unit *u)
{
    return u->info.lun;
}
