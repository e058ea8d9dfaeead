/* SPDX-License-Identifier: Apache-2.0 */
/* Answers what an orderly initiator says besides what a script is about: `serve`, and the time after the last
 * line. The script's thread. RFC 7143 11.15, 11.19. */
#include "base/bytes.h"
#include "script_impl.h"

bool script_serve_answer(struct script *s, const struct script_pdu *p)
{
    uint8_t bhs[PDU_BHS], opcode = pdu_opcode(p->bhs), cdb = p->bhs[32];
    if (script_device_knows(p) || (opcode == PDU_SCSI_COMMAND && (cdb == 0x35 || cdb == 0x91)))
        return script_device_answer(s, p);
    if (opcode == PDU_LOGOUT_REQUEST) {
        script_send_begin(s, PDU_LOGOUT_RESPONSE, p->bhs, bhs);
        return script_send_answer(s, bhs, NULL, 0);
    }
    if (opcode == PDU_NOP_OUT) {
        if (get_be32(p->bhs + 16) == PDU_TAG_NONE)
            return true;
        script_send_begin(s, PDU_NOP_IN, p->bhs, bhs);
        return script_send_answer(s, bhs, p->data, p->data_length);
    }
    return script_fail(s, "%s is not expected here", script_field_kind_name(opcode));
}

/* Takes one PDU and answers it: 1; 0: the initiator has closed; -1: failed. */
static int serve_one(struct script *s)
{
    struct script_pdu p;
    int got = script_expect_next(s, &p);
    if (got != 1)
        return got;
    bool good = script_serve_answer(s, &p);
    script_wire_pdu_free(&p);
    return good ? 1 : -1;
}

bool script_serve(struct script *s, const char *until)
{
    while (!script_signalled(s, until)) {
        if (s->fd < 0 && !script_wire_accept(s))
            return false;
        int ready = script_wire_wait(s);
        if (script_signalled(s, until)) /* what there is to read may be what the next line waits for */
            return true;
        int got = ready == 1 ? serve_one(s) : ready;
        if (got < 0)
            return false;
        if (ready == 1 ? !got : script_stopped(s))
            return script_fail(s, "nobody signalled %s", until);
    }
    return true;
}

bool script_serve_rest(struct script *s)
{
    int got = 1;
    while (s->fd >= 0 && got == 1)
        got = serve_one(s);
    if (!got)
        script_note(s, "I> closed");
    return got >= 0;
}
