/* SPDX-License-Identifier: Apache-2.0 */
/* How lunctl's own functions fill struct lun_error. Pure; any thread. */
#include "report.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

bool report_set(struct lun_error *e, enum lun_layer layer, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    vsnprintf(e->text, sizeof e->text, format, args);
    va_end(args);
    e->layer = layer;
    e->code = 0;
    e->retry = false;
    return false;
}

bool report_errno(struct lun_error *e, const char *format, ...)
{
    int code = errno;
    char what[160];
    va_list args;
    va_start(args, format);
    vsnprintf(what, sizeof what, format, args);
    va_end(args);
    report_set(e, LUN_SYSTEM, "%s: %s", what,
               strerrordesc_np(code) ? strerrordesc_np(code) : "unknown error");
    e->code = code;
    return false;
}
