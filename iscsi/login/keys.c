/* SPDX-License-Identifier: Apache-2.0 */
/* Look-up in the table of text keys, and what a key's type says about its values: RFC 7143 6.1, 6.2.1, 6.2.2
 * and the result functions of chapter 13. Pure; any thread. */
#include "login/keys.h"

#include <string.h>

#include "base/checked.h"

static const struct key keys_table[KEY_COUNT] = {
#define KEY_ROW(id, name, type, lowest, highest, standard, words, initiator, target, flags)                  \
    [KEY_##id] = {name, KEY_##type, lowest, highest, standard, words, initiator, target, flags},
    KEY_TABLE(KEY_ROW)
#undef KEY_ROW
};

const struct key *keys_get(enum key_id id)
{
    return &keys_table[id];
}

enum key_id keys_find(const char *name)
{
    for (enum key_id id = 0; id < KEY_COUNT; id++)
        if (!strcmp(keys_table[id].name, name))
            return id;
    return KEY_COUNT;
}

int keys_hex_digit(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    c |= 0x20;
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

bool keys_number(const char *text, uint64_t *ret)
{
    int base = 10;
    if (text[0] == '0' && (text[1] == 'x' || text[1] == 'X')) {
        base = 16;
        text += 2;
    } else if (text[0] == '0' && text[1]) {
        return false;
    }
    if (!*text)
        return false;
    uint64_t v = 0;
    for (; *text; text++) {
        int digit = keys_hex_digit(*text);
        if (digit < 0 || digit >= base || !checked_mul_u64(v, (uint64_t)base, &v) ||
            !checked_add_u64(v, (uint64_t)digit, &v))
            return false;
    }
    *ret = v;
    return true;
}

/* The length of the word at p, up to the next comma or the end. */
static size_t word_length(const char *p)
{
    return strcspn(p, ",");
}

/* Position of the word in the list, or -1. */
static int list_index(const char *list, const char *word)
{
    size_t n = strlen(word);
    for (int i = 0;; i++) {
        size_t length = word_length(list);
        if (length == n && !memcmp(list, word, n))
            return i;
        if (!list[length])
            return -1;
        list += length + 1;
    }
}

bool keys_list_has(const char *list, const char *word)
{
    return list_index(list, word) >= 0;
}

bool keys_reserved(const char *text)
{
    return keys_list_has("Reject,Irrelevant,NotUnderstood", text);
}

static bool parse_number(const struct key *k, const char *text, uint32_t *ret)
{
    uint64_t v;
    if (!keys_number(text, &v) || v < k->lowest || v > k->highest)
        return false;
    *ret = (uint32_t)v;
    return true;
}

static bool parse_word(const char *words, const char *text, uint32_t *ret)
{
    int index = list_index(words, text);
    if (index < 0)
        return false;
    *ret = (uint32_t)index;
    return true;
}

bool keys_parse(const struct key *k, const char *text, uint32_t *ret)
{
    switch (k->type) {
    case KEY_NUMBER:
    case KEY_MINIMUM:
    case KEY_MAXIMUM:
        return parse_number(k, text, ret);
    case KEY_AND:
    case KEY_OR:
        return parse_word("No,Yes", text, ret);
    case KEY_LIST:
        return parse_word(k->words, text, ret);
    case KEY_TEXT:
    case KEY_OBSOLETE:
        break;
    }
    return false;
}

bool keys_admissible(const struct key *k, uint32_t offer, uint32_t answer)
{
    switch (k->type) {
    case KEY_AND:
    case KEY_MINIMUM:
        return answer <= offer;
    case KEY_OR:
    case KEY_MAXIMUM:
        return answer >= offer;
    default:
        return false;
    }
}

uint32_t keys_select(const struct key *k, uint32_t ours, uint32_t theirs)
{
    bool lower = k->type == KEY_AND || k->type == KEY_MINIMUM;
    return (ours < theirs) == lower ? ours : theirs;
}

bool keys_determined(const struct key *k, uint32_t offer)
{
    bool lower = k->type == KEY_AND || k->type == KEY_MINIMUM;
    return offer == (lower ? k->lowest : k->highest);
}
