/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The operations: finds the node or handle and passes on to the part that knows. Runs in the mount's loop.
 *
 * What is left out of the table is answered with ENOSYS, which the kernel remembers for the whole mount:
 * right for what no file here will ever do (extended attributes: a GETXATTR would else precede every write),
 * wrong for what some unit cannot do, which is refused with EOPNOTSUPP.
 */
#include "ops.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "data.h"
#include "files.h"

/* FUSE's own limit; where the kernel allows users fewer, it says so itself. */
#define BACKGROUND_MOST 65535
#define WRITE_MOST (1024 * 1024)

static struct mount *mount_of(fuse_req_t req)
{
    return fuse_req_userdata(req);
}

/* libfuse >= 3.17 can ask for it, Linux >= 6.6 can grant it: MAP_SHARED on `data` though its reads and writes
 * pass the page cache by. The kernel writes dirty pages back before it reads or writes past them. */
#ifdef FUSE_CAP_DIRECT_IO_ALLOW_MMAP
#define CAP_MMAP FUSE_CAP_DIRECT_IO_ALLOW_MMAP
#else
#define CAP_MMAP 0
#endif

static void ops_init(void *userdata, struct fuse_conn_info *conn)
{
    const unsigned wanted = FUSE_CAP_ASYNC_READ | FUSE_CAP_ASYNC_DIO | FUSE_CAP_ATOMIC_O_TRUNC |
                            FUSE_CAP_PARALLEL_DIROPS | FUSE_CAP_EXPLICIT_INVAL_DATA | CAP_MMAP;
    /* Never WRITEBACK_CACHE: the kernel would then own the size. No splice: it is not faster, and buffers
     * could not be taken over. Nor OVER_IO_URING, which libfuse 3.18 takes for granted: its rings have
     * threads of their own, and ours is the loop's. */
    conn->want = conn->capable & wanted;
    conn->max_write = WRITE_MOST;
    conn->max_read = LUN_LEND_MAX;          /* as the mount option max_read says */
    conn->max_background = BACKGROUND_MOST; /* one dead unit must not use it up for the others */
    conn->congestion_threshold = BACKGROUND_MOST;
}

/* A present node. With false the request is answered. */
static bool find(fuse_req_t req, fuse_ino_t ino, struct node **ret)
{
    struct node *n = tree_node(&mount_of(req)->tree, ino);
    if (!n || !n->present) {
        fuse_reply_err(req, ENOENT);
        return false;
    }
    *ret = n;
    return true;
}

static struct handle *handle_of(fuse_req_t req, const struct fuse_file_info *fi)
{
    struct handle *h = handle_get(&mount_of(req)->handles, fi->fh);
    if (!h)
        fuse_reply_err(req, EBADF);
    return h;
}

static void ops_lookup(fuse_req_t req, fuse_ino_t parent, const char *name)
{
    struct node *d;
    if (!find(req, parent, &d))
        return;
    struct node *n = tree_lookup(d, name);
    if (!n) {
        fuse_reply_err(req, ENOENT);
        return;
    }
    struct fuse_entry_param entry = {
        .ino = n->ino, .attr_timeout = STATE_TIMEOUT_S, .entry_timeout = STATE_TIMEOUT_S};
    tree_attributes(&mount_of(req)->tree, n, &entry.attr);
    fuse_reply_entry(req, &entry);
}

static void ops_forget(fuse_req_t req, fuse_ino_t ino, uint64_t lookups)
{
    fuse_reply_none(req);
}

static void ops_forget_multi(fuse_req_t req, size_t count, struct fuse_forget_data *forgets)
{
    fuse_reply_none(req);
}

static void reply_attributes(fuse_req_t req, const struct node *n)
{
    struct stat s;
    tree_attributes(&mount_of(req)->tree, n, &s);
    fuse_reply_attr(req, &s, STATE_TIMEOUT_S);
}

/* A file that went away still has attributes for those who have it open. */
static void ops_getattr(fuse_req_t req, fuse_ino_t ino, struct fuse_file_info *fi)
{
    struct node *n = tree_node(&mount_of(req)->tree, ino);
    if (n)
        reply_attributes(req, n);
    else
        fuse_reply_err(req, ENOENT);
}

/* May what touch, cp -p and truncate ask for be? Times are taken note of by nobody; owner and mode stay as
 * configured. */
static int attributes_refused(const struct mount *m, const struct node *n, const struct stat *attr,
                              int to_set)
{
    struct stat now;
    tree_attributes(&m->tree, n, &now);
    if ((to_set & FUSE_SET_ATTR_MODE) && (attr->st_mode & 07777) != (now.st_mode & 07777))
        return EPERM;
    if ((to_set & FUSE_SET_ATTR_UID) && attr->st_uid != now.st_uid)
        return EPERM;
    if ((to_set & FUSE_SET_ATTR_GID) && attr->st_gid != now.st_gid)
        return EPERM;
    if ((to_set & FUSE_SET_ATTR_SIZE) && n->kind == NODE_DIRECTORY)
        return EISDIR;
    if ((to_set & FUSE_SET_ATTR_SIZE) && n->kind != NODE_DATA)
        return EACCES;
    return 0;
}

static void ops_setattr(fuse_req_t req, fuse_ino_t ino, struct stat *attr, int to_set,
                        struct fuse_file_info *fi)
{
    struct mount *m = mount_of(req);
    struct node *n;
    if (!find(req, ino, &n))
        return;
    struct handle *h = fi ? handle_get(&m->handles, fi->fh) : NULL;
    int refused = attributes_refused(m, n, attr, to_set);
    if (!refused && (to_set & FUSE_SET_ATTR_SIZE))
        refused = attr->st_size < 0 ? EINVAL : data_truncate(m, n, h, (uint64_t)attr->st_size);
    if (refused)
        fuse_reply_err(req, refused);
    else
        reply_attributes(req, n);
}

static void ops_readlink(fuse_req_t req, fuse_ino_t ino)
{
    struct node *n;
    if (!find(req, ino, &n))
        return;
    if (n->kind == NODE_LINK && n->link)
        fuse_reply_readlink(req, n->link);
    else
        fuse_reply_err(req, EINVAL);
}

/* Without allow_other the kernel leaves permissions to us, and only the mount's owner gets here: the mode
 * still holds, except for root. */
static int permitted(const struct mount *m, fuse_req_t req, const struct node *n, int mask)
{
    int refused = mask & W_OK ? tree_write_refused(n) : 0;
    const struct fuse_ctx *c = fuse_req_ctx(req);
    if (refused || m->allow_other || c->uid == 0)
        return refused;
    struct stat s;
    tree_attributes(&m->tree, n, &s);
    mode_t bits = c->uid == s.st_uid ? s.st_mode >> 6 : c->gid == s.st_gid ? s.st_mode >> 3 : s.st_mode;
    return (bits & (mode_t)mask) == (mode_t)mask ? 0 : EACCES;
}

static void ops_access(fuse_req_t req, fuse_ino_t ino, int mask)
{
    struct node *n;
    if (find(req, ino, &n))
        fuse_reply_err(req, permitted(mount_of(req), req, n, mask & (R_OK | W_OK | X_OK)));
}

static int open_mask(int flags)
{
    switch (flags & O_ACCMODE) {
    case O_RDONLY:
        return R_OK;
    case O_WRONLY:
        return W_OK;
    default:
        return R_OK | W_OK;
    }
}

static void ops_open(fuse_req_t req, fuse_ino_t ino, struct fuse_file_info *fi)
{
    struct mount *m = mount_of(req);
    struct node *n;
    if (!find(req, ino, &n))
        return;
    int refused = permitted(m, req, n, open_mask(fi->flags));
    if (refused)
        fuse_reply_err(req, refused);
    else if (n->kind == NODE_DATA)
        data_open(m, req, n, fi->flags);
    else
        files_open(m, req, n, fi->flags);
}

static void ops_read(fuse_req_t req, fuse_ino_t ino, size_t size, off_t offset, struct fuse_file_info *fi)
{
    struct handle *h = handle_of(req, fi);
    if (!h)
        return;
    if (h->node->kind == NODE_DATA)
        data_read(mount_of(req), req, h, size, offset);
    else
        files_read(req, h, size, offset);
}

static void ops_write(fuse_req_t req, fuse_ino_t ino, const char *bytes, size_t size, off_t offset,
                      struct fuse_file_info *fi)
{
    struct handle *h = handle_of(req, fi);
    if (!h)
        return;
    if (h->node->kind == NODE_DATA)
        data_write(mount_of(req), req, h, bytes, size, offset, fi->flags);
    else
        fuse_reply_err(req, EBADF);
}

static void ops_flush(fuse_req_t req, fuse_ino_t ino, struct fuse_file_info *fi)
{
    struct handle *h = handle_of(req, fi);
    if (!h)
        return;
    if (h->node->kind == NODE_DATA)
        data_flush(mount_of(req), req, h);
    else
        fuse_reply_err(req, 0);
}

static void ops_fsync(fuse_req_t req, fuse_ino_t ino, int datasync, struct fuse_file_info *fi)
{
    struct handle *h = handle_of(req, fi);
    if (!h)
        return;
    if (h->node->kind == NODE_DATA)
        data_fsync(mount_of(req), req, h);
    else
        fuse_reply_err(req, 0);
}

static void ops_release(fuse_req_t req, fuse_ino_t ino, struct fuse_file_info *fi)
{
    struct mount *m = mount_of(req);
    struct handle *h = handle_get(&m->handles, fi->fh);
    if (h && h->node->kind == NODE_DATA)
        data_release(m, h);
    else
        handle_free(&m->handles, h);
    fuse_reply_err(req, 0);
}

static void ops_opendir(fuse_req_t req, fuse_ino_t ino, struct fuse_file_info *fi)
{
    struct node *n;
    if (!find(req, ino, &n))
        return;
    if (n->kind == NODE_DIRECTORY)
        fuse_reply_open(req, fi);
    else
        fuse_reply_err(req, ENOTDIR);
}

static mode_t type_of(const struct node *n)
{
    return n->kind == NODE_DIRECTORY ? S_IFDIR : n->kind == NODE_LINK ? S_IFLNK : S_IFREG;
}

/* Appends an entry that continues at `next`; false when it does not fit. */
static bool entry_add(fuse_req_t req, char *buffer, size_t size, size_t *used, const char *name,
                      const struct node *n, off_t next)
{
    struct stat s = {.st_ino = n->ino, .st_mode = type_of(n)};
    size_t need = fuse_add_direntry(req, buffer + *used, size - *used, name, &s, next);
    if (need > size - *used)
        return false;
    *used += need;
    return true;
}

/* Offsets: 1 is after ".", 2 after "..", 3 + i after child i. */
static void ops_readdir(fuse_req_t req, fuse_ino_t ino, size_t size, off_t offset, struct fuse_file_info *fi)
{
    struct node *d;
    if (!find(req, ino, &d))
        return;
    char buffer[16384];
    size = size < sizeof buffer ? size : sizeof buffer;
    size_t used = 0;
    bool room = offset < 0 ? false : true;
    if (room && offset < 1)
        room = entry_add(req, buffer, size, &used, ".", d, 1);
    if (room && offset < 2)
        room = entry_add(req, buffer, size, &used, "..", d->parent ? d->parent : d, 2);
    size_t first = offset > 2 ? (size_t)offset - 2 : 0;
    for (size_t i = first; room && i < d->child_count; i++) {
        const struct node *n = d->children[i];
        if (n->present)
            room = entry_add(req, buffer, size, &used, n->name, n, (off_t)i + 3);
    }
    fuse_reply_buf(req, buffer, used);
}

static void ops_releasedir(fuse_req_t req, fuse_ino_t ino, struct fuse_file_info *fi)
{
    fuse_reply_err(req, 0);
}

static void ops_fsyncdir(fuse_req_t req, fuse_ino_t ino, int datasync, struct fuse_file_info *fi)
{
    fuse_reply_err(req, 0);
}

static void ops_statfs(fuse_req_t req, fuse_ino_t ino)
{
    struct statvfs s;
    tree_statistics(&mount_of(req)->tree, &s);
    fuse_reply_statfs(req, &s);
}

static void ops_lseek(fuse_req_t req, fuse_ino_t ino, off_t offset, int whence, struct fuse_file_info *fi)
{
    struct handle *h = handle_of(req, fi);
    if (!h)
        return;
    if (h->node->kind == NODE_DATA)
        data_seek(req, h->node, offset, whence);
    else
        files_seek(req, h, offset, whence);
}

static void ops_fallocate(fuse_req_t req, fuse_ino_t ino, int mode, off_t offset, off_t length,
                          struct fuse_file_info *fi)
{
    fuse_reply_err(req, EOPNOTSUPP);
}

/* The devices make the tree; nobody else adds to it or takes away. */
static void ops_mknod(fuse_req_t req, fuse_ino_t parent, const char *name, mode_t mode, dev_t device)
{
    fuse_reply_err(req, EPERM);
}

static void ops_create(fuse_req_t req, fuse_ino_t parent, const char *name, mode_t mode,
                       struct fuse_file_info *fi)
{
    fuse_reply_err(req, EPERM);
}

static void ops_mkdir(fuse_req_t req, fuse_ino_t parent, const char *name, mode_t mode)
{
    fuse_reply_err(req, EPERM);
}

static void ops_unlink(fuse_req_t req, fuse_ino_t parent, const char *name)
{
    fuse_reply_err(req, EPERM);
}

static void ops_symlink(fuse_req_t req, const char *link, fuse_ino_t parent, const char *name)
{
    fuse_reply_err(req, EPERM);
}

static void ops_rename(fuse_req_t req, fuse_ino_t parent, const char *name, fuse_ino_t new_parent,
                       const char *new_name, unsigned flags)
{
    fuse_reply_err(req, EPERM);
}

static void ops_link(fuse_req_t req, fuse_ino_t ino, fuse_ino_t new_parent, const char *new_name)
{
    fuse_reply_err(req, EPERM);
}

const struct fuse_lowlevel_ops ops_table = {
    .init = ops_init,
    .lookup = ops_lookup,
    .forget = ops_forget,
    .forget_multi = ops_forget_multi,
    .getattr = ops_getattr,
    .setattr = ops_setattr,
    .readlink = ops_readlink,
    .access = ops_access,
    .open = ops_open,
    .read = ops_read,
    .write = ops_write,
    .flush = ops_flush,
    .fsync = ops_fsync,
    .release = ops_release,
    .opendir = ops_opendir,
    .readdir = ops_readdir,
    .releasedir = ops_releasedir,
    .fsyncdir = ops_fsyncdir,
    .statfs = ops_statfs,
    .lseek = ops_lseek,
    .fallocate = ops_fallocate,
    .mknod = ops_mknod,
    .create = ops_create,
    .mkdir = ops_mkdir,
    .rmdir = ops_unlink,
    .unlink = ops_unlink,
    .symlink = ops_symlink,
    .rename = ops_rename,
    .link = ops_link,
};
