/* SPDX-License-Identifier: Apache-2.0 */
/* Which bytes of a truncated file have been written since: a sorted list of extents, and the end the file
 * would have. What lies below the end in no extent is a hole and must read as zeros. Pure. */
#ifndef FUSE_HOLES_H
#define FUSE_HOLES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct extent {
    uint64_t start, end; /* bytes [start, end) */
};

struct holes {
    struct extent *at; /* sorted, apart from each other */
    size_t count, room;
    uint64_t end;
};

void holes_free(struct holes *h);
/* Bytes [start, end) now hold data. False: no memory, and nothing has changed. */
bool holes_fill(struct holes *h, uint64_t start, uint64_t end);
/* Likewise, and the file reaches to at least `end`. */
bool holes_write(struct holes *h, uint64_t start, uint64_t end);
/* The file ends at `end` now: what was written above is gone, and a later write above it leaves a hole. */
void holes_truncate(struct holes *h, uint64_t end);
/* The first hole: true with *ret set, false when there is none. */
bool holes_first(const struct holes *h, struct extent *ret);

#endif
