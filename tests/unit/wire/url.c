/* SPDX-License-Identifier: Apache-2.0 */
/* iscsi:// URLs: taken apart, refused by name, and silent about passwords. */
#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

#include "lun.h"

#define IQN "iqn.2026-01.com.example:disk"

static struct lun_url parsed(const char *text)
{
    struct lun_url u;
    struct lun_error e;
    cr_assert(lun_url_parse(text, &u, &e), "%s", e.text);
    return u;
}

static void same(const char *got, const char *want)
{
    if (want) {
        cr_assert_not_null(got);
        cr_assert_str_eq(got, want);
    } else {
        cr_assert_null(got);
    }
}

static void gives(const char *text, const char *user, const char *password, const char *portal,
                  const char *iqn)
{
    struct lun_url u = parsed(text);
    same(u.user, user);
    same(u.password, password);
    same(u.portal, portal);
    same(u.iqn, iqn);
    cr_assert_not(u.has_lun);
    lun_url_free(&u);
}

/* Refused with `why` in the text, nothing of *ret changed, and "SECRET" nowhere in the text. */
static void bad(const char *text, const char *why)
{
    struct lun_url u, before;
    memset(&u, 0x5a, sizeof u);
    memcpy(&before, &u, sizeof u);
    struct lun_error e = {0};
    cr_assert_not(lun_url_parse(text, &u, &e), "%s", text);
    cr_assert_eq(e.layer, LUN_USAGE);
    cr_assert_not_null(strstr(e.text, why), "%s", e.text);
    cr_assert_null(strstr(e.text, "SECRET"), "%s", e.text);
    cr_assert_eq(memcmp(&u, &before, sizeof u), 0);
}

Test(url, target_and_lun)
{
    struct lun_url u = parsed("iscsi://192.0.2.10:3261/" IQN "/5");
    cr_assert_str_eq(u.portal, "192.0.2.10:3261");
    cr_assert_str_eq(u.iqn, IQN);
    cr_assert(u.has_lun);
    cr_assert_eq(u.lun, 5);
    cr_assert_null(u.user);
    lun_url_free(&u);
}

Test(url, everything)
{
    struct lun_url u = parsed("iscsi://host7%SECRET@[fd00::5]:3261/" IQN "/16383");
    cr_assert_str_eq(u.user, "host7");
    cr_assert_str_eq(u.password, "SECRET");
    cr_assert_str_eq(u.portal, "[fd00::5]:3261");
    cr_assert_str_eq(u.iqn, IQN);
    cr_assert_eq(u.lun, 16383);
    lun_url_free(&u);
}

Test(url, target_without_a_lun)
{
    gives("iscsi://array.example.com/" IQN, NULL, NULL, "array.example.com:3260", IQN);
    gives("iscsi://array.example.com/eui.02004567A425678D", NULL, NULL, "array.example.com:3260",
          "eui.02004567A425678D");
}

Test(url, discovery)
{
    gives("iscsi://192.0.2.10", NULL, NULL, "192.0.2.10:3260", NULL);
    gives("iscsi://192.0.2.10/", NULL, NULL, "192.0.2.10:3260", NULL);
    gives("iscsi://u%p@192.0.2.10:3261", "u", "p", "192.0.2.10:3261", NULL);
}

Test(url, scheme_in_any_case)
{
    gives("ISCSI://192.0.2.10", NULL, NULL, "192.0.2.10:3260", NULL);
}

Test(url, ipv6_with_a_scope)
{
    gives("iscsi://[fe80::1%eth0]/" IQN, NULL, NULL, "[fe80::1%eth0]:3260", IQN);
    gives("iscsi://u%p@[fe80::1%eth0]:1/" IQN, "u", "p", "[fe80::1%eth0]:1", IQN);
}

Test(url, user_without_a_password)
{
    gives("iscsi://host7@192.0.2.10/" IQN, "host7", NULL, "192.0.2.10:3260", IQN);
}

/* CHAP names are often iSCSI names. */
Test(url, user_that_is_an_iscsi_name)
{
    gives("iscsi://" IQN "%SECRET@192.0.2.10/" IQN, IQN, "SECRET", "192.0.2.10:3260", IQN);
}

/* There is no percent decoding, so a password may hold what would end it elsewhere. */
Test(url, password_with_marks_in_it)
{
    gives("iscsi://u%a@b/c%20:d@192.0.2.10/" IQN, "u", "a@b/c%20:d", "192.0.2.10:3260", IQN);
}

/* What is an '@' in the name is none of the credentials. */
Test(url, at_sign_in_the_name)
{
    gives("iscsi://192.0.2.10/" IQN "@2", NULL, NULL, "192.0.2.10:3260", IQN "@2");
}

Test(url, lun_of_every_plain_size)
{
    const struct {
        const char *text;
        uint64_t lun;
    } cases[] = {{"0", 0}, {"007", 7}, {"255", 255}, {"256", 256}, {"16383", 16383}, {"49409", 49409}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char text[80];
        snprintf(text, sizeof text, "iscsi://h/" IQN "/%s", cases[i].text);
        struct lun_url u = parsed(text);
        cr_assert(u.has_lun);
        cr_assert_eq(u.lun, cases[i].lun);
        lun_url_free(&u);
    }
}

Test(url, other_schemes)
{
    bad("", "does not begin with iscsi://");
    bad("iscsi:/192.0.2.10", "does not begin with iscsi://");
    bad("http://u%SECRET@192.0.2.10/", "does not begin with iscsi://");
    bad("192.0.2.10", "does not begin with iscsi://");
}

Test(url, host_that_is_none)
{
    bad("iscsi://", "no host");
    bad("iscsi:///" IQN, "no host");
    bad("iscsi://u%SECRET@/" IQN, "no host");
    bad("iscsi://u%SECRET@ho$t/" IQN, "\"ho$t\" is no host name");
    bad("iscsi://fd00::5/" IQN, "an IPv6 address stands in brackets");
    bad("iscsi://[fd00::5/" IQN, "no ']'");
}

Test(url, port_that_is_none)
{
    bad("iscsi://u%SECRET@host:0/" IQN, "\":0\" is no port");
    bad("iscsi://host:65536/" IQN, "is no port");
    bad("iscsi://host:/" IQN, "is no port");
}

Test(url, name_that_is_none)
{
    bad("iscsi://u%SECRET@host/disk", "begins with none of \"iqn.\", \"eui.\", \"naa.\": disk");
    bad("iscsi://host/iqn.com.example/1", "lacks \"yyyy-mm.\" after \"iqn.\": iqn.com.example");
    bad("iscsi://host//1", "iSCSI name is empty");
}

Test(url, lun_that_is_none)
{
    bad("iscsi://u%SECRET@host/" IQN "/", "\"\" is no LUN");
    bad("iscsi://host/" IQN "/one", "\"one\" is no LUN (0 to 16383)");
    bad("iscsi://host/" IQN "/-1", "\"-1\" is no LUN");
    bad("iscsi://host/" IQN "/0x1", "\"0x1\" is no LUN");
    bad("iscsi://host/" IQN "/1/2", "\"1/2\" is no LUN");
    bad("iscsi://host/" IQN "/16384", "\"16384\" is no LUN");
    bad("iscsi://host/" IQN "/18446744073709551617", "is no LUN");
}

Test(url, empty_user_or_password)
{
    bad("iscsi://@host/" IQN, "no user before the '@'");
    bad("iscsi://%SECRET@host/" IQN, "no user before the '@'");
    bad("iscsi://u%@host/" IQN, "no password between '%' and '@'");
}

/* A forgotten '@' must not put the password on the screen as a host that is none. */
Test(url, password_without_its_at_sign)
{
    bad("iscsi://u%SECRET/" IQN, "a password is followed by '@' and the host");
    bad("iscsi://u%SECRET", "a password is followed by '@' and the host");
    bad("iscsi://u%SEC/SECRET", "a password is followed by '@' and the host");
    bad("iscsi://u%x/iqn.SECRET@host/" IQN, "a password is followed by '@' and the host");
}

Test(url, options)
{
    bad("iscsi://host/" IQN "/1?header_digest=crc32c", "options after '?'");
    bad("iscsi://host?a=b", "options after '?'");
}

Test(url, control_characters)
{
    bad("iscsi://host/" IQN "\n", "a control character at byte 42");
    bad("iscsi://u%SE\x1b"
        "CRET@host/",
        "a control character at byte 13");
}

Test(url, freed_twice_is_free_once)
{
    struct lun_url u = parsed("iscsi://u%p@host/" IQN "/1");
    lun_url_free(&u);
    cr_assert_null(u.portal);
    cr_assert_not(u.has_lun);
    lun_url_free(&u);
}

Test(url, may_be_parsed_without_an_error)
{
    struct lun_url u;
    cr_assert_not(lun_url_parse("iscsi://", &u, NULL));
}
