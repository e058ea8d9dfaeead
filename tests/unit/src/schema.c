/* SPDX-License-Identifier: Apache-2.0 */
/* The table of keys holds together. */
#include "schema.h"

#include <criterion/criterion.h>
#include <string.h>

Test(schema, paths_are_unique)
{
    for (size_t i = 0; i < schema_count; i++)
        for (size_t j = 0; j < i; j++)
            cr_assert_str_neq(schema_keys[i].path, schema_keys[j].path);
}

Test(schema, aliases_name_one_key)
{
    for (size_t i = 0; i < schema_count; i++)
        if (schema_keys[i].alias)
            cr_assert_eq(schema_option(schema_keys[i].alias), &schema_keys[i]);
}

Test(schema, every_key_with_a_value_is_explained)
{
    for (size_t i = 0; i < schema_count; i++) {
        const struct schema_key *k = &schema_keys[i];
        bool explained = k->help || k->type == SCHEMA_MAP || k->type == SCHEMA_ENTRIES;
        cr_assert(explained, "%s", k->path);
    }
}

Test(schema, ranges_are_not_empty)
{
    for (size_t i = 0; i < schema_count; i++)
        cr_assert(schema_keys[i].min <= schema_keys[i].max, "%s", schema_keys[i].path);
}

Test(schema, finds_only_where_a_key_may_stand)
{
    cr_assert(schema_find(SCHEMA_TARGET, "", "iqn"));
    cr_assert_null(schema_find(SCHEMA_TOP, "", "iqn"));
    cr_assert(schema_find(SCHEMA_DISCOVER, "auth.chap", "user"));
    cr_assert_null(schema_find(SCHEMA_TARGET, "", "auth.chap.user"));
    cr_assert_null(schema_find(SCHEMA_TARGET, "auth.ch", "user"));
}

Test(schema, suggests_after_one_slip)
{
    cr_assert_str_eq(schema_suggest(SCHEMA_TOP, "", "loop"), "loops");
    cr_assert_str_eq(schema_suggest(SCHEMA_TARGET, "", "portal_s"), "portals");
}

Test(schema, suggests_after_two_slips_in_a_long_word)
{
    cr_assert_str_eq(schema_suggest(SCHEMA_TARGET, "", "hedder_digest"), "header_digest");
}

Test(schema, does_not_guess)
{
    cr_assert_null(schema_suggest(SCHEMA_TOP, "", "verbose"));
    cr_assert_null(schema_suggest(SCHEMA_TARGET, "", "x"));
}
