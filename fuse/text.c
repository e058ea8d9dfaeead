/* SPDX-License-Identifier: Apache-2.0 */
/* The YAML writer (YAML 1.1, in the part that 1.2 shares). Pure; runs in the mount's loop. */
#include "text.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Facts nest no deeper than this; a longer path is cut. */
#define DEPTH_MOST 16

void text_append(struct text *t, const void *bytes, size_t n)
{
    if (t->failed || n == 0)
        return;
    if (n > t->room - t->length) {
        size_t room = t->room ? t->room : 1024;
        while (room - t->length < n) {
            if (room > SIZE_MAX / 2) {
                t->failed = true;
                return;
            }
            room *= 2;
        }
        char *at = realloc(t->at, room);
        if (!at) {
            t->failed = true;
            return;
        }
        t->at = at;
        t->room = room;
    }
    memcpy(t->at + t->length, bytes, n);
    t->length += n;
}

static void append_string(struct text *t, const char *s)
{
    text_append(t, s, strlen(s));
}

static void append_quoted(struct text *t, const char *s, size_t n)
{
    append_string(t, "\"");
    for (size_t i = 0; i < n; i++) {
        unsigned char c = (unsigned char)s[i];
        char escaped[8];
        if (c == '"' || c == '\\')
            snprintf(escaped, sizeof escaped, "\\%c", c);
        else if (c >= 0x20 && c < 0x7f)
            snprintf(escaped, sizeof escaped, "%c", c);
        else
            snprintf(escaped, sizeof escaped, "\\x%02x", c);
        append_string(t, escaped);
    }
    append_string(t, "\"");
}

static void append_hex(struct text *t, const char *s, size_t n)
{
    append_string(t, "\"");
    for (size_t i = 0; i < n; i++) {
        char pair[3];
        snprintf(pair, sizeof pair, "%02x", (unsigned char)s[i]);
        text_append(t, pair, 2);
    }
    append_string(t, "\"");
}

/* A word that some YAML parser takes for a boolean, a null or a float. */
static bool word_reserved(const char *s)
{
    static const char *const reserved[] = {"true", "false", "yes", "no", "on", "off", "y", "n", "null"};
    for (size_t i = 0; i < sizeof reserved / sizeof *reserved; i++) {
        if (strcasecmp(s, reserved[i]) == 0)
            return true;
    }
    return false;
}

/* May it stand bare? Letters first, then nothing that means something to YAML (": " and " #" cannot arise).
 */
static bool word_bare(const char *s, size_t n)
{
    if (n == 0 || s[n - 1] == ' ' || !((s[0] >= 'a' && s[0] <= 'z') || (s[0] >= 'A' && s[0] <= 'Z')))
        return false;
    for (size_t i = 0; i < n; i++) {
        unsigned char c = (unsigned char)s[i];
        bool plain = (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
                     (c && strchr(" _-/.()+", c));
        if (!plain)
            return false;
    }
    return !word_reserved(s);
}

static void append_word(struct text *t, const char *s, size_t n)
{
    if (word_bare(s, n))
        text_append(t, s, n);
    else
        append_quoted(t, s, n);
}

void text_scalar(struct text *t, const struct lun_fact *f)
{
    char number[24];
    switch (f->kind) {
    case LUN_FACT_NUMBER:
        snprintf(number, sizeof number, "%" PRIu64, f->number);
        append_string(t, number);
        return;
    case LUN_FACT_BOOLEAN:
        append_string(t, f->number ? "true" : "false");
        return;
    case LUN_FACT_WORD:
        append_word(t, f->text ? f->text : "", f->text ? strlen(f->text) : 0);
        return;
    case LUN_FACT_HEX:
        append_hex(t, f->text, f->length);
        return;
    case LUN_FACT_STRING:
        append_quoted(t, f->text, f->length);
        return;
    }
}

/* The facts as a tree, since facts of one path need not stand together. Children keep the order in which
 * they came; names are slices of paths and keys. */
struct branch {
    const char *name;
    size_t name_length;
    const struct lun_fact *fact; /* a leaf */
    struct branch *first, *last, *next;
    size_t count;
};

/* A pool of branches: a fact adds at most one for each component of its path and one for its key. */
struct grove {
    struct branch *at;
    size_t used, room;
};

static struct branch *grow(struct grove *g, struct branch *parent, const char *name, size_t n)
{
    if (g->used == g->room)
        return NULL;
    struct branch *b = &g->at[g->used++];
    *b = (struct branch){.name = name, .name_length = n};
    if (parent->last)
        parent->last->next = b;
    else
        parent->first = b;
    parent->last = b;
    parent->count++;
    return b;
}

static bool branch_named(const struct branch *b, const char *name, size_t n)
{
    return b->name_length == n && memcmp(b->name, name, n) == 0;
}

static struct branch *branch_find(const struct branch *parent, const char *name, size_t n)
{
    if (parent->last && branch_named(parent->last, name, n))
        return parent->last;
    for (struct branch *b = parent->first; b; b = b->next) {
        if (branch_named(b, name, n))
            return b;
    }
    return NULL;
}

static bool names_index(const char *name, size_t n, size_t index)
{
    char digits[24];
    int length = snprintf(digits, sizeof digits, "%zu", index);
    return (size_t)length == n && memcmp(digits, name, n) == 0;
}

/* Goes down one component; a name that is a leaf already cannot hold anything: NULL. */
static struct branch *descend(struct grove *g, struct branch *parent, const char *name, size_t n)
{
    /* The next item of a list in order is new: a device with 16,000 designators must not make this
     * quadratic. */
    bool next_item =
        names_index(name, n, parent->count) &&
        (!parent->last || names_index(parent->last->name, parent->last->name_length, parent->count - 1));
    struct branch *b = next_item ? NULL : branch_find(parent, name, n);
    if (b)
        return b->fact ? NULL : b;
    return grow(g, parent, name, n);
}

static void plant(struct grove *g, struct branch *root, const struct lun_fact *f)
{
    struct branch *at = root;
    const char *path = f->path ? f->path : "";
    for (int depth = 0; at && *path && depth < DEPTH_MOST; depth++) {
        size_t n = strcspn(path, ".");
        if (n)
            at = descend(g, at, path, n);
        path += n + (path[n] == '.');
    }
    /* Keys are ours; a key that comes twice is a decoder's slip, and the first value stands: two would be no
     * valid document. */
    if (!at || branch_find(at, f->key, strlen(f->key)))
        return;
    struct branch *leaf = grow(g, at, f->key, strlen(f->key));
    if (leaf)
        leaf->fact = f;
}

/* Are the names 0, 1, 2, ...? Then it is a list. */
static bool branch_is_list(const struct branch *b)
{
    size_t index = 0;
    for (const struct branch *c = b->first; c; c = c->next, index++) {
        if (!names_index(c->name, c->name_length, index))
            return false;
    }
    return index > 0;
}

static void append_indent(struct text *t, int depth)
{
    for (int i = 0; i < depth; i++)
        append_string(t, "  ");
}

static void append_branch(struct text *t, const struct branch *b, int depth, bool first_in_item);

static void append_children(struct text *t, const struct branch *b, int depth, bool in_item)
{
    bool list = branch_is_list(b);
    for (const struct branch *c = b->first; c; c = c->next) {
        if (!in_item || c != b->first)
            append_indent(t, depth);
        if (list) {
            append_string(t, "- ");
        } else {
            append_word(t, c->name, c->name_length);
            append_string(t, c->fact ? ": " : ":\n");
        }
        append_branch(t, c, depth + 1, list);
    }
}

static void append_branch(struct text *t, const struct branch *b, int depth, bool in_item)
{
    if (!b->fact) {
        append_children(t, b, depth, in_item);
        return;
    }
    text_scalar(t, b->fact);
    if (b->fact->kind == LUN_FACT_NUMBER && b->fact->unit) {
        append_string(t, " # ");
        append_string(t, b->fact->unit);
    }
    append_string(t, "\n");
}

/* More than the number of components of all paths and keys. */
static size_t branches_needed(const struct lun_facts *f)
{
    size_t n = f->count;
    for (size_t i = 0; i < f->count; i++) {
        const char *path = f->at[i].path ? f->at[i].path : "";
        n += *path != '\0';
        for (; *path; path++)
            n += *path == '.';
    }
    return n;
}

void text_document(struct text *t, const struct lun_facts *f)
{
    struct grove g = {.room = branches_needed(f)};
    g.at = g.room ? malloc(g.room * sizeof *g.at) : NULL;
    if (g.room && !g.at) {
        t->failed = true;
        return;
    }
    struct branch root = {0};
    for (size_t i = 0; i < f->count; i++)
        plant(&g, &root, &f->at[i]);
    append_children(t, &root, 0, false);
    if (f->failed)
        append_string(t,
                      branch_find(&root, "error", 5) ? "incomplete: true\n" : "error: \"out of memory\"\n");
    else if (!root.first)
        append_string(t, "error: \"nothing is known\"\n");
    free(g.at);
}
