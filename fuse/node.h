/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The tree of files, in memory. It belongs to the mount's loop: nothing here is locked.
 *
 * Inode numbers are small integers that stay with a name for the life of the mount, and no node is freed
 * before tree_free: a file that is not there now has `present` false and keeps its number, so FORGET can be
 * ignored and a late request for an old number finds something to refuse.
 */
#ifndef FUSE_NODE_H
#define FUSE_NODE_H

#include <sys/stat.h>
#include <sys/statvfs.h>

#include "lun.h"

enum node_kind { NODE_DIRECTORY, NODE_LINK, NODE_DATA, NODE_TEXT };

/* Which text a NODE_TEXT holds; what is in it is made by files.c. */
enum node_text {
    TEXT_VERSION,
    TEXT_CONFIG,
    TEXT_TARGET,
    TEXT_SESSIONS,
    TEXT_INQUIRY,
    TEXT_INQUIRY_BYTES,
    TEXT_CAPACITY,
    TEXT_CAPACITY_BYTES,
    TEXT_SENSE,
    TEXT_STATUS,
    TEXT_VPD,
    TEXT_VPD_BYTES,
};

struct node {
    uint32_t ino;
    enum node_kind kind;
    enum node_text text; /* NODE_TEXT */
    uint8_t page;        /* TEXT_VPD, TEXT_VPD_BYTES */
    bool present;
    char *name;
    char *link; /* NODE_LINK: where it points to */
    struct node *parent;
    struct node **children; /* NODE_DIRECTORY; a child keeps its place, so places serve as readdir offsets */
    size_t child_count, child_room;
    unsigned claims;       /* a link in by-id: how many units have this name; it is present with just one */
    bool collision_logged; /* likewise */
    int64_t changed_s;     /* mtime and ctime, seconds since 1970 */
    struct tree_target *target;
    struct tree_unit *unit;
};

/* A copy of what the tree needs of a unit, taken in the unit's home loop. */
struct unit_snapshot {
    struct lun_unit *unit;
    uint64_t lun;
    bool has_data, read_only;
    uint64_t size;       /* bytes */
    uint32_t block_size; /* bytes */
    uint16_t page_count;
    uint8_t pages[256];
    uint8_t name_count;
    char names[LUN_NAMES_MAX][272];
};

/* A VPD page as last received. */
struct tree_page {
    int64_t wall_ms, when_ms; /* since 1970; monotonic */
    size_t length;
    uint8_t bytes[];
};

struct request;
struct zeroing;

struct tree_unit {
    struct tree_unit *next; /* in its target */
    struct tree_target *target;
    struct unit_snapshot now;
    bool present;
    bool cached;     /* its data goes through the page cache; constant */
    unsigned opened; /* handles of its data */
    int64_t seen_ms; /* wall clock of the last event about it */
    struct node *directory, *data, *vpd;
    struct tree_page *page[256];
    /* Requests: request.c and zero.c. */
    struct request *oldest, *newest; /* writes waiting for an answer */
    uint64_t held;                   /* bytes they hold */
    uint64_t given_up;               /* bytes of answered ones that the library holds still */
    int64_t progress_ms;             /* monotonic, of the last write answered */
    struct zeroing *zeroings;        /* handles that were truncated */
};

struct tree_target {
    struct tree_target *next;
    struct lun_target *target; /* NULL: not there yet */
    char *iqn;
    struct lun_error error; /* why it is not there, or why it is down */
    unsigned mode;          /* of `data` */
    uid_t uid;
    gid_t gid;
    bool read_only;
    bool cached; /* its units are, but for those in cache_other, which are the other way round */
    uint64_t *cache_other;
    size_t cache_other_count;
    int64_t down_ms; /* wall clock when it was lost, 0: it is up */
    struct node *directory;
    struct tree_unit *units;
};

struct tree {
    struct node **nodes; /* by inode number; 0 is not used, 1 is the root */
    uint32_t count, room;
    struct node *root, *by_id;
    struct tree_target *targets;
    uid_t uid; /* of what is no target's: who runs the daemon */
    gid_t gid;
    void (*log)(void *user, enum lun_log_level level, const char *text); /* or NULL */
    void *log_user;
};

#define TREE_ROOT 1

struct tree_target_options {
    struct lun_target *target;
    const char *iqn, *directory;
    unsigned mode;
    uid_t uid;
    gid_t gid;
    bool read_only, cached;
    const uint64_t *cache_other; /* copied */
    size_t cache_other_count;
};

/* What tree_set_unit did that the kernel must hear of. */
struct tree_change {
    bool resized;  /* the size of unit->data is another */
    bool returned; /* the unit was away: it may be another device */
    bool lost;     /* files of unit->directory went away */
    bool out_of_memory;
};

bool tree_init(struct tree *t);
void tree_free(struct tree *t);
/* NULL when there never was such a node. */
struct node *tree_node(const struct tree *t, uint64_t ino);
/* A present child by name, or NULL. */
struct node *tree_lookup(const struct node *directory, const char *name);
/* Finds the child or makes it (present, whatever it was); NULL: no memory. */
struct node *tree_add(struct tree *t, struct node *parent, const char *name, enum node_kind kind);
/* NULL with e filled: the name cannot be a directory's, is taken, or no memory. */
struct tree_target *tree_add_target(struct tree *t, const struct tree_target_options *o, struct lun_error *e);
struct tree_target *tree_find_target(const struct tree *t, const struct lun_target *target);
/* Adds or updates a unit of a target. NULL: no memory (ret_change says so too). */
struct tree_unit *tree_set_unit(struct tree *t, struct tree_target *target, const struct unit_snapshot *s,
                                struct tree_change *ret_change);
/* Takes a unit out of the tree; its nodes stay reserved. Returns it, or NULL if it was not there. */
struct tree_unit *tree_drop_unit(struct tree *t, struct tree_target *target, uint64_t lun);
/* May this file be written at all? 0, or EROFS or EACCES. */
int tree_write_refused(const struct node *n);
void tree_attributes(const struct tree *t, const struct node *n, struct stat *ret);
void tree_statistics(const struct tree *t, struct statvfs *ret);

/* by_id.c: the links of by-id/. */
void by_id_claim(struct tree *t, struct tree_unit *u);
void by_id_release(struct tree *t, struct tree_unit *u);
/* Writes name as a file name, other bytes than letters, digits and #+-.:=@_\ as \xNN (as udev does). False:
 * it is no file name (empty, or too long for one). */
bool by_id_escape(const char *name, char ret[static 256]);

#endif
