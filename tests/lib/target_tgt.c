/* SPDX-License-Identifier: Apache-2.0 */
/* tgtd for a test. Its management socket lies in the workspace (TGT_IPC_SOCKET), so that many run side by
 * side and leave nothing under /run. It does not end on SIGTERM while it has targets: SIGKILL. */
#include "target_tgt.h"

#include <criterion/criterion.h>
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "process.h"

static bool answers(struct target_tgt *t)
{
    struct result r = workspace_run(t->workspace, "tgtadm -C 1 --op show --mode sys");
    bool yes = r.code == 0;
    process_result_free(&r);
    return yes;
}

void target_tgt_start(struct target_tgt *t, struct workspace *w)
{
    target_tgt_start_at(t, w, workspace_free_port());
}

void target_tgt_start_at(struct target_tgt *t, struct workspace *w, uint16_t port)
{
    char number[16], portal[64], log[128], socket[128];
    *t = (struct target_tgt){.workspace = w, .port = port};
    snprintf(number, sizeof number, "%u", t->port);
    snprintf(portal, sizeof portal, "portal=127.0.0.1:%u", t->port);
    snprintf(log, sizeof log, "%s/tgtd.log", w->path);
    snprintf(socket, sizeof socket, "%s/tgtd", w->path);
    setenv("TGT_IPC_SOCKET", socket, 1);
    setenv("PORT", number, 1);
    setenv("IQN", TARGET_TGT_IQN, 1);
    const char *const argv[] = {"tgtd", "-f", "-C", "1", "--iscsi", portal, NULL};
    t->pid = process_start(log, argv);
    /* tgtd tells nobody that it is ready, so it is asked; a port that was taken meanwhile ends it. */
    while (!answers(t))
        cr_assert(!process_gone(t->pid, 0) && poll(NULL, 0, 20) == 0, "%s",
                  workspace_must(w, "cat $W/tgtd.log"));
    target_tgt_adm(t, "--op new --mode target --tid 1 -T " TARGET_TGT_IQN);
    target_tgt_adm(t, "--op bind --mode target --tid 1 -I ALL");
}

void target_tgt_stop(struct target_tgt *t)
{
    process_kill(t->pid);
    t->pid = 0;
}

const char *target_tgt_adm(struct target_tgt *t, const char *format, ...)
{
    char arguments[512];
    va_list ap;
    va_start(ap, format);
    cr_assert_lt(vsnprintf(arguments, sizeof arguments, format, ap), (int)sizeof arguments);
    va_end(ap);
    return workspace_must(t->workspace, "tgtadm -C 1 --lld iscsi %s", arguments);
}

void target_tgt_lun(struct target_tgt *t, unsigned lun, const char *name, unsigned mib, const char *options)
{
    workspace_must(t->workspace, "test -e $W/%s || truncate -s %uM $W/%s", name, mib, name);
    target_tgt_adm(t, "--op new --mode logicalunit --tid 1 --lun %u -b $W/%s %s", lun, name, options);
}

int target_tgt_sessions(struct target_tgt *t)
{
    const char *text = target_tgt_adm(t, "--op show --mode conn --tid 1");
    int count = 0;
    for (const char *at = text; (at = strstr(at, "Session:")); at++)
        count++;
    return count;
}
