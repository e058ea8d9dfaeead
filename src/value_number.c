/* SPDX-License-Identifier: Apache-2.0 */
/* Numbers, sizes and durations: digits, a unit, a range, and back. Main thread; no standard. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "value.h"

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

static const struct unit moment_units[] = {{"us", 1}, {"ms", 1000}, {NULL, 0}};

static const struct unit *units_of(enum schema_type type)
{
    return type == SCHEMA_SIZE       ? size_units
           : type == SCHEMA_DURATION ? time_units
           : type == SCHEMA_MOMENT   ? moment_units
                                     : NULL;
}

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

void value_number_text(enum schema_type type, uint64_t value, char ret[static VALUE_TEXT])
{
    const struct unit *units = units_of(type);
    if (units)
        put_unit(units, value, ret);
    else
        snprintf(ret, VALUE_TEXT, "%" PRIu64, value);
}

static bool check_range(const struct schema_key *k, const struct value *v, uint64_t n, struct lun_error *e)
{
    if (n >= k->min && n <= k->max)
        return true;
    char min[VALUE_TEXT], max[VALUE_TEXT];
    value_number_text(k->type, k->min, min);
    value_number_text(k->type, k->max, max);
    return value_fail(k, &v->place, e, "%.*s is out of range (%s to %s)", VALUE_SHOWN, v->text, min, max);
}

/* What has a unit may be written as strings, NUMBER and the items of LUNS not. */
bool value_number_take(const struct schema_key *k, const struct value *v, uint64_t *ret, struct lun_error *e)
{
    const struct unit *units = units_of(k->type);
    const char *end;
    uint64_t n;
    if ((v->quoted && !units) || !take_digits(v->text, &n, &end))
        return value_fail_type(k, v, e);
    if (units ? !take_unit(end, units, &n) : *end != '\0')
        return value_fail_type(k, v, e);
    if (!check_range(k, v, n, e))
        return false;
    *ret = n;
    return true;
}
