/* SPDX-License-Identifier: Apache-2.0 */
/* Several portals asked at once, some of which hang; the way to a target that lists other addresses; and an
 * end in the middle of it all. */
#include <criterion/criterion.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/bad_peer.h"
#include "lib/daemon.h"
#include "lib/forward.h"
#include "lib/process.h"
#include "lib/target_tgt.h"
#include "lib/workspace.h"

static struct workspace w;
static struct target_tgt t;

#define must(...) workspace_must(&w, __VA_ARGS__)

static void make(void)
{
    workspace_make(&w);
    must("mkdir $W/m && head -c 4M /dev/urandom >$W/disk");
    setenv("LUNFS", daemon_path(), 1);
}

static void unmake(void)
{
    workspace_free(&w);
}

TestSuite(discovery, .init = make, .fini = unmake, .timeout = 120);

static void start_target(void)
{
    target_tgt_start(&t, &w);
    target_tgt_lun(&t, 1, "disk", 4, "");
}

/* lunfs on $W/config.yaml, with -f if `foreground`. */
static pid_t start_lunfs(bool foreground)
{
    char config[128], mountpoint[128], log[128];
    snprintf(config, sizeof config, "%s/config.yaml", w.path);
    snprintf(mountpoint, sizeof mountpoint, "%s/m", w.path);
    snprintf(log, sizeof log, "%s/lunfs.log", w.path);
    const char *const argv[] = {daemon_path(), config, mountpoint, foreground ? "-f" : NULL, NULL};
    return process_start(log, argv);
}

static void check_nothing_left(void)
{
    cr_assert_eq(workspace_mounts(&w), 0, "a mount is left");
    cr_assert_eq(workspace_processes(&w, "lunfs"), 0, "a lunfs is left");
}

/* Two portals that take the connection and say nothing for longer than the test runs. */
static struct bad_peer silent[2];

static void hang_two(const char *more)
{
    for (int i = 0; i < 2; i++)
        bad_peer_start(&silent[i], BAD_PEER_SILENT);
    workspace_write(&w, "config.yaml", 0600,
                    "defaults: { login_timeout: 600s }\n"
                    "discover:\n"
                    "  - portal: 127.0.0.1:%u\n"
                    "  - portal: 127.0.0.1:%u\n"
                    "%s",
                    silent[0].port, silent[1].port, more);
}

/* Both are being asked at once, or this never ends. */
static void await_both(pid_t pid)
{
    while (workspace_connections(silent[0].port) != 1 || workspace_connections(silent[1].port) != 1)
        cr_assert(!process_gone(pid, 0) && poll(NULL, 0, 10) == 0, "%s", must("cat $W/lunfs.log"));
}

static void interrupted_by(int signal)
{
    hang_two("");
    pid_t pid = start_lunfs(true);
    await_both(pid);
    cr_assert_eq(kill(pid, signal), 0);
    cr_assert_eq(process_wait(pid, 60), 1);
    cr_assert_str_eq(must("cat $W/lunfs.log"), "lunfs: interrupted by a signal");
    check_nothing_left();
    for (int i = 0; i < 2; i++)
        cr_assert_eq(workspace_connections(silent[i].port), 0, "a connection is left");
}

Test(discovery, sigint_ends_portals_that_hang)
{
    interrupted_by(SIGINT);
}

Test(discovery, sigterm_ends_portals_that_hang)
{
    interrupted_by(SIGTERM);
}

/* The shell that waits for the mount is closed: nobody would learn of it any more. */
Test(discovery, death_of_the_parent_ends_portals_that_hang)
{
    hang_two("");
    pid_t pid = start_lunfs(false);
    await_both(pid);
    process_kill(pid);
    for (int i = 0; i < 6000 && workspace_processes(&w, "lunfs"); i++)
        poll(NULL, 0, 10);
    check_nothing_left();
}

/* Targets are opened while portals are still being asked. */
Test(discovery, targets_do_not_wait_for_portals)
{
    start_target();
    char targets[256];
    snprintf(targets, sizeof targets, "targets: [ { iqn: \"%s\", portals: [ \"127.0.0.1:%u\" ] } ]\n",
             TARGET_TGT_IQN, t.port);
    hang_two(targets);
    pid_t pid = start_lunfs(true);
    await_both(pid);
    while (target_tgt_sessions(&t) == 0)
        cr_assert(!process_gone(pid, 0) && poll(NULL, 0, 10) == 0, "%s", must("cat $W/lunfs.log"));
    kill(pid, SIGINT);
    cr_assert_eq(process_wait(pid, 60), 1);
    cr_assert_eq(target_tgt_sessions(&t), 0, "a session is left at the target");
    check_nothing_left();
}

Test(discovery, one_that_hangs_keeps_nobody_else_away)
{
    start_target();
    bad_peer_start(&silent[0], BAD_PEER_SILENT);
    workspace_write(&w, "config.yaml", 0600,
                    "defaults: { login_timeout: 2s }\n"
                    "discover: [ { portal: \"127.0.0.1:%u\" }, { portal: \"127.0.0.1:%u\" } ]\n",
                    silent[0].port, t.port);
    daemon_mount_without(&w, "$W/config.yaml", "", "not done within");
    must("cmp $D $W/disk");
    daemon_unmount(&w);
}

Test(discovery, target_found_twice_is_one)
{
    start_target();
    workspace_write(&w, "config.yaml", 0600,
                    "discover: [ { portal: \"127.0.0.1:%u\" }, { portal: \"localhost:%u\" } ]\n", t.port,
                    t.port);
    daemon_mount(&w, "$W/config.yaml", "");
    cr_assert_str_eq(must("ls $M"), "by-id\n" TARGET_TGT_IQN);
    cr_assert_eq(target_tgt_sessions(&t), 1);
    daemon_unmount(&w);
}

/* The target lists its own address; behind translation only the one that was asked is reachable. */
Test(discovery, portal_that_answered_is_used_though_not_listed)
{
    struct forward f;
    start_target();
    forward_start(&f, t.port);
    char source[64];
    snprintf(source, sizeof source, "iscsi://127.0.0.1:%u", f.port);
    daemon_mount(&w, source, "");
    must("cmp $D $W/disk");
    cr_assert_eq(workspace_connections(f.port), 1, "the session goes another way");
    daemon_unmount(&w);
    forward_stop(&f);
}

/* A portal that hangs does not use up the time of the one after it. */
Test(discovery, next_portal_when_one_hangs)
{
    start_target();
    bad_peer_start(&silent[0], BAD_PEER_SILENT);
    char option[64];
    snprintf(option, sizeof option, "-o login_timeout=4s,portals=127.0.0.1:%u", t.port);
    char source[128];
    snprintf(source, sizeof source, "iscsi://127.0.0.1:%u/$IQN", silent[0].port);
    daemon_mount(&w, source, option);
    must("cmp $D $W/disk");
    daemon_unmount(&w);
}

Test(discovery, next_portal_when_one_has_not_got_the_target)
{
    start_target();
    struct target_tgt other = t;
    char option[64], source[128];
    target_tgt_adm(&t, "--op new --mode target --tid 2 -T iqn.2026-01.com.example:other");
    target_tgt_adm(&t, "--op bind --mode target --tid 2 -I ALL");
    target_tgt_adm(&t, "--op new --mode logicalunit --tid 2 --lun 1 -b $W/disk");
    must("mkdir $W/second");
    struct workspace below = w;
    strcat(below.path, "/second");
    target_tgt_start(&t, &below);
    snprintf(option, sizeof option, "-o portals=127.0.0.1:%u", other.port);
    snprintf(source, sizeof source, "iscsi://127.0.0.1:%u/iqn.2026-01.com.example:other", t.port);
    daemon_mount(&w, source, option);
    must("cmp $D $W/disk");
    daemon_unmount(&w);
}

/* When no address works, the first one's failure is told: the user has named that one. */
Test(discovery, first_of_several_failures_is_told)
{
    start_target();
    char option[64];
    snprintf(option, sizeof option, "-o portals=127.0.0.1:%u", workspace_free_port());
    const char *line =
        daemon_refuses(&w, 1, "iscsi://127.0.0.1:$PORT/iqn.2026-01.com.example:nothere", "$W/m", option);
    cr_assert(strstr(line, "not found"), "%s", line);
}
