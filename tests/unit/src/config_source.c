/* SPDX-License-Identifier: Apache-2.0 */
/* URLs as a source, and -o options after a source. */
#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "support.h"

#define URL "iscsi://192.0.2.10/iqn.2026-01.com.example:disk"

static void clean(void)
{
    unsetenv("LUNFS_CHAP_PASSWORD");
    unsetenv("CREDENTIALS_DIRECTORY");
}

TestSuite(config_url, .init = clean);
TestSuite(config_option, .init = clean);

Test(config_url, target)
{
    struct config c = support_source(URL, OPTIONS());
    cr_assert_eq(c.target_count, 1);
    cr_assert_eq(c.discover_count, 0);
    cr_assert_str_eq(c.targets[0].iqn, "iqn.2026-01.com.example:disk");
    cr_assert_str_eq(c.targets[0].portals[0], "192.0.2.10:3260");
    cr_assert_null(c.targets[0].luns);
    cr_assert_str_eq(c.shown, "iscsi://192.0.2.10:3260/iqn.2026-01.com.example:disk");
    config_free(&c);
}

Test(config_url, target_and_lun)
{
    struct config c = support_source(URL "/17", OPTIONS());
    cr_assert_eq(c.targets[0].lun_count, 1);
    cr_assert_eq(c.targets[0].luns[0], 17);
    cr_assert_str_eq(c.shown, "iscsi://192.0.2.10:3260/iqn.2026-01.com.example:disk/17");
    config_free(&c);
}

Test(config_url, portal_only_means_discovery)
{
    struct config c = support_source("iscsi://[fd00::5]:3261", OPTIONS());
    cr_assert_eq(c.target_count, 0);
    cr_assert_eq(c.discover_count, 1);
    cr_assert_str_eq(c.discover[0].portals[0], "[fd00::5]:3261");
    cr_assert_str_eq(c.shown, "iscsi://[fd00::5]:3261");
    config_free(&c);
}

Test(config_url, password_is_used_and_not_shown)
{
    struct config c =
        support_source("iscsi://me%open sesame 12@192.0.2.10/iqn.2026-01.com.example:disk", OPTIONS());
    cr_assert_str_eq(c.targets[0].auth.user, "me");
    cr_assert_str_eq(c.targets[0].auth.secret.value, "open sesame 12");
    cr_assert_str_eq(c.shown, "iscsi://192.0.2.10:3260/iqn.2026-01.com.example:disk");
    config_free(&c);
}

/* What is shown is YAML, and what is sent is text of RFC 7143 6.1: both are UTF-8. */
Test(config_url, user_is_utf8)
{
    struct config c = support_source("iscsi://m\xc3\xa9%0123456789abcdef@192.0.2.10", OPTIONS());
    cr_assert_str_eq(c.discover[0].auth.user, "m\xc3\xa9");
    config_free(&c);
    support_source_refused("iscsi://m\xe9%0123456789abcdef@192.0.2.10", OPTIONS(),
                           "iscsi://192.0.2.10: the user name is not UTF-8");
}

Test(config_option, texts_are_utf8)
{
    support_source_refused(URL, OPTIONS("chap_user=m\xe9", "password=0123456789abcdef"),
                           "option 'chap_user': it is not UTF-8");
    support_source_refused(URL, OPTIONS("name=d\xff"), "option 'name': it is not UTF-8");
}

Test(config_url, user_without_password)
{
    support_source_refused(
        "iscsi://me@192.0.2.10/iqn.2026-01.com.example:disk", OPTIONS(),
        "no password for CHAP: give a password_file, or LUNFS_CHAP_PASSWORD in the environment");
}

Test(config_url, password_from_the_environment)
{
    setenv("LUNFS_CHAP_PASSWORD", "from the environment", 1);
    struct config c = support_source("iscsi://me@192.0.2.10/iqn.2026-01.com.example:disk", OPTIONS());
    cr_assert_str_eq(c.targets[0].auth.secret.value, "from the environment");
    config_free(&c);
}

Test(config_url, environment_loses_to_a_given_password)
{
    setenv("LUNFS_CHAP_PASSWORD", "from the environment", 1);
    struct config c = support_source("iscsi://me%given@192.0.2.10", OPTIONS());
    cr_assert_str_eq(c.discover[0].auth.secret.value, "given");
    config_free(&c);
}

Test(config_url, environment_without_a_user_is_no_authentication)
{
    setenv("LUNFS_CHAP_PASSWORD", "from the environment", 1);
    struct config c = support_source(URL, OPTIONS());
    cr_assert_null(c.targets[0].auth.secret.value);
    config_free(&c);
}

Test(config_url, empty_environment)
{
    setenv("LUNFS_CHAP_PASSWORD", "", 1);
    support_source_refused("iscsi://me@192.0.2.10", OPTIONS(),
                           "LUNFS_CHAP_PASSWORD: empty or longer than 1024 bytes");
}

Test(config_url, malformed)
{
    support_source_refused("iscsi:///iqn.2026-01.com.example:disk", OPTIONS(),
                           "iscsi:///iqn.2026-01.com.example:disk: portal : no host");
}

static void refused_without(const char *source, const char *hidden)
{
    struct config c;
    struct lun_error e = {0};
    cr_assert_not(config_load(source, NULL, 0, &c, &e));
    cr_assert_null(strstr(e.text, hidden), "%s", e.text);
    cr_assert_eq(strncmp(e.text, "iscsi://", 8), 0, "%s", e.text);
}

Test(config_url, malformed_does_not_show_the_password)
{
    refused_without("iscsi://me%hush@host:0/iqn.2026-01.com.example:disk", "hush");
}

Test(config_url, malformed_does_not_show_a_password_with_at_signs)
{
    refused_without("iscsi://me%hu@sh%hush@host/disk", "hu");
}

Test(config_url, malformed_does_not_show_a_password_without_its_at_sign)
{
    refused_without("iscsi://me%hush/iqn.2026-01.com.example:disk", "hush");
}

Test(config_url, other_scheme)
{
    struct config c;
    struct lun_error e = {0};
    cr_assert_not(config_load("http://example.com/", NULL, 0, &c, &e));
    cr_assert_eq(strncmp(e.text, "http://example.com/: ", 21), 0, "%s", e.text);
}

Test(config_option, counts_as_usage)
{
    struct config c;
    struct lun_error e = {0};
    struct config_option o = {"colour", "blue"};
    cr_assert_not(config_load(URL, &o, 1, &c, &e));
    cr_assert_eq(e.code, PLACE_OPTION);
}

Test(config_option, of_the_top)
{
    struct config c =
        support_source(URL, OPTIONS("initiator=iqn.2026-01.org.example:me", "loops=3", "memory_limit=1GiB",
                                    "shutdown_timeout=0s", "require=none", "poll=never"));
    cr_assert_str_eq(c.initiator, "iqn.2026-01.org.example:me");
    cr_assert_eq(c.loops, 3);
    cr_assert_eq(c.memory_limit, 1u << 30);
    cr_assert_eq(c.shutdown_timeout, 0);
    cr_assert_eq(c.require, CONFIG_REQUIRE_NONE);
    cr_assert_eq(c.poll, UINT32_MAX);
    config_free(&c);
}

Test(config_option, of_a_target)
{
    struct config c = support_source(URL, OPTIONS("sessions=2", "mode=640", "uid=1000", "data_digest=crc32c",
                                                  "name=disk", "nop_interval=never", "read_only"));
    cr_assert_eq(c.targets[0].sessions, 2);
    cr_assert_eq(c.targets[0].mode, 0640);
    cr_assert_eq(c.targets[0].uid, 1000);
    cr_assert_eq(c.targets[0].data_digest, LUN_DIGEST_CRC32C);
    cr_assert_str_eq(c.targets[0].name, "disk");
    cr_assert_eq(c.targets[0].nop_interval, UINT32_MAX);
    cr_assert(c.targets[0].read_only);
    config_free(&c);
}

Test(config_option, list_of_luns)
{
    struct config c = support_source(URL, OPTIONS("luns=0+2+5"));
    cr_assert_eq(c.targets[0].lun_count, 3);
    cr_assert_eq(c.targets[0].luns[1], 2);
    config_free(&c);
}

Test(config_option, portals_come_after_the_url_s)
{
    struct config c = support_source(URL, OPTIONS("portals=192.0.2.11:3261+[fd00::5]"));
    cr_assert_eq(c.targets[0].portal_count, 3);
    cr_assert_str_eq(c.targets[0].portals[0], "192.0.2.10:3260");
    cr_assert_str_eq(c.targets[0].portals[1], "192.0.2.11:3261");
    cr_assert_str_eq(c.targets[0].portals[2], "[fd00::5]");
    config_free(&c);
}

Test(config_option, nested_key_by_its_path)
{
    struct config c = support_source(URL, OPTIONS("auth.chap.user=me", "auth.chap.password=0123456789abcdef",
                                                  "auth.chap.algorithms=sha256+md5"));
    cr_assert_str_eq(c.targets[0].auth.user, "me");
    cr_assert_str_eq(c.targets[0].auth.secret.value, "0123456789abcdef");
    cr_assert_eq(c.targets[0].auth.algorithms[0], LUN_CHAP_SHA256);
    cr_assert_eq(c.targets[0].auth.algorithms[1], LUN_CHAP_MD5);
    config_free(&c);
}

Test(config_option, nested_key_by_its_short_name)
{
    struct config c = support_source(URL, OPTIONS("chap_user=me", "password=0123456789abcdef"));
    cr_assert_str_eq(c.targets[0].auth.user, "me");
    cr_assert_str_eq(c.targets[0].auth.secret.value, "0123456789abcdef");
    config_free(&c);
}

Test(config_option, text_null_is_a_text)
{
    struct config c = support_source(URL, OPTIONS("name=null"));
    cr_assert_str_eq(c.targets[0].name, "null");
    config_free(&c);
}

Test(config_option, last_one_wins)
{
    struct config c = support_source(URL, OPTIONS("sessions=2", "sessions=3"));
    cr_assert_eq(c.targets[0].sessions, 3);
    config_free(&c);
}

Test(config_option, wins_over_every_entry_of_a_file)
{
    cr_assert_eq(chdir(TESTS_DATA "/config/good"), 0);
    struct config c = support_source("defaults.yaml", OPTIONS("sessions=7"));
    cr_assert_eq(c.targets[0].sessions, 7);
    cr_assert_eq(c.targets[1].sessions, 7);
    cr_assert_eq(c.discover[0].sessions, 7);
    config_free(&c);
}

Test(config_option, password_wins_over_a_file_s)
{
    cr_assert_eq(chdir(TESTS_DATA "/config/good"), 0);
    struct config c = support_source("discover_only.yaml", OPTIONS("password=given instead"));
    cr_assert_str_eq(c.discover[0].auth.secret.value, "given instead");
    config_free(&c);
}

Test(config_option, unknown)
{
    support_source_refused(URL, OPTIONS("colour=blue"), "option 'colour': unknown");
}

Test(config_option, unknown_but_close)
{
    support_source_refused(URL, OPTIONS("sesions=2"), "option 'sesions': unknown (did you mean 'sessions'?)");
}

Test(config_option, unknown_but_close_to_a_short_name)
{
    support_source_refused(URL, OPTIONS("pasword_file=x"),
                           "option 'pasword_file': unknown (did you mean 'password_file'?)");
}

Test(config_option, unknown_comes_before_what_is_wrong_with_the_source)
{
    support_source_refused("/nonexistent.yaml", OPTIONS("colour=blue"), "option 'colour': unknown");
}

Test(config_option, needs_a_value)
{
    support_source_refused(URL, OPTIONS("sessions"), "option 'sessions': has no value");
}

Test(config_option, empty_value)
{
    support_source_refused(URL, OPTIONS("name="), "option 'name': has no value");
}

Test(config_option, list_needs_a_value)
{
    support_source_refused(URL, OPTIONS("luns"), "option 'luns': has no value");
}

Test(config_option, list_with_a_hole)
{
    support_source_refused(URL, OPTIONS("luns=1++2"), "option 'luns': has no value");
}

Test(config_option, out_of_range)
{
    support_source_refused(URL, OPTIONS("sessions=65"), "option 'sessions': 65 is out of range (1 to 64)");
}

Test(config_option, wrong_type)
{
    support_source_refused(URL, OPTIONS("read_only=maybe"),
                           "option 'read_only': must be true or false, not 'maybe'");
}

Test(config_option, bad_portal)
{
    support_source_refused(URL, OPTIONS("portals=192.0.2.11:0"),
                           "option 'portals': portal 192.0.2.11:0: \":0\" is no port (1 to 65535)");
}

Test(config_option, iqn_is_the_url_s)
{
    support_source_refused(URL, OPTIONS("iqn=iqn.2026-01.com.example:x"),
                           "option 'iqn': the source names the target");
}

Test(config_option, luns_twice)
{
    support_source_refused(URL "/1", OPTIONS("luns=2"), "option 'luns': the source names a LUN");
}

Test(config_option, name_needs_one_target)
{
    support_source_refused("iscsi://192.0.2.10", OPTIONS("name=disk"),
                           "option 'name': only with a source iscsi://host/target");
}

Test(config_option, maps_are_no_options)
{
    support_source_refused(URL, OPTIONS("auth=none"), "option 'auth': unknown");
}

Test(config_option, replacement_timeout_needs_a_unit)
{
    support_source_refused(
        URL, OPTIONS("replacement_timeout=120"),
        "option 'replacement_timeout': must be a time with its unit, like 500ms, 15s or 2m, not '120'");
}

Test(config_option, cache_of_all_and_of_one)
{
    struct config c = support_source(URL, OPTIONS("cache=direct+1:cached+7:direct", "readahead=1MiB"));
    const struct config_cache *cache = &c.targets[0].cache;
    cr_assert_eq(cache->mode, 0);
    cr_assert_eq(cache->other_count, 1);
    cr_assert_eq(cache->other[0], 1);
    cr_assert_eq(c.readahead, 1u << 20);
    config_free(&c);
}

Test(config_option, cache_of_a_lun_that_is_none)
{
    support_source_refused(URL, OPTIONS("cache=x:cached"),
                           "option 'cache': must be one word, or a map of LUNs, not 'x'");
    support_source_refused(URL, OPTIONS("cache=direct+1:cached+cached"),
                           "option 'cache': the default is given twice");
    support_source_refused(URL, OPTIONS("cache=1:back"),
                           "option 'cache': 'back' is not one of: direct, cached");
}

Test(config_option, password_and_file_exclude_each_other)
{
    support_source_refused(URL, OPTIONS("password=secret", "password_file=/x"),
                           "option 'password_file': password and password_file exclude each other");
}

Test(config_option, password_without_user)
{
    support_source_refused(URL, OPTIONS("password=hush"), "auth.chap.user is missing");
}

Test(config_option, is_known)
{
    cr_assert(config_is_option("sessions"));
    cr_assert(config_is_option("password_file"));
    cr_assert(config_is_option("auth.chap.password_file"));
    cr_assert_not(config_is_option("allow_other"));
    cr_assert_not(config_is_option("targets"));
    cr_assert_not(config_is_option("portal"));
}
