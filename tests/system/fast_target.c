/* SPDX-License-Identifier: Apache-2.0 */
/* The fast target of tests/lib: libiscsi's tools agree with what it says of itself, and its bytes are the
 * ones that were written, by libiscsi, lunctl and a mount. What is measured on it is worth no more than this.
 */
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/daemon.h"
#include "lib/process.h"
#include "lib/target_fast.h"
#include "lib/workspace.h"

static struct workspace w;

static void make(void)
{
    workspace_make(&w);
    workspace_must(&w, "head -c 8M /dev/urandom > $W/a");
}

static void unmake(void)
{
    workspace_free(&w);
}

TestSuite(fast_target, .init = make, .fini = unmake, .timeout = 60);

static void check_contains(const char *text, const char *part)
{
    cr_assert_not_null(strstr(text, part), "no '%s' in:\n%s", part, text);
}

/* What is written through lunctl is read back the same, whole and in odd pieces. */
static void check_moves(const char *options)
{
    workspace_must(&w, "$LUNCTL write $URL/0 --input $W/a %s", options);
    workspace_must(&w, "$LUNCTL read $URL/0 %s | cmp - $W/a", options);
    workspace_must(&w, "head -c 300001 /dev/urandom > $W/b");
    workspace_must(
        &w, "cp $W/a $W/c; dd if=$W/b of=$W/c bs=1M oflag=seek_bytes seek=12345 conv=notrunc status=none");
    workspace_must(&w, "$LUNCTL write $URL/0 --offset 12345 --input $W/b %s", options);
    workspace_must(&w, "$LUNCTL read $URL/0 %s | cmp - $W/c", options);
}

Test(fast_target, libiscsi_lists_and_inquires)
{
    target_fast_start(&w, "--luns 3 --size 8M");
    const char *text = workspace_must(&w, "iscsi-ls -s iscsi://127.0.0.1:$PORT");
    check_contains(text, TARGET_FAST_IQN);
    check_contains(text, "Lun:2 ");
    cr_assert_null(strstr(text, "Lun:3 "));
    text = workspace_must(&w, "iscsi-inq $URL/1");
    check_contains(text, "Product:FAST TARGET");
    check_contains(text, "DIRECT_ACCESS");
}

/* Its conformance tests; a family of which none ran counts as a fault. */
Test(fast_target, libiscsi_finds_no_fault)
{
    static const char *const families[] = {"Read10",     "Read16",  "Write10",    "ReadCapacity16",
                                           "ModeSense6", "Inquiry", "iSCSIcmdsn", "iSCSITMF"};
    target_fast_start(&w, "--size 8M");
    for (size_t i = 0; i < sizeof families / sizeof families[0]; i++)
        workspace_must(
            &w,
            "iscsi-test-cu --dataloss --test=ALL.%s $URL/0 > $W/cu 2>&1; awk '$1 == \"tests\" "
            "{ ran = $3; failed = $5 } END { exit !ran || failed }' $W/cu || { cat $W/cu; exit 1; }",
            families[i]);
}

Test(fast_target, libiscsi_reads_the_capacity)
{
    target_fast_start(&w, "--size 8M --block-size 4096");
    const char *text = workspace_must(&w, "iscsi-readcapacity16 $URL/0");
    check_contains(text, "RETURNED LOGICAL BLOCK ADDRESS:2047");
    check_contains(text, "LOGICAL BLOCK LENGTH IN BYTES:4096");
}

Test(fast_target, sg_vpd_decodes_its_pages)
{
    target_fast_start(&w, "--luns 2");
    workspace_must(
        &w, "$LUNCTL vpd $URL/1 --page 83 --raw > $W/83; $LUNCTL vpd $URL/0 --page 83 --raw > $W/83.0");
    workspace_must_fail(&w, "cmp -s $W/83 $W/83.0 || exit 3");
    check_contains(workspace_must(&w, "sg_vpd --inhex=$W/83 --raw --page=di"), "designator type: NAA");
    workspace_must(&w, "$LUNCTL vpd $URL/1 --page b0 --raw > $W/b0");
    check_contains(workspace_must(&w, "sg_vpd --inhex=$W/b0 --raw --page=bl"),
                   "Maximum transfer length: 32768");
}

Test(fast_target, lunctl_moves_bytes)
{
    target_fast_start(&w, "--size 8M");
    check_moves("");
}

Test(fast_target, every_write_is_asked_for)
{
    target_fast_start(&w, "--size 8M --initial-r2t --no-immediate --max-burst 64K --first-burst 4K");
    check_moves("");
}

Test(fast_target, short_segments_and_unasked_data)
{
    target_fast_start(&w, "--size 8M --no-immediate --max-receive 4K --first-burst 64K");
    check_moves("");
}

Test(fast_target, a_window_of_one)
{
    target_fast_start(&w, "--size 8M --window 1 --block-size 4096");
    check_moves("");
}

Test(fast_target, digests)
{
    target_fast_start(&w, "--size 8M");
    check_moves("-o header_digest=crc32c -o data_digest=crc32c");
}

Test(fast_target, a_mount)
{
    target_fast_start(&w, "--size 8M --luns 2 --poll");
    daemon_mount(&w, "$URL", "");
    workspace_must(&w, "dd if=$W/a of=$D bs=1M conv=notrunc,fsync status=none && cmp $D $W/a");
    workspace_must(&w, "dd if=$D bs=4k status=none | cmp - $W/a");
    daemon_unmount(&w);
}

Test(fast_target, a_mount_with_three_sessions_and_digests)
{
    target_fast_start(&w, "--size 8M --max-burst 8K --first-burst 8K");
    daemon_mount(&w, "$URL", "-o sessions=3,header_digest=crc32c,data_digest=crc32c");
    setenv("D", workspace_must(&w, "echo $T/lun0/data"), 1);
    workspace_must(&w, "dd if=$W/a of=$D bs=1000000 conv=notrunc,fsync status=none && cmp $D $W/a");
    daemon_unmount(&w);
}

Test(fast_target, three_hundred_luns)
{
    target_fast_start(&w, "--luns 300");
    cr_assert_str_eq(workspace_must(&w, "$LUNCTL ls $URL | grep -c '64 MiB'"), "300");
}

Test(fast_target, nonsense_ends_the_connection)
{
    target_fast_start(&w, "--size 8M");
    const char *script = "import socket,sys; s=socket.create_connection(('127.0.0.1',int(sys.argv[1]))); "
                         "s.sendall(bytes.fromhex(sys.argv[2])); print(len(s.recv(100)))";
    static const char *const headers[] = {
        "01c00000000000000000000000000000", /* a SCSI Command before login */
        "43870000ffffffff0000000000000000", /* AHS, and 16 MiB of text */
        "3f800000000000000000000000000000", /* not a request */
    };
    for (size_t i = 0; i < sizeof headers / sizeof headers[0]; i++)
        cr_assert_str_eq(workspace_must(&w, "python3 -c \"%s\" $PORT %s%064d", script, headers[i], 0), "0");
    check_contains(workspace_must(&w, "iscsi-inq $URL/0"), "FAST TARGET");
}

/* ---- what tunes itself, with a target whose window and sessions the test chooses ---- */

/* Sessions after the first come, and those that are not wanted go, by and by. */
static void await_sessions(const char *n, const char *by)
{
    workspace_must(&w, "until test $(grep -c 'state: up' $T/sessions) = %s; do sleep 0.02; done", n);
    workspace_must(&w, "until grep -qx 'sessions: %s' $T/target; do sleep 0.02; done", n);
    workspace_must(&w, "grep -qx 'sessions_by: %s' $T/target || { cat $T/target; exit 1; }", by);
}

static void check_sessions(const char *target, const char *mount, const char *n, const char *by)
{
    target_fast_start(&w, target);
    daemon_mount(&w, "$URL", mount);
    await_sessions(n, by);
    setenv("D", workspace_must(&w, "echo $T/lun0/data"), 1);
    workspace_must(&w, "dd if=$W/a of=$D bs=1000000 conv=notrunc,fsync status=none && cmp $D $W/a");
    daemon_unmount(&w);
}

Test(fast_target, a_wide_window_is_one_session)
{
    check_sessions("--size 8M --window 32", "", "1", "auto");
}

Test(fast_target, a_narrow_window_is_several_sessions)
{
    check_sessions("--size 8M --window 16", "", "2", "auto");
}

Test(fast_target, a_window_of_one_is_four_sessions)
{
    check_sessions("--size 8M --window 1", "", "4", "auto");
}

/* The others are refused (login status 0302, out of resources), and the target serves all the same. */
Test(fast_target, no_more_sessions_than_the_target_takes)
{
    check_sessions("--size 8M --window 1 --sessions 2", "", "2", "auto");
}

Test(fast_target, configured_sessions_are_not_changed_by_the_window)
{
    check_sessions("--size 8M --window 1", "-o sessions=1", "1", "configured");
}

static pid_t again(pid_t before, const char *options)
{
    process_kill(before);
    return target_fast_start(&w, options);
}

/* The target comes back with a wider window, then with narrower ones, at last for fewer sessions than we had.
 */
Test(fast_target, sessions_go_and_come_with_the_window)
{
    pid_t pid = target_fast_start(&w, "--size 8M --window 1");
    daemon_mount(&w, "$URL", "");
    await_sessions("4", "auto");
    pid = again(pid, "--size 8M --window 64 --port $PORT");
    await_sessions("1", "auto");
    pid = again(pid, "--size 8M --window 1 --port $PORT");
    await_sessions("4", "auto");
    again(pid, "--size 8M --window 1 --sessions 2 --port $PORT");
    await_sessions("2", "auto");
    daemon_unmount(&w);
}

Test(fast_target, loops_say_by_what)
{
    target_fast_start(&w, "--size 8M");
    daemon_mount(&w, "$URL", "");
    check_contains(workspace_must(&w, "cat $T/target"), "loops: 1\nloops_by: auto\n");
    daemon_unmount(&w);
    daemon_mount(&w, "$URL", "-o loops=2");
    check_contains(workspace_must(&w, "cat $T/target"), "loops: 2\nloops_by: configured\n");
    daemon_unmount(&w);
}
