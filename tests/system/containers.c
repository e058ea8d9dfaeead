/* SPDX-License-Identifier: Apache-2.0 */
/* A LUN in a container, both ways of docs/containers.md, with namespaces alone: what a container engine sets
 * up, without the engine. */
#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

#include "lib/daemon.h"
#include "lib/target_tgt.h"
#include "lib/workspace.h"

static struct workspace w;
static struct target_tgt t;

#define must(...) workspace_must(&w, __VA_ARGS__)
#define URL "iscsi://127.0.0.1:$PORT/$IQN"

static void make(void)
{
    workspace_make(&w);
    must("head -c 8M /dev/urandom >$W/disk && head -c 100001 /dev/urandom >$W/in");
    target_tgt_start(&t, &w);
    target_tgt_lun(&t, 1, "disk", 8, "");
    setenv("LUNFS", daemon_path(), 1);
}

static void unmake(void)
{
    workspace_free(&w);
}

TestSuite(containers, .init = make, .fini = unmake, .timeout = 120);

/* The container is there first, with a folder of the host bound in as a slave; the host mounts later, and the
 * mount appears inside. */
Test(containers, host_mount_shared_with_rslave)
{
    must("mkdir $W/share $W/share/m && mount --bind $W/share $W/share && mount --make-shared $W/share");
    must("mkfifo $W/ready $W/done");
    must("unshare --mount --propagation slave sh -ec '"
         "  echo >$W/ready; read x <$W/done;"
         "  cmp $W/share/m/$IQN/lun1/data $W/disk;"
         "  cp $W/in $W/share/m/$IQN/lun1/data;"
         "  echo well >$W/inside' >$W/log 2>&1 & read x <$W/ready");
    must("$LUNFS " URL " $W/share/m");
    must("echo >$W/done; while ! test -e $W/inside; do kill -0 $! 2>/dev/null; sleep 0.02; done");
    must("cmp -n 100001 $W/in $W/disk");
    must("pid=$(sed -n 's/^pid: //p' $W/share/m/.lunfs/version); umount $W/share/m;"
         " while kill -0 $pid 2>/dev/null; do sleep 0.02; done");
    cr_assert_eq(target_tgt_sessions(&t), 0);
}

/* lunfs in a user and mount namespace of its own, as in a rootless container with /dev/fuse. */
Test(containers, lunfs_in_an_unprivileged_namespace)
{
    must("mkdir $W/m");
    must("unshare -Umr sh -ec '"
         "  $LUNFS " URL " $W/m;"
         "  cmp $W/m/$IQN/lun1/data $W/disk;"
         "  cp $W/in $W/m/$IQN/lun1/data;"
         "  cmp -n 100001 $W/in $W/m/$IQN/lun1/data;"
         "  pid=$(sed -n \"s/^pid: //p\" $W/m/.lunfs/version); umount $W/m;"
         "  while kill -0 $pid 2>/dev/null; do sleep 0.02; done'");
    cr_assert_eq(workspace_mounts(&w), 0, "the namespace's mount shows outside");
    must("cmp -n 100001 $W/in $W/disk");
    cr_assert_eq(target_tgt_sessions(&t), 0);
}

/* The namespace ends while the file system is mounted in it: the daemon ends too. */
Test(containers, end_of_the_namespace_ends_lunfs)
{
    must("mkdir $W/m");
    must("unshare -Umr --pid --fork --kill-child sh -ec '"
         "  mount -t proc proc /proc 2>/dev/null || true;"
         "  $LUNFS " URL " $W/m; cmp $W/m/$IQN/lun1/data $W/disk'");
    must("while test -n \"$(tgtadm -C 1 --lld iscsi --op show --mode conn --tid 1)\"; do sleep 0.02; done");
    cr_assert_eq(workspace_processes(&w, "lunfs"), 0);
}
