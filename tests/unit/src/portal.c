/* SPDX-License-Identifier: Apache-2.0 */
/* Portals: what is the same, and the order to try them in. */
#include <criterion/criterion.h>

#include "backoff.h"
#include "portal.h"

static void same(const char *a, const char *b)
{
    cr_assert(portal_same(a, b), "%s and %s", a, b);
    cr_assert(portal_same(b, a), "%s and %s", b, a);
}

static void differ(const char *a, const char *b)
{
    cr_assert_not(portal_same(a, b), "%s and %s", a, b);
    cr_assert_not(portal_same(b, a), "%s and %s", b, a);
}

Test(portal, default_port)
{
    same("san.example", "san.example:3260");
    same("192.0.2.1", "192.0.2.1:3260");
    same("[2001:db8::1]", "[2001:db8::1]:3260");
    differ("san.example", "san.example:3261");
}

Test(portal, ipv4_in_brackets)
{
    same("[127.0.0.1]:3260", "127.0.0.1");
    differ("[127.0.0.1]:3260", "127.0.0.2");
}

Test(portal, case_and_root_of_a_name)
{
    same("SAN.example", "san.Example.:3260");
    differ("san.example", "san2.example");
}

Test(portal, ways_to_write_ipv6)
{
    same("[2001:db8:0:0:0:0:0:1]:3260", "[2001:DB8::1]");
    same("[::ffff:192.0.2.1]", "192.0.2.1:3260");
    differ("[2001:db8::1]", "[2001:db8::2]");
    differ("[2001:db8::1]:3260", "[2001:db8::1]:3261");
}

Test(portal, scope_that_only_we_know)
{
    same("[fe80::1%eth0]:3260", "[fe80::1]:3260");
    differ("[fe80::1%eth0]", "[fe80::1%eth1]");
}

Test(portal, names_are_not_looked_up)
{
    differ("localhost", "127.0.0.1");
}

Test(portal, what_is_no_portal)
{
    differ("", "");
    differ("host:port", "host:port");
}

static const char *tried[8];
static int groups[8];

static size_t order(const char *asked, size_t n, const struct lun_found_portal *portals)
{
    struct lun_found_target t = {"iqn.2026-01.com.example:disk", portals, n};
    return portal_order(&t, asked, tried, groups);
}

Test(portal, the_one_that_answered_comes_first)
{
    static const struct lun_found_portal list[] = {
        {"10.0.2.15:3260", 1}, {"[127.0.0.1]:3260", 1}, {"10.0.2.16:3260", 1}};
    cr_assert_eq(order("127.0.0.1", 3, list), 3);
    cr_assert_str_eq(tried[0], "127.0.0.1");
    cr_assert_str_eq(tried[1], "10.0.2.15:3260");
    cr_assert_str_eq(tried[2], "10.0.2.16:3260");
    for (int i = 0; i < 3; i++)
        cr_assert_eq(groups[i], 1);
}

Test(portal, the_one_that_answered_comes_first_though_not_listed)
{
    static const struct lun_found_portal list[] = {{"10.0.2.15:3260", 1}};
    cr_assert_eq(order("198.51.100.1:13260", 1, list), 2);
    cr_assert_str_eq(tried[0], "198.51.100.1:13260");
    cr_assert_str_eq(tried[1], "10.0.2.15:3260");
    cr_assert_eq(groups[0], -1, "the group of the portal asked is not known");
    cr_assert_eq(groups[1], 1);
}

Test(portal, each_portal_has_its_group)
{
    static const struct lun_found_portal list[] = {{"192.0.2.1:3260", 1}, {"192.0.2.2:3260", 2}};
    cr_assert_eq(order("192.0.2.2:3260", 2, list), 2);
    cr_assert_str_eq(tried[0], "192.0.2.2:3260");
    cr_assert_eq(groups[0], 2);
    cr_assert_eq(groups[1], 1);
}

/* discovery_result gives the portal asked when the target named none (RFC 7143, appendix C). */
Test(portal, target_without_an_address)
{
    static const struct lun_found_portal list[] = {{"192.0.2.1", -1}};
    cr_assert_eq(order("192.0.2.1", 1, list), 1);
    cr_assert_str_eq(tried[0], "192.0.2.1");
    cr_assert_eq(groups[0], -1);
}

Test(portal, all_addresses_is_no_address)
{
    static const struct lun_found_portal list[] = {
        {"0.0.0.0:3260", 1}, {"[::]:3260", 1}, {"192.0.2.2:3260", 1}};
    cr_assert_eq(order("192.0.2.1", 3, list), 2);
    cr_assert_str_eq(tried[0], "192.0.2.1");
    cr_assert_str_eq(tried[1], "192.0.2.2:3260");
}

Test(portal, nonsense_on_the_list_is_left_out)
{
    static const struct lun_found_portal list[] = {{"::::", 1}, {"192.0.2.2:99999", 1}};
    cr_assert_eq(order("192.0.2.1", 2, list), 1);
}

Test(backoff, doubles_to_a_minute)
{
    static const uint32_t middle[] = {2000, 4000, 8000, 16000, 32000, 60000, 60000};
    for (unsigned i = 0; i < 7; i++) {
        cr_assert_eq(backoff_delay(i + 1, 0), middle[i] - middle[i] / 4);
        cr_assert_eq(backoff_delay(i + 1, middle[i] / 2), middle[i] + middle[i] / 4);
    }
    cr_assert_eq(backoff_delay(UINT32_MAX, 0), 45000);
}

Test(backoff, stays_within_a_quarter)
{
    for (uint32_t random = 1; random; random *= 3) {
        uint32_t delay = backoff_delay(1, random);
        cr_assert(delay >= 1500 && delay <= 2500, "%u", delay);
        if (random > UINT32_MAX / 3)
            break;
    }
}
