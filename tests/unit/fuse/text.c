/* SPDX-License-Identifier: Apache-2.0 */
/* Facts as YAML: libyaml must read back what went in, whatever the bytes. */
#include "text.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "yaml_value.h"

static struct text document(struct lun_facts *f)
{
    struct text t = {0};
    text_document(&t, f);
    cr_assert(!t.failed);
    cr_assert(t.length > 0, "never empty");
    cr_assert_eq(t.at[t.length - 1], '\n');
    lun_facts_free(f);
    return t;
}

/* Writes one string and reads it back. libyaml gives \xNN as the character U+00NN in UTF-8, so bytes from 80h
 * on come back as two. */
static void round_trip(const void *bytes, size_t n)
{
    struct lun_facts f = {0};
    lun_facts_string(&f, "", "value", bytes, n);
    struct text t = document(&f);
    for (size_t i = 0; i < t.length; i++)
        cr_assert(t.at[i] == '\n' || (t.at[i] >= 0x20 && t.at[i] < 0x7f), "printable ASCII only");
    size_t length = 0;
    char *back = yaml_value(t.at, t.length, "value", &length);
    cr_assert(back);
    size_t at = 0;
    for (size_t i = 0; i < n; i++) {
        unsigned char c = ((const unsigned char *)bytes)[i];
        unsigned char got = (unsigned char)back[at++];
        if (c >= 0x80)
            got = (unsigned char)((got & 3) << 6 | (back[at++] & 0x3f));
        cr_assert_eq(got, c, "byte %zu: %02x, not %02x", i, got, c);
    }
    cr_assert_eq(at, length);
    free(back);
    free(t.at);
}

Test(text, string_plain)
{
    round_trip("IBM     ", 8);
}

Test(text, string_empty)
{
    round_trip("", 0);
}

Test(text, string_that_looks_like_a_number)
{
    round_trip("600140", 6);
    round_trip("5e12", 4);
    round_trip("0x10", 4);
    round_trip("1_000", 5);
}

Test(text, string_that_looks_like_a_word)
{
    round_trip("no", 2);
    round_trip("null", 4);
    round_trip("~", 1);
}

Test(text, string_with_quotes_and_backslashes)
{
    round_trip("a\"b\\c\\x41\\", 10);
}

Test(text, string_with_yaml_syntax)
{
    round_trip("- a: {b, [c]} # d\n--- |\n...\n%TAG", 31);
}

Test(text, string_of_every_byte)
{
    unsigned char all[256];
    for (int i = 0; i < 256; i++)
        all[i] = (unsigned char)i;
    round_trip(all, sizeof all);
}

Test(text, string_with_nul_inside)
{
    round_trip("a\0b", 3);
}

Test(text, string_of_every_pair)
{
    for (int i = 0; i < 256; i++) {
        char pair[2] = {(char)i, '"'};
        round_trip(pair, 2);
    }
}

Test(text, string_very_long)
{
    char *s = malloc(200000);
    memset(s, 0xfe, 200000);
    round_trip(s, 200000);
    free(s);
}

Test(text, string_is_always_quoted)
{
    struct lun_facts f = {0};
    lun_facts_string(&f, "", "v", "abc", 3);
    struct text t = document(&f);
    cr_assert_eq(strncmp(t.at, "v: \"abc\"\n", t.length), 0);
    free(t.at);
}

Test(text, number)
{
    struct lun_facts f = {0};
    lun_facts_number(&f, "", "blocks", UINT64_MAX, NULL);
    struct text t = document(&f);
    cr_assert(yaml_is(t.at, t.length, "blocks", "18446744073709551615"));
    free(t.at);
}

Test(text, number_with_unit_stays_a_number)
{
    struct lun_facts f = {0};
    lun_facts_number(&f, "", "size", 512, "bytes");
    struct text t = document(&f);
    cr_assert(yaml_is(t.at, t.length, "size", "512"));
    cr_assert(memmem(t.at, t.length, "bytes", 5));
    free(t.at);
}

Test(text, booleans)
{
    struct lun_facts f = {0};
    lun_facts_boolean(&f, "", "a", true);
    lun_facts_boolean(&f, "", "b", false);
    struct text t = document(&f);
    cr_assert(yaml_is(t.at, t.length, "a", "true"));
    cr_assert(yaml_is(t.at, t.length, "b", "false"));
    free(t.at);
}

Test(text, words_are_bare)
{
    struct lun_facts f = {0};
    lun_facts_word(&f, "", "state", "logged in");
    struct text t = document(&f);
    cr_assert(yaml_is(t.at, t.length, "state", "logged in"));
    free(t.at);
}

Test(text, words_that_yaml_would_misread_are_quoted)
{
    static const char *const words[] = {"no", "On", "NULL", "y",   "",   "a: b",
                                        "#a", "a ", "5e12", "- a", "[x]"};
    for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
        struct lun_facts f = {0};
        lun_facts_word(&f, "", "w", words[i]);
        struct text t = document(&f);
        char *back = yaml_value(t.at, t.length, "w", NULL);
        cr_assert_str_eq(back, words[i]);
        cr_assert_not(yaml_is(t.at, t.length, "w", words[i]), "%s is plain", words[i]);
        free(back);
        free(t.at);
    }
}

Test(text, hex_is_quoted_and_lower_case)
{
    struct lun_facts f = {0};
    lun_facts_hex(&f, "", "id", "\x60\x01\x40\xfe", 4);
    struct text t = document(&f);
    char *back = yaml_value(t.at, t.length, "id", NULL);
    cr_assert_str_eq(back, "600140fe");
    cr_assert_not(yaml_is(t.at, t.length, "id", "600140fe"));
    free(back);
    free(t.at);
}

Test(text, paths_nest)
{
    struct lun_facts f = {0};
    lun_facts_number(&f, "a.b.c", "k", 1, NULL);
    lun_facts_number(&f, "a.b", "m", 2, NULL);
    lun_facts_number(&f, "", "top", 3, NULL);
    struct text t = document(&f);
    cr_assert(yaml_is(t.at, t.length, "a.b.c.k", "1"));
    cr_assert(yaml_is(t.at, t.length, "a.b.m", "2"));
    cr_assert(yaml_is(t.at, t.length, "top", "3"));
    free(t.at);
}

Test(text, digits_are_lists)
{
    struct lun_facts f = {0};
    for (int i = 0; i < 12; i++) {
        char path[32];
        snprintf(path, sizeof path, "list.%d", i);
        lun_facts_number(&f, path, "number", (uint64_t)i * 7, NULL);
        lun_facts_number(&f, path, "m", 1, NULL);
    }
    struct text t = document(&f);
    cr_assert(memmem(t.at, t.length, "- number: 7", 11));
    cr_assert(yaml_is(t.at, t.length, "list.11.number", "77"));
    cr_assert(yaml_is(t.at, t.length, "list.11.m", "1"));
    free(t.at);
}

Test(text, lists_in_lists)
{
    struct lun_facts f = {0};
    lun_facts_number(&f, "a.0.b.0", "n", 1, NULL);
    lun_facts_number(&f, "a.0.b.1", "n", 2, NULL);
    lun_facts_number(&f, "a.1.b.0", "n", 3, NULL);
    lun_facts_number(&f, "c.0", "0", 4, NULL);
    struct text t = document(&f);
    cr_assert(yaml_is(t.at, t.length, "a.0.b.1.n", "2"));
    cr_assert(yaml_is(t.at, t.length, "a.1.b.0.n", "3"));
    cr_assert(yaml_is(t.at, t.length, "c.0.0", "4"));
    free(t.at);
}

Test(text, digits_out_of_order_are_a_map)
{
    struct lun_facts f = {0};
    lun_facts_number(&f, "a.1", "n", 1, NULL);
    lun_facts_number(&f, "a.3", "n", 3, NULL);
    struct text t = document(&f);
    cr_assert(yaml_is(t.at, t.length, "a.3.n", "3"));
    free(t.at);
}

Test(text, facts_of_a_path_may_stand_apart)
{
    struct lun_facts f = {0};
    lun_facts_number(&f, "a", "x", 1, NULL);
    lun_facts_number(&f, "b", "x", 2, NULL);
    lun_facts_number(&f, "a", "y", 3, NULL);
    struct text t = document(&f);
    cr_assert(yaml_is(t.at, t.length, "a.y", "3"));
    free(t.at);
}

Test(text, key_twice_is_written_once)
{
    struct lun_facts f = {0};
    lun_facts_number(&f, "", "x", 1, NULL);
    lun_facts_number(&f, "", "x", 2, NULL);
    struct text t = document(&f);
    cr_assert(yaml_is(t.at, t.length, "x", "1"));
    free(t.at);
}

Test(text, leaf_is_no_branch)
{
    struct lun_facts f = {0};
    lun_facts_number(&f, "", "x", 1, NULL);
    lun_facts_number(&f, "x", "y", 2, NULL);
    struct text t = document(&f);
    cr_assert(yaml_is(t.at, t.length, "x", "1"));
    free(t.at);
}

Test(text, nothing_is_an_error_not_an_empty_document)
{
    struct lun_facts f = {0};
    struct text t = document(&f);
    char *error = yaml_value(t.at, t.length, "error", NULL);
    cr_assert(error);
    free(error);
    free(t.at);
}

Test(text, lost_facts_are_admitted)
{
    struct lun_facts f = {0};
    lun_facts_number(&f, "", "x", 1, NULL);
    f.failed = true;
    struct text t = document(&f);
    cr_assert(yaml_is(t.at, t.length, "x", "1"));
    char *error = yaml_value(t.at, t.length, "error", NULL);
    cr_assert(error);
    free(error);
    free(t.at);
}

Test(text, very_deep_path_is_bounded)
{
    struct lun_facts f = {0};
    char path[400] = "a";
    for (int i = 0; i < 150; i++)
        strcat(path, ".a");
    lun_facts_number(&f, path, "x", 1, NULL);
    struct text t = document(&f);
    size_t deepest = 0;
    for (size_t i = 0, n = 0; i < t.length; i++) {
        n = t.at[i] == ' ' ? n + 1 : 0;
        deepest = n > deepest ? n : deepest;
    }
    cr_assert(deepest <= 40);
    char *none = yaml_value(t.at, t.length, "none", NULL);
    cr_assert_null(none);
    free(t.at);
}
