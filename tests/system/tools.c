/* SPDX-License-Identifier: Apache-2.0 */
/* cp, dd, cmp, cat, head, stat, df, find and their like on the tree, as on files and folders. $W/disk is the
 * target's backing file, $W/before a copy of it from before the test, both full of noise. */
#include <criterion/criterion.h>
#include <errno.h>
#include <fcntl.h>
#include <fts.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <yaml.h>

#include "lib/daemon.h"
#include "lib/target_tgt.h"
#include "lib/workspace.h"

#define SIZE 16777216
#ifndef MOUNT_OPTIONS
#define MOUNT_OPTIONS ""
#endif

static struct workspace w;
static struct target_tgt t;

#define must(...) workspace_must(&w, __VA_ARGS__)
#define must_fail(...) workspace_must_fail(&w, __VA_ARGS__)

static void make_with(const char *lun_options)
{
    workspace_make(&w);
    must("head -c %d /dev/urandom >$W/disk && cp $W/disk $W/before", SIZE);
    target_tgt_start(&t, &w);
    target_tgt_lun(&t, 1, "disk", 16, lun_options);
    daemon_mount(&w, "iscsi://127.0.0.1:$PORT/$IQN", MOUNT_OPTIONS);
}

static void make(void)
{
    make_with("");
}

static void make_4096(void)
{
    make_with("--blocksize 4096");
}

static void unmake(void)
{
    workspace_free(&w);
}

TestSuite(tools, .init = make, .fini = unmake, .timeout = 120);
TestSuite(tools_4096, .init = make_4096, .fini = unmake, .timeout = 120);

/* The LUN holds the first n bytes of `file`, and from there on what it held before. */
static void check_holds(const char *file, long n)
{
    must("cmp -n %ld $D $W/%s", n, file);
    must("cmp -i %ld $D $W/before", n);
    must("cmp $D $W/disk");
}

/* ---- cp ---------------------------------------------------------------------------------------------- */

Test(tools, cp_in_and_out)
{
    must("head -c 5000003 /dev/urandom >$W/in && cp $W/in $D");
    check_holds("in", 5000003);
    must("cp $D $W/out && cmp $W/out $D && test $(stat -c %%s $W/out) = %d", SIZE);
}

/* 4 MiB with data at the start, in the middle across blocks, and a hole at the end. */
static void make_sparse(void)
{
    must("truncate -s 4194305 $W/sparse");
    must("head -c 65536 /dev/urandom | dd of=$W/sparse bs=64k conv=notrunc status=none");
    must("head -c 70001 /dev/urandom | dd of=$W/sparse bs=100000 seek=11 conv=notrunc status=none");
}

static void check_sparse_copy(const char *copy)
{
    make_sparse();
    must("%s", copy);
    check_holds("sparse", 4194305);
}

Test(tools, cp_of_a_sparse_file_leaves_no_stale_bytes)
{
    check_sparse_copy("cp $W/sparse $D");
}

Test(tools, cp_that_makes_holes_leaves_no_stale_bytes)
{
    check_sparse_copy("cp --sparse=always $W/sparse $D");
}

Test(tools, cp_without_holes)
{
    check_sparse_copy("cp --sparse=never $W/sparse $D");
}

/* A hole at the very end is the exception: dd then makes no call at all that a file system could see, because
 * the file is already longer. */
Test(tools, dd_conv_sparse_leaves_no_stale_bytes)
{
    make_sparse();
    must("printf end >>$W/sparse && dd if=$W/sparse of=$D bs=64k conv=sparse status=none");
    check_holds("sparse", 4194308);
}

Test(tools, cp_of_an_empty_file_changes_nothing)
{
    must(": >$W/in && cp $W/in $D");
    check_holds("in", 0);
}

Test(tools, cp_of_a_file_of_holes_only_writes_zeros)
{
    must("truncate -s 1000001 $W/in && cp $W/in $D");
    check_holds("in", 1000001);
}

Test(tools, cp_of_more_than_fits)
{
    must("head -c %d /dev/urandom >$W/in", SIZE + 4096);
    const char *why = must_fail("cp $W/in $D");
    cr_assert(strstr(why, "No space left on device"), "%s", why);
    must("cmp -n %d $W/in $D", SIZE);
}

Test(tools, cp_recursive_copies_the_texts)
{
    must("mkdir $W/copy && cp -r $T/lun1/vpd $T/lun1/inquiry $T/lun1/capacity $W/copy");
    must("cmp $W/copy/inquiry $T/lun1/inquiry && test -s $W/copy/capacity");
    must("test $(ls $W/copy/vpd | wc -l) = $(ls $T/lun1/vpd | wc -l)");
}

/* ---- dd ---------------------------------------------------------------------------------------------- */

/* Writes 6 MiB and an odd rest in blocks of bs, and reads it back so. */
static void dd(const char *bs, const char *write_flags, const char *read_flags)
{
    const long n = 6 * 1048576 + 777;
    must("head -c %ld /dev/urandom >$W/in", n);
    must("dd if=$W/in of=$D bs=%s %s status=none", bs, write_flags);
    check_holds("in", n);
    must("dd if=$D bs=%s %s status=none | cmp - $W/disk", bs, read_flags);
}

#define DD(name, bs)                                                                                         \
    Test(tools, dd_##name##_buffered)                                                                        \
    {                                                                                                        \
        dd(bs, "conv=notrunc", "");                                                                          \
    }                                                                                                        \
    Test(tools, dd_##name##_buffered_truncating)                                                             \
    {                                                                                                        \
        dd(bs, "", "");                                                                                      \
    }                                                                                                        \
    Test(tools, dd_##name##_direct)                                                                          \
    {                                                                                                        \
        dd(bs, "oflag=direct conv=notrunc", "iflag=direct");                                                 \
    }                                                                                                        \
    Test(tools, dd_##name##_direct_truncating)                                                               \
    {                                                                                                        \
        dd(bs, "oflag=direct", "iflag=direct");                                                              \
    }

DD(bs_512, "512")
DD(bs_4k, "4k")
DD(bs_1M, "1M")
DD(bs_3M, "3M")

Test(tools, dd_at_an_offset_keeps_what_lies_before)
{
    must("head -c 1000 /dev/urandom >$W/in && dd if=$W/in of=$D bs=1000 seek=3001 status=none");
    must("cp $W/before $W/expected && dd if=$W/in of=$W/expected bs=1000 seek=3001 conv=notrunc status=none");
    must("cmp $D $W/expected && cmp $W/disk $W/expected");
}

Test(tools, dd_bytes_one_by_one)
{
    must("head -c 600 /dev/urandom >$W/in && dd if=$W/in of=$D bs=1 seek=1000 conv=notrunc status=none");
    must("dd if=$D bs=1 skip=1000 count=600 status=none | cmp - $W/in");
    must("cmp -n 1000 $D $W/before && cmp -i 1600 $D $W/before");
}

Test(tools, dd_past_the_end_has_no_space)
{
    const char *why = must_fail("dd if=/dev/zero of=$D bs=1M seek=15 count=2 conv=notrunc");
    cr_assert(strstr(why, "No space left on device"), "%s", why);
    must("cmp -n 15728640 $D $W/before && tail -c 1048576 $D | cmp -n 1048576 - /dev/zero");
}

Test(tools, dd_reads_nothing_past_the_end)
{
    must("test $(dd if=$D bs=1M skip=16 status=none | wc -c) = 0");
    must("test $(dd if=$D bs=3M skip=5 status=none | wc -c) = 1048576");
}

Test(tools, dd_with_fsync)
{
    must("head -c 100000 /dev/urandom >$W/in && dd if=$W/in of=$D bs=10000 oflag=dsync conv=fsync "
         "status=none");
    check_holds("in", 100000);
}

/* ---- Readers ----------------------------------------------------------------------------------------- */

Test(tools, cat)
{
    must("cat $D | cmp - $W/disk");
    must("head -c 3333333 /dev/urandom >$W/in && cat $W/in >$D");
    check_holds("in", 3333333);
}

Test(tools, redirection_of_nothing_changes_nothing)
{
    must(": >$D");
    check_holds("before", 0);
}

Test(tools, head_and_tail)
{
    must("head -c 1 $D | cmp -n 1 - $W/disk && head -c 100001 $D | cmp -n 100001 - $W/disk");
    must("tail -c 777 $D >$W/out && tail -c 777 $W/disk | cmp - $W/out");
}

Test(tools, cmp_finds_one_changed_byte)
{
    must("cmp $D $W/before");
    must("printf '\\001' | cat - /dev/zero | head -c 1 >$W/byte");
    must("v=$(od -An -tu1 -j 54321 -N 1 $W/before) && printf \"\\\\$(printf %%o $(((v + 1) %% 256)))\" |"
         " dd of=$D bs=1 seek=54321 conv=notrunc status=none");
    const char *out = must("cmp -l $D $W/before | wc -l");
    cr_assert_str_eq(out, "1");
}

Test(tools, checksum_equals_the_backing_file)
{
    must("test \"$(md5sum <$D)\" = \"$(md5sum <$W/disk)\"");
}

/* ---- The tree ---------------------------------------------------------------------------------------- */

Test(tools, stat_shows_the_capacity)
{
    char text[64];
    snprintf(text, sizeof text, "%d 600 regular file", SIZE);
    cr_assert_str_eq(must("stat -c '%%s %%a %%F' $D"), text);
    cr_assert_str_eq(must("stat -c %%F $T/lun1"), "directory");
}

Test(tools, df_answers)
{
    const char *out = must("df -T $M | tail -n 1");
    cr_assert(strstr(out, "fuse.lunfs"), "%s", out);
    must("stat -f $M");
}

Test(tools, find_walks_the_tree)
{
    must("find $M >$W/list 2>$W/errors && test ! -s $W/errors");
    must("grep -q '/lun1/data$' $W/list && grep -q '/.lunfs/version$' $W/list");
    cr_assert_str_eq(must("find $M -name data -type f"), must("echo $D"));
    must("test $(find $M/by-id -type l | wc -l) -gt 0");
    must("ls -lR $M >$W/list 2>$W/errors && test ! -s $W/errors");
}

Test(tools, grep_reads_every_text)
{
    must("grep -rI . $T/lun1/inquiry $T/lun1/capacity $T/lun1/status $T/lun1/vpd $T/target $T/sessions "
         ">$W/list");
    must("test $(wc -l <$W/list) -gt 20");
}

/* A text is made at open and whole whatever the size of a read. */
Test(tools, texts_are_whole_whatever_the_read_size)
{
    must("for f in $T/lun1/inquiry $T/lun1/capacity $T/lun1/vpd/83*; do"
         " dd if=$f bs=1 status=none | cmp - $f || exit 1;"
         " dd if=$f bs=7 status=none | cmp - $f || exit 1; done");
}

Test(tools, texts_name_the_capacity)
{
    const char *text = must("cat $T/lun1/capacity");
    cr_assert(strstr(text, "512"), "%s", text);
    cr_assert(strstr(text, "32768"), "%s", text);
}

Test(tools, tree_cannot_be_changed)
{
    must_fail("touch $M/new");
    must_fail("mkdir $T/new");
    must_fail("rm -f $D");
    must_fail("mv $T/lun1/inquiry $T/lun1/other");
    must_fail("echo x >$T/lun1/inquiry");
    must("cmp $D $W/before");
}

Test(tools, truncate_changes_no_size)
{
    must("truncate -s 1000000 $D");
    cr_assert_eq(atol(must("stat -c %%s $D")), SIZE);
    const char *why = must_fail("truncate -s %d $D", SIZE + 1);
    cr_assert(strstr(why, "File too large"), "%s", why);
    must("cmp $D $W/before");
}

/* ---- Blocks of 4096 bytes: none of these begin and end on one ---------------------------------------- */

Test(tools_4096, cp_in_and_out)
{
    must("head -c 5000003 /dev/urandom >$W/in && cp $W/in $D");
    check_holds("in", 5000003);
    must("cp $D $W/out && cmp $W/out $D");
}

Test(tools_4096, cp_of_a_sparse_file_leaves_no_stale_bytes)
{
    check_sparse_copy("cp $W/sparse $D");
}

Test(tools_4096, cp_that_makes_holes_leaves_no_stale_bytes)
{
    check_sparse_copy("cp --sparse=always $W/sparse $D");
}

Test(tools_4096, dd_bs_512_buffered)
{
    dd("512", "", "");
}

Test(tools_4096, dd_bs_512_direct)
{
    dd("512", "oflag=direct conv=notrunc", "iflag=direct");
}

Test(tools_4096, dd_bs_3M_direct)
{
    dd("3M", "oflag=direct", "iflag=direct");
}

Test(tools_4096, dd_past_the_end_has_no_space)
{
    const char *why = must_fail("dd if=/dev/zero of=$D bs=1000 seek=16777 count=1 conv=notrunc");
    cr_assert(strstr(why, "No space left on device"), "%s", why);
    must("cmp -n 16777000 $D $W/before && tail -c 216 $D | cmp -n 216 - /dev/zero");
}

Test(tools_4096, writers_side_by_side_in_one_block)
{
    must("for i in 0 1 2 3 4 5 6 7; do"
         " yes $i | tr -d '\\n' | head -c 100 >$W/part$i; done; cat $W/part? >$W/in");
    must("for i in 0 1 2 3 4 5 6 7; do"
         " dd if=$W/part$i of=$D bs=100 seek=$i conv=notrunc,fsync status=none & done; wait");
    check_holds("in", 800);
}

/* ---- Each text is a YAML document -------------------------------------------------------------------- */

static void check_yaml(const char *path)
{
    FILE *f = fopen(path, "re");
    cr_assert_not_null(f, "%s: %s", path, strerror(errno));
    yaml_parser_t parser;
    yaml_document_t document;
    cr_assert(yaml_parser_initialize(&parser));
    yaml_parser_set_input_file(&parser, f);
    cr_expect(yaml_parser_load(&parser, &document), "%s:%zu: %s", path, parser.problem_mark.line + 1,
              parser.problem);
    if (!parser.error) {
        yaml_node_t *root = yaml_document_get_root_node(&document);
        cr_expect(root && root->type == YAML_MAPPING_NODE, "%s is no mapping", path);
        yaml_document_delete(&document);
    }
    yaml_parser_delete(&parser);
    fclose(f);
}

Test(tools, each_text_is_a_yaml_document)
{
    char *tops[] = {getenv("M"), NULL};
    FTS *walk = fts_open(tops, FTS_PHYSICAL | FTS_NOCHDIR, NULL);
    cr_assert_not_null(walk);
    int count = 0;
    for (FTSENT *e; (e = fts_read(walk));) {
        size_t n = e->fts_namelen;
        bool bytes = n > 4 && strcmp(e->fts_name + n - 4, ".bin") == 0;
        static const char *const others[] = {"data", "metrics", "log", "control"};
        for (size_t i = 0; i < sizeof others / sizeof others[0]; i++)
            bytes |= strcmp(e->fts_name, others[i]) == 0;
        if (e->fts_info != FTS_F || bytes)
            continue;
        check_yaml(e->fts_path);
        count++;
    }
    fts_close(walk);
    cr_assert_gt(count, 10);
}
