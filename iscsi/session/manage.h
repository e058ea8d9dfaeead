/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Task management functions but ABORT TASK (RFC 7143 11.5, 11.6, 4.2.3): one request at a time for each slot.
 * The session's owner thread.
 *
 * Until the answer the tasks concerned go on as if nothing had been asked: R2Ts are answered, responses taken
 * (4.2.3.3). "Function complete" ends those whose CmdSN is below the request's, as TASK ABORTED; what comes
 * for them afterwards is passed over.
 */
#ifndef LUN_SESSION_MANAGE_H
#define LUN_SESSION_MANAGE_H

#include "base/error.h"
#include "base/timer.h"

#define SESSION_MANAGES 4

struct session;

struct session_manage {
    struct session *session;
    uint8_t function; /* 0: the slot is free */
    bool sent;
    uint64_t lun;
    uint32_t itt, cmdsn;
    struct timer timer; /* its answer is due */
    /* e NULL: the function is complete. */
    void (*done)(void *user, const struct lun_error *e);
    void *user;
};

/* False: all slots are taken. Else done follows: with the answer, or with the session's end. */
bool session_manage(struct session *s, uint8_t function, uint64_t lun,
                    void (*done)(void *user, const struct lun_error *e), void *user);

#endif
