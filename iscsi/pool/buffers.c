/* SPDX-License-Identifier: Apache-2.0 */
/* The stock of large buffers; see buffers.h for threads. */
#include "pool/buffers.h"

#include <sys/mman.h>

#include "lun.h"

static void unmap(void *buffer)
{
    munmap(buffer, LUN_BUFFER_SIZE);
}

static void *map(void)
{
    void *p = mmap(NULL, LUN_BUFFER_SIZE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (p == MAP_FAILED)
        return NULL;
    /* A 4 KiB write must not cost 2 MiB of memory. */
    madvise(p, LUN_BUFFER_SIZE, MADV_NOHUGEPAGE);
    return p;
}

static void take_returned(struct buffers *b)
{
    void *p = atomic_exchange_explicit(&b->returned, NULL, memory_order_acquire);
    while (p) {
        void *next = *(void **)p;
        buffers_put(b, p);
        p = next;
    }
}

void *buffers_get(struct buffers *b)
{
    if (b->count == 0 && atomic_load_explicit(&b->returned, memory_order_relaxed))
        take_returned(b);
    if (b->count == 0) {
        b->low = 0;
        return map();
    }
    void *p = b->stock[--b->count];
    if (b->count < b->low)
        b->low = b->count;
    return p;
}

void buffers_put(struct buffers *b, void *buffer)
{
    if (b->count == BUFFERS_KEPT)
        unmap(buffer);
    else
        b->stock[b->count++] = buffer;
}

void buffers_put_elsewhere(struct buffers *b, void *buffer)
{
    void *head = atomic_load_explicit(&b->returned, memory_order_relaxed);
    do
        *(void **)buffer = head;
    while (!atomic_compare_exchange_weak_explicit(&b->returned, &head, buffer, memory_order_release,
                                                  memory_order_relaxed));
}

void buffers_trim(struct buffers *b)
{
    take_returned(b);
    /* The lowest `low` of the stack were never popped: they are the cold ones, at the bottom. */
    size_t cold = b->low < b->count ? b->low : b->count;
    for (size_t i = 0; i < cold; i++)
        unmap(b->stock[i]);
    for (size_t i = cold; i < b->count; i++)
        b->stock[i - cold] = b->stock[i];
    b->count -= cold;
    b->low = b->count;
}

void buffers_free(struct buffers *b)
{
    take_returned(b);
    while (b->count)
        unmap(b->stock[--b->count]);
}
