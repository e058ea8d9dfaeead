/* SPDX-License-Identifier: Apache-2.0 */
/* CHAP responses against the openssl command's digests, settings, and the encoding of binary values. The
 * digests are those of:  printf '\x2asecret-of-alice' | cat - CHALLENGE | openssl dgst
 * -md5|-sha1|-sha256|-sha3-256  */
#include <criterion/criterion.h>
#include <string.h>

#include "login/chap.h"

static const uint8_t challenge[16] = {0x00, 0x11, 0x22, 0x33, 0x44, 0x55, 0x66, 0x77,
                                      0x88, 0x99, 0xaa, 0xbb, 0xcc, 0xdd, 0xee, 0xff};

static void assert_response(uint8_t algorithm, uint8_t id, const uint8_t *bytes, size_t n, const char *hex)
{
    uint8_t response[CHAP_DIGEST_MAX];
    char text[2 * CHAP_DIGEST_MAX + 3];
    struct lun_error e = {0};
    cr_assert(chap_response(algorithm, id, "secret-of-alice", bytes, n, response, &e), "%s", e.text);
    chap_encode(response, chap_digest_length(algorithm), false, text);
    cr_assert_str_eq(text, hex);
}

Test(chap, md5_response)
{
    assert_response(5, 0x2a, challenge, 16, "0x4cc7884682eb210438bb87241f769a5c");
}

Test(chap, sha1_response)
{
    assert_response(6, 0x2a, challenge, 16, "0x052000bd0f3fd5cd2908019220c02329e4f7114b");
}

Test(chap, sha256_response)
{
    assert_response(7, 0x2a, challenge, 16,
                    "0x07a93043e37100070670f3f62a9c59a2d30922ac2cac3acb0abb184c7fa13b40");
}

Test(chap, sha3_256_response)
{
    assert_response(8, 0x2a, challenge, 16,
                    "0x7528013b4c1468c0c29cb793532d49561fde13ccedaee3530eefeea3ff29f9cf");
}

/* printf '\x01secret-of-alice' | cat - 1024-times-Z | openssl dgst -sha256 */
Test(chap, response_to_a_challenge_of_1024_bytes)
{
    uint8_t z[CHAP_BINARY_MAX];
    memset(z, 'Z', sizeof z);
    assert_response(7, 1, z, sizeof z, "0xbfc257758f644b7d9f3e2efb594ca307f2d34e7a97dc0de8ddb3961fa0e70cb8");
}

Test(chap, unknown_algorithm_has_no_response)
{
    uint8_t response[CHAP_DIGEST_MAX];
    struct lun_error e = {0};
    cr_assert_not(chap_response(9, 1, "secret-of-alice", challenge, 16, response, &e));
    cr_assert_eq(e.layer, LUN_USAGE);
    cr_assert_eq(chap_digest_length(9), 0);
    cr_assert_null(chap_name(9));
}

Test(chap, names_and_lengths)
{
    cr_assert_str_eq(chap_name(5), "MD5");
    cr_assert_str_eq(chap_name(8), "SHA3-256");
    cr_assert_eq(chap_digest_length(5), 16);
    cr_assert_eq(chap_digest_length(6), 20);
    cr_assert_eq(chap_digest_length(7), 32);
    cr_assert_eq(chap_digest_length(8), 32);
}

static void assert_decodes(const char *text, const void *bytes, size_t n)
{
    uint8_t out[CHAP_BINARY_MAX];
    size_t got = 0;
    cr_assert(chap_decode(text, out, sizeof out, &got), "%s", text);
    cr_assert_eq(got, n);
    cr_assert_arr_eq(out, bytes, n);
}

static void assert_undecodable(const char *text)
{
    uint8_t out[8];
    size_t got = 99;
    cr_assert_not(chap_decode(text, out, sizeof out, &got), "%s", text);
    cr_assert_eq(got, 99);
}

Test(chap, hexadecimal_in_either_case)
{
    assert_decodes("0x00112233445566778899aabbccddeeff", challenge, 16);
    assert_decodes("0X00112233445566778899AABBCCDDEEFF", challenge, 16);
}

/* 6.1: n digits have a byte-length of (n + 1) / 2 */
Test(chap, odd_number_of_digits_has_a_leading_zero)
{
    assert_decodes("0x123", "\x01\x23", 2);
    assert_decodes("0xf", "\x0f", 1);
}

/* printf 'any carnal pleas' | base64, and so on */
Test(chap, base64_with_each_padding)
{
    assert_decodes("0bYW55IGNhcm5hbCBwbGVhcw==", "any carnal pleas", 16);
    assert_decodes("0BYW55IGNhcm5hbCBwbGVhc3U=", "any carnal pleasu", 17);
    assert_decodes("0bYW55IGNhcm5hbCBwbGVhc3Vy", "any carnal pleasur", 18);
    assert_decodes("0bABEiM0RVZneImaq7zN3u/w==", challenge, 16);
}

Test(chap, values_that_are_neither)
{
    assert_undecodable("");
    assert_undecodable("0");
    assert_undecodable("0x");
    assert_undecodable("0b");
    assert_undecodable("1234");
    assert_undecodable("0y12");
    assert_undecodable("0x12g4");
    assert_undecodable("0x 12");
    assert_undecodable("0bYW5"); /* not a multiple of four */
    assert_undecodable("0bYW=5");
    assert_undecodable("0b====");
    assert_undecodable("0bY===");
    assert_undecodable("0bYW5-");
}

Test(chap, no_more_bytes_than_there_is_room_for)
{
    assert_decodes("0x0102030405060708", "\1\2\3\4\5\6\7\10", 8);
    assert_undecodable("0x010203040506070809");
    assert_undecodable("0bAQIDBAUGBwgJ"); /* printf '\1\2\3\4\5\6\7\10\11' | base64 */
}

Test(chap, a_challenge_of_1024_bytes_fits_and_1025_do_not)
{
    char text[2 * 1025 + 3];
    uint8_t out[CHAP_BINARY_MAX];
    size_t n = 0;
    memset(text, '4', sizeof text);
    text[1] = 'x';
    text[0] = '0';
    text[2 + 2 * 1024] = 0;
    cr_assert(chap_decode(text, out, sizeof out, &n));
    cr_assert_eq(n, 1024);
    cr_assert_eq(out[1023], 0x44);
    text[2 + 2 * 1024] = '4';
    text[2 + 2 * 1025] = 0;
    cr_assert_not(chap_decode(text, out, sizeof out, &n));
}

static struct lun_auth auth(void)
{
    return (struct lun_auth){.user = "alice",
                             .secret = "secret-of-alice",
                             .mutual_user = "disk",
                             .mutual_secret = "secret-of-disk1"};
}

static void assert_refused(const struct lun_auth *a, const char *why)
{
    struct lun_error e = {0};
    cr_assert_not(chap_check(a, &e));
    cr_assert_eq(e.layer, LUN_USAGE);
    cr_assert(strstr(e.text, why), "%s", e.text);
    if (a->secret && strlen(a->secret) > 1)
        cr_assert_null(strstr(e.text, a->secret), "a secret in an error: %s", e.text);
}

Test(chap, usable_settings)
{
    struct lun_error e;
    struct lun_auth none = {0}, mutual = auth(), one_way = auth();
    one_way.mutual_user = one_way.mutual_secret = NULL;
    cr_assert(chap_check(&none, &e));
    cr_assert(chap_check(&mutual, &e));
    cr_assert(chap_check(&one_way, &e));
}

Test(chap, halves_of_settings_refused)
{
    struct lun_auth a = auth();
    a.secret = NULL;
    assert_refused(&a, "both a name and a secret");
    a = auth();
    a.mutual_secret = NULL;
    assert_refused(&a, "the target needs both");
    a = auth();
    a.user = a.secret = NULL;
    assert_refused(&a, "mutual authentication needs our name");
}

Test(chap, short_secrets_refused)
{
    struct lun_auth a = auth();
    a.secret = "eleven-byte";
    assert_refused(&a, "88 bits, fewer than 96");
    a = auth();
    a.mutual_secret = "short";
    assert_refused(&a, "the target has 40 bits");
}

Test(chap, twelve_bytes_are_enough)
{
    struct lun_auth a = auth();
    struct lun_error e;
    a.secret = "twelve-bytes";
    cr_assert(chap_check(&a, &e));
}

Test(chap, short_secrets_allowed_on_request_but_not_empty_ones)
{
    struct lun_auth a = auth();
    struct lun_error e;
    a.allow_short_secret = true;
    a.secret = "x";
    cr_assert(chap_check(&a, &e));
    a.secret = "";
    assert_refused(&a, "empty");
}

Test(chap, one_secret_for_both_directions_refused)
{
    struct lun_auth a = auth();
    a.mutual_secret = "secret-of-alice";
    assert_refused(&a, "same secret");
}

Test(chap, names_of_no_or_too_many_bytes_refused)
{
    char name[257];
    memset(name, 'n', sizeof name);
    name[256] = 0;
    struct lun_auth a = auth();
    a.user = name;
    assert_refused(&a, "256 bytes");
    a.user = "";
    assert_refused(&a, "0 bytes");
}

Test(chap, algorithms_unknown_or_twice_refused)
{
    struct lun_auth a = auth();
    a.algorithms[0] = 4;
    assert_refused(&a, "algorithm 4");
    a.algorithms[0] = 5;
    a.algorithms[1] = 5;
    assert_refused(&a, "listed twice");
}

/* 12.1.3: MD5 must be offered; tgt misreads 7 and takes the first it knows, so MD5 comes first. */
Test(chap, default_list_begins_with_md5)
{
    struct lun_auth a = auth();
    char list[CHAP_LIST_MAX];
    chap_list(&a, list);
    cr_assert_str_eq(list, "5,8,7,6");
}

Test(chap, configured_list_in_its_order)
{
    struct lun_auth a = auth();
    char list[CHAP_LIST_MAX];
    memcpy(a.algorithms, (uint8_t[]){7, 5, 0, 0}, 4);
    chap_list(&a, list);
    cr_assert_str_eq(list, "7,5");
    memcpy(a.algorithms, (uint8_t[]){8, 7, 6, 5}, 4);
    chap_list(&a, list);
    cr_assert_str_eq(list, "8,7,6,5");
}

Test(chap, comparison)
{
    cr_assert(chap_equal(challenge, challenge, 16));
    cr_assert_not(chap_equal(challenge, challenge + 1, 8));
}
