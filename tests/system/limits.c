/* SPDX-License-Identifier: Apache-2.0 */
/* The upper marks of tools/bench do what they stand for: null-fuse serves a file as lunfs does, and loopback
 * counts messages that really went out and came back. */
#include <criterion/criterion.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/process.h"
#include "lib/workspace.h"

static struct workspace w;
static pid_t server;

static void make(void)
{
    workspace_make(&w);
}

static void unmake(void)
{
    workspace_free(&w);
}

TestSuite(limits, .init = make, .fini = unmake, .timeout = 60);

static void serve(const char *size)
{
    char log[128], mountpoint[128];
    snprintf(log, sizeof log, "%s/null.log", w.path);
    snprintf(mountpoint, sizeof mountpoint, "%s/mnt", w.path);
    workspace_must(&w, "mkdir $W/mnt");
    server = process_start(log, (const char *const[]){getenv("NULL_FUSE"), size, mountpoint, NULL});
    while (!workspace_mounts(&w))
        cr_assert(!process_gone(server, 0) && poll(NULL, 0, 10) == 0, "null-fuse has ended");
}

Test(limits, null_fuse_serves_its_buffer_up_to_the_size)
{
    serve("3000000");
    cr_assert_str_eq(workspace_must(&w, "stat -c %%s $W/mnt/data"), "3000000");
    cr_assert_str_eq(workspace_must(&w, "cat $W/mnt/data | tr -d Z | wc -c; cat $W/mnt/data | wc -c"),
                     "0\n3000000");
}

Test(limits, null_fuse_takes_writes_up_to_the_size)
{
    serve("1048576");
    workspace_must(&w, "dd if=/dev/zero of=$W/mnt/data bs=64K count=16 conv=fsync status=none");
    workspace_must_fail(&w, "dd if=/dev/zero of=$W/mnt/data bs=64K count=17 status=none");
}

Test(limits, null_fuse_ends_with_its_mount)
{
    serve("4096");
    workspace_must(&w, "umount $W/mnt");
    cr_assert_eq(process_wait(server, 10), 0);
}

Test(limits, null_fuse_refuses_a_bad_size)
{
    cr_assert_not_null(strstr(workspace_must_fail(&w, "$NULL_FUSE 0 $W"), "usage: null-fuse"));
    cr_assert_not_null(strstr(workspace_must_fail(&w, "$NULL_FUSE 1x $W"), "usage: null-fuse"));
}

/* Each job moves at least one message, and the clocks agree. */
Test(limits, loopback_counts_both_ways)
{
    static const char *const jobs[] = {"read 4096 1", "write 4096 1", "read 512 256", "write 16777216 4"};
    for (size_t i = 0; i < sizeof jobs / sizeof *jobs; i++) {
        const char *text = workspace_must(&w, "$LOOPBACK %s 1", jobs[i]);
        unsigned long n = 0;
        double seconds = 0, cpu = 0;
        cr_assert_eq(sscanf(text, "%lu operations, %lf s, %lf s CPU", &n, &seconds, &cpu), 3, "%s", text);
        cr_assert(n > 0 && seconds >= 1 && cpu > 0 && cpu <= seconds, "%s: %s", jobs[i], text);
    }
    cr_assert_not_null(strstr(workspace_must_fail(&w, "$LOOPBACK read 0 1 1"), "'0' is no number"));
}
