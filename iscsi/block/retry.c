/* SPDX-License-Identifier: Apache-2.0 */
/* SCSI status and sense to what is done about them; see retry.h. SAM-5 5.3.1, SPC-4 4.5. */
#include "block/retry.h"

#include <stdio.h>

#include "block/scan.h"
#include "scsi/cdb.h"
#include "scsi/decode.h"

#define UNIT_ATTENTIONS_MAX 32 /* in a row for one request: a device that reports more is broken */
#define ABORTED_MAX 5

enum { KEY_NO_SENSE = 0, KEY_RECOVERED = 1, KEY_NOT_READY = 2, KEY_UNIT_ATTENTION = 6, KEY_ABORTED = 0xb };

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

static enum verdict judge_sense(struct lun_unit *u, const struct scsi_sense *s, struct retry_tries *tries,
                                uint32_t *ret_delay_ms)
{
    *ret_delay_ms = 0;
    if (s->deferred) /* about an earlier command; this one was not carried out */
        return again(&tries->attentions, UNIT_ATTENTIONS_MAX);
    switch (s->key) {
    case KEY_NO_SENSE:
    case KEY_RECOVERED:
        return VERDICT_GOOD;
    case KEY_UNIT_ATTENTION:
        act_on_attention(u, s);
        return again(&tries->attentions, UNIT_ATTENTIONS_MAX);
    case KEY_NOT_READY: /* 04/01, 04/0A, 04/14...: on its way to ready */
        *ret_delay_ms = 500;
        return s->asc == 0x04 && (s->ascq == 0x01 || s->ascq == 0x0a || s->ascq == 0x14) ? VERDICT_AGAIN
                                                                                         : VERDICT_FAIL;
    case KEY_ABORTED:
        *ret_delay_ms = 10u << (tries->aborted < 4 ? tries->aborted : 4);
        return again(&tries->aborted, ABORTED_MAX);
    default:
        return VERDICT_FAIL;
    }
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
    bool harmless = s.key == KEY_NO_SENSE || s.key == KEY_RECOVERED || s.key == KEY_UNIT_ATTENTION;
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
    switch (t->status) {
    case SCSI_GOOD:
    case SCSI_CONDITION_MET:
        return VERDICT_GOOD;
    case SCSI_CHECK_CONDITION:
        return check_condition(u, t, tries, ret_delay_ms, ret);
    case SCSI_BUSY:
    case SCSI_TASK_SET_FULL:
        *ret_delay_ms = 10u << (tries->busy < 6 ? tries->busy : 6);
        tries->busy += tries->busy < 255;
        break;
    case SCSI_TASK_ABORTED:
        *ret_delay_ms = 10;
        break;
    default:
        fill(u, t, 0xff0000 | t->status, false, scsi_status_name(t->status), ret);
        return VERDICT_FAIL;
    }
    fill(u, t, 0xff0000 | t->status, true, scsi_status_name(t->status), ret);
    return VERDICT_AGAIN;
}
