/* SPDX-License-Identifier: Apache-2.0 */
/* Fields at fixed places in device data become facts; the bounds check of most decoders. Pure, any thread. */
#include "scsi/fields.h"

#include <stdio.h>
#include <string.h>

struct span span_over(const void *data, size_t n, size_t said)
{
    return (struct span){.data = data, .have = n < said ? n : said, .said = said};
}

struct span span_from(struct span s, size_t offset)
{
    if (offset >= s.have)
        return (struct span){.said = s.said > offset ? s.said - offset : 0};
    return (struct span){.data = s.data + offset, .have = s.have - offset, .said = s.said - offset};
}

void fields_truncated(struct lun_facts *f)
{
    for (size_t i = f->count; i-- > 0;)
        if (!*f->at[i].path && strcmp(f->at[i].key, "truncated") == 0)
            return;
    lun_facts_boolean(f, "", "truncated", true);
}

void span_mark_truncated(struct span s, struct lun_facts *f)
{
    if (s.have < s.said)
        fields_truncated(f);
}

static uint64_t field_value(const struct field *field, const uint8_t *at)
{
    uint64_t v = 0;
    for (size_t i = 0; i < field->bytes; i++)
        v = v << 8 | at[i];
    v >>= field->shift;
    return field->bits ? v & ((UINT64_C(1) << field->bits) - 1) : v;
}

void fields_add_text(struct lun_facts *f, const char *path, const char *key, const uint8_t *text, size_t n)
{
    while (n && (text[n - 1] == ' ' || text[n - 1] == '\0'))
        n--;
    lun_facts_string(f, path, key, text, n);
}

static void field_add(const struct field *field, const uint8_t *at, const char *path, struct lun_facts *f)
{
    uint64_t v = 0;
    switch (field->kind) {
    case FIELD_STRING:
        fields_add_text(f, path, field->key, at, field->bytes);
        return;
    case FIELD_HEX:
        lun_facts_hex(f, path, field->key, at, field->bytes);
        return;
    case FIELD_BOOLEAN:
        lun_facts_boolean(f, path, field->key, field_value(field, at));
        return;
    case FIELD_WORD:
        v = field_value(field, at);
        if (v < field->word_count && field->words[v]) {
            lun_facts_word(f, path, field->key, field->words[v]);
            return;
        }
        break;
    case FIELD_NUMBER:
        v = field_value(field, at) * (field->scale ? field->scale : 1);
        break;
    }
    lun_facts_number(f, path, field->key, v, field->unit);
}

void fields_add(const struct field *table, size_t count, struct span s, const char *path, struct lun_facts *f)
{
    for (size_t i = 0; i < count; i++)
        if ((size_t)table[i].byte + table[i].bytes <= s.have)
            field_add(&table[i], s.data + table[i].byte, path, f);
}

void field_path(char ret[static FIELD_PATH], const char *path, const char *list, size_t index)
{
    snprintf(ret, FIELD_PATH, "%s%s%s.%zu", path, *path ? "." : "", list, index);
}
