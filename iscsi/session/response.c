/* SPDX-License-Identifier: Apache-2.0 */
/* The answer to a SCSI command: status, residual, sense. Runs in the owner's loop. RFC 7143 11.4. */
#include <string.h>

#include "base/bytes.h"
#include "session/internal.h"

#define STATUS_GOOD 0x00
#define RESPONSE_COMPLETED 0x00

/* Bytes the target says it moved (11.4.5): a residual counts only when it can be true. */
static bool moved_bytes(struct task *t, struct lun_error *e)
{
    if (t->underflow && t->overflow)
        return error_set(e, LUN_PROTOCOL, 0, true, "both overflow and underflow flagged");
    if (t->underflow && t->residual > t->edtl)
        return error_set(e, LUN_PROTOCOL, 0, true, "residual underflow of %u in a transfer of %u",
                         t->residual, t->edtl);
    t->transferred = t->underflow ? t->edtl - t->residual : t->edtl;
    if (!t->read)
        return true;
    uint32_t came = order_whole(t);
    if (came < t->transferred && t->status == STATUS_GOOD)
        return error_set(e, LUN_PROTOCOL, 0, true, "good status after %u of %u bytes of data", came,
                         t->transferred);
    if (came < t->transferred)
        t->transferred = came;
    return true;
}

bool response_status(struct session *s, struct task *t, uint8_t status, struct lun_error *e)
{
    t->status = status;
    if (!moved_bytes(t, e))
        return false;
    session_end(t, LUN_OK);
    return true;
}

/* Two bytes of length, then sense (11.4.7). Absent and short sense data are the device's business. */
static bool take_sense(struct task *t, const struct pdu_in *pdu, struct lun_error *e)
{
    if (pdu->data_length == 0)
        return true;
    struct reader r = reader_over(pdu->data, pdu->data_length);
    uint16_t length = reader_be16(&r);
    const uint8_t *sense = reader_take(&r, length);
    if (!sense && length)
        return error_set(e, LUN_PROTOCOL, 0, true, "SCSI Response with %u bytes of sense in a segment of %u",
                         length, pdu->data_length);
    t->sense_length = length < LUN_SENSE_MAX ? length : LUN_SENSE_MAX;
    if (t->sense_length)
        memcpy(t->sense, sense, t->sense_length);
    return true;
}

/* A READ that was being lent and whose response comes apart has nothing to lend any more: data_place saw to
 * it that such data went into a buffer. */
bool response_scsi(struct session *s, const struct pdu_in *pdu, struct lun_error *e)
{
    struct pdu_scsi_response p;
    if (!pdu_get_scsi_response(pdu->bhs, &p))
        return error_set(e, LUN_PROTOCOL, 0, true, "malformed SCSI Response");
    struct task *t = session_find(s, p.itt);
    if (!t && session_was_aborted(s, p.itt))
        return control_numbers(s, p.statsn, p.expcmdsn, p.maxcmdsn, true, e);
    if (!t)
        return error_set(e, LUN_PROTOCOL, 0, true, "SCSI Response for a task that does not exist (ITT %08x)",
                         p.itt);
    if (!control_numbers(s, p.statsn, p.expcmdsn, p.maxcmdsn, true, e) || !take_sense(t, pdu, e))
        return false;
    t->lent = NULL;
    t->response = p.response;
    t->overflow = p.overflow;
    t->underflow = p.underflow;
    t->residual = p.residual;
    /* Anything but "completed at target" carries no valid status (11.4.3). */
    if (p.response != RESPONSE_COMPLETED) {
        t->status = 0xff;
        session_end(t, LUN_OK);
        return true;
    }
    return response_status(s, t, p.status, e);
}
