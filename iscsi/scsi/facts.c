/* SPDX-License-Identifier: Apache-2.0 */
/* The neutral list every decoder fills and every printer reads (lun.h). One thread at a time per list. */
#include "lun.h"

#include <stdlib.h>
#include <string.h>

/* A slot for one more fact, or NULL and failed. */
static struct lun_fact *facts_room(struct lun_facts *f)
{
    if (f->failed)
        return NULL;
    if (f->count == f->room) {
        size_t room = f->room ? f->room * 2 : 32;
        struct lun_fact *at = reallocarray(f->at, room, sizeof *at);
        if (!at) {
            f->failed = true;
            return NULL;
        }
        f->at = at;
        f->room = room;
    }
    return &f->at[f->count];
}

static const char *put(char **to, const void *bytes, size_t n)
{
    char *start = *to;
    if (n)
        memcpy(start, bytes, n);
    start[n] = '\0';
    *to += n + 1;
    return start;
}

/* Copies *like into the list. All strings of a fact share one allocation that `path` points to. */
static void facts_add(struct lun_facts *f, const struct lun_fact *like)
{
    struct lun_fact *to = facts_room(f);
    if (!to)
        return;
    const char *path = like->path ? like->path : "", *key = like->key ? like->key : "";
    size_t path_length = strlen(path), key_length = strlen(key);
    size_t unit_length = like->unit ? strlen(like->unit) : 0;
    char *block = NULL;
    size_t fixed = path_length + key_length + unit_length + 4;
    if (like->length <= SIZE_MAX - fixed)
        block = malloc(fixed + like->length);
    if (!block) {
        f->failed = true;
        return;
    }
    *to = *like;
    to->path = put(&block, path, path_length);
    to->key = put(&block, key, key_length);
    if (like->text)
        to->text = put(&block, like->text, like->length);
    if (like->unit)
        to->unit = put(&block, like->unit, unit_length);
    f->count++;
}

void lun_facts_number(struct lun_facts *f, const char *path, const char *key, uint64_t v, const char *unit)
{
    facts_add(
        f, &(struct lun_fact){.path = path, .key = key, .kind = LUN_FACT_NUMBER, .number = v, .unit = unit});
}

void lun_facts_boolean(struct lun_facts *f, const char *path, const char *key, bool v)
{
    facts_add(f, &(struct lun_fact){.path = path, .key = key, .kind = LUN_FACT_BOOLEAN, .number = v});
}

static void facts_add_text(struct lun_facts *f, const char *path, const char *key, enum lun_fact_kind kind,
                           const void *text, size_t n)
{
    facts_add(
        f, &(struct lun_fact){.path = path, .key = key, .kind = kind, .text = text ? text : "", .length = n});
}

void lun_facts_word(struct lun_facts *f, const char *path, const char *key, const char *word)
{
    facts_add_text(f, path, key, LUN_FACT_WORD, word, strlen(word));
}

void lun_facts_string(struct lun_facts *f, const char *path, const char *key, const void *text, size_t n)
{
    facts_add_text(f, path, key, LUN_FACT_STRING, text, n);
}

void lun_facts_hex(struct lun_facts *f, const char *path, const char *key, const void *bytes, size_t n)
{
    facts_add_text(f, path, key, LUN_FACT_HEX, bytes, n);
}

void lun_facts_free(struct lun_facts *f)
{
    for (size_t i = 0; i < f->count; i++)
        free((char *)f->at[i].path); /* the head of the fact's one allocation, see facts_add */
    free(f->at);
    *f = (struct lun_facts){0};
}
