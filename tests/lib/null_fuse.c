/* SPDX-License-Identifier: Apache-2.0 */
/*
 * null-fuse: a file system of one file, `data`, that does nothing, as fast as it can: what FUSE itself costs.
 * Reads come from one fixed buffer, writes are dropped, every reply is sent in line. Opened as lunfs opens
 * its LUNs. One thread; ends when it is unmounted or told to by SIGTERM. For tools/bench.
 */
#define FUSE_USE_VERSION 314
#include <errno.h>
#include <fuse_lowlevel.h>
#include <linux/fuse.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#define DATA_INODE 2
#define TRANSFER_MAX (1u << 20)
#define TIMEOUT 3600.0

static off_t size;
static char payload[TRANSFER_MAX];

static void init(void *arg, struct fuse_conn_info *c)
{
    (void)arg;
    c->max_background = 1024;
    c->congestion_threshold = 1024;
    c->max_write = TRANSFER_MAX;
    c->max_readahead = TRANSFER_MAX;
}

static bool attributes(fuse_ino_t inode, struct stat *st)
{
    *st = (struct stat){.st_ino = inode, .st_nlink = 1};
    if (inode == FUSE_ROOT_ID)
        st->st_mode = S_IFDIR | 0755;
    else if (inode == DATA_INODE)
        st->st_mode = S_IFREG | 0600;
    st->st_size = inode == DATA_INODE ? size : 0;
    return st->st_mode != 0;
}

static void lookup(fuse_req_t r, fuse_ino_t parent, const char *name)
{
    struct fuse_entry_param e = {.ino = DATA_INODE, .attr_timeout = TIMEOUT, .entry_timeout = TIMEOUT};
    if (parent != FUSE_ROOT_ID || strcmp(name, "data") != 0 || !attributes(DATA_INODE, &e.attr))
        fuse_reply_err(r, ENOENT);
    else
        fuse_reply_entry(r, &e);
}

static void get_attributes(fuse_req_t r, fuse_ino_t inode, struct fuse_file_info *fi)
{
    struct stat st;
    (void)fi;
    if (attributes(inode, &st))
        fuse_reply_attr(r, &st, TIMEOUT);
    else
        fuse_reply_err(r, ENOENT);
}

/* cp and dd truncate what they write to. */
static void set_attributes(fuse_req_t r, fuse_ino_t inode, struct stat *st, int valid,
                           struct fuse_file_info *fi)
{
    (void)st;
    (void)valid;
    get_attributes(r, inode, fi);
}

/* libfuse 3.14.0 has no member for the second flag, so the reply is made by hand. */
static void open_data(fuse_req_t r, fuse_ino_t inode, struct fuse_file_info *fi)
{
    struct fuse_open_out out = {.open_flags = FOPEN_DIRECT_IO | FOPEN_PARALLEL_DIRECT_WRITES};
    (void)fi;
    if (inode == DATA_INODE)
        fuse_reply_buf(r, (const char *)&out, sizeof out);
    else
        fuse_reply_err(r, EISDIR);
}

static size_t within(size_t n, off_t at)
{
    if (n > TRANSFER_MAX)
        n = TRANSFER_MAX;
    return at >= size ? 0 : (off_t)n > size - at ? (size_t)(size - at) : n;
}

static void read_data(fuse_req_t r, fuse_ino_t inode, size_t n, off_t at, struct fuse_file_info *fi)
{
    (void)inode;
    (void)fi;
    fuse_reply_buf(r, payload, within(n, at));
}

static void write_data(fuse_req_t r, fuse_ino_t inode, const char *from, size_t n, off_t at,
                       struct fuse_file_info *fi)
{
    (void)inode;
    (void)from;
    (void)fi;
    if (n && !within(n, at))
        fuse_reply_err(r, ENOSPC);
    else
        fuse_reply_write(r, within(n, at));
}

static void sync_data(fuse_req_t r, fuse_ino_t inode, int only_data, struct fuse_file_info *fi)
{
    (void)inode;
    (void)only_data;
    (void)fi;
    fuse_reply_err(r, 0);
}

static const struct fuse_lowlevel_ops operations = {
    .init = init,
    .lookup = lookup,
    .getattr = get_attributes,
    .setattr = set_attributes,
    .open = open_data,
    .read = read_data,
    .write = write_data,
    .fsync = sync_data,
};

int main(int argc, char *argv[])
{
    char *end = NULL, *words[] = {argv[0], (char[]){"-ofsname=null-fuse"}};
    struct fuse_args args = FUSE_ARGS_INIT(2, words);
    if (argc == 3)
        size = strtoll(argv[1], &end, 10);
    if (argc != 3 || end == argv[1] || *end || size <= 0) {
        fputs("usage: null-fuse BYTES MOUNTPOINT\nServes a file `data` of that size; stays in the "
              "foreground.\n",
              stderr);
        return 2;
    }
    memset(payload, 0x5a, sizeof payload);
    struct fuse_session *s = fuse_session_new(&args, &operations, sizeof operations, NULL);
    if (!s || fuse_set_signal_handlers(s) || fuse_session_mount(s, argv[2])) {
        fprintf(stderr, "null-fuse: %s cannot be mounted on\n", argv[2]);
        return 1;
    }
    int failed = fuse_session_loop(s);
    fuse_session_unmount(s);
    fuse_remove_signal_handlers(s);
    fuse_session_destroy(s);
    fuse_opt_free_args(&args);
    return failed < 0;
}
