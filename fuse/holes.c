/* SPDX-License-Identifier: Apache-2.0 */
/* Extents written since a truncation. Pure; used in the mount's loop. */
#include "holes.h"

#include <stdlib.h>
#include <string.h>

void holes_free(struct holes *h)
{
    free(h->at);
    *h = (struct holes){0};
}

/* Index of the first extent that ends at or after `offset`. */
static size_t search(const struct holes *h, uint64_t offset)
{
    size_t low = 0, high = h->count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (h->at[middle].end < offset)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

static bool make_room(struct holes *h)
{
    if (h->count < h->room)
        return true;
    size_t room = h->room ? 2 * h->room : 16;
    struct extent *at = realloc(h->at, room * sizeof *at);
    if (!at)
        return false;
    h->at = at;
    h->room = room;
    return true;
}

bool holes_fill(struct holes *h, uint64_t start, uint64_t end)
{
    if (start >= end)
        return true;
    size_t first = search(h, start), after = first;
    while (after < h->count && h->at[after].start <= end)
        after++;
    if (first == after) {
        if (!make_room(h))
            return false;
        memmove(h->at + first + 1, h->at + first, (h->count - first) * sizeof *h->at);
        h->at[first] = (struct extent){start, end};
        h->count++;
        return true;
    }
    /* Extents first..after-1 touch the new one: they become one. */
    struct extent joined = {start, end};
    if (h->at[first].start < joined.start)
        joined.start = h->at[first].start;
    if (h->at[after - 1].end > joined.end)
        joined.end = h->at[after - 1].end;
    h->at[first] = joined;
    memmove(h->at + first + 1, h->at + after, (h->count - after) * sizeof *h->at);
    h->count -= after - first - 1;
    return true;
}

bool holes_write(struct holes *h, uint64_t start, uint64_t end)
{
    if (!holes_fill(h, start, end))
        return false;
    if (start < end && end > h->end)
        h->end = end;
    return true;
}

void holes_truncate(struct holes *h, uint64_t end)
{
    while (h->count && h->at[h->count - 1].start >= end)
        h->count--;
    if (h->count && h->at[h->count - 1].end > end)
        h->at[h->count - 1].end = end;
    h->end = end;
}

bool holes_first(const struct holes *h, struct extent *ret)
{
    uint64_t start = 0, end = h->end;
    if (h->count && h->at[0].start == 0) {
        start = h->at[0].end;
        if (h->count > 1 && h->at[1].start < end)
            end = h->at[1].start;
    } else if (h->count && h->at[0].start < end) {
        end = h->at[0].start;
    }
    if (start >= end)
        return false;
    *ret = (struct extent){start, end};
    return true;
}
