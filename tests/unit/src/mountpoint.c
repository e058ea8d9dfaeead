/* SPDX-License-Identifier: Apache-2.0 */
/* Where one may mount. The mountinfo lines follow proc(5). */
#include "mountpoint.h"

#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "support.h"

TestSuite(mountpoint, .init = support_scratch, .fini = support_leave);

static void refused(const char *path, const char *message)
{
    struct lun_error e = {0};
    cr_assert_null(mountpoint_check(path, &e));
    cr_assert_str_eq(e.text, message);
}

Test(mountpoint, directory)
{
    cr_assert_eq(mkdir("m", 0700), 0);
    struct lun_error e = {0};
    char *path = mountpoint_check("./m/../m/", &e);
    cr_assert(path, "%s", e.text);
    cr_assert_eq(path[0], '/');
    cr_assert_str_eq(strrchr(path, '/'), "/m");
    free(path);
}

Test(mountpoint, absent)
{
    refused("no/such", "no/such: No such file or directory");
}

Test(mountpoint, file)
{
    support_write("f", "", 0600);
    refused("f", "f: not a directory");
}

#define ROOT_LINE "22 1 254:0 / / rw,relatime shared:1 - ext4 /dev/vda rw\n"
#define LUNFS_LINE "90 22 0:50 / /mnt/san rw,nosuid,nodev - fuse.lunfs iscsi://h rw,user_id=0\n"

Test(mountpoint, lunfs_is_seen)
{
    cr_assert(mountpoint_is_lunfs(ROOT_LINE LUNFS_LINE, "/mnt/san"));
}

Test(mountpoint, other_places_do_not_count)
{
    cr_assert_not(mountpoint_is_lunfs(ROOT_LINE LUNFS_LINE, "/mnt/sa"));
    cr_assert_not(mountpoint_is_lunfs(ROOT_LINE LUNFS_LINE, "/mnt/san/iqn"));
    cr_assert_not(mountpoint_is_lunfs(ROOT_LINE LUNFS_LINE, "/"));
}

Test(mountpoint, other_file_systems_do_not_count)
{
    cr_assert_not(mountpoint_is_lunfs(
        ROOT_LINE "90 22 0:50 / /mnt/san rw shared:7 master:3 - fuse.sshfs lunfs rw\n", "/mnt/san"));
}

Test(mountpoint, the_newest_mount_counts)
{
    cr_assert_not(
        mountpoint_is_lunfs(ROOT_LINE LUNFS_LINE "91 90 0:51 / /mnt/san rw - tmpfs tmpfs rw\n", "/mnt/san"));
}

Test(mountpoint, blanks_in_a_path_are_escaped)
{
    cr_assert(
        mountpoint_is_lunfs("90 22 0:50 / /mnt/my\\040san\\134 rw - fuse.lunfs x rw\n", "/mnt/my san\\"));
}

Test(mountpoint, garbage_is_passed_over)
{
    cr_assert_not(mountpoint_is_lunfs("\n - \nabc\n1 2 3 4 /mnt/san\n", "/mnt/san"));
}
