/* SPDX-License-Identifier: Apache-2.0 */
/* lunfs on tgt, as far as it is of tgt or needs but one target: its controller, names, what is missing. What
 * all targets can do is in targets/. */
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

static void check_end(void)
{
    cr_assert_gt(target_tgt_sessions(&t), 0);
    daemon_unmount(&w);
    cr_assert_eq(target_tgt_sessions(&t), 0, "a session is left at the target");
    cr_assert_eq(workspace_connections(t.port), 0, "a connection is left");
}

Test(tgt, unit_0_is_a_controller_and_has_no_data)
{
    daemon_mount(&w, URL, "");
    must("test -d $T/lun0 && test ! -e $T/lun0/data");
    must("grep -q . $T/lun0/inquiry");
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
