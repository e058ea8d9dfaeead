/* SPDX-License-Identifier: Apache-2.0 */
/* Foreground and background, signals, unmounting: the exit codes of lunfs and what it leaves behind. */
#include <criterion/criterion.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/daemon.h"
#include "lib/process.h"
#include "lib/target_tgt.h"
#include "lib/workspace.h"

static struct workspace w;
static struct target_tgt t;

#define must(...) workspace_must(&w, __VA_ARGS__)
#define URL "iscsi://127.0.0.1:$PORT/$IQN"

static void make(void)
{
    workspace_make(&w);
    must("head -c 8M /dev/urandom >$W/disk");
    target_tgt_start(&t, &w);
    target_tgt_lun(&t, 1, "disk", 8, "");
}

static void unmake(void)
{
    workspace_free(&w);
}

TestSuite(lifecycle, .init = make, .fini = unmake, .timeout = 120);

/* lunfs -f; returns once it is mounted. */
static pid_t start_in_foreground(void)
{
    char url[256], mountpoint[128], log[128];
    snprintf(url, sizeof url, "iscsi://127.0.0.1:%u/%s", t.port, TARGET_TGT_IQN);
    snprintf(mountpoint, sizeof mountpoint, "%s/m", w.path);
    snprintf(log, sizeof log, "%s/lunfs.log", w.path);
    setenv("M", mountpoint, 1);
    must("mkdir -p $M");
    const char *const argv[] = {LUNFS, "-f", url, mountpoint, NULL};
    pid_t pid = process_start(log, argv);
    while (workspace_mounts(&w) == 0)
        cr_assert(!process_gone(pid, 0) && poll(NULL, 0, 10) == 0, "%s", must("cat $W/lunfs.log"));
    return pid;
}

static void check_gone(void)
{
    cr_assert_eq(workspace_mounts(&w), 0, "the mount is left");
    cr_assert_eq(workspace_processes(&w, "lunfs"), 0, "a lunfs is left");
    cr_assert_eq(target_tgt_sessions(&t), 0, "a session is left at the target");
    cr_assert_eq(workspace_connections(t.port), 0, "a connection is left");
}

static void ended_by(int signal)
{
    pid_t pid = start_in_foreground();
    must("cmp $M/$IQN/lun1/data $W/disk");
    cr_assert_eq(kill(pid, signal), 0);
    cr_assert_eq(process_wait(pid, 30), 0, "%s", must("cat $W/lunfs.log"));
    check_gone();
}

Test(lifecycle, sigterm_unmounts)
{
    ended_by(SIGTERM);
}

Test(lifecycle, sigint_unmounts)
{
    ended_by(SIGINT);
}

Test(lifecycle, umount_ends_the_foreground)
{
    pid_t pid = start_in_foreground();
    must("umount $M");
    cr_assert_eq(process_wait(pid, 30), 0, "%s", must("cat $W/lunfs.log"));
    check_gone();
}

Test(lifecycle, sigterm_ends_the_background)
{
    daemon_mount(&w, URL, "");
    int pid = daemon_pid(&w);
    cr_assert_eq(kill(pid, SIGTERM), 0);
    cr_assert(process_gone(pid, 30));
    check_gone();
}

/* Written and closed before the end, so it must be at the target after it. */
Test(lifecycle, what_was_written_is_there_after_the_end)
{
    daemon_mount(&w, URL, "");
    must("head -c 3000000 /dev/urandom >$W/in && cp $W/in $D");
    int pid = daemon_pid(&w);
    kill(pid, SIGTERM);
    cr_assert(process_gone(pid, 30));
    must("cmp -n 3000000 $W/in $W/disk");
}

/* A mount somebody sits in cannot be unmounted; the daemon detaches it and ends. */
Test(lifecycle, sigterm_detaches_a_busy_mount)
{
    daemon_mount(&w, URL, "-o shutdown_timeout=1s");
    must("(cd $T && exec sleep 1000) >/dev/null 2>&1 &");
    while (workspace_processes(&w, "sleep") == 0)
        poll(NULL, 0, 10);
    int pid = daemon_pid(&w);
    kill(pid, SIGTERM);
    cr_assert(process_gone(pid, 60));
    check_gone();
}

Test(lifecycle, mounted_twice_in_turn)
{
    daemon_mount(&w, URL, "");
    daemon_unmount(&w);
    daemon_mount(&w, URL, "");
    must("cmp $D $W/disk");
    daemon_unmount(&w);
    check_gone();
}

/* The background daemon keeps nothing of its caller: no terminal, no folder, no open output. */
Test(lifecycle, background_daemon_lets_go_of_its_caller)
{
    daemon_mount(&w, URL, "");
    int pid = daemon_pid(&w);
    cr_assert_str_eq(must("readlink /proc/%d/cwd", pid), "/");
    for (int fd = 0; fd < 3; fd++)
        cr_assert_str_eq(must("readlink /proc/%d/fd/%d", pid, fd), "/dev/null");
    cr_assert_eq(atoi(must("ps -o sid= -p %d", pid)), atoi(must("ps -o sid= -p %d", pid)));
    cr_assert_neq(atoi(must("ps -o sid= -p %d", pid)), atoi(must("ps -o sid= -p $$")));
    daemon_unmount(&w);
}

/* Use leaves no descriptor and no thread behind in the daemon. */
Test(lifecycle, use_costs_the_daemon_nothing_that_lasts)
{
    daemon_mount(&w, URL, "");
    int pid = daemon_pid(&w);
    must("find $M -type f -exec cat {} + >/dev/null");
    char before[64];
    snprintf(before, sizeof before, "%s", must("ls /proc/%d/fd /proc/%d/task | wc -l", pid, pid));
    for (int i = 0; i < 5; i++)
        must("find $M -type f -exec cat {} + >/dev/null");
    cr_assert_str_eq(must("ls /proc/%d/fd /proc/%d/task | wc -l", pid, pid), before);
    daemon_unmount(&w);
}

Test(lifecycle, help_and_version)
{
    setenv("LUNFS", LUNFS, 1);
    const char *help = must("$LUNFS --help");
    cr_assert(strstr(help, "SOURCE") && strstr(help, "MOUNTPOINT"), "%s", help);
    const char *version = must("$LUNFS --version");
    cr_assert(strstr(version, "lunfs"), "%s", version);
}

Test(lifecycle, usage_is_2)
{
    setenv("LUNFS", LUNFS, 1);
    struct result r = workspace_run(&w, "$LUNFS");
    cr_assert_eq(r.code, 2, "exit code %d", r.code);
    cr_assert_str_not_empty(r.err);
    process_result_free(&r);
}
