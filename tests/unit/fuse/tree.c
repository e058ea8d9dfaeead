/* SPDX-License-Identifier: Apache-2.0 */
/* The tree without a mount: what is there, its attributes, and the links of by-id. */
#include "node.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define IQN "iqn.2026-01.com.example:disk"

/* The tree tells units and targets apart by address and never looks inside. */
static char marks[16];
#define TARGET(i) ((struct lun_target *)(void *)&marks[i])
#define UNIT(i) ((struct lun_unit *)(void *)&marks[8 + (i)])

static struct tree tree;
static struct tree_target *target;
static int log_lines;
static char log_last[640];

static void note(void *user, enum lun_log_level level, const char *text)
{
    log_lines++;
    snprintf(log_last, sizeof log_last, "%s", text);
}

static struct tree_target *add_target(const char *directory, int mark)
{
    struct lun_error e = {0};
    struct tree_target_options o = {.target = TARGET(mark), .iqn = IQN, .directory = directory, .uid = 1000};
    return tree_add_target(&tree, &o, &e);
}

static void set_up(void)
{
    tree.log = note;
    cr_assert(tree_init(&tree));
    target = add_target("disk", 0);
    cr_assert(target);
}

static void tear_down(void)
{
    tree_free(&tree);
}

TestSuite(tree, .init = set_up, .fini = tear_down);
TestSuite(by_id, .init = set_up, .fini = tear_down);

static struct unit_snapshot disk(uint64_t lun)
{
    struct unit_snapshot s = {.unit = UNIT(0), .lun = lun, .has_data = true, .size = 1 << 20};
    s.block_size = 512;
    s.page_count = 2;
    s.pages[1] = 0x83;
    return s;
}

static struct tree_unit *add_unit(struct tree_target *t, const struct unit_snapshot *s)
{
    struct tree_change change;
    struct tree_unit *u = tree_set_unit(&tree, t, s, &change);
    cr_assert(u);
    return u;
}

static struct node *at(const char *path)
{
    char copy[512];
    snprintf(copy, sizeof copy, "%s", path);
    struct node *n = tree.root;
    for (char *part = strtok(copy, "/"); part && n; part = strtok(NULL, "/"))
        n = tree_lookup(n, part);
    return n;
}

Test(tree, root_and_own_files)
{
    cr_assert_eq(tree_node(&tree, 1), tree.root);
    cr_assert(at("by-id"));
    cr_assert(at(".lunfs/version"));
    cr_assert(at(".lunfs/config"));
    cr_assert_null(at("nothing"));
}

Test(tree, target_has_its_texts)
{
    cr_assert(at("disk/target"));
    cr_assert(at("disk/sessions"));
    cr_assert_null(at("disk/lun0"));
}

Test(tree, unit_has_its_files)
{
    struct unit_snapshot s = disk(3);
    add_unit(target, &s);
    static const char *const files[] = {"data",
                                        "inquiry",
                                        "inquiry.bin",
                                        "capacity",
                                        "sense",
                                        "status",
                                        "vpd/83-device-identification",
                                        "vpd/83.bin",
                                        "vpd/00.bin"};
    for (size_t i = 0; i < sizeof files / sizeof *files; i++) {
        char path[128];
        snprintf(path, sizeof path, "disk/lun3/%s", files[i]);
        cr_assert(at(path), "%s", path);
    }
}

Test(tree, large_lun_is_decimal)
{
    struct unit_snapshot s = disk(16384);
    add_unit(target, &s);
    cr_assert(at("disk/lun16384/data"));
}

Test(tree, page_without_a_name)
{
    struct unit_snapshot s = disk(0);
    s.pages[1] = 0xc7;
    add_unit(target, &s);
    cr_assert(at("disk/lun0/vpd/c7"));
    cr_assert(at("disk/lun0/vpd/c7.bin"));
}

Test(tree, no_disk_no_data)
{
    struct unit_snapshot s = disk(0);
    s.has_data = false;
    add_unit(target, &s);
    cr_assert_null(at("disk/lun0/data"));
    cr_assert(at("disk/lun0/inquiry"));
}

Test(tree, data_comes_and_goes_with_the_medium)
{
    struct unit_snapshot s = disk(0);
    add_unit(target, &s);
    uint32_t ino = at("disk/lun0/data")->ino;
    s.has_data = false;
    struct tree_change change;
    tree_set_unit(&tree, target, &s, &change);
    cr_assert(change.lost);
    cr_assert_null(at("disk/lun0/data"));
    s.has_data = true;
    add_unit(target, &s);
    cr_assert_eq(at("disk/lun0/data")->ino, ino, "the number stays with the name");
}

Test(tree, dropped_unit_leaves_no_file)
{
    struct unit_snapshot s = disk(0);
    struct tree_unit *u = add_unit(target, &s);
    uint32_t ino = u->data->ino;
    cr_assert_eq(tree_drop_unit(&tree, target, 0), u);
    cr_assert_null(at("disk/lun0"));
    cr_assert_not(tree_node(&tree, ino)->present);
    cr_assert_null(tree_drop_unit(&tree, target, 0), "just once");
    cr_assert_eq(add_unit(target, &s), u);
    cr_assert_eq(at("disk/lun0/data")->ino, ino);
}

Test(tree, page_no_longer_listed_goes)
{
    struct unit_snapshot s = disk(0);
    add_unit(target, &s);
    s.page_count = 1;
    struct tree_change change;
    tree_set_unit(&tree, target, &s, &change);
    cr_assert(change.lost);
    cr_assert_null(at("disk/lun0/vpd/83.bin"));
    cr_assert(at("disk/lun0/vpd/00.bin"));
}

Test(tree, resize_is_noticed)
{
    struct unit_snapshot s = disk(0);
    add_unit(target, &s);
    struct tree_change change;
    tree_set_unit(&tree, target, &s, &change);
    cr_assert_not(change.resized);
    s.size *= 2;
    tree_set_unit(&tree, target, &s, &change);
    cr_assert(change.resized);
}

Test(tree, attributes_of_data)
{
    struct unit_snapshot s = disk(0);
    add_unit(target, &s);
    struct stat a;
    tree_attributes(&tree, at("disk/lun0/data"), &a);
    cr_assert_eq(a.st_mode, S_IFREG | 0600);
    cr_assert_eq(a.st_size, 1 << 20);
    cr_assert_eq(a.st_blocks, (1 << 20) / 512);
    cr_assert_eq(a.st_blksize, 1 << 20);
    cr_assert_eq(a.st_uid, 1000);
    cr_assert_eq(a.st_nlink, 1);
}

Test(tree, read_only_unit)
{
    struct unit_snapshot s = disk(0);
    s.read_only = true;
    add_unit(target, &s);
    struct stat a;
    tree_attributes(&tree, at("disk/lun0/data"), &a);
    cr_assert_eq(a.st_mode, S_IFREG | 0400);
    cr_assert_eq(tree_write_refused(at("disk/lun0/data")), EROFS);
}

Test(tree, texts_are_not_for_writing)
{
    struct stat a;
    tree_attributes(&tree, at("disk/target"), &a);
    cr_assert_eq(a.st_mode, S_IFREG | 0444);
    cr_assert_eq(tree_write_refused(at("disk/target")), EACCES);
}

Test(tree, links_of_a_directory)
{
    struct unit_snapshot s = disk(0);
    add_unit(target, &s);
    struct stat a;
    tree_attributes(&tree, at("disk"), &a);
    cr_assert_eq(a.st_mode, S_IFDIR | 0555);
    cr_assert_eq(a.st_nlink, 3);
}

Test(tree, statistics_sum_capacities)
{
    struct unit_snapshot s = disk(0), other = disk(1), tape = disk(2);
    add_unit(target, &s);
    other.size = 3 << 20;
    add_unit(target, &other);
    tape.has_data = false;
    add_unit(target, &tape);
    struct statvfs v;
    tree_statistics(&tree, &v);
    cr_assert_eq(v.f_blocks * v.f_frsize, 4 << 20);
}

Test(tree, statistics_do_not_overflow)
{
    struct unit_snapshot s = disk(0), other = disk(1);
    s.size = other.size = UINT64_MAX;
    add_unit(target, &s);
    add_unit(target, &other);
    struct statvfs v;
    tree_statistics(&tree, &v);
    cr_assert_eq(v.f_blocks, UINT64_MAX / 4096);
}

Test(tree, directory_name_taken)
{
    cr_assert_null(add_target("disk", 1));
    cr_assert_null(add_target("by-id", 1));
    cr_assert_null(add_target(".lunfs", 1));
    cr_assert(add_target("other", 1));
}

Test(tree, directory_name_unusable)
{
    static const char *const names[] = {"", ".", "..", "a/b", "a b", "a\nb", "\x7f"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        cr_assert_null(add_target(names[i], 1), "%s", names[i]);
    char longest[300];
    memset(longest, 'a', sizeof longest - 1);
    longest[299] = '\0';
    cr_assert_null(add_target(longest, 1));
    longest[255] = '\0';
    cr_assert(add_target(longest, 1));
}

Test(tree, target_that_was_missing_may_come)
{
    struct lun_error e = {0};
    struct tree_target_options o = {.iqn = IQN, .directory = "late"};
    struct tree_target *t = tree_add_target(&tree, &o, &e);
    cr_assert(t);
    cr_assert_eq(tree_add_target(&tree, &o, &e), t, "with news of why it is missing");
    t->error.layer = LUN_CONNECT;
    o.target = TARGET(3);
    cr_assert_eq(tree_add_target(&tree, &o, &e), t);
    cr_assert_eq(t->error.layer, LUN_OK);
    cr_assert_eq(tree_find_target(&tree, TARGET(3)), t);
    cr_assert_null(tree_add_target(&tree, &o, &e), "but only once");
    o.target = NULL;
    cr_assert_null(tree_add_target(&tree, &o, &e), "and then it is there");
}

Test(tree, missing_target_keeps_its_directory_from_others)
{
    struct lun_error e = {0};
    struct tree_target_options o = {.iqn = IQN, .directory = "late"};
    cr_assert(tree_add_target(&tree, &o, &e));
    o.iqn = "iqn.2026-01.com.example:another";
    cr_assert_null(tree_add_target(&tree, &o, &e));
    cr_assert_str_eq(e.text, "late: another target has this directory");
}

Test(tree, unknown_numbers)
{
    cr_assert_null(tree_node(&tree, 0));
    cr_assert_null(tree_node(&tree, 100000));
    cr_assert_null(tree_node(&tree, UINT64_MAX));
}

Test(tree, many_units)
{
    for (uint64_t i = 0; i < 300; i++) {
        struct unit_snapshot s = disk(i);
        add_unit(target, &s);
    }
    cr_assert(at("disk/lun299/vpd/83.bin"));
    cr_assert_eq(at("disk")->child_count, 302);
}

static void expect_escape(const char *name, const char *expected)
{
    char out[256];
    cr_assert(by_id_escape(name, out));
    cr_assert_str_eq(out, expected);
}

Test(by_id, escape_like_udev)
{
    expect_escape("naa.600140512345", "naa.600140512345");
    expect_escape("t10.IET     0001", "t10.IET\\x20\\x20\\x20\\x20\\x200001");
    expect_escape("t10.a/b\x01\xff", "t10.a\\x2fb\\x01\\xff");
    expect_escape("iqn.2026-01.com.example:disk,L,0x00", "iqn.2026-01.com.example:disk\\x2cL\\x2c0x00");
    expect_escape("t10.\\x20", "t10.\\x20");
}

Test(by_id, what_is_no_file_name)
{
    char out[256], longest[257];
    cr_assert_not(by_id_escape("", out));
    cr_assert_not(by_id_escape(".", out));
    cr_assert_not(by_id_escape("..", out));
    memset(longest, 'a', 256);
    longest[256] = '\0';
    cr_assert_not(by_id_escape(longest, out));
    longest[255] = '\0';
    cr_assert(by_id_escape(longest, out));
    memset(longest, ' ', 64);
    longest[64] = '\0';
    cr_assert_not(by_id_escape(longest, out));
}

static struct unit_snapshot named(uint64_t lun, const char *name)
{
    struct unit_snapshot s = disk(lun);
    s.name_count = 1;
    snprintf(s.names[0], sizeof s.names[0], "%s", name);
    return s;
}

Test(by_id, link_points_at_the_unit)
{
    struct unit_snapshot s = named(4, "naa.5001");
    add_unit(target, &s);
    cr_assert_str_eq(at("by-id/naa.5001")->link, "../disk/lun4");
}

Test(by_id, link_goes_with_the_unit)
{
    struct unit_snapshot s = named(4, "naa.5001");
    add_unit(target, &s);
    tree_drop_unit(&tree, target, 4);
    cr_assert_null(at("by-id/naa.5001"));
}

Test(by_id, name_claimed_twice_gets_no_link_and_one_line)
{
    struct unit_snapshot a = named(0, "naa.5001"), b = named(1, "naa.5001"), c = named(2, "naa.5001");
    add_unit(target, &a);
    add_unit(target, &b);
    add_unit(target, &c);
    cr_assert_null(at("by-id/naa.5001"));
    cr_assert_eq(log_lines, 1);
    cr_assert(strstr(log_last, "naa.5001") && strstr(log_last, "disk/lun0") && strstr(log_last, "disk/lun1"));
}

Test(by_id, collision_across_targets)
{
    struct tree_target *other = add_target("other", 1);
    struct unit_snapshot a = named(0, "naa.5001"), b = named(0, "naa.5001");
    add_unit(target, &a);
    add_unit(other, &b);
    cr_assert_null(at("by-id/naa.5001"));
}

Test(by_id, the_last_claimant_gets_the_link)
{
    struct unit_snapshot a = named(0, "naa.5001"), b = named(1, "naa.5001");
    add_unit(target, &a);
    add_unit(target, &b);
    tree_drop_unit(&tree, target, 0);
    cr_assert_str_eq(at("by-id/naa.5001")->link, "../disk/lun1");
}

Test(by_id, updates_do_not_count_twice)
{
    struct unit_snapshot s = named(0, "naa.5001");
    add_unit(target, &s);
    add_unit(target, &s);
    cr_assert(at("by-id/naa.5001"));
    tree_drop_unit(&tree, target, 0);
    cr_assert_null(at("by-id/naa.5001"));
    cr_assert_eq(log_lines, 0);
}

Test(by_id, name_listed_twice_by_one_unit)
{
    struct unit_snapshot s = named(0, "naa.5001");
    s.name_count = 2;
    snprintf(s.names[1], sizeof s.names[1], "naa.5001");
    add_unit(target, &s);
    cr_assert(at("by-id/naa.5001"));
    tree_drop_unit(&tree, target, 0);
    cr_assert_null(at("by-id/naa.5001"));
}

Test(by_id, renamed_unit_moves_its_link)
{
    struct unit_snapshot s = named(0, "naa.5001");
    add_unit(target, &s);
    s = named(0, "naa.5002");
    add_unit(target, &s);
    cr_assert_null(at("by-id/naa.5001"));
    cr_assert(at("by-id/naa.5002"));
}
