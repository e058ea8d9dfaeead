/* SPDX-License-Identifier: Apache-2.0 */
/* A target that is lost under load and comes back: readers and writers wait, go on, and find every byte
 * right. And what users see meanwhile. */
#include <criterion/criterion.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lib/daemon.h"
#include "lib/forward.h"
#include "lib/process.h"
#include "lib/target_tgt.h"
#include "lib/workspace.h"

#define CUTS 50
#define RESTARTS 5
#define PATIENCE_MS 60000

static struct workspace w;
static struct target_tgt t;
static uint16_t port;

#define must(...) workspace_must(&w, __VA_ARGS__)

static void make(void)
{
    workspace_make(&w);
    port = workspace_free_port();
}

static void unmake(void)
{
    workspace_free(&w);
}

TestSuite(recovery, .init = make, .fini = unmake, .timeout = 240);

/* Set up as an administrator does after a reboot, step by step; sessions find it half done in between. */
static void start_target(void)
{
    target_tgt_start_at(&t, &w, port);
    target_tgt_adm(&t, "--op update --mode target --tid 1 --name DefaultTime2Wait --value 0");
    target_tgt_lun(&t, 1, "disk", 64, "");
    target_tgt_lun(&t, 2, "other", 64, "");
}

static void mount(const char *options)
{
    char all[256];
    snprintf(all, sizeof all, "-o name=disk%s%s", *options ? "," : "", options);
    daemon_mount(&w, "iscsi://127.0.0.1:$PORT/$IQN", all);
}

/* ---- load -------------------------------------------------------------------------------------------- */

struct load {
    pid_t pid;
    const char *job;
};

static void start_load(struct load *l, const char *job)
{
    char log[128];
    l->job = job;
    snprintf(log, sizeof log, "%s/load.log", w.path);
    const char *const argv[] = {"sh", "-c", job, NULL};
    l->pid = process_start(log, argv);
}

/* As often as it takes: one that has ended has found nothing wrong. */
static void go_on(struct load *l)
{
    if (!process_gone(l->pid, 0))
        return;
    cr_assert_eq(process_wait(l->pid, 1), 0, "%s", must("cat $W/load.log"));
    start_load(l, l->job);
}

static void end_load(struct load *l)
{
    cr_assert_eq(process_wait(l->pid, 120), 0, "%s", must("cat $W/load.log"));
}

/* A number that a text of the mount has under this key. */
static long number(const char *file, const char *key)
{
    return atol(must("sed -n 's/^ *-* *%s: \\([0-9]*\\).*/\\1/p' $T/%s | head -n 1", key, file));
}

/* Until a number has passed `than`; the load goes on meanwhile. */
static void await_more(struct load *l, const char *file, const char *key, long than)
{
    for (int i = 0; number(file, key) <= than; i++) {
        cr_assert(i < PATIENCE_MS / 10 && poll(NULL, 0, 10) == 0, "%s of %s is still %ld\n%s\n%s", key, file,
                  number(file, key), must("cat $T/%s", file), must("cat $T/target"));
        if (l)
            go_on(l);
    }
}

#define FIO                                                                                                  \
    "fio --name=v --filename=\"$D\" --size=48M --ioengine=libaio --direct=1 --iodepth=16 --randseed=$$ "     \
    "--verify=crc32c --verify_state_save=0 --verify_fatal=1 --do_verify=1 --group_reporting --minimal "

static void survive_cuts(const char *job, const char *options)
{
    struct load l;
    struct forward f;
    start_target();
    forward_start(&f, port);
    char number_of[16];
    snprintf(number_of, sizeof number_of, "%u", f.port);
    setenv("PORT", number_of, 1);
    mount(options);
    start_load(&l, job);
    for (int i = 0; i < CUTS; i++) {
        long logins = number("sessions", "logins"), writes = number("lun1/status", "writes"),
             reads = number("lun1/status", "reads");
        while (number("lun1/status", "writes") + number("lun1/status", "reads") <= writes + reads)
            go_on(&l);
        forward_cut(&f);
        await_more(&l, "sessions", "logins", logins);
    }
    end_load(&l);
    cr_assert_eq(number("lun1/status", "errors"), 0, "%s", must("cat $T/lun1/status"));
    cr_assert_str_eq(must("cmp $D $W/disk && echo same"), "same");
    daemon_unmount(&w);
    forward_stop(&f);
}

Test(recovery, connection_cut_50_times_under_fio_verify)
{
    survive_cuts(FIO "--rw=randwrite --bsrange=4k-64k", "");
}

/* Blocks of no alignment: each write reads, merges and writes. */
Test(recovery, connection_cut_50_times_under_unaligned_writes)
{
    survive_cuts(FIO "--rw=randwrite --bs=4000 --bs_unaligned --size=4M", "");
}

/* Each lost session brings down the others, and all come back before anything is sent. */
Test(recovery, connections_cut_50_times_with_four_sessions)
{
    survive_cuts(FIO "--rw=randwrite --bsrange=4k-512k", "sessions=4");
}

Test(recovery, target_killed_five_times_under_fio_verify)
{
    struct load l;
    start_target();
    mount("");
    start_load(&l, FIO "--rw=randwrite --bsrange=4k-64k");
    for (int i = 0; i < RESTARTS; i++) {
        long logins = number("sessions", "logins"), writes = number("lun1/status", "writes");
        await_more(&l, "lun1/status", "writes", writes < 0 ? 0 : writes);
        target_tgt_stop(&t); /* SIGKILL */
        start_target();
        await_more(&l, "sessions", "logins", logins);
        go_on(&l);
    }
    end_load(&l);
    cr_assert_eq(number("lun1/status", "errors"), 0, "%s", must("cat $T/lun1/status"));
    cr_assert_str_eq(must("cmp $D $W/disk && echo same"), "same");
    daemon_unmount(&w);
}

/* ---- what users see ---------------------------------------------------------------------------------- */

static void await_state(const char *state)
{
    must("for i in $(seq 3000); do grep -q '^state: %s' $T/target && exit 0; sleep 0.02; done; cat "
         "$T/target; exit 1",
         state);
}

/* One request waits for the LUN's return. */
static void await_waiter(void)
{
    must("for i in $(seq 3000); do test $(sed -n 's/^waiting: \\([0-9]*\\).*/\\1/p' $T/lun1/status) = 1 && "
         "exit 0; "
         "sleep 0.02; done; cat $T/lun1/status; exit 1");
}

Test(recovery, copy_goes_on_where_it_was)
{
    struct load l;
    start_target();
    must("head -c 48M /dev/urandom >$W/file");
    mount("");
    start_load(&l, "cp $W/file $D");
    await_more(NULL, "lun1/status", "writes", 3);
    target_tgt_stop(&t);
    await_state("lost");
    start_target();
    end_load(&l);
    must("cmp -n 50331648 $W/file $D && cmp -n 50331648 $W/file $W/disk");
    daemon_unmount(&w);
}

/* Texts open at once and say since when, and why; metadata is answered; a waiting reader can be interrupted.
 */
Test(recovery, texts_and_interrupts_while_the_target_is_away)
{
    struct load l;
    start_target();
    mount("");
    target_tgt_stop(&t);
    await_state("lost");
    must("grep -q '^as_of: ' $T/lun1/inquiry && grep -q '^error: ' $T/lun1/inquiry");
    must("grep -q '^vendor: ' $T/lun1/inquiry && ls -l $T/lun1 >/dev/null && grep -q '^state: offline' "
         "$T/lun1/status");
    cr_assert_str_eq(must("stat -c %%s $D"), "67108864");
    start_load(&l, "dd if=$D of=/dev/null bs=4k count=1 status=none");
    await_waiter();
    kill(-l.pid, SIGINT);
    kill(l.pid, SIGINT);
    cr_assert_neq(process_wait(l.pid, 30), 0);
    start_target();
    must("cmp $D $W/disk");
    daemon_unmount(&w);
}

Test(recovery, fails_after_the_replacement_timeout_and_works_again_when_it_is_back)
{
    start_target();
    mount("replacement_timeout=2s");
    target_tgt_stop(&t);
    await_state("lost");
    cr_assert(strstr(workspace_must_fail(&w, "dd if=$D of=/dev/null bs=4k count=1"), "Input/output error"));
    cr_assert(strstr(workspace_must_fail(&w, "dd if=/dev/zero of=$D bs=4k count=1"), "Input/output error"));
    start_target();
    await_state("open");
    must("for i in $(seq 3000); do cmp -s $D $W/disk && exit 0; sleep 0.02; done; exit 1");
    daemon_unmount(&w);
}

Test(recovery, fails_at_once_with_on_outage_fail)
{
    start_target();
    mount("on_outage=fail,replacement_timeout=1h");
    target_tgt_stop(&t);
    await_state("lost");
    cr_assert(strstr(workspace_must_fail(&w, "dd if=$D of=/dev/null bs=4k count=1"), "Input/output error"));
    daemon_unmount(&w);
}

/* However many attempts fail meanwhile. */
Test(recovery, one_line_in_the_log_for_each_change)
{
    char source[128], log[128], folder[128];
    start_target();
    snprintf(source, sizeof source, "iscsi://127.0.0.1:%u/" TARGET_TGT_IQN, port);
    snprintf(log, sizeof log, "%s/lunfs.log", w.path);
    snprintf(folder, sizeof folder, "%s/m", w.path);
    setenv("T", must("mkdir $W/m; echo $W/m/disk"), 1);
    setenv("D", must("echo $T/lun1/data"), 1);
    const char *const argv[] = {LUNFS, "-f", source, folder, "-o", "name=disk,replacement_timeout=2s", NULL};
    pid_t pid = process_start(log, argv);
    must("for i in $(seq 3000); do test -e $D && exit 0; sleep 0.02; done; cat $W/lunfs.log; exit 1");
    must(":>$W/lunfs.log");
    target_tgt_stop(&t);
    await_state("lost");
    await_more(NULL, "sessions", "failures", 3);
    must("for i in $(seq 3000); do grep -q 'I/O fails' $W/lunfs.log && exit 0; sleep 0.02; done; exit 1");
    start_target();
    await_state("open");
    must("for i in $(seq 3000); do cmp -s $D $W/disk && exit 0; sleep 0.02; done; exit 1");
    cr_assert_str_eq(must("grep -c ' lost: ' $W/lunfs.log"), "1", "%s", must("cat $W/lunfs.log"));
    cr_assert_str_eq(must("grep -c 'is back' $W/lunfs.log"), "1", "%s", must("cat $W/lunfs.log"));
    cr_assert_str_eq(must("grep -c ': I/O fails from now on' $W/lunfs.log"), "1", "%s",
                     must("cat $W/lunfs.log"));
    cr_assert_str_eq(must("wc -l <$W/lunfs.log"), "3", "%s", must("cat $W/lunfs.log"));
    kill(pid, SIGTERM);
    cr_assert_eq(process_wait(pid, 60), 0);
}

/* With a reader that waits for it: umount -l, and lunfs ends. */
Test(recovery, unmounted_while_the_target_is_away)
{
    struct load l;
    start_target();
    mount("");
    int pid = daemon_pid(&w);
    target_tgt_stop(&t);
    await_state("lost");
    start_load(&l, "exec dd if=$D of=/dev/null bs=4k count=1 status=none");
    await_waiter();
    kill(pid, SIGTERM);
    cr_assert(process_gone(pid, 60), "lunfs has not ended");
    cr_assert_neq(process_wait(l.pid, 30), 0);
    cr_assert_eq(workspace_mounts(&w), 0);
}

/* Another disk behind the same name gets none of the writes that waited for the first. */
Test(recovery, another_disk_in_its_place_is_not_written)
{
    struct load l;
    start_target();
    mount("");
    target_tgt_stop(&t);
    await_state("lost");
    start_load(&l, "exec dd if=/dev/urandom of=$D bs=4k count=1 conv=notrunc oflag=direct status=none");
    await_waiter();
    must("cp $W/disk $W/disk.before");
    target_tgt_start_at(&t, &w, port); /* tgt makes its ids of the target's number and the LUN's */
    target_tgt_adm(&t, "--op delete --force --mode target --tid 1");
    target_tgt_adm(&t, "--op new --mode target --tid 2 -T " TARGET_TGT_IQN);
    target_tgt_adm(&t, "--op new --mode logicalunit --tid 2 --lun 1 -b $W/disk");
    target_tgt_adm(&t, "--op bind --mode target --tid 2 -I ALL");
    cr_assert_neq(process_wait(l.pid, 60), 0);
    must("cmp $W/disk $W/disk.before");
    must("grep -q 'another device' $T/lun1/status");
    daemon_unmount(&w);
}
