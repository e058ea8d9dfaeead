/* SPDX-License-Identifier: Apache-2.0 */
/* Refusals that name the place in the user's configuration. Main thread; no standard. */
#include "place.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

/* The text of an error is short: of a long path the end says more than the beginning. */
#define PATH_SHOWN 100

static int put_place(char *text, size_t room, const struct place *p)
{
    if (p->option)
        return snprintf(text, room, "option '%.64s': ", p->option);
    if (!p->file)
        return 0;
    size_t n = strlen(p->file);
    const char *dots = n > PATH_SHOWN ? "..." : "";
    const char *path = n > PATH_SHOWN ? p->file + n - PATH_SHOWN : p->file;
    if (!p->line)
        return snprintf(text, room, "%s%s: ", dots, path);
    return snprintf(text, room, "%s%s:%u:%u: ", dots, path, p->line, p->column);
}

bool place_fail(struct lun_error *e, const struct place *p, const char *format, ...)
{
    if (!e)
        return false;
    struct lun_error made = {.layer = LUN_USAGE, .code = p->option ? PLACE_OPTION : 0};
    int n = put_place(made.text, sizeof made.text, p);
    va_list args;
    va_start(args, format);
    vsnprintf(made.text + n, sizeof made.text - (size_t)n, format, args);
    va_end(args);
    *e = made; /* at the end: the arguments may stand in *e */
    return false;
}

bool place_no_memory(struct lun_error *e)
{
    if (e)
        *e = (struct lun_error){.layer = LUN_SYSTEM, .code = ENOMEM, .text = "out of memory"};
    return false;
}
