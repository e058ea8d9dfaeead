/* SPDX-License-Identifier: Apache-2.0 */
/* What one unit is: its identification, command by command; see scan.h. Home loop. SPC-4 6.6 (INQUIRY), 7.8
 * (VPD), SBC-3 5.16 (READ CAPACITY). */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "block/device.h"
#include "block/outage.h"
#include "block/request.h"
#include "block/scan.h"
#include "scsi/decode.h"

#define SCAN_BUFFER 4096
/* What one command moves when the device sets no smaller limit: a lone request of 1 MiB then keeps two
 * commands in flight, and the device works on the one while the other is on the wire (docs/architecture.md).
 */
#define MAX_TRANSFER (512u * 1024)
#define OPTIMAL_LEAST (64u * 1024) /* shorter commands cost more than a device can gain by them */

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

static void next_step(struct unit_scan *s);

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
    case STEP_NAMES: /* without a device here they are of some other */
        return lists_page(&s->found, 0x83) && s->found.inquiry[0] >> 5 == 0;
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

static void limit(struct lun_unit_info *f, uint64_t bytes, enum lun_split by)
{
    if (bytes && bytes < f->max_transfer) {
        f->max_transfer = (uint32_t)bytes;
        f->split = by;
    }
}

/* SBC-3 6.6.4: past MAXIMUM TRANSFER LENGTH the device refuses; past OPTIMAL TRANSFER LENGTH, and off OPTIMAL
 * TRANSFER LENGTH GRANULARITY, it may be slow. */
static void set_split(const struct unit_scan *s, struct lun_unit_info *f)
{
    uint64_t block = f->block_size, optimal = s->limits.optimal_transfer * block;
    uint32_t configured = s->unit->target->o.max_transfer;
    f->max_transfer = configured ? configured : MAX_TRANSFER;
    f->split = configured ? LUN_SPLIT_CONFIGURED : LUN_SPLIT_DEFAULT;
    if (block) /* both are multiples of each block size that is served, but for what a user asks for */
        f->max_transfer -= f->max_transfer % f->block_size;
    if (!configured && optimal >= OPTIMAL_LEAST)
        limit(f, optimal, LUN_SPLIT_OPTIMAL);
    limit(f, s->limits.max_transfer * block, LUN_SPLIT_MAXIMUM);
    uint64_t granularity = s->limits.optimal_granularity * block;
    f->granularity = granularity < f->max_transfer ? (uint32_t)granularity : 0;
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
    i->queue_depth = old.queue_depth;
    i->sixteen = f->sixteen;
}

/* Behind the number of a unit that was not seen to go, another device may answer: what a user of the unit
 * read so far was another's, and nothing may be written there. */
static bool is_another(struct lun_unit *u, struct lun_unit_info *f)
{
    if (!u->identified)
        u->identity[0] = '\0';
    if (!f->name_count || !strcmp(u->identity, f->names[0]))
        return false;
    if (!u->identity[0]) {
        memcpy(u->identity, f->names[0], sizeof u->identity);
        return false;
    }
    f->state = LUN_UNIT_OFFLINE;
    error_set(&f->error, LUN_SCSI, 0, false, "LUN %llu is another device now: %.80s, not %.80s",
              (unsigned long long)u->info.lun, f->names[0], u->identity);
    return true;
}

/* It may get better by itself: not ready, or no answer. */
static bool may_recover(const struct lun_error *e)
{
    return e->layer != LUN_OK && (e->retry || (e->layer == LUN_SCSI && e->code >> 16 == 2));
}

static void conclude(struct unit_scan *s)
{
    struct lun_unit *u = s->unit;
    struct lun_unit_info *f = &s->found;
    bool ready = s->not_ready.layer == LUN_OK;
    /* Nothing was learnt, or not all yet: what is known stays so, for texts in an outage too. */
    if (u->identified && (s->lost || (u->missed && !ready)))
        *f = u->info;
    else
        set_split(s, f);
    f->state = ready ? LUN_UNIT_ONLINE : LUN_UNIT_OFFLINE;
    f->error = s->not_ready;
    if (!outage_identified(u, f, is_another(u, f))) {
        u->info.error = f->error;
        device_revisit(u->target);
        return;
    }
    bool first = !u->identified, changed = differs(&u->info, f);
    adopt(u, f);
    u->identified = true;
    if (f->state == LUN_UNIT_ONLINE)
        u->missed = false;
    if (u->missed || may_recover(&f->error))
        device_revisit(u->target);
    if (first || changed)
        unit_event(u, first ? LUN_EVENT_UNIT_ADDED : LUN_EVENT_UNIT_CHANGED);
    if (u->away_until)
        outage_over(u);
}

static void unit_done(struct unit_scan *s)
{
    struct lun_unit *u = s->unit;
    u->scan = NULL;
    units_of(u->target)->scanning--;
    if (!u->unlisted)
        conclude(s);
    free(s);
    bool again = u->scan_again && u->target->state == TARGET_OPEN && u->scans < SCANS_MAX;
    u->scan_again = false;
    u->scans = again ? (uint8_t)(u->scans + 1) : 0;
    if (again)
        scan_unit(u);
    scan_more(u->target);
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
