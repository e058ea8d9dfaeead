/* SPDX-License-Identifier: Apache-2.0 */
/* Directories and texts through the kernel, and how they follow events. */
#include <criterion/criterion.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "mounted.h"
#include "yaml_value.h"

static char *value(const struct mounted *m, const char *file, const char *path)
{
    size_t n;
    char *text = mounted_read(m, file, &n);
    char *v = yaml_value(text, n, path, NULL);
    free(text);
    return v;
}

static void expect_value(const struct mounted *m, const char *file, const char *path, const char *expected)
{
    char *v = value(m, file, path);
    cr_assert(v, "%s: no %s", file, path);
    cr_assert_str_eq(v, expected);
    free(v);
}

Test(mounted_tree, every_text_is_a_document)
{
    struct mounted *m = mounted_new(&(struct mounted_options){0});
    static const char *const files[] = {
        ".lunfs/version",  ".lunfs/config",     "disk/target",
        "disk/sessions",   "disk/lun0/inquiry", "disk/lun0/capacity",
        "disk/lun0/sense", "disk/lun0/status",  "disk/lun0/vpd/83-device-identification"};
    for (size_t i = 0; i < sizeof files / sizeof *files; i++) {
        size_t n;
        char *text = mounted_read(m, files[i], &n);
        cr_assert(n > 0, "%s", files[i]);
        free(yaml_value(text, n, "none", NULL));
        free(text);
    }
    mounted_free(m);
}

Test(mounted_tree, version_and_pid)
{
    struct mounted *m = mounted_new(&(struct mounted_options){0});
    char pid[32];
    snprintf(pid, sizeof pid, "%d", (int)getpid());
    expect_value(m, ".lunfs/version", "version", "0.1.0");
    expect_value(m, ".lunfs/version", "pid", pid);
    mounted_free(m);
}

Test(mounted_tree, inquiry_is_decoded_and_as_received)
{
    struct mounted *m = mounted_new(&(struct mounted_options){0});
    expect_value(m, "disk/lun0/inquiry", "vendor", "FAKE");
    size_t n;
    char *raw = mounted_read(m, "disk/lun0/inquiry.bin", &n);
    cr_assert_eq(n, 36);
    cr_assert_arr_eq(raw, m->unit->info.inquiry, 36);
    free(raw);
    mounted_free(m);
}

Test(mounted_tree, page_ends_where_it_says)
{
    struct mounted *m = mounted_new(&(struct mounted_options){0});
    size_t n;
    char *raw = mounted_read(m, "disk/lun0/vpd/83.bin", &n);
    cr_assert_eq(n, 16, "what follows the page length is no part of it");
    cr_assert_eq(raw[1], (char)0x83);
    free(raw);
    mounted_free(m);
}

Test(mounted_tree, hostile_serial_number_reads_back)
{
    struct mounted *m = mounted_new(&(struct mounted_options){0});
    expect_value(m, "disk/lun0/vpd/80-unit-serial-number", "unit_serial_number", "SN\"\n#\xc3\xbf");
    mounted_free(m);
}

Test(mounted_tree, a_page_is_not_asked_for_twice_at_once)
{
    struct mounted *m = mounted_new(&(struct mounted_options){0});
    free(mounted_read(m, "disk/lun0/vpd/83.bin", NULL));
    free(mounted_read(m, "disk/lun0/vpd/83-device-identification", NULL));
    cr_assert(m->unit->page_asks <= 2);
    cr_assert(m->unit->page_asks >= 1);
    mounted_free(m);
}

Test(mounted_tree, texts_from_another_loop)
{
    struct mounted *m = mounted_new(&(struct mounted_options){.loops = 2});
    expect_value(m, "disk/lun0/inquiry", "vendor", "FAKE");
    expect_value(m, "disk/lun0/vpd/83-device-identification", "page_code", "83");
    expect_value(m, "disk/target", "name", "iqn.2026-01.com.example:disk");
    mounted_free(m);
}

Test(mounted_tree, refused_page_says_so)
{
    struct mounted *m = mounted_new(&(struct mounted_options){0});
    m->unit->failure = (struct lun_error){.layer = LUN_SCSI, .code = 0x52400, .text = "invalid field in CDB"};
    m->unit->fail_op = LUN_OP_VPD;
    expect_value(m, "disk/lun0/vpd/83-device-identification", "error", "scsi: invalid field in CDB");
    cr_assert_eq(open(mounted_path(m, "disk/lun0/vpd/83.bin"), O_RDONLY), -1);
    cr_assert_eq(errno, EIO);
    mounted_free(m);
}

static void offline(void *arg)
{
    struct lun_unit *u = arg;
    u->info.state = LUN_UNIT_OFFLINE;
    u->info.error = (struct lun_error){.layer = LUN_CONNECT, .text = "connection lost"};
}

Test(mounted_tree, offline_unit_shows_what_was_known)
{
    struct mounted *m = mounted_new(&(struct mounted_options){0});
    free(mounted_read(m, "disk/lun0/vpd/83.bin", NULL));
    fake_in_home(m->unit, offline, m->unit);
    struct lun_error e = {.layer = LUN_CONNECT, .text = "connection lost"};
    mount_event(m->mount, &(struct lun_event){LUN_EVENT_TARGET_DOWN, m->target, NULL, &e});
    static const char *const files[] = {"disk/lun0/inquiry", "disk/lun0/capacity",
                                        "disk/lun0/vpd/83-device-identification"};
    for (size_t i = 0; i < 3; i++) {
        expect_value(m, files[i], "error", "connect: connection lost");
        char *as_of = value(m, files[i], "as_of");
        cr_assert(as_of, "%s", files[i]);
        cr_assert_eq(strlen(as_of), strlen("2026-01-01T00:00:00Z"));
        free(as_of);
    }
    expect_value(m, "disk/lun0/inquiry", "vendor", "FAKE");
    cr_assert_eq(m->unit->page_asks, 1, "nobody is asked who cannot answer");
    mounted_free(m);
}

Test(mounted_tree, target_that_is_not_there)
{
    struct mounted *m = mounted_new(&(struct mounted_options){.down = true});
    expect_value(m, "disk/target", "error", "127.0.0.1:1: connection refused");
    expect_value(m, "disk/sessions", "error", "127.0.0.1:1: connection refused");
    expect_value(m, "disk/sessions", "name", "iqn.2026-01.com.example:disk");
    cr_assert_eq(access(mounted_path(m, "disk/lun0"), F_OK), -1);
    mounted_free(m);
}

Test(mounted_tree, target_that_is_missing_for_another_reason)
{
    struct mounted *m = mounted_new(&(struct mounted_options){.down = true});
    struct lun_error e = {0}, why = {.layer = LUN_LOGIN, .text = "target not found"};
    struct mount_target t = {.iqn = "iqn.2026-01.com.example:disk", .directory = "disk", .error = &why};
    cr_assert(mount_add_target(m->mount, &t, &e), "%s", e.text);
    expect_value(m, "disk/target", "error", "target not found");
    mounted_free(m);
}

/* What is found while the mount is in use gets a directory at once, though its name was asked for before. */
Test(mounted_tree, directory_that_is_added_late)
{
    struct mounted *m = mounted_new(&(struct mounted_options){.down = true});
    cr_assert_eq(access(mounted_path(m, "new"), F_OK), -1);
    struct lun_error e = {0};
    struct mount_target t = {
        .target = m->target, .iqn = "iqn.2026-01.com.example:new", .directory = "new", .data_mode = 0640};
    cr_assert(mount_add_target(m->mount, &t, &e), "%s", e.text);
    struct stat st;
    cr_assert_eq(stat(mounted_path(m, "new/lun0/data"), &st), 0);
    cr_assert_eq(st.st_mode & 0777, 0640);
    cr_assert_eq(mounted_shell(m, "ls $M | grep -qx new"), 0);
    mounted_free(m);
}

Test(mounted_tree, target_that_comes_later)
{
    struct mounted *m = mounted_new(&(struct mounted_options){.down = true});
    struct lun_error e = {0};
    struct mount_target t = {.target = m->target, .iqn = "iqn.2026-01.com.example:disk", .directory = "disk"};
    cr_assert(mount_add_target(m->mount, &t, &e), "%s", e.text);
    cr_assert_eq(access(mounted_data(m), F_OK), 0);
    mounted_free(m);
}

Test(mounted_tree, texts_read_whole_with_any_size)
{
    struct mounted *m = mounted_new(&(struct mounted_options){0});
    cr_assert_eq(mounted_shell(m, "f=$T/lun0/inquiry; n=$(cat $f | wc -c); [ $n -gt 300 ] &&"
                                  "[ $(dd if=$f bs=1 status=none | wc -c) = $n ] &&"
                                  "[ $(dd if=$f bs=7 status=none | wc -c) = $n ] && [ $(wc -c <$f) = $n ] &&"
                                  "grep -q FAKE $f && [ $(head -c 10 $f | wc -c) = 10 ] &&"
                                  "cp $f /tmp/lunfs-unit.$$ && [ $(wc -c </tmp/lunfs-unit.$$) = $n ] &&"
                                  "rm /tmp/lunfs-unit.$$ && tail -n 1 $f | grep -q revision"),
                 0);
    mounted_free(m);
}

Test(mounted_tree, texts_cannot_be_written)
{
    struct mounted *m = mounted_new(&(struct mounted_options){0});
    static const int flags[] = {O_WRONLY, O_RDWR, O_WRONLY | O_TRUNC};
    for (size_t i = 0; i < 3; i++) {
        cr_assert_eq(open(mounted_path(m, "disk/target"), flags[i]), -1);
        cr_assert_eq(errno, EACCES);
    }
    cr_assert_eq(truncate(mounted_path(m, "disk/target"), 0), -1);
    cr_assert_eq(errno, EACCES);
    mounted_free(m);
}

Test(mounted_tree, nothing_can_be_made_or_removed)
{
    struct mounted *m = mounted_new(&(struct mounted_options){0});
    cr_assert_eq(mkdir(mounted_path(m, "new"), 0700), -1);
    cr_assert_eq(errno, EPERM);
    cr_assert_eq(open(mounted_path(m, "disk/new"), O_WRONLY | O_CREAT, 0600), -1);
    cr_assert_eq(errno, EPERM);
    cr_assert_eq(unlink(mounted_data(m)), -1);
    cr_assert_eq(errno, EPERM);
    cr_assert_eq(rmdir(mounted_path(m, "disk")), -1);
    cr_assert_eq(errno, EPERM);
    cr_assert_eq(rename(mounted_data(m), mounted_path(m, "disk/x")), -1);
    cr_assert_eq(errno, EPERM);
    cr_assert_eq(symlink("a", mounted_path(m, "b")), -1);
    cr_assert_eq(errno, EPERM);
    cr_assert_eq(link(mounted_data(m), mounted_path(m, "b")), -1);
    cr_assert_eq(errno, EPERM);
    mounted_free(m);
}

Test(mounted_tree, no_extended_attributes)
{
    struct mounted *m = mounted_new(&(struct mounted_options){0});
    char buffer[16];
    cr_assert_eq(getxattr(mounted_data(m), "user.x", buffer, sizeof buffer), -1);
    cr_assert_eq(errno, EOPNOTSUPP);
    cr_assert_eq(setxattr(mounted_data(m), "user.x", "1", 1, 0), -1);
    cr_assert_eq(errno, EOPNOTSUPP);
    mounted_free(m);
}

static int count_entries(const struct mounted *m, const char *dir)
{
    DIR *d = opendir(mounted_path(m, dir));
    cr_assert(d);
    int n = 0;
    while (readdir(d))
        n++;
    closedir(d);
    return n;
}

Test(mounted_tree, directories_list_what_is_there)
{
    struct mounted *m = mounted_new(&(struct mounted_options){0});
    cr_assert_eq(count_entries(m, "."), 5, ". .. by-id .lunfs disk");
    cr_assert_eq(count_entries(m, "disk"), 5, ". .. target sessions lun0");
    cr_assert_eq(count_entries(m, "disk/lun0"), 10);
    cr_assert_eq(count_entries(m, "disk/lun0/vpd"), 8);
    mounted_free(m);
}

Test(mounted_tree, large_directory_lists_all)
{
    struct mounted *m = mounted_new(&(struct mounted_options){0});
    for (uint64_t lun = 1; lun <= 600; lun++) {
        m->unit->info.lun = lun;
        mount_event(m->mount, &(struct lun_event){LUN_EVENT_UNIT_ADDED, m->target, m->unit, NULL});
    }
    cr_assert_eq(count_entries(m, "disk"), 605);
    cr_assert_eq(mounted_shell(m, "[ $(find $T -name data | wc -l) = 601 ]"), 0);
    mounted_free(m);
}

Test(mounted_tree, find_and_du_and_ls)
{
    struct mounted *m = mounted_new(&(struct mounted_options){0});
    cr_assert_eq(mounted_shell(m,
                               "find $M -type f >/dev/null && ls -lR $M >/dev/null && du -s $M >/dev/null &&"
                               "df $M >/dev/null"),
                 0);
    mounted_free(m);
}

static void rename_unit(void *arg)
{
    struct lun_unit *u = arg;
    u->info.name_count = 1;
    strcpy(u->info.names[0], "t10.FAKE a/b");
}

Test(mounted_tree, by_id_leads_to_the_unit)
{
    struct mounted *m = mounted_new(&(struct mounted_options){0});
    fake_in_home(m->unit, rename_unit, m->unit);
    mount_event(m->mount, &(struct lun_event){LUN_EVENT_UNIT_CHANGED, m->target, m->unit, NULL});
    struct stat a, b;
    cr_assert_eq(stat(mounted_path(m, "by-id/t10.FAKE\\x20a\\x2fb/data"), &a), 0, "%m");
    cr_assert_eq(stat(mounted_data(m), &b), 0);
    cr_assert_eq(a.st_ino, b.st_ino);
    mounted_free(m);
}

static void grow(void *arg)
{
    struct lun_unit *u = arg;
    u->info.size *= 2;
    u->bytes = realloc(u->bytes, u->info.size);
}

Test(mounted_tree, size_follows_at_once_for_those_who_have_it_open)
{
    struct mounted *m = mounted_new(&(struct mounted_options){.loops = 2});
    int fd = open(mounted_data(m), O_RDONLY);
    struct stat s;
    cr_assert_eq(fstat(fd, &s), 0);
    fake_in_home(m->unit, grow, m->unit);
    mount_event(m->mount, &(struct lun_event){LUN_EVENT_UNIT_CHANGED, m->target, m->unit, NULL});
    while (s.st_size != 16 << 20) /* the event is on its way through two loops */
        cr_assert_eq(fstat(fd, &s), 0);
    char c;
    cr_assert_eq(pread(fd, &c, 1, (16 << 20) - 1), 1);
    close(fd);
    mounted_free(m);
}

Test(mounted_tree, unit_that_goes_and_comes_back)
{
    struct mounted *m = mounted_new(&(struct mounted_options){0});
    struct stat before, after;
    cr_assert_eq(stat(mounted_data(m), &before), 0);
    int fd = open(mounted_data(m), O_RDONLY);
    mount_event(m->mount, &(struct lun_event){LUN_EVENT_UNIT_GONE, m->target, m->unit, NULL});
    while (access(mounted_path(m, "disk/lun0"), F_OK) == 0)
        ;
    cr_assert_eq(fstat(fd, &after), 0, "an open file keeps its attributes");
    cr_assert_eq(after.st_ino, before.st_ino);
    close(fd);
    mount_event(m->mount, &(struct lun_event){LUN_EVENT_UNIT_ADDED, m->target, m->unit, NULL});
    while (stat(mounted_data(m), &after) != 0)
        ;
    cr_assert_eq(after.st_ino, before.st_ino);
    mounted_free(m);
}
