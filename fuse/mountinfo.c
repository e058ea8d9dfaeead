/* SPDX-License-Identifier: Apache-2.0 */
/* /proc/self/mountinfo (proc(5)). Runs in the main thread. */
#include "mountinfo.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Does the field, in which blanks and backslashes are \ooo, say `path`? */
static bool field_is(const char *field, size_t n, const char *path)
{
    size_t i = 0;
    while (i < n && *path) {
        unsigned char c = (unsigned char)field[i++];
        if (c == '\\' && n - i >= 3) {
            c = (unsigned char)((field[i] - '0') << 6 | (field[i + 1] - '0') << 3 | (field[i + 2] - '0'));
            i += 3;
        }
        if (c != (unsigned char)*path++)
            return false;
    }
    return i == n && !*path;
}

bool mountinfo_line(const char *line, const char *path, struct mountinfo *ret)
{
    struct mountinfo found = {0};
    int at = 0;
    /* id parent major:minor root mountpoint options [optional fields] - type source options */
    if (sscanf(line, "%*d %*d %u:%u %*s %n", &found.major, &found.minor, &at) != 2 || at == 0)
        return false;
    const char *field = line + at;
    size_t n = strcspn(field, " ");
    if (!field_is(field, n, path))
        return false;
    const char *type = strstr(field + n, " - ");
    if (!type || sscanf(type + 3, "%63s", found.type) != 1)
        return false;
    *ret = found;
    return true;
}

bool mountinfo_at(const char *path, struct mountinfo *ret)
{
    FILE *f = fopen("/proc/self/mountinfo", "re");
    if (!f)
        return false;
    char *line = NULL;
    size_t room = 0;
    bool found = false;
    while (getline(&line, &room, f) >= 0)
        found |= mountinfo_line(line, path, ret); /* the last one is on top */
    free(line);
    fclose(f);
    return found;
}
