/* SPDX-License-Identifier: Apache-2.0 */
/* Asynchronous I/O by the system calls themselves; see queue.h. The caller's thread. io_setup(2). */
#include "queue.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/aio_abi.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#define DEPTH_MOST 256

struct queue {
    const struct queue_job *job;
    aio_context_t context;
    struct iocb control[DEPTH_MOST];
    uint8_t *buffers, *expected;
    unsigned begun, ended;
};

int queue_open(const char *path)
{
    int fd = open(path, O_RDWR | O_DIRECT | O_CLOEXEC);
    cr_assert_geq(fd, 0, "%s: %s", path, strerror(errno));
    return fd;
}

void queue_pattern(void *ret, unsigned file, uint64_t offset, size_t n)
{
    uint64_t *words = ret;
    for (size_t i = 0; i < n / 8; i++) /* odd multipliers: no two files or places have the same word */
        words[i] = (offset / 8 + i) * 0x9e3779b97f4a7c15u + file * 0xc2b2ae3d27d4eb4fu;
}

static uint64_t offset_of(const struct queue_job *j, unsigned number)
{
    return number / j->file_count * j->size % j->span;
}

static uint8_t *buffer_of(struct queue *q, unsigned slot)
{
    return q->buffers + slot * q->job->size;
}

static void prepare(struct queue *q, unsigned slot)
{
    const struct queue_job *j = q->job;
    unsigned number = q->begun++, file = number % j->file_count;
    uint64_t offset = offset_of(j, number);
    if (j->write)
        queue_pattern(buffer_of(q, slot), file, offset, j->size);
    else
        memset(buffer_of(q, slot), 0, j->size);
    q->control[slot] = (struct iocb){.aio_data = (uint64_t)number << 32 | slot,
                                     .aio_lio_opcode = j->write ? IOCB_CMD_PWRITE : IOCB_CMD_PREAD,
                                     .aio_fildes = (uint32_t)j->files[file],
                                     .aio_buf = (uint64_t)(uintptr_t)buffer_of(q, slot),
                                     .aio_nbytes = j->size,
                                     .aio_offset = (int64_t)offset};
}

static void submit(struct queue *q, struct iocb **list, long n)
{
    while (n > 0) {
        long taken = syscall(SYS_io_submit, q->context, n, list);
        cr_assert(taken > 0, "io_submit: %s", strerror(errno));
        list += taken;
        n -= taken;
    }
}

static void check(struct queue *q, const struct io_event *e)
{
    const struct queue_job *j = q->job;
    unsigned number = (unsigned)(e->data >> 32), slot = (unsigned)e->data;
    cr_assert_eq(e->res, (int64_t)j->size, "operation %u: %lld", number, (long long)e->res);
    if (j->write)
        return;
    queue_pattern(q->expected, number % j->file_count, offset_of(j, number), j->size);
    cr_assert(memcmp(q->expected, buffer_of(q, slot), j->size) == 0, "operation %u read other bytes", number);
}

static void run(struct queue *q)
{
    const struct queue_job *j = q->job;
    struct io_event events[DEPTH_MOST];
    struct iocb *list[DEPTH_MOST];
    long ready = 0;
    for (unsigned slot = 0; slot < j->depth && q->begun < j->operations; slot++) {
        prepare(q, slot);
        list[ready++] = &q->control[slot];
    }
    while (q->ended < j->operations) {
        submit(q, list, ready);
        ready = 0;
        long n = syscall(SYS_io_getevents, q->context, 1L, (long)j->depth, events, NULL);
        cr_assert(n > 0 || errno == EINTR, "io_getevents: %s", strerror(errno));
        for (long i = 0; i < n; i++) {
            unsigned slot = (unsigned)events[i].data;
            check(q, &events[i]);
            q->ended++;
            if (q->begun == j->operations)
                continue;
            prepare(q, slot);
            list[ready++] = &q->control[slot];
        }
    }
}

void queue_run(const struct queue_job *j)
{
    struct queue *q = calloc(1, sizeof *q);
    cr_assert(q && j->depth >= 1 && j->depth <= DEPTH_MOST);
    q->job = j;
    q->buffers = aligned_alloc(4096, (j->depth + 1) * j->size);
    cr_assert_not_null(q->buffers);
    q->expected = q->buffers + j->depth * j->size;
    cr_assert_eq(syscall(SYS_io_setup, j->depth, &q->context), 0, "io_setup: %s", strerror(errno));
    run(q);
    syscall(SYS_io_destroy, q->context);
    free(q->buffers);
    free(q);
}
