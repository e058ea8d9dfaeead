/* SPDX-License-Identifier: Apache-2.0 */
/* Requests that are one command: INQUIRY, capacity, mode, sense, flush. Home loop. SPC-4 chapter 6, SBC-3 5.
 */
#include <errno.h>
#include <string.h>

#include "block/request.h"
#include "scsi/cdb.h"

#define INVALID_OPCODE 0x052000 /* ILLEGAL REQUEST, INVALID COMMAND OPERATION CODE */
#define INVALID_FIELD 0x052400  /* ILLEGAL REQUEST, INVALID FIELD IN CDB */

static uint32_t at_most(size_t n, uint32_t most)
{
    return n < most ? (uint32_t)n : most;
}

/* Fills the CDB; returns how many bytes may come back. */
static uint32_t build(const struct request *r, const struct lun_io *io, uint8_t *cdb)
{
    uint32_t n;
    switch (io->op) {
    case LUN_OP_INQUIRY:
    case LUN_OP_VPD:
        n = at_most(io->length, 0xffff);
        cdb_inquiry(cdb, io->op == LUN_OP_VPD, io->page, (uint16_t)n);
        return n;
    case LUN_OP_READ_CAPACITY:
        if (r->unit->ten_only) {
            cdb_read_capacity_10(cdb);
            return 8;
        }
        n = at_most(io->length, 32);
        cdb_read_capacity_16(cdb, n);
        return n;
    case LUN_OP_MODE_SENSE:
        n = at_most(io->length, io->six ? 0xff : 0xffff);
        if (io->six)
            cdb_mode_sense_6(cdb, io->control, io->page, io->subpage, (uint8_t)n);
        else
            cdb_mode_sense_10(cdb, io->control, io->page, io->subpage, (uint16_t)n);
        return n;
    case LUN_OP_REQUEST_SENSE:
        n = at_most(io->length, LUN_SENSE_MAX);
        cdb_request_sense(cdb, false, (uint8_t)n);
        return n;
    case LUN_OP_REPORT_LUNS:
        n = at_most(io->length, LUN_BUFFER_SIZE);
        cdb_report_luns(cdb, 0, n);
        return n;
    case LUN_OP_TEST_UNIT_READY:
        cdb_test_unit_ready(cdb);
        return 0;
    default: /* FLUSH, and the flush behind a WRITE with fua */
        cdb_synchronize_cache(cdb, r->unit->info.sixteen && !r->unit->flush_ten, 0, 0);
        return 0;
    }
}

static bool needless(const struct request *r, const struct lun_io *io)
{
    return io->op == LUN_OP_FLUSH && (r->unit->no_flush || !r->unit->info.volatile_cache);
}

bool command_step(struct request *r)
{
    struct lun_io *io = request_io(r);
    if (r->at || needless(r, io))
        return true;
    struct task *t = request_task(r);
    if (!t)
        return false;
    r->at = 1;
    t->edtl = build(r, io, t->cdb);
    t->read = t->edtl != 0;
    t->in = io->length >= t->edtl ? io->buffer : NULL;
    request_issue(r, t);
    return true;
}

void command_answered(struct request *r, struct task *t)
{
    struct lun_io *io = request_io(r);
    if (!t->read)
        return;
    io->transferred = t->transferred < io->length ? t->transferred : io->length;
    if (t->in != io->buffer && io->transferred) /* a buffer shorter than the shortest answer */
        memcpy(io->buffer, t->borrowed ? t->in : t->lent, io->transferred);
}

/* Sends the request's commands again at once, in their older form. */
static void fall_back(struct request *r, const struct task *t)
{
    request_again(r, t);
    r->delay = 0;
}

void command_refused(struct request *r, const struct task *t, const struct lun_error *e)
{
    struct lun_unit *u = r->unit;
    bool unknown = e->layer == LUN_SCSI && (e->code == INVALID_OPCODE || e->code == INVALID_FIELD);
    bool read_write = t->cdb[0] == CDB_READ_16 || t->cdb[0] == CDB_WRITE_16;
    bool sync = t->cdb[0] == CDB_SYNCHRONIZE_CACHE_16 || t->cdb[0] == CDB_SYNCHRONIZE_CACHE_10;
    if (unknown && t->cdb[0] == CDB_SERVICE_ACTION_IN_16 && !u->ten_only) {
        u->ten_only = true;
        fall_back(r, t);
    } else if (e->code == INVALID_OPCODE && read_write && u->info.block_count <= UINT32_MAX) {
        u->info.sixteen = false;
        fall_back(r, t);
    } else if (e->code == INVALID_OPCODE && t->cdb[0] == CDB_SYNCHRONIZE_CACHE_16) {
        u->flush_ten = true; /* block 0, count 0 is all of any unit; READ and WRITE stay as they are */
        fall_back(r, t);
    } else if (e->code == INVALID_OPCODE && sync) {
        u->no_flush = true; /* what it has no command for, it has no cache for */
    } else {
        request_fail(r, e);
    }
}
