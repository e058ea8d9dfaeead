/* SPDX-License-Identifier: Apache-2.0 */
/* `data` mapped into memory. MAP_SHARED needs libfuse >= 3.17 and Linux >= 6.6. */
#include <criterion/criterion.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "mounted.h"
#include "state.h"

#define SIZE (8 << 20)
#define AT 12288

static int open_data(const struct mounted *m, int flags)
{
    int fd = open(mounted_data(m), flags | O_CLOEXEC);
    cr_assert(fd >= 0, "%m");
    return fd;
}

Test(mounted_mmap, private_shows_what_the_device_has)
{
    struct mounted *m = mounted_new(&(struct mounted_options){0});
    memcpy(m->unit->bytes + AT, "on the device", 13);
    int fd = open_data(m, O_RDONLY);
    char *p = mmap(NULL, SIZE, PROT_READ | PROT_WRITE, MAP_PRIVATE, fd, 0);
    cr_assert_neq(p, MAP_FAILED, "%m");
    cr_assert_arr_eq(p + AT, "on the device", 13);
    p[AT] = 'O';
    cr_assert_eq(m->unit->bytes[AT], 'o', "a private store stays private");
    munmap(p, SIZE);
    close(fd);
    mounted_free(m);
}

/* Skips the test where this libfuse or this kernel does not let it be. */
static char *map_shared(struct mounted *m, int fd)
{
#ifdef FUSE_CAP_DIRECT_IO_ALLOW_MMAP
    char *p = mmap(NULL, SIZE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    if (p != MAP_FAILED)
        return p;
    cr_assert_eq(errno, ENODEV, "%m");
#else
    char *p = MAP_FAILED;
#endif
    close(fd);
    mounted_free(m);
    cr_skip_test("MAP_SHARED beside direct I/O needs libfuse >= 3.17 and Linux >= 6.6");
    return p;
}

Test(mounted_mmap, shared_stores_reach_the_medium)
{
    struct mounted *m = mounted_new(&(struct mounted_options){0});
    int fd = open_data(m, O_RDWR);
    char *p = map_shared(m, fd);
    memcpy(p + AT, "stored", 6);
    cr_assert_eq(msync(p, SIZE, MS_SYNC), 0, "%m");
    cr_assert_arr_eq(m->unit->bytes + AT, "stored", 6);
    cr_assert_eq(m->unit->flushes, 1, "msync is fsync");
    munmap(p, SIZE);
    close(fd);
    mounted_free(m);
}

Test(mounted_mmap, shared_and_direct_see_each_other)
{
    struct mounted *m = mounted_new(&(struct mounted_options){0});
    int fd = open_data(m, O_RDWR), other = open_data(m, O_RDWR);
    char *p = map_shared(m, fd), bytes[4096];
    memcpy(p + AT, "stored", 6);
    cr_assert_eq(pread(other, bytes, sizeof bytes, AT), sizeof bytes);
    cr_assert_arr_eq(bytes, "stored", 6, "a read finds a store that nobody has synced");
    memset(bytes, 'w', sizeof bytes);
    cr_assert_eq(pwrite(other, bytes, sizeof bytes, AT), sizeof bytes);
    cr_assert_arr_eq(p + AT, bytes, sizeof bytes, "the mapping shows a write");
    munmap(p, SIZE);
    close(other);
    close(fd);
    mounted_free(m);
}

Test(mounted_mmap, shared_stores_are_not_lost_by_close_and_umount)
{
    struct mounted *m = mounted_new(&(struct mounted_options){0});
    int fd = open_data(m, O_RDWR);
    char *p = map_shared(m, fd);
    memcpy(p + AT, "first", 5);
    cr_assert_eq(close(fd), 0);
    cr_assert_arr_eq(m->unit->bytes + AT, "first", 5, "close writes back");
    memcpy(p + AT, "later", 5);
    munmap(p, SIZE);
    mount_stop(m->mount, 5000);
    cr_assert_arr_eq(m->unit->bytes + AT, "later", 5);
    mounted_free(m);
}
