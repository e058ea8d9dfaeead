/* SPDX-License-Identifier: Apache-2.0 */
/* Mounting, waiting, interrupting, running out of memory, unmounting. */
#include <criterion/criterion.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "mounted.h"

static struct mounted *m;

/* A process that does one I/O of `size` bytes on data; its exit status is the errno. */
static pid_t child(bool writes, size_t size, off_t offset)
{
    const char *path = mounted_data(m);
    pid_t pid = fork();
    if (pid)
        return pid;
    close_range(3, ~0u, 0); /* our /dev/fuse above all: the mount must not outlive the test */
    int fd = open(path, O_RDWR);
    char *buffer = aligned_alloc(4096, size); /* else the kernel makes two requests of 1 MiB */
    memset(buffer, 0, size);
    ssize_t n = writes ? pwrite(fd, buffer, size, offset) : pread(fd, buffer, size, offset);
    _exit(n == (ssize_t)size ? 0 : n < 0 ? errno : 255);
}

static void caught(int number)
{
}

static int status_of(pid_t pid)
{
    int status;
    cr_assert_eq(waitpid(pid, &status, 0), pid);
    return WIFEXITED(status) ? WEXITSTATUS(status) : 1000 + WTERMSIG(status);
}

static void wait_held(int n)
{
    while (fake_held(m->unit) < n)
        usleep(1000);
}

Test(mounted_life, a_stuck_unit_stops_nobody_else)
{
    m = mounted_new(&(struct mounted_options){0});
    m->unit->hold = true;
    pid_t pid = child(false, 4096, 0);
    wait_held(1);
    cr_assert_eq(mounted_shell(m, "cat $M/.lunfs/version $T/target >/dev/null && ls -l $T/lun0 >/dev/null"),
                 0);
    fake_release(m->unit);
    cr_assert_eq(status_of(pid), 0);
    mounted_free(m);
}

static void killed_while_waiting(bool writes, unsigned loops, int number)
{
    m = mounted_new(&(struct mounted_options){.loops = loops});
    m->unit->hold = true;
    pid_t pid = child(writes, 4096, 0);
    wait_held(1);
    kill(pid, number);
    cr_assert_eq(status_of(pid), 1000 + number);
    cr_assert_eq(m->unit->cancels, 1);
    m->unit->hold = false;
    mounted_free(m);
}

Test(mounted_life, a_killed_reader_ends)
{
    killed_while_waiting(false, 1, SIGKILL);
}

Test(mounted_life, a_killed_writer_ends)
{
    killed_while_waiting(true, 1, SIGKILL);
}

Test(mounted_life, a_terminated_reader_of_another_loop_ends)
{
    killed_while_waiting(false, 2, SIGTERM);
}

Test(mounted_life, a_caught_signal_is_eintr)
{
    m = mounted_new(&(struct mounted_options){0});
    m->unit->hold = true;
    struct sigaction a = {.sa_handler = caught};
    sigaction(SIGALRM, &a, NULL);
    int fd = open(mounted_data(m), O_RDONLY);
    char c;
    ualarm(50000, 50000);
    cr_assert_eq(pread(fd, &c, 1, 0), -1);
    int error = errno;
    ualarm(0, 0);
    cr_assert_eq(error, EINTR);
    m->unit->hold = false;
    close(fd);
    mounted_free(m);
}

/* The target has the data still, whatever was answered: the buffer must stay. */
Test(mounted_life, a_write_given_up_keeps_its_memory)
{
    m = mounted_new(&(struct mounted_options){.loops = 2});
    m->unit->hold = m->unit->stubborn = true;
    pid_t pid = child(true, 1 << 20, 0);
    wait_held(1);
    kill(pid, SIGKILL);
    cr_assert_eq(status_of(pid), 1000 + SIGKILL);
    cr_assert_eq(fake_held(m->unit), 1);
    memset(m->unit->bytes, 0xaa, 1 << 20);
    fake_release(m->unit);
    cr_assert_eq(m->unit->bytes[0], 0);
    cr_assert_eq(m->unit->bytes[(1 << 20) - 1], 0);
    mounted_free(m);
}

Test(mounted_life, many_interrupts_and_answers_race)
{
    m = mounted_new(&(struct mounted_options){.loops = 2});
    struct sigaction a = {.sa_handler = caught};
    sigaction(SIGALRM, &a, NULL);
    int fd = open(mounted_data(m), O_RDWR);
    ualarm(100, 100);
    char buffer[8192];
    int done = 0;
    for (int i = 0; i < 20000; i++) {
        ssize_t n = i % 2 ? pread(fd, buffer, sizeof buffer, 0) : pwrite(fd, buffer, sizeof buffer, 0);
        cr_assert(n == sizeof buffer || (n < 0 && errno == EINTR));
        done += n > 0;
    }
    ualarm(0, 0);
    cr_assert(done > 0);
    close(fd);
    mounted_free(m);
}

Test(mounted_life, memory_limit_gives_up_the_oldest_waiters)
{
    m = mounted_new(&(struct mounted_options){.memory_limit = 4 * LUN_BUFFER_SIZE});
    m->unit->hold = true;
    for (int i = 0; i < 8; i++)
        child(true, 1 << 20, (off_t)i << 20);
    /* The limit holds four; once no progress shows, the others' place is made by giving up the oldest. */
    int failed = 0;
    for (int i = 0; i < 4; i++) {
        int status;
        cr_assert(waitpid(-1, &status, 0) > 0);
        failed += WIFEXITED(status) && WEXITSTATUS(status) == EIO;
    }
    cr_assert_eq(failed, 4);
    fake_release(m->unit);
    for (int i = 0; i < 4; i++) {
        int status;
        cr_assert(waitpid(-1, &status, 0) > 0);
        cr_assert_eq(WEXITSTATUS(status), 0);
    }
    mounted_free(m);
}

Test(mounted_life, memory_limit_does_not_hurt_a_unit_that_works)
{
    m = mounted_new(&(struct mounted_options){.memory_limit = 2 << 20, .loops = 2, .size = 64 << 20});
    cr_assert_eq(mounted_shell(
                     m, "for i in 0 1 2 3 4 5 6 7; do dd if=/dev/zero of=$D bs=1M seek=$((i*8)) count=8 "
                        "conv=notrunc status=none || touch /tmp/lunfs-unit-failed.$$ & done; wait;"
                        "[ ! -e /tmp/lunfs-unit-failed.$$ ]; s=$?; rm -f /tmp/lunfs-unit-failed.$$; exit $s"),
                 0);
    mounted_free(m);
}

static bool readable(int fd, int timeout_ms)
{
    struct pollfd p = {.fd = fd, .events = POLLIN};
    return poll(&p, 1, timeout_ms) == 1;
}

Test(mounted_life, unmounted_by_somebody)
{
    m = mounted_new(&(struct mounted_options){0});
    cr_assert_not(readable(mount_gone_fd(m->mount), 0));
    cr_assert_eq(umount2(m->dir, 0), 0);
    cr_assert(readable(mount_gone_fd(m->mount), 10000));
    mounted_free(m);
}

Test(mounted_life, stopped_twice)
{
    m = mounted_new(&(struct mounted_options){0});
    mount_stop(m->mount, 1000);
    mount_stop(m->mount, 1000);
    mounted_free(m);
}

Test(mounted_life, busy_mount_is_detached)
{
    m = mounted_new(&(struct mounted_options){0});
    int fd = open(mounted_data(m), O_RDWR);
    mount_stop(m->mount, 100);
    struct stat s;
    cr_assert_eq(stat(mounted_data(m), &s), -1, "it is out of sight");
    cr_assert_eq(errno, ENOENT);
    cr_assert_eq(pwrite(fd, "still served", 12, 0), 12);
    cr_assert_arr_eq(m->unit->bytes, "still served", 12);
    mounted_free(m);
    cr_assert_eq(pwrite(fd, "x", 1, 0), -1);
    close(fd);
}

Test(mounted_life, freed_with_requests_waiting)
{
    m = mounted_new(&(struct mounted_options){.loops = 2});
    m->unit->hold = true;
    pid_t pid = child(true, 4096, 0);
    wait_held(1);
    mount_stop(m->mount, 50);
    mount_free(m->mount);
    cr_assert_eq(status_of(pid), EIO);
    mounted_forget(m);
}

static void expect_refusal(const char *mountpoint, const char *options, const char *part)
{
    struct lun_pool *pool = fake_pool(1);
    struct lun_error e = {0};
    struct mount_options o = {.mountpoint = mountpoint, .source = "x", .kernel_options = options};
    struct mount *mount = mount_new(&o, lun_pool_loop(pool, 0), &e);
    cr_assert(mount);
    cr_assert_not(mount_start(mount, &e));
    cr_assert(strstr(e.text, part), "%s", e.text);
    mount_stop(mount, 0);
    mount_free(mount);
    lun_pool_free(pool);
}

Test(mounted_life, mount_point_missing)
{
    expect_refusal("/no/such/place", NULL, "/no/such/place: No such file");
}

Test(mounted_life, mount_point_no_directory)
{
    expect_refusal("/etc/passwd", NULL, "/etc/passwd: not a directory");
}

Test(mounted_life, unknown_mount_option)
{
    expect_refusal("/tmp", "no_such_option", "no_such_option");
}

Test(mounted_life, mount_point_in_use)
{
    m = mounted_new(&(struct mounted_options){0});
    expect_refusal(m->dir, NULL, "already in use");
    mounted_free(m);
}

Test(mounted_life, never_mounted)
{
    struct lun_pool *pool = fake_pool(1);
    struct lun_error e = {0};
    struct mount_options o = {.mountpoint = "/tmp", .source = "x"};
    struct mount *mount = mount_new(&o, lun_pool_loop(pool, 0), &e);
    mount_stop(mount, 0);
    mount_free(mount);
    mount_free(NULL);
    lun_pool_free(pool);
}
