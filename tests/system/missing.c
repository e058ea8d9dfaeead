/* SPDX-License-Identifier: Apache-2.0 */
/* Targets that are not there when the mount begins: they have their directory, say why, and come when they
 * can. */
#include <arpa/inet.h>
#include <criterion/criterion.h>
#include <netinet/in.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "lib/daemon.h"
#include "lib/process.h"
#include "lib/target_tgt.h"
#include "lib/workspace.h"

static struct workspace w;
static struct target_tgt t;

#define must(...) workspace_must(&w, __VA_ARGS__)
#define OTHER "iqn.2026-01.com.example:other"

static void make(void)
{
    char m[128];
    workspace_make(&w);
    snprintf(m, sizeof m, "%s/m", w.path);
    setenv("M", m, 1);
    setenv("IQN", TARGET_TGT_IQN, 1);
    must("mkdir $W/m && head -c 4M /dev/urandom >$W/disk && head -c 4M /dev/urandom >$W/other");
}

static void unmake(void)
{
    workspace_free(&w);
}

TestSuite(missing, .init = make, .fini = unmake, .timeout = 180);

static void start_target_at(uint16_t port)
{
    target_tgt_start_at(&t, &w, port);
    target_tgt_lun(&t, 1, "disk", 4, "");
}

static void add_other(void)
{
    target_tgt_adm(&t, "--op new --mode target --tid 2 -T " OTHER);
    target_tgt_adm(&t, "--op new --mode logicalunit --tid 2 --lun 1 -b $W/other");
    target_tgt_adm(&t, "--op bind --mode target --tid 2 -I ALL");
}

static void await_file(const char *path)
{
    must("for i in $(seq 3000); do test -e %s && exit 0; sleep 0.02; done; ls -lR $M; exit 1", path);
}

/* lunfs -f on $W/config.yaml. */
static pid_t start_lunfs(void)
{
    char config[128], log[128];
    snprintf(config, sizeof config, "%s/config.yaml", w.path);
    snprintf(log, sizeof log, "%s/lunfs.log", w.path);
    const char *const argv[] = {daemon_path(), "-f", config, getenv("M"), NULL};
    return process_start(log, argv);
}

static void await_mount(pid_t pid)
{
    while (workspace_mounts(&w) == 0)
        cr_assert(!process_gone(pid, 0) && poll(NULL, 0, 10) == 0, "%s", must("cat $W/lunfs.log"));
}

static void end(pid_t pid)
{
    kill(pid, SIGTERM);
    cr_assert_eq(process_wait(pid, 60), 0, "%s", must("cat $W/lunfs.log"));
    cr_assert_eq(workspace_mounts(&w), 0, "a mount is left");
}

static void write_two(const char *more)
{
    workspace_write(&w, "config.yaml", 0600,
                    "targets:\n"
                    "  - { iqn: \"%s\", portals: [ \"127.0.0.1:%u\" ] }\n"
                    "  - { iqn: \"%s\", name: late, portals: [ \"127.0.0.1:%u\" ] }\n"
                    "%s",
                    TARGET_TGT_IQN, t.port, OTHER, t.port, more);
}

Test(missing, target_has_its_directory_and_says_why)
{
    start_target_at(workspace_free_port());
    write_two("");
    daemon_mount_without(&w, "$W/config.yaml", "", "target not found");
    must("cmp $M/$IQN/lun1/data $W/disk");
    cr_assert_str_eq(must("ls $M/late"), "sessions\ntarget");
    must("grep -q '^error: \".*127.0.0.1:%u.*not found' $M/late/target", t.port);
    must("grep -q '^error: ' $M/late/sessions && grep -q '^name: \"" OTHER "\"' $M/late/target");
    daemon_unmount(&w);
}

Test(missing, target_comes_when_it_is_set_up)
{
    start_target_at(workspace_free_port());
    write_two("");
    daemon_mount_without(&w, "$W/config.yaml", "", "target not found");
    add_other();
    await_file("$M/late/lun1/data");
    must("cmp $M/late/lun1/data $W/other");
    must("! grep ^error: $M/late/target && ! grep ^error: $M/late/sessions");
    must("printf x | dd of=$M/late/lun1/data bs=1 seek=77 conv=notrunc,fsync status=none");
    must("cmp $M/late/lun1/data $W/other && test $(dd if=$W/other bs=1 skip=77 count=1 status=none) = x");
    must("ls $M/by-id && cat $M/late/lun1/status $M/late/lun1/vpd/*");
    daemon_unmount(&w);
    cr_assert_eq(target_tgt_sessions(&t), 0, "a session is left at the target");
}

Test(missing, require_all_wants_all)
{
    start_target_at(workspace_free_port());
    write_two("require: all\n");
    const char *line = daemon_refuses(&w, 1, "$W/config.yaml", "$W/m", "");
    cr_assert(strstr(line, OTHER), "%s", line);
    cr_assert_eq(target_tgt_sessions(&t), 0, "a session is left at the target");
}

Test(missing, require_any_wants_one)
{
    t.port = workspace_free_port();
    write_two("");
    const char *line = daemon_refuses(&w, 1, "$W/config.yaml", "$W/m", "");
    cr_assert(strstr(line, TARGET_TGT_IQN) && strstr(line, "refused"), "%s", line);
}

Test(missing, portal_is_asked_again)
{
    uint16_t port = workspace_free_port();
    workspace_write(&w, "config.yaml", 0600, "require: none\ndiscover: [ { portal: \"127.0.0.1:%u\" } ]\n",
                    port);
    daemon_mount_without(&w, "$W/config.yaml", "", "onnection refused");
    cr_assert_str_eq(must("ls $M"), "by-id");
    start_target_at(port);
    await_file("$M/$IQN/lun1/data");
    must("cmp $M/$IQN/lun1/data $W/disk");
    daemon_unmount(&w);
    cr_assert_eq(target_tgt_sessions(&t), 0, "a session is left at the target");
}

/* Somebody at the port who hangs up: each attempt is an accept. */
static int listen_at(uint16_t port)
{
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), one = 1;
    struct sockaddr_in a = {
        .sin_family = AF_INET, .sin_port = htons(port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
    cr_assert_eq(bind(fd, (struct sockaddr *)&a, sizeof a), 0);
    cr_assert_eq(listen(fd, 8), 0);
    return fd;
}

static void hang_up_once(int listener)
{
    int fd = accept(listener, NULL, NULL);
    cr_assert_geq(fd, 0);
    close(fd);
}

Test(missing, one_line_for_a_change_and_none_for_an_attempt)
{
    uint16_t port = workspace_free_port();
    int listener = listen_at(port);
    workspace_write(&w, "config.yaml", 0600,
                    "require: none\ntargets: [ { iqn: \"%s\", portals: [ \"127.0.0.1:%u\" ] } ]\n",
                    TARGET_TGT_IQN, port);
    pid_t pid = start_lunfs();
    hang_up_once(listener);
    await_mount(pid);
    hang_up_once(listener);
    hang_up_once(listener);
    close(listener);
    start_target_at(port);
    await_file("$M/$IQN/lun1/data");
    end(pid);
    cr_assert_str_eq(must("grep -c 'will be tried again' $W/lunfs.log"), "1");
    cr_assert_str_eq(must("grep -c 'target " TARGET_TGT_IQN ": logged in' $W/lunfs.log"), "1");
    cr_assert_str_eq(must("wc -l <$W/lunfs.log"), "4", "%s", must("cat $W/lunfs.log"));
}

Test(missing, wrong_password_is_not_tried_again)
{
    start_target_at(workspace_free_port());
    add_other();
    target_tgt_adm(&t, "--op new --mode account --user host7 --password a-secret-of-host7");
    target_tgt_adm(&t, "--op bind --mode account --tid 2 --user host7");
    workspace_write(&w, "secret", 0600, "not-the-password");
    workspace_write(&w, "config.yaml", 0600,
                    "targets:\n"
                    "  - { iqn: \"%s\", portals: [ \"127.0.0.1:%u\" ] }\n"
                    "  - iqn: \"%s\"\n"
                    "    portals: [ \"127.0.0.1:%u\" ]\n"
                    "    auth: { chap: { user: host7, password_file: secret } }\n",
                    TARGET_TGT_IQN, t.port, OTHER, t.port);
    pid_t pid = start_lunfs();
    await_mount(pid);
    must("grep '" OTHER ".*authentication.*it will not be tried again' $W/lunfs.log");
    must("grep -q '^error: .*authentication' $M/" OTHER "/target");
    end(pid);
}

/* The end does not wait for an attempt that hangs. */
Test(missing, end_during_an_attempt)
{
    uint16_t port = workspace_free_port();
    int listener = listen_at(port);
    workspace_write(&w, "config.yaml", 0600,
                    "require: none\n"
                    "defaults: { login_timeout: 600s }\n"
                    "targets: [ { iqn: \"%s\", portals: [ \"127.0.0.1:%u\" ] } ]\n"
                    "discover: [ { portal: \"127.0.0.1:%u\" } ]\n",
                    TARGET_TGT_IQN, port, port);
    pid_t pid = start_lunfs();
    hang_up_once(listener);
    hang_up_once(listener);
    await_mount(pid);
    int held[2] = {accept(listener, NULL, NULL), accept(listener, NULL, NULL)};
    end(pid);
    close(held[0]);
    close(held[1]);
    close(listener);
}
