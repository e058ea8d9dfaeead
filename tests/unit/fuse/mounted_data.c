/* SPDX-License-Identifier: Apache-2.0 */
/* `data` through the kernel: a regular file that is a device. */
#include <criterion/criterion.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "mounted.h"

#define SIZE (8 << 20)

static int open_data(const struct mounted *m, int flags)
{
    int fd = open(mounted_data(m), flags | O_CLOEXEC);
    cr_assert(fd >= 0, "%m");
    return fd;
}

static void fill(struct mounted *m)
{
    for (size_t i = 0; i < m->unit->size; i++)
        m->unit->bytes[i] = (uint8_t)(i * 31 + (i >> 9) * 7 + 1);
}

Test(mounted_data, reads_what_the_device_has)
{
    struct mounted *m = mounted_new(&(struct mounted_options){0});
    fill(m);
    int fd = open_data(m, O_RDONLY);
    char buffer[10000];
    cr_assert_eq(pread(fd, buffer, sizeof buffer, 12345), sizeof buffer);
    cr_assert_arr_eq(buffer, m->unit->bytes + 12345, sizeof buffer);
    close(fd);
    mounted_free(m);
}

Test(mounted_data, reads_in_pieces_too)
{
    static const int pieces[] = {2, 3, 17, 256, 300};
    struct mounted *m = mounted_new(&(struct mounted_options){0});
    fill(m);
    int fd = open_data(m, O_RDONLY);
    char *buffer = malloc(1 << 20);
    for (size_t i = 0; i < sizeof pieces / sizeof *pieces; i++) {
        m->unit->pieces = pieces[i];
        memset(buffer, 0, 1 << 20);
        cr_assert_eq(pread(fd, buffer, 1 << 20, 4096), 1 << 20);
        cr_assert_arr_eq(buffer, m->unit->bytes + 4096, 1 << 20);
    }
    free(buffer);
    close(fd);
    mounted_free(m);
}

Test(mounted_data, writes_reach_the_device)
{
    struct mounted *m = mounted_new(&(struct mounted_options){0});
    int fd = open_data(m, O_WRONLY);
    static const size_t sizes[] = {1, 511, 4095, 4096, 5000, 65536, 1 << 20, 3 << 20};
    char *bytes = malloc(3 << 20);
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        memset(bytes, (int)i + 1, sizes[i]);
        cr_assert_eq(pwrite(fd, bytes, sizes[i], 777), (ssize_t)sizes[i]);
        cr_assert_arr_eq(m->unit->bytes + 777, bytes, sizes[i]);
    }
    cr_assert_eq(m->unit->bytes[776], 0);
    free(bytes);
    close(fd);
    mounted_free(m);
}

Test(mounted_data, another_loop_answers_too)
{
    struct mounted *m = mounted_new(&(struct mounted_options){.loops = 2});
    cr_expect_eq(
        mounted_shell(m, "head -c 8388608 /dev/urandom >/tmp/lunfs-unit.$$ &&"
                         "dd if=/tmp/lunfs-unit.$$ of=$D bs=1M status=none && cmp /tmp/lunfs-unit.$$ $D;"
                         "status=$?; rm -f /tmp/lunfs-unit.$$; exit $status"),
        0);
    mounted_free(m);
}

Test(mounted_data, read_at_the_end_is_short)
{
    struct mounted *m = mounted_new(&(struct mounted_options){0});
    int fd = open_data(m, O_RDONLY);
    char buffer[4096];
    cr_assert_eq(pread(fd, buffer, sizeof buffer, SIZE - 100), 100);
    cr_assert_eq(pread(fd, buffer, sizeof buffer, SIZE), 0);
    cr_assert_eq(pread(fd, buffer, sizeof buffer, SIZE + 5), 0);
    close(fd);
    mounted_free(m);
}

Test(mounted_data, write_at_the_end_is_short_then_refused)
{
    struct mounted *m = mounted_new(&(struct mounted_options){0});
    int fd = open_data(m, O_WRONLY);
    char buffer[4096] = "x";
    cr_assert_eq(pwrite(fd, buffer, sizeof buffer, SIZE - 100), 100);
    cr_assert_eq(pwrite(fd, buffer, sizeof buffer, SIZE), -1);
    cr_assert_eq(errno, ENOSPC);
    close(fd);
    mounted_free(m);
}

Test(mounted_data, append_finds_no_space)
{
    struct mounted *m = mounted_new(&(struct mounted_options){0});
    int fd = open_data(m, O_WRONLY | O_APPEND);
    cr_assert_eq(write(fd, "x", 1), -1);
    cr_assert_eq(errno, ENOSPC);
    close(fd);
    mounted_free(m);
}

Test(mounted_data, size_is_the_capacity)
{
    struct mounted *m = mounted_new(&(struct mounted_options){0});
    struct stat s;
    cr_assert_eq(stat(mounted_data(m), &s), 0);
    cr_assert_eq(s.st_size, SIZE);
    cr_assert_eq(s.st_blocks, SIZE / 512);
    cr_assert(S_ISREG(s.st_mode));
    struct statvfs v;
    cr_assert_eq(statvfs(m->dir, &v), 0);
    cr_assert_eq(v.f_blocks * v.f_frsize, SIZE);
    mounted_free(m);
}

Test(mounted_data, odirect_asks_nothing_of_alignment)
{
    struct mounted *m = mounted_new(&(struct mounted_options){0});
    int fd = open_data(m, O_RDWR | O_DIRECT);
    cr_assert_eq(pwrite(fd, "hello", 5, 3), 5);
    char buffer[5];
    cr_assert_eq(pread(fd, buffer, 5, 3), 5);
    cr_assert_arr_eq(buffer, "hello", 5);
    close(fd);
    mounted_free(m);
}

Test(mounted_data, read_only_unit_refuses_writers)
{
    struct mounted *m = mounted_new(&(struct mounted_options){.read_only = true});
    static const int flags[] = {O_WRONLY, O_RDWR, O_WRONLY | O_TRUNC, O_WRONLY | O_APPEND};
    for (size_t i = 0; i < sizeof flags / sizeof *flags; i++) {
        cr_assert_eq(open(mounted_data(m), flags[i]), -1);
        cr_assert_eq(errno, EROFS);
    }
    cr_assert_eq(truncate(mounted_data(m), 0), -1);
    cr_assert_eq(errno, EROFS);
    struct stat s;
    cr_assert_eq(stat(mounted_data(m), &s), 0);
    cr_assert_eq(s.st_mode & 07777, 0400);
    close(open_data(m, O_RDONLY));
    mounted_free(m);
}

Test(mounted_data, fsync_flushes_always)
{
    struct mounted *m = mounted_new(&(struct mounted_options){0});
    int fd = open_data(m, O_RDONLY);
    cr_assert_eq(fsync(fd), 0);
    cr_assert_eq(fdatasync(fd), 0);
    cr_assert_eq(m->unit->flushes, 2);
    close(fd);
    cr_assert_eq(m->unit->flushes, 2, "nothing was written");
    mounted_free(m);
}

Test(mounted_data, close_flushes_what_was_written)
{
    struct mounted *m = mounted_new(&(struct mounted_options){0});
    int fd = open_data(m, O_WRONLY);
    cr_assert_eq(write(fd, "x", 1), 1);
    cr_assert_eq(close(fd), 0);
    cr_assert_eq(m->unit->flushes, 1);
    mounted_free(m);
}

Test(mounted_data, fsync_and_close_report_errors)
{
    struct mounted *m = mounted_new(&(struct mounted_options){0});
    int fd = open_data(m, O_WRONLY);
    cr_assert_eq(write(fd, "x", 1), 1);
    m->unit->failure = (struct lun_error){.layer = LUN_TIMEOUT};
    m->unit->fail_op = LUN_OP_FLUSH;
    cr_assert_eq(fsync(fd), -1);
    cr_assert(errno == EIO || errno == ETIMEDOUT, "%m");
    cr_assert_eq(close(fd), -1, "it is still not on the medium");
    mounted_free(m);
}

Test(mounted_data, errors_of_reads_and_writes)
{
    struct mounted *m = mounted_new(&(struct mounted_options){0});
    int fd = open_data(m, O_RDWR);
    char c = 0;
    m->unit->failure = (struct lun_error){.layer = LUN_SYSTEM, .code = ENOSPC};
    m->unit->fail_op = LUN_OP_WRITE;
    cr_assert_eq(pwrite(fd, &c, 1, 0), -1);
    cr_assert_eq(errno, ENOSPC);
    m->unit->failure = (struct lun_error){.layer = LUN_PROTOCOL};
    m->unit->fail_op = LUN_OP_READ;
    cr_assert_eq(pread(fd, &c, 1, 0), -1);
    cr_assert_eq(errno, EIO);
    m->unit->fail_op = -1;
    cr_assert_eq(pread(fd, &c, 1, 0), 1);
    close(fd);
    mounted_free(m);
}

Test(mounted_data, osync_writes_reach_the_medium)
{
    struct mounted *m = mounted_new(&(struct mounted_options){0});
    int fd = open_data(m, O_WRONLY | O_DSYNC);
    cr_assert_eq(pwrite(fd, "x", 1, 0), 1);
    close(fd);
    fd = open_data(m, O_WRONLY | O_SYNC);
    cr_assert_eq(pwrite(fd, "x", 1, 0), 1);
    close(fd);
    fd = open_data(m, O_WRONLY);
    cr_assert_eq(pwrite(fd, "x", 1, 0), 1);
    close(fd);
    cr_assert_eq(m->unit->fua_writes, 2);
    mounted_free(m);
}

Test(mounted_data, truncate_changes_no_size)
{
    struct mounted *m = mounted_new(&(struct mounted_options){0});
    fill(m);
    uint8_t first = m->unit->bytes[0];
    static const off_t sizes[] = {0, 1, 4096, SIZE - 1, SIZE};
    struct stat s;
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        cr_assert_eq(truncate(mounted_data(m), sizes[i]), 0, "%m");
        cr_assert_eq(stat(mounted_data(m), &s), 0);
        cr_assert_eq(s.st_size, SIZE);
    }
    cr_assert_eq(truncate(mounted_data(m), SIZE + 1), -1);
    cr_assert_eq(errno, EFBIG);
    cr_assert_eq(m->unit->bytes[0], first);
    cr_assert_eq(m->unit->zeros, 0);
    mounted_free(m);
}

Test(mounted_data, seek_finds_data_everywhere)
{
    struct mounted *m = mounted_new(&(struct mounted_options){0});
    int fd = open_data(m, O_RDONLY);
    cr_assert_eq(lseek(fd, 0, SEEK_END), SIZE);
    cr_assert_eq(lseek(fd, 100, SEEK_DATA), 100);
    cr_assert_eq(lseek(fd, 100, SEEK_HOLE), SIZE);
    cr_assert_eq(lseek(fd, SIZE, SEEK_DATA), -1);
    cr_assert_eq(errno, ENXIO);
    close(fd);
    mounted_free(m);
}

Test(mounted_data, fallocate_is_refused_not_unknown)
{
    struct mounted *m = mounted_new(&(struct mounted_options){0});
    int fd = open_data(m, O_RDWR);
    for (int i = 0; i < 2; i++) {
        cr_assert_eq(fallocate(fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, 0, 4096), -1);
        cr_assert_eq(errno, EOPNOTSUPP);
    }
    close(fd);
    mounted_free(m);
}

Test(mounted_data, touch_and_copied_attributes_are_taken)
{
    struct mounted *m = mounted_new(&(struct mounted_options){0});
    cr_assert_eq(mounted_shell(m, "touch $D && chmod 600 $D && chown $(id -u):$(id -g) $D"), 0);
    cr_assert_neq(mounted_shell(m, "chmod 644 $D 2>/dev/null"), 0);
    mounted_free(m);
}

Test(mounted_data, tools_in_and_out)
{
    struct mounted *m = mounted_new(&(struct mounted_options){0});
    fill(m);
    cr_expect_eq(mounted_shell(m, "cp $D /tmp/lunfs-unit.$$ && cmp $D /tmp/lunfs-unit.$$ &&"
                                  "for b in 512 4k 1M 3M; do dd if=$D bs=$b status=none | cmp - $D || exit 1;"
                                  "dd if=$D bs=$b iflag=direct status=none | cmp - $D || exit 1; done;"
                                  "s=$?; cat $D | cmp - $D && [ $(head -c 1000 $D | wc -c) = 1000 ] &&"
                                  "[ $(stat -c %s $D) = 8388608 ] && [ $(wc -c <$D) = 8388608 ] || s=1;"
                                  "rm -f /tmp/lunfs-unit.$$; exit $s"),
                 0);
    mounted_free(m);
}

Test(mounted_data, copy_within_the_mount)
{
    struct mounted *m = mounted_new(&(struct mounted_options){0});
    fill(m);
    struct lun_unit *other = fake_unit(m->target, 1, SIZE);
    struct lun_event added = {LUN_EVENT_UNIT_ADDED, m->target, other, NULL};
    mount_event(m->mount, &added);
    cr_expect_eq(mounted_shell(m, "cp $T/lun0/data $T/lun1/data && cmp $T/lun0/data $T/lun1/data"), 0);
    cr_assert_arr_eq(m->unit->bytes, other->bytes, SIZE);
    mounted_free(m);
}

Test(mounted_data, parallel_writers)
{
    struct mounted *m = mounted_new(&(struct mounted_options){.loops = 2});
    cr_expect_eq(
        mounted_shell(m, "for i in 0 1 2 3 4 5 6 7; do (yes $i | dd of=$D bs=64k seek=$((i*16)) count=16 "
                         "iflag=fullblock conv=notrunc oflag=direct status=none) & done; wait;"
                         "for i in 0 1 2 3 4 5 6 7; do dd if=$D bs=64k skip=$((i*16)) count=16 status=none"
                         "| tr -d '\\n' | tr -d $i | wc -c | grep -qx 0 || exit 1; done"),
        0);
    mounted_free(m);
}
