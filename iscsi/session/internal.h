/* SPDX-License-Identifier: Apache-2.0 */
/* What the files of session/ share; nobody else includes this. The session's owner thread. */
#ifndef LUN_SESSION_INTERNAL_H
#define LUN_SESSION_INTERNAL_H

#include "session/session.h"

/* ITT = generation << 16 | slot. Bit 15 of the low half marks what is not a SCSI task: an ABORT TASK carries
 * its task's slot, the ping and the logout have fixed numbers above every slot. */
#define ITT_CONTROL 0x8000u
#define ITT_PING 0xc000u
#define ITT_LOGOUT 0xc001u
#define ITT_MANAGE 0xc010u /* and its slot */
_Static_assert(SESSION_TASKS <= 0x4000, "slots and control tags share the low half of the ITT");

/* session.c */
void session_wake(struct session *s);
void session_finish(struct task *t, const struct lun_error *error); /* ends and frees the task */
/* LUN_OK: answered; else LUN_TIMEOUT or LUN_CANCELLED: aborted. Waits until none of its PDUs is queued. */
void session_end(struct task *t, enum lun_layer ended);
struct task *session_find(struct session *s, uint32_t itt); /* NULL: no such task in flight */
/* Was this the tag of an aborted task? Targets send what they had queued for it behind the answer to the
 * abort (tgt its R2T): that is passed over. */
bool session_was_aborted(const struct session *s, uint32_t itt);

/* data.c */
bool data_place(struct session *s, const uint8_t *bhs, struct pdu_place *ret, struct lun_error *e);
bool data_in(struct session *s, const struct pdu_in *pdu, struct lun_error *e);
bool data_r2t(struct session *s, const struct pdu_in *pdu, struct lun_error *e);
void data_next(struct session *s, struct task *t, struct pdu_out *ret); /* one solicited Data-Out */
void data_next_unsolicited(struct session *s, struct task *t, struct pdu_out *ret); /* one unsolicited */

/* order.c: the order of Data-In */
bool order_check(const struct session *s, const struct task *t, const struct pdu_data_in *p,
                 struct lun_error *e);
void order_note(const struct session *s, struct task *t, const struct pdu_data_in *p);
/* How many bytes came from the first on without a gap. */
uint32_t order_whole(const struct task *t);

/* response.c */
bool response_scsi(struct session *s, const struct pdu_in *pdu, struct lun_error *e);
bool response_status(struct session *s, struct task *t, uint8_t status, struct lun_error *e);

/* manage.c: task management functions but ABORT TASK */
#define MANAGE_TASK_ABORTED 0x40 /* the SCSI status of what they end */
bool manage_next(struct session *s, struct pdu_out *ret);
/* False: it was no answer to one of them. */
bool manage_answered(struct session *s, const struct pdu_task_response *p);
bool manage_rejected(struct session *s, uint32_t itt, uint8_t reason);
void manage_fail(struct session *s, const struct lun_error *e);

/* control.c: everything that is not a SCSI task */
void control_init(struct session *s);
bool control_next(struct session *s, struct pdu_out *ret); /* answers to NOP-In, ping, ABORT TASK, logout */
bool control_nop_in(struct session *s, const struct pdu_in *pdu, struct lun_error *e);
bool control_task_response(struct session *s, const struct pdu_in *pdu, struct lun_error *e);
bool control_async(struct session *s, const struct pdu_in *pdu, struct lun_error *e);
bool control_reject(struct session *s, const struct pdu_in *pdu, struct lun_error *e);
bool control_logout_response(struct session *s, const struct pdu_in *pdu, struct lun_error *e);
/* Takes ExpCmdSN and MaxCmdSN; with `counts`, checks StatSN and moves ExpStatSN on. */
bool control_numbers(struct session *s, uint32_t statsn, uint32_t expcmdsn, uint32_t maxcmdsn, bool counts,
                     struct lun_error *e);

#endif
