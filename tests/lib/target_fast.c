/* SPDX-License-Identifier: Apache-2.0 */
/* Starts the fast target for a test. Its port is read from what it prints, so none is ever taken. */
#include "target_fast.h"

#include <criterion/criterion.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "process.h"

pid_t target_fast_start(struct workspace *w, const char *options)
{
    static unsigned serial;
    char command[512], log[128];
    snprintf(command, sizeof command, "exec $FAST_TARGET %s", options);
    snprintf(log, sizeof log, "%s/fast.%u.log", w->path, serial);
    const char *const argv[] = {"sh", "-c", command, NULL};
    pid_t pid = process_start(log, argv);
    const char *port;
    /* It says one line, its port, once it listens. */
    while (!*(port = workspace_must(w, "cat $W/fast.%u.log 2>&- || :", serial)))
        cr_assert(!process_gone(pid, 0) && poll(NULL, 0, 10) == 0, "the fast target has ended");
    serial++;
    cr_assert_eq(port[strspn(port, "0123456789")], '\0', "the fast target said: %s", port);
    setenv("PORT", port, 1);
    setenv("IQN", TARGET_FAST_IQN, 1);
    char url[128];
    snprintf(url, sizeof url, "iscsi://127.0.0.1:%s/%s", port, TARGET_FAST_IQN);
    setenv("URL", url, 1);
    return pid;
}
