/* SPDX-License-Identifier: Apache-2.0 */
/* Readahead of the mount: FUSE's INIT can only lower it from 128 KiB, so it is set where the kernel keeps it,
 * in the mount's backing device information (/sys/class/bdi/MAJOR:MINOR, Documentation/ABI/testing/
 * sysfs-class-bdi). The number is of the list of mounts, since asking the mount itself would ask ourselves.
 * Main thread. */
#include "readahead.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static uint64_t current(const char *path)
{
    char text[32] = "";
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return 0;
    ssize_t n = read(fd, text, sizeof text - 1);
    close(fd);
    return n > 0 ? strtoull(text, NULL, 10) * 1024 : 0;
}

/* 0 or an errno. */
static int set(const char *path, uint64_t bytes)
{
    char text[32];
    int n = snprintf(text, sizeof text, "%" PRIu64, bytes / 1024);
    int fd = open(path, O_WRONLY | O_CLOEXEC);
    if (fd < 0)
        return errno;
    int error = write(fd, text, (size_t)n) == n ? 0 : errno;
    close(fd);
    return error;
}

void readahead_raise(struct mount *m)
{
    char path[96];
    if (!m->readahead_wanted)
        return;
    snprintf(path, sizeof path, "/sys/class/bdi/%u:%u/read_ahead_kb", m->where.major, m->where.minor);
    int error = set(path, m->readahead_wanted);
    uint64_t now = current(path);
    atomic_store(&m->readahead, now);
    if (error)
        state_log(m, LUN_LOG_NOTICE, "%s: readahead stays at %" PRIu64 " KiB: %s: %s", m->mountpoint,
                  now / 1024, path, strerror(error));
}
