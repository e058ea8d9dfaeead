/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a lunfs does, counted call by call: its allocations, its locks, its long copies, its system calls.
 * count_shim.c is loaded into it in front of libc and counts in a file that the test maps too. lunfs and
 * libfuse make every system call through libc, so that none escapes but those that libc makes for itself.
 */
#ifndef TESTS_COUNT_H
#define TESTS_COUNT_H

#include <stdatomic.h>
#include <stdint.h>

struct workspace;

#define COUNT_FILE "LUNFS_COUNT_FILE" /* in the environment: where the counts go */
#define COUNT_LONG 4096               /* bytes from which a copy counts */

/* System calls. Their kernel's own counts of reads and writes (/proc/PID/io) follow from these. */
#define COUNT_CALLS(X)                                                                                       \
    X(epoll_wait)                                                                                            \
    X(read)                                                                                                  \
    X(readv)                                                                                                 \
    X(write)                                                                                                 \
    X(writev)                                                                                                \
    X(recv)                                                                                                  \
    X(recvmsg)                                                                                               \
    X(send)                                                                                                  \
    X(sendmsg)                                                                                               \
    X(epoll_ctl)                                                                                             \
    X(timerfd_settime)                                                                                       \
    X(poll)                                                                                                  \
    X(nanosleep)                                                                                             \
    X(sched_yield)                                                                                           \
    X(mmap)                                                                                                  \
    X(munmap)                                                                                                \
    X(madvise)                                                                                               \
    X(splice)                                                                                                \
    X(ioctl)                                                                                                 \
    X(fcntl)                                                                                                 \
    X(open)                                                                                                  \
    X(close)                                                                                                 \
    X(setsockopt)                                                                                            \
    X(getsockopt)

enum count_call {
#define COUNT_ENUM(name) COUNT_##name,
    COUNT_CALLS(COUNT_ENUM)
#undef COUNT_ENUM
        COUNT_CALL_KINDS
};

/* Who called: libfuse is told apart, everybody else is us. */
enum count_caller { COUNT_OURS, COUNT_LIBFUSE, COUNT_CALLERS };

struct counts {
    _Atomic uint64_t allocations[COUNT_CALLERS]; /* malloc and its kin */
    _Atomic uint64_t locks[COUNT_CALLERS];       /* mutexes and reader-writer locks taken */
    _Atomic uint64_t copies[COUNT_CALLERS];      /* memcpy and memmove of COUNT_LONG bytes or more */
    _Atomic uint64_t calls[COUNT_CALL_KINDS];
    _Atomic uint32_t asleep; /* threads in an epoll_wait without a time to wake up: loops at rest */
    _Atomic uint32_t dozing; /* threads in an epoll_wait, a poll or a nanosleep that ends by itself */
};

/* Has daemon_mount load the shim; maps the file. Once a test. */
void count_prepare(struct workspace *w);
/* Waits until the one loop waits for events, and tells all counts so far. */
struct counts count_now(void);
/* What was counted between the two. */
struct counts count_between(const struct counts *before, const struct counts *after);
/* Waits until nothing but an event from outside can wake the daemon: no thread waits for a time, and no
 * timerfd is set. */
void count_await_rest(int pid);
uint64_t count_calls(const struct counts *c); /* of all kinds */
/* "epoll_wait 2000, read 1000, ...", and the other counts. */
const char *count_text(const struct counts *c);

#endif
