/* SPDX-License-Identifier: Apache-2.0 */
/* Reads, writes and task management of the fast target (RFC 7143, 11.3-11.8; SBC-3 5.8, 5.10, 5.32, 5.34). A
 * read is a job over the memory; the data of a write lands in the memory as it arrives. */
#include "target.h"
#include "wire/lun_field.h"
#include "wire/serial.h"

/* ---- READ and WRITE ---- */

static bool is_write(uint8_t opcode)
{
    return opcode == 0x2a || opcode == 0x8a;
}

static bool is_read(uint8_t opcode)
{
    return opcode == 0x28 || opcode == 0x88;
}

/* Where it goes and how much, or a sense. */
static uint32_t locate(struct connection *c, const struct pdu_scsi_command *p)
{
    const struct target *t = c->target;
    bool sixteen = p->cdb[0] >= 0x80;
    uint64_t lba = sixteen ? get_be64(p->cdb + 2) : get_be32(p->cdb + 2), number;
    uint32_t blocks = sixteen ? get_be32(p->cdb + 10) : get_be16(p->cdb + 7);
    if (!lun_field_to_number(p->lun, &number) || number >= t->luns)
        return SENSE_NO_LUN;
    if (lba > t->blocks || blocks > t->blocks - lba)
        return SENSE_RANGE;
    if (p->cdb[1] & 0xe0 || blocks > TRANSFER_MAX / t->block_size) /* no protection information */
        return SENSE_FIELD;
    c->command_at = t->memory + (t->apart ? number * t->size : 0) + lba * t->block_size;
    c->command_length = blocks * t->block_size;
    return 0;
}

bool command_place(struct connection *c)
{
    struct pdu_scsi_command *p = &c->command;
    if (!pdu_get_scsi_command(c->bhs, p) || p->itt == PDU_TAG_NONE || (p->read && p->write))
        return false;
    if (!p->write && (c->length || !p->final))
        return false;
    /* 13.10, 13.11, 13.14: data comes unasked only as far as was negotiated. */
    if (p->write && ((c->length && !c->immediate_data) || c->length > c->first_burst || c->length > p->edtl ||
                     (!p->final && (c->initial_r2t || c->length == p->edtl))))
        return false;
    c->command_sense = 0;
    c->command_length = 0;
    if (is_write(p->cdb[0]) || is_read(p->cdb[0]))
        c->command_sense = locate(c, p);
    /* A write moves what it says, or nothing. */
    if (is_write(p->cdb[0]) && !c->command_sense && c->command_length != (p->write ? p->edtl : 0))
        c->command_sense = SENSE_FIELD;
    c->to = is_write(p->cdb[0]) && !c->command_sense ? c->command_at : c->target->trash;
    return true;
}

/* Answers with n bytes at data: as many as are expected, and what that leaves (11.4.5). */
static void give(struct connection *c, const struct pdu_scsi_command *p, const uint8_t *data, uint32_t n,
                 bool slot)
{
    uint32_t expected = p->read ? p->edtl : 0, length = n < expected ? n : expected;
    struct job *j = output_job(c, length ? JOB_DATA_IN : JOB_RESPONSE, p->itt);
    j->counted = !p->immediate;
    j->data = data;
    j->length = length;
    j->overflow = n > expected;
    j->underflow = n < expected;
    j->residual = n > expected ? n - expected : expected - n;
    if (slot) {
        j->slot = true;
        c->slot_tail++;
    }
}

static void ask(struct connection *c, struct write *w)
{
    uint32_t n = w->length - w->received;
    if (n > c->max_burst)
        n = c->max_burst;
    w->unsolicited = false;
    w->burst_end = w->received + n;
    w->datasn = 0;
    struct job *j = output_job(c, JOB_R2T, w->itt);
    j->lun = w->lun;
    j->ttt = w->ttt;
    j->number = w->r2tsn++;
    j->offset = w->received;
    j->residual = n;
}

static void go_on(struct connection *c, struct write *w)
{
    if (w->to && w->received < w->length) {
        ask(c, w);
        return;
    }
    w->used = false;
    output_response(c, w->itt, w->counted, w->sense);
}

/* Tags carry a number that changes with each use of a place, so that a stale one is known. */
static struct write *take_write(struct connection *c)
{
    for (uint32_t i = 0; i < c->write_count; i++) {
        uint32_t at = c->ttt_turn++ % c->write_count;
        struct write *w = &c->writes[at];
        if (w->used)
            continue;
        *w = (struct write){.used = true, .ttt = (c->ttt_turn & 0x7ffff) << 12 | at};
        return w;
    }
    return NULL;
}

static void begin_write(struct connection *c, const struct pdu_scsi_command *p, uint32_t sense)
{
    bool whole = p->final && (sense || c->length == c->command_length);
    struct write *w = whole ? NULL : take_write(c);
    if (whole) {
        output_response(c, p->itt, !p->immediate, sense);
        return;
    }
    if (!w) {
        connection_fail(c);
        return;
    }
    w->counted = !p->immediate;
    w->unsolicited = true;
    w->itt = p->itt;
    w->lun = p->lun;
    w->to = sense ? NULL : c->command_at;
    w->length = p->edtl;
    w->received = c->length;
    w->burst_end = p->edtl < c->first_burst ? p->edtl : c->first_burst;
    w->sense = sense;
    if (p->final)
        go_on(c, w);
}

void command_act(struct connection *c)
{
    const struct pdu_scsi_command *p = &c->command;
    uint32_t sense = c->command_sense;
    if (is_read(p->cdb[0]) && !sense && !p->write) {
        give(c, p, c->command_at, c->command_length, false);
    } else if (is_write(p->cdb[0]) && p->write) {
        begin_write(c, p, sense);
    } else if (p->write) {
        begin_write(c, p, SENSE_OPCODE);
    } else if (is_read(p->cdb[0]) || is_write(p->cdb[0])) {
        if (sense)
            output_response(c, p->itt, !p->immediate, sense);
        else
            give(c, p, NULL, 0, false); /* no blocks, and no direction */
    } else {
        struct answer a = unit_answer(c, p);
        if (a.sense)
            output_response(c, p->itt, !p->immediate, a.sense);
        else
            give(c, p, a.data, a.length, a.slot);
    }
}

/* ---- Data-Out ---- */

static struct write *find(struct connection *c, const struct pdu_data_out *p)
{
    if (p->ttt != PDU_TAG_NONE) {
        struct write *w = &c->writes[(p->ttt & 0xfff) % c->write_count];
        return w->used && !w->unsolicited && w->ttt == p->ttt && w->itt == p->itt ? w : NULL;
    }
    for (uint32_t i = 0; i < c->write_count; i++)
        if (c->writes[i].used && c->writes[i].unsolicited && c->writes[i].itt == p->itt)
            return &c->writes[i];
    return NULL;
}

bool command_place_data(struct connection *c)
{
    struct pdu_data_out p;
    if (!pdu_get_data_out(c->bhs, &p))
        return false;
    struct write *w = c->write = find(c, &p);
    c->to = c->target->trash;
    if (!w)
        return c->aborted;
    /* 11.7: in sequence, without gaps, within what was asked; F where that ends. */
    if (p.datasn != w->datasn++ || p.offset != w->received || c->length > w->burst_end - w->received)
        return false;
    bool end = w->received + c->length == w->burst_end;
    if ((end && !p.final) || (!end && p.final && !w->unsolicited))
        return false;
    if (w->to)
        c->to = w->to + w->received;
    return true;
}

void command_act_data(struct connection *c)
{
    struct write *w = c->write;
    if (!w)
        return;
    w->received += c->length;
    if (c->bhs[1] & 0x80)
        go_on(c, w);
}

/* ---- Task management, 11.5, 11.6 ---- */

static void drop(struct connection *c, struct write *w)
{
    c->maxcmdsn += w->counted;
    c->aborted = true;
    w->used = false;
}

/* Only writes that wait for data can be met: all else has its answer on the way. */
static bool abort_writes(struct connection *c, const struct pdu_task_request *p)
{
    bool found = false;
    for (uint32_t i = 0; i < c->write_count; i++) {
        struct write *w = &c->writes[i];
        bool meant = p->function == 1 ? w->itt == p->referenced_tag
                                      : p->function == 6 || p->function == 7 || w->lun == p->lun;
        if (w->used && meant) {
            drop(c, w);
            found = true;
        }
    }
    return found;
}

void command_task(struct connection *c)
{
    struct pdu_task_request p;
    if (!pdu_get_task_request(c->bhs, &p)) {
        connection_fail(c);
        return;
    }
    uint8_t response = 0; /* function complete */
    if (p.function == 1)  /* ABORT TASK */
        response = abort_writes(c, &p) ? 0 : 1;
    else if (p.function == 2 ||
             (p.function >= 4 && p.function <= 6)) /* task sets, logical unit, warm reset */
        abort_writes(c, &p);
    else
        response = 5; /* not supported */
    struct pdu_task_response answer = {.response = response, .itt = p.itt};
    pdu_put_task_response(output_slot(c)->bhs, &answer);
    output_ready(c, 0);
}
