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
    const char *const argv[] = {daemon_path(), "-f", url, mountpoint, NULL};
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
    setenv("LUNFS", daemon_path(), 1);
    const char *help = must("$LUNFS --help");
    cr_assert(strstr(help, "SOURCE") && strstr(help, "MOUNTPOINT"), "%s", help);
    const char *version = must("$LUNFS --version");
    cr_assert(strstr(version, "lunfs"), "%s", version);
}

Test(lifecycle, usage_is_2)
{
    setenv("LUNFS", daemon_path(), 1);
    struct result r = workspace_run(&w, "$LUNFS");
    cr_assert_eq(r.code, 2, "exit code %d", r.code);
    cr_assert_str_not_empty(r.err);
    process_result_free(&r);
}

/* ---- Trouble while mounted --------------------------------------------------------------------------- */

/* A target that dies, with on_outage=fail: I/O fails instead of waiting, texts still open and say so, and the
 * mount can be left.
 */
Test(lifecycle, target_that_dies)
{
    daemon_mount(&w, URL, "-o nop_interval=1s,nop_timeout=1s,on_outage=fail");
    must("cmp $D $W/disk");
    int pid = daemon_pid(&w);
    target_tgt_stop(&t);
    const char *why = workspace_must_fail(&w, "dd if=$D of=/dev/null bs=4k count=1 iflag=direct");
    cr_assert(strstr(why, "Input/output error"), "%s", why);
    must("cat $T/sessions $T/target $T/lun1/status $T/lun1/inquiry >$W/texts && grep -q error: $W/texts");
    must("ls -lR $M >/dev/null");
    must("umount $M");
    cr_assert(process_gone(pid, 30));
    cr_assert_eq(workspace_mounts(&w), 0);
}

/* A target that stops answering: a reader can be killed at once, and metadata is still answered. */
Test(lifecycle, reader_of_a_target_that_hangs_can_be_killed)
{
    daemon_mount(&w, URL, "");
    cr_assert_eq(kill(t.pid, SIGSTOP), 0);
    must("dd if=$D of=/dev/null bs=4k count=1 status=none 2>/dev/null & echo $! >$W/reader");
    must("while ! grep -q . /proc/$(cat $W/reader)/comm; do sleep 0.01; done; ls -lR $M >/dev/null");
    must("kill $(cat $W/reader); while kill -0 $(cat $W/reader) 2>/dev/null; do sleep 0.01; done");
    must("ls -lR $M >/dev/null");
    cr_assert_eq(kill(t.pid, SIGCONT), 0);
    must("cmp $D $W/disk");
    daemon_unmount(&w);
}

Test(lifecycle, many_units)
{
    for (unsigned lun = 2; lun <= 40; lun++)
        target_tgt_lun(&t, lun, "disk", 8, "");
    daemon_mount(&w, URL, "");
    cr_assert_eq(atoi(must("ls -d $T/lun* | wc -l")), 41);
    must("for n in 2 17 40; do cmp $T/lun$n/data $W/disk || exit 1; done");
    daemon_unmount(&w);
    check_gone();
}

/* ---- Who may look ------------------------------------------------------------------------------------ */

#define AS_NOBODY "setpriv --reuid=65534 --regid=65534 --clear-groups "

Test(lifecycle, others_may_not_look)
{
    must("chmod 755 $W");
    daemon_mount(&w, URL, "");
    workspace_must_fail(&w, AS_NOBODY "ls $M");
    daemon_unmount(&w);
}

Test(lifecycle, others_may_look_with_allow_other_and_open_data_as_its_mode_says)
{
    must("chmod 755 $W && chmod 644 $W/disk");
    daemon_mount(&w, URL, "-o allow_other");
    must(AS_NOBODY "cat $T/lun1/capacity >/dev/null");
    workspace_must_fail(&w, AS_NOBODY "head -c 1 $D");
    daemon_unmount(&w);
    daemon_mount(&w, URL, "-o allow_other,mode=0644");
    must(AS_NOBODY "cmp $D $W/disk");
    workspace_must_fail(&w, AS_NOBODY "dd if=/dev/zero of=$D bs=512 count=1 conv=notrunc");
    daemon_unmount(&w);
}

/* ---- As mount(8) and the README say it --------------------------------------------------------------- */

Test(lifecycle, mount_fuse_lunfs)
{
    setenv("LUNFS", daemon_path(), 1);
    /* What mount -t fuse.lunfs and fstab come to; with its path, since lunfs is not installed here. */
    must("mkdir $W/m && mount.fuse3 $LUNFS#" URL " $W/m -o ro,nofail");
    must("cmp $W/m/$IQN/lun1/data $W/disk && grep \" $W/m \" /proc/mounts | grep -q 'fuse.lunfs ro,'");
    must("pid=$(sed -n 's/^pid: //p' $W/m/.lunfs/version); umount $W/m;"
         " while kill -0 $pid 2>/dev/null; do sleep 0.02; done");
    check_gone();
}

Test(lifecycle, configuration_of_the_readme_is_correct)
{
    setenv("LUNFS", daemon_path(), 1);
    must("awk '/^```yaml/ {on = 1; next} /^```/ {on = 0} on' " SOURCE_ROOT "/README.md >$W/san.yaml");
    must("grep -q targets: $W/san.yaml");
    must("umask 077; echo a-secret-of-host7 >$W/disk.secret; echo a-secret-of-disk >$W/disk.mutual");
    must("$LUNFS --check-config $W/san.yaml");
}
