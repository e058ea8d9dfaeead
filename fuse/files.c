/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What is in each text. A job is made at open; it goes to the home loop of its target, where the facts are
 * (gather), and comes back to the mount's loop, where they become text and the open is answered (finish).
 */
#include "files.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "text.h"

/* A page is asked for again when what we have is older than this. */
#define PAGE_FRESH_MS 1000
#define PAGE_TIMEOUT_MS 2000
/* Low byte ffh, lest an old device that reads one byte of allocation length sees 0. */
#define PAGE_ROOM 0xfffcu

struct job {
    struct lun_message message;
    struct mount *mount;
    struct node *node;
    struct handle *handle;
    fuse_req_t req;
    struct lun_facts facts;
    uint8_t *bytes; /* raw data as the device sent it */
    size_t length;
    struct lun_error error; /* why there is nothing new */
    struct lun_io io;
};

static bool is_raw(const struct node *n)
{
    return n->text == TEXT_INQUIRY_BYTES || n->text == TEXT_CAPACITY_BYTES || n->text == TEXT_VPD_BYTES;
}

static bool is_page(const struct node *n)
{
    return n->text == TEXT_VPD || n->text == TEXT_VPD_BYTES;
}

static void string_fact(struct lun_facts *f, const char *key, const char *s)
{
    lun_facts_string(f, "", key, s, strlen(s));
}

static void time_fact(struct lun_facts *f, const char *key, int64_t wall_ms)
{
    char text[32];
    struct tm tm;
    time_t seconds = wall_ms / 1000;
    if (gmtime_r(&seconds, &tm) && strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%SZ", &tm))
        string_fact(f, key, text);
}

/* ---- In the mount's loop: the end ---- */

static void answer(struct job *j, char *text, size_t length)
{
    struct mount *m = j->mount;
    j->handle->text = text;
    j->handle->length = length;
    struct fuse_file_info fi = {.fh = handle_number(j->handle), .direct_io = 1, .noflush = 1};
    if (fuse_reply_open(j->req, &fi) == -ENOENT)
        handle_free(&m->handles, j->handle);
}

static void refuse(struct job *j, int error)
{
    handle_free(&j->mount->handles, j->handle);
    fuse_reply_err(j->req, error);
}

static const struct tree_page *page_keep(struct job *j)
{
    struct tree_page **at = &j->node->unit->page[j->node->page];
    if (j->length == 0)
        return *at;
    struct tree_page *page = malloc(sizeof *page + j->length);
    if (!page)
        return *at;
    *page = (struct tree_page){state_wall_ms(), state_now_ms(), j->length};
    memcpy(page->bytes, j->bytes, j->length);
    free(*at);
    return *at = page;
}

/* When was the unit last known to be as shown? */
static int64_t known_since(const struct node *n)
{
    return n->target->down_ms ? n->target->down_ms : n->unit->seen_ms;
}

static void error_fact(struct job *j)
{
    char line[LUN_ERROR_LINE];
    string_fact(&j->facts, "error", lun_error_line(&j->error, line));
}

static void page_facts(struct job *j, const struct tree_page *page)
{
    if (page)
        lun_decode_vpd(j->node->page, page->bytes, page->length, &j->facts);
    if (j->error.layer == LUN_OK)
        return;
    if (page)
        time_fact(&j->facts, "as_of", page->wall_ms);
    error_fact(j);
}

static void finish_raw(struct job *j, const struct tree_page *page)
{
    const uint8_t *bytes = page ? page->bytes : j->bytes;
    size_t length = page ? page->length : j->length;
    char *copy = length ? malloc(length) : NULL;
    if (!copy) {
        refuse(j, length ? ENOMEM : EIO);
        return;
    }
    memcpy(copy, bytes, length);
    answer(j, copy, length);
}

static void finish_text(struct job *j, const struct tree_page *page)
{
    if (is_page(j->node)) {
        page_facts(j, page);
    } else if (j->error.layer != LUN_OK) {
        if (j->node->unit && j->facts.count)
            time_fact(&j->facts, "as_of", known_since(j->node));
        error_fact(j);
    }
    struct text t = {0};
    text_document(&t, &j->facts);
    if (t.failed) {
        free(t.at);
        refuse(j, ENOMEM);
        return;
    }
    answer(j, t.at, t.length);
}

static void finish(struct lun_message *message)
{
    struct job *j = (struct job *)(void *)message;
    const struct tree_page *page = is_page(j->node) ? page_keep(j) : NULL;
    j->mount->jobs--;
    if (is_raw(j->node))
        finish_raw(j, page);
    else
        finish_text(j, page);
    lun_facts_free(&j->facts);
    free(j->bytes);
    free(j);
}

static void to_loop(struct lun_loop *loop, struct job *j, void (*fn)(struct lun_message *message))
{
    j->message.fn = fn;
    if (lun_loop_is_current(loop))
        fn(&j->message);
    else
        lun_loop_post(loop, &j->message);
}

/* ---- In the target's home loop: the facts ---- */

static void page_received(struct lun_io *io)
{
    struct job *j = io->user;
    size_t n = io->transferred < PAGE_ROOM ? io->transferred : PAGE_ROOM;
    if (io->error.layer != LUN_OK) {
        j->error = io->error;
    } else if (n < 4 || j->bytes[1] != j->node->page) {
        state_error(&j->error, LUN_SCSI, 0, "the device answered with something else than page %02x",
                    j->node->page);
    } else {
        /* The page says how long it is (SPC-4 7.8.1); what follows is none of it. */
        size_t length = 4 + ((size_t)j->bytes[2] << 8 | j->bytes[3]);
        j->length = length < n ? length : n;
    }
    to_loop(j->mount->loop, j, finish);
}

static bool ask_page(struct job *j, struct lun_unit *unit)
{
    j->bytes = malloc(PAGE_ROOM);
    if (!j->bytes)
        return state_error(&j->error, LUN_SYSTEM, ENOMEM, "out of memory");
    j->io = (struct lun_io){
        .done = page_received,
        .user = j,
        .op = LUN_OP_VPD,
        .page = j->node->page,
        .length = PAGE_ROOM,
        .buffer = j->bytes,
        .timeout_ms = PAGE_TIMEOUT_MS,
    };
    lun_submit(unit, &j->io);
    return true;
}

static void copy_bytes(struct job *j, const uint8_t *bytes, size_t n)
{
    j->bytes = n ? malloc(n) : NULL;
    if (j->bytes) {
        memcpy(j->bytes, bytes, n);
        j->length = n;
    }
}

static void gather_info(struct job *j, const struct lun_unit_info *info)
{
    if (info->state != LUN_UNIT_ONLINE)
        j->error = info->error;
    if (info->state != LUN_UNIT_ONLINE && j->error.layer == LUN_OK)
        state_error(&j->error, LUN_SCSI, 0, "not available");
    switch (j->node->text) {
    case TEXT_INQUIRY:
        if (info->inquiry_length)
            lun_decode_inquiry(info->inquiry, info->inquiry_length, &j->facts);
        break;
    case TEXT_INQUIRY_BYTES:
        copy_bytes(j, info->inquiry, info->inquiry_length);
        break;
    case TEXT_CAPACITY_BYTES:
        copy_bytes(j, info->capacity, info->capacity_length);
        break;
    case TEXT_CAPACITY:
        if (info->capacity_length)
            lun_decode_capacity(info->capacity, info->capacity_length, &j->facts);
        else if (j->error.layer == LUN_OK)
            state_error(&j->error, LUN_SCSI, 0, "the device has not told its capacity");
        break;
    default:
        break;
    }
}

static void cache_facts(struct job *j)
{
    const struct node *n = j->node;
    if (!n->unit->now.has_data)
        return;
    lun_facts_word(&j->facts, "", "cache", n->unit->cached ? "cached" : "direct");
    uint64_t readahead = atomic_load(&j->mount->readahead);
    if (n->unit->cached && readahead)
        lun_facts_number(&j->facts, "", "readahead", readahead, "bytes");
}

/* The descriptions say themselves what is wrong. */
static bool gather_description(struct job *j)
{
    switch (j->node->text) {
    case TEXT_TARGET:
        lun_target_describe(j->node->target->target, &j->facts);
        return true;
    case TEXT_SESSIONS:
        lun_target_describe_sessions(j->node->target->target, &j->facts);
        return true;
    case TEXT_SENSE:
        lun_unit_describe_sense(j->node->unit->now.unit, &j->facts);
        return true;
    case TEXT_STATUS:
        lun_unit_describe(j->node->unit->now.unit, &j->facts);
        cache_facts(j);
        return true;
    default:
        return false;
    }
}

static void gather(struct lun_message *message)
{
    struct job *j = (struct job *)(void *)message;
    if (!gather_description(j)) {
        struct lun_unit *unit = j->node->unit->now.unit;
        gather_info(j, lun_unit_info(unit));
        if (is_page(j->node) && j->error.layer == LUN_OK && ask_page(j, unit))
            return; /* page_received goes on */
    }
    to_loop(j->mount->loop, j, finish);
}

/* ---- In the mount's loop: the beginning ---- */

static void finish_own(struct job *j)
{
    if (j->node->text == TEXT_VERSION) {
        string_fact(&j->facts, "version", lun_version());
        lun_facts_number(&j->facts, "", "pid", (uint64_t)getpid(), NULL);
    } else { /* a target that is not there */
        string_fact(&j->facts, "name", j->node->target->iqn);
        string_fact(&j->facts, "error",
                    j->node->target->error.text[0] ? j->node->target->error.text : "not connected");
    }
    finish(&j->message);
}

static bool page_is_fresh(const struct node *n)
{
    const struct tree_page *page = is_page(n) ? n->unit->page[n->page] : NULL;
    return page && state_now_ms() - page->when_ms < PAGE_FRESH_MS && !n->target->down_ms;
}

static void start(struct job *j)
{
    const struct node *n = j->node;
    j->mount->jobs++;
    if (n->text == TEXT_VERSION || !n->target->target)
        finish_own(j);
    else if (page_is_fresh(n))
        finish(&j->message);
    else
        to_loop(lun_target_loop(n->target->target), j, gather);
}

void files_open(struct mount *m, fuse_req_t req, struct node *n, int flags)
{
    if ((flags & O_ACCMODE) != O_RDONLY) {
        fuse_reply_err(req, EACCES);
        return;
    }
    struct job *j = calloc(1, sizeof *j);
    struct handle *h = j ? handle_new(&m->handles, n, flags) : NULL;
    if (!h) {
        free(j);
        fuse_reply_err(req, ENOMEM);
        return;
    }
    j->mount = m;
    j->node = n;
    j->handle = h;
    j->req = req;
    if (n->text != TEXT_CONFIG) {
        start(j);
        return;
    }
    char *text = strdup(m->config_text);
    if (text)
        answer(j, text, strlen(text));
    else
        refuse(j, ENOMEM);
    free(j);
}

void files_read(fuse_req_t req, const struct handle *h, size_t size, off_t offset)
{
    size_t from = offset < 0 || (uint64_t)offset > h->length ? h->length : (size_t)offset;
    size_t n = h->length - from < size ? h->length - from : size;
    fuse_reply_buf(req, h->text + from, n);
}

void files_seek(fuse_req_t req, const struct handle *h, off_t offset, int whence)
{
    if (offset < 0 || (uint64_t)offset >= h->length)
        fuse_reply_err(req, ENXIO);
    else
        fuse_reply_lseek(req, whence == SEEK_DATA ? offset : (off_t)h->length);
}
