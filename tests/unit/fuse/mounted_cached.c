/* SPDX-License-Identifier: Apache-2.0 */
/* A cached unit: what the page cache holds and what the device holds are the same for whoever looks, also
 * after holes, changes of size, and writes that come late. Mappings are system tests': a process that maps
 * what it serves itself waits for itself. */
#include <criterion/criterion.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "mounted.h"

#define SIZE (8 << 20)

static struct mounted *m;

static void old_data(unsigned loops)
{
    m = mounted_new(&(struct mounted_options){.loops = loops, .cached = true});
    memset(m->unit->bytes, 0xaa, m->unit->size);
}

static int opened(int flags)
{
    int fd = open(mounted_data(m), flags | O_CLOEXEC);
    cr_assert(fd >= 0, "%m");
    return fd;
}

static uint8_t byte_at(int fd, off_t offset)
{
    uint8_t byte = 0x55;
    cr_assert_eq(pread(fd, &byte, 1, offset), 1, "%m");
    return byte;
}

static void expect(size_t from, size_t to, uint8_t byte)
{
    for (size_t i = from; i < to; i++)
        cr_assert_eq(m->unit->bytes[i], byte, "byte %zu is %02x", i, m->unit->bytes[i]);
}

Test(mounted_cached, reads_again_from_the_cache)
{
    old_data(1);
    int fd = opened(O_RDONLY);
    cr_assert_eq(byte_at(fd, 100), 0xaa);
    int reads = m->unit->reads;
    cr_assert_eq(byte_at(fd, 200), 0xaa);
    cr_assert_eq(m->unit->reads, reads);
    close(fd);
    mounted_free(m);
}

Test(mounted_cached, the_next_open_sees_what_changed_behind_our_back)
{
    old_data(1);
    int first = opened(O_RDONLY);
    cr_assert_eq(byte_at(first, 5000), 0xaa);
    m->unit->bytes[5000] = 7;
    cr_assert_eq(byte_at(first, 5000), 0xaa, "it was cached");
    int second = opened(O_RDONLY);
    cr_assert_eq(byte_at(second, 5000), 7);
    cr_assert_eq(byte_at(first, 5000), 7, "one cache for all");
    close(first);
    close(second);
    mounted_free(m);
}

Test(mounted_cached, writes_reach_the_device_at_once_and_every_reader)
{
    old_data(2);
    int reader = opened(O_RDONLY), writer = opened(O_WRONLY);
    cr_assert_eq(byte_at(reader, 5001), 0xaa);
    cr_assert_eq(pwrite(writer, "abc", 3, 5000), 3);
    cr_assert_arr_eq(m->unit->bytes + 5000, "abc", 3);
    cr_assert_eq(byte_at(reader, 5001), 'b');
    cr_assert_eq(byte_at(reader, 5003), 0xaa);
    close(reader);
    close(writer);
    mounted_free(m);
}

Test(mounted_cached, a_write_that_failed_is_not_in_the_cache)
{
    old_data(1);
    int fd = opened(O_RDWR);
    cr_assert_eq(byte_at(fd, 5000), 0xaa);
    m->unit->failure = (struct lun_error){.layer = LUN_CONNECT, .code = ECONNRESET};
    atomic_store(&m->unit->fail_op, LUN_OP_WRITE);
    cr_assert_eq(pwrite(fd, "abc", 3, 5000), -1);
    atomic_store(&m->unit->fail_op, -1);
    cr_assert_eq(byte_at(fd, 5000), 0xaa);
    close(fd);
    mounted_free(m);
}

Test(mounted_cached, direct_io_and_the_cache_agree)
{
    old_data(1);
    int cached = opened(O_RDWR), direct = opened(O_RDWR | O_DIRECT);
    uint8_t *block = aligned_alloc(4096, 4096);
    cr_assert_eq(byte_at(cached, 8192), 0xaa);
    memset(block, 1, 4096);
    cr_assert_eq(pwrite(direct, block, 4096, 8192), 4096);
    cr_assert_eq(byte_at(cached, 8192), 1);
    cr_assert_eq(pwrite(cached, "\002", 1, 8192), 1);
    cr_assert_eq(pread(direct, block, 4096, 8192), 4096);
    cr_assert_eq(block[0], 2);
    free(block);
    close(cached);
    close(direct);
    mounted_free(m);
}

/* ---- Holes ------------------------------------------------------------------------------------------- */

static void hole_that_somebody_read(unsigned loops)
{
    old_data(loops);
    int reader = opened(O_RDONLY), writer = opened(O_WRONLY | O_TRUNC);
    cr_assert_eq(byte_at(reader, 1 << 20), 0xaa, "nothing is written yet: a device keeps its bytes");
    cr_assert_eq(pwrite(writer, "abc", 3, 2 << 20), 3);
    cr_assert_eq(close(writer), 0);
    expect(0, 2 << 20, 0);
    cr_assert_eq(byte_at(reader, 1 << 20), 0);
    cr_assert_eq(byte_at(reader, (2 << 20) - 1), 0);
    cr_assert_eq(byte_at(reader, 2 << 20), 'a');
    cr_assert_eq(byte_at(reader, (2 << 20) + 3), 0xaa);
    close(reader);
    mounted_free(m);
}

Test(mounted_cached, a_hole_that_somebody_read_reads_as_zeros_after_close)
{
    hole_that_somebody_read(1);
}

Test(mounted_cached, a_hole_that_somebody_read_with_the_target_in_another_loop)
{
    hole_that_somebody_read(2);
}

Test(mounted_cached, close_reports_zeros_that_failed)
{
    old_data(1);
    int fd = opened(O_WRONLY | O_TRUNC);
    cr_assert_eq(pwrite(fd, "abc", 3, 1 << 20), 3);
    m->unit->failure = (struct lun_error){.layer = LUN_CONNECT, .code = ECONNRESET};
    atomic_store(&m->unit->fail_op, LUN_OP_ZERO);
    cr_assert_eq(close(fd), -1);
    atomic_store(&m->unit->fail_op, -1);
    mounted_free(m);
}

Test(mounted_cached, a_truncated_handle_reads_its_own_holes_as_zeros)
{
    old_data(1);
    int fd = opened(O_RDWR | O_TRUNC);
    cr_assert_eq(pwrite(fd, "abc", 3, 20000), 3);
    cr_assert_eq(byte_at(fd, 10000), 0);
    cr_assert_eq(byte_at(fd, 20001), 'b');
    cr_assert_eq(byte_at(fd, 20003), 0xaa);
    close(fd);
    mounted_free(m);
}

Test(mounted_cached, opened_for_truncation_and_nothing_else)
{
    old_data(1);
    cr_assert_eq(mounted_shell(m, "> $D"), 0);
    expect(0, SIZE, 0xaa);
    cr_assert_eq(m->unit->zeros, 0);
    mounted_free(m);
}

/* ---- Changes of size --------------------------------------------------------------------------------- */

static void resize(void *arg)
{
    m->unit->info.size = *(uint64_t *)arg;
}

static void resized(uint64_t size)
{
    fake_in_home(m->unit, resize, &size);
    mount_event(m->mount, &(struct lun_event){LUN_EVENT_UNIT_CHANGED, m->target, m->unit, NULL});
}

Test(mounted_cached, what_was_cold_is_dropped_when_the_size_changes)
{
    m = mounted_new(&(struct mounted_options){.cached = true, .size = 2 * SIZE});
    int fd = opened(O_RDONLY);
    cr_assert_eq(byte_at(fd, 0), 0);
    cr_assert_eq(byte_at(fd, 2 * SIZE - 1), 0);
    m->unit->bytes[0] = 5;
    resized(SIZE);
    while (byte_at(fd, 0) != 5)
        poll(NULL, 0, 1);
    uint8_t byte;
    while (pread(fd, &byte, 1, SIZE) != 0)
        poll(NULL, 0, 1);
    cr_assert_eq(byte_at(fd, SIZE - 1), 0);
    close(fd);
    mounted_free(m);
}

/* ---- Late writes ------------------------------------------------------------------------------------- */

static void nothing(int signal)
{
}

static void *write_until_interrupted(void *arg)
{
    int fd = *(int *)arg;
    cr_assert_eq(pwrite(fd, "new", 3, 4096), -1);
    cr_assert_eq(errno, EINTR, "%m");
    return NULL;
}

/* A write is interrupted, the place is read and cached, and only then does the device write it. */
Test(mounted_cached, a_write_that_lands_after_its_answer_is_seen)
{
    old_data(2);
    struct sigaction a = {.sa_handler = nothing};
    sigaction(SIGUSR1, &a, NULL);
    int fd = opened(O_RDWR);
    pthread_t writer;
    atomic_store(&m->unit->stubborn, true);
    atomic_store(&m->unit->hold, true);
    pthread_create(&writer, NULL, write_until_interrupted, &fd);
    while (fake_held(m->unit) != 1)
        poll(NULL, 0, 1);
    pthread_kill(writer, SIGUSR1);
    pthread_join(writer, NULL);
    atomic_store(&m->unit->hold, false); /* for reads to come; the write stays */
    int reader = opened(O_RDONLY);
    cr_assert_eq(byte_at(reader, 4096), 0xaa);
    fake_release(m->unit);
    while (byte_at(reader, 4096) != 'n')
        poll(NULL, 0, 1);
    close(fd);
    close(reader);
    mounted_free(m);
}
