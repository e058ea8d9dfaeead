/* SPDX-License-Identifier: Apache-2.0 */
/* Key=value pairs, read and written (RFC 7143, 6.1). */
#include "wire/text.h"

#include <criterion/criterion.h>

#define OVER(literal) reader_over(literal, sizeof literal - 1)

static void expect_pair(struct reader *r, const char *key, const char *value)
{
    struct text_pair p;
    const char *why = NULL;
    cr_assert_eq(text_next(r, &p, &why), TEXT_PAIR, "%s", why ? why : "the end");
    cr_assert(text_key_is(&p, key));
    cr_assert_str_eq(p.value, value);
    cr_assert_eq(p.value_length, strlen(value));
}

static void expect_end(struct reader *r)
{
    struct text_pair p;
    const char *why;
    cr_assert_eq(text_next(r, &p, &why), TEXT_END);
}

static void expect_bad(struct reader r, const char *want)
{
    struct text_pair p;
    const char *why = NULL;
    cr_assert_eq(text_next(&r, &p, &why), TEXT_BAD);
    cr_assert_str_eq(why, want);
}

Test(text, pairs_in_order)
{
    struct reader r = OVER("HeaderDigest=None,CRC32C\0MaxBurstLength=262144\0TargetAlias=\0");
    expect_pair(&r, "HeaderDigest", "None,CRC32C");
    expect_pair(&r, "MaxBurstLength", "262144");
    expect_pair(&r, "TargetAlias", "");
    expect_end(&r);
}

Test(text, nothing_is_the_end)
{
    struct reader r = reader_over(NULL, 0);
    expect_end(&r);
}

Test(text, stray_nuls_are_padding)
{
    struct reader r = OVER("\0\0InitialR2T=No\0\0\0ImmediateData=Yes\0\0");
    expect_pair(&r, "InitialR2T", "No");
    expect_pair(&r, "ImmediateData", "Yes");
    expect_end(&r);
}

Test(text, value_may_hold_equals)
{
    struct reader r = OVER("CHAP_C=0bYWJj==\0");
    expect_pair(&r, "CHAP_C", "0bYWJj==");
}

Test(text, value_may_be_utf8)
{
    struct reader r = OVER("TargetAlias=\xc3\xa9tage 2\0");
    expect_pair(&r, "TargetAlias", "\xc3\xa9tage 2");
}

Test(text, extension_keys)
{
    struct reader r = OVER("X-com.example.do_it=1\0X#NodeArchitecture=Example/1\0");
    expect_pair(&r, "X-com.example.do_it", "1");
    expect_pair(&r, "X#NodeArchitecture", "Example/1");
}

Test(text, key_is_compared_whole)
{
    struct reader r = OVER("MaxBurstLength=1\0");
    struct text_pair p;
    const char *why;
    cr_assert_eq(text_next(&r, &p, &why), TEXT_PAIR);
    cr_assert(text_key_is(&p, "MaxBurstLength"));
    cr_assert_not(text_key_is(&p, "MaxBurst"));
    cr_assert_not(text_key_is(&p, "MaxBurstLengthX"));
    cr_assert_not(text_key_is(&p, "maxBurstLength")); /* 6.1: case counts */
}

Test(text, no_final_nul)
{
    expect_bad(OVER("InitialR2T=No"), "no NUL after the last pair");
}

Test(text, no_equals)
{
    expect_bad(OVER("InitialR2T\0"), "a pair without '='");
}

/* The '=' of the next pair is not this one's. */
Test(text, equals_in_the_next_pair)
{
    expect_bad(OVER("InitialR2T\0ImmediateData=Yes\0"), "a pair without '='");
}

Test(text, empty_key)
{
    expect_bad(OVER("=No\0"), "a pair without a key");
}

Test(text, key_of_63_and_64)
{
    char segment[70] = "K";
    memset(segment + 1, 'k', 62);
    memcpy(segment + 63, "=1", 3);
    struct reader r = reader_over(segment, 66);
    struct text_pair p;
    const char *why;
    cr_assert_eq(text_next(&r, &p, &why), TEXT_PAIR);
    cr_assert_eq(p.key_length, 63);
    memcpy(segment + 63, "k=1", 4);
    expect_bad(reader_over(segment, 67), "a key of more than 63 bytes");
}

Test(text, key_begins_with_a_capital)
{
    expect_bad(OVER("initialR2T=No\0"), "a key that does not begin with a capital letter");
    expect_bad(OVER("2InitialR2T=No\0"), "a key that does not begin with a capital letter");
}

Test(text, key_characters)
{
    expect_bad(OVER("Initial R2T=No\0"), "a character that no key may hold");
    expect_bad(OVER("Initial,R2T=No\0"), "a character that no key may hold");
    expect_bad(OVER("Initial\xc3\xa9=No\0"), "a character that no key may hold");
    struct reader r = OVER("Aa0.-+@_=No\0");
    expect_pair(&r, "Aa0.-+@_", "No");
}

Test(text, control_characters_in_a_value)
{
    expect_bad(OVER("TargetAlias=a\nb\0"), "a control character in a value");
    expect_bad(OVER("TargetAlias=a\x1b[2J\0"), "a control character in a value");
    expect_bad(OVER("TargetAlias=a\x7f\0"), "a control character in a value");
}

Test(text, value_of_8192_and_8193)
{
    static char segment[9000] = "CHAP_C=";
    memset(segment + 7, 'x', 8193);
    segment[7 + 8192] = 0;
    struct reader r = reader_over(segment, 7 + 8192 + 1);
    struct text_pair p;
    const char *why;
    cr_assert_eq(text_next(&r, &p, &why), TEXT_PAIR);
    cr_assert_eq(p.value_length, 8192);
    segment[7 + 8192] = 'x';
    expect_bad(reader_over(segment, 7 + 8193 + 1), "a value of more than 8192 bytes");
}

/* What was read before the fault stays readable; the fault stays. */
Test(text, fault_after_good_pairs)
{
    struct reader r = OVER("InitialR2T=No\0ImmediateData");
    expect_pair(&r, "InitialR2T", "No");
    expect_bad(r, "no NUL after the last pair");
    expect_bad(r, "no NUL after the last pair");
}

Test(text, put_pairs)
{
    char segment[64];
    memset(segment, '#', sizeof segment);
    struct writer w = writer_over(segment, sizeof segment);
    text_put(&w, "InitialR2T", "No");
    text_putf(&w, "MaxBurstLength", "%u", 262144u);
    text_put(&w, "TargetAlias", "");
    static const char want[] = "InitialR2T=No\0MaxBurstLength=262144\0TargetAlias=\0";
    cr_assert_not(w.bad);
    cr_assert_eq(writer_used(&w), sizeof want - 1);
    cr_assert_arr_eq(segment, want, sizeof want - 1);
    cr_assert_eq(segment[sizeof want - 1], '#');
}

Test(text, put_fills_to_the_last_byte)
{
    char segment[16];
    struct writer w = writer_over(segment, 14);
    text_put(&w, "InitialR2T", "No");
    cr_assert_not(w.bad);
    cr_assert_eq(writer_used(&w), 14);
}

Test(text, put_that_does_not_fit)
{
    for (size_t room = 0; room < 14; room++) {
        char segment[16];
        memset(segment, '#', sizeof segment);
        struct writer w = writer_over(segment, room);
        text_put(&w, "InitialR2T", "No");
        cr_assert(w.bad);
        cr_assert_eq(writer_used(&w), 0);
        for (size_t i = room; i < sizeof segment; i++)
            cr_assert_eq(segment[i], '#');
    }
}

Test(text, put_after_a_failure_does_nothing)
{
    char segment[32];
    struct writer w = writer_over(segment, sizeof segment);
    text_put(&w, "InitialR2T", "No");
    text_putf(&w, "TargetAlias", "%*s", 40, "x");
    text_put(&w, "A", "b");
    cr_assert(w.bad);
    cr_assert_eq(writer_used(&w), 14);
}
