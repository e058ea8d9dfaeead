/* SPDX-License-Identifier: Apache-2.0 */
/* Words to values, checked against the table of keys, and back: one value. Numbers and lists are
 * value_number.c's and value_list.c's. Main thread; no standard. */
#include "value.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <yaml.h>

#include "config.h"

bool value_fail(const struct schema_key *k, const struct place *p, struct lun_error *e, const char *format,
                ...)
{
    char text[LUN_ERROR_TEXT];
    va_list args;
    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    if (p->option)
        return place_fail(e, p, "%s", text);
    return place_fail(e, p, "%s: %s", k->path, text);
}

/* May the value be "auto" (stored as 0)? */
static bool is_auto(const struct schema_key *k)
{
    return k->words == schema_auto;
}

bool value_fail_type(const struct schema_key *k, const struct value *v, struct lun_error *e)
{
    const char *wanted = schema_type_text(k->type), *other = is_auto(k) ? " or auto" : "";
    if (v->quoted)
        return value_fail(k, &v->place, e, "must be %s%s, not a quoted string", wanted, other);
    return value_fail(k, &v->place, e, "must be %s%s, not '%.*s'", wanted, other, VALUE_SHOWN, v->text);
}

static bool set_number(const struct schema_key *k, void *field, const struct value *v, struct lun_error *e)
{
    uint64_t n = UINT32_MAX;
    bool word = k->words && !strcmp(v->text, k->words[0]);
    if (word)
        n = is_auto(k) ? 0 : UINT32_MAX;
    else if (!value_number_take(k, v, &n, e))
        return false;
    if (k->type == SCHEMA_SIZE)
        *(uint64_t *)field = n;
    else
        *(uint32_t *)field = (uint32_t)n;
    return true;
}

static bool take_boolean(const struct schema_key *k, const struct value *v, bool *ret, struct lun_error *e)
{
    static const char *const words[] = {"false", "true", "no", "yes"};
    for (size_t i = 0; !v->quoted && i < sizeof words / sizeof *words; i++) {
        if (strcmp(v->text, words[i]))
            continue;
        *ret = i % 2;
        return true;
    }
    return value_fail_type(k, v, e);
}

static bool set_boolean(const struct schema_key *k, void *field, const struct value *v, struct lun_error *e)
{
    bool b = false;
    if (is_auto(k) && !strcmp(v->text, k->words[0])) {
        *(int *)field = 0;
        return true;
    }
    if (!take_boolean(k, v, &b, e))
        return false;
    if (k->type == SCHEMA_OFFER)
        *(int *)field = b ? 2 : 1;
    else
        *(bool *)field = b;
    return true;
}

bool value_word(const struct schema_key *k, const struct value *v, int *ret, struct lun_error *e)
{
    char known[128] = "";
    for (int i = 0; k->words[i]; i++) {
        if (!strcmp(v->text, k->words[i])) {
            *ret = i;
            return true;
        }
        size_t n = strlen(known);
        snprintf(known + n, sizeof known - n, "%s%s", i ? ", " : "", k->words[i]);
    }
    return value_fail(k, &v->place, e, "'%.*s' is not one of: %s", VALUE_SHOWN, v->text, known);
}

static bool set_mode(const struct schema_key *k, void *field, const struct value *v, struct lun_error *e)
{
    uint32_t mode = 0;
    size_t n = strlen(v->text);
    if (n < 1 || n > 5 || strspn(v->text, "01234567") != n)
        return value_fail(k, &v->place, e, "'%.*s' is not %s", VALUE_SHOWN, v->text,
                          schema_type_text(k->type));
    for (const char *p = v->text; *p; p++)
        mode = mode * 8 + (uint32_t)(*p - '0');
    if (mode > k->max)
        return value_fail(k, &v->place, e, "%s is out of range (0 to 0777)", v->text);
    *(uint32_t *)field = mode;
    return true;
}

bool value_is_utf8(const char *text)
{
    yaml_event_t ev; /* libyaml takes nothing else for a scalar */
    if (!yaml_scalar_event_initialize(&ev, NULL, NULL, (const yaml_char_t *)text, (int)strlen(text), true,
                                      true, YAML_ANY_SCALAR_STYLE))
        return false;
    yaml_event_delete(&ev);
    return true;
}

static bool set_text(void *field, const char *text, struct lun_error *e)
{
    char *copy = strdup(text);
    if (!copy)
        return place_no_memory(e);
    free(*(char **)field);
    *(char **)field = copy;
    return true;
}

static bool set_name(const struct schema_key *k, void *field, const struct value *v, struct lun_error *e)
{
    struct lun_error why = {0};
    if (!lun_name_check(v->text, &why))
        return value_fail(k, &v->place, e, "%s", why.text);
    return set_text(field, v->text, e);
}

static bool set_directory(const struct schema_key *k, void *field, const struct value *v, struct lun_error *e)
{
    static const char *const taken[] = {".", "..", ".lunfs", "by-id"};
    for (size_t i = 0; i < sizeof taken / sizeof *taken; i++)
        if (!strcmp(v->text, taken[i]))
            return value_fail(k, &v->place, e, "'%s' is taken", v->text);
    if (strchr(v->text, '/') || strlen(v->text) > 255)
        return value_fail(k, &v->place, e, "'%.*s' cannot be the name of a directory", VALUE_SHOWN, v->text);
    return set_text(field, v->text, e);
}

/* The user's first choice stands, unless an option overrules a file. */
static bool set_secret(const struct schema_key *k, struct config_secret *s, const struct value *v,
                       struct lun_error *e)
{
    bool file = k->type == SCHEMA_SECRET_FILE;
    bool overrules = v->place.option && !s->place.option;
    if (!overrules && (file ? s->value : s->file))
        return value_fail(k, &v->place, e, "password and password_file exclude each other");
    if (!set_text(file ? &s->file : &s->value, v->text, e))
        return false;
    char **other = file ? &s->value : &s->file;
    if (*other)
        explicit_bzero(*other, strlen(*other));
    free(*other);
    *other = NULL;
    s->place = v->place;
    return true;
}

static bool is_null(const struct value *v)
{
    static const char *const words[] = {"", "~", "null", "Null", "NULL"};
    if (!v->text)
        return true;
    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        if (!strcmp(v->text, words[i]))
            return !v->quoted || !*v->text;
    return false;
}

static bool check_present(const struct schema_key *k, const struct value *v, size_t n, struct lun_error *e)
{
    for (size_t i = 0; i < n; i++)
        /* Of the words for nothing, an option knows only the empty one. */
        if (v[i].place.option ? !v[i].text || !*v[i].text : is_null(&v[i]))
            return value_fail(k, &v[i].place, e, "has no value");
    return true;
}

bool value_set(const struct schema_key *k, void *base, const struct value *v, size_t n, struct lun_error *e)
{
    void *field = (char *)base + k->offset;
    struct value flag = {.text = "true", .place = v->place};
    if (k->type == SCHEMA_BOOLEAN && v->place.option && !v->text)
        v = &flag;
    if (!check_present(k, v, n, e))
        return false;
    bool shown = k->type == SCHEMA_TEXT || k->type == SCHEMA_DIRECTORY;
    if (shown && !value_is_utf8(v->text))
        return value_fail(k, &v->place, e, "it is not UTF-8");
    switch (k->type) {
    case SCHEMA_BOOLEAN:
    case SCHEMA_OFFER:
        return set_boolean(k, field, v, e);
    case SCHEMA_NUMBER:
    case SCHEMA_SIZE:
    case SCHEMA_DURATION:
    case SCHEMA_MOMENT:
        return set_number(k, field, v, e);
    case SCHEMA_WORD:
        return value_word(k, v, field, e);
    case SCHEMA_MODE:
        return set_mode(k, field, v, e);
    case SCHEMA_TEXT:
        return set_text(field, v->text, e);
    case SCHEMA_NAME:
        return set_name(k, field, v, e);
    case SCHEMA_DIRECTORY:
        return set_directory(k, field, v, e);
    case SCHEMA_PORTAL:
    case SCHEMA_PORTALS:
    case SCHEMA_LUNS:
    case SCHEMA_ALGORITHMS:
        return value_list_set(k, base, v, n, e);
    case SCHEMA_CACHE:
        return value_cache_set_words(k, base, v, n, e);
    case SCHEMA_SECRET:
    case SCHEMA_SECRET_FILE:
        return set_secret(k, field, v, e);
    case SCHEMA_MAP:
    case SCHEMA_ENTRIES:
        break;
    }
    return value_fail_type(k, v, e);
}

void value_text(const struct schema_key *k, const void *base, char ret[static VALUE_TEXT])
{
    const void *field = (const char *)base + k->offset;
    uint64_t number;
    switch (k->type) {
    case SCHEMA_BOOLEAN:
        snprintf(ret, VALUE_TEXT, "%s", *(const bool *)field ? "true" : "false");
        return;
    case SCHEMA_OFFER:
        snprintf(ret, VALUE_TEXT, "%s",
                 *(const int *)field ? *(const int *)field == 2 ? "true" : "false" : "auto");
        return;
    case SCHEMA_WORD:
        snprintf(ret, VALUE_TEXT, "%s", k->words[*(const int *)field]);
        return;
    case SCHEMA_MODE:
        snprintf(ret, VALUE_TEXT, "%04o", *(const uint32_t *)field);
        return;
    default:
        number = k->type == SCHEMA_SIZE ? *(const uint64_t *)field : *(const uint32_t *)field;
        if (k->words && number == (is_auto(k) ? 0 : UINT32_MAX))
            snprintf(ret, VALUE_TEXT, "%s", k->words[0]);
        else
            value_number_text(k->type, number, ret);
        return;
    }
}
