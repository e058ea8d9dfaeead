/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the fuzz targets share. Each target is one LLVMFuzzerTestOneInput, linked with libFuzzer in the clang
 * build with sanitizers, and with replay.c, which runs files of the corpus, in every build. One thread.
 */
#ifndef TESTS_FUZZ_H
#define TESTS_FUZZ_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

/* The input as it is used up; past its end everything is 0. */
struct fuzz {
    const uint8_t *at;
    size_t left;
};

uint8_t fuzz_u8(struct fuzz *f);
uint16_t fuzz_u16(struct fuzz *f);
/* The next n bytes, or as many as there are. */
const uint8_t *fuzz_take(struct fuzz *f, size_t n, size_t *ret_n);
/* All that is left, as text in memory of exactly its length, so that a read past its end is seen. Free it. */
char *fuzz_text(struct fuzz *f);
/* A copy of exactly n bytes, likewise. */
uint8_t *fuzz_copy(const void *bytes, size_t n);

/* What must hold whatever came. */
#define FUZZ_CHECK(condition) ((condition) ? (void)0 : fuzz_broken(__FILE__, __LINE__, #condition))
_Noreturn void fuzz_broken(const char *file, int line, const char *condition);

/* Bytes of heap in use, as far as the sanitizer says; 0 in builds without. */
size_t fuzz_memory(void);
/* Uses the bytes, so that a sanitizer sees a place that is not ours. */
void fuzz_touch(const void *bytes, size_t n);

struct lun_error;
/* A failure says what failed, in printable words. */
void fuzz_check_error(const struct lun_error *e);

#endif
