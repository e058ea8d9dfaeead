/* SPDX-License-Identifier: Apache-2.0 */
/*
 * READ, WRITE and ZERO as whole-block commands: cut at the end of the LUN, split by the largest transfer,
 * unaligned ends read and merged under the block range. Home loop. SBC-3 5.8-5.10, 5.32-5.34 (READ, WRITE).
 *
 * A request moves in windows. Whole blocks go straight between the caller's buffer and the wire, all in one
 * window. A write with an unaligned end goes through a bounce buffer: its ends are read (MERGE_READ), the
 * payload is laid over them, and the window is written.
 */
#include <errno.h>
#include <string.h>

#include "block/request.h"
#include "scsi/cdb.h"

#define MERGE_WHOLE (64u * 1024) /* a window this short is read whole rather than end by end */
#define WINDOW_MAX (1024u * 1024)
#define LEND_PIECE (64u * 1024) /* an unaligned end of a READ into a caller's buffer */

static const uint8_t zeros[WINDOW_MAX]; /* never written, so it stays the kernel's one zero page */

static uint32_t block_size(const struct request *r)
{
    return r->block;
}

static uint64_t min64(uint64_t a, uint64_t b)
{
    return a < b ? a : b;
}

/* ---- beginning --------------------------------------------------------------------------------------- */

static bool refuse(struct request *r, int err, const char *why)
{
    struct lun_error e;
    char place[512];
    unit_place(r->unit, place, sizeof place);
    error_set(&e, LUN_SYSTEM, err, false, "%s: %s", place, why);
    request_fail(r, &e);
    return false;
}

static bool check(struct request *r)
{
    const struct lun_unit_info *i = &r->unit->info;
    const struct lun_io *io = request_io(r);
    bool lend = io->op == LUN_OP_READ && !io->buffer;
    if (!i->has_data)
        return refuse(r, EOPNOTSUPP, "this unit has no data to read or write");
    if (io->op != LUN_OP_ZERO && io->length > (lend ? LUN_LEND_MAX : LUN_IO_MAX))
        return refuse(r, EINVAL, "request too long");
    if (io->op == LUN_OP_READ)
        return true;
    if (i->read_only)
        return refuse(r, EROFS, "this unit is read-only");
    if (io->length && io->offset >= i->size)
        return refuse(r, ENOSPC, "write past the end of the unit");
    return true;
}

static void set_window(struct request *r, uint64_t start);

bool move_begin(struct request *r)
{
    const struct lun_unit_info *i = &r->unit->info;
    struct lun_io *io = request_io(r);
    if (!check(r))
        return false;
    uint32_t bs = r->block = i->block_size;
    if (io->length == 0 || io->offset >= i->size)
        return false; /* nothing to do: done, 0 bytes */
    r->start = io->offset;
    r->end = io->offset + min64(io->length, i->size - io->offset);
    r->cover_start = r->start / bs * bs;
    r->cover_end = (r->end + bs - 1) / bs * bs;
    r->exclusive = io->op != LUN_OP_READ && (r->cover_start != r->start || r->cover_end != r->end);
    io->transferred = r->end - r->start;
    set_window(r, r->cover_start);
    return true;
}

/* ---- windows ----------------------------------------------------------------------------------------- */

/* The window that begins at `start`: whole blocks of the request as far as they go, or a merging one. */
static void set_window(struct request *r, uint64_t start)
{
    r->window_start = r->at = start;
    r->window_end = r->cover_end;
    r->phase = PHASE_MOVE;
    r->merging = false;
    if (!r->exclusive)
        return;
    uint64_t whole_end = r->end / block_size(r) * block_size(r);
    if (start >= r->start && whole_end > start && r->cover_end - start > WINDOW_MAX) {
        r->window_end = whole_end;
        return;
    }
    if (start >= r->start && whole_end == r->cover_end)
        return;
    r->merging = true;
    r->window_end = min64(r->cover_end, start + WINDOW_MAX);
    bool ends_cut = start < r->start || r->window_end > r->end;
    r->phase = ends_cut ? PHASE_MERGE_READ : PHASE_MOVE;
}

/* Lays the payload over what was read. */
static void merge(struct request *r)
{
    uint64_t from = r->start > r->window_start ? r->start : r->window_start,
             to = min64(r->end, r->window_end);
    uint8_t *into = r->bounce + (from - r->window_start);
    if (request_io(r)->op == LUN_OP_ZERO)
        memset(into, 0, to - from);
    else
        memcpy(into, (const uint8_t *)request_io(r)->buffer + (from - r->start), to - from);
}

static bool must_flush(const struct request *r)
{
    const struct lun_io *io = request_io((struct request *)(uintptr_t)r);
    return io->op == LUN_OP_WRITE && io->fua && r->unit->info.volatile_cache && !r->unit->no_flush;
}

bool move_next_phase(struct request *r)
{
    switch (r->phase) {
    case PHASE_MERGE_READ:
        merge(r);
        r->phase = PHASE_MOVE;
        r->at = r->window_start;
        return true;
    case PHASE_MOVE:
        if (r->window_end < r->cover_end) {
            set_window(r, r->window_end);
            return true;
        }
        if (!must_flush(r))
            return false;
        r->phase = PHASE_FLUSH;
        r->at = r->window_start = 0;
        return true;
    default:
        return false;
    }
}

/* ---- pieces ------------------------------------------------------------------------------------------ */

static void put_read(struct request *r, struct task *t, uint64_t from, uint64_t to, uint8_t *into)
{
    uint32_t bs = block_size(r);
    cdb_read(t->cdb, r->unit->info.sixteen, from / bs, (uint32_t)((to - from) / bs));
    t->read = true;
    t->edtl = (uint32_t)(to - from);
    t->in = into;
    t->note = from;
    request_issue(r, t);
}

static void put_write(struct request *r, struct task *t, uint64_t from, uint64_t to, const uint8_t *data)
{
    uint32_t bs = block_size(r);
    cdb_write(t->cdb, r->unit->info.sixteen, false, from / bs, (uint32_t)((to - from) / bs));
    t->write = true;
    t->edtl = (uint32_t)(to - from);
    t->out = data;
    t->note = from;
    request_issue(r, t);
}

static bool need_bounce(struct request *r)
{
    if (!r->bounce)
        r->bounce = lun_buffer_get(r->unit->target->loop);
    return r->bounce || refuse(r, ENOMEM, "no memory for a buffer");
}

/* The ends of a merging window, or all of a short one. */
static bool step_merge_read(struct request *r)
{
    uint64_t start = r->window_start, end = r->window_end;
    uint32_t bs = block_size(r);
    if (!need_bounce(r))
        return true;
    bool head = start<r->start, tail = end> r->end;
    bool whole = head && tail && end - start <= min64(MERGE_WHOLE, r->unit->info.max_transfer);
    while (r->at < end) {
        uint64_t from = whole || (head && r->at == start) ? start : end - bs, to = whole ? end : from + bs;
        struct task *t = request_task(r);
        if (!t)
            return false;
        r->at = to;
        if (!tail)
            r->at = end;
        put_read(r, t, from, to, r->bounce + (from - start));
    }
    return true;
}

/* Where the command that begins at `from` ends, of a run that ends at `end`. A cut is made where it suits the
 * device: what follows then begins at a multiple of its granularity. */
static uint64_t cut(const struct request *r, uint64_t from, uint64_t end)
{
    const struct lun_unit_info *i = &r->unit->info;
    uint64_t to = from + i->max_transfer;
    if (to >= end)
        return end;
    uint64_t over = i->granularity ? to % i->granularity : 0;
    return to - over > from ? to - over : to;
}

/* One piece of a READ: where it ends and where it goes (NULL: lent to move_answered). */
static uint8_t *read_piece(struct request *r, uint64_t *ret_to)
{
    const struct lun_io *io = request_io(r);
    uint64_t from = r->at, most = cut(r, from, r->cover_end);
    uint32_t bs = block_size(r);
    *ret_to = most;
    if (!io->buffer) {
        if (!r->bounce && from == r->cover_start && most == r->cover_end)
            return NULL; /* with a bounce, an earlier try was in pieces, and the answer comes from there */
        return need_bounce(r) ? r->bounce + (from - r->cover_start) : NULL;
    }
    uint64_t whole_end = r->end / bs * bs;
    if (from >= r->start && from < whole_end) {
        *ret_to = min64(most, whole_end);
        return (uint8_t *)io->buffer + (from - r->start);
    }
    *ret_to = min64(most, from + LEND_PIECE);
    return NULL;
}

static bool step_read(struct request *r)
{
    while (r->at < r->window_end) {
        uint64_t from = r->at, to;
        uint8_t *into = read_piece(r, &to);
        struct task *t = r->stop ? NULL : request_task(r);
        if (!t)
            return r->stop;
        r->at = to;
        put_read(r, t, from, to, into);
    }
    return true;
}

static const uint8_t *write_source(struct request *r, uint64_t from)
{
    const struct lun_io *io = request_io(r);
    if (r->merging)
        return r->bounce + (from - r->window_start);
    return io->op == LUN_OP_ZERO ? zeros : (const uint8_t *)io->buffer + (from - r->start);
}

static bool step_write(struct request *r)
{
    while (r->at < r->window_end) {
        struct task *t = request_task(r);
        if (!t)
            return false;
        uint64_t from = r->at, to = cut(r, from, r->window_end);
        r->at = to;
        put_write(r, t, from, to, write_source(r, from));
    }
    return true;
}

bool move_step(struct request *r)
{
    if (r->block != r->unit->info.block_size || r->end > r->unit->info.size) {
        refuse(r, EIO, "the unit has changed since the request was made");
        return true;
    }
    if (r->phase == PHASE_FLUSH)
        return command_step(r);
    if (r->phase == PHASE_MERGE_READ)
        return step_merge_read(r);
    return request_io(r)->op == LUN_OP_READ ? step_read(r) : step_write(r);
}

/* ---- answers ----------------------------------------------------------------------------------------- */

/* The slice of [from, from + n) that was asked for goes to the caller's buffer. */
static void copy_out(struct request *r, const uint8_t *data, uint64_t from, uint64_t n)
{
    uint64_t a = from > r->start ? from : r->start, b = min64(from + n, r->end);
    memcpy((uint8_t *)request_io(r)->buffer + (a - r->start), data + (a - from), b - a);
}

static void lend(struct request *r, const uint8_t *data)
{
    struct lun_io *io = request_io(r);
    r->iov.iov_base = (uint8_t *)(uintptr_t)data + (r->start - r->cover_start);
    r->iov.iov_len = r->end - r->start;
    io->data = &r->iov;
    io->data_count = 1;
}

void move_answered(struct request *r, struct task *t)
{
    struct lun_io *io = request_io(r);
    if (t->transferred != t->edtl) {
        refuse(r, EIO, "the device moved less than it was asked to");
        return;
    }
    if (!t->read || r->phase != PHASE_MOVE)
        return;
    const uint8_t *data = t->borrowed ? t->in : t->lent;
    if (!io->buffer) {
        lend(r, r->bounce ? r->bounce : data);
        if (t->borrowed)
            r->lent = t->in;
    } else if (data) {
        copy_out(r, data, t->note, t->edtl);
    }
}
