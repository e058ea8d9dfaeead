/* SPDX-License-Identifier: Apache-2.0 */
/* The table of open files. Runs in the mount's loop. */
#include "handle.h"

#include <stdlib.h>

static bool table_grow(struct handle_table *t)
{
    if (t->count < t->room)
        return true;
    if (t->room > UINT32_MAX / 2)
        return false;
    uint32_t room = t->room ? 2 * t->room : 32;
    struct handle **at = realloc(t->at, room * sizeof(struct handle *));
    if (!at)
        return false;
    t->at = at;
    t->room = room;
    return true;
}

struct handle *handle_new(struct handle_table *t, struct node *node, int flags)
{
    struct handle *h = t->unused;
    if (h) {
        t->unused = h->next_free;
    } else {
        h = table_grow(t) ? calloc(1, sizeof *h) : NULL;
        if (!h)
            return NULL;
        h->index = t->count;
        t->at[t->count++] = h;
    }
    *h = (struct handle){.index = h->index, .generation = h->generation + 1, .used = true, .node = node};
    h->flags = flags;
    return h;
}

uint64_t handle_number(const struct handle *h)
{
    return (uint64_t)h->generation << 32 | h->index;
}

struct handle *handle_get(const struct handle_table *t, uint64_t number)
{
    uint32_t index = (uint32_t)number;
    struct handle *h = index < t->count ? t->at[index] : NULL;
    return h && h->used && h->generation == number >> 32 ? h : NULL;
}

void handle_free(struct handle_table *t, struct handle *h)
{
    if (!h || !h->used)
        return;
    free(h->text);
    h->text = NULL;
    h->used = false;
    h->next_free = t->unused;
    t->unused = h;
}

void handle_table_free(struct handle_table *t)
{
    for (uint32_t i = 0; i < t->count; i++) {
        free(t->at[i]->text);
        free(t->at[i]);
    }
    free(t->at);
    *t = (struct handle_table){0};
}
