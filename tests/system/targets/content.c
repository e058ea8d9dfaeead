/* SPDX-License-Identifier: Apache-2.0 */
/* Bytes of LUNs of all kinds: blocks of 4096 bytes, large ones, write-protected ones, several. */
#include <stdio.h>
#include <stdlib.h>

#include "check.h"
#include "lib/random_io.h"

CHECK(content, blocks_of_4096_bytes, CAN_BLOCKS_4096)
{
    check_start((struct targets_wish){.block = 4096});
    check_mount(URL, "");
    check_io();
    /* One byte: read, merged, written. */
    must("printf x | dd of=$W/expected bs=1 seek=4095 conv=notrunc status=none");
    must("printf x | dd of=$D bs=1 seek=4095 conv=notrunc,fsync status=none && cmp $D $W/expected");
    check_on->check_holds(0, "expected");
    check_end();
}

/* Writers of one byte each, side by side in the same blocks. */
CHECK(content, writers_that_share_a_block, 0)
{
    check_start((struct targets_wish){0});
    check_mount(URL, "");
    must("cp $W/one $W/expected; for i in 0 1 2 3 4 5 6 7; do"
         " printf %%s $i | dd of=$W/expected bs=1 seek=$((1020 + i)) conv=notrunc status=none; done");
    must("for i in 0 1 2 3 4 5 6 7; do"
         " printf %%s $i | dd of=$D bs=1 seek=$((1020 + i)) conv=notrunc,fsync status=none & done; wait");
    must("cmp $D $W/expected");
    check_on->check_holds(0, "expected");
    check_end();
}

/* With more than one session, and blocks that writers share. */
CHECK(content, random_io, 0)
{
    char mirror[128];
    check_start((struct targets_wish){0});
    check_mount(URL, "-o sessions=2");
    snprintf(mirror, sizeof mirror, "%s/expected", check_workspace.path);
    must("cp $W/one $W/expected");
    random_io(&(struct random_io){getenv("D"), mirror, TARGETS_SIZE, 250, 7});
    check_on->check_holds(0, "expected");
    check_end();
}

CHECK(content, sparse_copy_leaves_no_stale_bytes, 0)
{
    check_start((struct targets_wish){0});
    check_mount(URL, "");
    must("truncate -s 1500001 $W/in && head -c 70001 /dev/urandom | dd of=$W/in bs=100000 seek=11 "
         "conv=notrunc "
         "status=none");
    must("cp $W/one $W/expected && dd if=$W/in of=$W/expected bs=1M conv=notrunc status=none");
    must("cp $W/in $D && cmp $D $W/expected");
    check_on->check_holds(0, "expected");
    check_end();
}

CHECK(content, end_of_the_lun, 0)
{
    check_start((struct targets_wish){0});
    check_mount(URL, "");
    cr_assert_str_eq(must("stat -c %%s $D"), must("stat -c %%s $W/one"));
    const char *why =
        must_fail("printf 12345 | dd of=$D bs=5 oflag=seek_bytes seek=$(($(stat -c %%s $D) - 4)) "
                  "conv=notrunc iflag=fullblock");
    cr_assert(strstr(why, "No space left on device"), "%s", why);
    must("test $(tail -c 5 $D | head -c 100 | wc -c) = 5");
    check_end();
}

CHECK(content, several_luns, CAN_SEVERAL_LUNS)
{
    check_start((struct targets_wish){.second = true});
    check_mount(URL, "");
    check_io();
    must("cmp $D2 $W/two && head -c 700001 /dev/urandom >$W/in && cp $W/in $D2");
    must("dd if=$W/in of=$W/two bs=1M conv=notrunc status=none && cmp $D2 $W/two && cmp $D $W/expected");
    check_on->check_holds(1, "two");
    check_on->check_holds(0, "expected");
    check_end();
}

CHECK(content, one_lun_of_a_url, CAN_SEVERAL_LUNS)
{
    char source[128];
    check_start((struct targets_wish){.second = true});
    snprintf(source, sizeof source, URL "/%u", check_on->first_lun + 1);
    check_mount(source, "");
    must("test ! -e $D && cmp $D2 $W/two");
    check_end();
}

static void refuses_writes(void)
{
    cr_assert_str_eq(must("stat -c %%a $D"), "400");
    const char *why = must_fail("dd if=/dev/zero of=$D bs=512 count=1 conv=notrunc");
    cr_assert(strstr(why, "Read-only file system"), "%s", why);
    must("cmp $D $W/one");
    check_on->check_holds(0, "one");
    check_end();
}

CHECK(content, write_protected, CAN_READ_ONLY)
{
    check_start((struct targets_wish){.read_only = true});
    check_mount(URL, "");
    must("grep -qx 'read_only: true' ${D%%data}status");
    refuses_writes();
}

CHECK(content, read_only_by_option, 0)
{
    check_start((struct targets_wish){0});
    check_mount(URL, "-o read_only");
    refuses_writes();
}

/* More than 2^32 blocks of 512 bytes: READ(16) and WRITE(16), and READ CAPACITY(16). What is written in the
 * middle of nothing is read by another session. */
CHECK(content, three_tebibytes, CAN_HUGE)
{
    check_start((struct targets_wish){.huge = true});
    check_mount(URL, "");
    cr_assert_str_eq(must("stat -c %%s $D"), "3298534883328");
    must("head -c 300001 /dev/urandom >$W/in");
    must("dd if=$W/in of=$D bs=1M oflag=seek_bytes seek=2748779069001 conv=notrunc,fsync status=none");
    must("dd if=$D bs=1M iflag=skip_bytes,fullblock,count_bytes skip=2748779069001 count=300001 status=none |"
         " cmp - $W/in");
    must("printf end | dd of=$D bs=1M oflag=seek_bytes seek=3298534883325 conv=notrunc,fsync status=none");
    char url[128];
    snprintf(url, sizeof url, URL "/%u", check_on->first_lun);
    must("$LUNCTL read %s --offset 2748779069001 --length 300001 | cmp - $W/in", url);
    cr_assert_str_eq(must("$LUNCTL read %s --offset 3298534883325", url), "end");
    check_end();
}
