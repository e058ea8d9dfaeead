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

/* What goes through the pipe: any number of WARNING, text and newline; then READY, or the line that says what
 * failed. */
#define READY '\0'
#define WARNING '\1'

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

/* One line of the child's, as it comes in. */
struct line {
    char text[LUN_ERROR_TEXT + 64];
    size_t length;
    bool warning;
};

static void print_line(struct line *l)
{
    fprintf(stderr, "lunfs: %s%.*s\n", l->warning ? "warning: " : "", (int)l->length, l->text);
    *l = (struct line){0};
}

/* True: the child is ready. */
static bool take_byte(struct line *l, char byte)
{
    if (byte == READY)
        return true;
    if (byte == WARNING && !l->length)
        l->warning = true;
    else if (byte == '\n' && l->warning)
        print_line(l);
    else if (l->length < sizeof l->text)
        l->text[l->length++] = byte;
    return false;
}

static int await_child(int fd, pid_t child)
{
    char bytes[256];
    struct line l = {0};
    for (;;) {
        ssize_t got = read(fd, bytes, sizeof bytes);
        if (got < 0 && errno == EINTR)
            continue;
        if (got <= 0)
            break;
        for (ssize_t i = 0; i < got; i++)
            if (take_byte(&l, bytes[i]))
                return 0;
    }
    if (!l.length)
        return report_death(child);
    print_line(&l);
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

/* A parent that has gone away has nothing more to learn. */
static void tell(int fd, const char *bytes, size_t n)
{
    while (write(fd, bytes, n) < 0 && errno == EINTR)
        ;
}

void daemon_warn(int pipe, const char *text)
{
    char line[LUN_ERROR_TEXT + 64];
    int n = snprintf(line, sizeof line, "%c%s", WARNING, text);
    size_t end = n < (int)sizeof line - 1 ? (size_t)n : sizeof line - 2;
    line[end] = '\n';
    tell(pipe, line, end + 1);
}

void daemon_ready(int pipe)
{
    static const char ready = READY;
    tell(pipe, &ready, 1);
    close(pipe);
}

void daemon_failed(int pipe, const char *text)
{
    tell(pipe, text, strlen(text));
    close(pipe);
}
