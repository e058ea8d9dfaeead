/* SPDX-License-Identifier: Apache-2.0 */
/*
 * In which order Data-In may come (RFC 7143 13.18, 13.19), and what has come where any order may be. Runs in
 * the owner's loop.
 *
 * A sequence ends with F. DataPDUInOrder=Yes: within a sequence each PDU begins where the one before ended.
 * DataSequenceInOrder=Yes: each sequence begins where the one before ended. With both, which is what we offer
 * unless told otherwise, there is one offset that may come next, and nothing to remember.
 */
#include <string.h>

#include "session/internal.h"

static bool is_strict(const struct session *s)
{
    return s->n.data_pdu_in_order && s->n.data_sequence_in_order;
}

static bool refuse(struct lun_error *e, const struct pdu_data_in *p, uint32_t due)
{
    return error_set(e, LUN_PROTOCOL, 0, true, "Data-In at offset %u where %u was due", p->offset, due);
}

/* The first range that ends behind `offset`. */
static unsigned place_of(const struct task *t, uint32_t offset)
{
    unsigned i = 0;
    while (i < t->came_count && t->came[i].end <= offset)
        i++;
    return i;
}

static bool check_overlap(const struct task *t, const struct pdu_data_in *p, struct lun_error *e)
{
    unsigned i = place_of(t, p->offset);
    if (i < t->came_count && t->came[i].start < p->offset + p->data_length)
        return error_set(e, LUN_PROTOCOL, 0, true, "Data-In for bytes %u+%u, of which some came before",
                         p->offset, p->data_length);
    if (t->came_count == TASK_RANGES_MAX)
        return error_set(e, LUN_PROTOCOL, 0, true, "Data-In with %u gaps at a time", TASK_RANGES_MAX - 1);
    return true;
}

/* t->sequence is where the next PDU must be, in a sequence whose PDUs are in order. */
bool order_check(const struct session *s, const struct task *t, const struct pdu_data_in *p,
                 struct lun_error *e)
{
    if (is_strict(s))
        return p->offset == t->received || refuse(e, p, t->received);
    if (p->data_length == 0)
        return true;
    if (s->n.data_pdu_in_order && t->in_sequence && p->offset != t->sequence)
        return refuse(e, p, t->sequence);
    if (s->n.data_sequence_in_order && p->offset < t->sequence)
        return refuse(e, p, t->sequence);
    return check_overlap(t, p, e);
}

static void insert(struct task *t, uint32_t start, uint32_t end)
{
    unsigned i = place_of(t, start);
    bool joins_left = i > 0 && t->came[i - 1].end == start;
    bool joins_right = i < t->came_count && t->came[i].start == end;
    if (joins_left && joins_right) {
        t->came[i - 1].end = t->came[i].end;
        memmove(t->came + i, t->came + i + 1, (t->came_count - i - 1u) * sizeof *t->came);
        t->came_count--;
    } else if (joins_left) {
        t->came[i - 1].end = end;
    } else if (joins_right) {
        t->came[i].start = start;
    } else {
        memmove(t->came + i + 1, t->came + i, (t->came_count - i) * sizeof *t->came);
        t->came[i] = (struct task_range){start, end};
        t->came_count++;
    }
}

void order_note(const struct session *s, struct task *t, const struct pdu_data_in *p)
{
    if (is_strict(s))
        return;
    if (p->data_length)
        insert(t, p->offset, p->offset + p->data_length);
    if (s->n.data_pdu_in_order)
        t->sequence = p->offset + p->data_length;
    else if (p->final)
        t->sequence = t->came_count ? t->came[t->came_count - 1].end : 0;
    t->in_sequence = !p->final;
}

uint32_t order_whole(const struct task *t)
{
    if (!t->came_count)
        return t->received;
    return t->came[0].start == 0 ? t->came[0].end : 0;
}
