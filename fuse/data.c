/* SPDX-License-Identifier: Apache-2.0 */
/* I/O on `data`. Runs in the mount's loop; the answer_ functions run in the unit's home loop. */
#include "data.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/fuse.h>
#include <stdlib.h>
#include <string.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

#include "zero.h"

/* Pieces of a lent read that go out without an allocation. */
#define PIECES_MOST 256

static bool writes(int flags)
{
    return (flags & O_ACCMODE) != O_RDONLY;
}

/* FOPEN_ flags. libfuse's fields for them count from 3.17 on: earlier ones lack them (3.14.0), or have them
 * at places that changed from release to release, and are given the kernel's own answer instead. */
static int reply_open(fuse_req_t req, uint64_t number, uint32_t open_flags)
{
#if FUSE_VERSION >= FUSE_MAKE_VERSION(3, 17)
    struct fuse_file_info fi = {.fh = number};
    fi.direct_io = open_flags & FOPEN_DIRECT_IO ? 1 : 0;
    fi.keep_cache = open_flags & FOPEN_KEEP_CACHE ? 1 : 0;
    fi.parallel_direct_writes = open_flags & FOPEN_PARALLEL_DIRECT_WRITES ? 1 : 0;
    return fuse_reply_open(req, &fi);
#else
    struct fuse_open_out out = {.fh = number, .open_flags = open_flags};
    return fuse_reply_buf(req, (const char *)&out, sizeof out);
#endif
}

/* One mode a unit, never one an open: a single cached descriptor would slow all direct writers down, and what
 * they write would pass by what it has cached. Without FOPEN_KEEP_CACHE an open drops what was cached before.
 * O_DIRECT in flags is between the kernel and the page cache: nothing is asked of alignment. */
static void answer_open(struct mount *m, fuse_req_t req, struct handle *h, bool dropped)
{
    uint32_t open_flags = FOPEN_DIRECT_IO | FOPEN_PARALLEL_DIRECT_WRITES;
    if (h->node->unit->cached)
        open_flags = dropped ? FOPEN_KEEP_CACHE : 0;
    if (reply_open(req, handle_number(h), open_flags) == -ENOENT)
        data_release(m, h); /* the opener is gone: no RELEASE will come */
}

/* An open that waits for the kernel to drop what is cached. */
struct opening {
    struct lun_message told; /* first */
    struct mount *mount;
    fuse_req_t req; /* NULL: interrupted, and answered */
    struct handle *handle;
    bool dropped;
};

static void told(struct lun_message *message)
{
    struct opening *o = (struct opening *)(void *)message;
    o->mount->jobs--;
    if (o->req)
        answer_open(o->mount, o->req, o->handle, o->dropped);
    else
        data_release(o->mount, o->handle);
    free(o);
}

/* Runs in the mount's loop, as told() does: never after it. */
static void open_interrupted(fuse_req_t req, void *datum)
{
    struct opening *o = datum;
    if (!o->req)
        return;
    o->req = NULL;
    fuse_reply_err(req, EINTR);
}

/* When others have a cached unit open, their reads may be under way. An open drops the cache, and the kernel
 * would wait for them where no signal can end it, for as long as a device without an answer likes. So it is
 * told to drop it first, which waits in a thread of ours, and the opener can be interrupted. With O_TRUNC it
 * is needed anyhow: then the kernel throws away what others have written to mappings and not synchronized (a
 * file ends there, a device does not), while dropping writes it back. False: no memory. */
static bool open_after_drop(struct mount *m, fuse_req_t req, struct handle *h)
{
    struct opening *o = calloc(1, sizeof *o);
    if (!o)
        return false;
    *o = (struct opening){{.fn = told}, m, req, h, false};
    m->jobs++;
    o->dropped = notify_range(&m->notify, h->node->ino, 0, UINT64_MAX, m->loop, &o->told);
    fuse_req_interrupt_func(req, open_interrupted, o);
    return true;
}

void data_open(struct mount *m, fuse_req_t req, struct node *n, int flags)
{
    int refused = writes(flags) ? tree_write_refused(n) : 0;
    if (refused) {
        fuse_reply_err(req, refused);
        return;
    }
    struct handle *h = handle_new(&m->handles, n, flags);
    bool truncated = h && writes(flags) && (flags & O_TRUNC);
    if (!h || (truncated && !zero_begin(m, h))) {
        handle_free(&m->handles, h);
        fuse_reply_err(req, ENOMEM);
        return;
    }
    h->size_forgotten = truncated;
    bool others = n->unit->opened++ > 0;
    if (others && n->unit->cached && open_after_drop(m, req, h))
        return;
    answer_open(m, req, h, false);
}

/* After an open with O_TRUNC the kernel takes the size for 0, until the next stat: asynchronous direct reads
 * of every other user of the file would find its end there. The first request on the handle proves that the
 * kernel has finished the open; then it is told better. */
static void remind_size(struct mount *m, struct handle *h)
{
    if (!h->size_forgotten)
        return;
    h->size_forgotten = false;
    notify_size(&m->notify, h->node->ino, h->node->unit->now.size);
}

static int request_errno(const struct request *r)
{
    if (r->io.error.layer == LUN_OK)
        return 0;
    /* Who was interrupted has his answer already: here the target is being closed. */
    int error = r->io.error.layer == LUN_CANCELLED ? EIO : lun_error_errno(&r->io.error);
    return error > 0 ? error : EIO;
}

/* Straight to the descriptor: fuse_reply_iov would allocate. fuse_reply_none then only frees libfuse's
 * request. The order matters not: the kernel never uses a number again. */
static void reply_pieces(struct request *r, size_t total)
{
    struct iovec v[PIECES_MOST + 1];
    struct fuse_out_header out = {.len = (uint32_t)(sizeof out + total), .unique = r->unique};
    v[0] = (struct iovec){&out, sizeof out};
    memcpy(v + 1, r->io.data, (size_t)r->io.data_count * sizeof *v);
    ssize_t n = writev(r->mount->descriptor, v, r->io.data_count + 1);
    if (n < 0 && errno != ENOENT) {
        fuse_reply_err(r->fuse, EIO);
        return;
    }
    fuse_reply_none(r->fuse);
}

static void answer_read(struct request *r)
{
    int error = request_errno(r);
    if (error) {
        fuse_reply_err(r->fuse, error);
        return;
    }
    size_t total = 0;
    for (int i = 0; i < r->io.data_count; i++)
        total += r->io.data[i].iov_len;
    if (total == 0)
        fuse_reply_buf(r->fuse, NULL, 0);
    else if (r->io.data_count == 1)
        fuse_reply_buf(r->fuse, r->io.data->iov_base, total);
    else if (r->io.data_count <= PIECES_MOST)
        reply_pieces(r, total);
    else
        fuse_reply_iov(r->fuse, r->io.data, r->io.data_count);
}

void data_read(struct mount *m, fuse_req_t req, struct handle *h, size_t size, off_t offset)
{
    remind_size(m, h);
    if (size > LUN_LEND_MAX || offset < 0) {
        fuse_reply_err(req, EINVAL); /* max_read says 1 MiB */
        return;
    }
    struct request *r = request_new(&m->requests, req, h->node->unit);
    if (!r) {
        fuse_reply_err(req, ENOMEM);
        return;
    }
    r->io.op = LUN_OP_READ;
    r->io.offset = (uint64_t)offset;
    r->io.length = size;
    r->answer = answer_read;
    request_watch(r);
    if (!zero_read(r, h))
        request_submit(r);
}

static void answer_write(struct request *r)
{
    int error = request_errno(r);
    if (!error && r->io.transferred == 0)
        error = ENOSPC; /* a count of 0 would reach the writer as EIO */
    if (error && !(error == ENOSPC && r->io.transferred))
        fuse_reply_err(r->fuse, error);
    else
        fuse_reply_write(r->fuse, r->io.transferred);
}

void data_write(struct mount *m, fuse_req_t req, struct handle *h, const char *bytes, size_t size,
                off_t offset, int flags)
{
    remind_size(m, h);
    if (offset < 0 || (uint64_t)offset >= h->node->unit->now.size) {
        fuse_reply_err(req, ENOSPC);
        return;
    }
    struct request *r = request_new(&m->requests, req, h->node->unit);
    if (!r) {
        fuse_reply_err(req, ENOMEM);
        return;
    }
    int error = request_hold(r, bytes, size);
    if (error) {
        request_end(r, error);
        return;
    }
    atomic_store_explicit(&h->dirty, true, memory_order_relaxed);
    r->io.op = LUN_OP_WRITE;
    r->io.offset = (uint64_t)offset;
    r->io.fua = flags & O_DSYNC;
    r->answer = answer_write;
    enum zero_verdict verdict = r->unit->zeroings ? zero_write(r, h) : ZERO_GO;
    if (verdict == ZERO_NO_MEMORY) {
        request_end(r, ENOMEM);
        return;
    }
    request_watch(r);
    if (verdict == ZERO_GO)
        request_submit(r);
    request_relieve(&m->requests);
}

static void answer_flush(struct request *r)
{
    int error = request_errno(r);
    if (error && r->handle)
        atomic_store(&r->handle->dirty, true);
    fuse_reply_err(r->fuse, error);
}

static struct request *flush_new(struct mount *m, fuse_req_t req, struct handle *h)
{
    struct request *r = request_new(&m->requests, req, h->node->unit);
    if (!r) {
        fuse_reply_err(req, ENOMEM);
        return NULL;
    }
    r->io.op = LUN_OP_FLUSH;
    r->io.offset = 0;
    r->io.length = 0;
    r->handle = h;
    r->answer = answer_flush;
    return r;
}

void data_flush(struct mount *m, fuse_req_t req, struct handle *h)
{
    remind_size(m, h);
    if (!atomic_load(&h->dirty) && !h->zeroing) {
        fuse_reply_err(req, 0);
        return;
    }
    struct request *r = flush_new(m, req, h);
    if (!r)
        return;
    request_watch(r);
    bool zeroes = zero_flush(r, h);
    if (!zeroes && !atomic_load(&h->dirty)) {
        request_end(r, 0);
        return;
    }
    atomic_store(&h->dirty, false);
    h->node->changed_s = time(NULL);
    if (!zeroes)
        request_submit(r);
}

void data_fsync(struct mount *m, fuse_req_t req, struct handle *h)
{
    struct request *r = flush_new(m, req, h);
    if (!r)
        return;
    atomic_store(&h->dirty, false);
    request_watch(r);
    request_submit(r);
}

void data_release(struct mount *m, struct handle *h)
{
    h->node->unit->opened--;
    zero_release(h);
    handle_free(&m->handles, h);
}

int data_truncate(struct mount *m, struct node *n, struct handle *h, uint64_t size)
{
    int refused = tree_write_refused(n);
    if (refused)
        return refused;
    if (size > n->unit->now.size)
        return EFBIG;
    if (!h)
        return 0;
    if (size == 0)
        return zero_begin(m, h) ? 0 : ENOMEM;
    zero_truncate(h, size);
    return 0;
}

/* Everything is data: which blocks are mapped is not asked yet. */
void data_seek(fuse_req_t req, struct node *n, off_t offset, int whence)
{
    off_t size = (off_t)n->unit->now.size;
    if (whence != SEEK_DATA && whence != SEEK_HOLE)
        fuse_reply_err(req, EINVAL);
    else if (offset < 0 || offset >= size)
        fuse_reply_err(req, ENXIO);
    else
        fuse_reply_lseek(req, whence == SEEK_DATA ? offset : size);
}
