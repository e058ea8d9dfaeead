/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A loop's stock of LUN_BUFFER_SIZE buffers: last in, first out, so that the warm ones are used; those that
 * nobody needed for a while go back to the kernel. get and trim: the loop's thread. put: any thread.
 */
#ifndef LUN_POOL_BUFFERS_H
#define LUN_POOL_BUFFERS_H

#include <stdatomic.h>
#include <stddef.h>

#define BUFFERS_KEPT 256 /* the most that are kept for reuse */

struct buffers {
    void *stock[BUFFERS_KEPT];
    size_t count, low;        /* low: fewest in stock since the last trim */
    _Atomic(void *) returned; /* put by other threads; linked through their first word */
};

void *buffers_get(struct buffers *b);
void buffers_put(struct buffers *b, void *buffer);
void buffers_put_elsewhere(struct buffers *b, void *buffer); /* from a thread that is not the loop's */
/* Gives back what lay unused since the last call. */
void buffers_trim(struct buffers *b);
void buffers_free(struct buffers *b);

#endif
