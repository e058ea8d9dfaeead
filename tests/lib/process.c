/* SPDX-License-Identifier: Apache-2.0 */
/* Commands and servers of a test: output into files, never pipes (a daemon that kept a pipe would make the
 * reader wait), an end by deadline, death with the test. */
#include "process.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/pidfd.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

static void redirect(int to, const char *path, int flags)
{
    int fd = open(path, flags | O_CLOEXEC, 0600);
    if (fd < 0 || dup2(fd, to) < 0)
        _exit(126);
}

static pid_t start(const char *out, const char *err, const char *const argv[])
{
    pid_t parent = getpid();
    pid_t pid = fork();
    cr_assert_geq(pid, 0, "fork: %s", strerror(errno));
    if (pid != 0)
        return pid;
    setpgid(0, 0);
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (getppid() != parent)
        _exit(126);
    redirect(STDIN_FILENO, "/dev/null", O_RDONLY);
    redirect(STDOUT_FILENO, out, O_WRONLY | O_CREAT | O_APPEND);
    redirect(STDERR_FILENO, err, O_WRONLY | O_CREAT | O_APPEND);
    close_range(3, ~0U, 0);
    execvp(argv[0], (char *const *)argv);
    dprintf(STDERR_FILENO, "%s: %s\n", argv[0], strerror(errno));
    _exit(127);
}

pid_t process_start(const char *log, const char *const argv[])
{
    return start(log, log, argv);
}

static int exit_code(int status)
{
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

bool process_gone(pid_t pid, unsigned seconds)
{
    int fd = pidfd_open(pid, 0);
    if (fd < 0)
        return errno == ESRCH;
    struct pollfd p = {.fd = fd, .events = POLLIN};
    int n;
    do
        n = poll(&p, 1, (int)seconds * 1000);
    while (n < 0 && errno == EINTR);
    close(fd);
    return n == 1;
}

int process_wait(pid_t pid, unsigned seconds)
{
    bool ended = process_gone(pid, seconds);
    if (!ended)
        kill(-pid, SIGKILL);
    int status = 0;
    cr_assert_eq(waitpid(pid, &status, 0), pid, "waitpid: %s", strerror(errno));
    cr_assert(ended, "process %d had not ended after %u s", (int)pid, seconds);
    return exit_code(status);
}

void process_kill(pid_t pid)
{
    if (pid <= 0)
        return;
    kill(pid, SIGKILL);
    waitpid(pid, NULL, 0);
}

static char *take(const char *path)
{
    FILE *f = fopen(path, "r");
    cr_assert_not_null(f, "%s: %s", path, strerror(errno));
    struct stat st;
    cr_assert_eq(fstat(fileno(f), &st), 0);
    char *text = calloc(1, (size_t)st.st_size + 1);
    cr_assert_not_null(text);
    size_t n = fread(text, 1, (size_t)st.st_size, f);
    text[n] = '\0';
    fclose(f);
    unlink(path);
    return text;
}

struct result process_run(const char *scratch, unsigned seconds, const char *const argv[])
{
    static unsigned serial;
    char out[PATH_MAX], err[PATH_MAX];
    snprintf(out, sizeof out, "%s/.out.%u", scratch, serial);
    snprintf(err, sizeof err, "%s/.err.%u", scratch, serial++);
    pid_t pid = start(out, err, argv);
    bool ended = process_gone(pid, seconds);
    if (!ended)
        kill(-pid, SIGKILL);
    int status = 0;
    cr_assert_eq(waitpid(pid, &status, 0), pid, "waitpid: %s", strerror(errno));
    struct result r = {.code = exit_code(status), .out = take(out), .err = take(err)};
    cr_assert(ended, "%s had not ended after %u s\n%s%s", argv[0], seconds, r.out, r.err);
    return r;
}

void process_result_free(struct result *r)
{
    free(r->out);
    free(r->err);
    *r = (struct result){0};
}
