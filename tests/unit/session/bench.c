/* SPDX-License-Identifier: Apache-2.0 */
/* See bench.h. */
#include "bench.h"

#include <stdlib.h>

struct bench b;
struct pdu_out bench_out;
bool bench_keep;

/* ---- the owner --------------------------------------------------------------------------------------- */

static void wake(void *ctx)
{
    b.wakes++;
}

static void broken(void *ctx, const struct lun_error *e)
{
    b.broken++;
    b.why = *e;
}

static void logged_out(void *ctx)
{
    b.logged_out++;
}

static uint8_t *buffer(void *ctx)
{
    if (b.no_buffers)
        return NULL;
    b.buffers++;
    return malloc(LUN_BUFFER_SIZE);
}

static void room(void *ctx)
{
    b.rooms++;
}

static const struct session_ops ops = {wake, broken, logged_out, buffer, room, NULL};

void bench_prepare(void)
{
    b.n = (struct login_result){
        .initial_r2t = false,
        .immediate_data = true,
        .data_pdu_in_order = true,
        .data_sequence_in_order = true,
        .max_recv = 262144,
        .max_send = 262144,
        .max_burst = 1048576,
        .first_burst = 262144,
        .max_outstanding_r2t = 8,
        .cmdsn = 10,
        .expcmdsn = 10,
        .maxcmdsn = 1000,
        .expstatsn = 500,
    };
    b.nop_interval = TIMER_NEVER;
    b.nop_timeout = 5 * SECOND;
    b.abort_timeout = 5 * SECOND;
    b.now = 100 * SECOND;
}

void bench_start(void)
{
    struct session_config c = {
        .ops = &ops,
        .ctx = &b,
        .timers = &b.timers,
        .negotiated = &b.n,
        .nop_interval = b.nop_interval,
        .nop_timeout = b.nop_timeout,
        .abort_timeout = b.abort_timeout,
        .cid = 7,
    };
    cr_assert(session_init(&b.s, &c, b.now, &b.e), "%s", b.e.text);
    b.statsn = b.n.expstatsn;
    b.expcmdsn = b.n.expcmdsn;
    b.maxcmdsn = b.n.maxcmdsn;
}

void bench_end(void)
{
    struct lun_error e = {.layer = LUN_CONNECT};
    session_fail(&b.s, &e);
    cr_assert_eq(b.s.busy, 0);
    session_free(&b.s);
    cr_assert_eq(timer_next(&b.timers), TIMER_NEVER, "a timer outlives its session");
    timer_heap_free(&b.timers);
}

/* ---- tasks ------------------------------------------------------------------------------------------- */

static void done(struct task *t, const struct lun_error *error)
{
    cr_assert_lt(b.end_count, BENCH_ENDS);
    struct bench_end *end = &b.ends[b.end_count++];
    *end = (struct bench_end){
        .note = t->note,
        .failed = error != NULL,
        .response = t->response,
        .status = t->status,
        .overflow = t->overflow,
        .underflow = t->underflow,
        .lent = t->lent != NULL,
        .borrowed = t->borrowed,
        .residual = t->residual,
        .transferred = t->transferred,
        .sense_length = t->sense_length,
    };
    if (error)
        end->error = *error;
    memcpy(end->sense, t->sense, t->sense_length);
    const uint8_t *data = t->in ? t->in : t->lent;
    if (!error && t->read && t->transferred && data) {
        end->first = data[0];
        end->last = data[t->transferred - 1];
    }
    if (t->borrowed)
        free(t->in);
}

struct task *bench_fresh(uint64_t note)
{
    struct task *t = session_task(&b.s);
    cr_assert_not_null(t);
    t->lun = 0x0001000000000000;
    t->note = note;
    t->done = done;
    return t;
}

struct task *bench_read(uint32_t edtl, uint8_t *in, uint64_t note)
{
    struct task *t = bench_fresh(note);
    t->read = true;
    t->edtl = edtl;
    t->in = in;
    session_issue(&b.s, t, TIMER_NEVER);
    return t;
}

struct task *bench_write(uint32_t edtl, const uint8_t *out, uint64_t note)
{
    struct task *t = bench_fresh(note);
    t->write = true;
    t->edtl = edtl;
    t->out = out;
    session_issue(&b.s, t, TIMER_NEVER);
    return t;
}

struct task *bench_plain(uint64_t note)
{
    struct task *t = bench_fresh(note);
    session_issue(&b.s, t, TIMER_NEVER);
    return t;
}

/* ---- the connection ---------------------------------------------------------------------------------- */

bool bench_quiet(void)
{
    return !session_next(&b.s, &bench_out);
}

static void take(void)
{
    cr_assert(session_next(&b.s, &bench_out), "nothing to send");
    if (bench_out.cookie && !bench_keep)
        session_sent(&b.s, bench_out.cookie);
}

#define TAKE(name, kind)                                                                                     \
    struct pdu_##kind bench_##name(void)                                                                     \
    {                                                                                                        \
        struct pdu_##kind p;                                                                                 \
        take();                                                                                              \
        cr_assert(pdu_get_##kind(bench_out.bhs, &p), "a %s was sent", pdu_name(pdu_opcode(bench_out.bhs)));  \
        return p;                                                                                            \
    }
TAKE(command, scsi_command)
TAKE(data_out, data_out)
TAKE(nop_out, nop_out)
TAKE(abort, task_request)
TAKE(logout, logout_request)

/* ---- the target -------------------------------------------------------------------------------------- */

bool bench_receive(const uint8_t *bhs, uint32_t data)
{
    uint8_t whole[PDU_BHS];
    memcpy(whole, bhs, PDU_BHS);
    pdu_set_lengths(whole, 0, data);
    struct pdu_place place = {0};
    b.e = (struct lun_error){0};
    if (!session_place(&b.s, whole, &place, &b.e))
        return false;
    struct pdu_in in = {.bhs = whole, .ahs = whole, .data = b.segment, .data_length = data};
    if (place.to) {
        memcpy(place.to, b.segment, data);
        in.data = place.to;
    }
    return session_receive(&b.s, &in, b.now, &b.e);
}

bool bench_scsi_response(struct pdu_scsi_response p, uint32_t data)
{
    uint8_t bhs[PDU_BHS];
    p.statsn = b.statsn++;
    p.expcmdsn = b.expcmdsn;
    p.maxcmdsn = b.maxcmdsn;
    pdu_put_scsi_response(bhs, &p);
    return bench_receive(bhs, data);
}

bool bench_response(uint32_t itt, uint8_t status)
{
    return bench_scsi_response((struct pdu_scsi_response){.itt = itt, .status = status}, 0);
}

bool bench_data_in(struct pdu_data_in p)
{
    uint8_t bhs[PDU_BHS];
    cr_assert_leq(p.data_length, sizeof b.segment);
    for (uint32_t i = 0; i < p.data_length; i++)
        b.segment[i] = (uint8_t)(p.offset + i);
    p.ttt = PDU_TAG_NONE;
    p.statsn = p.has_status ? b.statsn++ : 0;
    p.expcmdsn = b.expcmdsn;
    p.maxcmdsn = b.maxcmdsn;
    pdu_put_data_in(bhs, &p);
    return bench_receive(bhs, p.data_length);
}

bool bench_r2t(uint32_t itt, uint32_t ttt, uint32_t r2tsn, uint32_t offset, uint32_t length)
{
    uint8_t bhs[PDU_BHS];
    pdu_put_r2t(bhs, &(struct pdu_r2t){.lun = 0x0001000000000000,
                                       .itt = itt,
                                       .ttt = ttt,
                                       .statsn = b.statsn,
                                       .expcmdsn = b.expcmdsn,
                                       .maxcmdsn = b.maxcmdsn,
                                       .r2tsn = r2tsn,
                                       .offset = offset,
                                       .length = length});
    return bench_receive(bhs, 0);
}

bool bench_nop_in(uint32_t itt, uint32_t ttt)
{
    uint8_t bhs[PDU_BHS];
    pdu_put_nop_in(bhs, &(struct pdu_nop_in){.lun = 0x0002000000000000,
                                             .itt = itt,
                                             .ttt = ttt,
                                             .statsn = itt == PDU_TAG_NONE ? b.statsn : b.statsn++,
                                             .expcmdsn = b.expcmdsn,
                                             .maxcmdsn = b.maxcmdsn});
    return bench_receive(bhs, 0);
}

bool bench_task_response(uint32_t itt, uint8_t response)
{
    uint8_t bhs[PDU_BHS];
    pdu_put_task_response(bhs, &(struct pdu_task_response){.response = response,
                                                           .itt = itt,
                                                           .statsn = b.statsn++,
                                                           .expcmdsn = b.expcmdsn,
                                                           .maxcmdsn = b.maxcmdsn});
    return bench_receive(bhs, 0);
}

bool bench_async(uint8_t event)
{
    uint8_t bhs[PDU_BHS];
    pdu_put_async(bhs, &(struct pdu_async){.statsn = b.statsn++,
                                           .expcmdsn = b.expcmdsn,
                                           .maxcmdsn = b.maxcmdsn,
                                           .event = event,
                                           .parameter3 = 3});
    return bench_receive(bhs, 0);
}

bool bench_reject(uint8_t reason, uint8_t opcode)
{
    uint8_t bhs[PDU_BHS];
    pdu_put_reject(
        bhs, &(struct pdu_reject){
                 .reason = reason, .statsn = b.statsn++, .expcmdsn = b.expcmdsn, .maxcmdsn = b.maxcmdsn});
    memset(b.segment, 0, PDU_BHS);
    b.segment[0] = opcode;
    return bench_receive(bhs, PDU_BHS);
}

bool bench_logout_response(uint32_t itt)
{
    uint8_t bhs[PDU_BHS];
    pdu_put_logout_response(bhs, &(struct pdu_logout_response){.itt = itt,
                                                               .statsn = b.statsn++,
                                                               .expcmdsn = b.expcmdsn,
                                                               .maxcmdsn = b.maxcmdsn,
                                                               .time2wait = 9});
    return bench_receive(bhs, 0);
}

/* ---- looking ----------------------------------------------------------------------------------------- */

void bench_refused(const char *words)
{
    cr_assert_eq(b.e.layer, LUN_PROTOCOL, "%s", b.e.text);
    cr_assert(strstr(b.e.text, words), "%s", b.e.text);
}

void bench_pass(uint64_t ns)
{
    b.now += ns;
    timer_run(&b.timers, b.now);
}

static const struct bench_end *end_at(int n, uint64_t note)
{
    cr_assert_gt(b.end_count, n, "%d tasks have ended", b.end_count);
    cr_assert_eq(b.ends[n].note, note);
    return &b.ends[n];
}

void bench_ended(int n, uint64_t note, uint8_t status)
{
    const struct bench_end *end = end_at(n, note);
    cr_assert_not(end->failed, "%s", end->error.text);
    cr_assert_eq(end->status, status);
}

void bench_ended_badly(int n, uint64_t note, enum lun_layer layer)
{
    const struct bench_end *end = end_at(n, note);
    cr_assert(end->failed);
    cr_assert_eq(end->error.layer, layer, "%s", end->error.text);
}
