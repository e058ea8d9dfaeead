/* SPDX-License-Identifier: Apache-2.0 */
/* The tests' wishes as options of the fast target, whose disk is its own memory: what that holds is asked
 * through another session, of lunctl. */
#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

#include "lib/target_fast.h"
#include "targets.h"

#define BASE "iqn.2026-01.com.example"

static struct workspace *workspace;

static void start(struct workspace *w, const struct targets_wish *wish)
{
    char options[256];
    int n = snprintf(options, sizeof options, "--name " BASE ":disk --size %d --apart --luns %d",
                     TARGETS_SIZE, 1 + wish->second);
    const struct {
        const char *name;
        unsigned value;
    } numbers[] = {{"block-size", wish->block},
                   {"first-burst", wish->first_burst},
                   {"max-burst", wish->max_burst},
                   {"max-receive", wish->max_segment}};
    for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++)
        if (numbers[i].value)
            n += snprintf(options + n, sizeof options - (size_t)n, " --%s %u", numbers[i].name,
                          numbers[i].value);
    if (wish->initial_r2t && !strcmp(wish->initial_r2t, "Yes"))
        n += snprintf(options + n, sizeof options - (size_t)n, " --initial-r2t");
    if (wish->immediate_data && !strcmp(wish->immediate_data, "No"))
        snprintf(options + n, sizeof options - (size_t)n, " --no-immediate");
    workspace = w;
    workspace_must(w, "for f in one two; do head -c %d /dev/urandom >$W/$f; done", TARGETS_SIZE);
    target_fast_start(w, options);
    workspace_must(w, "$LUNCTL write iscsi://127.0.0.1:$PORT/" BASE ":disk/0 --input $W/one");
    if (wish->second)
        workspace_must(w, "$LUNCTL write iscsi://127.0.0.1:$PORT/" BASE ":disk/1 --input $W/two");
}

static void check_holds(unsigned index, const char *file)
{
    workspace_must(workspace, "$LUNCTL read iscsi://127.0.0.1:$PORT/" BASE ":disk/%u | cmp - $W/%s", index,
                   file);
}

const struct targets_entry targets_fast = {
    .name = "fast",
    .base = BASE,
    .vendor = "LUNFS",
    .first_lun = 0,
    .can = CAN_DIGESTS | CAN_NO_INITIAL_R2T | CAN_KEYS | CAN_SEGMENTS | CAN_BLOCKS_4096 | CAN_SEVERAL_LUNS |
           CAN_DISCOVERY,
    .start = start,
    .check_holds = check_holds,
};
