/* SPDX-License-Identifier: Apache-2.0 */
/* Filling and naming errors; see error.h and lun.h. Pure, any thread. */
#include "base/error.h"

#include <stdio.h>
#include <string.h>

const char *lun_layer_name(enum lun_layer layer)
{
    static const char *const names[] = {
#define LAYER_WORD(name, word) [name] = word,
        LUN_LAYERS(LAYER_WORD)
#undef LAYER_WORD
    };
    return (unsigned)layer < sizeof names / sizeof *names ? names[layer] : "unknown";
}

const char *lun_error_line(const struct lun_error *e, char ret[LUN_ERROR_LINE])
{
    if (e->layer == LUN_OK || e->layer == LUN_USAGE)
        snprintf(ret, LUN_ERROR_LINE, "%s", e->layer == LUN_OK ? lun_layer_name(LUN_OK) : e->text);
    else
        snprintf(ret, LUN_ERROR_LINE, "%s: %s", lun_layer_name(e->layer), e->text);
    return ret;
}

bool error_set(struct lun_error *e, enum lun_layer layer, int code, bool retry, const char *format, ...)
{
    if (!e)
        return false;
    e->layer = layer;
    e->code = code;
    e->retry = retry;
    va_list args;
    va_start(args, format);
    vsnprintf(e->text, sizeof e->text, format, args);
    va_end(args);
    return false;
}

void error_prefix(struct lun_error *e, const char *format, ...)
{
    if (!e)
        return;
    char old[sizeof e->text];
    memcpy(old, e->text, sizeof old);
    va_list args;
    va_start(args, format);
    int n = vsnprintf(e->text, sizeof e->text, format, args);
    va_end(args);
    if (n < 0 || (size_t)n >= sizeof e->text)
        return;
    size_t room = sizeof e->text - (size_t)n;
    snprintf(e->text + n, room, ": %.*s", (int)room, old); /* may be cut */
}
