/* SPDX-License-Identifier: Apache-2.0 */
/* What the good corpus means. */
#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "support.h"

Test(config_good, minimal_has_the_defaults_of_the_documentation)
{
    struct config c = support_loaded("good/minimal.yaml");
    cr_assert_eq(c.loops, 0, "auto");
    cr_assert_eq(c.poll, 100);
    cr_assert_eq(c.memory_limit, 128u << 20);
    cr_assert_eq(c.shutdown_timeout, 10000);
    cr_assert_eq(c.require, CONFIG_REQUIRE_ANY);
    cr_assert_null(c.initiator);
    cr_assert_eq(c.target_count, 1);
    cr_assert_eq(c.discover_count, 0);
    const struct config_target *t = &c.targets[0];
    cr_assert_str_eq(t->iqn, "iqn.2026-01.com.example:disk");
    cr_assert_str_eq(config_target_directory(t), t->iqn);
    cr_assert_eq(t->sessions, 0, "auto");
    cr_assert_eq(t->mode, 0600);
    cr_assert_eq(t->uid, getuid());
    cr_assert_eq(t->gid, getgid());
    cr_assert_eq(t->login_timeout, 15000);
    cr_assert_eq(t->io_timeout, 30000);
    cr_assert_eq(t->queue_depth, 0, "auto");
    cr_assert_eq(t->header_digest, LUN_DIGEST_NONE);
    cr_assert_not(t->read_only);
    cr_assert_null(t->luns);
    config_free(&c);
}

Test(config_good, full_top)
{
    struct config c = support_loaded("good/full.yaml");
    cr_assert_str_eq(c.initiator, "iqn.2026-01.org.example:host7");
    cr_assert_eq(c.loops, 2);
    cr_assert_eq(c.poll, 250);
    cr_assert_eq(c.memory_limit, 64u << 20);
    cr_assert_eq(c.shutdown_timeout, 120000);
    cr_assert_eq(c.require, CONFIG_REQUIRE_ALL);
    cr_assert_str_eq(c.shown, "good/full.yaml");
    config_free(&c);
}

Test(config_good, full_target_as_liblun_takes_it)
{
    struct config c = support_loaded("good/full.yaml");
    const char *portals[4];
    struct lun_target_options o;
    cr_assert_eq(c.targets[0].portal_count, 4);
    config_target_options(&c.targets[0], portals, &o);
    cr_assert_str_eq(o.portals[1], "192.0.2.11:3261");
    cr_assert_str_eq(o.portals[2], "[fd00::5]:3260");
    cr_assert_eq(o.portal_group, -1);
    cr_assert_eq(o.lun_count, 3);
    cr_assert_eq(o.luns[2], 300);
    cr_assert_eq(o.header_digest, LUN_DIGEST_CRC32C);
    cr_assert_eq(o.data_digest, LUN_DIGEST_PREFER_CRC32C);
    cr_assert_eq(o.sessions, 4);
    cr_assert(o.read_only);
    cr_assert_eq(o.login_timeout_ms, 500);
    cr_assert_eq(o.io_timeout_ms, 60000);
    cr_assert_eq(o.nop_interval_ms, UINT32_MAX);
    cr_assert_eq(o.nop_timeout_ms, 2000);
    cr_assert_eq(o.queue_depth, 1024);
    cr_assert_eq(o.max_transfer, 131072);
    config_free(&c);
}

Test(config_good, full_negotiation_as_liblun_takes_it)
{
    struct config c = support_loaded("good/full.yaml");
    const char *portals[4];
    struct lun_target_options o;
    config_target_options(&c.targets[0], portals, &o);
    cr_assert_eq(o.initial_r2t, 2);
    cr_assert_eq(o.immediate_data, 1);
    cr_assert_eq(o.max_recv_data_segment_length, 65536);
    cr_assert_eq(o.first_burst_length, 512);
    cr_assert_eq(o.max_burst_length, 16777215);
    cr_assert_eq(o.max_outstanding_r2t, 1);
    config_free(&c);
}

Test(config_good, full_authentication_as_liblun_takes_it)
{
    struct config c = support_loaded("good/full.yaml");
    struct lun_auth a;
    config_target_auth(&c.targets[0], &a);
    cr_assert_str_eq(a.user, "host7");
    cr_assert_str_eq(a.secret, "correct horse battery");
    cr_assert_null(a.mutual_user);
    cr_assert_null(a.mutual_secret);
    cr_assert_eq(a.algorithms[0], LUN_CHAP_SHA256);
    cr_assert_eq(a.algorithms[1], LUN_CHAP_MD5);
    cr_assert_eq(a.algorithms[2], 0);
    cr_assert(a.allow_short_secret);
    config_free(&c);
}

Test(config_good, full_owner_and_directory)
{
    struct config c = support_loaded("good/full.yaml");
    cr_assert_str_eq(config_target_directory(&c.targets[0]), "disk");
    cr_assert_eq(c.targets[0].mode, 0640);
    cr_assert_eq(c.targets[0].uid, 107);
    cr_assert_eq(c.targets[0].gid, 108);
    config_free(&c);
}

Test(config_good, defaults_hold_though_they_come_last)
{
    struct config c = support_loaded("good/defaults.yaml");
    cr_assert_eq(c.targets[0].sessions, 2);
    cr_assert_eq(c.targets[0].data_digest, LUN_DIGEST_CRC32C);
    cr_assert_str_eq(c.targets[0].auth.secret.value, "password of all");
    config_free(&c);
}

Test(config_good, target_wins_over_defaults)
{
    struct config c = support_loaded("good/defaults.yaml");
    cr_assert_eq(c.targets[1].sessions, 1);
    cr_assert_eq(c.targets[1].data_digest, LUN_DIGEST_CRC32C);
    config_free(&c);
}

Test(config_good, empty_auth_means_none)
{
    struct config c = support_loaded("good/defaults.yaml");
    struct lun_auth a;
    config_target_auth(&c.targets[1], &a);
    cr_assert_null(a.user);
    cr_assert_null(a.secret);
    config_free(&c);
}

Test(config_good, discovery_takes_defaults_and_its_own_keys)
{
    struct config c = support_loaded("good/defaults.yaml");
    cr_assert_eq(c.discover_count, 1);
    cr_assert_str_eq(c.discover[0].portals[0], "[fd00::5]:3260");
    cr_assert_null(c.discover[0].iqn);
    cr_assert_eq(c.discover[0].sessions, 2);
    cr_assert_eq(c.discover[0].data_digest, LUN_DIGEST_NONE);
    config_free(&c);
}

Test(config_good, discovery_alone_is_enough)
{
    struct config c = support_loaded("good/discover_only.yaml");
    cr_assert_eq(c.target_count, 0);
    cr_assert_str_eq(c.discover[0].auth.user, "finder");
    config_free(&c);
}

Test(config_good, byte_order_mark_and_crlf)
{
    struct config c = support_loaded("good/bom_and_crlf.yaml");
    cr_assert_str_eq(c.targets[0].portals[0], "192.0.2.10");
    config_free(&c);
}

Test(config_good, json_is_yaml)
{
    struct config c = support_loaded("good/flow.yaml");
    cr_assert_str_eq(c.targets[0].iqn, "eui.02004567A425678D");
    cr_assert_eq(c.targets[0].luns[0], 7);
    config_free(&c);
}

Test(config_good, mode_is_octal_without_quotes_too)
{
    struct config c = support_loaded("good/mode_plain.yaml");
    cr_assert_eq(c.targets[0].mode, 0440);
    config_free(&c);
}

Test(config_good, texts_may_look_like_numbers)
{
    struct config c = support_loaded("good/text_like_number.yaml");
    cr_assert_str_eq(c.targets[0].name, "007");
    cr_assert_str_eq(c.targets[0].auth.user, "12");
    cr_assert_str_eq(c.targets[0].auth.secret.value, "null");
    config_free(&c);
}

/* RFC 7143, 13.14: what is left to liblun is no larger than that. */
Test(config_good, first_burst_is_left_open_with_a_small_max_burst)
{
    struct config c = support_loaded("good/small_bursts.yaml");
    cr_assert_eq(c.targets[0].max_burst_length, 65536);
    cr_assert_eq(c.targets[0].first_burst_length, 0, "auto");
    config_free(&c);
}

/* The word is what leaving the key out is, and overrules what a file says. */
Test(config_good, auto_leaves_it_to_liblun)
{
    struct config c = support_loaded("good/auto.yaml");
    const char *portals[1];
    struct lun_target_options o;
    config_target_options(&c.targets[0], portals, &o);
    cr_assert_eq(c.loops, 0);
    cr_assert_eq(o.sessions, 0);
    cr_assert_eq(o.queue_depth, 0);
    cr_assert_eq(o.max_transfer, 0);
    cr_assert_eq(o.initial_r2t, 0);
    cr_assert_eq(o.immediate_data, 0);
    cr_assert_eq(o.max_recv_data_segment_length, 0);
    cr_assert_eq(o.first_burst_length, 0);
    cr_assert_eq(o.max_burst_length, 0);
    cr_assert_eq(o.max_outstanding_r2t, 0);
    char *text = config_text(&c, "iqn.2026-01.org.example:host7");
    static const char *const lines[] = {"loops: auto\n",         "  sessions: auto\n",
                                        "  queue_depth: auto\n", "  max_transfer: auto\n",
                                        "  initial_r2t: auto\n", "  max_burst_length: auto\n"};
    for (size_t i = 0; i < sizeof lines / sizeof *lines; i++)
        cr_assert(strstr(text, lines[i]), "no %s in:\n%s", lines[i], text);
    free(text);
    config_free(&c);
}

Test(config_text, shows_no_password)
{
    struct config c = support_loaded("good/full.yaml");
    char *text = config_text(&c, "iqn.2026-01.org.example:host7");
    cr_assert(text);
    cr_assert_null(strstr(text, "horse"));
    cr_assert(strstr(text, "user: \"host7\""));
    free(text);
    config_free(&c);
}

Test(config_text, reads_back_as_the_same)
{
    struct config c = support_loaded("good/defaults.yaml");
    char *text = config_text(&c, "iqn.2026-01.org.example:host7");
    config_free(&c);
    support_scratch();
    support_write("again.yaml", text, 0600);
    setenv("LUNFS_CHAP_PASSWORD", "password of all", 1);
    struct lun_error e = {0};
    cr_assert(config_load("again.yaml", NULL, 0, &c, &e), "%s", e.text);
    char *again = config_text(&c, "iqn.2026-01.org.example:host7");
    cr_assert_str_eq(again, text);
    cr_assert_eq(c.target_count, 2);
    cr_assert_eq(c.discover_count, 1);
    free(text);
    free(again);
    config_free(&c);
    support_leave();
}

Test(config_text, shows_every_value_as_it_is_written)
{
    struct config c = support_loaded("good/full.yaml");
    char *text = config_text(&c, "iqn.2026-01.org.example:host7");
    static const char *const lines[] = {
        "memory_limit: 64MiB\n",   "shutdown_timeout: 2m\n",
        "require: all\n",          "mode: \"0640\"\n",
        "login_timeout: 500ms\n",  "nop_interval: never\n",
        "io_timeout: 1m\n",        "read_only: true\n",
        "header_digest: crc32c\n", "max_burst_length: 16777215\n",
        "immediate_data: false\n",
    };
    for (size_t i = 0; i < sizeof lines / sizeof *lines; i++)
        cr_assert(strstr(text, lines[i]), "no %s in:\n%s", lines[i], text);
    free(text);
    config_free(&c);
}

static void expect_modes(const struct config *c)
{
    cr_assert_eq(c->readahead, 8u << 20);
    const struct config_cache *one = &c->targets[0].cache, *two = &c->targets[1].cache;
    cr_assert_eq(one->mode, 1);
    cr_assert_eq(one->other_count, 1);
    cr_assert_eq(one->other[0], 3);
    cr_assert_eq(two->mode, 0);
    cr_assert_eq(two->other_count, 2);
    cr_assert_eq(two->other[1], 300);
    cr_assert_eq(c->targets[2].cache.mode, 0);
    cr_assert_eq(c->targets[2].cache.other_count, 0);
}

Test(config_good, cache_modes)
{
    struct config c = support_loaded("good/cache.yaml");
    expect_modes(&c);
    config_free(&c);
}

Test(config_text, cache_modes_read_back_as_the_same)
{
    support_scratch();
    struct config c = support_loaded("good/cache.yaml");
    char *text = config_text(&c, "iqn.2026-01.org.example:host7");
    support_write("again.yaml", text, 0600);
    struct config again = support_source("again.yaml", OPTIONS());
    expect_modes(&again);
    free(text);
    config_free(&c);
    config_free(&again);
    support_leave();
}

Test(config_file, absent)
{
    support_source_refused("/nonexistent/x.yaml", OPTIONS(),
                           "/nonexistent/x.yaml: No such file or directory");
}

Test(config_file, directory)
{
    support_source_refused("/proc", OPTIONS(), "/proc: Is a directory");
}

Test(config_file, device)
{
    support_source_refused("/dev/null", OPTIONS(), "/dev/null: not a regular file");
}

Test(config_file, too_large, .init = support_scratch, .fini = support_leave)
{
    support_write("big.yaml", "", 0600);
    cr_assert_eq(truncate("big.yaml", (1 << 20) + 1), 0);
    support_source_refused("big.yaml", OPTIONS(), "big.yaml: larger than 1048576 bytes");
}

Test(config_file, end_of_a_long_path_is_shown, .init = support_scratch, .fini = support_leave)
{
    char path[161];
    memset(path, 'd', 150);
    strcpy(path + 150, "/../x.yaml");
    path[150] = '\0';
    cr_assert_eq(mkdir(path, 0700), 0);
    path[150] = '/';
    support_write("x.yaml", "loops: 0\n", 0600);
    char message[200] = "...";
    memset(message + 3, 'd', 90);
    strcpy(message + 93, "/../x.yaml:1:8: loops: 0 is out of range (1 to 64)");
    support_source_refused(path, OPTIONS(), message);
}
