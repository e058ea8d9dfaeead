/* SPDX-License-Identifier: Apache-2.0 */
/* SCSI status and sense to what is done about them; see retry.h. SAM-5 5.3.1, SPC-4 4.5. */
#include "block/retry.h"

#include <stdio.h>

#include "block/scan.h"
#include "scsi/cdb.h"
#include "scsi/decode.h"

#define UNIT_ATTENTIONS_MAX 32 /* in a row for one request: a device that reports more is broken */
#define ABORTED_MAX 5
#define KEY_UNIT_ATTENTION 0x6

/*
 * What is done about each status and each sense key; with which errno a failure reaches the user stands in
 * scsi/errno.c. What is in neither table fails.
 */
enum action {
    DONE,
    AT_ONCE,     /* again, after what it tells of has been looked at; so often and no more in a row */
    WAIT_LONGER, /* again until the deadline, after a delay that grows */
    WAIT_SHORT,  /* again until the deadline, after a short delay */
    A_FEW_TIMES, /* again, after a delay that grows; a few times in a row */
    IF_BECOMING, /* again until the deadline where the device says that it is on its way to ready */
    FAIL,
};

/* SAM-5 5.3.1. */
static const struct {
    uint8_t status;
    enum action action;
} statuses[] = {
    {SCSI_GOOD, DONE},
    {SCSI_CONDITION_MET, DONE},
    {SCSI_BUSY, WAIT_LONGER},
    {SCSI_TASK_SET_FULL, WAIT_LONGER}, /* and the queue depth goes down: block/request.c */
    {SCSI_ACA_ACTIVE, WAIT_LONGER},    /* another initiator's: it clears its condition, or its session ends */
    {SCSI_TASK_ABORTED, WAIT_SHORT},   /* by another initiator */
    {SCSI_RESERVATION_CONFLICT, FAIL},
};

/* SPC-4 4.5.6, by sense key. */
static const enum action sense_keys[16] = {
    [0x0] = DONE,        /* NO SENSE */
    [0x1] = DONE,        /* RECOVERED ERROR */
    [0x2] = IF_BECOMING, /* NOT READY */
    [0x3] = FAIL,        /* MEDIUM ERROR */
    [0x4] = FAIL,        /* HARDWARE ERROR */
    [0x5] = FAIL,        /* ILLEGAL REQUEST */
    [0x6] = AT_ONCE,     /* UNIT ATTENTION */
    [0x7] = FAIL,        /* DATA PROTECT */
    [0x8] = FAIL,        /* BLANK CHECK */
    [0x9] = FAIL,        /* vendor's */
    [0xa] = FAIL,        /* COPY ABORTED */
    [0xb] = A_FEW_TIMES, /* ABORTED COMMAND */
    [0xc] = FAIL,        /* reserved */
    [0xd] = FAIL,        /* VOLUME OVERFLOW */
    [0xe] = FAIL,        /* MISCOMPARE */
    [0xf] = DONE,        /* COMPLETED */
};

static void fill(const struct lun_unit *u, const struct task *t, int code, bool retry, const char *what,
                 struct lun_error *ret)
{
    char place[512];
    unit_place(u, place, sizeof place);
    const char *name = cdb_name(t->cdb[0], t->cdb[1] & 0x1f);
    if (name)
        error_set(ret, LUN_SCSI, code, retry, "%s: %s: %s", place, name, what);
    else
        error_set(ret, LUN_SCSI, code, retry, "%s: command 0x%02x: %s", place, t->cdb[0], what);
}

/* What changed on the device is read again; the command itself just goes out once more. */
static void act_on_attention(struct lun_unit *u, const struct scsi_sense *s)
{
    if (s->asc == 0x3f && s->ascq == 0x0e) /* REPORTED LUNS DATA HAS CHANGED */
        scan_list(u->target);
    else if ((s->asc == 0x2a || s->asc == 0x3f || s->asc == 0x28) && u != units_of(u->target)->probe)
        scan_unit(u); /* parameters, identity or medium changed */
}

/* Counts one more. */
static enum verdict again(uint8_t *count, unsigned most)
{
    if (*count >= most)
        return VERDICT_FAIL;
    ++*count;
    return VERDICT_AGAIN;
}

static bool is_becoming_ready(const struct scsi_sense *s)
{
    return s->asc == 0x04 && (s->ascq == 0x01 || s->ascq == 0x0a || s->ascq == 0x14);
}

/* s NULL: the action is a status's. */
static enum verdict act(enum action action, const struct scsi_sense *s, struct retry_tries *tries,
                        uint32_t *ret_delay_ms)
{
    *ret_delay_ms = 0;
    switch (action) {
    case DONE:
        return VERDICT_GOOD;
    case AT_ONCE:
        return again(&tries->attentions, UNIT_ATTENTIONS_MAX);
    case WAIT_LONGER:
        *ret_delay_ms = 10u << (tries->busy < 6 ? tries->busy : 6);
        tries->busy += tries->busy < 255;
        return VERDICT_AGAIN;
    case WAIT_SHORT:
        *ret_delay_ms = 10;
        return VERDICT_AGAIN;
    case A_FEW_TIMES:
        *ret_delay_ms = 10u << (tries->aborted < 4 ? tries->aborted : 4);
        return again(&tries->aborted, ABORTED_MAX);
    case IF_BECOMING:
        *ret_delay_ms = 500;
        return s && is_becoming_ready(s) ? VERDICT_AGAIN : VERDICT_FAIL;
    case FAIL:
        break;
    }
    return VERDICT_FAIL;
}

static enum verdict judge_sense(struct lun_unit *u, const struct scsi_sense *s, struct retry_tries *tries,
                                uint32_t *ret_delay_ms)
{
    if (s->deferred) /* about an earlier command; this one was not carried out */
        return act(AT_ONCE, s, tries, ret_delay_ms);
    if (s->key == KEY_UNIT_ATTENTION)
        act_on_attention(u, s);
    return act(sense_keys[s->key & 0xf], s, tries, ret_delay_ms);
}

static enum verdict check_condition(struct lun_unit *u, const struct task *t, struct retry_tries *tries,
                                    uint32_t *ret_delay_ms, struct lun_error *ret)
{
    struct scsi_sense s;
    if (!scsi_sense_parse(t->sense, t->sense_length, &s)) {
        fill(u, t, 0xff0000 | t->status, false, "CHECK CONDITION without sense data", ret);
        return VERDICT_FAIL;
    }
    unit_note_sense(u, t->cdb[0], t->sense, t->sense_length);
    char text[160];
    scsi_sense_text(&s, text, sizeof text);
    enum verdict v = judge_sense(u, &s, tries, ret_delay_ms);
    bool harmless = sense_keys[s.key & 0xf] == DONE || s.key == KEY_UNIT_ATTENTION;
    if (s.deferred && !harmless)
        fill(u, t, s.key << 16 | s.asc << 8 | s.ascq, false, text, &u->lost_write);
    fill(u, t, s.key << 16 | s.asc << 8 | s.ascq, v == VERDICT_AGAIN, text, ret);
    return v;
}

enum verdict retry_judge(struct lun_unit *u, const struct task *t, struct retry_tries *tries,
                         uint32_t *ret_delay_ms, struct lun_error *ret)
{
    *ret_delay_ms = 0;
    if (t->response != 0) { /* 11.4.3: "target failure" and the like; no SCSI status */
        fill(u, t, 0xff0100 | t->response, true, "the target could not carry it out (iSCSI response)", ret);
        return VERDICT_FAIL;
    }
    if (t->status == SCSI_CHECK_CONDITION)
        return check_condition(u, t, tries, ret_delay_ms, ret);
    enum action action = FAIL;
    for (size_t i = 0; i < sizeof statuses / sizeof *statuses; i++)
        if (statuses[i].status == t->status)
            action = statuses[i].action;
    enum verdict v = act(action, NULL, tries, ret_delay_ms);
    if (v != VERDICT_GOOD)
        fill(u, t, 0xff0000 | t->status, v == VERDICT_AGAIN, scsi_status_name(t->status), ret);
    return v;
}

void retry_heed(struct lun_unit *u, const uint8_t *sense, size_t n)
{
    struct scsi_sense s;
    unit_note_sense(u, 0, sense, n);
    if (scsi_sense_parse(sense, n, &s) && s.key == KEY_UNIT_ATTENTION)
        act_on_attention(u, &s);
}
