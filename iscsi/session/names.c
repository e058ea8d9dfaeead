/* SPDX-License-Identifier: Apache-2.0 */
/* Words for the codes a target sends. Pure. RFC 7143 11.9.1, 11.17.1. */
#include "session/session.h"

const char *session_reject_name(uint8_t reason)
{
    static const char *const names[] = {
        [0x02] = "data (payload) digest error",
        [0x03] = "SNACK reject",
        [0x04] = "protocol error",
        [0x05] = "command not supported",
        [0x06] = "immediate command reject, too many immediate commands",
        [0x07] = "task in progress",
        [0x08] = "invalid data ack",
        [0x09] = "invalid PDU field",
        [0x0a] = "long operation reject, out of resources",
        [0x0b] = "negotiation reset (deprecated)",
        [0x0c] = "waiting for logout",
    };
    const char *name = reason < sizeof names / sizeof *names ? names[reason] : NULL;
    return name ? name : "reason unknown";
}

const char *session_async_name(uint8_t event)
{
    static const char *const names[] = {
        "sense data for a logical unit",   "logout requested",
        "this connection will be dropped", "all connections of this session will be dropped",
        "parameter negotiation requested", "tasks terminated",
    };
    if (event < sizeof names / sizeof *names)
        return names[event];
    return event >= 248 ? "vendor-specific event" : "event unknown";
}
