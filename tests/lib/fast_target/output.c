/* SPDX-License-Identifier: Apache-2.0 */
/* Answers of the fast target: a ring of jobs becomes PDUs only as they leave, up to BATCH of them in one
 * sendmsg, payload straight from where it lies (RFC 7143, 11.4, 11.7, 11.8). */
#include <errno.h>
#include <string.h>
#include <sys/socket.h>

#include "target.h"
#include "wire/digest.h"
#include "wire/pdu_fields.h"

#define BATCH_BYTES (1u << 20)

bool output_blocked(const struct connection *c)
{
    /* A PDU makes two jobs at most, and fills one slot. */
    return c->closing || c->job_tail - c->job_head + 2 > c->job_size || c->slot_tail - c->slot_head >= SLOTS;
}

struct job *output_job(struct connection *c, enum job_kind kind, uint32_t itt)
{
    struct job *j = &c->jobs[c->job_tail++ & (c->job_size - 1)];
    *j = (struct job){.kind = kind, .itt = itt};
    return j;
}

struct slot *output_slot(struct connection *c)
{
    return &c->slots[c->slot_tail % SLOTS];
}

void output_ready(struct connection *c, uint32_t length)
{
    struct slot *s = output_slot(c);
    struct job *j = output_job(c, JOB_READY, 0);
    j->slot = true;
    j->data = s->data;
    j->length = length;
    c->slot_tail++;
}

/* Sense data, fixed format (SPC-4 4.5.3), after its length (11.4.7.2). */
static uint32_t put_sense(struct connection *c, struct job *j, uint32_t sense)
{
    uint8_t *p = output_slot(c)->data;
    memset(p, 0, 20);
    put_be16(p, 18);
    p[2] = 0x70;
    p[4] = (uint8_t)(sense >> 16);
    p[9] = 10;
    put_be16(p + 14, (uint16_t)sense);
    c->slot_tail++;
    j->slot = true;
    j->data = p;
    return 20;
}

void output_response(struct connection *c, uint32_t itt, bool counted, uint32_t sense)
{
    struct job *j = output_job(c, JOB_RESPONSE, itt);
    j->counted = counted;
    if (sense) {
        j->status = 0x02; /* CHECK CONDITION */
        j->length = put_sense(c, j, sense);
    }
}

static uint32_t build_data_in(struct connection *c, struct job *j, uint8_t *bhs)
{
    uint32_t n = j->length - j->done;
    if (n > c->their_max_receive)
        n = c->their_max_receive;
    bool final = j->done + n == j->length;
    /* 11.7.1: F also ends each sequence of MaxBurstLength. */
    uint32_t left = c->max_burst - j->done % c->max_burst;
    if (n > left) {
        n = left;
        final = false;
    }
    if (final && j->counted)
        c->maxcmdsn++;
    struct pdu_data_in p = {.final = final || n == left,
                            .has_status = final,
                            .overflow = final && j->overflow,
                            .underflow = final && j->underflow,
                            .data_length = n,
                            .itt = j->itt,
                            .ttt = PDU_TAG_NONE,
                            .statsn = final ? c->statsn++ : 0,
                            .expcmdsn = c->expcmdsn,
                            .maxcmdsn = c->maxcmdsn,
                            .datasn = j->number++,
                            .offset = j->done,
                            .residual = final ? j->residual : 0};
    pdu_put_data_in(bhs, &p);
    return n;
}

static void build_response(struct connection *c, struct job *j, uint8_t *bhs)
{
    c->maxcmdsn += j->counted;
    struct pdu_scsi_response p = {.status = j->status,
                                  .overflow = j->overflow,
                                  .underflow = j->underflow,
                                  .residual = j->residual,
                                  .data_length = j->length,
                                  .itt = j->itt,
                                  .statsn = c->statsn++,
                                  .expcmdsn = c->expcmdsn,
                                  .maxcmdsn = c->maxcmdsn};
    pdu_put_scsi_response(bhs, &p);
}

static void build_r2t(struct connection *c, const struct job *j, uint8_t *bhs)
{
    struct pdu_r2t p = {.lun = j->lun,
                        .itt = j->itt,
                        .ttt = j->ttt,
                        .statsn = c->statsn, /* not advanced: 11.8.3 */
                        .expcmdsn = c->expcmdsn,
                        .maxcmdsn = c->maxcmdsn,
                        .r2tsn = j->number,
                        .offset = j->offset,
                        .length = j->residual};
    pdu_put_r2t(bhs, &p);
}

/* The header of the next PDU of a job; returns the bytes of its data segment. */
static uint32_t build(struct connection *c, struct job *j, uint8_t *bhs)
{
    switch ((enum job_kind)j->kind) {
    case JOB_DATA_IN:
        return build_data_in(c, j, bhs);
    case JOB_RESPONSE:
        build_response(c, j, bhs);
        return j->length;
    case JOB_R2T:
        build_r2t(c, j, bhs);
        return 0;
    case JOB_READY:
        memcpy(bhs, ((const struct slot *)(j->data - offsetof(struct slot, data)))->bhs, PDU_BHS);
        put_numbers(bhs, c->statsn++, c->expcmdsn, c->maxcmdsn);
        pdu_set_lengths(bhs, 0, j->length);
        return j->length;
    }
    return 0;
}

static void add(struct connection *c, const void *p, size_t n)
{
    c->iov[c->iov_count++] = (struct iovec){.iov_base = (void *)p, .iov_len = n};
}

static void end_job(struct connection *c, const struct job *j)
{
    if (j->last_of_login) {
        c->header_digest = c->want_header_digest;
        c->data_digest = c->want_data_digest;
    }
    c->closing |= j->last;
    /* Slots are given back once the batch has left: see release(). */
    c->job_head++;
}

static uint32_t pack(struct connection *c, struct packet *p)
{
    struct job *j = &c->jobs[c->job_head & (c->job_size - 1)];
    uint32_t n = build(c, j, p->head);
    size_t head = PDU_BHS, tail = pdu_padding(n);
    if (c->header_digest) {
        digest_header(p->head, PDU_BHS, p->head + PDU_BHS);
        head += PDU_DIGEST;
    }
    add(c, p->head, head);
    if (n) {
        const uint8_t *data = j->data + j->done;
        add(c, data, n);
        memset(p->tail, 0, sizeof p->tail);
        if (c->data_digest) {
            digest_data(data, n, p->tail + tail);
            tail += PDU_DIGEST;
        }
        if (tail)
            add(c, p->tail, tail);
    }
    j->done += n;
    if (j->done >= j->length)
        end_job(c, j);
    return n;
}

static void fill(struct connection *c)
{
    uint32_t bytes = 0;
    c->iov_at = c->iov_count = 0;
    for (unsigned i = 0; i < BATCH && bytes < BATCH_BYTES && c->job_head != c->job_tail; i++)
        bytes += pack(c, &c->packets[i]);
}

/* All of the batch has left: what its jobs held is free. A job that is only part sent keeps its slot, as do
 * those behind it. */
static void release(struct connection *c)
{
    uint32_t held = 0;
    for (uint32_t i = c->job_head; i != c->job_tail; i++)
        held += c->jobs[i & (c->job_size - 1)].slot;
    c->slot_head = c->slot_tail - held;
}

static void advance(struct connection *c, size_t n)
{
    while (n && n >= c->iov[c->iov_at].iov_len)
        n -= c->iov[c->iov_at++].iov_len;
    if (n) {
        struct iovec *v = &c->iov[c->iov_at];
        v->iov_base = (uint8_t *)v->iov_base + n;
        v->iov_len -= n;
    }
}

bool output_flush(struct connection *c)
{
    for (;;) {
        if (c->iov_at == c->iov_count) {
            if (c->slot_head != c->slot_tail)
                release(c);
            fill(c);
            if (!c->iov_count)
                return true;
        }
        struct msghdr m = {.msg_iov = c->iov + c->iov_at, .msg_iovlen = c->iov_count - c->iov_at};
        ssize_t n = sendmsg(c->fd, &m, MSG_NOSIGNAL | MSG_DONTWAIT);
        if (n < 0) {
            if (errno != EAGAIN && errno != EINTR)
                connection_fail(c);
            return false;
        }
        advance(c, (size_t)n);
    }
}
