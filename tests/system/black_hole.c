/* SPDX-License-Identifier: Apache-2.0 */
/* A target that takes commands and never answers, with as many of them under way as may be: the target beside
 * it, texts, interrupts and the end of lunfs go their way. It is a fast target that is stopped (SIGSTOP): its
 * kernel acknowledges what comes, nobody reads it. */
#include <criterion/criterion.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "lib/daemon.h"
#include "lib/process.h"
#include "lib/target_fast.h"
#include "lib/workspace.h"

#define DEPTH 1024
#define APART (64u * 1024) /* from one reader's place to the next: readahead of one is not another's */
#define MIXED 255
#define END_MOST 60 /* s; a hang is told from the end by it, shutdown_timeout is far less */

static struct workspace w;
static pid_t dead;

#define must(...) workspace_must(&w, __VA_ARGS__)

static void make(void)
{
    workspace_make(&w);
}

static void unmake(void)
{
    workspace_free(&w);
}

TestSuite(black_hole, .init = make, .fini = unmake, .timeout = 150);

/* Two targets under one mount, $M/healthy and $M/dead, which answers still. Nothing cuts its session. */
static void mount_both(const char *top, const char *of_dead)
{
    target_fast_start(&w, "--size 64M");
    int port = atoi(getenv("PORT"));
    dead = target_fast_start(&w, "--size 64M --window 2048 --name iqn.2026-01.com.example:dead");
    workspace_write(&w, "san.yaml", 0600,
                    "shutdown_timeout: 2s\n%s"
                    "defaults: { nop_interval: never, io_timeout: 10m }\n"
                    "targets:\n"
                    "  - { iqn: \"" TARGET_FAST_IQN "\", name: healthy, portals: [ \"127.0.0.1:%d\" ] }\n"
                    "  - { iqn: \"iqn.2026-01.com.example:dead\", name: dead,"
                    " portals: [ \"127.0.0.1:%s\" ], %s }\n",
                    top, port, getenv("PORT"), of_dead);
    daemon_mount(&w, "$W/san.yaml", "");
    setenv("H", must("echo $M/healthy/lun0/data"), 1);
    setenv("D", must("echo $M/dead/lun0/data"), 1);
}

/* ---- Who waits for the black hole -------------------------------------------------------------------- */

struct waiter {
    pthread_t thread;
    int fd;
    bool write;
    size_t size;
    off_t at;
    int error; /* 0: it was served */
};

static char bytes[APART]; /* of everybody: what is read does not matter */

static void *wait_for_it(void *arg)
{
    struct waiter *i = arg;
    ssize_t n = i->write ? pwrite(i->fd, bytes, i->size, i->at) : pread(i->fd, bytes, i->size, i->at);
    i->error = n < 0 ? errno : 0;
    return NULL;
}

static void nothing(int signal)
{
}

/* The error of all, MIXED, or 0 when one was served. */
static int run_waiters(const char *path, unsigned count, size_t size, bool write)
{
    struct waiter *all = calloc(count, sizeof *all);
    struct sigaction interrupt = {.sa_handler = nothing}; /* without SA_RESTART */
    pthread_attr_t small;
    if (!all || sigaction(SIGUSR1, &interrupt, NULL) != 0 || pthread_attr_init(&small) != 0)
        return 0;
    int fd = open(path, (write ? O_RDWR : O_RDONLY) | O_CLOEXEC);
    if (fd < 0)
        return errno;
    posix_fadvise(fd, 0, 0, POSIX_FADV_RANDOM);
    if (count == 1) { /* who is sent a signal: no thread that waits for another */
        all[0] = (struct waiter){.fd = fd, .write = write, .size = size};
        wait_for_it(&all[0]);
        return all[0].error;
    }
    pthread_attr_setstacksize(&small, 128 * 1024);
    for (unsigned i = 0; i < count; i++) {
        all[i] = (struct waiter){.fd = fd, .write = write, .size = size, .at = (off_t)i * APART};
        if (pthread_create(&all[i].thread, &small, wait_for_it, &all[i]) != 0)
            return 0;
    }
    int error = 0;
    for (unsigned i = 0; i < count; i++) {
        pthread_join(all[i].thread, NULL);
        if (all[i].error == 0)
            return 0;
        error = i == 0 || error == all[i].error ? all[i].error : MIXED;
    }
    return error;
}

/* A process of `count` threads, each of which reads (or writes) once; its exit code is as above. */
static pid_t wait_in_child(unsigned count, size_t size, bool write)
{
    pid_t pid = fork();
    cr_assert_geq(pid, 0, "fork: %m");
    if (pid == 0) {
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        _exit(run_waiters(getenv("D"), count, size, write));
    }
    return pid;
}

static int outstanding(void)
{
    return atoi(must("sed -n 's/^outstanding: //p' $M/dead/lun0/status"));
}

static void await_call(pid_t pid, int number)
{
    while (atoi(must("cut -d ' ' -f 1 /proc/%d/syscall", pid)) != number)
        poll(NULL, 0, 10);
}

static void await_outstanding(int count)
{
    for (int n; (n = outstanding()) != count;)
        cr_assert(n < count && poll(NULL, 0, 10) == 0, "%d outstanding", n);
}

/* All the dead LUN may have is under way, and stays so. */
static pid_t fill(void)
{
    cr_assert_eq(kill(dead, SIGSTOP), 0);
    pid_t pid = wait_in_child(DEPTH, 4096, false);
    await_outstanding(DEPTH);
    cr_assert_str_eq(must("awk '$1 == \"in_flight:\" { print $2 }' $M/dead/sessions"), "1024");
    return pid;
}

/* ---- Everybody else ---------------------------------------------------------------------------------- */

static void check_healthy(void)
{
    must("head -c 16M /dev/urandom >$W/in");
    for (int large = 0; large < 2; large++) {
        must("dd if=$W/in of=$H bs=%s count=%d conv=notrunc,fsync status=none", large ? "1M" : "4k",
             large ? 16 : 256);
        must("dd if=$H bs=%s count=%d status=none | cmp -n %s - $W/in", large ? "1M" : "4k", large ? 16 : 256,
             large ? "16M" : "1M");
    }
}

static void check_tree(void)
{
    must("test $(ls -lR $M | grep -c ' data$') = 2 && stat $M $D $H $M/dead/lun0 >$W/stat");
    must("find $M -type f ! -name data ! -path '*/dead/*/vpd/*' -exec cat {} + >$W/texts");
}

static void check_others(void)
{
    check_healthy();
    check_tree();
    cr_assert_eq(outstanding(), DEPTH);
}

/* SIGTERM ends it, whoever waits. */
static void check_end(void)
{
    int pid = daemon_pid(&w);
    cr_assert_eq(kill(pid, SIGTERM), 0);
    cr_assert(process_gone(pid, END_MOST), "lunfs has not ended");
    cr_assert_eq(workspace_mounts(&w), 0, "a mount is left");
    cr_assert_eq(workspace_processes(&w, "lunfs"), 0, "a lunfs is left");
}

/* ---- Cases ------------------------------------------------------------------------------------------- */

Test(black_hole, beside_1024_direct_reads)
{
    mount_both("", "queue_depth: 1024");
    pid_t readers = fill();
    check_others();
    check_end();
    cr_assert_eq(process_wait(readers, END_MOST), EIO);
}

/* The target does not say what became of ABORT TASK: the reader is answered all the same. */
Test(black_hole, direct_readers_are_interrupted)
{
    mount_both("", "queue_depth: 1024");
    cr_assert_eq(kill(dead, SIGSTOP), 0);
    pid_t under_way = wait_in_child(1, 4096, false);
    await_outstanding(1);
    pid_t readers = wait_in_child(DEPTH - 1, 4096, false);
    await_outstanding(DEPTH);
    pid_t in_line = wait_in_child(1, 4096, false); /* of no command yet */
    await_call(in_line, SYS_pread64);
    cr_assert_eq(kill(under_way, SIGUSR1), 0);
    cr_assert_eq(process_wait(under_way, END_MOST), EINTR);
    cr_assert_eq(kill(in_line, SIGUSR1), 0);
    cr_assert_eq(process_wait(in_line, END_MOST), EINTR);
    check_healthy();
    check_tree();
    check_end();
    cr_assert_eq(process_wait(readers, END_MOST), EIO);
}

/* A reader through the page cache waits for a page, which only a deadly signal ends. Who opens the LUN waits
 * for such readers, and any signal ends that. */
Test(black_hole, beside_1024_cached_reads)
{
    mount_both("", "queue_depth: 1024, cache: cached");
    pid_t readers = fill();
    check_others();
    pid_t opener = wait_in_child(1, 4096, false);
    await_call(opener, SYS_openat);
    cr_assert_eq(kill(opener, SIGUSR1), 0);
    cr_assert_eq(process_wait(opener, END_MOST), EINTR);
    cr_assert_eq(kill(readers, SIGKILL), 0);
    cr_assert_eq(process_wait(readers, END_MOST), 128 + SIGKILL);
    check_others();
    check_end();
}

Test(black_hole, cached_readers_end_with_lunfs)
{
    mount_both("", "queue_depth: 1024, cache: cached");
    pid_t readers = fill();
    pid_t opener = wait_in_child(1, 4096, false);
    await_call(opener, SYS_openat);
    check_end();
    cr_assert_neq(process_wait(readers, END_MOST), 0, "somebody was served");
    cr_assert_neq(process_wait(opener, END_MOST), 0, "somebody was served");
}

static long resident(void)
{
    return atol(must("sed -n 's/^VmRSS:[^0-9]*\\([0-9]*\\) kB$/\\1/p' /proc/%d/status", daemon_pid(&w)));
}

/* What writers hold stays within memory_limit: the oldest of those that get nowhere fail. The target confirms
 * no abort, so their memory is not free before its session is lost. */
Test(black_hole, beside_writers_over_the_memory_limit)
{
    daemon_program(getenv("COUNTED_LUNFS")); /* a sanitizer's memory is not what is asked */
    mount_both("memory_limit: 32MiB\n", "queue_depth: 1024");
    cr_assert_eq(kill(dead, SIGSTOP), 0);
    pid_t writers[3];
    for (int i = 0; i < 3; i++) {
        writers[i] = wait_in_child(256, APART, true);
        while (!process_gone(writers[i], 0) &&
               atoi(must("cut -d ' ' -f 1 /proc/%d/syscall 2>&- || :", writers[i])) != SYS_futex)
            poll(NULL, 0, 10);
    }
    for (int i = 0; i < 4; i++) {
        check_healthy();
        must("seq 0 15 | xargs -P 16 -I{} dd if=$W/in of=$H bs=1M skip={} seek={} count=1 conv=notrunc"
             " status=none && cmp -n 16M $H $W/in");
        cr_assert_leq(resident(), (32 + 16) * 1024, "%ld KiB resident", resident());
    }
    check_tree();
    check_end();
    for (int i = 0; i < 3; i++)
        cr_assert_eq(process_wait(writers[i], END_MOST), EIO);
}
