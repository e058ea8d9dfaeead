/* SPDX-License-Identifier: Apache-2.0 */
/* A LUN through the page cache: mappings, loop devices, O_DIRECT, and what others change. tools.c runs all of
 * its cases in this mode too. LUN 1 is cached, LUN 2 is not; $D2 is its data. */
#include <criterion/criterion.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "lib/daemon.h"
#include "lib/target_tgt.h"
#include "lib/workspace.h"

#define SIZE (32u << 20)

static struct workspace w;
static struct target_tgt t;

#define must(...) workspace_must(&w, __VA_ARGS__)

static void make(void)
{
    workspace_make(&w);
    must("head -c %u /dev/urandom >$W/disk && head -c %u /dev/urandom >$W/other", SIZE, SIZE);
    target_tgt_start(&t, &w);
    target_tgt_lun(&t, 1, "disk", 32, "");
    target_tgt_lun(&t, 2, "other", 32, "");
    daemon_mount(&w, "iscsi://127.0.0.1:$PORT/$IQN", "-o cache=direct+1:cached,readahead=2MiB");
    setenv("D2", must("echo $T/lun2/data"), 1);
    setenv("LUNCTL", getenv("LUNCTL") ? getenv("LUNCTL") : "", 1);
}

static void unmake(void)
{
    workspace_free(&w);
}

TestSuite(cached, .init = make, .fini = unmake, .timeout = 120);

static void *map(const char *path, int protection, int *ret_fd)
{
    *ret_fd = open(path, (protection & PROT_WRITE ? O_RDWR : O_RDONLY) | O_CLOEXEC);
    cr_assert_geq(*ret_fd, 0, "%s: %m", path);
    return mmap(NULL, SIZE, protection, MAP_SHARED, *ret_fd, 0);
}

Test(cached, status_and_config_say_so)
{
    must("grep -qx 'cache: cached' $T/lun1/status && grep -qx 'cache: direct' $T/lun2/status");
    must("grep -A2 'cache:' $M/.lunfs/config | tr -s ' \n' ' ' | grep -q 'cache: default: direct 1: cached'");
    must("grep -qx 'readahead: 2MiB' $M/.lunfs/config");
}

/* Where it may be set (a container's /sys may be read-only), status says what holds. */
Test(cached, readahead_is_in_force_or_said_not_to_be)
{
    const char *path = must("echo /sys/class/bdi/$(awk -v m=$M '$5 == m {print $3}' /proc/self/mountinfo)"
                            "/read_ahead_kb");
    if (access(path, W_OK) != 0)
        cr_skip_test("SKIP: no permission to set the readahead of mounts here");
    cr_assert_str_eq(must("cat %s", path), "2048");
    must("grep -q '^readahead: 2097152 ' $T/lun1/status");
    cr_assert_str_eq(must("grep -c '^readahead' $T/lun2/status || :"), "0");
}

Test(cached, the_next_open_sees_what_the_target_has_now)
{
    must("cmp $D $W/disk");
    must("head -c 1000000 /dev/urandom | dd of=$W/disk bs=1M conv=notrunc status=none");
    must("cmp $D $W/disk");
}

Test(cached, the_next_open_sees_what_another_initiator_wrote)
{
    must("cmp $D $W/disk");
    must("head -c 1048576 /dev/urandom >$W/in && $LUNCTL write iscsi://127.0.0.1:$PORT/$IQN/1 <$W/in");
    must("cmp -n 1048576 $D $W/in && cmp $D $W/disk");
}

Test(cached, stores_to_a_mapping_reach_the_target)
{
    int fd;
    unsigned char *at = map(getenv("D"), PROT_READ | PROT_WRITE, &fd);
    cr_assert_neq((void *)at, MAP_FAILED, "%m");
    must("cp $W/disk $W/expected");
    for (size_t i = 0; i < SIZE; i += 1048573)
        at[i] = (unsigned char)(at[i] + 1);
    cr_assert_eq(msync(at, SIZE, MS_SYNC), 0, "%m");
    must("cmp $D $W/disk");
    must("test $(cmp -l $W/disk $W/expected | wc -l) = %u", SIZE / 1048573 + 1);
    munmap(at, SIZE);
    close(fd);
}

/* Dirty pages of a mapping are written when the mount is left. */
Test(cached, stores_outlive_umount)
{
    int fd;
    unsigned char *at = map(getenv("D"), PROT_READ | PROT_WRITE, &fd);
    cr_assert_neq((void *)at, MAP_FAILED, "%m");
    memset(at + 12345, 'x', 1000000);
    munmap(at, SIZE);
    close(fd);
    daemon_unmount(&w);
    must("head -c 1000000 /dev/zero | tr '\\0' x | cmp -n 1000000 -i 0:12345 - $W/disk");
}

Test(cached, a_direct_lun_cannot_be_mapped_shared)
{
    int fd;
    cr_assert_eq(map(getenv("D2"), PROT_READ | PROT_WRITE, &fd), MAP_FAILED);
    close(fd);
}

Test(cached, direct_io_beside_the_cache)
{
    must("cmp $D $W/disk && head -c 4194304 /dev/urandom >$W/in");
    must("exec 9<$D; head -c 4194304 <&9 >/dev/null;"
         " dd if=$W/in of=$D bs=1M oflag=direct conv=notrunc status=none;"
         " dd if=/proc/self/fd/9 bs=1M count=4 iflag=direct status=none | cmp - $W/in && cmp -n 4194304 $D "
         "$W/in");
    must("cmp $D $W/disk");
}

static void file_system(const char *how)
{
    const char *loop = must("losetup %s -f --show $D 2>&1 || :", how);
    if (strncmp(loop, "/dev/loop", 9) != 0) {
        cr_skip_test("SKIP: no loop device: %s", loop);
        return;
    }
    char device[64];
    snprintf(device, sizeof device, "%s", loop);
    setenv("L", device, 1);
    must("mkfs.ext4 -q -F $L && mkdir $W/fs && mount $L $W/fs || { losetup -d $L; exit 1; }");
    must("cp $W/other $W/fs/file 2>/dev/null; head -c 9000000 $W/other >$W/fs/file && sync -f $W/fs &&"
         " cmp -n 9000000 $W/fs/file $W/other; s=$?; umount $W/fs; fsck.ext4 -fn $L >/dev/null 2>&1 || s=2;"
         " losetup -d $L; exit $s");
    must("cmp $D $W/disk");
}

Test(cached, file_system_on_a_loop_device)
{
    file_system("");
}

Test(cached, file_system_on_a_loop_device_with_direct_io)
{
    file_system("--direct-io=on");
}

/* What was read through the cache while a sparse copy was under way is not there afterwards. */
Test(cached, sparse_copy_under_the_eyes_of_a_reader)
{
    must("truncate -s 8M $W/sparse && printf end >>$W/sparse");
    must("exec 9<$D 8>$D; cmp -n 8388608 /proc/self/fd/9 $W/disk && dd if=$W/sparse bs=1M conv=sparse "
         "status=none >&8;"
         " exec 8>&-; head -c 8388611 <&9 >/dev/null; cmp -n 8388611 /proc/self/fd/9 $W/sparse");
    must("cmp -n 8388611 $D $W/sparse && cmp $D $W/disk");
}
