/* SPDX-License-Identifier: Apache-2.0 */
/* Errors, log lines and clocks for the files of fuse/. Any thread. */
#include "state.h"

#include <stdarg.h>
#include <stdio.h>
#include <time.h>

bool state_error(struct lun_error *e, enum lun_layer layer, int code, const char *format, ...)
{
    if (!e)
        return false;
    *e = (struct lun_error){.layer = layer, .code = code};
    va_list args;
    va_start(args, format);
    vsnprintf(e->text, sizeof e->text, format, args);
    va_end(args);
    return false;
}

void state_log(const struct mount *m, enum lun_log_level level, const char *format, ...)
{
    if (!m->tree.log)
        return;
    char line[512];
    va_list args;
    va_start(args, format);
    vsnprintf(line, sizeof line, format, args);
    va_end(args);
    m->tree.log(m->tree.log_user, level, line);
}

static int64_t clock_ms(clockid_t id)
{
    struct timespec t;
    clock_gettime(id, &t);
    return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

int64_t state_wall_ms(void)
{
    return clock_ms(CLOCK_REALTIME);
}

int64_t state_now_ms(void)
{
    return clock_ms(CLOCK_MONOTONIC_COARSE);
}
