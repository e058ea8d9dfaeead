/* SPDX-License-Identifier: Apache-2.0 */
/* Many LUNs, many sessions: what they need of memory, threads and descriptors, and whose bytes are whose. */
#include <criterion/criterion.h>
#include <dirent.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lib/daemon.h"
#include "lib/queue.h"
#include "lib/target_fast.h"
#include "lib/workspace.h"

#define KIB 1024u
#define MIB (1024u * 1024)
#define FILES_MOST 256

static struct workspace w;

static void make(void)
{
    workspace_make(&w);
}

static void unmake(void)
{
    workspace_free(&w);
}

TestSuite(scale, .init = make, .fini = unmake, .timeout = 90);

static void mount_fast(const char *target_options, const char *options)
{
    target_fast_start(&w, target_options);
    daemon_mount(&w, "$URL", options);
}

static void open_luns(int *ret_files, unsigned count)
{
    for (unsigned i = 0; i < count; i++)
        ret_files[i] = queue_open(workspace_must(&w, "echo $T/lun%u/data", i));
}

static void close_luns(const int *files, unsigned count)
{
    for (unsigned i = 0; i < count; i++)
        close(files[i]);
}

/* ---- memory ------------------------------------------------------------------------------------------ */

/* Resident, in KiB. A sanitizer's shadow is not what is asked: memory is that of the lunfs without one. */
static long resident(int pid)
{
    return atol(workspace_must(&w, "sed -n 's/^VmRSS:[^0-9]*\\([0-9]*\\) kB$/\\1/p' /proc/%d/status", pid));
}

static void check_resident(long most_mib)
{
    long kib = resident(daemon_pid(&w));
    cr_assert(kib > 1000 && kib <= most_mib * 1024, "%ld KiB resident, more than %ld MiB", kib, most_mib);
}

static void mount_plain(const char *target_options, const char *options)
{
    daemon_program(getenv("COUNTED_LUNFS"));
    mount_fast(target_options, options);
}

Test(scale, memory_of_one_lun)
{
    mount_plain("--size 64M", "");
    check_resident(24);
    daemon_unmount(&w);
}

Test(scale, memory_of_1000_luns)
{
    mount_plain("--luns 1000", "");
    cr_assert_str_eq(workspace_must(&w, "stat -c %%s $T/lun*/data | sort | uniq -c | xargs"),
                     "1000 67108864");
    check_resident(64);
    daemon_unmount(&w);
}

/* What the work took is given back within seconds; there is no event that says so. */
Test(scale, memory_after_work)
{
    int fd;
    mount_plain("--size 64M", "-o cache=direct");
    open_luns(&fd, 1);
    struct queue_job j = {.files = &fd,
                          .file_count = 1,
                          .depth = 32,
                          .operations = 128,
                          .size = MIB,
                          .span = 64 * MIB,
                          .write = true};
    queue_run(&j);
    j.write = false;
    queue_run(&j);
    long busy = resident(daemon_pid(&w));
    for (int i = 0; resident(daemon_pid(&w)) > 24 * 1024; i++)
        cr_assert(i < 3000 && poll(NULL, 0, 10) == 0, "%ld KiB of %ld stay", resident(daemon_pid(&w)), busy);
    close(fd);
    daemon_unmount(&w);
}

/* ---- bytes ------------------------------------------------------------------------------------------- */

static int entries(int pid, const char *what)
{
    char path[64];
    int n = 0;
    snprintf(path, sizeof path, "/proc/%d/%s", pid, what);
    DIR *d = opendir(path);
    cr_assert_not_null(d);
    while (readdir(d))
        n++;
    closedir(d);
    return n;
}

static int sessions_used(void)
{
    return atoi(
        workspace_must(&w, "awk '$1 == \"commands:\" && $2 > 0 { n++ } END { print n }' $T/sessions"));
}

/* Each LUN has its own memory and each place its own bytes: none may be taken for another. */
static void check_bytes(unsigned luns, unsigned sessions, size_t size, unsigned depth)
{
    char options[128];
    int files[FILES_MOST];
    unsigned span = size < MIB ? MIB : 4 * MIB;
    snprintf(options, sizeof options, "--apart --luns %u --size %u", luns, span);
    target_fast_start(&w, options);
    snprintf(options, sizeof options, "-o cache=direct,sessions=%u", sessions);
    daemon_mount(&w, "$URL", options);
    open_luns(files, luns);
    int pid = daemon_pid(&w), threads = entries(pid, "task"), descriptors = entries(pid, "fd");
    struct queue_job j = {.files = files,
                          .file_count = luns,
                          .depth = depth,
                          .operations = span / (unsigned)size * luns,
                          .size = size,
                          .span = span,
                          .write = true};
    queue_run(&j); /* all of every LUN */
    j.write = false;
    queue_run(&j);
    cr_assert_eq(entries(pid, "task"), threads, "%d threads, before %d", entries(pid, "task"), threads);
    cr_assert_eq(entries(pid, "fd"), descriptors, "%d descriptors, before %d", entries(pid, "fd"),
                 descriptors);
    /* Not each: short commands that leave in one turn stay together. */
    cr_assert_geq(sessions_used(), sessions < 2 ? 1 : 2);
    close_luns(files, luns);
    daemon_unmount(&w);
}

Test(scale, bytes_of_64_luns)
{
    check_bytes(64, 1, 4 * KIB, 128);
}

Test(scale, bytes_of_64_luns_over_64_sessions)
{
    check_bytes(64, 64, 4 * KIB, 128);
}

Test(scale, long_transfers_of_64_luns_over_64_sessions)
{
    check_bytes(64, 64, MIB, 64);
}
