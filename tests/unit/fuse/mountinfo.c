/* SPDX-License-Identifier: Apache-2.0 */
/* Lines of /proc/self/mountinfo, as in proc(5). */
#include "mountinfo.h"

#include <criterion/criterion.h>

Test(mountinfo, line_with_optional_fields)
{
    struct mountinfo m;
    cr_assert(mountinfo_line("36 35 98:7 /mnt1 /mnt2 rw,noatime master:1 - ext3 /dev/root rw,errors=continue",
                             "/mnt2", &m));
    cr_assert_eq(m.major, 98);
    cr_assert_eq(m.minor, 7);
    cr_assert_str_eq(m.type, "ext3");
}

Test(mountinfo, line_without_optional_fields)
{
    struct mountinfo m;
    cr_assert(mountinfo_line("36 35 0:52 / /mnt rw - fuse.lunfs a - b rw", "/mnt", &m));
    cr_assert_str_eq(m.type, "fuse.lunfs");
}

Test(mountinfo, other_paths)
{
    struct mountinfo m;
    cr_assert_not(mountinfo_line("36 35 0:52 / /mnt/a rw - tmpfs x rw", "/mnt", &m));
    cr_assert_not(mountinfo_line("36 35 0:52 / /mn rw - tmpfs x rw", "/mnt", &m));
}

Test(mountinfo, escaped_blanks)
{
    struct mountinfo m;
    cr_assert(mountinfo_line("36 35 0:52 / /mnt/a\\040b\\134 rw - tmpfs x rw", "/mnt/a b\\", &m));
}

Test(mountinfo, what_is_no_such_line)
{
    struct mountinfo m;
    cr_assert_not(mountinfo_line("", "/mnt", &m));
    cr_assert_not(mountinfo_line("36 35", "/mnt", &m));
    cr_assert_not(mountinfo_line("36 35 0:52 / /mnt rw", "/mnt", &m));
}

Test(mountinfo, root_is_there)
{
    struct mountinfo m;
    cr_assert(mountinfo_at("/", &m));
    cr_assert_not(mountinfo_at("/no/such/place", &m));
}
