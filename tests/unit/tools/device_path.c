/* SPDX-License-Identifier: Apache-2.0 */
/* A LUN by its directory: the files a mount would have, made by hand in a folder of the test's own. The
 * inquiry and capacity bytes are those of tgt 1.0.85 (a 64 MiB disk), as iscsi-inq and iscsi-readcapacity16
 * show them; the rest is filler. */
#include "device.h"
#include "list.h"

#include <criterion/criterion.h>
#include <fcntl.h>
#include <ftw.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static const uint8_t inquiry[36] = "\x00\x00\x05\x02\x3d\x00\x00\x02"
                                   "IET     VIRTUAL-DISK    0001";
static const uint8_t capacity[32] = {[5] = 0x01, [6] = 0xff, [7] = 0xff, [10] = 0x02};
static const uint8_t page_83[8] = {0x00, 0x83, 0x00, 0x04, 1, 2, 3, 4};

static char root[64], lun[128];
static struct lun_error error;

static void put(const char *file, const void *bytes, size_t n)
{
    char path[192];
    snprintf(path, sizeof path, "%s/%s", root, file);
    int fd = open(path, O_CREAT | O_WRONLY | O_TRUNC, 0600);
    cr_assert(fd >= 0, "%s", path);
    cr_assert_eq(write(fd, bytes, n), (ssize_t)n);
    close(fd);
}

static void folder(const char *name)
{
    char path[192];
    snprintf(path, sizeof path, "%s/%s", root, name);
    cr_assert_eq(mkdir(path, 0700), 0, "%s", path);
}

static void make_tree(void)
{
    static uint8_t data[65536];
    memset(data, 0x5a, sizeof data);
    strcpy(root, "/tmp/lunctl-tree-XXXXXX");
    cr_assert_not_null(mkdtemp(root));
    snprintf(lun, sizeof lun, "%s/disk/lun3", root);
    folder(".lunfs");
    folder("disk");
    put("disk/target", "name: \"disk\"\n", 13);
    folder("disk/lun3");
    folder("disk/lun3/vpd");
    put("disk/lun3/inquiry.bin", inquiry, sizeof inquiry);
    put("disk/lun3/capacity.bin", capacity, sizeof capacity);
    put("disk/lun3/vpd/83.bin", page_83, sizeof page_83);
    put("disk/lun3/vpd/00.bin", "\x00\x00\x00\x02\x00\x83", 6);
    put("disk/lun3/vpd/83-device-identification", "x: 1\n", 5);
    put("disk/lun3/data", data, sizeof data);
}

static int remove_one(const char *path, const struct stat *st, int type, struct FTW *f)
{
    return remove(path);
}

static void remove_tree(void)
{
    nftw(root, remove_one, 16, FTW_DEPTH | FTW_PHYS);
}

TestSuite(device_path, .init = make_tree, .fini = remove_tree);

static struct device *open_at(const char *below, enum device_use use)
{
    char path[192];
    snprintf(path, sizeof path, "%s%s", lun, below);
    struct args a = {.where = path};
    struct device *d = device_open(&a, use, &error);
    return d;
}

static void close_device(struct device *d)
{
    cr_assert(device_close(d, &error), "%s", error.text);
}

Test(device_path, knows_size_and_mode)
{
    struct device *d = open_at("", DEVICE_ASK);
    cr_assert_not_null(d, "%s", error.text);
    cr_assert(d->has_data);
    cr_assert_not(d->read_only);
    cr_assert_eq(d->size, 65536);
    close_device(d);
}

Test(device_path, any_file_of_the_lun_will_do)
{
    static const char *const below[] = {"/", "/data", "/inquiry.bin", "/vpd", "/vpd/83.bin"};
    for (size_t i = 0; i < sizeof below / sizeof *below; i++) {
        struct device *d = open_at(below[i], DEVICE_ASK);
        cr_assert_not_null(d, "%s: %s", below[i], error.text);
        close_device(d);
    }
}

Test(device_path, other_directories_are_refused)
{
    cr_assert_null(open_at("/..", DEVICE_ASK));
    cr_assert_not_null(strstr(error.text, "no LUN's directory"), "%s", error.text);
    cr_assert_null(open_at("/nothing", DEVICE_ASK));
    cr_assert_not_null(strstr(error.text, "No such file"), "%s", error.text);
}

Test(device_path, answers_come_as_the_device_sent_them)
{
    static struct device_answer answer;
    struct device *d = open_at("", DEVICE_ASK);
    cr_assert(d->ops->inquiry(d, &answer, &error));
    cr_assert_eq(answer.length, sizeof inquiry);
    cr_assert_arr_eq(answer.data, inquiry, sizeof inquiry);
    cr_assert(d->ops->capacity(d, &answer, &error));
    cr_assert_arr_eq(answer.data, capacity, sizeof capacity);
    cr_assert(d->ops->vpd(d, 0x83, &answer, &error));
    cr_assert_arr_eq(answer.data, page_83, sizeof page_83);
    close_device(d);
}

Test(device_path, pages_are_listed_in_order)
{
    uint8_t pages[256];
    size_t count = 0;
    put("disk/lun3/vpd/b0.bin", "x", 1);
    put("disk/lun3/vpd/zz.bin", "x", 1);
    struct device *d = open_at("", DEVICE_ASK);
    cr_assert(d->ops->pages(d, pages, &count, &error));
    cr_assert_eq(count, 3);
    cr_assert_arr_eq(pages, "\x00\x83\xb0", 3);
    close_device(d);
}

Test(device_path, missing_page)
{
    static struct device_answer answer;
    struct device *d = open_at("", DEVICE_ASK);
    cr_assert_not(d->ops->vpd(d, 0x86, &answer, &error));
    cr_assert_not_null(strstr(error.text, "vpd/86.bin"), "%s", error.text);
    close_device(d);
}

Test(device_path, empty_answer_is_an_error)
{
    static struct device_answer answer;
    put("disk/lun3/inquiry.bin", "", 0);
    struct device *d = open_at("", DEVICE_ASK);
    cr_assert_not(d->ops->inquiry(d, &answer, &error));
    cr_assert_not_null(strstr(error.text, "inquiry.bin is empty"), "%s", error.text);
    close_device(d);
}

Test(device_path, reads_and_writes_any_range)
{
    char bytes[8] = "";
    struct device *d = open_at("", DEVICE_WRITE);
    cr_assert_not_null(d, "%s", error.text);
    cr_assert_eq(d->ops->write(d, "hello", 5, 4093, &error), 5);
    cr_assert(d->ops->flush(d, &error));
    close_device(d);
    d = open_at("", DEVICE_READ);
    cr_assert_eq(d->ops->read(d, bytes, 7, 4092, &error), 7);
    cr_assert_arr_eq(bytes, "ZhelloZ", 7);
    close_device(d);
}

Test(device_path, reads_are_short_at_the_end)
{
    char bytes[16];
    struct device *d = open_at("", DEVICE_READ);
    cr_assert_eq(d->ops->read(d, bytes, 16, 65530, &error), 6);
    close_device(d);
}

Test(device_path, writing_does_not_cut_the_file)
{
    struct device *d = open_at("", DEVICE_WRITE);
    cr_assert_eq(d->ops->write(d, "x", 1, 0, &error), 1);
    close_device(d);
    d = open_at("", DEVICE_ASK);
    cr_assert_eq(d->size, 65536);
    close_device(d);
}

Test(device_path, read_only_is_refused_before_a_byte_moves)
{
    char path[192];
    snprintf(path, sizeof path, "%s/data", lun);
    chmod(path, 0400);
    cr_assert_null(open_at("", DEVICE_WRITE));
    cr_assert_not_null(strstr(error.text, "is read-only"), "%s", error.text);
    struct device *d = open_at("", DEVICE_READ);
    cr_assert_not_null(d, "%s", error.text);
    close_device(d);
}

Test(device_path, no_data_to_read)
{
    char path[192];
    snprintf(path, sizeof path, "%s/data", lun);
    unlink(path);
    cr_assert_null(open_at("", DEVICE_READ));
    cr_assert_not_null(strstr(error.text, "has no data"), "%s", error.text);
}

static const struct lun_fact *fact(const struct lun_facts *f, const char *path, const char *key)
{
    for (size_t i = 0; i < f->count; i++)
        if (strcmp(f->at[i].path, path) == 0 && strcmp(f->at[i].key, key) == 0)
            return &f->at[i];
    cr_assert(false, "no %s at %s", key, path);
    abort();
}

/* The one LUN of the tree is listed whichever directory is named. */
static void check_listing(const char *path)
{
    struct lun_facts f = {0};
    cr_assert(list_tree(path, &f, &error), "%s: %s", path, error.text);
    cr_assert_str_eq(fact(&f, "targets.0", "target")->text, "disk");
    cr_assert_eq(fact(&f, "targets.0.luns.0", "lun")->number, 3);
    cr_assert_str_eq(fact(&f, "targets.0.luns.0", "vendor")->text, "IET");
    cr_assert_eq(fact(&f, "targets.0.luns.0", "capacity")->number, 64 << 20);
    cr_assert_eq(fact(&f, "targets.0.luns.0", "logical_block_length")->number, 512);
    cr_assert_str_eq(fact(&f, "targets.0.luns.0", "name")->text, "naa.6001405");
    lun_facts_free(&f);
}

static void link_by_id(const char *name)
{
    char path[192];
    snprintf(path, sizeof path, "%s/by-id/%s", root, name);
    cr_assert_eq(symlink("../disk/lun3", path), 0);
}

Test(device_path, tree_lists_mount_target_and_lun)
{
    char path[192];
    folder("by-id");
    link_by_id("t10.IET_x");
    link_by_id("naa.6001405");
    link_by_id("eui.1");
    check_listing(root);
    check_listing(lun);
    snprintf(path, sizeof path, "%s/disk", root);
    check_listing(path);
    snprintf(path, sizeof path, "%s/by-id/eui.1", root);
    check_listing(path);
}

Test(device_path, tree_lists_luns_in_order)
{
    struct lun_facts f = {0};
    folder("disk/lun20");
    folder("disk/lun100");
    put("disk/lun20/inquiry.bin", inquiry, sizeof inquiry);
    put("disk/lun100/inquiry.bin", inquiry, sizeof inquiry);
    cr_assert(list_tree(root, &f, &error));
    cr_assert_eq(fact(&f, "targets.0.luns.0", "lun")->number, 3);
    cr_assert_eq(fact(&f, "targets.0.luns.1", "lun")->number, 20);
    cr_assert_eq(fact(&f, "targets.0.luns.2", "lun")->number, 100);
    lun_facts_free(&f);
}

Test(device_path, tree_shows_a_lun_that_does_not_answer)
{
    struct lun_facts f = {0};
    put("disk/lun3/inquiry.bin", "", 0);
    cr_assert(list_tree(root, &f, &error));
    cr_assert_not_null(strstr(fact(&f, "targets.0.luns.0", "error")->text, "is empty"));
    lun_facts_free(&f);
}

Test(device_path, tree_refuses_other_directories)
{
    struct lun_facts f = {0};
    cr_assert_not(list_tree("/tmp", &f, &error));
    cr_assert_not_null(strstr(error.text, "no directory of a mounted lunfs tree"), "%s", error.text);
    cr_assert_not(list_tree("/nonexistent/x", &f, &error));
    cr_assert_eq(f.count, 0);
}
