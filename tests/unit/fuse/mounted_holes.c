/* SPDX-License-Identifier: Apache-2.0 */
/* What was truncated and skipped reads as zeros once it is closed; what lies past is not touched. */
#include <criterion/criterion.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "mounted.h"

#define SIZE (8 << 20)

static struct mounted *m;

static void old_data(unsigned loops, size_t size)
{
    m = mounted_new(&(struct mounted_options){.loops = loops, .size = size});
    memset(m->unit->bytes, 0xaa, m->unit->size);
}

static int opened(int flags)
{
    int fd = open(mounted_data(m), flags | O_CLOEXEC);
    cr_assert(fd >= 0, "%m");
    return fd;
}

static void expect(size_t from, size_t to, uint8_t byte)
{
    for (size_t i = from; i < to; i++)
        cr_assert_eq(m->unit->bytes[i], byte, "byte %zu is %02x", i, m->unit->bytes[i]);
}

Test(mounted_holes, opened_for_truncation_and_nothing_else)
{
    old_data(1, SIZE);
    cr_assert_eq(mounted_shell(m, "> $D"), 0);
    expect(0, SIZE, 0xaa);
    cr_assert_eq(m->unit->zeros, 0);
    mounted_free(m);
}

Test(mounted_holes, sequential_writing_needs_no_zeros)
{
    old_data(1, SIZE);
    cr_assert_eq(mounted_shell(m, "head -c 1000000 /dev/zero | tr '\\0' x | dd of=$D bs=3000 status=none"),
                 0);
    expect(0, 1000000, 'x');
    expect(1000000, SIZE, 0xaa);
    cr_assert_eq(m->unit->zeros, 0);
    mounted_free(m);
}

Test(mounted_holes, skipped_ranges_are_zeroed_at_close)
{
    old_data(1, SIZE);
    int fd = opened(O_WRONLY | O_TRUNC);
    cr_assert_eq(pwrite(fd, "abc", 3, 1000), 3);
    cr_assert_eq(pwrite(fd, "def", 3, 70000), 3);
    cr_assert_eq(close(fd), 0);
    expect(0, 1000, 0);
    expect(1003, 70000, 0);
    cr_assert_arr_eq(m->unit->bytes + 70000, "def", 3);
    expect(70003, SIZE, 0xaa);
    mounted_free(m);
}

Test(mounted_holes, skipped_ranges_from_another_loop)
{
    old_data(2, SIZE);
    int fd = opened(O_WRONLY | O_TRUNC);
    cr_assert_eq(pwrite(fd, "def", 3, 70000), 3);
    cr_assert_eq(close(fd), 0);
    expect(0, 70000, 0);
    expect(70003, SIZE, 0xaa);
    mounted_free(m);
}

Test(mounted_holes, without_truncation_nothing_is_zeroed)
{
    old_data(1, SIZE);
    int fd = opened(O_WRONLY);
    cr_assert_eq(pwrite(fd, "abc", 3, 1000), 3);
    cr_assert_eq(close(fd), 0);
    expect(0, 1000, 0xaa);
    mounted_free(m);
}

Test(mounted_holes, truncated_to_zero_then_to_a_size)
{
    old_data(1, SIZE);
    int fd = opened(O_WRONLY);
    cr_assert_eq(ftruncate(fd, 0), 0);
    cr_assert_eq(ftruncate(fd, 5 << 20), 0);
    cr_assert_eq(pwrite(fd, "abc", 3, 0), 3);
    cr_assert_eq(close(fd), 0);
    cr_assert_arr_eq(m->unit->bytes, "abc", 3);
    expect(3, 5 << 20, 0);
    expect(5 << 20, SIZE, 0xaa);
    mounted_free(m);
}

Test(mounted_holes, truncated_to_a_size_only_changes_nothing)
{
    old_data(1, SIZE);
    int fd = opened(O_WRONLY);
    cr_assert_eq(ftruncate(fd, 5 << 20), 0);
    cr_assert_eq(close(fd), 0);
    expect(0, SIZE, 0xaa);
    mounted_free(m);
}

Test(mounted_holes, sparse_copy)
{
    old_data(1, SIZE);
    cr_assert_eq(mounted_shell(m, "f=/tmp/lunfs-unit.$$; truncate -s 6M $f &&"
                                  "printf one | dd of=$f bs=1 seek=1234567 conv=notrunc status=none &&"
                                  "printf two | dd of=$f bs=1 seek=5000000 conv=notrunc status=none &&"
                                  "cp --sparse=auto $f $D && cmp -n 6291456 $f $D && rm $f"),
                 0);
    expect(6 << 20, SIZE, 0xaa);
    mounted_free(m);
}

Test(mounted_holes, dd_sparse)
{
    old_data(1, SIZE);
    cr_assert_eq(
        mounted_shell(m, "f=/tmp/lunfs-unit.$$; head -c 3M /dev/urandom >$f && truncate -s 5M $f &&"
                         "head -c 1M /dev/urandom >>$f && dd if=$f of=$D bs=64k conv=sparse status=none &&"
                         "cmp -n 6291456 $f $D && rm $f"),
        0);
    expect(6 << 20, SIZE, 0xaa);
    mounted_free(m);
}

Test(mounted_holes, dd_seek_without_notrunc_keeps_what_comes_before)
{
    /* dd truncates to the seek offset with ftruncate, not to 0: it promises zeros nowhere. */
    old_data(1, SIZE);
    cr_assert_eq(mounted_shell(m, "printf x | dd of=$D bs=1M seek=2 status=none"), 0);
    expect(0, 2 << 20, 0xaa);
    cr_assert_eq(m->unit->bytes[2 << 20], 'x');
    expect((2 << 20) + 1, SIZE, 0xaa);
    mounted_free(m);
}

Test(mounted_holes, other_writers_data_survive)
{
    old_data(1, SIZE);
    int fd = opened(O_WRONLY | O_TRUNC), other = opened(O_WRONLY);
    cr_assert_eq(pwrite(other, "mine", 4, 5000), 4);
    cr_assert_eq(pwrite(fd, "abc", 3, 70000), 3);
    cr_assert_eq(close(fd), 0);
    cr_assert_arr_eq(m->unit->bytes + 5000, "mine", 4);
    expect(0, 5000, 0);
    expect(5004, 70000, 0);
    close(other);
    mounted_free(m);
}

Test(mounted_holes, close_of_a_copied_descriptor_zeroes_just_once)
{
    old_data(1, SIZE);
    int fd = opened(O_WRONLY | O_TRUNC), copy = dup(fd);
    cr_assert_eq(pwrite(fd, "abc", 3, 70000), 3);
    cr_assert_eq(close(copy), 0);
    expect(0, 70000, 0);
    cr_assert_eq(pwrite(fd, "first", 5, 0), 5);
    cr_assert_eq(close(fd), 0);
    cr_assert_arr_eq(m->unit->bytes, "first", 5);
    cr_assert_eq(m->unit->zeros, 1);
    mounted_free(m);
}

static void *close_it(void *arg)
{
    close(*(int *)arg);
    return NULL;
}

struct write {
    int fd;
    off_t offset;
};

static void *write_it(void *arg)
{
    struct write *w = arg;
    cr_assert_eq(pwrite(w->fd, "newer", 5, w->offset), 5);
    return NULL;
}

/* Zeros and a write in flight to the same place could arrive in any order. */
static void write_during_zeroing(unsigned loops)
{
    old_data(loops, SIZE);
    int fd = opened(O_WRONLY | O_TRUNC), other = opened(O_WRONLY);
    cr_assert_eq(pwrite(fd, "abc", 3, 70000), 3);
    m->unit->hold_zero = true;
    pthread_t closing, writing;
    pthread_create(&closing, NULL, close_it, &fd);
    while (fake_held(m->unit) < 1)
        usleep(1000);
    struct write inside = {other, 5000};
    pthread_create(&writing, NULL, write_it, &inside);
    cr_assert_eq(pwrite(other, "beside", 6, 100000), 6, "nothing is zeroed there");
    cr_assert_eq(m->unit->writes, 2, "the one to zeros in flight waits");
    fake_release(m->unit);
    pthread_join(writing, NULL);
    pthread_join(closing, NULL);
    cr_assert_arr_eq(m->unit->bytes + 5000, "newer", 5);
    expect(0, 5000, 0);
    expect(5005, 70000, 0);
    close(other);
    mounted_free(m);
}

Test(mounted_holes, a_write_during_zeroing_comes_after_it)
{
    write_during_zeroing(1);
}

Test(mounted_holes, a_write_during_zeroing_from_another_loop)
{
    write_during_zeroing(2);
}

Test(mounted_holes, long_holes_go_in_chunks)
{
    old_data(1, 100 << 20);
    int fd = opened(O_WRONLY | O_TRUNC);
    cr_assert_eq(pwrite(fd, "abc", 3, 90 << 20), 3);
    cr_assert_eq(close(fd), 0);
    expect(0, 90 << 20, 0);
    expect((90 << 20) + 3, 100 << 20, 0xaa);
    cr_assert_eq(m->unit->zeros, 3);
    for (int i = 0; i < 3; i++)
        cr_assert(m->unit->zeroed[i].length <= 32 << 20);
    mounted_free(m);
}

Test(mounted_holes, close_reports_zeros_that_failed)
{
    old_data(1, SIZE);
    int fd = opened(O_WRONLY | O_TRUNC);
    cr_assert_eq(pwrite(fd, "abc", 3, 70000), 3);
    m->unit->failure = (struct lun_error){.layer = LUN_PROTOCOL};
    m->unit->fail_op = LUN_OP_ZERO;
    cr_assert_eq(close(fd), -1);
    mounted_free(m);
}

Test(mounted_holes, many_scattered_writes)
{
    old_data(1, SIZE);
    int fd = opened(O_WRONLY | O_TRUNC);
    for (int i = 0; i < 2000; i++)
        cr_assert_eq(pwrite(fd, "z", 1, (off_t)(i * 7919 % 4000) * 2000 + 500), 1);
    cr_assert_eq(close(fd), 0);
    size_t written = 0, last = 0;
    for (size_t i = 0; i < SIZE; i++) {
        if (m->unit->bytes[i] == 'z') {
            written++;
            last = i;
        }
    }
    cr_assert_eq(written, 2000);
    for (size_t i = 0; i < last; i++)
        cr_assert(m->unit->bytes[i] == 'z' || m->unit->bytes[i] == 0, "byte %zu", i);
    mounted_free(m);
}

Test(mounted_holes, size_is_still_the_capacity)
{
    old_data(1, SIZE);
    int fd = opened(O_WRONLY | O_TRUNC);
    struct stat s;
    cr_assert_eq(fstat(fd, &s), 0);
    cr_assert_eq(s.st_size, SIZE);
    cr_assert_eq(pwrite(fd, "abc", 3, 0), 3);
    cr_assert_eq(stat(mounted_data(m), &s), 0);
    cr_assert_eq(s.st_size, SIZE);
    close(fd);
    mounted_free(m);
}
