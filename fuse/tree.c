/* SPDX-License-Identifier: Apache-2.0 */
/* The tree in memory: directories, what is in them, and the attributes shown. Runs in the mount's loop (in
 * the main thread before it serves). */
#include "node.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "state.h"

#define NAME_LONGEST 255

static struct node *node_new(struct tree *t, struct node *parent, const char *name, enum node_kind kind)
{
    if (t->count == t->room) {
        uint32_t room = t->room ? 2 * t->room : 64;
        struct node **nodes = realloc(t->nodes, room * sizeof(struct node *));
        if (!nodes)
            return NULL;
        t->nodes = nodes;
        t->room = room;
    }
    struct node *n = calloc(1, sizeof *n);
    if (!n)
        return NULL;
    n->name = strdup(name);
    if (!n->name) {
        free(n);
        return NULL;
    }
    n->kind = kind;
    n->ino = t->count;
    n->parent = parent;
    n->present = true;
    n->changed_s = time(NULL);
    if (parent) {
        n->target = parent->target;
        n->unit = parent->unit;
    }
    t->nodes[t->count++] = n;
    return n;
}

static bool child_append(struct node *parent, struct node *child)
{
    if (parent->child_count == parent->child_room) {
        size_t room = parent->child_room ? 2 * parent->child_room : 8;
        struct node **children = realloc(parent->children, room * sizeof(struct node *));
        if (!children)
            return false;
        parent->children = children;
        parent->child_room = room;
    }
    parent->children[parent->child_count++] = child;
    return true;
}

static struct node *child_find(const struct node *directory, const char *name)
{
    for (size_t i = 0; i < directory->child_count; i++) {
        if (strcmp(directory->children[i]->name, name) == 0)
            return directory->children[i];
    }
    return NULL;
}

struct node *tree_add(struct tree *t, struct node *parent, const char *name, enum node_kind kind)
{
    struct node *n = child_find(parent, name);
    if (!n) {
        n = node_new(t, parent, name, kind);
        if (!n)
            return NULL;
        if (!child_append(parent, n)) {
            n->present = false; /* it has a number but no place: tree_free finds it by the number */
            return NULL;
        }
    }
    if (!n->present || parent->child_count)
        parent->changed_s = time(NULL);
    n->kind = kind;
    n->present = true;
    return n;
}

static struct node *text_add(struct tree *t, struct node *parent, const char *name, enum node_text text)
{
    struct node *n = tree_add(t, parent, name, NODE_TEXT);
    if (n)
        n->text = text;
    return n;
}

bool tree_init(struct tree *t)
{
    *t = (struct tree){.count = TREE_ROOT, .log = t->log, .log_user = t->log_user};
    t->nodes = calloc(64, sizeof(struct node *));
    if (!t->nodes)
        return false;
    t->room = 64;
    t->uid = getuid();
    t->gid = getgid();
    t->root = node_new(t, NULL, "", NODE_DIRECTORY);
    if (!t->root)
        return false;
    t->by_id = tree_add(t, t->root, "by-id", NODE_DIRECTORY);
    struct node *own = tree_add(t, t->root, ".lunfs", NODE_DIRECTORY);
    return t->by_id && own && text_add(t, own, "version", TEXT_VERSION) &&
           text_add(t, own, "config", TEXT_CONFIG);
}

static void unit_free(struct tree_unit *u)
{
    for (size_t i = 0; i < 256; i++)
        free(u->page[i]);
    free(u);
}

void tree_free(struct tree *t)
{
    for (uint32_t i = TREE_ROOT; i < t->count; i++) {
        struct node *n = t->nodes[i];
        free(n->name);
        free(n->link);
        free(n->children);
        free(n);
    }
    free(t->nodes);
    while (t->targets) {
        struct tree_target *target = t->targets;
        t->targets = target->next;
        while (target->units) {
            struct tree_unit *u = target->units;
            target->units = u->next;
            unit_free(u);
        }
        free(target->iqn);
        free(target->cache_other);
        free(target);
    }
    *t = (struct tree){0};
}

struct node *tree_node(const struct tree *t, uint64_t ino)
{
    return ino >= TREE_ROOT && ino < t->count ? t->nodes[ino] : NULL;
}

struct node *tree_lookup(const struct node *directory, const char *name)
{
    if (directory->kind != NODE_DIRECTORY)
        return NULL;
    struct node *n = child_find(directory, name);
    return n && n->present ? n : NULL;
}

/* Such a name would be no file name, or could not be seen for what it is. */
static bool directory_name_usable(const char *name)
{
    size_t n = strlen(name);
    if (n == 0 || n > NAME_LONGEST || strcmp(name, ".") == 0 || strcmp(name, "..") == 0)
        return false;
    for (size_t i = 0; i < n; i++) {
        unsigned char c = (unsigned char)name[i];
        if (c <= 0x20 || c == 0x7f || c == '/')
            return false;
    }
    return true;
}

static struct tree_target *target_make(struct tree *t, const struct tree_target_options *o)
{
    struct tree_target *target = calloc(1, sizeof *target);
    if (!target)
        return NULL;
    target->iqn = strdup(o->iqn);
    target->directory = tree_add(t, t->root, o->directory, NODE_DIRECTORY);
    if (!target->iqn || !target->directory) {
        if (target->directory)
            target->directory->present = false;
        free(target->iqn);
        free(target);
        return NULL;
    }
    target->directory->target = target;
    target->next = t->targets;
    t->targets = target;
    return target;
}

static bool take_cache_modes(struct tree_target *target, const struct tree_target_options *o)
{
    uint64_t *other = NULL;
    if (o->cache_other_count) {
        other = reallocarray(NULL, o->cache_other_count, sizeof *other);
        if (!other)
            return false;
        memcpy(other, o->cache_other, o->cache_other_count * sizeof *other);
    }
    free(target->cache_other);
    target->cached = o->cached;
    target->cache_other = other;
    target->cache_other_count = o->cache_other_count;
    return true;
}

static bool is_cached(const struct tree_target *target, uint64_t lun)
{
    for (size_t i = 0; i < target->cache_other_count; i++) {
        if (target->cache_other[i] == lun)
            return !target->cached;
    }
    return target->cached;
}

struct tree_target *tree_add_target(struct tree *t, const struct tree_target_options *o, struct lun_error *e)
{
    if (!directory_name_usable(o->directory)) {
        state_error(e, LUN_USAGE, 0, "%s: cannot be the name of a directory", o->directory);
        return NULL;
    }
    struct node *there = tree_lookup(t->root, o->directory);
    struct tree_target *target = there ? there->target : NULL;
    if (there && !(target && !target->target && strcmp(target->iqn, o->iqn) == 0)) {
        state_error(e, LUN_USAGE, 0, "%s: another target has this directory", o->directory);
        return NULL;
    }
    if (!target)
        target = target_make(t, o);
    if (!target || !take_cache_modes(target, o) || !text_add(t, target->directory, "target", TEXT_TARGET) ||
        !text_add(t, target->directory, "sessions", TEXT_SESSIONS)) {
        state_error(e, LUN_SYSTEM, ENOMEM, "%s: out of memory", o->directory);
        return NULL;
    }
    target->target = o->target;
    target->error = (struct lun_error){0};
    target->mode = o->mode ? o->mode & 0777 : 0600;
    target->uid = o->uid;
    target->gid = o->gid;
    target->read_only = o->read_only;
    return target;
}

struct tree_target *tree_find_target(const struct tree *t, const struct lun_target *target)
{
    for (struct tree_target *it = t->targets; it; it = it->next) {
        if (it->target == target)
            return it;
    }
    return NULL;
}

static struct tree_unit *unit_find(const struct tree_target *target, uint64_t lun)
{
    for (struct tree_unit *u = target->units; u; u = u->next) {
        if (u->now.lun == lun)
            return u;
    }
    return NULL;
}

static void forget_pages(struct tree_unit *u)
{
    for (size_t i = 0; i < 256; i++) {
        free(u->page[i]);
        u->page[i] = NULL;
    }
}

/* Two files for a page: 83-device-identification and 83.bin. */
static bool page_add(struct tree *t, struct tree_unit *u, uint8_t page)
{
    char name[96];
    const char *title = lun_vpd_name(page);
    snprintf(name, sizeof name, title ? "%02x-%s" : "%02x", page, title ? title : "");
    struct node *text = text_add(t, u->vpd, name, TEXT_VPD);
    snprintf(name, sizeof name, "%02x.bin", page);
    struct node *bytes = text_add(t, u->vpd, name, TEXT_VPD_BYTES);
    if (!text || !bytes)
        return false;
    text->page = bytes->page = page;
    return true;
}

static bool pages_set(struct tree *t, struct tree_unit *u, struct tree_change *change)
{
    bool listed[256] = {false};
    for (size_t i = 0; i < u->now.page_count && i < 256; i++)
        listed[u->now.pages[i]] = true;
    for (size_t i = 0; i < u->vpd->child_count; i++) {
        struct node *n = u->vpd->children[i];
        if (n->present && !listed[n->page]) {
            n->present = false;
            change->lost = true;
        }
    }
    for (size_t i = 0; i < u->now.page_count && i < 256; i++) {
        if (!page_add(t, u, u->now.pages[i]))
            return false;
    }
    return true;
}

static bool unit_files(struct tree *t, struct tree_unit *u, struct tree_change *change)
{
    struct node *d = u->directory;
    u->vpd = tree_add(t, d, "vpd", NODE_DIRECTORY);
    u->data = u->now.has_data ? tree_add(t, d, "data", NODE_DATA) : u->data;
    if (u->data && !u->now.has_data && u->data->present) {
        u->data->present = false;
        change->lost = true;
    }
    return u->vpd && (u->data || !u->now.has_data) && text_add(t, d, "inquiry", TEXT_INQUIRY) &&
           text_add(t, d, "inquiry.bin", TEXT_INQUIRY_BYTES) && text_add(t, d, "capacity", TEXT_CAPACITY) &&
           (!u->now.has_data || text_add(t, d, "capacity.bin", TEXT_CAPACITY_BYTES)) &&
           text_add(t, d, "sense", TEXT_SENSE) && text_add(t, d, "status", TEXT_STATUS) &&
           pages_set(t, u, change);
}

static struct tree_unit *unit_make(struct tree *t, struct tree_target *target, uint64_t lun)
{
    struct tree_unit *u = calloc(1, sizeof *u);
    if (!u)
        return NULL;
    char name[32];
    snprintf(name, sizeof name, "lun%" PRIu64, lun);
    u->directory = tree_add(t, target->directory, name, NODE_DIRECTORY);
    if (!u->directory) {
        free(u);
        return NULL;
    }
    u->directory->unit = u;
    u->target = target;
    u->now.lun = lun;
    u->cached = is_cached(target, lun);
    u->next = target->units;
    target->units = u;
    return u;
}

struct tree_unit *tree_set_unit(struct tree *t, struct tree_target *target, const struct unit_snapshot *s,
                                struct tree_change *ret_change)
{
    *ret_change = (struct tree_change){0};
    struct tree_unit *u = unit_find(target, s->lun);
    ret_change->returned = u && !u->present;
    if (!u)
        u = unit_make(t, target, s->lun);
    if (!u) {
        ret_change->out_of_memory = true;
        return NULL;
    }
    if (u->present)
        by_id_release(t, u);
    ret_change->resized = u->present && u->now.has_data && u->now.size != s->size;
    if (!u->present || ret_change->resized)
        forget_pages(u);
    u->now = *s;
    u->present = u->directory->present = true;
    u->seen_ms = state_wall_ms();
    if (!unit_files(t, u, ret_change)) {
        tree_drop_unit(t, target, s->lun);
        ret_change->out_of_memory = true;
        return NULL;
    }
    by_id_claim(t, u);
    return u;
}

static void hide(struct node *n)
{
    n->present = false;
    for (size_t i = 0; i < n->child_count; i++)
        hide(n->children[i]);
}

struct tree_unit *tree_drop_unit(struct tree *t, struct tree_target *target, uint64_t lun)
{
    struct tree_unit *u = unit_find(target, lun);
    if (!u || !u->present)
        return NULL;
    by_id_release(t, u);
    u->present = false;
    u->seen_ms = state_wall_ms();
    target->directory->changed_s = u->seen_ms / 1000;
    hide(u->directory);
    return u;
}

int tree_write_refused(const struct node *n)
{
    if (n->kind == NODE_TEXT)
        return EACCES;
    if (n->kind == NODE_DATA && (n->target->read_only || n->unit->now.read_only))
        return EROFS;
    return 0;
}

static nlink_t directory_links(const struct node *n)
{
    nlink_t links = 2;
    for (size_t i = 0; i < n->child_count; i++)
        links += n->children[i]->present && n->children[i]->kind == NODE_DIRECTORY;
    return links;
}

void tree_attributes(const struct tree *t, const struct node *n, struct stat *ret)
{
    *ret = (struct stat){.st_ino = n->ino, .st_blksize = 4096, .st_nlink = n->present};
    ret->st_mtim.tv_sec = ret->st_ctim.tv_sec = ret->st_atim.tv_sec = n->changed_s;
    ret->st_uid = n->target ? n->target->uid : t->uid;
    ret->st_gid = n->target ? n->target->gid : t->gid;
    switch (n->kind) {
    case NODE_DIRECTORY:
        ret->st_mode = S_IFDIR | 0555;
        ret->st_nlink = directory_links(n);
        break;
    case NODE_LINK:
        ret->st_mode = S_IFLNK | 0777;
        ret->st_size = n->link ? (off_t)strlen(n->link) : 0;
        break;
    case NODE_TEXT: /* made at open: no size is known before */
        ret->st_mode = S_IFREG | 0444;
        break;
    case NODE_DATA:
        ret->st_mode = S_IFREG | (n->target->mode & (tree_write_refused(n) ? 0444 : 0777));
        ret->st_size = (off_t)n->unit->now.size;
        ret->st_blocks = (blkcnt_t)(n->unit->now.size / 512);
        /* What cp, cat, cmp and stdio move at a time: no page cache joins their reads. One request of the
         * longest is two commands at once; 128 KiB each way took cat and cp 1.3 to 1.5 times as long. */
        ret->st_blksize = 1024 * 1024;
        break;
    }
}

void tree_statistics(const struct tree *t, struct statvfs *ret)
{
    uint64_t bytes = 0, files = 0;
    for (const struct tree_target *target = t->targets; target; target = target->next) {
        for (const struct tree_unit *u = target->units; u; u = u->next) {
            if (u->present && u->now.has_data && __builtin_add_overflow(bytes, u->now.size, &bytes))
                bytes = UINT64_MAX;
        }
    }
    for (uint32_t i = TREE_ROOT; i < t->count; i++)
        files += t->nodes[i]->present;
    *ret = (struct statvfs){.f_bsize = 4096, .f_frsize = 4096, .f_namemax = NAME_LONGEST};
    ret->f_blocks = bytes / 4096;
    ret->f_files = files;
}
