/* SPDX-License-Identifier: Apache-2.0 */
/* lunctl against a real tgt: by URL, and through a real mount. The expected values come from the backing
 * files, from libiscsi's tools and from sg3-utils. */
#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

#include "lib/process.h"
#include "lib/target_tgt.h"
#include "lib/workspace.h"

#define MIB 8
#define BYTES (MIB * 1048576)

static struct workspace w;
static struct target_tgt tgt;

/* LUN 1: 512-byte blocks, random bytes; LUN 2: 4096-byte blocks; LUN 3: read-only. */
static void make(void)
{
    workspace_make(&w);
    target_tgt_start(&tgt, &w);
    workspace_must(&w, "head -c %d /dev/urandom > $W/a; head -c %d /dev/urandom > $W/b", BYTES, BYTES);
    target_tgt_lun(&tgt, 1, "a", MIB, "");
    target_tgt_lun(&tgt, 2, "b", MIB, "--blocksize 4096");
    target_tgt_lun(&tgt, 3, "c", MIB, "");
    target_tgt_adm(&tgt, "--op update --mode logicalunit --tid 1 --lun 3 --params readonly=1");
    setenv("URL", workspace_must(&w, "echo iscsi://127.0.0.1:$PORT/$IQN"), 1);
}

/* Whatever a case did: its session is gone. */
static void unmake(void)
{
    if (tgt.pid) {
        cr_expect_eq(target_tgt_sessions(&tgt), 0);
        target_tgt_stop(&tgt);
    }
    workspace_free(&w);
}

TestSuite(lunctl, .init = make, .fini = unmake, .timeout = 60);

static void check_contains(const char *text, const char *part)
{
    cr_assert_not_null(strstr(text, part), "no '%s' in:\n%s", part, text);
}

/* The command ends with this code, and with one line on stderr, which has `says` in it. */
static void check_refused(const char *command, int code, const char *says)
{
    struct result r = workspace_run(&w, "%s", command);
    cr_assert_eq(r.code, code, "%s: %d\n%s", command, r.code, r.err);
    check_contains(r.err, says);
    if (code == 1)
        cr_assert_eq(strchr(r.err, '\n'), r.err + strlen(r.err) - 1, "more than a line:\n%s", r.err);
    process_result_free(&r);
}

Test(lunctl, discover_names_target_and_portal)
{
    const char *text = workspace_must(&w, "$LUNCTL discover iscsi://127.0.0.1:$PORT");
    check_contains(text, TARGET_TGT_IQN);
    check_contains(text, workspace_must(&w, "echo 127.0.0.1:$PORT"));
}

Test(lunctl, discover_as_json)
{
    const char *script = "import json,sys; d=json.load(sys.stdin); t=d['targets'][0]; "
                         "print(t['target'], t['portals'][0]['address'], t['portals'][0]['portal_group'])";
    const char *text =
        workspace_must(&w, "$LUNCTL --json discover iscsi://127.0.0.1:$PORT | python3 -c \"%s\"", script);
    cr_assert_str_eq(text, workspace_must(&w, "echo $IQN 127.0.0.1:$PORT 1"));
}

Test(lunctl, ls_shows_every_lun)
{
    const char *script =
        "import json,sys; d=json.load(sys.stdin); [print(u['lun'], u['type'], u.get('capacity'), "
        "u.get('logical_block_length'), u.get('read_only')) for u in d['targets'][0]['luns'] if u['lun']]";
    const char *text = workspace_must(&w, "$LUNCTL ls $URL --json | python3 -c \"%s\"", script);
    cr_assert_str_eq(text, "1 disk 8388608 512 False\n2 disk 8388608 4096 False\n3 disk 8388608 512 True");
}

Test(lunctl, ls_of_a_portal_asks_every_target)
{
    target_tgt_adm(&tgt, "--op new --mode target --tid 2 -T iqn.2026-01.com.example:other");
    target_tgt_adm(&tgt, "--op bind --mode target --tid 2 -I ALL");
    const char *text = workspace_must(&w, "$LUNCTL ls iscsi://127.0.0.1:$PORT");
    check_contains(text, TARGET_TGT_IQN);
    check_contains(text, "iqn.2026-01.com.example:other");
    check_contains(text, "4 KiB");
}

Test(lunctl, ls_of_one_lun)
{
    const char *text = workspace_must(&w, "$LUNCTL ls $URL/2 | wc -l");
    cr_assert_str_eq(text, "2");
}

Test(lunctl, inquiry_agrees_with_sg_inq)
{
    workspace_must(&w, "$LUNCTL inquiry $URL/1 --raw --output $W/inquiry.bin");
    const char *theirs = workspace_must(&w, "sg_inq --raw --inhex=$W/inquiry.bin");
    const char *ours = workspace_must(&w, "$LUNCTL inquiry $URL/1");
    check_contains(theirs, "IET");
    check_contains(theirs, "VIRTUAL-DISK");
    check_contains(ours, "IET");
    check_contains(ours, "VIRTUAL-DISK");
}

Test(lunctl, vpd_lists_pages)
{
    const char *text = workspace_must(&w, "$LUNCTL vpd $URL/1");
    check_contains(text, "83    device-identification");
}

Test(lunctl, vpd_page_agrees_with_sg_vpd)
{
    workspace_must(&w, "$LUNCTL vpd $URL/1 --page 80 --raw > $W/80.bin");
    const char *theirs =
        workspace_must(&w, "sg_vpd --raw --inhex=$W/80.bin | sed -n 's/.*serial number: *//p'");
    cr_assert_gt(strlen(theirs), 0);
    check_contains(workspace_must(&w, "$LUNCTL vpd $URL/1 --page 80"), theirs);
}

Test(lunctl, vpd_page_that_is_not_there)
{
    check_refused("$LUNCTL vpd $URL/1 --page 42", 1, "lunctl: vpd: ");
}

Test(lunctl, capacity_agrees_with_libiscsi)
{
    const char *theirs = workspace_must(&w, "iscsi-readcapacity16 $URL/2");
    check_contains(theirs, "Total size:8388608");
    const char *ours = workspace_must(&w, "$LUNCTL capacity $URL/2");
    check_contains(ours, "8388608 bytes");
    check_contains(ours, "4096 bytes");
}

Test(lunctl, read_gives_the_whole_lun)
{
    workspace_must(&w, "$LUNCTL read $URL/1 | cmp - $W/a");
    workspace_must(&w, "$LUNCTL read $URL/2 --output $W/out && cmp $W/out $W/b");
}

Test(lunctl, read_of_any_range)
{
    workspace_must(&w, "tail -c +4096 $W/b | head -c 70001 > $W/range");
    workspace_must(&w, "$LUNCTL read $URL/2 --offset 4095 --length 70001 | cmp - $W/range");
    cr_assert_str_eq(workspace_must(&w, "$LUNCTL read $URL/1 --offset 8M | wc -c"), "0");
}

Test(lunctl, read_past_the_end)
{
    check_refused("$LUNCTL read $URL/1 --offset 8388000 --length 609 --output $W/out", 1, "past its end");
    workspace_must_fail(&w, "test -e $W/out");
}

/* LUN, offset and length: what lands there, and nothing around it. */
static void check_write(int lun, const char *file, const char *offset, const char *length)
{
    workspace_must(&w, "head -c %s /dev/urandom > $W/new; cp $W/%s $W/expected", length, file);
    workspace_must(&w, "dd if=$W/new of=$W/expected bs=64k seek=%s oflag=seek_bytes conv=notrunc status=none",
                   offset);
    workspace_must(&w, "$LUNCTL write $URL/%d --offset %s --input $W/new", lun, offset);
    workspace_must(&w, "cmp $W/%s $W/expected", file);
}

Test(lunctl, write_of_whole_blocks)
{
    check_write(1, "a", "1048576", "2097152");
}

Test(lunctl, write_of_any_range)
{
    check_write(1, "a", "511", "100003");
    check_write(2, "b", "4097", "13");
}

Test(lunctl, write_to_the_last_byte)
{
    check_write(1, "a", "8388607", "1");
}

Test(lunctl, write_from_a_pipe)
{
    workspace_must(&w, "head -c 3000000 $W/b | cat | $LUNCTL write $URL/1");
    workspace_must(&w, "cmp -n 3000000 $W/a $W/b");
}

Test(lunctl, write_past_the_end_changes_nothing)
{
    workspace_must(&w, "cp $W/a $W/before");
    check_refused("$LUNCTL write $URL/1 --offset 8388000 --input $W/b", 1, "past its end");
    check_refused("cat $W/b $W/b | $LUNCTL write $URL/1 --length 9M", 1, "past its end");
    workspace_must(&w, "cmp $W/a $W/before");
}

Test(lunctl, write_from_a_pipe_that_does_not_fit)
{
    check_refused("cat $W/b $W/b | $LUNCTL write $URL/1", 1, "more than fits");
}

Test(lunctl, write_to_a_read_only_lun)
{
    check_refused("$LUNCTL write $URL/3 --input $W/b", 1, "read-only");
}

Test(lunctl, write_from_a_short_input)
{
    check_refused("$LUNCTL write $URL/1 --length 100 --input /dev/null", 1, "early");
    check_refused("printf abc | $LUNCTL write $URL/1 --length 4", 1, "ended 1 bytes early");
}

Test(lunctl, nobody_listens)
{
    setenv("NOBODY", workspace_must(&w, "echo %u", workspace_free_port()), 1);
    check_refused("$LUNCTL inquiry iscsi://127.0.0.1:$NOBODY/$IQN/1", 1, "127.0.0.1");
    check_refused("$LUNCTL discover iscsi://127.0.0.1:$NOBODY", 1, "127.0.0.1");
}

Test(lunctl, no_such_target)
{
    check_refused("$LUNCTL ls iscsi://127.0.0.1:$PORT/iqn.2026-01.com.example:none", 1,
                  "iqn.2026-01.com.example:none");
}

Test(lunctl, no_such_lun)
{
    check_refused("$LUNCTL inquiry $URL/77", 1, "no LUN 77");
    check_refused("$LUNCTL ls $URL/77", 1, "77");
}

Test(lunctl, wrong_usage)
{
    check_refused("$LUNCTL", 2, "no command");
    check_refused("$LUNCTL inquiry", 2, "needs a URL");
    check_refused("$LUNCTL inquiry $URL", 2, "names no one LUN");
    check_refused("$LUNCTL inquiry $URL/x", 2, "lunctl");
    check_refused("$LUNCTL ls $URL --nonsense", 2, "--nonsense");
    check_refused("$LUNCTL ls $URL -o nonsense=1", 2, "nonsense");
}

Test(lunctl, help_goes_to_standard_output)
{
    check_contains(workspace_must(&w, "$LUNCTL --help"), "Usage: lunctl COMMAND URL|PATH");
    check_contains(workspace_must(&w, "$LUNCTL --version"), "lunctl ");
}

Test(lunctl, chap_passwords_from_everywhere)
{
    target_tgt_adm(&tgt, "--op new --mode account --user host7 --password secret-of-host7");
    target_tgt_adm(&tgt, "--op bind --mode account --tid 1 --user host7");
    workspace_write(&w, "secret", 0600, "secret-of-host7\n");
    setenv("URL", workspace_must(&w, "echo 127.0.0.1:$PORT/$IQN/1"), 1);
    workspace_must(&w, "$LUNCTL capacity iscsi://host7%%secret-of-host7@$URL");
    workspace_must(&w, "$LUNCTL capacity iscsi://host7@$URL --password-file $W/secret");
    workspace_must(&w, "LUNFS_CHAP_PASSWORD=secret-of-host7 $LUNCTL capacity iscsi://host7@$URL");
    check_refused("$LUNCTL capacity iscsi://host7%wrong-password@$URL", 1, "lunctl: capacity: ");
    check_refused("$LUNCTL capacity iscsi://$URL", 1, "lunctl: capacity: ");
}

Test(lunctl, digests_are_an_option)
{
    target_tgt_adm(&tgt, "--op update --mode target --tid 1 --name HeaderDigest --value CRC32C");
    target_tgt_adm(&tgt, "--op update --mode target --tid 1 --name DataDigest --value CRC32C");
    workspace_must(&w, "$LUNCTL read $URL/1 -o header_digest=crc32c -o data_digest=crc32c | cmp - $W/a");
}

Test(lunctl, no_binary_data_on_a_terminal)
{
    const char *text = workspace_must(&w, "script -qec \"$LUNCTL read $URL/1; echo code=\\$?\" /dev/null");
    check_contains(text, "--output");
    check_contains(text, "code=2");
}

/* ---- Through a mount: the same answers, and neither session disturbs the other ---- */

static void mount_lunfs(void)
{
    workspace_must(&w, "mkdir $W/mnt && $LUNFS $URL $W/mnt");
    setenv("TREE", workspace_must(&w, "echo $W/mnt/$IQN"), 1);
}

static void unmount_lunfs(void)
{
    workspace_must(&w, "umount $W/mnt");
    while (target_tgt_sessions(&tgt) > 0)
        ;
}

Test(lunctl, mount_gives_the_same_answers)
{
    static const char *const commands[] = {"inquiry", "capacity", "vpd", "vpd --page 83"};
    mount_lunfs();
    for (size_t i = 0; i < sizeof commands / sizeof *commands; i++)
        cr_assert_str_eq(workspace_must(&w, "$LUNCTL %s --json $TREE/lun1", commands[i]),
                         workspace_must(&w, "$LUNCTL %s --json $URL/1", commands[i]));
    unmount_lunfs();
}

Test(lunctl, mount_is_listed_like_its_target)
{
    mount_lunfs();
    const char *by_url = workspace_must(&w, "$LUNCTL ls --json $URL");
    cr_assert_str_eq(workspace_must(&w, "$LUNCTL ls --json $W/mnt"), by_url);
    cr_assert_str_eq(workspace_must(&w, "$LUNCTL ls --json $TREE"), by_url);
    unmount_lunfs();
}

Test(lunctl, mount_is_read_and_written)
{
    mount_lunfs();
    workspace_must(&w, "$LUNCTL read $TREE/lun2 | cmp - $W/b");
    workspace_must(&w, "printf hello | $LUNCTL write $TREE/lun1/data --offset 5000");
    cr_assert_str_eq(workspace_must(&w, "tail -c +5001 $W/a | head -c 5"), "hello");
    check_refused("$LUNCTL write $TREE/lun3 --input $W/b", 1, "read-only");
    check_refused("$LUNCTL write $TREE/lun1 --offset 8M --input $W/b", 1, "past its end");
    unmount_lunfs();
}

Test(lunctl, mount_keeps_its_session)
{
    mount_lunfs();
    const char *before = workspace_must(&w, "tgtadm -C 1 --lld iscsi --op show --mode conn --tid 1");
    workspace_must(&w, "$LUNCTL read $URL/1 | cmp - $W/a");
    cr_assert_str_eq(workspace_must(&w, "tgtadm -C 1 --lld iscsi --op show --mode conn --tid 1"), before);
    unmount_lunfs();
}
