/* SPDX-License-Identifier: Apache-2.0 */
/* What the files of fuse/ share: the mount itself. Everything in it belongs to the mount's loop unless a
 * field says otherwise. */
#ifndef FUSE_STATE_H
#define FUSE_STATE_H

#define FUSE_USE_VERSION 314
#include <fuse_lowlevel.h>
#include <pthread.h>
#include <stdatomic.h>

#include "handle.h"
#include "mount.h"
#include "mountinfo.h"
#include "node.h"
#include "notify.h"
#include "request.h"

/* Attributes and names may be believed this long; changes are told to the kernel besides (notify.c). */
#define STATE_TIMEOUT_S 1.0

struct mount {
    struct lun_loop *loop;
    struct tree tree;
    struct handle_table handles;
    struct request_pool requests;
    struct notify notify;

    /* Set before it serves, then only read. */
    char *mountpoint, *source, *kernel_options, *config_text;
    bool allow_other, read_only, debug;
    uint64_t readahead_wanted;  /* bytes; 0: as the kernel has it */
    _Atomic uint64_t readahead; /* bytes, in force; 0: not known. Set by the main thread */
    struct fuse_session *session;
    int descriptor; /* of /dev/fuse, -1 when not mounted */
    int gone_fd;

    /* serve.c */
    struct fuse_buf buffer; /* what the next request is received into */
    bool buffer_taken;      /* a WRITE has taken buffer.mem over */
    int expected, met;      /* requests a turn asks for; turns in a row that got them all (serve.c) */
    bool watching, paused, unwatch_posted;
    uint64_t unique; /* of the request at hand */
    struct lun_timer pause_timer;
    struct lun_message unwatch;
    _Atomic bool ended; /* the kernel has let go of the mount */

    unsigned jobs; /* texts being made, zeros under way, opens that wait */
    /* Handshake with the main thread. */
    pthread_mutex_t lock;
    pthread_cond_t changed;
    bool initialised;       /* guarded by lock: INIT has been answered */
    struct leave *leave;    /* main thread: mount_stop has begun */
    struct mountinfo where; /* main thread: what was mounted */
};

__attribute__((format(printf, 4, 5))) bool state_error(struct lun_error *e, enum lun_layer layer, int code,
                                                       const char *format, ...);
__attribute__((format(printf, 3, 4))) void state_log(const struct mount *m, enum lun_log_level level,
                                                     const char *format, ...);
int64_t state_wall_ms(void); /* since 1970 */
int64_t state_now_ms(void);  /* monotonic, to a few ms */

#endif
