/* SPDX-License-Identifier: Apache-2.0 */
/* lunfs on tgt: the ways to log in, block sizes, read-only units, the tree, the end. Bytes are compared with
 * the target's backing file, never with what lunfs says of itself. */
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/daemon.h"
#include "lib/target_tgt.h"
#include "lib/workspace.h"

static struct workspace w;
static struct target_tgt t;

#define must(...) workspace_must(&w, __VA_ARGS__)
#define must_fail(...) workspace_must_fail(&w, __VA_ARGS__)

static void make(void)
{
    workspace_make(&w);
    must("head -c 16M /dev/urandom >$W/one && head -c 16M /dev/urandom >$W/two");
    target_tgt_start(&t, &w);
    target_tgt_lun(&t, 1, "one", 16, "");
}

static void unmake(void)
{
    workspace_free(&w);
}

TestSuite(tgt, .init = make, .fini = unmake, .timeout = 120);

#define URL "iscsi://127.0.0.1:$PORT/$IQN"

/* The LUN's bytes come back, what is written reaches the backing file, and the session ends with the mount.
 */
static void check_io(const char *name, unsigned lun)
{
    must("cmp $T/lun%u/data $W/%s", lun, name);
    must("head -c 300001 /dev/urandom >$W/in");
    must("cp $W/%s $W/expected && dd if=$W/in of=$W/expected bs=100000 seek=7 conv=notrunc status=none",
         name);
    must("dd if=$W/in of=$T/lun%u/data bs=100000 seek=7 conv=notrunc,fsync status=none", lun);
    must("cmp $T/lun%u/data $W/expected", lun);
    must("cmp $W/%s $W/expected", name);
}

static void check_end(void)
{
    cr_assert_gt(target_tgt_sessions(&t), 0);
    daemon_unmount(&w);
    cr_assert_eq(target_tgt_sessions(&t), 0, "a session is left at the target");
    cr_assert_eq(workspace_connections(t.port), 0, "a connection is left");
}

Test(tgt, no_authentication)
{
    daemon_mount(&w, URL, "");
    check_io("one", 1);
    check_end();
}

Test(tgt, one_lun_of_a_url)
{
    target_tgt_lun(&t, 2, "two", 16, "");
    daemon_mount(&w, URL "/2", "");
    cr_assert_str_eq(must("cd $T && ls -d lun*"), "lun2");
    check_io("two", 2);
    check_end();
}

Test(tgt, discovery)
{
    target_tgt_adm(&t, "--op new --mode target --tid 2 -T iqn.2026-01.com.example:other");
    target_tgt_adm(&t, "--op bind --mode target --tid 2 -I ALL");
    target_tgt_adm(&t, "--op new --mode logicalunit --tid 2 --lun 1 -b $W/two");
    daemon_mount(&w, "iscsi://127.0.0.1:$PORT", "");
    must("cmp $M/$IQN/lun1/data $W/one");
    must("cmp $M/iqn.2026-01.com.example:other/lun1/data $W/two");
    check_end();
}

Test(tgt, blocks_of_4096_bytes)
{
    target_tgt_lun(&t, 2, "two", 16, "--blocksize 4096");
    daemon_mount(&w, URL, "");
    check_io("two", 2);
    /* One byte: read, merged, written. */
    must("cp $W/two $W/expected && printf x | dd of=$W/expected bs=1 seek=4095 conv=notrunc status=none");
    must("printf x | dd of=$T/lun2/data bs=1 seek=4095 conv=notrunc,fsync status=none && cmp $W/two "
         "$W/expected");
    check_end();
}

Test(tgt, read_only_unit)
{
    target_tgt_lun(&t, 2, "two", 16, "");
    target_tgt_adm(&t, "--op update --mode logicalunit --tid 1 --lun 2 --params readonly=1");
    daemon_mount(&w, URL, "");
    cr_assert_str_eq(must("stat -c %%a $T/lun2/data"), "400");
    const char *why = must_fail("dd if=/dev/zero of=$T/lun2/data bs=512 count=1 conv=notrunc");
    cr_assert(strstr(why, "Read-only file system"), "%s", why);
    must("cmp $T/lun2/data $W/two");
    check_end();
}

Test(tgt, read_only_by_option)
{
    daemon_mount(&w, URL, "-o read_only");
    const char *why = must_fail("dd if=/dev/zero of=$D bs=512 count=1 conv=notrunc");
    cr_assert(strstr(why, "Read-only file system"), "%s", why);
    must("cmp $D $W/one");
    check_end();
}

Test(tgt, unit_0_is_a_controller_and_has_no_data)
{
    daemon_mount(&w, URL, "");
    must("test -d $T/lun0 && test ! -e $T/lun0/data");
    must("grep -q . $T/lun0/inquiry");
    check_end();
}

/* ---- CHAP -------------------------------------------------------------------------------------------- */

#define SECRET "a-secret-of-host7"

static void require_chap(void)
{
    target_tgt_adm(&t, "--op new --mode account --user host7 --password " SECRET);
    target_tgt_adm(&t, "--op bind --mode account --tid 1 --user host7");
}

Test(tgt, chap_with_password_in_the_url)
{
    require_chap();
    daemon_mount(&w, "iscsi://host7%" SECRET "@127.0.0.1:$PORT/$IQN", "");
    check_io("one", 1);
    must_fail("grep -r " SECRET " $M/.lunfs $T/target $T/sessions");
    check_end();
}

Test(tgt, chap_with_password_in_the_environment)
{
    require_chap();
    setenv("LUNFS_CHAP_PASSWORD", SECRET, 1);
    daemon_mount(&w, "iscsi://host7@127.0.0.1:$PORT/$IQN", "");
    check_io("one", 1);
    check_end();
}

static void chap_by_file(const char *algorithms)
{
    require_chap();
    workspace_write(&w, "secret", 0600, "%s\n", SECRET);
    workspace_write(&w, "san.yaml", 0600,
                    "targets:\n"
                    "  - iqn: %s\n"
                    "    portals: [ \"127.0.0.1:%u\" ]\n"
                    "    auth: { chap: { user: host7, password_file: %s/secret%s } }\n",
                    TARGET_TGT_IQN, t.port, w.path, algorithms);
    daemon_mount(&w, "$W/san.yaml", "");
    check_io("one", 1);
    check_end();
}

Test(tgt, chap_with_a_password_file)
{
    chap_by_file("");
}

Test(tgt, chap_md5_only)
{
    chap_by_file(", algorithms: [ md5 ]");
}

/* tgt knows CHAP_A 5 and says 7 for its SHA1: it must be offered 5 first, and takes that. */
Test(tgt, chap_with_md5_before_sha256)
{
    chap_by_file(", algorithms: [ md5, sha256 ]");
}

Test(tgt, mutual_chap)
{
    require_chap();
    target_tgt_adm(&t, "--op new --mode account --user disk --password another-secret-of-disk");
    target_tgt_adm(&t, "--op bind --mode account --tid 1 --user disk --outgoing");
    workspace_write(&w, "secret", 0600, SECRET);
    workspace_write(&w, "mutual", 0600, "another-secret-of-disk");
    workspace_write(&w, "san.yaml", 0600,
                    "targets:\n"
                    "  - iqn: %s\n"
                    "    portals: [ \"127.0.0.1:%u\" ]\n"
                    "    auth:\n"
                    "      chap: { user: host7, password_file: secret }\n"
                    "      mutual: { user: disk, password_file: mutual }\n",
                    TARGET_TGT_IQN, t.port);
    daemon_mount(&w, "$W/san.yaml", "");
    check_io("one", 1);
    check_end();
}

/* ---- Digests and data phases ------------------------------------------------------------------------- */

static void with_digests(const char *header, const char *data)
{
    char options[128];
    target_tgt_adm(&t, "--op update --mode target --tid 1 --name HeaderDigest --value CRC32C,None");
    target_tgt_adm(&t, "--op update --mode target --tid 1 --name DataDigest --value CRC32C,None");
    snprintf(options, sizeof options, "-o header_digest=%s,data_digest=%s", header, data);
    daemon_mount(&w, URL, options);
    check_io("one", 1);
    check_end();
}

Test(tgt, header_digest)
{
    with_digests("crc32c", "none");
}

Test(tgt, data_digest)
{
    with_digests("none", "crc32c");
}

Test(tgt, both_digests)
{
    with_digests("crc32c", "crc32c");
}

static void with_key(const char *name, const char *value)
{
    target_tgt_adm(&t, "--op update --mode target --tid 1 --name %s --value %s", name, value);
    daemon_mount(&w, URL, "");
    check_io("one", 1);
    must("cp $W/two $D && cmp $D $W/two && cmp $W/one $W/two");
    check_end();
}

Test(tgt, initial_r2t_yes)
{
    with_key("InitialR2T", "Yes");
}

Test(tgt, initial_r2t_no)
{
    with_key("InitialR2T", "No");
}

Test(tgt, no_immediate_data)
{
    with_key("ImmediateData", "No");
}

Test(tgt, small_bursts)
{
    target_tgt_adm(&t, "--op update --mode target --tid 1 --name FirstBurstLength --value 4096");
    with_key("MaxBurstLength", "8192");
}

Test(tgt, small_data_segments)
{
    with_key("MaxRecvDataSegmentLength", "1024");
}

/* ---- Several targets and sessions -------------------------------------------------------------------- */

Test(tgt, several_sessions)
{
    daemon_mount(&w, URL, "-o sessions=3");
    cr_assert_eq(target_tgt_sessions(&t), 3);
    check_io("one", 1);
    check_end();
}

Test(tgt, yaml_with_names_and_two_targets)
{
    target_tgt_adm(&t, "--op new --mode target --tid 2 -T iqn.2026-01.com.example:other");
    target_tgt_adm(&t, "--op bind --mode target --tid 2 -I ALL");
    target_tgt_adm(&t, "--op new --mode logicalunit --tid 2 --lun 1 -b $W/two");
    workspace_write(
        &w, "san.yaml", 0600,
        "defaults: { login_timeout: 10s }\n"
        "targets:\n"
        "  - { iqn: %s, name: first, portals: [ \"127.0.0.1:%u\" ], luns: [ 1 ], mode: \"0640\" }\n"
        "  - { iqn: \"iqn.2026-01.com.example:other\", name: second, portals: [ \"127.0.0.1:%u\" ] }\n",
        TARGET_TGT_IQN, t.port, t.port);
    daemon_mount(&w, "$W/san.yaml", "");
    cr_assert_str_eq(must("ls $M"), "by-id\nfirst\nsecond");
    must("cmp $M/first/lun1/data $W/one && cmp $M/second/lun1/data $W/two");
    cr_assert_str_eq(must("stat -c %%a $M/first/lun1/data"), "640");
    check_end();
}

/* One of two portals is dead: the other is used. */
Test(tgt, second_portal_when_the_first_is_dead)
{
    workspace_write(&w, "san.yaml", 0600,
                    "targets:\n  - { iqn: %s, portals: [ \"127.0.0.1:%u\", \"127.0.0.1:%u\" ] }\n",
                    TARGET_TGT_IQN, workspace_free_port(), t.port);
    daemon_mount(&w, "$W/san.yaml", "");
    check_io("one", 1);
    check_end();
}

/* With several targets the mount comes up if one answers; the other keeps its directory and says why. */
Test(tgt, a_missing_target_has_a_directory_that_says_so)
{
    uint16_t dead = workspace_free_port();
    workspace_write(
        &w, "san.yaml", 0600,
        "targets:\n"
        "  - { iqn: %s, name: alive, portals: [ \"127.0.0.1:%u\" ] }\n"
        "  - { iqn: \"iqn.2026-01.com.example:dead\", name: dead, portals: [ \"127.0.0.1:%u\" ] }\n",
        TARGET_TGT_IQN, t.port, dead);
    daemon_mount_without(&w, "$W/san.yaml", "", "onnection refused");
    must("cmp $M/alive/lun1/data $W/one");
    must("grep -q error: $M/dead/sessions && test ! -e $M/dead/lun1");
    check_end();
}

Test(tgt, by_id_leads_to_the_unit)
{
    daemon_mount(&w, URL, "");
    /* tgt's ids come from tid and lun (VPD 83 as sg_vpd reads it is compared in system-sg). */
    const char *count = must("ls $M/by-id | wc -l");
    cr_assert_gt(atoi(count), 0);
    must("for l in $M/by-id/*; do test -e $l/inquiry || exit 1; done");
    must("for l in $M/by-id/*; do readlink $l; done | grep -q \"^\\.\\./$IQN/lun1$\"");
    check_end();
}
