/* SPDX-License-Identifier: Apache-2.0 */
/* A real mount of the double, in a mount namespace of the test's own: it goes with the test's process. */
#ifndef FUSE_TEST_MOUNTED_H
#define FUSE_TEST_MOUNTED_H

#include "fake_lun.h"
#include "mount.h"

struct mounted {
    struct lun_pool *pool;
    struct lun_target *target;
    struct lun_unit *unit; /* LUN 0, 8 MiB */
    struct mount *mount;
    char dir[64];
    pid_t guard;
};

struct mounted_options {
    unsigned loops; /* 0 = 1; with 2 the target lives in another loop than the descriptor */
    uint64_t memory_limit;
    bool cached;
    bool read_only, down; /* down: the target is not there */
    size_t size;          /* 0 = 8 MiB */
};

/* Skips the test where it may not mount. */
struct mounted *mounted_new(const struct mounted_options *o);
void mounted_free(struct mounted *m);
/* What is left of it after mount_free. */
void mounted_forget(struct mounted *m);
/* A path in the mount, valid until the fourth call from here. */
const char *mounted_path(const struct mounted *m, const char *tail);
/* .../lun0/data */
const char *mounted_data(const struct mounted *m);
/* Runs `sh -c command` with $D = data, $M = the mount, $T = the target's directory; its exit status. */
int mounted_shell(const struct mounted *m, const char *command);
/* The whole file, NUL-terminated, to be freed. */
char *mounted_read(const struct mounted *m, const char *tail, size_t *ret_length);

#endif
