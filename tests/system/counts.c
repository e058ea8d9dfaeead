/* SPDX-License-Identifier: Apache-2.0 */
/* The fast path's contract, counted and not timed: what a mount does for each read and write in the steady
 * state, and when nobody asks anything of it. Kernel, libfuse and target are real; lib/count.h says how calls
 * are counted. */
#include <criterion/criterion.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lib/count.h"
#include "lib/daemon.h"
#include "lib/queue.h"
#include "lib/target_fast.h"
#include "lib/workspace.h"

/* Nothing but the I/O may wake the daemon, and it does not look for events before it sleeps. */
#define QUIET "-o nop_interval=never,poll=never,cache=direct"
/* What timers of seconds may add to any number of operations. */
#define TIMER_CALLS 40
#define KIB 1024u
#define MIB (1024u * 1024)

static struct workspace w;

static void make(void)
{
    workspace_make(&w);
    count_prepare(&w);
}

static void unmake(void)
{
    workspace_free(&w);
}

TestSuite(counts, .init = make, .fini = unmake, .timeout = 90);

static int open_lun(unsigned lun)
{
    char path[256];
    snprintf(path, sizeof path, "%s/lun%u/data", getenv("T"), lun);
    return queue_open(path);
}

/* ---- one job ----------------------------------------------------------------------------------------- */

/* The kernel's own counts: of reads and readvs, of writes and writevs; sockets' calls are not among them. No
 * other program may be asked: when it starts it closes our files, and each close is a request. */
struct kernel_counts {
    unsigned long long reads, writes;
};

static struct kernel_counts kernel_counts(int pid)
{
    struct kernel_counts k = {0};
    char line[256];
    snprintf(line, sizeof line, "/proc/%d/io", pid);
    FILE *f = fopen(line, "re");
    cr_assert_not_null(f);
    while (fgets(line, sizeof line, f)) {
        sscanf(line, "syscr: %llu", &k.reads);
        sscanf(line, "syscw: %llu", &k.writes);
    }
    fclose(f);
    return k;
}

static void check_kernel_agrees(const struct counts *c, struct kernel_counts before,
                                struct kernel_counts after)
{
    cr_assert_eq(after.reads - before.reads, c->calls[COUNT_read] + c->calls[COUNT_readv],
                 "the kernel counts %llu reads; %s", after.reads - before.reads, count_text(c));
    cr_assert_eq(after.writes - before.writes, c->calls[COUNT_write] + c->calls[COUNT_writev],
                 "the kernel counts %llu writes; %s", after.writes - before.writes, count_text(c));
}

/* The pattern is there afterwards, and every pool has what it needs at this depth. */
static void warm_up(const struct queue_job *j)
{
    struct queue_job all = *j;
    all.operations = (unsigned)(j->span / j->size) * j->file_count;
    all.write = true;
    queue_run(&all);
    all.write = j->write;
    queue_run(&all);
}

static struct counts count_job(const struct queue_job *j)
{
    int pid = daemon_pid(&w);
    warm_up(j);
    struct counts before = count_now();
    struct kernel_counts kernel = kernel_counts(pid);
    queue_run(j);
    struct counts after = count_now(), c = count_between(&before, &after);
    check_kernel_agrees(&c, kernel, kernel_counts(pid));
    return c;
}

/* No allocation of ours, no lock, no copy of a payload. That libfuse's are seen shows that ours would be. */
static void check_contract(const struct counts *c, const struct queue_job *j)
{
    cr_assert_geq(c->allocations[COUNT_LIBFUSE], j->operations, "%s", count_text(c));
    cr_assert_geq(c->locks[COUNT_LIBFUSE], j->operations, "%s", count_text(c));
    cr_assert_eq(c->allocations[COUNT_OURS], 0, "we allocate: %s", count_text(c));
    cr_assert_eq(c->locks[COUNT_OURS], 0, "we lock: %s", count_text(c));
    cr_assert_eq(c->copies[COUNT_OURS] + c->copies[COUNT_LIBFUSE], 0, "payload is copied: %s", count_text(c));
    cr_assert_eq(c->calls[COUNT_mmap] + c->calls[COUNT_munmap] + c->calls[COUNT_madvise], 0, "%s",
                 count_text(c));
    cr_assert_eq(c->calls[COUNT_writev], j->operations, "an answer each: %s", count_text(c));
}

static void check_calls(const struct counts *c, const struct queue_job *j, double most)
{
    cr_assert_leq((double)count_calls(c), most * j->operations + TIMER_CALLS,
                  "%.3f system calls each, more than %.1f: %s", (double)count_calls(c) / j->operations, most,
                  count_text(c));
}

/* `most`: system calls an operation; 0: as many as the socket's buffers make of a large one. */
static void check_job(bool write, unsigned size, unsigned depth, unsigned operations, double most)
{
    target_fast_start(&w, "--size 64M");
    daemon_mount(&w, "$URL", QUIET);
    int fd = open_lun(0);
    struct queue_job j = {.files = &fd,
                          .file_count = 1,
                          .depth = depth,
                          .operations = operations,
                          .size = size,
                          .span = size < MIB ? 8 * MIB : 32 * MIB,
                          .write = write};
    struct counts c = count_job(&j);
    check_contract(&c, &j);
    if (most > 0)
        check_calls(&c, &j, most);
    close(fd);
    daemon_unmount(&w);
}

/* Wait, take the request, send the command; wait, receive the answer, reply. */
Test(counts, reads_of_4_kib_one_at_a_time)
{
    check_job(false, 4 * KIB, 1, 4096, 6);
}

Test(counts, writes_of_4_kib_one_at_a_time)
{
    check_job(true, 4 * KIB, 1, 4096, 6);
}

Test(counts, reads_of_4_kib_32_at_a_time)
{
    check_job(false, 4 * KIB, 32, 8192, 3.5);
}

Test(counts, writes_of_4_kib_32_at_a_time)
{
    check_job(true, 4 * KIB, 32, 8192, 3.5);
}

Test(counts, reads_of_1_mib_one_at_a_time)
{
    check_job(false, MIB, 1, 128, 0);
}

Test(counts, writes_of_1_mib_one_at_a_time)
{
    check_job(true, MIB, 1, 128, 0);
}

Test(counts, reads_of_1_mib_32_at_a_time)
{
    check_job(false, MIB, 32, 256, 0);
}

Test(counts, writes_of_1_mib_32_at_a_time)
{
    check_job(true, MIB, 32, 256, 0);
}

/* One that must be copied, since its ends are merged with what is there: so it is seen. */
Test(counts, a_copy_counts)
{
    static uint8_t bytes[16 * KIB];
    target_fast_start(&w, "--size 8M");
    daemon_mount(&w, "$URL", QUIET);
    int fd = open(workspace_must(&w, "echo $T/lun0/data"), O_RDWR | O_CLOEXEC);
    struct counts before = count_now();
    cr_assert_eq(pwrite(fd, bytes, sizeof bytes, 100), (ssize_t)sizeof bytes);
    struct counts after = count_now(), c = count_between(&before, &after);
    cr_assert_geq(c.copies[COUNT_OURS], 1, "%s", count_text(&c));
    close(fd);
    daemon_unmount(&w);
}

/* ---- growth ------------------------------------------------------------------------------------------ */

/* 32 at a time over so many LUNs and sessions cost what they cost on one. */
static void check_spread(bool write, unsigned luns, unsigned sessions)
{
    char options[128];
    static int files[1000];
    snprintf(options, sizeof options, "--size 256K --apart --luns %u", luns);
    target_fast_start(&w, options);
    snprintf(options, sizeof options, QUIET ",sessions=%u", sessions);
    daemon_mount(&w, "$URL", options);
    for (unsigned i = 0; i < luns; i++)
        files[i] = open_lun(i);
    struct queue_job j = {.files = files,
                          .file_count = luns,
                          .depth = 32,
                          .operations = 8000,
                          .size = 4 * KIB,
                          .span = 32 * KIB,
                          .write = write};
    struct counts c = count_job(&j);
    check_contract(&c, &j);
    check_calls(&c, &j, 3.5);
    for (unsigned i = 0; i < luns; i++)
        close(files[i]);
    daemon_unmount(&w);
}

Test(counts, reads_over_1000_luns)
{
    check_spread(false, 1000, 1);
}

Test(counts, writes_over_1000_luns)
{
    check_spread(true, 1000, 1);
}

Test(counts, reads_over_64_sessions)
{
    check_spread(false, 8, 64);
}

Test(counts, writes_over_64_sessions)
{
    check_spread(true, 8, 64);
}

/* ---- rest -------------------------------------------------------------------------------------------- */

/* After some work: timers of what has ended, and stock that is given back, come to an end too. */
Test(counts, an_idle_daemon_sleeps_for_good)
{
    target_fast_start(&w, "--size 64M --luns 4");
    daemon_mount(&w, "$URL", QUIET ",io_timeout=5s,sessions=4");
    int fd = open_lun(3);
    struct queue_job j = {.files = &fd,
                          .file_count = 1,
                          .depth = 8,
                          .operations = 64,
                          .size = MIB,
                          .span = 32 * MIB,
                          .write = true};
    queue_run(&j);
    /* One at a time, until nobody looks for a second request any more. */
    j = (struct queue_job){
        .files = &fd, .file_count = 1, .depth = 1, .operations = 64, .size = 4 * KIB, .span = MIB};
    queue_run(&j);
    count_await_rest(daemon_pid(&w));
    /* What comes between two events is theirs: a read's six calls, and its deadline. */
    j.operations = 1;
    struct counts before = count_now();
    queue_run(&j);
    struct counts after = count_now(), c = count_between(&before, &after);
    cr_assert_leq(c.calls[COUNT_epoll_wait], 2, "%s", count_text(&c));
    cr_assert_leq(count_calls(&c), 7, "%s", count_text(&c));
    close(fd);
    daemon_unmount(&w);
}

/* The timer, and the answer: two wake-ups each. */
Test(counts, an_idle_daemon_wakes_for_keepalives)
{
    enum { PINGS = 20, SLACK = 12 /* what the start has left to a timer or two */ };
    target_fast_start(&w, "--size 8M");
    daemon_mount(&w, "$URL", "-o nop_interval=100ms,poll=never,cache=direct");
    struct counts before = count_now(), c = {0};
    for (int i = 0; c.calls[COUNT_sendmsg] < PINGS; i++) {
        cr_assert(i < 60000 && poll(NULL, 0, 1) == 0, "no keepalives: %s", count_text(&c));
        struct counts now = count_now();
        c = count_between(&before, &now);
    }
    uint64_t pings = c.calls[COUNT_sendmsg];
    cr_assert_leq(c.calls[COUNT_epoll_wait], 2 * pings + SLACK, "%s", count_text(&c));
    cr_assert_leq(c.calls[COUNT_recv], pings + SLACK, "%s", count_text(&c));
    cr_assert_leq(count_calls(&c), 7 * pings + 3 * SLACK, "%s", count_text(&c));
    daemon_unmount(&w);
}
