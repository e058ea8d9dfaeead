/* SPDX-License-Identifier: Apache-2.0 */
/* The data phase of a session's tasks: Data-Out, R2T, Data-In. Runs in the owner's loop. RFC
 * 7143 4.2.5, 11.7, 11.8. */
#include <inttypes.h>
#include <string.h>

#include "base/checked.h"
#include "session/internal.h"

/* A payload this short is copied out of the receive buffer rather than read into its place by itself. */
#define DIRECT_MIN 4096u
/* The longest payload that is lent from the receive buffer. */
#define DIRECT_LEND_MAX (64u * 1024 + 1)

/* ---- Data-Out ---------------------------------------------------------------------------------------- */

static uint32_t put_data_out(struct session *s, struct task *t, uint32_t ttt, uint32_t datasn,
                             uint32_t offset, uint32_t left, struct pdu_out *ret)
{
    uint32_t length = left < s->n.max_send ? left : s->n.max_send;
    struct pdu_data_out p = {
        .final = length == left,
        .lun = t->lun,
        .itt = t->itt,
        .ttt = ttt,
        .expstatsn = s->window.expstatsn,
        .datasn = datasn,
        .offset = offset,
    };
    pdu_put_data_out(ret->bhs, &p);
    ret->data = t->out + offset;
    ret->data_length = length;
    ret->cookie = t;
    t->sending++;
    return length;
}

void data_next_unsolicited(struct session *s, struct task *t, struct pdu_out *ret)
{
    t->sent += put_data_out(s, t, PDU_TAG_NONE, t->datasn++, t->sent, t->unsolicited - t->sent, ret);
    if (t->sent == t->unsolicited)
        s->unsolicited = NULL;
}

void data_next(struct session *s, struct task *t, struct pdu_out *ret)
{
    struct task_burst *b = &t->bursts[t->burst_first];
    uint32_t length = put_data_out(s, t, b->ttt, b->datasn++, b->offset, b->left, ret);
    b->offset += length;
    b->left -= length;
    if (b->left)
        return;
    t->burst_first = (t->burst_first + 1) % TASK_R2T_MAX;
    t->burst_count--;
    list_remove(&t->out_link);
    if (t->burst_count) /* one burst each in turn, so that a long write holds nobody up */
        list_append(&s->sending, &t->out_link);
}

/* ---- R2T --------------------------------------------------------------------------------------------- */

static bool check_r2t(struct session *s, struct task *t, const struct pdu_r2t *r, struct lun_error *e)
{
    if (!t->write)
        return error_set(e, LUN_PROTOCOL, 0, true, "R2T for a task that writes nothing");
    if (r->lun != t->lun) /* 4.2.5.3 */
        return error_set(e, LUN_PROTOCOL, 0, true,
                         "R2T with LUN field %016" PRIx64 " for a task of %016" PRIx64, r->lun, t->lun);
    if (r->r2tsn != t->r2tsn)
        return error_set(e, LUN_PROTOCOL, 0, true, "R2TSN %u where %u was due", r->r2tsn, t->r2tsn);
    if (r->length == 0 || r->length > s->n.max_burst)
        return error_set(e, LUN_PROTOCOL, 0, true, "R2T for %u bytes; 1 to MaxBurstLength %u are allowed",
                         r->length, s->n.max_burst);
    if (!checked_range(r->offset, r->length, t->edtl))
        return error_set(e, LUN_PROTOCOL, 0, true, "R2T for bytes %u+%u of a transfer of %u", r->offset,
                         r->length, t->edtl);
    if (t->burst_count >= s->n.max_outstanding_r2t || t->burst_count == TASK_R2T_MAX)
        return error_set(e, LUN_PROTOCOL, 0, true, "more R2Ts outstanding than MaxOutstandingR2T %u",
                         s->n.max_outstanding_r2t);
    return true;
}

bool data_r2t(struct session *s, const struct pdu_in *pdu, struct lun_error *e)
{
    struct pdu_r2t r;
    if (!pdu_get_r2t(pdu->bhs, &r) || pdu->data_length)
        return error_set(e, LUN_PROTOCOL, 0, true, "malformed R2T");
    if (!control_numbers(s, r.statsn, r.expcmdsn, r.maxcmdsn, false, e))
        return false;
    struct task *t = session_find(s, r.itt);
    if (!t && session_was_aborted(s, r.itt))
        return true;
    if (!t)
        return error_set(e, LUN_PROTOCOL, 0, true, "R2T for a task that does not exist (ITT %08x)", r.itt);
    if (!check_r2t(s, t, &r, e))
        return false;
    t->r2tsn++;
    struct task_burst *b = &t->bursts[(t->burst_first + t->burst_count++) % TASK_R2T_MAX];
    *b = (struct task_burst){.ttt = r.ttt, .offset = r.offset, .left = r.length};
    if (t->burst_count == 1)
        list_append(&s->sending, &t->out_link);
    session_wake(s);
    return true;
}

/* ---- Data-In ----------------------------------------------------------------------------------------- */

/* Decodes and checks everything about a Data-In that can be checked from its header. */
static struct task *check_data_in(struct session *s, const uint8_t *bhs, struct pdu_data_in *ret,
                                  struct lun_error *e)
{
    if (!pdu_get_data_in(bhs, ret)) {
        error_set(e, LUN_PROTOCOL, 0, true, "malformed Data-In");
        return NULL;
    }
    struct task *t = session_find(s, ret->itt);
    if (!t) {
        error_set(e, LUN_PROTOCOL, 0, true, "Data-In for a task that does not exist (ITT %08x)", ret->itt);
        return NULL;
    }
    if (!t->read)
        error_set(e, LUN_PROTOCOL, 0, true, "Data-In for a task that reads nothing");
    else if (ret->datasn != t->datasn)
        error_set(e, LUN_PROTOCOL, 0, true, "DataSN %u where %u was due", ret->datasn, t->datasn);
    else if (!checked_range(ret->offset, ret->data_length, t->edtl))
        error_set(e, LUN_PROTOCOL, 0, true, "Data-In for bytes %u+%u of a transfer of %u", ret->offset,
                  ret->data_length, t->edtl);
    else if (order_check(s, t, ret, e))
        return t;
    return NULL;
}

/* The command's own buffer, fetched now if it has none. */
static bool need_buffer(struct session *s, struct task *t, struct lun_error *e)
{
    if (!t->in && t->edtl <= LUN_BUFFER_SIZE) {
        t->in = s->ops->buffer(s->ctx);
        t->borrowed = t->in != NULL;
    }
    return t->in || error_set(e, LUN_SYSTEM, 12, true, "no memory for the data of a read");
}

bool data_place(struct session *s, const uint8_t *bhs, struct pdu_place *ret, struct lun_error *e)
{
    struct pdu_data_in p;
    struct task *t = check_data_in(s, bhs, &p, e);
    if (!t)
        return session_was_aborted(s, pdu_itt(bhs));
    /* All of a lent read in one PDU with its status: it is answered from where it lies. */
    bool lend = !t->in && p.offset == 0 && p.has_status && p.data_length < DIRECT_LEND_MAX;
    if (lend || p.data_length == 0)
        return true;
    if (!need_buffer(s, t, e))
        return false;
    if (p.data_length >= DIRECT_MIN)
        ret->to = t->in + p.offset;
    return true;
}

bool data_in(struct session *s, const struct pdu_in *pdu, struct lun_error *e)
{
    struct pdu_data_in p;
    struct task *t = check_data_in(s, pdu->bhs, &p, e);
    if (!t && !session_was_aborted(s, pdu_itt(pdu->bhs)))
        return false;
    if (!control_numbers(s, p.statsn, p.expcmdsn, p.maxcmdsn, p.has_status, e))
        return false;
    if (!t)
        return true;
    t->datasn++;
    order_note(s, t, &p);
    t->received += p.data_length;
    if (!t->in)
        t->lent = pdu->data;
    else if (pdu->data != t->in + p.offset && p.data_length)
        memcpy(t->in + p.offset, pdu->data, p.data_length);
    if (!p.has_status)
        return true;
    if (!p.final)
        return error_set(e, LUN_PROTOCOL, 0, true, "Data-In with status but without the F bit");
    t->response = 0;
    t->overflow = p.overflow;
    t->underflow = p.underflow;
    t->residual = p.residual;
    return response_status(s, t, p.status, e);
}
