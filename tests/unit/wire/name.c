/* SPDX-License-Identifier: Apache-2.0 */
/* iSCSI names (RFC 7143, 4.2.7), portals as users write them, and TargetAddress (13.8). */
#include "wire/name.h"

#include <criterion/criterion.h>
#include <string.h>

/* ---- Names ---- */

static void good(const char *name)
{
    struct lun_error e;
    cr_assert(lun_name_check(name, &e), "%s", e.text);
}

/* Refused, by a text that has `why` in it and is one line. */
static void bad(const char *name, const char *why)
{
    struct lun_error e = {0};
    cr_assert_not(lun_name_check(name, &e), "%s", name);
    cr_assert_eq(e.layer, LUN_USAGE);
    cr_assert_not(e.retry);
    cr_assert_not_null(strstr(e.text, why), "%s", e.text);
    for (const char *c = e.text; *c; c++)
        cr_assert((unsigned char)*c >= 0x20 && *c != 0x7f);
}

Test(name, examples_of_the_rfc) /* 4.2.7.4, 4.2.7.5, 4.2.7.6 */
{
    good("iqn.2001-04.com.example:storage:diskarrays-sn-a8675309");
    good("iqn.2001-04.com.example");
    good("iqn.2001-04.com.example:storage.tape1.sys1.xyz");
    good("iqn.2001-04.com.example:storage.disk2.sys1.xyz");
    good("eui.02004567A425678D");
    good("naa.52004567BA64678D");
    good("naa.62004567BA64678D0123456789ABCDEF");
}

/* Names that targets in use have, though 4.2.7.2 would have them otherwise. */
Test(name, upper_case_and_underscore)
{
    good("iqn.1992-08.com.netapp:sn.ABCDEF_01");
    good("IQN.2026-01.com.example:Disk");
    good("iqn.2026-01.com.example:");
}

Test(name, other_scripts)
{
    good("iqn.2026-01.com.example:\xc3\xa9tage");                 /* U+00E9 */
    good("iqn.2026-01.com.example:\xe3\x83\x87\xf0\xa0\x80\x80"); /* U+30C7, U+20000 */
}

Test(name, of_223_and_224_bytes)
{
    char name[NAME_MAX_LENGTH + 2] = "iqn.2026-01.com.example:";
    memset(name + strlen(name), 'x', NAME_MAX_LENGTH - strlen(name));
    good(name);
    name[NAME_MAX_LENGTH] = 'x';
    bad(name, "iSCSI name of 224 bytes is longer than 223");
}

Test(name, empty)
{
    bad("", "iSCSI name is empty");
}

Test(name, of_no_type)
{
    bad("disk", "begins with none of \"iqn.\", \"eui.\", \"naa.\": disk");
    bad("iqn", "begins with none of");
    bad("iqx.2026-01.com.example", "begins with none of");
}

Test(name, without_a_date)
{
    bad("iqn.com.example:disk", "lacks \"yyyy-mm.\" after \"iqn.\": iqn.com.example:disk");
    bad("iqn.", "lacks \"yyyy-mm.\"");
    bad("iqn.26-01.com.example", "lacks \"yyyy-mm.\"");
    bad("iqn.2026-1.com.example", "lacks \"yyyy-mm.\"");
    bad("iqn.2026-01", "lacks \"yyyy-mm.\"");
    bad("iqn.2026_01.com.example", "lacks \"yyyy-mm.\"");
}

Test(name, with_a_month_that_is_none)
{
    bad("iqn.2026-00.com.example", "month 0");
    bad("iqn.2026-13.com.example", "month 13");
    good("iqn.2026-12.com.example");
}

Test(name, without_a_domain)
{
    bad("iqn.2026-01.", "lacks a domain name");
    bad("iqn.2026-01.:disk", "lacks a domain name");
}

Test(name, eui_of_other_lengths)
{
    bad("eui.", "needs 16 hexadecimal digits after \"eui.\"");
    bad("eui.02004567A425678", "needs 16 hexadecimal digits");
    bad("eui.02004567A425678D0", "needs 16 hexadecimal digits");
    bad("eui.02004567A425678G", "needs 16 hexadecimal digits");
}

Test(name, naa_of_other_lengths)
{
    bad("naa.52004567BA64678", "needs 16 or 32 hexadecimal digits after \"naa.\"");
    bad("naa.52004567BA64678D00", "needs 16 or 32 hexadecimal digits");
    bad("naa.62004567BA64678D0123456789ABCDEF0", "needs 16 or 32 hexadecimal digits");
}

Test(name, with_characters_that_break_a_path_or_a_list)
{
    bad("iqn.2026-01.com.example:a/b", "may not hold '/'");
    bad("iqn.2026-01.com.example:a,1", "may not hold ','");
    bad("iqn.2026-01.com.example:a b", "may not hold ' '");
    bad("iqn.2026-01.com.example:\"a\"", "may not hold '\"'");
    bad("iqn.2026-01.com.example:it's", "may not hold '''");
    bad("iqn.2026-01.com.example:`id`", "may not hold '`'");
}

/* A name from a target must not write to the user's terminal by way of an error text. */
Test(name, with_control_characters)
{
    bad("iqn.2026-01.com.example:a\nb", "(0x0a) at byte 26");
    bad("iqn.2026-01.com.example:\x1b[2J", "(0x1b) at byte 25");
    bad("iqn.2026-01.com.example:\x7f", "(0x7f) at byte 25");
    bad("iqn.2026-01.com.example:a b\n", "(0x0a) at byte 28");
    bad("iqn.2026-01.com.example:\xc2\x9b", "(0xc2) at byte 25"); /* U+009B, a terminal's CSI */
}

Test(name, that_is_no_utf8)
{
    bad("iqn.2026-01.com.example:\xe9t", "no UTF-8 (0xe9)");
    bad("iqn.2026-01.com.example:\x80", "no UTF-8 (0x80)");
    bad("iqn.2026-01.com.example:\xc0\xaf", "no UTF-8 (0xc0)");         /* '/' in two bytes */
    bad("iqn.2026-01.com.example:\xe0\x80\xaf", "no UTF-8 (0xe0)");     /* in three */
    bad("iqn.2026-01.com.example:\xed\xa0\x80", "no UTF-8 (0xed)");     /* a surrogate */
    bad("iqn.2026-01.com.example:\xf4\x90\x80\x80", "no UTF-8 (0xf4)"); /* past U+10FFFF */
    bad("iqn.2026-01.com.example:\xf5\x80\x80\x80", "no UTF-8 (0xf5)");
    bad("iqn.2026-01.com.example:\xe3\x83", "no UTF-8 (0xe3)"); /* cut short */
}

Test(name, may_be_checked_without_an_error)
{
    cr_assert(lun_name_check("iqn.2026-01.com.example", NULL));
    cr_assert_not(lun_name_check("disk", NULL));
}

/* ---- Portals ---- */

static void portal_is(const char *text, const char *host, unsigned port)
{
    struct lun_error e;
    char got[256];
    uint16_t got_port;
    cr_assert(lun_portal_parse(text, got, &got_port, &e), "%s", e.text);
    cr_assert_str_eq(got, host);
    cr_assert_eq(got_port, port);
}

static void portal_bad(const char *text, const char *why)
{
    struct lun_error e = {0};
    char host[256] = "untouched";
    uint16_t port = 7;
    cr_assert_not(lun_portal_parse(text, host, &port, &e), "%s", text);
    cr_assert_eq(e.layer, LUN_USAGE);
    cr_assert_not_null(strstr(e.text, why), "%s", e.text);
    cr_assert_str_eq(host, "untouched");
    cr_assert_eq(port, 7);
}

Test(portal, ipv4)
{
    portal_is("192.0.2.10", "192.0.2.10", 3260);
    portal_is("192.0.2.11:3261", "192.0.2.11", 3261);
}

Test(portal, host_name)
{
    portal_is("array_1.example.com", "array_1.example.com", 3260);
    portal_is("localhost:1", "localhost", 1);
    portal_is("a:65535", "a", 65535);
}

Test(portal, ipv6)
{
    portal_is("[fd00::5]", "fd00::5", 3260);
    portal_is("[fd00::5]:3261", "fd00::5", 3261);
    portal_is("[::ffff:192.0.2.1]:860", "::ffff:192.0.2.1", 860);
}

Test(portal, ipv6_with_a_scope)
{
    portal_is("[fe80::1%eth0]", "fe80::1%eth0", 3260);
    portal_is("[fe80::1%br-lan.7]:3261", "fe80::1%br-lan.7", 3261);
}

Test(portal, ipv4_in_brackets)
{
    portal_is("[127.0.0.1]:3260", "127.0.0.1", 3260);
}

Test(portal, no_host)
{
    portal_bad("", "no host");
    portal_bad(":3260", "no host");
    portal_bad("[]:3260", "no host");
}

Test(portal, ports_that_are_none)
{
    portal_bad("host:", "\":\" is no port");
    portal_bad("host:0", "\":0\" is no port (1 to 65535)");
    portal_bad("host:65536", "is no port");
    portal_bad("host:99999999999999999999", "is no port");
    portal_bad("host:3260x", "is no port");
    portal_bad("host:-1", "is no port");
    portal_bad("host:+1", "is no port");
    portal_bad("[fd00::5]3260", "\"3260\" is no port");
    portal_bad("[fd00::5]:", "is no port");
}

Test(portal, ipv6_without_brackets)
{
    portal_bad("fd00::5", "an IPv6 address stands in brackets");
    portal_bad("fd00::5:3260", "an IPv6 address stands in brackets");
}

Test(portal, brackets_that_hold_no_address)
{
    portal_bad("[fd00::5", "no ']'");
    portal_bad("[host]", "\"host\" is no IP address");
    portal_bad("[fd00::5::1]", "is no IP address");
    portal_bad("[1.2.3]", "is no IP address");
    portal_bad("[fe80::1%]", "is no IP address");
    portal_bad("[fe80::1%e/0]", "is no IP address");
    portal_bad("[127.0.0.1%lo]", "is no IP address");
    portal_bad("[11111111112222222222333333333344444444445555555555]", "is no IP address");
}

Test(portal, characters_no_host_has)
{
    portal_bad("user@host", "\"user@host\" is no host name");
    portal_bad("host/iqn", "is no host name");
    portal_bad("ho st", "byte 0x20 at byte 3");
    portal_bad("host\n", "byte 0x0a at byte 5");
    portal_bad("h\xc3\xb6st", "byte 0xc3 at byte 2");
}

Test(portal, host_of_255_and_256)
{
    char text[300];
    memset(text, 'h', 256);
    text[255] = 0;
    portal_is(text, text, 3260);
    text[255] = 'h';
    text[256] = 0;
    portal_bad(text, "a host of 256 bytes");
}

/* ---- TargetAddress ---- */

static void address_is(const char *text, const char *host, unsigned port, int group)
{
    struct lun_error e;
    char got[256];
    uint16_t got_port;
    int got_group;
    cr_assert(name_target_address(text, got, &got_port, &got_group, &e), "%s", e.text);
    cr_assert_str_eq(got, host);
    cr_assert_eq(got_port, port);
    cr_assert_eq(got_group, group);
}

static void address_bad(const char *text, const char *why)
{
    struct lun_error e = {0};
    char host[256] = "untouched";
    uint16_t port = 7;
    int group = 9;
    cr_assert_not(name_target_address(text, host, &port, &group, &e), "%s", text);
    cr_assert_eq(e.layer, LUN_PROTOCOL);
    cr_assert_not_null(strstr(e.text, why), "%s", e.text);
    cr_assert_str_eq(host, "untouched");
    cr_assert_eq(port, 7);
    cr_assert_eq(group, 9);
}

Test(target_address, examples_of_the_rfc) /* 13.8 */
{
    address_is("10.0.0.1:5003,1", "10.0.0.1", 5003, 1);
    address_is("[1080:0:0:0:8:800:200C:417A],65", "1080:0:0:0:8:800:200C:417A", 3260, 65);
    address_is("[1080::8:800:200C:417A]:5003,1", "1080::8:800:200C:417A", 5003, 1);
    address_is("computingcenter.example.com,23", "computingcenter.example.com", 3260, 23);
}

Test(target_address, without_a_group) /* as in a redirect, 13.8 */
{
    address_is("10.0.0.1:5003", "10.0.0.1", 5003, -1);
    address_is("[fd00::5]", "fd00::5", 3260, -1);
}

Test(target_address, as_tgt_and_istgt_write_it)
{
    address_is("127.0.0.1:21000,1", "127.0.0.1", 21000, 1);
    address_is("[127.0.0.1]:3260,1", "127.0.0.1", 3260, 1);
}

Test(target_address, group_in_hexadecimal_and_its_ends) /* 13.9: a 16-bit-binary-value */
{
    address_is("10.0.0.1:0xC3B,0x1", "10.0.0.1", 3131, 1);
    address_is("10.0.0.1,0", "10.0.0.1", 3260, 0);
    address_is("10.0.0.1,65535", "10.0.0.1", 3260, 65535);
    address_is("10.0.0.1,0xffff", "10.0.0.1", 3260, 65535);
}

Test(target_address, groups_that_are_none)
{
    address_bad("10.0.0.1,", "no portal group tag");
    address_bad("10.0.0.1,65536", "no portal group tag");
    address_bad("10.0.0.1,0x10000", "no portal group tag");
    address_bad("10.0.0.1,0x", "no portal group tag");
    address_bad("10.0.0.1,one", "no portal group tag");
    address_bad("10.0.0.1,1,2", "no portal group tag");
    address_bad("10.0.0.1,-1", "no portal group tag");
}

Test(target_address, addresses_that_are_none)
{
    address_bad(",1", "no host");
    address_bad("10.0.0.1:0,1", "is no port");
    address_bad("fd00::5,1", "stands in brackets");
    address_bad("10.0.0.1\x1b[2J,1", "byte 0x1b at byte 9");
}
