/* SPDX-License-Identifier: Apache-2.0 */
/*
 * syncfs and umount, which wait for requests that the loop must answer: never from a loop, and not from the
 * main thread either, which has a deadline to keep. fuse_session_unmount is not used: it closes the
 * descriptor first, and dirty pages would be lost.
 */
#include "leave.h"

#include <errno.h>
#include <fcntl.h>
#include <spawn.h>
#include <stdlib.h>
#include <sys/mount.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define RETRY_MS 50

extern char **environ;

struct leave {
    const char *mountpoint;
    struct mountinfo where;
    pthread_t thread;
    pthread_mutex_t lock;
    pthread_cond_t changed;
    bool finished, abandoned; /* guarded by lock */
};

/* Somebody may have unmounted it, or mounted something else over it. */
static bool still_there(const char *mountpoint, const struct mountinfo *where)
{
    struct mountinfo now;
    if (!*where->type) /* mounted this moment, and then the list could not be read */
        return true;
    return mountinfo_at(mountpoint, &now) && now.major == where->major && now.minor == where->minor;
}

/* For users who may not umount(2). */
static int fusermount(const char *mountpoint, bool lazy)
{
    char name[] = "fusermount3", option[] = "-uq", lazy_option[] = "-uqz", end[] = "--";
    char *const argv[] = {name, lazy ? lazy_option : option, end, (char *)(uintptr_t)mountpoint, NULL};
    pid_t pid;
    int status;
    if (posix_spawnp(&pid, name, NULL, NULL, argv, environ) != 0)
        return EPERM;
    while (waitpid(pid, &status, 0) < 0) {
        if (errno != EINTR)
            return EPERM;
    }
    return WIFEXITED(status) && WEXITSTATUS(status) == 0 ? 0 : EBUSY;
}

static int unmount(const char *mountpoint, bool lazy)
{
    if (umount2(mountpoint, UMOUNT_NOFOLLOW | (lazy ? MNT_DETACH : 0)) == 0)
        return 0;
    return errno == EPERM ? fusermount(mountpoint, lazy) : errno;
}

void leave_detach(const struct mount *m)
{
    if (still_there(m->mountpoint, &m->where))
        unmount(m->mountpoint, true);
}

static void write_back(const struct leave *l)
{
    int fd = open(l->mountpoint, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0)
        return;
    syncfs(fd);
    close(fd);
}

/* Waits RETRY_MS; true when given up meanwhile. */
static bool abandoned(struct leave *l, long wait_ms)
{
    struct timespec until;
    clock_gettime(CLOCK_REALTIME, &until);
    until.tv_nsec += wait_ms * 1000000;
    until.tv_sec += until.tv_nsec / 1000000000;
    until.tv_nsec %= 1000000000;
    pthread_mutex_lock(&l->lock);
    while (!l->abandoned && wait_ms) {
        if (pthread_cond_timedwait(&l->changed, &l->lock, &until) == ETIMEDOUT)
            break;
    }
    bool result = l->abandoned;
    pthread_mutex_unlock(&l->lock);
    return result;
}

static void *run(void *arg)
{
    struct leave *l = arg;
    write_back(l);
    if (!abandoned(l, 0)) {
        while (still_there(l->mountpoint, &l->where) && unmount(l->mountpoint, false) == EBUSY) {
            if (abandoned(l, RETRY_MS))
                break;
        }
    }
    pthread_mutex_lock(&l->lock);
    l->finished = true;
    pthread_cond_broadcast(&l->changed);
    pthread_mutex_unlock(&l->lock);
    return NULL;
}

static void wait_for(struct leave *l, uint32_t timeout_ms)
{
    struct timespec until;
    clock_gettime(CLOCK_REALTIME, &until);
    until.tv_sec += timeout_ms / 1000;
    until.tv_nsec += (long)(timeout_ms % 1000) * 1000000;
    until.tv_sec += until.tv_nsec / 1000000000;
    until.tv_nsec %= 1000000000;
    pthread_mutex_lock(&l->lock);
    while (!l->finished) {
        if (pthread_cond_timedwait(&l->changed, &l->lock, &until) == ETIMEDOUT)
            break;
    }
    l->abandoned = true;
    pthread_cond_broadcast(&l->changed);
    pthread_mutex_unlock(&l->lock);
}

struct leave *leave_start(struct mount *m, uint32_t timeout_ms)
{
    struct leave *l = calloc(1, sizeof *l);
    if (!l) {
        leave_detach(m);
        return NULL;
    }
    l->mountpoint = m->mountpoint;
    l->where = m->where;
    pthread_mutex_init(&l->lock, NULL);
    pthread_cond_init(&l->changed, NULL);
    if (pthread_create(&l->thread, NULL, run, l) != 0) {
        free(l);
        leave_detach(m);
        return NULL;
    }
    wait_for(l, timeout_ms);
    leave_detach(m); /* nothing to do when it went well */
    return l;
}

void leave_join(struct leave *l)
{
    if (!l)
        return;
    pthread_join(l->thread, NULL);
    pthread_mutex_destroy(&l->lock);
    pthread_cond_destroy(&l->changed);
    free(l);
}
