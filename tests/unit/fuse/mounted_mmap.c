/* SPDX-License-Identifier: Apache-2.0 */
/* `data` mapped into memory. MAP_SHARED needs libfuse >= 3.17 and Linux >= 6.6. The mapping is a child's: the
 * kernel holds a process's address space while it writes dirty pages back at munmap, and the thread that
 * serves the mount needs it for page faults of its own. */
#include <criterion/criterion.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "mounted.h"
#include "state.h"

#define SIZE (8 << 20)
#define AT 12288
/* How a child ends. */
#define REFUSED 77
#define EXPECT(condition)                                                                                    \
    if (!(condition))                                                                                        \
    return __LINE__ & 0x3f

struct child {
    pid_t pid;
    int status;
};

/* Starts it and waits until it ends or stops. */
static struct child child_run(const struct mounted *m, int (*body)(const char *data))
{
    struct child c = {.pid = fork()};
    cr_assert(c.pid >= 0, "%m");
    if (c.pid == 0)
        _exit(body(mounted_data(m)));
    cr_assert_eq(waitpid(c.pid, &c.status, WUNTRACED), c.pid, "%m");
    return c;
}

static int child_end(struct child *c)
{
    if (WIFSTOPPED(c->status)) {
        kill(c->pid, SIGCONT);
        cr_assert_eq(waitpid(c->pid, &c->status, 0), c->pid, "%m");
    }
    return WIFEXITED(c->status) ? WEXITSTATUS(c->status) : -1;
}

/* A libfuse that cannot ask for MAP_SHARED beside direct I/O must have it refused, and that ends the test. */
static bool is_refused(struct mounted *m, const struct child *c)
{
    bool refused = WIFEXITED(c->status) && WEXITSTATUS(c->status) == REFUSED;
#ifdef FUSE_CAP_DIRECT_IO_ALLOW_MMAP
    if (refused) {
        mounted_free(m);
        cr_skip_test("MAP_SHARED beside direct I/O needs Linux >= 6.6");
    }
#else
    cr_assert(refused, "MAP_SHARED of direct I/O is ENODEV with this libfuse");
    mounted_free(m);
#endif
    return refused;
}

static char *map_shared(int fd)
{
    char *p = mmap(NULL, SIZE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    if (p == MAP_FAILED)
        _exit(errno == ENODEV ? REFUSED : 1);
    return p;
}

static int private_body(const char *data)
{
    int fd = open(data, O_RDONLY);
    char *p = mmap(NULL, SIZE, PROT_READ | PROT_WRITE, MAP_PRIVATE, fd, 0);
    EXPECT(p != MAP_FAILED);
    EXPECT(memcmp(p + AT, "on the device", 13) == 0);
    p[AT] = 'O';
    return 0;
}

Test(mounted_mmap, private_shows_what_the_device_has)
{
    struct mounted *m = mounted_new(&(struct mounted_options){0});
    memcpy(m->unit->bytes + AT, "on the device", 13);
    struct child c = child_run(m, private_body);
    cr_assert_eq(child_end(&c), 0, "line %d", WEXITSTATUS(c.status));
    cr_assert_eq(m->unit->bytes[AT], 'o', "a private store stays private");
    mounted_free(m);
}

static int sync_body(const char *data)
{
    char *p = map_shared(open(data, O_RDWR));
    memcpy(p + AT, "stored", 6);
    EXPECT(msync(p, SIZE, MS_SYNC) == 0);
    raise(SIGSTOP);
    return 0;
}

Test(mounted_mmap, shared_stores_reach_the_medium)
{
    struct mounted *m = mounted_new(&(struct mounted_options){0});
    struct child c = child_run(m, sync_body);
    if (is_refused(m, &c))
        return;
    cr_assert(WIFSTOPPED(c.status));
    cr_expect_arr_eq(m->unit->bytes + AT, "stored", 6);
    cr_expect_eq(m->unit->flushes, 1, "msync is fsync");
    cr_assert_eq(child_end(&c), 0);
    mounted_free(m);
}

static int direct_body(const char *data)
{
    int other = open(data, O_RDWR);
    char *p = map_shared(open(data, O_RDWR)), bytes[4096];
    memcpy(p + AT, "stored", 6);
    EXPECT(pread(other, bytes, sizeof bytes, AT) == sizeof bytes);
    EXPECT(memcmp(bytes, "stored", 6) == 0); /* which nobody has synced */
    memset(bytes, 'w', sizeof bytes);
    EXPECT(pwrite(other, bytes, sizeof bytes, AT) == sizeof bytes);
    EXPECT(memcmp(p + AT, bytes, sizeof bytes) == 0);
    return 0;
}

Test(mounted_mmap, shared_and_direct_see_each_other)
{
    struct mounted *m = mounted_new(&(struct mounted_options){0});
    struct child c = child_run(m, direct_body);
    if (is_refused(m, &c))
        return;
    cr_assert_eq(child_end(&c), 0, "line %d", WEXITSTATUS(c.status));
    mounted_free(m);
}

static int close_body(const char *data)
{
    int fd = open(data, O_RDWR);
    char *p = map_shared(fd);
    memcpy(p + AT, "first", 5);
    EXPECT(close(fd) == 0);
    raise(SIGSTOP);
    memcpy(p + AT, "later", 5);
    return 0;
}

Test(mounted_mmap, shared_stores_are_not_lost_by_close_and_exit)
{
    struct mounted *m = mounted_new(&(struct mounted_options){0});
    struct child c = child_run(m, close_body);
    if (is_refused(m, &c))
        return;
    cr_assert(WIFSTOPPED(c.status));
    cr_expect_arr_eq(m->unit->bytes + AT, "first", 5, "close writes back");
    cr_assert_eq(child_end(&c), 0);
    cr_assert_arr_eq(m->unit->bytes + AT, "later", 5);
    mounted_free(m);
}
