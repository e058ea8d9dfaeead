/* SPDX-License-Identifier: Apache-2.0 */
/* A fact's value as text, and facts as "key: value" lines. Pure but for the stream written; any thread. */
#include "show.h"
#include "show_value.h"
#include "size.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

static bool plain(unsigned char c)
{
    return c >= 0x20 && c < 0x7f && c != '\\';
}

char *show_escape(const void *text, size_t n)
{
    const unsigned char *from = text;
    if (n > SIZE_MAX / 4 - 1)
        return NULL;
    char *to = malloc(4 * n + 1), *at = to;
    if (!to)
        return NULL;
    for (size_t i = 0; i < n; i++) {
        if (plain(from[i]))
            *at++ = (char)from[i];
        else
            at += sprintf(at, "\\x%02x", from[i]);
    }
    *at = '\0';
    return to;
}

char *show_hex(const void *bytes, size_t n)
{
    const unsigned char *from = bytes;
    if (n > SIZE_MAX / 2 - 1)
        return NULL;
    char *to = malloc(2 * n + 1);
    if (!to)
        return NULL;
    for (size_t i = 0; i < n; i++)
        sprintf(to + 2 * i, "%02x", from[i]);
    to[2 * n] = '\0';
    return to;
}

/* A number of bytes that has a shorter exact form gets it too, or alone where room is short. */
static char *show_number(const struct lun_fact *f, bool brief)
{
    char *text = NULL, size[SIZE_TEXT];
    bool bytes = f->unit && strcmp(f->unit, "bytes") == 0 && f->number >= 1024 && f->number % 1024 == 0;
    int n;
    if (bytes)
        size_text(f->number, size);
    if (bytes && brief)
        n = asprintf(&text, "%s", size);
    else if (bytes)
        n = asprintf(&text, "%" PRIu64 " bytes (%s)", f->number, size);
    else if (f->unit)
        n = asprintf(&text, "%" PRIu64 " %s", f->number, f->unit);
    else
        n = asprintf(&text, "%" PRIu64, f->number);
    return n < 0 ? NULL : text;
}

char *show_value(const struct lun_fact *f, bool brief)
{
    switch (f->kind) {
    case LUN_FACT_NUMBER:
        return show_number(f, brief);
    case LUN_FACT_BOOLEAN:
        return strdup(f->number ? "yes" : "no");
    case LUN_FACT_WORD:
    case LUN_FACT_STRING:
        return show_escape(f->text, f->length);
    case LUN_FACT_HEX:
        return show_hex(f->text, f->length);
    }
    return NULL;
}

size_t show_component(const char *path)
{
    return strcspn(path, ".");
}

bool show_is_index(const char *component, size_t n)
{
    return n > 0 && strspn(component, "0123456789") >= n;
}

/* How many leading components of path are those of the path before it. */
static size_t shared_depth(const char *path, const char *before)
{
    size_t depth = 0;
    while (*path && *before) {
        size_t n = show_component(path);
        if (n != show_component(before) || memcmp(path, before, n) != 0)
            break;
        path += n + (path[n] == '.');
        before += n + (before[n] == '.');
        depth++;
    }
    return depth;
}

static void indent(FILE *to, size_t depth)
{
    for (size_t i = 0; i < depth; i++)
        fputs("  ", to);
}

/* Prints the components of path below the first `known`, a line each; returns the depth of what they hold. A
 * list's item is a dash on a line of its own, so that all its facts stand alike. */
static size_t show_path(FILE *to, const char *path, size_t known)
{
    size_t depth = 0;
    while (*path) {
        size_t n = show_component(path);
        if (depth >= known) {
            indent(to, depth);
            if (show_is_index(path, n))
                fputs("-\n", to);
            else
                fprintf(to, "%.*s:\n", (int)n, path);
        }
        path += n + (path[n] == '.');
        depth++;
    }
    return depth;
}

/* The longest key among the neighbours of fact i that share its path. */
static int key_width(const struct lun_facts *f, size_t i)
{
    size_t width = 0, first = i;
    while (first > 0 && strcmp(f->at[first - 1].path, f->at[i].path) == 0)
        first--;
    for (; first < f->count && strcmp(f->at[first].path, f->at[i].path) == 0; first++) {
        size_t n = strlen(f->at[first].key);
        if (n > width)
            width = n;
    }
    return (int)width;
}

bool show_text(FILE *to, const struct lun_facts *f)
{
    const char *before = "";
    for (size_t i = 0; i < f->count; i++) {
        const struct lun_fact *fact = &f->at[i];
        char *value = show_value(fact, false);
        if (!value)
            return false;
        size_t depth = show_path(to, fact->path, shared_depth(fact->path, before));
        indent(to, depth);
        if (show_is_index(fact->key, strlen(fact->key)))
            fprintf(to, "- %s\n", value);
        else
            fprintf(to, "%s:%*s %s\n", fact->key, key_width(f, i) - (int)strlen(fact->key), "", value);
        before = fact->path;
        free(value);
    }
    return !f->failed;
}
