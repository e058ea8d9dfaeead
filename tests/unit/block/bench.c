/* SPDX-License-Identifier: Apache-2.0 */
/* See bench.h. */
#include "bench.h"

#include <stdlib.h>

struct bench b;
size_t (*bench_data)(const struct seen *s, uint8_t *to);

/* ---- the owner of the session -------------------------------------------------------------------------
 */

static void wake(void *ctx)
{
}

static void broken(void *ctx, const struct lun_error *e)
{
    cr_assert_fail("the session broke: %s", e->text);
}

static void logged_out(void *ctx)
{
}

static uint8_t *buffer(void *ctx)
{
    return lun_buffer_get(&b.loop);
}

static void room(void *ctx)
{
    request_room(b.units.probe);
    for (size_t i = 0; i < b.units.count; i++)
        request_room(b.units.at[i]);
}

static const struct session_ops session_ops = {wake, broken, logged_out, buffer, room, NULL};

static void event(void *user, const struct lun_event *event)
{
    b.added += event->kind == LUN_EVENT_UNIT_ADDED;
    b.changed += event->kind == LUN_EVENT_UNIT_CHANGED;
    b.gone += event->kind == LUN_EVENT_UNIT_GONE;
}

static void start_session(void)
{
    static const struct login_result n = {
        .immediate_data = true, /* so that all of a write comes with its command */
        .data_pdu_in_order = true,
        .data_sequence_in_order = true,
        .max_recv = 16777215,
        .max_send = 16777215,
        .max_burst = 16777215,
        .first_burst = 16777215,
        .max_outstanding_r2t = 1,
        .cmdsn = 1,
        .expcmdsn = 1,
        .maxcmdsn = 100000,
        .expstatsn = 1,
    };
    struct session_config c = {
        .ops = &session_ops,
        .timers = &b.loop.timers,
        .negotiated = &n,
        .nop_interval = TIMER_NEVER,
        .abort_timeout = 5000000000ull,
    };
    b.statsn = 1;
    cr_assert(session_init(&b.session.link.session, &c, b.loop.now, &b.e));
    b.session.link.state = LINK_UP;
}

static void make_unit(void)
{
    b.unit = unit_get(&b.target, 5, 0x0005000000000000);
    struct lun_unit_info *i = &b.unit->info;
    i->state = LUN_UNIT_ONLINE;
    i->error = (struct lun_error){0};
    i->has_data = i->sixteen = i->volatile_cache = true;
    i->block_size = 512;
    i->size = DISK_SIZE;
    i->block_count = DISK_SIZE / 512;
    i->max_transfer = 1024 * 1024;
    b.unit->identified = true;
}

/* When it comes is device.c's business; that it is armed, of some tests here. */
static void revisit(struct timer *timer, uint64_t now)
{
}

void bench_init(void)
{
    b.pool.event = event;
    b.loop.now = 1000000000;
    list_init(&b.loop.deferred);
    list_init(&b.loop.again);
    list_init(&b.loop.hungry);
    b.loop.memory_most = 64 * 1024 * 1024;
    b.target.pool = &b.pool;
    b.target.loop = &b.loop;
    b.target.state = TARGET_OPEN;
    b.target.o.iqn = "iqn.2026-01.com.example:disk";
    b.target.o.sessions = 1;
    b.target.o.io_timeout_ms = 30000;
    b.target.o.replacement_timeout_ms = 120000;
    b.units.replacement.fire = outage_late;
    b.units.revisit.fire = revisit;
    b.target.o.login_timeout_ms = 15000;
    b.target.sessions = &b.session;
    b.target.address_count = 1;
    strcpy(b.target.addresses[0].text, "192.0.2.1:3260");
    b.target.client_data = &b.units;
    b.units.target = &b.target;
    list_init(&b.units.closer.link);
    list_init(&b.units.closing);
    b.units.probe = unit_new(&b.target, 0, 0);
    start_session();
    make_unit();
    for (size_t i = 0; i < DISK_SIZE; i++)
        b.disk[i] = (uint8_t)(i * 7 + (i >> 9));
}

void bench_fini(void)
{
    struct session *s = &b.session.link.session;
    session_fail(s, &(struct lun_error){.layer = LUN_CONNECT});
    session_free(s);
    cr_assert_eq(b.units.requests, 0, "%zu requests have not ended", b.units.requests);
    cr_assert_eq(b.loop.memory, 0, "a share of memory was not given back");
    unit_free(b.units.probe);
    for (size_t i = 0; i < b.units.count; i++)
        unit_free(b.units.at[i]);
    free(b.units.at);
    buffers_free(&b.loop.buffers);
    timer_heap_free(&b.loop.timers);
}

/* ---- the disk -----------------------------------------------------------------------------------------
 */

static void note(const struct pdu_out *out)
{
    struct pdu_scsi_command p;
    if (!pdu_get_scsi_command(out->bhs, &p)) {
        cr_assert_eq(pdu_opcode(out->bhs), PDU_TASK_REQUEST);
        return;
    }
    cr_assert_lt(b.count, COMMANDS);
    struct seen *s = &b.seen[b.count++];
    *s = (struct seen){.opcode = p.cdb[0], .edtl = p.edtl, .itt = p.itt};
    memcpy(s->cdb, p.cdb, sizeof s->cdb);
    bool sixteen = p.cdb[0] >> 5 == 4;
    s->lba = sixteen ? get_be64(p.cdb + 2) : get_be32(p.cdb + 2);
    s->blocks = sixteen ? get_be32(p.cdb + 10) : get_be16(p.cdb + 7);
    if (s->opcode != CDB_WRITE_16 && s->opcode != CDB_WRITE_10)
        return;
    cr_assert_eq(out->data_length, p.edtl);
    cr_assert_eq(p.edtl, s->blocks * 512);
    cr_assert_leq((s->lba + s->blocks) * 512, DISK_SIZE);
}

static bool is_read(const struct seen *s)
{
    return s->opcode == CDB_READ_16 || s->opcode == CDB_READ_10;
}

static void receive(const uint8_t *bhs, uint32_t n)
{
    uint8_t whole[PDU_BHS];
    struct session *s = &b.session.link.session;
    struct pdu_place place = {0};
    memcpy(whole, bhs, PDU_BHS);
    pdu_set_lengths(whole, 0, n);
    cr_assert(session_place(s, whole, &place, &b.e), "%s", b.e.text);
    struct pdu_in in = {.bhs = whole, .data = b.segment, .data_length = n};
    if (place.to) {
        memcpy(place.to, b.segment, n);
        in.data = place.to;
    }
    cr_assert(session_receive(s, &in, b.loop.now, &b.e), "%s", b.e.text);
}

static void respond(const struct seen *s, const struct refusal *r)
{
    uint8_t bhs[PDU_BHS];
    uint32_t n = 0;
    if (r->status == SCSI_CHECK_CONDITION && r->key != 0xff) {
        memset(b.segment, 0, 20);
        b.segment[1] = 18;
        b.segment[2] = r->deferred ? 0x71 : 0x70;
        b.segment[4] = r->key;
        b.segment[9] = 10;
        b.segment[14] = r->asc;
        b.segment[15] = r->ascq;
        n = 20;
    }
    pdu_put_scsi_response(bhs, &(struct pdu_scsi_response){.response = r->response,
                                                           .status = r->status,
                                                           .itt = s->itt,
                                                           .statsn = b.statsn++,
                                                           .expcmdsn = 1,
                                                           .maxcmdsn = 100000});
    receive(bhs, n);
}

static void send_data(const struct seen *s, uint32_t n)
{
    uint8_t bhs[PDU_BHS];
    pdu_put_data_in(bhs, &(struct pdu_data_in){.final = true,
                                               .has_status = true,
                                               .underflow = n < s->edtl,
                                               .residual = s->edtl - n,
                                               .itt = s->itt,
                                               .ttt = PDU_TAG_NONE,
                                               .statsn = b.statsn++,
                                               .expcmdsn = 1,
                                               .maxcmdsn = 100000});
    receive(bhs, n);
}

void bench_answer(int n)
{
    struct seen *s = &b.seen[n];
    cr_assert_lt(n, b.count);
    cr_assert_not(s->answered);
    s->answered = true;
    for (size_t i = 0; i < sizeof b.refusals / sizeof *b.refusals; i++) {
        struct refusal *r = &b.refusals[i];
        if (r->times && r->opcode == s->opcode) {
            r->times--;
            respond(s, r);
            return;
        }
    }
    if (is_read(s)) {
        memcpy(b.segment, b.disk + s->lba * 512, s->edtl);
        send_data(s, s->edtl);
    } else if (s->edtl && s->opcode != CDB_WRITE_16 && s->opcode != CDB_WRITE_10) {
        size_t had = bench_data ? bench_data(s, b.segment) : 0;
        send_data(s, (uint32_t)(had < s->edtl ? had : s->edtl));
    } else {
        respond(s, &(struct refusal){.status = SCSI_GOOD});
    }
}

void bench_take(void)
{
    struct session *s = &b.session.link.session;
    struct pdu_out out;
    while (session_next(s, &out)) {
        int n = b.count;
        note(&out);
        /* Data-Out of a refused write are of no effect; nobody asks for the others before they are answered.
         */
        const struct seen *w = &b.seen[n];
        if (b.count > n && out.data_length) {
            bool refused = false;
            for (size_t i = 0; i < sizeof b.refusals / sizeof *b.refusals; i++)
                refused |= b.refusals[i].times && b.refusals[i].opcode == w->opcode;
            if (!refused)
                memcpy(b.disk + w->lba * 512, out.data, out.data_length);
        }
        if (out.cookie)
            session_sent(s, out.cookie);
    }
}

void bench_run(void)
{
    do {
        bench_take();
        while (b.answered < b.count && b.seen[b.answered].answered)
            b.answered++;
        if (b.answered < b.count)
            bench_answer(b.answered++);
        bench_take();
    } while (b.answered < b.count);
}

void bench_pass(uint64_t ms)
{
    b.loop.now += ms * 1000000;
    timer_run(&b.loop.timers, b.loop.now);
}

void bench_lose(void)
{
    struct session *s = &b.session.link.session;
    struct lun_error e;
    error_set(&e, LUN_CONNECT, 104, true, "the connection is gone");
    b.target.state = TARGET_LOST;
    b.target.error = e;
    outage_begin(&b.target, &e);
    s->state = SESSION_DRAINING;
    session_fail(s, &e);
    session_free(s);
    b.session.link.state = LINK_IDLE;
    b.answered = b.count;
    for (int i = 0; i < b.count; i++) /* the target does nothing more for them */
        b.seen[i].answered = true;
}

void bench_reconnect(void)
{
    start_session();
    b.target.state = TARGET_OPEN;
}

void bench_return(void)
{
    bench_reconnect();
    b.unit->missed = false;
    b.unit->info.state = LUN_UNIT_ONLINE;
    b.unit->info.error = (struct lun_error){0};
    outage_over(b.unit);
}

void bench_refuse(struct refusal r)
{
    size_t i = 0;
    while (b.refusals[i].times)
        cr_assert_lt(++i, sizeof b.refusals / sizeof *b.refusals);
    b.refusals[i] = r;
}

/* ---- requests -----------------------------------------------------------------------------------------
 */

static void done(struct lun_io *io)
{
    struct bench_io *mine = LIST_OF(io, struct bench_io, io);
    mine->dones++;
    if (!io->data_count)
        return;
    cr_assert_eq(io->data_count, 1);
    cr_assert_eq(io->data->iov_len, io->transferred);
    /* What another request would be given now must not be what is lent. */
    uint8_t *other = lun_buffer_get(&b.loop);
    memset(other, 0xdd, LUN_BUFFER_SIZE);
    memcpy(mine->first, io->data->iov_base, io->transferred < 16 ? io->transferred : 16);
    if (mine->copy)
        memcpy(mine->copy, io->data->iov_base, io->transferred);
    lun_buffer_put(&b.loop, other);
}

void bench_submit(struct bench_io *io, enum lun_op op, uint64_t offset, size_t length, void *buffer)
{
    io->io.done = done;
    io->io.op = op;
    io->io.offset = offset;
    io->io.length = length;
    io->io.buffer = buffer;
    request_submit(b.unit, &io->io, false);
}

void bench_ended(const struct bench_io *io, size_t transferred)
{
    cr_assert_eq(io->dones, 1, "done ran %d times", io->dones);
    cr_assert_eq(io->io.error.layer, LUN_OK, "%s", io->io.error.text);
    cr_assert_eq(io->io.transferred, transferred);
}

void bench_failed(const struct bench_io *io, enum lun_layer layer, int code)
{
    cr_assert_eq(io->dones, 1, "done ran %d times", io->dones);
    cr_assert_eq(io->io.error.layer, layer, "%s", io->io.error.text);
    cr_assert_eq(io->io.error.code, code, "%#x: %s", io->io.error.code, io->io.error.text);
    cr_assert_eq(io->io.transferred, 0);
}

void bench_read(uint64_t offset, size_t length, void *buffer)
{
    struct bench_io io = {0};
    bench_submit(&io, LUN_OP_READ, offset, length, buffer);
    bench_run();
    bench_ended(&io, length);
    cr_assert_arr_eq(buffer, b.disk + offset, length);
}

void bench_write(uint64_t offset, size_t length, const void *buffer)
{
    struct bench_io io = {0};
    bench_submit(&io, LUN_OP_WRITE, offset, length, (void *)(uintptr_t)buffer);
    bench_run();
    bench_ended(&io, length);
}

void bench_saw(int n, uint8_t opcode, uint64_t lba, uint32_t blocks)
{
    cr_assert_lt(n, b.count, "only %d commands were sent", b.count);
    cr_assert_eq(b.seen[n].opcode, opcode, "command %d is %02x", n, b.seen[n].opcode);
    cr_assert_eq(b.seen[n].lba, lba, "command %d at block %lu", n, (unsigned long)b.seen[n].lba);
    cr_assert_eq(b.seen[n].blocks, blocks, "command %d of %u blocks", n, b.seen[n].blocks);
}
