/* SPDX-License-Identifier: Apache-2.0 */
/* What the parent learns from its child, and exits with. */
#include "daemon.h"

#include <criterion/criterion.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "support.h"

static void begin(void)
{
    support_scratch();
    cr_assert(freopen("stderr", "w+", stderr));
}

TestSuite(daemon, .init = begin, .fini = support_leave);

static const char *caught(void)
{
    static char text[1024];
    fflush(stderr);
    rewind(stderr);
    text[fread(text, 1, sizeof text - 1, stderr)] = '\0';
    return text;
}

Test(daemon, parent_goes_when_the_child_is_ready)
{
    int pipe, code = -1;
    if (daemon_start(&pipe, &code)) {
        daemon_ready(pipe);
        _exit(0);
    }
    cr_assert_eq(code, 0);
    cr_assert_str_eq(caught(), "");
}

Test(daemon, parent_says_what_failed)
{
    int pipe, code = -1;
    if (daemon_start(&pipe, &code)) {
        daemon_failed(pipe, "portal 192.0.2.10:3260: connection refused");
        _exit(1);
    }
    cr_assert_eq(code, 1);
    cr_assert_str_eq(caught(), "lunfs: portal 192.0.2.10:3260: connection refused\n");
}

Test(daemon, parent_passes_on_what_is_missing)
{
    int pipe, code = -1;
    if (daemon_start(&pipe, &code)) {
        daemon_warn(pipe, "portal 192.0.2.10:3260: connection refused");
        daemon_warn(pipe, "portal 192.0.2.11:3260: no route to host");
        daemon_ready(pipe);
        _exit(0);
    }
    cr_assert_eq(code, 0);
    cr_assert_str_eq(caught(), "lunfs: warning: portal 192.0.2.10:3260: connection refused\n"
                               "lunfs: warning: portal 192.0.2.11:3260: no route to host\n");
}

Test(daemon, what_is_missing_is_not_what_failed)
{
    int pipe, code = -1;
    if (daemon_start(&pipe, &code)) {
        daemon_warn(pipe, "portal 192.0.2.10:3260: connection refused");
        daemon_failed(pipe, "cannot mount");
        _exit(1);
    }
    cr_assert_eq(code, 1);
    cr_assert_str_eq(caught(), "lunfs: warning: portal 192.0.2.10:3260: connection refused\n"
                               "lunfs: cannot mount\n");
}

Test(daemon, a_long_warning_stays_one_line)
{
    int pipe, code = -1;
    if (daemon_start(&pipe, &code)) {
        char text[2000];
        memset(text, 'x', sizeof text - 1);
        text[sizeof text - 1] = '\0';
        daemon_warn(pipe, text);
        daemon_ready(pipe);
        _exit(0);
    }
    cr_assert_eq(code, 0);
    const char *text = caught();
    cr_assert_eq(strncmp(text, "lunfs: warning: xxxx", 20), 0);
    cr_assert_eq(strchr(text, '\n'), text + strlen(text) - 1);
}

Test(daemon, child_that_just_ends)
{
    int pipe, code = -1;
    if (daemon_start(&pipe, &code))
        _exit(0);
    cr_assert_eq(code, 1);
    cr_assert_str_eq(caught(), "lunfs: the daemon ended before the mount worked\n");
}

Test(daemon, child_that_is_killed)
{
    int pipe, code = -1;
    if (daemon_start(&pipe, &code)) {
        raise(SIGKILL);
        _exit(0);
    }
    cr_assert_eq(code, 1);
    cr_assert_str_eq(caught(), "lunfs: the daemon was killed by signal 9 before the mount worked\n");
}

Test(daemon, child_is_away_from_the_terminal_and_the_directory)
{
    int pipe, code = -1;
    if (daemon_start(&pipe, &code)) {
        char cwd[64] = "";
        char *at = getcwd(cwd, sizeof cwd);
        if (getsid(0) == getpid() && at && !strcmp(at, "/") && !isatty(0))
            daemon_ready(pipe);
        _exit(0);
    }
    cr_assert_eq(code, 0);
}
