/* SPDX-License-Identifier: Apache-2.0 */
/* The test's side of the counts; see count.h. The test's thread. */
#include "count.h"

#include <criterion/criterion.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "daemon.h"
#include "workspace.h"

#define PATIENCE_MS 30000

static const struct counts *shared;

void count_prepare(struct workspace *w)
{
    char path[128], command[1024];
    snprintf(path, sizeof path, "%s/counts", w->path);
    int fd = open(path, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    cr_assert(fd >= 0 && ftruncate(fd, sizeof *shared) == 0);
    shared = mmap(NULL, sizeof *shared, PROT_READ, MAP_SHARED, fd, 0);
    cr_assert_neq(shared, MAP_FAILED);
    close(fd);
    snprintf(command, sizeof command, "env LD_PRELOAD=%s " COUNT_FILE "=%s %s", getenv("COUNT_SHIM"), path,
             getenv("COUNTED_LUNFS"));
    daemon_program(command);
}

struct counts count_now(void)
{
    /* Nothing wakes us when a thread goes to sleep. */
    for (int i = 0; atomic_load(&shared->asleep) == 0; i++)
        cr_assert(i < PATIENCE_MS && poll(NULL, 0, 1) == 0, "the loop does not come to rest");
    return *shared;
}

/* timerfd's fdinfo: proc(5). One that has expired and has not been read counts as set: it wakes its reader.
 */
static bool timer_is_set(int pid, const char *fd)
{
    char path[300], line[256];
    long ticks = 0, seconds = 0, ns = 0;
    snprintf(path, sizeof path, "/proc/%d/fdinfo/%s", pid, fd);
    FILE *f = fopen(path, "re");
    while (f && fgets(line, sizeof line, f))
        if (sscanf(line, "ticks: %ld", &ticks) != 1 &&
            sscanf(line, "it_value: (%ld, %ld)", &seconds, &ns) == 2)
            break;
    if (f)
        fclose(f);
    return ticks || seconds || ns;
}

static bool any_timer_is_set(int pid)
{
    char path[64];
    bool set = false;
    snprintf(path, sizeof path, "/proc/%d/fdinfo", pid);
    DIR *d = opendir(path);
    cr_assert_not_null(d, "%s: %s", path, strerror(errno));
    for (struct dirent *e; (e = readdir(d));)
        set |= e->d_name[0] != '.' && timer_is_set(pid, e->d_name);
    closedir(d);
    return set;
}

/* It sleeps with no timer set, and has not been awake while that was looked at. */
static bool is_at_rest(int pid)
{
    uint64_t waits = atomic_load(&shared->calls[COUNT_epoll_wait]);
    bool rest = atomic_load(&shared->asleep) && !atomic_load(&shared->dozing) && !any_timer_is_set(pid);
    return rest && waits == atomic_load(&shared->calls[COUNT_epoll_wait]);
}

void count_await_rest(int pid)
{
    for (int i = 0; !is_at_rest(pid); i++)
        cr_assert(i < PATIENCE_MS / 10 && poll(NULL, 0, 10) == 0,
                  "something wakes the idle daemon: %u threads wait for a time, a timer is%s set",
                  atomic_load(&shared->dozing), any_timer_is_set(pid) ? "" : " not");
}

static uint64_t since(const _Atomic uint64_t *before, const _Atomic uint64_t *after)
{
    return atomic_load(after) - atomic_load(before);
}

struct counts count_between(const struct counts *before, const struct counts *after)
{
    struct counts c = {0};
    for (int i = 0; i < COUNT_CALLERS; i++) {
        c.allocations[i] = since(&before->allocations[i], &after->allocations[i]);
        c.locks[i] = since(&before->locks[i], &after->locks[i]);
        c.copies[i] = since(&before->copies[i], &after->copies[i]);
    }
    for (int i = 0; i < COUNT_CALL_KINDS; i++)
        c.calls[i] = since(&before->calls[i], &after->calls[i]);
    return c;
}

uint64_t count_calls(const struct counts *c)
{
    uint64_t n = 0;
    for (int i = 0; i < COUNT_CALL_KINDS; i++)
        n += c->calls[i];
    return n;
}

const char *count_text(const struct counts *c)
{
    static const char *const names[] = {
#define COUNT_NAME(name) #name,
        COUNT_CALLS(COUNT_NAME)
#undef COUNT_NAME
    };
    static char text[2048];
    size_t n = 0;
    for (int i = 0; i < COUNT_CALL_KINDS; i++)
        if (c->calls[i])
            n += (size_t)snprintf(text + n, sizeof text - n, "%s %llu, ", names[i],
                                  (unsigned long long)c->calls[i]);
    snprintf(text + n, sizeof text - n,
             "all %llu; allocations %llu and libfuse's %llu, locks %llu and %llu, copies %llu and %llu",
             (unsigned long long)count_calls(c), (unsigned long long)c->allocations[COUNT_OURS],
             (unsigned long long)c->allocations[COUNT_LIBFUSE], (unsigned long long)c->locks[COUNT_OURS],
             (unsigned long long)c->locks[COUNT_LIBFUSE], (unsigned long long)c->copies[COUNT_OURS],
             (unsigned long long)c->copies[COUNT_LIBFUSE]);
    return text;
}
