/* SPDX-License-Identifier: Apache-2.0 */
/* The harness itself, checked with libiscsi's tools: another initiator sees the targets as the tests mean
 * them, and nothing of a test outlives it. */
#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "lib/process.h"
#include "lib/target_istgt.h"
#include "lib/target_tgt.h"
#include "lib/workspace.h"

static struct workspace w;

static void make(void)
{
    workspace_make(&w);
}

static void unmake(void)
{
    workspace_free(&w);
}

TestSuite(harness, .init = make, .fini = unmake, .timeout = 60);

Test(harness, tgt_serves_luns_of_both_block_sizes)
{
    struct target_tgt t;
    target_tgt_start(&t, &w);
    target_tgt_lun(&t, 1, "a", 8, "");
    target_tgt_lun(&t, 2, "b", 8, "--blocksize 4096");
    const char *list = workspace_must(&w, "iscsi-ls -s iscsi://127.0.0.1:$PORT");
    cr_assert(strstr(list, "Target:" TARGET_TGT_IQN), "%s", list);
    cr_assert(strstr(list, "Lun:2"), "%s", list);
    const char *capacity = workspace_must(&w, "iscsi-readcapacity16 iscsi://127.0.0.1:$PORT/$IQN/2");
    cr_assert(strstr(capacity, "LBA/Block Size:4096") || strstr(capacity, "4096"), "%s", capacity);
    cr_assert_eq(target_tgt_sessions(&t), 0);
}

Test(harness, istgt_serves_with_chap)
{
    struct target_istgt t;
    target_istgt_init(&t, &w);
    target_istgt_unit(&t, "plain", 8, "  AuthMethod Auto\n  UseDigest Auto\n");
    target_istgt_unit(&t, "chap", 8, "  AuthMethod CHAP\n  AuthGroup AuthGroup1\n  UseDigest Auto\n");
    target_istgt_start(&t);
    workspace_must(&w, "iscsi-inq iscsi://127.0.0.1:$PORT/" TARGET_ISTGT_BASE ":plain/0");
    workspace_must_fail(&w, "iscsi-inq iscsi://127.0.0.1:$PORT/" TARGET_ISTGT_BASE ":chap/0");
    workspace_must(&w, "iscsi-inq iscsi://%s%%%s@127.0.0.1:$PORT/" TARGET_ISTGT_BASE ":chap/0",
                   TARGET_ISTGT_USER, TARGET_ISTGT_SECRET);
}

/* A process that left its parents, as a daemon does, ends with the workspace; so does one of a test that was
 * killed, by way of the janitor. */
Test(harness, nothing_outlives_the_workspace)
{
    workspace_must(&w, "setsid sleep 1000 >/dev/null 2>&1 &");
    while (workspace_processes(&w, "sleep") != 1)
        usleep(1000);
    struct workspace gone = w;
    workspace_free(&w);
    cr_assert_eq(workspace_processes(&gone, "sleep"), 0);
    cr_assert_neq(access(gone.path, F_OK), 0);
}

Test(harness, nothing_outlives_a_killed_test)
{
    int ends[2];
    struct workspace inner;
    cr_assert_eq(pipe(ends), 0);
    pid_t pid = fork();
    if (pid == 0) {
        workspace_make(&inner);
        workspace_must(&inner, "setsid sleep 1000 >/dev/null 2>&1 &");
        while (workspace_processes(&inner, "sleep") != 1)
            usleep(1000);
        if (write(ends[1], &inner, sizeof inner) != sizeof inner)
            _exit(1);
        raise(SIGKILL);
    }
    cr_assert_eq(read(ends[0], &inner, sizeof inner), sizeof inner);
    cr_assert_eq(process_wait(pid, 20), 128 + SIGKILL);
    while (access(inner.path, F_OK) == 0)
        usleep(1000);
    cr_assert_eq(workspace_processes(&inner, "sleep"), 0);
}
