/* SPDX-License-Identifier: Apache-2.0 */
/* What is mounted where, from /proc/self/mountinfo: asking the file system itself would ask ourselves. Main
 * thread. */
#ifndef FUSE_MOUNTINFO_H
#define FUSE_MOUNTINFO_H

#include <stdbool.h>

struct mountinfo {
    unsigned major, minor;
    char type[64]; /* "fuse.lunfs" */
};

/* The topmost mount at an absolute path. False: none. */
bool mountinfo_at(const char *path, struct mountinfo *ret);
/* One line of mountinfo: false when it is about another path, or is no such line. */
bool mountinfo_line(const char *line, const char *path, struct mountinfo *ret);

#endif
