/* SPDX-License-Identifier: Apache-2.0 */
/* The table of text keys and the values each type takes (RFC 7143 6.1, 6.2, chapter 13). */
#include <criterion/criterion.h>

#include "login/keys.h"

static bool parses(enum key_id id, const char *text)
{
    uint32_t v;
    return keys_parse(keys_get(id), text, &v);
}

static uint32_t parsed(enum key_id id, const char *text)
{
    uint32_t v = 0xdead;
    cr_assert(keys_parse(keys_get(id), text, &v));
    return v;
}

Test(keys, every_name_finds_its_own_row)
{
    for (enum key_id id = 0; id < KEY_COUNT; id++)
        cr_assert_eq(keys_find(keys_get(id)->name), id);
}

Test(keys, names_are_case_sensitive)
{
    cr_assert_eq(keys_find("headerdigest"), KEY_COUNT);
    cr_assert_eq(keys_find("HeaderDigestX"), KEY_COUNT);
    cr_assert_eq(keys_find(""), KEY_COUNT);
}

Test(keys, defaults_are_those_of_chapter_13)
{
    static const struct {
        enum key_id id;
        uint32_t standard;
    } rows[] = {
        {KEY_HEADER_DIGEST, 0},     {KEY_DATA_DIGEST, 0},     {KEY_MAX_CONNECTIONS, 1},
        {KEY_INITIAL_R2T, 1},       {KEY_IMMEDIATE_DATA, 1},  {KEY_MAX_RECV, 8192},
        {KEY_MAX_BURST, 262144},    {KEY_FIRST_BURST, 65536}, {KEY_TIME2WAIT, 2},
        {KEY_TIME2RETAIN, 20},      {KEY_MAX_R2T, 1},         {KEY_PDU_IN_ORDER, 1},
        {KEY_SEQUENCE_IN_ORDER, 1}, {KEY_RECOVERY_LEVEL, 0},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        cr_assert_eq(keys_get(rows[i].id)->standard, rows[i].standard, "%s", keys_get(rows[i].id)->name);
}

Test(keys, result_functions_are_those_of_chapter_13)
{
    cr_assert_eq(keys_get(KEY_INITIAL_R2T)->type, KEY_OR);
    cr_assert_eq(keys_get(KEY_IMMEDIATE_DATA)->type, KEY_AND);
    cr_assert_eq(keys_get(KEY_PDU_IN_ORDER)->type, KEY_OR);
    cr_assert_eq(keys_get(KEY_SEQUENCE_IN_ORDER)->type, KEY_OR);
    cr_assert_eq(keys_get(KEY_TIME2WAIT)->type, KEY_MAXIMUM);
    cr_assert_eq(keys_get(KEY_TIME2RETAIN)->type, KEY_MINIMUM);
    cr_assert_eq(keys_get(KEY_MAX_BURST)->type, KEY_MINIMUM);
    cr_assert_eq(keys_get(KEY_MAX_RECV)->type, KEY_NUMBER);
}

Test(keys, irrelevant_in_discovery_are_those_of_chapter_13)
{
    static const char *const names[] = {
        "MaxConnections",    "InitialR2T",     "ImmediateData",       "MaxBurstLength", "FirstBurstLength",
        "MaxOutstandingR2T", "DataPDUInOrder", "DataSequenceInOrder", "TaskReporting",  "iSCSIProtocolLevel"};
    size_t found = 0;
    for (enum key_id id = 0; id < KEY_COUNT; id++)
        found += !!(keys_get(id)->flags & KEY_NO_DISCOVERY);
    cr_assert_eq(found, sizeof names / sizeof *names);
    for (size_t i = 0; i < found; i++)
        cr_assert(keys_get(keys_find(names[i]))->flags & KEY_NO_DISCOVERY, "%s", names[i]);
}

Test(keys, any_stage_keys_of_the_target)
{
    cr_assert(keys_get(KEY_PORTAL_GROUP)->target & KEY_S);
    cr_assert(keys_get(KEY_TARGET_ALIAS)->target & KEY_S);
    cr_assert_not(keys_get(KEY_MAX_RECV)->target & KEY_S);
    cr_assert_not(keys_get(KEY_AUTH_METHOD)->target & KEY_O);
}

Test(keys, decimal_numbers)
{
    uint64_t v;
    cr_assert(keys_number("0", &v) && v == 0);
    cr_assert(keys_number("8192", &v) && v == 8192);
    cr_assert(keys_number("18446744073709551615", &v) && v == UINT64_MAX);
}

Test(keys, hexadecimal_numbers)
{
    uint64_t v;
    cr_assert(keys_number("0x2000", &v) && v == 8192);
    cr_assert(keys_number("0XfF", &v) && v == 255);
    cr_assert(keys_number("0xffffffffffffffff", &v) && v == UINT64_MAX);
}

Test(keys, numbers_that_are_none)
{
    static const char *const bad[] = {"",
                                      "-1",
                                      "+1",
                                      " 1",
                                      "1 ",
                                      "08192",
                                      "00",
                                      "0x",
                                      "0xg",
                                      "1a",
                                      "1.0",
                                      "Yes",
                                      "1~2",
                                      "0b10",
                                      "18446744073709551616",
                                      "0x10000000000000000"};
    uint64_t v = 5;
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        cr_assert_not(keys_number(bad[i], &v), "%s", bad[i]);
    cr_assert_eq(v, 5);
}

Test(keys, ranges_are_held)
{
    cr_assert(parses(KEY_MAX_BURST, "512") && parses(KEY_MAX_BURST, "16777215"));
    cr_assert_not(parses(KEY_MAX_BURST, "511"));
    cr_assert_not(parses(KEY_MAX_BURST, "16777216"));
    cr_assert(parses(KEY_TIME2WAIT, "0") && parses(KEY_TIME2WAIT, "3600"));
    cr_assert_not(parses(KEY_TIME2WAIT, "3601"));
    cr_assert_not(parses(KEY_MAX_R2T, "0"));
    cr_assert_not(parses(KEY_MAX_R2T, "65536"));
    cr_assert_not(parses(KEY_RECOVERY_LEVEL, "3"));
    cr_assert_not(parses(KEY_CHAP_I, "256"));
}

Test(keys, a_number_beyond_32_bits_does_not_wrap_into_range)
{
    cr_assert_not(parses(KEY_MAX_BURST, "4294967808")); /* 2^32 + 512 */
}

Test(keys, booleans_are_yes_and_no_only)
{
    cr_assert_eq(parsed(KEY_INITIAL_R2T, "Yes"), 1);
    cr_assert_eq(parsed(KEY_INITIAL_R2T, "No"), 0);
    cr_assert_not(parses(KEY_INITIAL_R2T, "yes"));
    cr_assert_not(parses(KEY_INITIAL_R2T, "1"));
    cr_assert_not(parses(KEY_INITIAL_R2T, ""));
    cr_assert_not(parses(KEY_INITIAL_R2T, "No,Yes"));
}

Test(keys, words_of_a_list)
{
    cr_assert_eq(parsed(KEY_HEADER_DIGEST, "None"), 0);
    cr_assert_eq(parsed(KEY_HEADER_DIGEST, "CRC32C"), 1);
    cr_assert_not(parses(KEY_HEADER_DIGEST, "CRC32"));
    cr_assert_not(parses(KEY_HEADER_DIGEST, "None,CRC32C"));
}

Test(keys, list_membership_is_by_whole_words)
{
    cr_assert(keys_list_has("5,7", "5"));
    cr_assert(keys_list_has("5,7", "7"));
    cr_assert_not(keys_list_has("5,17", "7"));
    cr_assert_not(keys_list_has("5,7", ""));
    cr_assert_not(keys_list_has("", "5"));
    cr_assert_not(keys_list_has("5,7", "5,7"));
}

Test(keys, reserved_words)
{
    cr_assert(keys_reserved("Reject") && keys_reserved("Irrelevant") && keys_reserved("NotUnderstood"));
    cr_assert_not(keys_reserved("None"));
    cr_assert_not(keys_reserved("reject"));
}

Test(keys, admissible_outcomes)
{
    cr_assert(keys_admissible(keys_get(KEY_MAX_BURST), 1000, 512));
    cr_assert_not(keys_admissible(keys_get(KEY_MAX_BURST), 1000, 1001));
    cr_assert(keys_admissible(keys_get(KEY_TIME2WAIT), 2, 3));
    cr_assert_not(keys_admissible(keys_get(KEY_TIME2WAIT), 2, 1));
    cr_assert_not(keys_admissible(keys_get(KEY_INITIAL_R2T), 1, 0));
    cr_assert_not(keys_admissible(keys_get(KEY_IMMEDIATE_DATA), 0, 1));
}

Test(keys, selection_by_result_function)
{
    cr_assert_eq(keys_select(keys_get(KEY_MAX_BURST), 1000, 512), 512);
    cr_assert_eq(keys_select(keys_get(KEY_TIME2WAIT), 2, 5), 5);
    cr_assert_eq(keys_select(keys_get(KEY_INITIAL_R2T), 0, 1), 1);
    cr_assert_eq(keys_select(keys_get(KEY_IMMEDIATE_DATA), 1, 0), 0);
}

Test(keys, offers_with_one_outcome)
{
    cr_assert(keys_determined(keys_get(KEY_IMMEDIATE_DATA), 0));
    cr_assert_not(keys_determined(keys_get(KEY_IMMEDIATE_DATA), 1));
    cr_assert(keys_determined(keys_get(KEY_INITIAL_R2T), 1));
    cr_assert_not(keys_determined(keys_get(KEY_INITIAL_R2T), 0));
    cr_assert(keys_determined(keys_get(KEY_RECOVERY_LEVEL), 0));
    cr_assert_not(keys_determined(keys_get(KEY_MAX_R2T), 8));
}
