/* SPDX-License-Identifier: Apache-2.0 */
/* See mounted.h. */
#include "mounted.h"

#include <criterion/criterion.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/wait.h>
#include <unistd.h>

#define IQN "iqn.2026-01.com.example:disk"

static void enter_namespace(void)
{
    uid_t uid = getuid();
    gid_t gid = getgid();
    if (access("/dev/fuse", R_OK | W_OK) != 0)
        cr_skip_test("no /dev/fuse");
    if (uid == 0) {
        if (unshare(CLONE_NEWNS) != 0)
            cr_skip_test("no mount namespaces");
    } else {
        if (unshare(CLONE_NEWUSER | CLONE_NEWNS) != 0)
            cr_skip_test("no user namespaces");
        FILE *f = fopen("/proc/self/uid_map", "w");
        if (f) {
            fprintf(f, "0 %u 1\n", uid);
            fclose(f);
        }
        f = fopen("/proc/self/setgroups", "w");
        if (f) {
            fputs("deny", f);
            fclose(f);
        }
        f = fopen("/proc/self/gid_map", "w");
        if (f) {
            fprintf(f, "0 %u 1\n", gid);
            fclose(f);
        }
    }
    mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL);
}

/* Has the process begun to exit? (PF_EXITING in the flags, proc(5).) */
static bool exiting(pid_t pid)
{
    char path[64], line[512] = "";
    snprintf(path, sizeof path, "/proc/%d/stat", (int)pid);
    FILE *f = fopen(path, "re");
    if (!f)
        return true;
    char *got = fgets(line, sizeof line, f);
    fclose(f);
    char state = 'Z';
    unsigned flags = 4;
    char *after = got ? strrchr(line, ')') : NULL;
    if (after)
        sscanf(after, ") %c %*d %*d %*d %*d %*d %u", &state, &flags);
    return state == 'Z' || (flags & 4);
}

/* A test that fails with a file of its own mount open cannot end: the close waits for an answer that nobody
 * gives any more. So somebody watches it and cuts the connection. */
static pid_t guard(const char *dir)
{
    pid_t test = getpid(), pid = fork();
    if (pid)
        return pid;
    close_range(0, ~0u, 0);
    while (!exiting(test))
        usleep(100000);
    umount2(dir, MNT_FORCE | MNT_DETACH);
    rmdir(dir);
    _exit(0);
}

struct mounted *mounted_new(const struct mounted_options *o)
{
    enter_namespace();
    struct mounted *m = calloc(1, sizeof *m);
    unsigned loops = o->loops ? o->loops : 1;
    m->pool = fake_pool(loops);
    m->target = fake_target(m->pool, IQN, loops - 1);
    m->unit = fake_unit(m->target, 0, o->size ? o->size : 8 << 20);
    m->unit->info.read_only = o->read_only;
    snprintf(m->dir, sizeof m->dir, "/tmp/lunfs-unit-XXXXXX");
    cr_assert(mkdtemp(m->dir));
    m->guard = guard(m->dir);
    struct lun_error e = {0};
    struct mount_options mo = {
        .mountpoint = m->dir, .source = "fake, with a comma", .memory_limit = o->memory_limit};
    m->mount = mount_new(&mo, lun_pool_loop(m->pool, 0), &e);
    cr_assert(m->mount, "%s", e.text);
    struct lun_error down = {.layer = LUN_CONNECT, .text = "127.0.0.1:1: connection refused"};
    struct mount_target t = {.target = o->down ? NULL : m->target,
                             .iqn = IQN,
                             .directory = "disk",
                             .cached = o->cached,
                             .error = o->down ? &down : NULL};
    cr_assert(mount_add_target(m->mount, &t, &e), "%s", e.text);
    cr_assert(mount_start(m->mount, &e), "%s", e.text);
    return m;
}

void mounted_free(struct mounted *m)
{
    if (atomic_load(&m->unit->hold))
        fake_release(m->unit);
    mount_stop(m->mount, 5000);
    mount_free(m->mount);
    mounted_forget(m);
}

void mounted_forget(struct mounted *m)
{
    lun_pool_free(m->pool);
    fake_target_free(m->target);
    kill(m->guard, SIGKILL);
    waitpid(m->guard, NULL, 0);
    cr_assert_eq(rmdir(m->dir), 0, "the mount is gone");
    free(m);
}

const char *mounted_path(const struct mounted *m, const char *tail)
{
    static char path[4][512];
    static unsigned turn;
    char *p = path[turn++ % 4];
    snprintf(p, sizeof path[0], "%s/%s", m->dir, tail);
    return p;
}

const char *mounted_data(const struct mounted *m)
{
    return mounted_path(m, "disk/lun0/data");
}

int mounted_shell(const struct mounted *m, const char *command)
{
    setenv("D", mounted_data(m), 1);
    setenv("M", m->dir, 1);
    setenv("T", mounted_path(m, "disk"), 1);
    int status = system(command); /* NOLINT: the commands are the tests' own */
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

char *mounted_read(const struct mounted *m, const char *tail, size_t *ret_length)
{
    int fd = open(mounted_path(m, tail), O_RDONLY | O_CLOEXEC);
    cr_assert(fd >= 0, "%s: %m", tail);
    char *text = calloc(1, 65536);
    size_t used = 0;
    ssize_t n;
    while ((n = read(fd, text + used, 100)) > 0)
        used += (size_t)n;
    cr_assert_eq(n, 0);
    close(fd);
    if (ret_length)
        *ret_length = used;
    return text;
}
