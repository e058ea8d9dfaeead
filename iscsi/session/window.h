/* SPDX-License-Identifier: Apache-2.0 */
/* The CmdSN window and StatSN bookkeeping (RFC 7143, 4.2.2). Pure; the session's owner thread. */
#ifndef LUN_SESSION_WINDOW_H
#define LUN_SESSION_WINDOW_H

#include "wire/serial.h"

struct window {
    uint32_t cmdsn;     /* of the next non-immediate command */
    uint32_t expcmdsn;  /* as the target last said */
    uint32_t maxcmdsn;  /* likewise: the last CmdSN it will take */
    uint32_t expstatsn; /* the StatSN we expect next */
};

static inline bool window_open(const struct window *w)
{
    return serial_less_equal(w->cmdsn, w->maxcmdsn);
}

/* Takes what a PDU says. A pair that contradicts itself is ignored whole; else each value only grows
 * (4.2.2.1). */
static inline void window_update(struct window *w, uint32_t expcmdsn, uint32_t maxcmdsn)
{
    if (serial_less(maxcmdsn, expcmdsn - 1))
        return;
    if (serial_less(w->expcmdsn, expcmdsn))
        w->expcmdsn = expcmdsn;
    if (serial_less(w->maxcmdsn, maxcmdsn))
        w->maxcmdsn = maxcmdsn;
}

#endif
