/* SPDX-License-Identifier: Apache-2.0 */
/* What the kernel must hear of, told from a thread of its own. */
#ifndef FUSE_NOTIFY_H
#define FUSE_NOTIFY_H

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

struct fuse_session;
struct lun_loop;
struct lun_message;
struct notice;

struct notify {
    pthread_t thread;
    struct fuse_session *session;
    pthread_mutex_t lock;
    pthread_cond_t more;
    struct notice *first, *last; /* guarded by lock, as are the next */
    bool running;
    unsigned ranges; /* threads of notify_range */
};

void notify_init(struct notify *n);
bool notify_start(struct notify *n, struct fuse_session *session);
/* Ends the thread; what it has not told yet is dropped. To be called while requests are still answered: a
 * notice under way may wait for one. */
void notify_stop(struct notify *n);
/* Any thread; never waits for the kernel. A notice is lost when memory is short: the kernel then finds out
 * when its attributes time out. */
void notify_attributes(struct notify *n, uint64_t ino);
/* Tells the kernel that the file reaches to `size` at least. */
void notify_size(struct notify *n, uint64_t ino, uint64_t size);
/* Has the kernel write back and drop what it caches of [start, end) of the file (end UINT64_MAX: all from
 * there on), and then posts `then` (or NULL) to `loop`, whatever came of it. Has a thread of its own: the
 * kernel waits for requests for the range that are not answered, and other units' ranges must not. False: no
 * thread is to be had, the kernel is not told. */
bool notify_range(struct notify *n, uint64_t ino, uint64_t start, uint64_t end, struct lun_loop *loop,
                  struct lun_message *then);
void notify_entry(struct notify *n, uint64_t parent, const char *name);

#endif
