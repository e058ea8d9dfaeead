/* SPDX-License-Identifier: Apache-2.0 */
/* Login status to error: the table of RFC 7143 11.13.5, and the address of a redirection. Pure; any thread.
 */
#include "login/status.h"

#include "base/error.h"
#include "login/keys.h"
#include "wire/text.h"

#define CLASS_REDIRECTION 1
#define CLASS_INITIATOR 2
#define CLASS_TARGET 3

/* X(class << 8 | detail, text) */
#define STATUS_TABLE(X)                                                                                      \
    X(0x0101, "target moved temporarily")                                                                    \
    X(0x0102, "target moved permanently")                                                                    \
    X(0x0200, "initiator error")                                                                             \
    X(0x0201, "authentication failure")                                                                      \
    X(0x0202, "authorization failure: this initiator may not use the target")                                \
    X(0x0203, "target not found")                                                                            \
    X(0x0204, "target removed")                                                                              \
    X(0x0205, "iSCSI version not supported")                                                                 \
    X(0x0206, "too many connections in the session")                                                         \
    X(0x0207, "missing parameter")                                                                           \
    X(0x0208, "session cannot include this connection")                                                      \
    X(0x0209, "session type not supported")                                                                  \
    X(0x020a, "session does not exist")                                                                      \
    X(0x020b, "invalid request during login")                                                                \
    X(0x0300, "target error")                                                                                \
    X(0x0301, "service unavailable")                                                                         \
    X(0x0302, "target out of resources")

static const char *status_text(unsigned status)
{
    switch (status) {
#define STATUS_CASE(code, text)                                                                              \
    case code:                                                                                               \
        return text;
        STATUS_TABLE(STATUS_CASE)
#undef STATUS_CASE
    }
    switch (status >> 8) {
    case CLASS_REDIRECTION:
        return "redirection of an unknown kind";
    case CLASS_INITIATOR:
        return "initiator error of an unknown kind";
    case CLASS_TARGET:
        return "target error of an unknown kind";
    }
    return "status of an unknown class";
}

/* Several addresses may be given; the first is as good as any. */
static bool find_address(const uint8_t *text, uint32_t length, char ret[static STATUS_ADDRESS])
{
    struct reader r = reader_over(text, length);
    struct text_pair pair;
    const char *why;
    while (text_next(&r, &pair, &why) == TEXT_PAIR) {
        if (!text_key_is(&pair, keys_get(KEY_TARGET_ADDRESS)->name))
            continue;
        if (!pair.value_length || pair.value_length >= STATUS_ADDRESS)
            return false;
        memcpy(ret, pair.value, pair.value_length);
        ret[pair.value_length] = 0;
        return true;
    }
    return false;
}

bool status_error(uint8_t class, uint8_t detail, const uint8_t *text, uint32_t length,
                  char ret_address[static STATUS_ADDRESS], struct lun_error *e)
{
    unsigned status = (unsigned)class << 8 | detail;
    const char *what = status_text(status);
    if (status != 0x0101 && status != 0x0102)
        return error_set(e, LUN_LOGIN, (int)status, class == CLASS_TARGET, "refused: %s (status %04x)", what,
                         status);
    if (!find_address(text, length, ret_address)) /* 11.13.5: there must be one */
        return error_set(e, LUN_LOGIN, (int)status, false,
                         "refused: %s, but it names no address (status %04x)", what, status);
    return error_set(e, LUN_LOGIN, (int)status, false, "refused: %s to %s (status %04x)", what, ret_address,
                     status);
}
