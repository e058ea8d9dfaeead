/* SPDX-License-Identifier: Apache-2.0 */
/* lunfs on istgt: mutual CHAP with its 1024-byte challenge, digests it insists on, blocks of 4096 bytes,
 * units it write-protects, and bursts small enough to take every turn of the data phase. */
#include <criterion/criterion.h>
#include <string.h>

#include "lib/daemon.h"
#include "lib/target_istgt.h"
#include "lib/workspace.h"

static struct workspace w;
static struct target_istgt t;

#define must(...) workspace_must(&w, __VA_ARGS__)
#define must_fail(...) workspace_must_fail(&w, __VA_ARGS__)
#define URL "iscsi://127.0.0.1:$PORT/" TARGET_ISTGT_BASE ":disk"

static void make(void)
{
    workspace_make(&w);
    must("head -c 8M /dev/urandom >$W/disk");
    target_istgt_init(&t, &w);
}

static void unmake(void)
{
    workspace_free(&w);
}

TestSuite(istgt, .init = make, .fini = unmake, .timeout = 120);

static void start(const char *lines)
{
    target_istgt_unit(&t, "disk", 8, lines);
    target_istgt_start(&t);
}

/* istgt's LUN is LUN 0 here. */
static void check_io(void)
{
    must("cmp $T/lun0/data $W/disk");
    must("head -c 3000001 /dev/urandom >$W/in && cp $W/disk $W/expected");
    must("dd if=$W/in of=$W/expected bs=12345 seek=3 conv=notrunc status=none");
    must("dd if=$W/in of=$T/lun0/data bs=12345 seek=3 conv=notrunc,fsync status=none");
    must("cmp $T/lun0/data $W/expected && cmp $W/disk $W/expected");
    must("cp $W/in $T/lun0/data && cmp -n 3000001 $T/lun0/data $W/in");
    must("cmp -i 3000001 $T/lun0/data $W/expected");
}

static void check_end(void)
{
    cr_assert_gt(workspace_connections(t.port), 0);
    daemon_unmount(&w);
    cr_assert_eq(workspace_connections(t.port), 0, "a connection is left");
}

Test(istgt, no_authentication)
{
    start("  AuthMethod Auto\n  UseDigest Auto\n");
    daemon_mount(&w, URL, "");
    check_io();
    check_end();
}

Test(istgt, chap)
{
    start("  AuthMethod CHAP\n  AuthGroup AuthGroup1\n  UseDigest Auto\n");
    daemon_mount(&w,
                 "iscsi://" TARGET_ISTGT_USER "%" TARGET_ISTGT_SECRET "@127.0.0.1:$PORT/" TARGET_ISTGT_BASE
                 ":disk",
                 "");
    check_io();
    check_end();
}

static void write_mutual(const char *mutual_secret)
{
    workspace_write(&w, "secret", 0600, TARGET_ISTGT_SECRET);
    workspace_write(&w, "mutual", 0600, "%s", mutual_secret);
    workspace_write(&w, "san.yaml", 0600,
                    "targets:\n"
                    "  - iqn: " TARGET_ISTGT_BASE ":disk\n"
                    "    portals: [ \"127.0.0.1:%u\" ]\n"
                    "    auth:\n"
                    "      chap: { user: " TARGET_ISTGT_USER ", password_file: secret }\n"
                    "      mutual: { user: " TARGET_ISTGT_MUTUAL_USER ", password_file: mutual }\n",
                    t.port);
}

/* istgt's challenge is 1024 bytes: 2050 characters in hexadecimal, more than a small buffer for values holds.
 */
Test(istgt, mutual_chap_with_a_challenge_of_1024_bytes)
{
    start("  AuthMethod CHAP Mutual\n  AuthGroup AuthGroup1\n  UseDigest Auto\n");
    write_mutual(TARGET_ISTGT_MUTUAL_SECRET);
    daemon_mount(&w, "$W/san.yaml", "");
    check_io();
    check_end();
}

/* A target that does not know the mutual secret is not the target. */
Test(istgt, mutual_chap_with_a_target_that_lies)
{
    start("  AuthMethod CHAP Mutual\n  AuthGroup AuthGroup1\n  UseDigest Auto\n");
    write_mutual("not-what-it-says");
    must("mkdir $W/m");
    const char *line = daemon_refuses(&w, 1, "$W/san.yaml", "$W/m", "");
    cr_assert(strstr(line, TARGET_ISTGT_BASE ":disk"), "%s", line);
    cr_assert_eq(workspace_connections(t.port), 0, "a connection is left");
}

Test(istgt, required_header_digest)
{
    start("  AuthMethod Auto\n  UseDigest Header\n");
    daemon_mount(&w, URL, "-o header_digest=crc32c");
    check_io();
    check_end();
}

Test(istgt, required_header_and_data_digests)
{
    start("  AuthMethod Auto\n  UseDigest Header Data\n");
    daemon_mount(&w, URL, "-o header_digest=crc32c,data_digest=crc32c");
    check_io();
    check_end();
}

Test(istgt, blocks_of_4096_bytes)
{
    start("  AuthMethod Auto\n  UseDigest Auto\n  BlockLength 4096\n");
    daemon_mount(&w, URL, "");
    check_io();
    must("cmp $T/lun0/data $W/disk");
    check_end();
}

Test(istgt, read_only_unit)
{
    start("  AuthMethod Auto\n  UseDigest Auto\n  ReadOnly Yes\n");
    daemon_mount(&w, URL, "");
    must("cmp $T/lun0/data $W/disk");
    const char *why = must_fail("dd if=/dev/zero of=$T/lun0/data bs=512 count=1 conv=notrunc");
    cr_assert(strstr(why, "Read-only file system"), "%s", why);
    check_end();
}

Test(istgt, bursts_of_4_and_8_KiB_with_digests)
{
    start("  AuthMethod Auto\n  UseDigest Header Data\n  FirstBurstLength 4096\n  MaxBurstLength 8192\n"
          "  MaxRecvDataSegmentLength 1024\n  MaxOutstandingR2T 1\n");
    daemon_mount(&w, URL, "-o header_digest=crc32c,data_digest=crc32c");
    check_io();
    check_end();
}
