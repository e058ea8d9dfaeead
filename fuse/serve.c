/* SPDX-License-Identifier: Apache-2.0 */
/* The FUSE descriptor in the loop: receives requests into buffers of the loop's stock and hands them to
 * libfuse, which calls ops.c. Runs in the mount's loop. */
#include "serve.h"

#include <errno.h>
#include <linux/fuse.h>
#include <unistd.h>

#include "state.h"

/* Requests taken in one turn, so that the sockets in the same loop get theirs. */
#define BUDGET 32
#define PAUSE_TICK_MS 100

/* Unwatching from inside the callback is not asked of the loop: a message does it. */
static void unwatch_soon(struct mount *m)
{
    if (!m->unwatch_posted)
        lun_loop_post(m->loop, &m->unwatch);
    m->unwatch_posted = true;
}

/* The kernel has let go. */
static void ended(struct mount *m)
{
    if (atomic_exchange(&m->ended, true))
        return;
    unwatch_soon(m);
    uint64_t one = 1;
    ssize_t n = write(m->gone_fd, &one, sizeof one);
    (void)n;
    pthread_mutex_lock(&m->lock);
    pthread_cond_broadcast(&m->changed);
    pthread_mutex_unlock(&m->lock);
}

static void handle_one(struct mount *m)
{
    m->buffer_taken = false;
    const struct fuse_in_header *in = m->buffer.mem;
    m->unique = in->unique;
    bool init = in->opcode == FUSE_INIT;
    fuse_session_process_buf(m->session, &m->buffer);
    if (fuse_session_exited(m->session))
        ended(m);
    if (init) {
        pthread_mutex_lock(&m->lock);
        m->initialised = !fuse_session_exited(m->session); /* libfuse ends the session of a bad INIT */
        pthread_cond_broadcast(&m->changed);
        pthread_mutex_unlock(&m->lock);
    }
}

/* How many requests a turn asks for: a read that finds nothing is a system call wasted, so it follows what
 * came of late. While one request is under way and no other, nobody looks for a second: at depth 1 there is
 * none. Else every eighth turn does. */
static void expect_fewer(struct mount *m, int came)
{
    m->expected = came > m->expected / 2 ? came : m->expected / 2;
    if (m->expected < 1)
        m->expected = 1;
    m->met = 0;
}

static void expect_more(struct mount *m)
{
    if (m->expected == 1 && m->requests.busy == 1)
        return;
    if (++m->met < (m->expected == 1 ? 8 : 1))
        return;
    m->expected = 2 * m->expected < BUDGET ? 2 * m->expected : BUDGET;
    m->met = 0;
}

static bool ready(void *arg)
{
    struct mount *m = arg;
    request_collect(&m->requests);
    for (int i = 0; i < m->expected; i++) {
        if (m->paused || atomic_load(&m->ended))
            return false;
        int n = fuse_session_receive_buf(m->session, &m->buffer);
        if (n == -EAGAIN || n == -EINTR) {
            expect_fewer(m, i);
            return false;
        }
        if (n <= 0) {
            ended(m);
            return false;
        }
        handle_one(m);
    }
    expect_more(m);
    return false; /* the descriptor is level-triggered: what is left is told again */
}

static void unwatch(struct lun_message *message)
{
    struct mount *m = (struct mount *)(void *)((char *)message - offsetof(struct mount, unwatch));
    m->unwatch_posted = false;
    if (m->watching && (m->paused || atomic_load(&m->ended))) {
        lun_loop_unwatch(m->loop, m->descriptor);
        m->watching = false;
    }
}

static void still_paused(struct lun_timer *timer)
{
    struct mount *m = (struct mount *)(void *)((char *)timer - offsetof(struct mount, pause_timer));
    if (!m->paused)
        return;
    m->paused = false;
    request_relieve(&m->requests);
    if (m->paused)
        return;
    m->paused = true;
    serve_resume(m);
}

bool serve_start(struct mount *m, struct lun_error *e)
{
    m->expected = 1;
    m->unwatch.fn = unwatch;
    m->pause_timer.fn = still_paused;
    if (!m->buffer.mem)
        m->buffer.mem = lun_buffer_get(m->loop);
    if (!m->buffer.mem)
        return state_error(e, LUN_SYSTEM, ENOMEM, "%s: out of memory", m->mountpoint);
    m->watching = lun_loop_watch(m->loop, m->descriptor, ready, m, e);
    return m->watching;
}

void serve_stop(struct mount *m)
{
    lun_timer_disarm(m->loop, &m->pause_timer);
    if (m->watching)
        lun_loop_unwatch(m->loop, m->descriptor);
    m->watching = m->paused = false;
    lun_buffer_put(m->loop, m->buffer.mem);
    m->buffer.mem = NULL;
}

void *serve_take_buffer(struct mount *m)
{
    void *other = m->buffer_taken ? NULL : lun_buffer_get(m->loop);
    if (!other)
        return NULL;
    void *taken = m->buffer.mem;
    m->buffer.mem = other;
    m->buffer_taken = true;
    return taken;
}

void serve_pause(struct mount *m)
{
    if (m->paused)
        return;
    m->paused = true;
    atomic_store(&m->requests.wake, true);
    unwatch_soon(m);
    lun_timer_arm(m->loop, &m->pause_timer, PAUSE_TICK_MS);
}

void serve_resume(struct mount *m)
{
    m->paused = false;
    atomic_store(&m->requests.wake, false);
    lun_timer_disarm(m->loop, &m->pause_timer);
    if (!m->watching && !atomic_load(&m->ended))
        m->watching = lun_loop_watch(m->loop, m->descriptor, ready, m, NULL);
}
