/* SPDX-License-Identifier: Apache-2.0 */
/* Facts as text, table and JSON. JSON is read back with json-c, not compared as text. */
#include "show.h"

#include <criterion/criterion.h>
#include <json-c/json.h>
#include <stdlib.h>
#include <string.h>

static struct lun_facts facts;
static char *printed;

static const char *print(bool (*show)(FILE *, const struct lun_facts *))
{
    size_t n;
    free(printed);
    FILE *f = open_memstream(&printed, &n);
    cr_assert(show(f, &facts));
    fclose(f);
    return printed;
}

static json_object *print_json(void)
{
    json_object *root = json_tokener_parse(print(show_json));
    cr_assert_not_null(root, "no JSON: %s", printed);
    return root;
}

static void finish(void)
{
    lun_facts_free(&facts);
    free(printed);
    printed = NULL;
}

static void string(const char *path, const char *key, const char *text)
{
    lun_facts_string(&facts, path, key, text, strlen(text));
}

/* Two targets: one of two LUNs, one that failed. */
static void san(void)
{
    string("targets.0", "target", "iqn.a:x");
    lun_facts_number(&facts, "targets.0.luns.0", "lun", 0, NULL);
    lun_facts_word(&facts, "targets.0.luns.0", "type", "controller");
    lun_facts_number(&facts, "targets.0.luns.1", "lun", 1, NULL);
    lun_facts_word(&facts, "targets.0.luns.1", "type", "disk");
    lun_facts_number(&facts, "targets.0.luns.1", "capacity", 67108864, "bytes");
    string("targets.1", "target", "iqn.b:y");
    string("targets.1", "error", "refused");
}

TestSuite(show, .fini = finish);

static void check_escape(const char *bytes, size_t n, const char *expected)
{
    char *text = show_escape(bytes, n);
    cr_assert_str_eq(text, expected);
    free(text);
}

Test(show, escape_leaves_printable_text)
{
    check_escape("IET VIRTUAL-DISK ~!", 19, "IET VIRTUAL-DISK ~!");
    check_escape("", 0, "");
}

Test(show, escape_hides_control_characters)
{
    check_escape("a\x1b[2Jb\n\t\0c", 10, "a\\x1b[2Jb\\x0a\\x09\\x00c");
    check_escape("\x7f\x9b\xff", 3, "\\x7f\\x9b\\xff");
}

Test(show, escape_is_unambiguous)
{
    check_escape("\\x41", 4, "\\x5cx41");
}

Test(show, text_aligns_the_keys_of_one_record)
{
    string("", "vendor", "IET");
    lun_facts_number(&facts, "", "additional_length", 31, NULL);
    cr_assert_str_eq(print(show_text), "vendor:            IET\nadditional_length: 31\n");
}

Test(show, text_of_each_kind)
{
    lun_facts_number(&facts, "", "a", 512, "bytes");
    lun_facts_number(&facts, "", "b", 3, "blocks");
    lun_facts_boolean(&facts, "", "c", true);
    lun_facts_boolean(&facts, "", "d", false);
    lun_facts_word(&facts, "", "e", "disk");
    lun_facts_hex(&facts, "", "f", "\x60\x01\xaf", 3);
    cr_assert_str_eq(print(show_text), "a: 512 bytes\nb: 3 blocks\nc: yes\nd: no\ne: disk\nf: 6001af\n");
}

Test(show, text_gives_large_sizes_twice)
{
    lun_facts_number(&facts, "", "capacity", 67108864, "bytes");
    cr_assert_str_eq(print(show_text), "capacity: 67108864 bytes (64 MiB)\n");
}

Test(show, text_indents_what_is_nested)
{
    lun_facts_word(&facts, "", "page", "83");
    lun_facts_word(&facts, "designators.0", "type", "naa");
    lun_facts_word(&facts, "designators.0.inner", "x", "y");
    lun_facts_word(&facts, "designators.1", "type", "t10");
    cr_assert_str_eq(print(show_text), "page: 83\n"
                                       "designators:\n"
                                       "  -\n"
                                       "    type: naa\n"
                                       "    inner:\n"
                                       "      x: y\n"
                                       "  -\n"
                                       "    type: t10\n");
}

Test(show, text_of_a_list_of_values)
{
    lun_facts_hex(&facts, "pages", "0", "\x00", 1);
    lun_facts_hex(&facts, "pages", "1", "\x83", 1);
    cr_assert_str_eq(print(show_text), "pages:\n  - 00\n  - 83\n");
}

Test(show, text_never_carries_control_characters)
{
    lun_facts_string(&facts, "", "product", "\x1b]0;x\x07", 6);
    const char *text = print(show_text);
    for (const char *c = text; *c; c++)
        cr_assert((unsigned char)*c >= 0x20 || *c == '\n');
    cr_assert_not_null(strstr(text, "\\x1b]0;x\\x07"));
}

Test(show, text_of_nothing)
{
    cr_assert_str_eq(print(show_text), "");
}

Test(show, table_has_a_row_for_each_innermost_record)
{
    san();
    cr_assert_str_eq(print(show_table), "target   lun  type        capacity  error\n"
                                        "iqn.a:x  0    controller\n"
                                        "iqn.a:x  1    disk        64 MiB\n"
                                        "iqn.b:y                             refused\n");
}

Test(show, table_columns_stand_as_in_the_records)
{
    lun_facts_word(&facts, "luns.0", "type", "controller");
    lun_facts_word(&facts, "luns.0", "name", "naa.1");
    lun_facts_word(&facts, "luns.1", "type", "disk");
    lun_facts_word(&facts, "luns.1", "capacity", "8");
    lun_facts_word(&facts, "luns.1", "blocks", "2");
    lun_facts_word(&facts, "luns.1", "name", "naa.2");
    cr_assert_str_eq(print(show_table), "type        capacity  blocks  name\n"
                                        "controller                    naa.1\n"
                                        "disk        8         2       naa.2\n");
}

Test(show, table_of_nothing)
{
    cr_assert_str_eq(print(show_table), "");
}

Test(show, table_escapes_cells)
{
    lun_facts_string(&facts, "targets.0", "target", "a\nb", 3);
    cr_assert_str_eq(print(show_table), "target\na\\x0ab\n");
}

Test(show, table_rows_of_ten_and_more_stay_apart)
{
    char path[32];
    for (unsigned i = 0; i < 12; i++) {
        snprintf(path, sizeof path, "luns.%u", i);
        lun_facts_number(&facts, path, "lun", i, NULL);
    }
    cr_assert_str_eq(print(show_table), "lun\n0\n1\n2\n3\n4\n5\n6\n7\n8\n9\n10\n11\n");
}

Test(show, json_nests_objects_and_arrays)
{
    san();
    json_object *root = print_json(), *targets, *luns, *value;
    cr_assert(json_object_object_get_ex(root, "targets", &targets));
    cr_assert_eq(json_object_array_length(targets), 2);
    json_object *first = json_object_array_get_idx(targets, 0);
    cr_assert(json_object_object_get_ex(first, "luns", &luns));
    cr_assert_eq(json_object_array_length(luns), 2);
    json_object_object_get_ex(json_object_array_get_idx(luns, 1), "capacity", &value);
    cr_assert_eq(json_object_get_int64(value), 67108864);
    json_object_object_get_ex(json_object_array_get_idx(targets, 1), "error", &value);
    cr_assert_str_eq(json_object_get_string(value), "refused");
    json_object_put(root);
}

Test(show, json_types)
{
    lun_facts_number(&facts, "", "n", UINT64_MAX, NULL);
    lun_facts_boolean(&facts, "", "b", true);
    string("", "digits", "5e12");
    lun_facts_hex(&facts, "", "hex", "\x12\x34", 2);
    json_object *root = print_json(), *value;
    json_object_object_get_ex(root, "n", &value);
    cr_assert_eq(json_object_get_uint64(value), UINT64_MAX);
    json_object_object_get_ex(root, "b", &value);
    cr_assert(json_object_is_type(value, json_type_boolean));
    json_object_object_get_ex(root, "digits", &value);
    cr_assert(json_object_is_type(value, json_type_string));
    json_object_object_get_ex(root, "hex", &value);
    cr_assert_str_eq(json_object_get_string(value), "1234");
    json_object_put(root);
}

Test(show, json_survives_hostile_strings)
{
    lun_facts_string(&facts, "", "product", "\"}\x1b\x9b\xff\0\\", 7);
    json_object *root = print_json(), *value;
    json_object_object_get_ex(root, "product", &value);
    cr_assert_str_eq(json_object_get_string(value), "\"}\\x1b\\x9b\\xff\\x00\\x5c");
    for (const char *c = printed; *c; c++)
        cr_assert((unsigned char)*c < 0x7f && (*c >= 0x20 || *c == '\n'));
    json_object_put(root);
}

Test(show, json_of_a_list_of_values)
{
    lun_facts_hex(&facts, "pages", "0", "\x00", 1);
    lun_facts_hex(&facts, "pages", "1", "\x83", 1);
    json_object *root = print_json(), *pages;
    json_object_object_get_ex(root, "pages", &pages);
    cr_assert_eq(json_object_array_length(pages), 2);
    cr_assert_str_eq(json_object_get_string(json_object_array_get_idx(pages, 1)), "83");
    json_object_put(root);
}

Test(show, json_of_nothing_is_an_object)
{
    json_object *root = print_json();
    cr_assert(json_object_is_type(root, json_type_object));
    json_object_put(root);
}

Test(show, facts_cut_short_by_memory_are_refused)
{
    size_t n;
    string("", "a", "b");
    facts.failed = true;
    FILE *f = open_memstream(&printed, &n);
    cr_assert_not(show_json(f, &facts));
    cr_assert_not(show_table(f, &facts));
    cr_assert_not(show_text(f, &facts));
    fclose(f);
}
