/* SPDX-License-Identifier: Apache-2.0 */
/* A test's folder and its janitor: a process that waits for the end of the test, however that comes, then
 * unmounts, kills and removes what is left. Processes are known by a variable in their environment, which
 * daemons keep when they leave their parents. */
#include "workspace.h"

#include <arpa/inet.h>
#include <criterion/criterion.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <limits.h>
#include <netinet/in.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "process.h"

#define MARK "LUNFS_TEST"

/* ---- What hangs on a workspace ----------------------------------------------------------------------- */

static bool is_marked(int pid, const char *path)
{
    char name[64], text[65536], mark[128];
    snprintf(name, sizeof name, "/proc/%d/environ", pid);
    int fd = open(name, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return false;
    ssize_t n = read(fd, text, sizeof text - 1);
    close(fd);
    snprintf(mark, sizeof mark, MARK "=%s", path);
    for (ssize_t at = 0; at < n; at += (ssize_t)strlen(text + at) + 1) {
        text[n] = '\0';
        if (strcmp(text + at, mark) == 0)
            return true;
    }
    return false;
}

static bool is_named(int pid, const char *name)
{
    char file[64], text[64] = "";
    snprintf(file, sizeof file, "/proc/%d/comm", pid);
    FILE *f = fopen(file, "re");
    if (!f)
        return false;
    bool same =
        fgets(text, sizeof text, f) && strncmp(text, name, strlen(name)) == 0 && text[strlen(name)] == '\n';
    fclose(f);
    return same;
}

/* Zombies have no environment any more, so they do not count. */
static int each_process(const char *path, const char *name, int signal)
{
    DIR *proc = opendir("/proc");
    int count = 0;
    for (struct dirent *e; proc && (e = readdir(proc));) {
        int pid = atoi(e->d_name);
        if (pid <= 0 || !is_marked(pid, path) || (name && !is_named(pid, name)))
            continue;
        count++;
        if (signal)
            kill(pid, signal);
    }
    if (proc)
        closedir(proc);
    return count;
}

/* Finds the last mounted one at or below path; returns how many there are. */
static int find_mounts(const char *path, char *last, size_t room)
{
    FILE *f = fopen("/proc/self/mountinfo", "re");
    char line[4096], at[PATH_MAX];
    int count = 0;
    while (f && fgets(line, sizeof line, f)) {
        if (sscanf(line, "%*s %*s %*s %*s %4095s", at) != 1)
            continue;
        if (strncmp(at, path, strlen(path)) != 0 || (at[strlen(path)] != '/' && at[strlen(path)] != '\0'))
            continue;
        count++;
        snprintf(last, room, "%s", at);
    }
    if (f)
        fclose(f);
    return count;
}

static int remove_entry(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
    return remove(path);
}

static void sweep(const char *path)
{
    char at[PATH_MAX];
    for (int i = 0; i < 64 && find_mounts(path, at, sizeof at) > 0; i++)
        if (umount2(at, 0) != 0)
            umount2(at, MNT_DETACH);
    /* A lunfs that is well ends by itself now; its sanitizer looks for leaks when it does. */
    for (int i = 0; i < 1000 && each_process(path, "lunfs", 0) > 0; i++)
        poll(NULL, 0, 10);
    for (int i = 0; i < 500 && each_process(path, NULL, SIGKILL) > 0; i++)
        poll(NULL, 0, 10);
    nftw(path, remove_entry, 16, FTW_DEPTH | FTW_PHYS | FTW_MOUNT);
}

int workspace_mounts(const struct workspace *w)
{
    char at[PATH_MAX];
    return find_mounts(w->path, at, sizeof at);
}

int workspace_processes(const struct workspace *w, const char *name)
{
    return each_process(w->path, name, 0);
}

/* ---- Life of a workspace ----------------------------------------------------------------------------- */

static void run_janitor(int pipe_end, const char *path)
{
    setsid();
    dup2(pipe_end, 0);
    close_range(1, ~0U, 0);
    char c;
    while (read(0, &c, 1) < 0 && errno == EINTR)
        ;
    sweep(path);
    _exit(0);
}

bool workspace_try(struct workspace *w)
{
    int ends[2];
    strcpy(w->path, "/tmp/lunfs-test.XXXXXX");
    if (!mkdtemp(w->path) || pipe2(ends, O_CLOEXEC) != 0)
        return false;
    pid_t pid = fork();
    if (pid < 0)
        return false;
    if (pid == 0) {
        /* Twice, so that it is not the test's child. */
        if (fork() == 0)
            run_janitor(ends[0], w->path);
        _exit(0);
    }
    waitpid(pid, NULL, 0);
    close(ends[0]);
    w->janitor = ends[1];
    setenv(MARK, w->path, 1);
    setenv("W", w->path, 1);
    return true;
}

void workspace_make(struct workspace *w)
{
    cr_assert(workspace_try(w), "%s: %s", w->path, strerror(errno));
}

void workspace_free(struct workspace *w)
{
    if (w->path[0] == '\0')
        return;
    sweep(w->path);
    while (waitpid(-1, NULL, WNOHANG) > 0)
        ;
    close(w->janitor);
    w->path[0] = '\0';
}

/* ---- Commands ---------------------------------------------------------------------------------------- */

static struct result run(struct workspace *w, char *command)
{
    const char *const argv[] = {"sh", "-c", command, NULL};
    return process_run(w->path, 60, argv);
}

struct result workspace_run(struct workspace *w, const char *format, ...)
{
    char *command;
    va_list ap;
    va_start(ap, format);
    cr_assert_geq(vasprintf(&command, format, ap), 0);
    va_end(ap);
    struct result r = run(w, command);
    free(command);
    return r;
}

/* Keeps a text for a few calls, so that tests need not free it. */
static const char *keep(char **text)
{
    static char kept[8][16384];
    static unsigned turn;
    char *at = kept[turn++ % 8];
    size_t n = strlen(*text);
    cr_assert_lt(n, sizeof kept[0], "more output than a test should look at");
    memcpy(at, *text, n + 1);
    while (n > 0 && at[n - 1] == '\n')
        at[--n] = '\0';
    return at;
}

const char *workspace_must(struct workspace *w, const char *format, ...)
{
    char *command;
    va_list ap;
    va_start(ap, format);
    cr_assert_geq(vasprintf(&command, format, ap), 0);
    va_end(ap);
    struct result r = run(w, command);
    cr_assert_eq(r.code, 0, "`%s` exited with %d\n%s%s", command, r.code, r.out, r.err);
    const char *text = keep(&r.out);
    process_result_free(&r);
    free(command);
    return text;
}

const char *workspace_must_fail(struct workspace *w, const char *format, ...)
{
    char *command;
    va_list ap;
    va_start(ap, format);
    cr_assert_geq(vasprintf(&command, format, ap), 0);
    va_end(ap);
    struct result r = run(w, command);
    cr_assert_neq(r.code, 0, "`%s` succeeded\n%s%s", command, r.out, r.err);
    const char *text = keep(&r.err);
    process_result_free(&r);
    free(command);
    return text;
}

void workspace_write(struct workspace *w, const char *name, unsigned mode, const char *format, ...)
{
    char path[PATH_MAX];
    snprintf(path, sizeof path, "%s/%s", w->path, name);
    FILE *f = fopen(path, "we");
    cr_assert_not_null(f, "%s: %s", path, strerror(errno));
    va_list ap;
    va_start(ap, format);
    vfprintf(f, format, ap);
    va_end(ap);
    cr_assert_eq(fclose(f), 0);
    cr_assert_eq(chmod(path, mode), 0);
}

/* ---- TCP --------------------------------------------------------------------------------------------- */

uint16_t workspace_free_port(void)
{
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    struct sockaddr_in a = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t n = sizeof a;
    cr_assert_geq(fd, 0);
    cr_assert_eq(bind(fd, (struct sockaddr *)&a, n), 0, "bind: %s", strerror(errno));
    cr_assert_eq(getsockname(fd, (struct sockaddr *)&a, &n), 0);
    close(fd);
    return ntohs(a.sin_port);
}

/* Sockets with this local port in this state (include/net/tcp_states.h of Linux). */
static int count_sockets(uint16_t local_port, unsigned wanted)
{
    FILE *f = fopen("/proc/net/tcp", "re");
    cr_assert_not_null(f);
    char line[512];
    int count = 0;
    unsigned port, state;
    while (fgets(line, sizeof line, f))
        if (sscanf(line, " %*d: %*x:%x %*x:%*x %x", &port, &state) == 2 && port == local_port &&
            state == wanted)
            count++;
    fclose(f);
    return count;
}

int workspace_connections(uint16_t local_port)
{
    return count_sockets(local_port, 1);
}

bool workspace_listens(uint16_t local_port)
{
    return count_sockets(local_port, 10) > 0;
}
