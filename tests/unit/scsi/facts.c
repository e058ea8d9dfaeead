/* SPDX-License-Identifier: Apache-2.0 */
/* The list of facts owns what it holds, keeps order, and gives up once when memory does. */
#include "golden.h"

#include <criterion/criterion.h>

#include <stdio.h>
#include <string.h>

Test(facts, start_empty_and_free_twice)
{
    struct lun_facts f = {0};
    lun_facts_free(&f);
    lun_facts_free(&f);
    cr_assert_eq(f.count, 0);
}

Test(facts, number_with_unit)
{
    FACTS f = {0};
    lun_facts_number(&f, "", "size", UINT64_MAX, "bytes");
    cr_assert_eq(f.at[0].kind, LUN_FACT_NUMBER);
    cr_assert_eq(f.at[0].number, UINT64_MAX);
    cr_assert_str_eq(f.at[0].unit, "bytes");
    cr_assert_null(f.at[0].text);
}

Test(facts, number_without_unit)
{
    FACTS f = {0};
    lun_facts_number(&f, "", "count", 3, NULL);
    cr_assert_null(f.at[0].unit);
}

Test(facts, boolean_is_zero_or_one)
{
    FACTS f = {0};
    lun_facts_boolean(&f, "", "yes", 0x80);
    lun_facts_boolean(&f, "", "no", 0);
    cr_assert_eq(f.at[0].number, 1);
    cr_assert_eq(f.at[1].number, 0);
    cr_assert_eq(f.at[1].kind, LUN_FACT_BOOLEAN);
}

Test(facts, word)
{
    FACTS f = {0};
    lun_facts_word(&f, "", "state", "online");
    cr_assert_eq(f.at[0].kind, LUN_FACT_WORD);
    cr_assert_str_eq(f.at[0].text, "online");
    cr_assert_eq(f.at[0].length, 6);
}

Test(facts, string_may_hold_any_bytes)
{
    FACTS f = {0};
    lun_facts_string(&f, "", "vendor", "a\0b", 3);
    cr_assert_eq(f.at[0].length, 3);
    cr_assert_arr_eq(f.at[0].text, "a\0b", 4, "a NUL follows the bytes");
}

Test(facts, empty_string_and_hex)
{
    FACTS f = {0};
    lun_facts_string(&f, "", "s", NULL, 0);
    lun_facts_hex(&f, "", "h", NULL, 0);
    cr_assert_str_eq(f.at[0].text, "");
    cr_assert_eq(f.at[1].kind, LUN_FACT_HEX);
    cr_assert_eq(f.at[1].length, 0);
}

Test(facts, copies_all_strings)
{
    FACTS f = {0};
    char path[] = "designators.0", key[] = "type", unit[] = "ms";
    uint8_t bytes[] = {1, 2, 3};
    lun_facts_number(&f, path, key, 1, unit);
    lun_facts_hex(&f, path, key, bytes, sizeof bytes);
    memset(path, 'x', sizeof path - 1);
    memset(key, 'x', sizeof key - 1);
    memset(unit, 'x', sizeof unit - 1);
    memset(bytes, 0, sizeof bytes);
    cr_assert_str_eq(f.at[0].path, "designators.0");
    cr_assert_str_eq(f.at[0].key, "type");
    cr_assert_str_eq(f.at[0].unit, "ms");
    cr_assert_arr_eq(f.at[1].text, "\1\2\3", 3);
}

Test(facts, keep_their_order_while_growing)
{
    FACTS f = {0};
    char key[16];
    for (unsigned i = 0; i < 1000; i++) {
        snprintf(key, sizeof key, "k%u", i);
        lun_facts_number(&f, "", key, i, NULL);
    }
    cr_assert_eq(f.count, 1000);
    for (unsigned i = 0; i < 1000; i++)
        cr_assert_eq(f.at[i].number, i);
    cr_assert_str_eq(f.at[999].key, "k999");
}

Test(facts, after_a_failure_nothing_is_added)
{
    FACTS f = {0};
    lun_facts_word(&f, "", "a", "b");
    f.failed = true;
    lun_facts_word(&f, "", "c", "d");
    cr_assert_eq(f.count, 1);
}

Test(facts, impossible_length_fails_and_keeps_the_rest)
{
    FACTS f = {0};
    lun_facts_word(&f, "", "a", "b");
    lun_facts_string(&f, "", "c", "", SIZE_MAX);
    cr_assert(f.failed);
    cr_assert_eq(f.count, 1);
    cr_assert_str_eq(f.at[0].text, "b");
}
