/* SPDX-License-Identifier: Apache-2.0 */
/* fork, setsid, and a pipe by which the parent learns how the start went. Main thread, before any other: a
 * fork copies only the thread that calls it. */
#include "daemon.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

/* What goes through the pipe: this byte, or the line that says what failed. */
#define READY '\0'

static int fail(const char *what)
{
    fprintf(stderr, "lunfs: %s: %s\n", what, strerror(errno));
    return 1;
}

static int report_death(pid_t child)
{
    int status;
    if (waitpid(child, &status, 0) == child && WIFSIGNALED(status))
        fprintf(stderr, "lunfs: the daemon was killed by signal %d before the mount worked\n",
                WTERMSIG(status));
    else
        fprintf(stderr, "lunfs: the daemon ended before the mount worked\n");
    return 1;
}

static int await_child(int fd, pid_t child)
{
    char text[LUN_ERROR_TEXT + 1];
    size_t n = 0;
    while (n < sizeof text - 1) {
        ssize_t got = read(fd, text + n, sizeof text - 1 - n);
        if (got < 0 && errno == EINTR)
            continue;
        if (got <= 0)
            break;
        n += (size_t)got;
        if (text[0] == READY)
            return 0;
    }
    if (!n)
        return report_death(child);
    text[n] = '\0';
    fprintf(stderr, "lunfs: %s\n", text);
    /* All is gone when we are: whoever called us may look for what was left behind. */
    waitpid(child, NULL, 0);
    return 1;
}

/* From here on nobody reads our stderr (that of fusermount3 is ours), and a terminal that closes, or a
 * directory that is to be unmounted, does not concern us. */
static void detach(void)
{
    setsid();
    int null = open("/dev/null", O_RDWR | O_CLOEXEC);
    for (int fd = 0; null >= 0 && fd <= 2; fd++)
        dup2(null, fd);
    if (null > 2)
        close(null);
    if (chdir("/") < 0)
        return; /* then the mount below the old directory is only harder to end */
}

bool daemon_start(int *ret_pipe, int *ret_code)
{
    int fds[2];
    if (pipe2(fds, O_CLOEXEC) < 0) {
        *ret_code = fail("pipe");
        return false;
    }
    fflush(NULL);
    pid_t child = fork();
    if (child < 0) {
        *ret_code = fail("fork");
        close(fds[0]);
        close(fds[1]);
        return false;
    }
    if (!child) {
        close(fds[0]);
        detach();
        *ret_pipe = fds[1];
        return true;
    }
    close(fds[1]);
    *ret_code = await_child(fds[0], child);
    close(fds[0]);
    return false;
}

static void tell(int fd, const char *bytes, size_t n)
{
    /* A parent that has gone away has nothing more to learn. */
    if (write(fd, bytes, n) < 0)
        n = 0;
    close(fd);
}

void daemon_ready(int pipe)
{
    static const char ready = READY;
    tell(pipe, &ready, 1);
}

void daemon_failed(int pipe, const char *text)
{
    tell(pipe, text, strlen(text));
}
