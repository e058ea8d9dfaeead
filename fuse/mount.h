/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The mounted tree, as the daemon (src/) sees it. `mount_` calls are the main thread's unless said;
 * everything that answers the kernel runs in the loop given to mount_new.
 */
#ifndef LUNFS_MOUNT_H
#define LUNFS_MOUNT_H

#include "lun.h"

struct mount;

struct mount_options {
    const char *mountpoint;     /* as the user wrote it; must be an existing directory */
    const char *source;         /* shown as the mount's source (no secrets) */
    bool allow_other;           /* users other than the mount's owner may look */
    bool read_only;             /* the whole mount */
    const char *kernel_options; /* further comma-separated options for the mount, or NULL */
    const char *config_text;    /* .lunfs/config: a YAML document without secrets */
    uint64_t readahead;         /* bytes, for cached units; 0: as the kernel has it */
    uint64_t memory_limit;      /* bytes that waiting requests and their buffers may hold */
    bool debug;                 /* libfuse's debug output */
    void (*log)(void *user, enum lun_log_level level, const char *text); /* or NULL; runs in any thread */
    void *log_user;
};

/* One directory below the root. The strings are copied. */
struct mount_target {
    struct lun_target *target; /* NULL: configured, not there yet */
    const char *iqn;
    const char *directory;         /* its name in the mount: the iqn, or the configured short name */
    const struct lun_error *error; /* why it is not there, or NULL */
    unsigned data_mode;            /* permission bits of `data`, default 0600 */
    uid_t uid;
    gid_t gid;
    bool read_only;
    bool cached; /* I/O of its units goes through the page cache, except that of those in `cache_other`; with
                    false the other way round */
    const uint64_t *cache_other; /* LUNs; copied */
    size_t cache_other_count;
};

struct mount *mount_new(const struct mount_options *o, struct lun_loop *loop, struct lun_error *e);
/* Before or after mount_start; main thread, not in a loop. False: no memory, or the directory name cannot be
 * used or is taken. A directory that was added without a target may be added again: without one but with a
 * newer error, or, once, with one. */
bool mount_add_target(struct mount *m, const struct mount_target *t, struct lun_error *e);
/* Mounts, starts to serve, and returns once the kernel has been answered (FUSE INIT). On failure nothing is
 * left mounted. */
bool mount_start(struct mount *m, struct lun_error *e);
/* What happened to a target or a unit. Runs in that target's home loop. */
void mount_event(struct mount *m, const struct lun_event *event);
/* Becomes readable when the kernel has let go of the mount (somebody unmounted it). */
int mount_gone_fd(const struct mount *m);
/* syncfs and umount while the loop still serves; a busy mount is detached after timeout_ms. Idempotent. */
void mount_stop(struct mount *m, uint32_t timeout_ms);
/* After mount_stop, before the pool is freed. Accepts NULL. */
void mount_free(struct mount *m);

#endif
