/* SPDX-License-Identifier: Apache-2.0 */
/* The scan of a target; see scan.h. Home loop. SPC-4 6.33 (REPORT LUNS), 6.6 (INQUIRY), 7.8 (VPD). */
#include "block/scan.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "block/device.h"
#include "block/request.h"
#include "scsi/decode.h"
#include "wire/lun_field.h"

#define SCAN_SIDE_BY_SIDE 16
#define SCAN_BUFFER 4096
#define LIST_FIRST 4096             /* room for 511 LUNs */
#define LIST_MOST (256u * 1024)     /* and for 32,767: more is not believed */
#define MAX_TRANSFER (1024u * 1024) /* what one command moves when the device sets no smaller limit */

/* ---- one unit ---------------------------------------------------------------------------------------- */

/* X(step, op, page): in this order. A step whose page the device does not list is passed over. */
#define STEPS(X)                                                                                             \
    X(STEP_READY, LUN_OP_TEST_UNIT_READY, 0)                                                                 \
    X(STEP_INQUIRY, LUN_OP_INQUIRY, 0)                                                                       \
    X(STEP_PAGES, LUN_OP_VPD, 0x00)                                                                          \
    X(STEP_NAMES, LUN_OP_VPD, 0x83)                                                                          \
    X(STEP_LIMITS, LUN_OP_VPD, 0xb0)                                                                         \
    X(STEP_CAPACITY, LUN_OP_READ_CAPACITY, 0)                                                                \
    X(STEP_MODE, LUN_OP_MODE_SENSE, 0x08)

enum step {
#define STEP_ENUM(step, op, page) step,
    STEPS(STEP_ENUM)
#undef STEP_ENUM
        STEP_END
};

static const struct {
    enum lun_op op;
    uint8_t page;
} steps[] = {
#define STEP_ROW(step, op, page) [step] = {op, page},
    STEPS(STEP_ROW)
#undef STEP_ROW
};

struct unit_scan {
    struct lun_unit *unit;
    struct lun_io io;
    struct lun_unit_info found; /* starts from what is known; becomes unit.info when all is in */
    enum step step;
    struct lun_error not_ready; /* of TEST UNIT READY: the unit is there but cannot serve */
    bool lost;                  /* the target went away meanwhile: not_ready says how */
    struct scsi_block_limits limits;
    uint8_t buffer[SCAN_BUFFER];
};

/* A start is bounded by the login timeout; so is each step of a scan. */
static uint32_t timeout(const struct lun_target *t)
{
    return t->o.login_timeout_ms < t->o.io_timeout_ms ? t->o.login_timeout_ms : t->o.io_timeout_ms;
}

static void next_step(struct unit_scan *s);
static void list_more(struct lun_target *t);

static bool is_disk(uint8_t type)
{
    return type == 0x00 || type == 0x0e || type == 0x14; /* disk, simplified disk, zoned */
}

static bool lists_page(const struct lun_unit_info *i, uint8_t page)
{
    return memchr(i->pages, page, i->page_count) != NULL;
}

static bool wanted(const struct unit_scan *s)
{
    bool disk = is_disk(s->found.device_type);
    switch (s->step) {
    case STEP_NAMES:
        return lists_page(&s->found, 0x83);
    case STEP_LIMITS:
        return disk && lists_page(&s->found, 0xb0);
    case STEP_CAPACITY:
    case STEP_MODE:
        return disk && s->not_ready.layer == LUN_OK;
    default:
        return true;
    }
}

static void take_inquiry(struct unit_scan *s, size_t n)
{
    struct lun_unit_info *f = &s->found;
    f->inquiry_length = (uint16_t)(n < LUN_INQUIRY_MAX ? n : LUN_INQUIRY_MAX);
    memcpy(f->inquiry, s->buffer, f->inquiry_length);
    f->device_type = n ? s->buffer[0] & 0x1f : 0x1f;
    if (n && s->buffer[0] >> 5) /* peripheral qualifier: no device here now */
        error_set(&s->not_ready, LUN_SCSI, 0, false,
                  "the target has no device at this LUN (peripheral qualifier %u)", s->buffer[0] >> 5);
}

/* A device that ignores EVPD answers with standard data: the page code tells (SPC-4 7.8). */
static bool is_page(const struct unit_scan *s, size_t n)
{
    return n >= 4 && s->buffer[1] == s->io.page;
}

static void take_vpd(struct unit_scan *s, size_t n)
{
    struct lun_unit_info *f = &s->found;
    if (!is_page(s, n))
        return;
    if (s->step == STEP_PAGES)
        f->page_count = (uint16_t)scsi_vpd_list(s->buffer, n, f->pages);
    else if (s->step == STEP_NAMES)
        f->name_count = (uint8_t)scsi_unit_names(s->buffer, n, f->names, LUN_NAMES_MAX);
    else
        scsi_block_limits_parse(s->buffer, n, &s->limits);
}

static void take_capacity(struct unit_scan *s, size_t n)
{
    struct lun_unit_info *f = &s->found;
    struct scsi_capacity c;
    uint64_t size;
    if (!scsi_capacity_parse(s->buffer, n, &c)) {
        error_set(&s->not_ready, LUN_PROTOCOL, 0, false, "READ CAPACITY data make no sense");
        return;
    }
    f->capacity_length = (uint16_t)(n < sizeof f->capacity ? n : sizeof f->capacity);
    memcpy(f->capacity, s->buffer, f->capacity_length);
    f->block_count = c.blocks;
    f->block_size = c.block_size;
    /* What READ(10) can reach may go by it, if the device once refused READ(16). */
    f->sixteen =
        c.blocks > UINT32_MAX || (f->capacity_length > 8 && (s->unit->info.sixteen || !s->unit->identified));
    bool fits = !__builtin_mul_overflow(c.blocks, (uint64_t)c.block_size, &size);
    bool served =
        c.block_size >= 512 && c.block_size <= UNIT_BLOCK_MAX && !(c.block_size & (c.block_size - 1));
    f->has_data = fits && served && c.blocks && size <= INT64_MAX && !c.more;
    f->size = f->has_data ? size : 0;
    if (c.more)
        error_set(&s->not_ready, LUN_SCSI, 0, false, "larger than READ CAPACITY(10) can tell, and no (16)");
    if (!served)
        error_set(&s->not_ready, LUN_SCSI, 0, false, "blocks of %u bytes are not served", c.block_size);
}

static void take_mode(struct unit_scan *s, size_t n)
{
    bool protect, has_caching, write_cache;
    s->found.read_only = s->unit->target->o.read_only;
    s->found.volatile_cache = true; /* until the device says otherwise */
    if (!scsi_mode_parse(s->buffer, n, !s->io.six, &protect, &has_caching, &write_cache))
        return;
    s->found.read_only |= protect;
    if (has_caching)
        s->found.volatile_cache = write_cache;
}

static void take(struct unit_scan *s, size_t n)
{
    switch (s->step) {
    case STEP_INQUIRY:
        take_inquiry(s, n);
        break;
    case STEP_PAGES:
    case STEP_NAMES:
    case STEP_LIMITS:
        take_vpd(s, n);
        break;
    case STEP_CAPACITY:
        take_capacity(s, n);
        break;
    case STEP_MODE:
        take_mode(s, n);
        break;
    default:
        break;
    }
}

/* Only these must work; the rest is nice to know. */
static void step_failed(struct unit_scan *s)
{
    if (s->step == STEP_MODE && !s->io.six) { /* (6) where (10) is not known */
        s->io.six = true;
        s->step--;
    } else if (s->step == STEP_MODE) {
        take_mode(s, 0);
    } else if (s->step == STEP_READY || s->step == STEP_INQUIRY || s->step == STEP_CAPACITY) {
        if (s->not_ready.layer == LUN_OK)
            s->not_ready = s->io.error;
    }
}

static void step_done(struct lun_io *io)
{
    struct unit_scan *s = io->user;
    s->lost = io->error.layer != LUN_OK && io->error.layer != LUN_SCSI;
    if (io->error.layer == LUN_OK)
        take(s, io->transferred);
    else
        step_failed(s);
    if (s->lost) {
        s->not_ready = io->error;
        s->step = STEP_END - 1; /* nothing more will be heard */
    }
    s->step++;
    next_step(s);
}

static uint32_t transfer_limit(const struct unit_scan *s)
{
    uint64_t bytes = (uint64_t)s->limits.max_transfer * s->found.block_size;
    return bytes && bytes < MAX_TRANSFER ? (uint32_t)bytes : MAX_TRANSFER;
}

/* Did anything a user of the unit relies on change? */
static bool differs(const struct lun_unit_info *a, const struct lun_unit_info *b)
{
    return a->state != b->state || a->size != b->size || a->block_size != b->block_size ||
           a->read_only != b->read_only || a->has_data != b->has_data || a->device_type != b->device_type ||
           a->name_count != b->name_count || memcmp(a->names, b->names, sizeof a->names) != 0;
}

/* Counters and sense moved on in unit.info while the scan ran: only what the scan found is taken over. */
static void adopt(struct lun_unit *u, const struct lun_unit_info *f)
{
    struct lun_unit_info *i = &u->info;
    struct lun_unit_info old = *i;
    *i = *f;
    memcpy(i->sense, old.sense, sizeof i->sense);
    i->sense_count = old.sense_count;
    i->reads = old.reads, i->writes = old.writes, i->flushes = old.flushes;
    i->bytes_read = old.bytes_read, i->bytes_written = old.bytes_written;
    i->errors = old.errors, i->retries = old.retries;
    i->sixteen = f->sixteen;
}

static void unit_done(struct unit_scan *s)
{
    struct lun_unit *u = s->unit;
    struct lun_unit_info *f = &s->found;
    if (s->lost && u->identified) /* nothing was learnt: what is known stays so, for texts in an outage too */
        *f = u->info;
    else
        f->max_transfer = transfer_limit(s);
    f->state = s->not_ready.layer == LUN_OK ? LUN_UNIT_ONLINE : LUN_UNIT_OFFLINE;
    f->error = s->not_ready;
    bool first = !u->identified, changed = differs(&u->info, f);
    adopt(u, f);
    u->identified = true;
    u->scan = NULL;
    free(s);
    units_of(u->target)->scanning--;
    if (first || changed)
        unit_event(u, first ? LUN_EVENT_UNIT_ADDED : LUN_EVENT_UNIT_CHANGED);
    bool again = u->scan_again && u->target->state == TARGET_OPEN;
    u->scan_again = false;
    if (again)
        scan_unit(u);
    list_more(u->target);
}

static void next_step(struct unit_scan *s)
{
    while (s->step < STEP_END && !wanted(s))
        s->step++;
    if (s->step == STEP_END) {
        unit_done(s);
        return;
    }
    s->io.op = steps[s->step].op;
    s->io.page = steps[s->step].page;
    s->io.buffer = s->buffer;
    /* 36 bytes are what every INQUIRY has; a page may be longer than old devices can count: 255, then more.
     */
    s->io.length = s->step == STEP_INQUIRY ? 96 : s->io.six ? 255 : SCAN_BUFFER;
    if (s->step == STEP_NAMES || s->step == STEP_PAGES || s->step == STEP_LIMITS)
        s->io.length = 1024;
    if (s->step == STEP_READY)
        s->io.length = 0;
    s->io.timeout_ms = timeout(s->unit->target);
    request_submit(s->unit, &s->io, true);
}

void scan_unit(struct lun_unit *u)
{
    if (u->scan) {
        u->scan_again = true;
        return;
    }
    struct unit_scan *s = calloc(1, sizeof *s);
    if (!s) {
        pool_log(u->target->pool, LUN_LOG_ERROR, "target %s: no memory to identify LUN %llu",
                 u->target->o.iqn, (unsigned long long)u->info.lun);
        return;
    }
    s->unit = u;
    s->found = u->info;
    s->found.has_data = false;
    s->found.size = s->found.block_count = 0;
    s->found.name_count = 0;
    s->found.page_count = 0;
    s->found.capacity_length = 0;
    memset(s->found.names, 0, sizeof s->found.names);
    s->found.error = (struct lun_error){0};
    s->io.done = step_done;
    s->io.user = s;
    u->scan = s;
    units_of(u->target)->scanning++;
    next_step(s);
}

/* ---- the list ---------------------------------------------------------------------------------------- */

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
    bool again = all->list_again;
    all->list_again = false;
    device_scanned(t, e);
    if (again && t->state == TARGET_OPEN)
        scan_list(t);
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
        u->info.state = LUN_UNIT_GONE;
        error_set(&u->info.error, LUN_SCSI, 0, false, "target %s no longer lists LUN %llu", l->target->o.iqn,
                  (unsigned long long)u->info.lun);
        u->identified = false;
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
static void list_more(struct lun_target *t)
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
        struct lun_unit *u = unit_get(t, number, field);
        if (u && !u->scan)
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
        ok = take_list(l, io->transferred, &e) && check_chosen(l, &e);
    } else {
        ok = e.layer == LUN_SCSI && assume_list(l);
    }
    if (!ok) {
        list_end(l, &e);
        return;
    }
    drop_unlisted(l);
    l->listed = true;
    list_more(l->target);
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
    l->io = (struct lun_io){.done = list_done,
                            .user = l,
                            .op = LUN_OP_REPORT_LUNS,
                            .buffer = buffer,
                            .length = LIST_FIRST,
                            .timeout_ms = timeout(t)};
    all->list = l;
    request_submit(all->probe, &l->io, true);
}
