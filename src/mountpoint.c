/* SPDX-License-Identifier: Apache-2.0 */
/* The mount point before the mount: there, a directory, free. Main thread; proc(5) for mountinfo. */
#include "mountpoint.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "place.h"

/* Undoes \040 and the like in place. */
static void unescape(char *text)
{
    char *to = text;
    for (const char *p = text; *p;) {
        if (p[0] == '\\' && strspn(p + 1, "01234567") >= 3) {
            *to++ = (char)((p[1] - '0') * 64 + (p[2] - '0') * 8 + (p[3] - '0'));
            p += 4;
        } else {
            *to++ = *p++;
        }
    }
    *to = '\0';
}

/* A line is "36 35 98:0 /root /mount/point opts [optional...] - type source superopts". */
static bool take_line(char *line, const char *path, bool *ret_lunfs)
{
    char *type = strstr(line, " - "), *rest = line, *field = NULL;
    for (int i = 0; i < 5; i++)
        field = strsep(&rest, " ");
    if (!field || !type || !rest || rest > type)
        return false;
    unescape(field);
    if (strcmp(field, path))
        return false;
    type += 3;
    type[strcspn(type, " ")] = '\0';
    *ret_lunfs = !strcmp(type, "fuse.lunfs");
    return true;
}

bool mountpoint_is_lunfs(const char *mountinfo, const char *path)
{
    bool lunfs = false;
    char *copy = strdup(mountinfo), *rest = copy;
    if (!copy)
        return false;
    for (char *line; (line = strsep(&rest, "\n"));)
        take_line(line, path, &lunfs); /* the last one is the one on top */
    free(copy);
    return lunfs;
}

/* malloc'ed; NULL without /proc. */
static char *read_mountinfo(void)
{
    FILE *f = fopen("/proc/self/mountinfo", "re");
    char *text = NULL;
    size_t room = 0;
    if (!f)
        return NULL;
    if (getdelim(&text, &room, '\0', f) < 0) {
        free(text);
        text = NULL;
    }
    fclose(f);
    return text;
}

static bool check(const char *path, const char *canonical, struct lun_error *e)
{
    const struct place p = {.file = path};
    struct stat st;
    char *mountinfo = read_mountinfo();
    bool taken = mountinfo && mountpoint_is_lunfs(mountinfo, canonical);
    free(mountinfo);
    if (taken)
        return place_fail(e, &p, "a lunfs is mounted there already");
    if (stat(canonical, &st) < 0)
        return place_fail(e, &p, "%s", strerror(errno));
    return S_ISDIR(st.st_mode) ? true : place_fail(e, &p, "not a directory");
}

char *mountpoint_check(const char *path, struct lun_error *e)
{
    char *canonical = realpath(path, NULL);
    if (!canonical && errno == ENOTCONN)
        place_fail(e, &(struct place){.file = path},
                   "a mount whose daemon is dead is there: umount it first");
    else if (!canonical)
        place_fail(e, &(struct place){.file = path}, "%s", strerror(errno));
    if (canonical && !check(path, canonical, e)) {
        free(canonical);
        return NULL;
    }
    return canonical;
}
