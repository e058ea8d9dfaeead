/* SPDX-License-Identifier: Apache-2.0 */
/* Golden bytes from tests/data/scsi, and questions to ask of a list of facts. */
#ifndef TESTS_UNIT_SCSI_GOLDEN_H
#define TESTS_UNIT_SCSI_GOLDEN_H

#include "lun.h"

struct golden {
    uint8_t *data; /* exactly n bytes on the heap, so that ASan sees an overread */
    size_t n;
};

/* The file tests/data/scsi/NAME; the test fails when there is none. */
struct golden golden_read(const char *name);
/* A copy of n bytes. */
struct golden golden_of(const void *data, size_t n);
void golden_free(struct golden *g);
#define GOLDEN __attribute__((cleanup(golden_free))) struct golden

#define FACTS __attribute__((cleanup(lun_facts_free))) struct lun_facts

/* NULL when there is none. */
const struct lun_fact *fact_find(const struct lun_facts *f, const char *path, const char *key);
/* The number or boolean; the test fails when there is no such fact. */
uint64_t fact_number(const struct lun_facts *f, const char *path, const char *key);
/* The text of a word or string. */
const char *fact_text(const struct lun_facts *f, const char *path, const char *key);
/* Is there such a hexadecimal fact, with these digits? */
bool fact_is_hex(const struct lun_facts *f, const char *path, const char *key, const char *digits);
bool fact_truncated(const struct lun_facts *f);

/* What a program prints on standard output; the test fails when it fails. The caller frees. */
char *golden_run(const char *command);

#endif
