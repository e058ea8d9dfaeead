/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Loaded into lunfs in front of libc (LD_PRELOAD): counts what count.h names, then does it. Any thread. Built
 * without sanitizers, as the lunfs it is loaded into: theirs must come first and would hide what is called.
 */
#include "count.h"

#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <link.h>
#include <poll.h>
#include <pthread.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

#define EXPORT __attribute__((visibility("default")))

static struct counts before_start, *counts = &before_start;
static uintptr_t libfuse_start, libfuse_end;

static void add(_Atomic uint64_t *count)
{
    atomic_fetch_add_explicit(count, 1, memory_order_relaxed);
}

static enum count_caller caller(const void *return_address)
{
    uintptr_t at = (uintptr_t)return_address;
    return at >= libfuse_start && at < libfuse_end ? COUNT_LIBFUSE : COUNT_OURS;
}

#define CALLER caller(__builtin_return_address(0))

/* ---- the start --------------------------------------------------------------------------------------- */

static int find_libfuse(struct dl_phdr_info *info, size_t size, void *arg)
{
    if (!strstr(info->dlpi_name, "/libfuse3."))
        return 0;
    for (int i = 0; i < info->dlpi_phnum; i++) {
        const ElfW(Phdr) *p = &info->dlpi_phdr[i];
        if (p->p_type != PT_LOAD || !(p->p_flags & PF_X))
            continue;
        libfuse_start = info->dlpi_addr + p->p_vaddr;
        libfuse_end = libfuse_start + p->p_memsz;
    }
    return 1;
}

__attribute__((constructor)) static void start(void)
{
    dl_iterate_phdr(find_libfuse, NULL);
    const char *path = getenv(COUNT_FILE);
    int fd = path ? open(path, O_RDWR | O_CLOEXEC) : -1;
    if (fd < 0)
        return;
    void *map = mmap(NULL, sizeof *counts, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    close(fd);
    if (map != MAP_FAILED)
        counts = map;
}

/* ---- memory: libc exports its own functions under a second name, so that nothing has to be looked up -- */

void *__libc_malloc(size_t n);
void *__libc_calloc(size_t n, size_t size);
void *__libc_realloc(void *p, size_t n);
void *__libc_memalign(size_t alignment, size_t n);

EXPORT void *malloc(size_t n)
{
    add(&counts->allocations[CALLER]);
    return __libc_malloc(n);
}

EXPORT void *calloc(size_t n, size_t size)
{
    add(&counts->allocations[CALLER]);
    return __libc_calloc(n, size);
}

EXPORT void *realloc(void *p, size_t n)
{
    add(&counts->allocations[CALLER]);
    return __libc_realloc(p, n);
}

EXPORT void *aligned_alloc(size_t alignment, size_t n)
{
    add(&counts->allocations[CALLER]);
    return __libc_memalign(alignment, n);
}

EXPORT int posix_memalign(void **ret, size_t alignment, size_t n)
{
    add(&counts->allocations[CALLER]);
    *ret = __libc_memalign(alignment, n);
    return *ret ? 0 : ENOMEM;
}

/* ---- everything else: the next one of the name ------------------------------------------------------- */

/* Race-free: whoever is second finds the same. */
static void *next(_Atomic(void *) *kept, const char *name)
{
    void *f = atomic_load_explicit(kept, memory_order_relaxed);
    if (!f) {
        f = dlsym(RTLD_NEXT, name);
        atomic_store_explicit(kept, f, memory_order_relaxed);
    }
    return f;
}

/* libc's own calls do not come by here, so dlsym may be asked from inside. */
#define REAL(type, parameters, name)                                                                         \
    static _Atomic(void *) kept;                                                                             \
    type(*real) parameters = (type(*) parameters)next(&kept, name)

#define COPY(name)                                                                                           \
    EXPORT void *name(void *to, const void *from, size_t n)                                                  \
    {                                                                                                        \
        REAL(void *, (void *, const void *, size_t), #name);                                                 \
        if (n >= COUNT_LONG)                                                                                 \
            add(&counts->copies[CALLER]);                                                                    \
        return real(to, from, n);                                                                            \
    }
COPY(memcpy)
COPY(memmove)
COPY(mempcpy)

#define LOCK(name, type)                                                                                     \
    EXPORT int name(type *lock)                                                                              \
    {                                                                                                        \
        REAL(int, (type *), #name);                                                                          \
        add(&counts->locks[CALLER]);                                                                         \
        return real(lock);                                                                                   \
    }
LOCK(pthread_mutex_lock, pthread_mutex_t)
LOCK(pthread_mutex_trylock, pthread_mutex_t)
LOCK(pthread_rwlock_rdlock, pthread_rwlock_t)
LOCK(pthread_rwlock_wrlock, pthread_rwlock_t)

/* SYSTEM(symbol, count, type, (parameters), (arguments)): the symbol, where large file offsets have given the
 * call a second name. */
#define SYSTEM(symbol, count, type, parameters, arguments)                                                   \
    EXPORT type count_##symbol parameters __asm__(#symbol);                                                  \
    EXPORT type count_##symbol parameters                                                                    \
    {                                                                                                        \
        REAL(type, parameters, #symbol);                                                                     \
        add(&counts->calls[COUNT_##count]);                                                                  \
        return real arguments;                                                                               \
    }

SYSTEM(read, read, ssize_t, (int fd, void *p, size_t n), (fd, p, n))
SYSTEM(readv, readv, ssize_t, (int fd, const struct iovec *v, int n), (fd, v, n))
SYSTEM(write, write, ssize_t, (int fd, const void *p, size_t n), (fd, p, n))
SYSTEM(writev, writev, ssize_t, (int fd, const struct iovec *v, int n), (fd, v, n))
SYSTEM(eventfd_read, read, int, (int fd, uint64_t *ret), (fd, ret))
SYSTEM(eventfd_write, write, int, (int fd, uint64_t value), (fd, value))
SYSTEM(recv, recv, ssize_t, (int fd, void *p, size_t n, int flags), (fd, p, n, flags))
SYSTEM(recvmsg, recvmsg, ssize_t, (int fd, struct msghdr *m, int flags), (fd, m, flags))
SYSTEM(send, send, ssize_t, (int fd, const void *p, size_t n, int flags), (fd, p, n, flags))
SYSTEM(sendmsg, sendmsg, ssize_t, (int fd, const struct msghdr *m, int flags), (fd, m, flags))
SYSTEM(epoll_ctl, epoll_ctl, int, (int fd, int op, int what, struct epoll_event *e), (fd, op, what, e))
SYSTEM(timerfd_settime, timerfd_settime, int,
       (int fd, int flags, const struct itimerspec *to, struct itimerspec *ret), (fd, flags, to, ret))
SYSTEM(sched_yield, sched_yield, int, (void), ())
SYSTEM(mmap64, mmap, void *, (void *at, size_t n, int prot, int flags, int fd, int64_t offset),
       (at, n, prot, flags, fd, offset))
SYSTEM(munmap, munmap, int, (void *at, size_t n), (at, n))
SYSTEM(madvise, madvise, int, (void *at, size_t n, int advice), (at, n, advice))
SYSTEM(splice, splice, ssize_t, (int in, void *at, int out, void *to, size_t n, unsigned flags),
       (in, at, out, to, n, flags))
SYSTEM(ioctl, ioctl, int, (int fd, unsigned long request, void *arg), (fd, request, arg))
SYSTEM(fcntl64, fcntl, int, (int fd, int command, void *arg), (fd, command, arg))
SYSTEM(open64, open, int, (const char *path, int flags, unsigned mode), (path, flags, mode))
SYSTEM(close, close, int, (int fd), (fd))
SYSTEM(setsockopt, setsockopt, int, (int fd, int level, int name, const void *p, socklen_t n),
       (fd, level, name, p, n))
SYSTEM(getsockopt, getsockopt, int, (int fd, int level, int name, void *p, socklen_t *n),
       (fd, level, name, p, n))

/* Waiting for events: for as long as it takes, or up to a time. */
static _Atomic uint32_t *begin_wait(enum count_call call, int timeout)
{
    add(&counts->calls[call]);
    _Atomic uint32_t *waiting = timeout < 0 ? &counts->asleep : &counts->dozing;
    if (timeout)
        atomic_fetch_add(waiting, 1);
    return timeout ? waiting : NULL;
}

static void end_wait(_Atomic uint32_t *waiting)
{
    if (waiting)
        atomic_fetch_sub(waiting, 1);
}

EXPORT int epoll_wait(int fd, struct epoll_event *events, int room, int timeout)
{
    REAL(int, (int, struct epoll_event *, int, int), "epoll_wait");
    _Atomic uint32_t *waiting = begin_wait(COUNT_epoll_wait, timeout);
    int n = real(fd, events, room, timeout);
    end_wait(waiting);
    return n;
}

/* Without end it is the main thread's, which is no loop: its rest says nothing. */
EXPORT int poll(struct pollfd *fds, nfds_t n, int timeout)
{
    REAL(int, (struct pollfd *, nfds_t, int), "poll");
    _Atomic uint32_t *waiting = timeout < 0 ? NULL : begin_wait(COUNT_poll, timeout);
    if (timeout < 0)
        add(&counts->calls[COUNT_poll]);
    int ready = real(fds, n, timeout);
    end_wait(waiting);
    return ready;
}

EXPORT int nanosleep(const struct timespec *t, struct timespec *left)
{
    REAL(int, (const struct timespec *, struct timespec *), "nanosleep");
    _Atomic uint32_t *waiting = begin_wait(COUNT_nanosleep, 1);
    int failed = real(t, left);
    end_wait(waiting);
    return failed;
}
