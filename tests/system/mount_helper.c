/* SPDX-License-Identifier: Apache-2.0 */
/* lunfs as mount(8) and fstab call it: through mount.fuse3, which finds it on the PATH. */
#include <criterion/criterion.h>
#include <poll.h>
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
    char m[128];
    workspace_make(&w);
    snprintf(m, sizeof m, "%s/m", w.path);
    setenv("M", m, 1);
    must("mkdir $W/m $W/bin && ln -s %s $W/bin/lunfs && head -c 4M /dev/urandom >$W/disk", daemon_path());
    setenv("PATH", must("echo $W/bin:$PATH"), 1);
    target_tgt_start(&t, &w);
    target_tgt_lun(&t, 1, "disk", 4, "");
}

static void unmake(void)
{
    workspace_free(&w);
}

TestSuite(mount_helper, .init = make, .fini = unmake, .timeout = 60);

/* mount(8) gives its helpers a PATH of its own, so lunfs must lie on that: in a mount namespace. */
#define AS_INSTALLED "unshare -m sh -ec 'mount --bind $W/bin /usr/local/sbin; "

static void check_end(void)
{
    while (workspace_processes(&w, "lunfs"))
        poll(NULL, 0, 10);
    cr_assert_eq(workspace_mounts(&w), 0, "a mount is left");
    cr_assert_eq(target_tgt_sessions(&t), 0, "a session is left at the target");
}

static void check_mounted(void)
{
    must("cmp $M/$IQN/lun1/data $W/disk");
    daemon_unmount(&w);
    check_end();
}

Test(mount_helper, type_and_source_in_one_word)
{
    must("mount.fuse3 'lunfs#'" URL " $M");
    check_mounted();
}

Test(mount_helper, options_of_fstab)
{
    must("mount.fuse3 'lunfs#'" URL " $M -o rw,_netdev,nofail,noatime,x-systemd.automount,sessions=2");
    cr_assert_eq(target_tgt_sessions(&t), 2);
    must("grep \" $M .*noatime\" /proc/self/mounts");
    check_mounted();
}

Test(mount_helper, mount_of_a_program_by_its_path)
{
    must("mount -t fuse $W/bin/lunfs#" URL " $M");
    check_mounted();
}

Test(mount_helper, mount_with_a_type)
{
    must(AS_INSTALLED "mount -t fuse.lunfs " URL " $M; grep \" $M fuse.lunfs \" /proc/self/mounts;"
                      "cmp $M/$IQN/lun1/data $W/disk; umount $M'");
    check_end();
}

Test(mount_helper, mount_with_a_type_and_options)
{
    must(AS_INSTALLED "mount -t fuse.lunfs -o ro,login_timeout=10s,luns=1,_netdev " URL " $M;"
                      "test \"$(ls -d $M/$IQN/lun*)\" = $M/$IQN/lun1;"
                      "! dd if=/dev/zero of=$M/$IQN/lun1/data count=1 conv=notrunc status=none 2>$W/why;"
                      "grep \"Read-only file system\" $W/why; umount $M'");
    check_end();
}

/* What mount(8) makes of a line in fstab; and its name for the mount is the line's. */
Test(mount_helper, line_of_fstab)
{
    workspace_write(&w, "fstab", 0600,
                    "iscsi://127.0.0.1:%u/%s %s fuse.lunfs noauto,_netdev,sessions=1 0 0\n", t.port,
                    TARGET_TGT_IQN, getenv("M"));
    must(AS_INSTALLED "mount -T $W/fstab $M; cmp $M/$IQN/lun1/data $W/disk;"
                      "test \"$(findmnt -no SOURCE $M)\" = " URL "; umount $M'");
    check_end();
}

Test(mount_helper, password_file_as_an_option)
{
    target_tgt_adm(&t, "--op new --mode account --user host7 --password a-secret-of-host7");
    target_tgt_adm(&t, "--op bind --mode account --tid 1 --user host7");
    workspace_write(&w, "secret", 0600, "a-secret-of-host7");
    must("mount.fuse3 'lunfs#'" URL " $M -o chap_user=host7,password_file=$W/secret");
    check_mounted();
}

Test(mount_helper, failure_is_one_line_and_a_code)
{
    struct result r = workspace_run(&w, "mount -t fuse $W/bin/lunfs#" URL ":nothere $M");
    cr_assert_neq(r.code, 0);
    cr_assert_eq(strncmp(r.err, "lunfs: login: portal 127.0.0.1:", 31), 0, "%s", r.err);
    process_result_free(&r);
    check_end();
}
