/* SPDX-License-Identifier: Apache-2.0 */
/* Open handles by slot and generation. */
#include "handle.h"

#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

Test(handle, found_by_number)
{
    struct handle_table t = {0};
    struct handle *h = handle_new(&t, NULL, 0);
    cr_assert_eq(handle_get(&t, handle_number(h)), h);
    handle_table_free(&t);
}

Test(handle, stale_number_finds_nothing)
{
    struct handle_table t = {0};
    struct handle *h = handle_new(&t, NULL, 0);
    uint64_t old = handle_number(h);
    handle_free(&t, h);
    cr_assert_null(handle_get(&t, old));
    struct handle *again = handle_new(&t, NULL, 0);
    cr_assert_eq(again, h, "the slot is used again");
    cr_assert_null(handle_get(&t, old));
    cr_assert_eq(handle_get(&t, handle_number(again)), again);
    handle_table_free(&t);
}

Test(handle, invented_numbers_find_nothing)
{
    struct handle_table t = {0};
    cr_assert_null(handle_get(&t, 0));
    handle_new(&t, NULL, 0);
    cr_assert_null(handle_get(&t, 0));
    cr_assert_null(handle_get(&t, 1));
    cr_assert_null(handle_get(&t, UINT64_MAX));
    handle_table_free(&t);
}

Test(handle, many_are_distinct)
{
    struct handle_table t = {0};
    uint64_t numbers[500];
    for (int i = 0; i < 500; i++)
        numbers[i] = handle_number(handle_new(&t, NULL, i));
    for (int i = 0; i < 500; i++)
        cr_assert_eq(handle_get(&t, numbers[i])->flags, i);
    handle_table_free(&t);
}

Test(handle, nothing_is_inherited_from_the_former_user)
{
    struct handle_table t = {0};
    struct handle *h = handle_new(&t, NULL, 7);
    h->text = strdup("text");
    h->length = 4;
    h->dirty = true;
    handle_free(&t, h);
    h = handle_new(&t, NULL, 0);
    cr_assert_null(h->text);
    cr_assert_eq(h->length, 0);
    cr_assert_not(h->dirty);
    handle_table_free(&t);
}

Test(handle, freed_twice_is_freed_once)
{
    struct handle_table t = {0};
    struct handle *h = handle_new(&t, NULL, 0);
    handle_free(&t, h);
    handle_free(&t, h);
    handle_free(&t, NULL);
    cr_assert_neq(handle_new(&t, NULL, 0), handle_new(&t, NULL, 0));
    handle_table_free(&t);
}
