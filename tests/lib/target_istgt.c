/* SPDX-License-Identifier: Apache-2.0 */
/* istgt for a test: writes its configuration, starts it in the foreground, waits for its portal. On SIGTERM
 * it waits for its sessions, so it is ended with SIGKILL. */
#include "target_istgt.h"

#include <criterion/criterion.h>
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "process.h"

static void add(struct target_istgt *t, const char *format, ...) __attribute__((format(printf, 2, 3)));

static void add(struct target_istgt *t, const char *format, ...)
{
    size_t n = strlen(t->config);
    va_list ap;
    va_start(ap, format);
    int more = vsnprintf(t->config + n, sizeof t->config - n, format, ap);
    va_end(ap);
    cr_assert_lt(n + (size_t)more, sizeof t->config);
}

void target_istgt_init(struct target_istgt *t, struct workspace *w)
{
    *t = (struct target_istgt){.workspace = w, .port = workspace_free_port()};
    uint16_t control = workspace_free_port();
    add(t, "[Global]\n  NodeBase \"%s\"\n  PidFile %s/istgt.pid\n  AuthFile %s/istgt.auth\n",
        TARGET_ISTGT_BASE, w->path, w->path);
    add(t, "  LogFacility \"local7\"\n  Timeout 30\n  NopInInterval 20\n  DiscoveryAuthMethod Auto\n"
           "  MaxSessions 32\n  MaxConnections 8\n  MaxR2T 32\n  MaxOutstandingR2T 16\n"
           "  DefaultTime2Wait 2\n  DefaultTime2Retain 20\n  FirstBurstLength 262144\n"
           "  MaxBurstLength 1048576\n  MaxRecvDataSegmentLength 262144\n  InitialR2T Yes\n"
           "  ImmediateData Yes\n  DataPDUInOrder Yes\n  DataSequenceInOrder Yes\n  ErrorRecoveryLevel 0\n");
    add(t, "[UnitControl]\n  AuthMethod Auto\n  Portal UC1 127.0.0.1:%u\n  Netmask 127.0.0.1\n", control);
    add(t, "[PortalGroup1]\n  Portal DA1 127.0.0.1:%u\n", t->port);
    add(t, "[InitiatorGroup1]\n  InitiatorName \"ALL\"\n  Netmask 127.0.0.0/8\n");
}

void target_istgt_unit(struct target_istgt *t, const char *name, unsigned mib, const char *lines)
{
    add(t, "[LogicalUnit%u]\n  TargetName \"%s\"\n  Mapping PortalGroup1 InitiatorGroup1\n", ++t->units,
        name);
    add(t, "  UnitType Disk\n  QueueDepth 32\n  LUN0 Storage %s/%s %uMB\n%s\n", t->workspace->path, name, mib,
        lines);
}

void target_istgt_start(struct target_istgt *t)
{
    struct workspace *w = t->workspace;
    char number[16], config[128], log[128];
    workspace_write(w, "istgt.conf", 0600, "%s", t->config);
    workspace_write(w, "istgt.auth", 0600, "[AuthGroup1]\n  Auth \"%s\" \"%s\" \"%s\" \"%s\"\n",
                    TARGET_ISTGT_USER, TARGET_ISTGT_SECRET, TARGET_ISTGT_MUTUAL_USER,
                    TARGET_ISTGT_MUTUAL_SECRET);
    snprintf(number, sizeof number, "%u", t->port);
    setenv("PORT", number, 1);
    snprintf(config, sizeof config, "%s/istgt.conf", w->path);
    snprintf(log, sizeof log, "%s/istgt.log", w->path);
    const char *const argv[] = {"istgt", "-D", "-c", config, NULL};
    t->pid = process_start(log, argv);
    while (!workspace_listens(t->port))
        cr_assert(!process_gone(t->pid, 0) && poll(NULL, 0, 20) == 0, "%s",
                  workspace_must(w, "cat $W/istgt.log"));
}

void target_istgt_stop(struct target_istgt *t)
{
    process_kill(t->pid);
    t->pid = 0;
}
