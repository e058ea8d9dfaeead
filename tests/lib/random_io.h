/* SPDX-License-Identifier: Apache-2.0 */
/* Random I/O from several threads on one `data`, held against a mirror: every read at once, the whole in the
 * end. */
#ifndef TESTS_RANDOM_IO_H
#define TESTS_RANDOM_IO_H

#define RANDOM_IO_THREADS 4

struct random_io {
    const char *data;    /* the file to read and write */
    const char *mirror;  /* a file of what it holds, before and after */
    unsigned size;       /* bytes of both */
    unsigned operations; /* of each thread */
    unsigned seed;
};

void random_io(const struct random_io *r);

#endif
