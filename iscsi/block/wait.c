/* SPDX-License-Identifier: Apache-2.0 */
/* Blocking calls: the asynchronous call and a wait. Any thread but a loop. */
#include <errno.h>
#include <semaphore.h>

#include "base/error.h"
#include "base/list.h"
#include "pool/target.h"

#define STEP (1024u * 1024)

static void wait_for(sem_t *s)
{
    while (sem_wait(s) < 0 && errno == EINTR)
        ;
}

struct waited_call {
    struct lun_call call;
    sem_t done;
};

static void call_done(struct lun_call *call)
{
    struct waited_call *w = LIST_OF(call, struct waited_call, call);
    sem_post(&w->done);
}

static bool finish_call(struct waited_call *w, struct lun_error *e)
{
    wait_for(&w->done);
    sem_destroy(&w->done);
    if (w->call.error.layer == LUN_OK)
        return true;
    if (e)
        *e = w->call.error;
    return false;
}

bool lun_target_open_wait(struct lun_target *t, struct lun_error *e)
{
    struct waited_call w = {.call.done = call_done};
    sem_init(&w.done, 0, 0);
    lun_target_open(t, &w.call);
    return finish_call(&w, e);
}

bool lun_target_close_wait(struct lun_target *t, uint32_t drain_ms, struct lun_error *e)
{
    struct waited_call w = {.call.done = call_done};
    sem_init(&w.done, 0, 0);
    lun_target_close(t, drain_ms, &w.call);
    return finish_call(&w, e);
}

bool lun_manage_wait(struct lun_unit *u, enum lun_management function, struct lun_error *e)
{
    struct waited_call w = {.call.done = call_done};
    sem_init(&w.done, 0, 0);
    lun_manage(u, function, &w.call);
    return finish_call(&w, e);
}

struct waited_io {
    sem_t done;
    void *user; /* the caller's, kept meanwhile */
};

static void io_done(struct lun_io *io)
{
    struct waited_io *w = io->user;
    sem_post(&w->done);
}

bool lun_submit_wait(struct lun_unit *u, struct lun_io *io)
{
    struct waited_io w = {.user = io->user};
    sem_init(&w.done, 0, 0);
    io->done = io_done;
    io->user = &w;
    lun_submit(u, io);
    wait_for(&w.done);
    sem_destroy(&w.done);
    io->user = w.user;
    return io->error.layer == LUN_OK;
}

static ssize_t transfer(struct lun_unit *u, enum lun_op op, void *buffer, size_t n, uint64_t offset,
                        struct lun_error *e)
{
    size_t done = 0;
    while (done < n) {
        size_t step = n - done < STEP ? n - done : STEP;
        struct lun_io io = {
            .op = op, .offset = offset + done, .length = step, .buffer = (char *)buffer + done};
        if (!lun_submit_wait(u, &io)) {
            if (done && op == LUN_OP_WRITE && io.error.layer == LUN_SYSTEM && io.error.code == ENOSPC)
                break; /* the end of the LUN: short, and the next write says so */
            if (e)
                *e = io.error;
            return -1;
        }
        done += io.transferred;
        if (io.transferred < step)
            break;
    }
    return (ssize_t)done;
}

ssize_t lun_pread(struct lun_unit *u, void *buffer, size_t n, uint64_t offset, struct lun_error *e)
{
    return transfer(u, LUN_OP_READ, buffer, n, offset, e);
}

ssize_t lun_pwrite(struct lun_unit *u, const void *buffer, size_t n, uint64_t offset, struct lun_error *e)
{
    return transfer(u, LUN_OP_WRITE, (void *)(uintptr_t)buffer, n, offset, e);
}

bool lun_flush(struct lun_unit *u, struct lun_error *e)
{
    struct lun_io io = {.op = LUN_OP_FLUSH};
    bool ok = lun_submit_wait(u, &io);
    if (!ok && e)
        *e = io.error;
    return ok;
}
