/* SPDX-License-Identifier: Apache-2.0 */
/* What the tests of all targets share: a mount, bytes that come back and reach the device, a clean end. Bytes
 * are compared with what the target holds, never with what lunfs says of itself. */
#include "check.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/daemon.h"

struct workspace check_workspace;
const struct targets_entry *check_on;

void check_init(void)
{
    /* Criterion runs each test in a process of its own, which does not come by way of main. */
    check_on = targets_find(getenv("ON"));
    workspace_make(&check_workspace);
    if (check_on->clean)
        check_on->clean();
}

void check_fini(void)
{
    if (check_on->check)
        check_on->check();
    workspace_free(&check_workspace);
}

void check_start(struct targets_wish wish)
{
    check_on->start(&check_workspace, &wish);
    char iqn[128];
    snprintf(iqn, sizeof iqn, "%s:disk", check_on->base);
    setenv("IQN", iqn, 1);
}

static void export_data(const char *name, unsigned lun)
{
    char path[512];
    snprintf(path, sizeof path, "%s/lun%u/data", getenv("T"), lun);
    setenv(name, path, 1);
}

void check_mount(const char *source, const char *options)
{
    daemon_mount(&check_workspace, source, options);
    export_data("D", check_on->first_lun);
    export_data("D2", check_on->first_lun + 1);
}

static uint16_t port(void)
{
    return (uint16_t)atoi(getenv("PORT"));
}

void check_end(void)
{
    cr_assert_gt(workspace_connections(port()), 0);
    daemon_unmount(&check_workspace);
    cr_assert_eq(workspace_connections(port()), 0, "a connection is left");
    if (check_on->can & CAN_SESSIONS)
        cr_assert_eq(check_on->sessions(), 0, "a session is left at the target");
    if (check_on->check_end)
        check_on->check_end();
}

void check_io(void)
{
    must("cmp $D $W/one");
    must("head -c 300001 /dev/urandom >$W/in && cp $W/one $W/expected");
    must("dd if=$W/in of=$W/expected bs=100000 seek=7 conv=notrunc status=none");
    must("dd if=$W/in of=$D bs=100000 seek=7 conv=notrunc,fsync status=none && cmp $D $W/expected");
    check_on->check_holds(0, "expected");
    must("head -c 1000001 /dev/urandom >$W/in && dd if=$W/in of=$W/expected conv=notrunc bs=1M status=none");
    must("cp $W/in $D && cmp $D $W/expected");
    check_on->check_holds(0, "expected");
}

void check_negotiated(const char *key, const char *value)
{
    /* Booleans stand in quotes there. */
    must("sed -n '/^negotiated:/,$p' $T/target | grep -qx '  %s: \"\\?%s\"\\?\\( #.*\\)\\?' || "
         "{ cat $T/target; exit 1; }",
         key, value);
}

void check_all(struct targets_wish wish, const char *options)
{
    check_start(wish);
    check_mount(URL, options);
    check_io();
    check_end();
}

void check_refused(const char *source, const char *options, const char *word, const char *word2)
{
    must("mkdir -p $W/m");
    const char *line = daemon_refuses(&check_workspace, 1, source, "$W/m", options);
    cr_assert(strstr(line, word), "\"%s\" does not name %s", line, word);
    cr_assert(!word2 || strstr(line, word2), "\"%s\" does not name %s", line, word2);
    cr_assert_eq(workspace_connections(port()), 0, "a connection is left");
    if (check_on->can & CAN_SESSIONS)
        cr_assert_eq(check_on->sessions(), 0, "a session is left at the target");
}
