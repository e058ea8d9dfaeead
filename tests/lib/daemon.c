/* SPDX-License-Identifier: Apache-2.0 */
/* Starts and stops the built lunfs for a test and holds it to its word about exit codes and left-overs. */
#include "daemon.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "process.h"

static char program[1024]; /* words of a shell; none: the lunfs under test */

const char *daemon_path(void)
{
    const char *other = getenv("LUNFS_PROGRAM");
    return other ? other : LUNFS;
}

void daemon_program(const char *words)
{
    snprintf(program, sizeof program, "%s", words);
}

static void export_path(const char *name, const char *format, const char *a, const char *b)
{
    char text[512];
    snprintf(text, sizeof text, format, a, b);
    setenv(name, text, 1);
}

static void check_said(const char *err, const char *missing)
{
    static const char warning[] = "lunfs: warning: ";
    if (!missing) {
        cr_assert_str_empty(err, "lunfs said: %s", err);
        return;
    }
    cr_assert_eq(strncmp(err, warning, sizeof warning - 1), 0, "lunfs said: %s", err);
    cr_assert(strstr(err, missing), "\"%s\" does not say \"%s\"", err, missing);
    cr_assert_eq(strchr(err, '\n'), err + strlen(err) - 1, "more than a line: %s", err);
}

void daemon_mount(struct workspace *w, const char *source, const char *options)
{
    daemon_mount_without(w, source, options, NULL);
}

void daemon_mount_without(struct workspace *w, const char *source, const char *options, const char *missing)
{
    export_path("M", "%s/%s", w->path, "m");
    setenv("LUNFS", *program ? program : daemon_path(), 1);
    workspace_must(w, "mkdir -p $M");
    struct result r = workspace_run(w, "$LUNFS %s $M %s", source, options);
    cr_assert_eq(r.code, 0, "lunfs %s exited with %d\n%s%s", source, r.code, r.out, r.err);
    check_said(r.err, missing);
    process_result_free(&r);
    cr_assert_eq(workspace_mounts(w), 1, "lunfs said 0 but nothing is mounted");
    export_path("T", "%s/%s", getenv("M"), workspace_must(w, "ls $M | grep -v '^by-id$' | head -n 1"));
    export_path("D", "%s/%s", getenv("T"), "lun1/data");
}

int daemon_pid(struct workspace *w)
{
    int pid = atoi(workspace_must(w, "sed -n 's/^pid: //p' $M/.lunfs/version"));
    cr_assert_gt(pid, 1);
    return pid;
}

static void check_nothing_left(struct workspace *w)
{
    cr_assert_eq(workspace_mounts(w), 0, "a mount is left");
    cr_assert_eq(workspace_processes(w, "lunfs"), 0, "a lunfs is left");
}

void daemon_unmount(struct workspace *w)
{
    int pid = daemon_pid(w);
    workspace_must(w, "umount $M");
    cr_assert(process_gone(pid, 60), "lunfs has not ended after umount");
    check_nothing_left(w);
}

const char *daemon_refuses(struct workspace *w, int code, const char *source, const char *mountpoint,
                           const char *options)
{
    setenv("LUNFS", *program ? program : daemon_path(), 1);
    int mounts = workspace_mounts(w), processes = workspace_processes(w, "lunfs");
    struct result r = workspace_run(w, "$LUNFS %s %s %s", source, mountpoint, options);
    cr_assert_eq(r.code, code, "exit code %d, not %d\n%s%s", r.code, code, r.out, r.err);
    cr_assert_str_empty(r.out, "stdout: %s", r.out);
    char *end = strchr(r.err, '\n');
    cr_assert(end && end != r.err && end[1] == '\0', "not one line: \"%s\"", r.err);
    cr_assert_eq(workspace_mounts(w), mounts, "a mount is left");
    cr_assert_eq(workspace_processes(w, "lunfs"), processes, "a lunfs is left");
    static char line[1024];
    snprintf(line, sizeof line, "%s", r.err);
    process_result_free(&r);
    return line;
}
