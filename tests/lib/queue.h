/* SPDX-License-Identifier: Apache-2.0 */
/* Reads and writes with a given number of them under way, through the kernel's asynchronous I/O
 * (io_submit(2), which is what fio's libaio engine uses too). Every byte is checked. One thread. */
#ifndef TESTS_QUEUE_H
#define TESTS_QUEUE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* `operations` of `size` bytes each, `depth` at a time, on the files in turn; each goes over its file from
 * front to end, again and again within `span` bytes. What is written, and what
 * a read must find, depends on the file's index and the offset (queue_pattern). The test fails where one
 * fails, is short, or finds other bytes. */
struct queue_job {
    const int *files;
    unsigned file_count, depth, operations;
    size_t size;
    uint64_t span;
    bool write;
};

int queue_open(const char *path); /* for reading and writing, with O_DIRECT; the test fails where it cannot */
void queue_run(const struct queue_job *j);
/* The bytes at `offset` of a file, a multiple of 8 of them. */
void queue_pattern(void *ret, unsigned file, uint64_t offset, size_t n);

#endif
