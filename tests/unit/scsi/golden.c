/* SPDX-License-Identifier: Apache-2.0 */
/* See golden.h. */
#include "golden.h"

#include <criterion/criterion.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct golden golden_of(const void *data, size_t n)
{
    struct golden g = {.data = malloc(n ? n : 1), .n = n};
    cr_assert(g.data);
    if (n)
        memcpy(g.data, data, n);
    return g;
}

struct golden golden_read(const char *name)
{
    char path[512];
    uint8_t bytes[4096];
    snprintf(path, sizeof path, "%s/%s", GOLDEN_DATA, name);
    FILE *file = fopen(path, "rb");
    cr_assert(file, "no golden file %s", name);
    size_t n = fread(bytes, 1, sizeof bytes, file);
    fclose(file);
    cr_assert(n > 0 && n < sizeof bytes);
    return golden_of(bytes, n);
}

void golden_free(struct golden *g)
{
    free(g->data);
}

const struct lun_fact *fact_find(const struct lun_facts *f, const char *path, const char *key)
{
    for (size_t i = 0; i < f->count; i++)
        if (strcmp(f->at[i].path, path) == 0 && strcmp(f->at[i].key, key) == 0)
            return &f->at[i];
    return NULL;
}

uint64_t fact_number(const struct lun_facts *f, const char *path, const char *key)
{
    const struct lun_fact *fact = fact_find(f, path, key);
    cr_assert(fact, "no fact %s %s", path, key);
    cr_assert(fact->kind == LUN_FACT_NUMBER || fact->kind == LUN_FACT_BOOLEAN, "%s is no number", key);
    return fact->number;
}

const char *fact_text(const struct lun_facts *f, const char *path, const char *key)
{
    const struct lun_fact *fact = fact_find(f, path, key);
    cr_assert(fact, "no fact %s %s", path, key);
    cr_assert(fact->kind == LUN_FACT_WORD || fact->kind == LUN_FACT_STRING, "%s is no text", key);
    return fact->text;
}

bool fact_is_hex(const struct lun_facts *f, const char *path, const char *key, const char *digits)
{
    const struct lun_fact *fact = fact_find(f, path, key);
    if (!fact || fact->kind != LUN_FACT_HEX || strlen(digits) != fact->length * 2)
        return false;
    char two[3];
    for (size_t i = 0; i < fact->length; i++) {
        snprintf(two, sizeof two, "%02x", (uint8_t)fact->text[i]);
        if (memcmp(two, digits + 2 * i, 2) != 0)
            return false;
    }
    return true;
}

bool fact_truncated(const struct lun_facts *f)
{
    return fact_find(f, "", "truncated") && fact_number(f, "", "truncated") == 1;
}

char *golden_run(const char *command)
{
    FILE *pipe = popen(command, "r");
    cr_assert(pipe);
    char *text = calloc(1, 32768);
    cr_assert(text);
    size_t n = fread(text, 1, 32767, pipe);
    text[n] = '\0';
    cr_assert_eq(pclose(pipe), 0, "%s failed", command);
    return text;
}
