/* SPDX-License-Identifier: Apache-2.0 */
/* Words to values, checked against the table of keys, and back. Main thread; no standard but the names of
 * the CHAP algorithms (RFC 7143, 12.1.3). */
#include "value.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "config.h"

#define SHOWN 64 /* characters of a bad value in its message */

bool value_is_list(enum schema_type type)
{
    return type == SCHEMA_PORTALS || type == SCHEMA_LUNS || type == SCHEMA_ALGORITHMS;
}

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

static bool fail_type(const struct schema_key *k, const struct value *v, struct lun_error *e)
{
    const char *wanted = schema_type_text(k->type);
    if (v->quoted)
        return value_fail(k, &v->place, e, "must be %s, not a quoted string", wanted);
    return value_fail(k, &v->place, e, "must be %s, not '%.*s'", wanted, SHOWN, v->text);
}

/* Decimal digits at the start of text, at least one; too large a number is UINT64_MAX, in nobody's range. */
static bool take_digits(const char *text, uint64_t *ret, const char **ret_end)
{
    uint64_t n = 0;
    const char *p = text;
    for (; *p >= '0' && *p <= '9'; p++)
        if (__builtin_mul_overflow(n, 10, &n) || __builtin_add_overflow(n, (uint64_t)(*p - '0'), &n))
            n = UINT64_MAX;
    if (p == text)
        return false;
    *ret = n;
    *ret_end = p;
    return true;
}

struct unit {
    const char *name;
    uint64_t factor;
};

/* Ascending; the first of each that divides a value from the end is how it is shown. */
static const struct unit size_units[] = {{"", 1},          {"KiB", 1 << 10},    {"MiB", 1 << 20},
                                         {"GiB", 1 << 30}, {"TiB", 1ull << 40}, {NULL, 0}};
static const struct unit time_units[] = {{"ms", 1}, {"s", 1000}, {"m", 60000}, {"h", 3600000}, {NULL, 0}};

static bool take_unit(const char *text, const struct unit *units, uint64_t *value)
{
    for (const struct unit *u = units; u->name; u++)
        if (!strcmp(text, u->name)) {
            if (__builtin_mul_overflow(*value, u->factor, value))
                *value = UINT64_MAX;
            return true;
        }
    return false;
}

static void put_unit(const struct unit *units, uint64_t value, char ret[static VALUE_TEXT])
{
    const struct unit *best = units;
    for (const struct unit *u = units; u->name && value; u++)
        if (value % u->factor == 0)
            best = u;
    snprintf(ret, VALUE_TEXT, "%" PRIu64 "%s", value / best->factor, best->name);
}

static void put_number(enum schema_type type, uint64_t value, char ret[static VALUE_TEXT])
{
    if (type == SCHEMA_SIZE)
        put_unit(size_units, value, ret);
    else if (type == SCHEMA_DURATION)
        put_unit(time_units, value, ret);
    else
        snprintf(ret, VALUE_TEXT, "%" PRIu64, value);
}

static bool check_range(const struct schema_key *k, const struct value *v, uint64_t n, struct lun_error *e)
{
    if (n >= k->min && n <= k->max)
        return true;
    char min[VALUE_TEXT], max[VALUE_TEXT];
    put_number(k->type, k->min, min);
    put_number(k->type, k->max, max);
    return value_fail(k, &v->place, e, "%.*s is out of range (%s to %s)", SHOWN, v->text, min, max);
}

/* SIZE and DURATION may be written as strings, NUMBER and the items of LUNS not. */
static bool take_number(const struct schema_key *k, const struct value *v, uint64_t *ret, struct lun_error *e)
{
    const struct unit *units = k->type == SCHEMA_SIZE       ? size_units
                               : k->type == SCHEMA_DURATION ? time_units
                                                            : NULL;
    const char *end;
    uint64_t n;
    if ((v->quoted && !units) || !take_digits(v->text, &n, &end))
        return fail_type(k, v, e);
    if (units ? !take_unit(end, units, &n) : *end != '\0')
        return fail_type(k, v, e);
    if (!check_range(k, v, n, e))
        return false;
    *ret = n;
    return true;
}

static bool set_number(const struct schema_key *k, void *field, const struct value *v, struct lun_error *e)
{
    uint64_t n = UINT32_MAX;
    bool never = k->words && k->type == SCHEMA_DURATION && !strcmp(v->text, k->words[0]);
    if (!never && !take_number(k, v, &n, e))
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
    return fail_type(k, v, e);
}

static bool set_boolean(const struct schema_key *k, void *field, const struct value *v, struct lun_error *e)
{
    bool b = false;
    if (!take_boolean(k, v, &b, e))
        return false;
    if (k->type == SCHEMA_OFFER)
        *(int *)field = b ? 2 : 1;
    else
        *(bool *)field = b;
    return true;
}

static bool take_word(const struct schema_key *k, const struct value *v, int *ret, struct lun_error *e)
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
    if (k->type == SCHEMA_WORD && !strcmp(k->path, "cache") && !strcmp(v->text, "cached"))
        return value_fail(k, &v->place, e, "'cached' is not supported yet, only 'direct'");
    return value_fail(k, &v->place, e, "'%.*s' is not one of: %s", SHOWN, v->text, known);
}

static bool set_mode(const struct schema_key *k, void *field, const struct value *v, struct lun_error *e)
{
    uint32_t mode = 0;
    size_t n = strlen(v->text);
    if (n < 1 || n > 5 || strspn(v->text, "01234567") != n)
        return value_fail(k, &v->place, e, "'%.*s' is not %s", SHOWN, v->text, schema_type_text(k->type));
    for (const char *p = v->text; *p; p++)
        mode = mode * 8 + (uint32_t)(*p - '0');
    if (mode > k->max)
        return value_fail(k, &v->place, e, "%s is out of range (0 to 0777)", v->text);
    *(uint32_t *)field = mode;
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
        return value_fail(k, &v->place, e, "'%.*s' cannot be the name of a directory", SHOWN, v->text);
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

static bool add_portal(const struct schema_key *k, struct config_target *t, const struct value *v,
                       struct lun_error *e)
{
    char host[256];
    uint16_t port;
    struct lun_error why = {0};
    if (!lun_portal_parse(v->text, host, &port, &why))
        return value_fail(k, &v->place, e, "%s", why.text);
    char **grown = reallocarray(t->portals, t->portal_count + 1, sizeof *grown);
    if (!grown)
        return place_no_memory(e);
    t->portals = grown;
    if (!(grown[t->portal_count] = strdup(v->text)))
        return place_no_memory(e);
    t->portal_count++;
    return true;
}

/* After those there are already (a URL's own). */
static bool set_portals(const struct schema_key *k, struct config_target *t, const struct value *v, size_t n,
                        struct lun_error *e)
{
    for (size_t i = 0; i < n; i++)
        if (!add_portal(k, t, &v[i], e))
            return false;
    return true;
}

static bool take_luns(const struct schema_key *k, uint64_t *luns, const struct value *v, size_t n,
                      struct lun_error *e)
{
    for (size_t i = 0; i < n; i++) {
        if (!take_number(k, &v[i], &luns[i], e))
            return false;
        for (size_t j = 0; j < i; j++)
            if (luns[j] == luns[i])
                return value_fail(k, &v[i].place, e, "%" PRIu64 " is given twice", luns[i]);
    }
    return true;
}

#define LUNS_MAX 16384 /* as many as flat space addressing tells apart (SAM-5, 4.7) */

static bool set_luns(const struct schema_key *k, struct config_target *t, const struct value *v, size_t n,
                     struct lun_error *e)
{
    if (n > LUNS_MAX)
        return value_fail(k, &v->place, e, "more than %d LUNs", LUNS_MAX);
    uint64_t *luns = calloc(n, sizeof *luns);
    if (!luns)
        return place_no_memory(e);
    if (!take_luns(k, luns, v, n, e)) {
        free(luns);
        return false;
    }
    free(t->luns);
    t->luns = luns;
    t->lun_count = n;
    return true;
}

static const uint8_t algorithm_codes[LUN_CHAP_ALGORITHMS] = {LUN_CHAP_MD5, LUN_CHAP_SHA1, LUN_CHAP_SHA256,
                                                             LUN_CHAP_SHA3_256};

static bool set_algorithms(const struct schema_key *k, uint8_t *field, const struct value *v, size_t n,
                           struct lun_error *e)
{
    uint8_t codes[LUN_CHAP_ALGORITHMS] = {0};
    for (size_t i = 0; i < n; i++) {
        int word;
        if (!take_word(k, &v[i], &word, e))
            return false;
        if (i >= LUN_CHAP_ALGORITHMS || memchr(codes, algorithm_codes[word], sizeof codes))
            return value_fail(k, &v[i].place, e, "'%s' is given twice", v[i].text);
        codes[i] = algorithm_codes[word];
    }
    memcpy(field, codes, sizeof codes);
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
    switch (k->type) {
    case SCHEMA_BOOLEAN:
    case SCHEMA_OFFER:
        return set_boolean(k, field, v, e);
    case SCHEMA_NUMBER:
    case SCHEMA_SIZE:
    case SCHEMA_DURATION:
        return set_number(k, field, v, e);
    case SCHEMA_WORD:
        return take_word(k, v, field, e);
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
        return set_portals(k, base, v, n, e);
    case SCHEMA_LUNS:
        return set_luns(k, base, v, n, e);
    case SCHEMA_ALGORITHMS:
        return set_algorithms(k, field, v, n, e);
    case SCHEMA_SECRET:
    case SCHEMA_SECRET_FILE:
        return set_secret(k, field, v, e);
    case SCHEMA_MAP:
    case SCHEMA_ENTRIES:
        break;
    }
    return fail_type(k, v, e);
}

void value_text(const struct schema_key *k, const void *base, char ret[static VALUE_TEXT])
{
    const void *field = (const char *)base + k->offset;
    switch (k->type) {
    case SCHEMA_BOOLEAN:
        snprintf(ret, VALUE_TEXT, "%s", *(const bool *)field ? "true" : "false");
        return;
    case SCHEMA_OFFER:
        snprintf(ret, VALUE_TEXT, "%s", *(const int *)field == 2 ? "true" : "false");
        return;
    case SCHEMA_WORD:
        snprintf(ret, VALUE_TEXT, "%s", k->words[*(const int *)field]);
        return;
    case SCHEMA_MODE:
        snprintf(ret, VALUE_TEXT, "%04o", *(const uint32_t *)field);
        return;
    case SCHEMA_SIZE:
        put_number(k->type, *(const uint64_t *)field, ret);
        return;
    default:
        if (k->words && *(const uint32_t *)field == UINT32_MAX)
            snprintf(ret, VALUE_TEXT, "%s", k->words[0]);
        else
            put_number(k->type, *(const uint32_t *)field, ret);
        return;
    }
}

const char *value_algorithm_text(const struct schema_key *k, uint8_t algorithm)
{
    for (int i = 0; i < LUN_CHAP_ALGORITHMS; i++)
        if (algorithm_codes[i] == algorithm)
            return k->words[i];
    return NULL;
}
