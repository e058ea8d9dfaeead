/* SPDX-License-Identifier: Apache-2.0 */
/* Names looked up for a loop; see lookup.h. In the loop, but for run(), which is the look-up's own thread. */
#include "pool/lookup.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Threads that are over are joined here, not in the turn that hears of them: the last instructions of one may
 * still have to get a CPU. */
static void reap(struct lun_loop *loop)
{
    LIST_EACH_SAFE(&loop->lookups, node)
    {
        struct lookup *l = LIST_OF(node, struct lookup, siblings);
        if (!l->over || (!l->joined && pthread_tryjoin_np(l->thread, NULL) != 0))
            continue;
        list_remove(&l->siblings);
        free(l);
    }
}

static void answer(struct lun_message *m)
{
    struct lookup *l = LIST_OF(m, struct lookup, message);
    l->over = true;
    if (l->done)
        l->done(l);
    reap(l->loop);
}

static void *run(void *arg)
{
    struct lookup *l = arg;
    l->count = conn_resolve(l->host, l->port, l->found, LOOKUP_ADDRESSES, &l->error);
    lun_loop_post(l->loop, &l->message);
    return NULL;
}

struct lookup *lookup_start(struct lun_loop *loop, const char *host, uint16_t port,
                            void (*done)(struct lookup *l), void *user, struct lun_error *e)
{
    reap(loop);
    struct lookup *l = calloc(1, sizeof *l);
    if (!l) {
        error_set(e, LUN_SYSTEM, ENOMEM, true, "no memory for a name look-up");
        return NULL;
    }
    l->message.fn = answer;
    l->loop = loop;
    l->done = done;
    l->user = user;
    l->port = port;
    snprintf(l->host, sizeof l->host, "%s", host);
    sigset_t all, old; /* signals are the main thread's */
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &old);
    int err = pthread_create(&l->thread, NULL, run, l);
    pthread_sigmask(SIG_SETMASK, &old, NULL);
    if (err) {
        free(l);
        error_set(e, LUN_SYSTEM, err, true, "thread for a name look-up: %s", strerror(err));
        return NULL;
    }
    list_append(&loop->lookups, &l->siblings);
    return l;
}

void lookup_forget(struct lookup *l)
{
    if (l)
        l->done = NULL;
}

void lookup_end_all(struct lun_loop *loop)
{
    LIST_EACH(&loop->lookups, node)
    {
        struct lookup *l = LIST_OF(node, struct lookup, siblings);
        pthread_join(l->thread, NULL);
        l->joined = true;
    }
    reap(loop); /* the others when their answers are taken from the mailbox */
}
