/* SPDX-License-Identifier: Apache-2.0 */
/* Options of pools and targets: defaults, ranges, copies, and the ISID. */
#include <criterion/criterion.h>
#include <string.h>

#include "pool/pool.h"
#include "pool/target.h"

#define IQN "iqn.2026-01.com.example:disk"

static const char *const portals[] = {"192.0.2.10", "[fd00::5]:3261"};
static struct lun_error e;

static struct lun_target_options fair(void)
{
    return (struct lun_target_options){.iqn = IQN, .portals = portals, .portal_count = 2, .portal_group = -1};
}

static void refused(const struct lun_target_options *o, const char *words)
{
    struct lun_target_options copy = {.sessions = 77};
    cr_assert_not(target_options_copy(o, &copy, &e));
    cr_assert_eq(e.layer, LUN_USAGE, "%s", e.text);
    cr_assert(strstr(e.text, words), "%s", e.text);
    cr_assert_eq(copy.sessions, 77, "untouched");
}

Test(options, defaults)
{
    struct lun_target_options o = fair(), c;
    cr_assert(target_options_copy(&o, &c, &e), "%s", e.text);
    cr_assert_eq(c.sessions, TARGET_SESSIONS_AUTO);
    cr_assert_eq(c.login_timeout_ms, 15000);
    cr_assert_eq(c.io_timeout_ms, 30000);
    cr_assert_eq(c.nop_interval_ms, 5000);
    cr_assert_eq(c.nop_timeout_ms, 5000);
    cr_assert_eq(c.queue_depth, 0);
    cr_assert_eq(c.max_transfer, 0);
    cr_assert_eq(c.initial_r2t, 1);
    cr_assert_eq(c.immediate_data, 2);
    cr_assert_eq(c.max_recv_data_segment_length, 262144);
    cr_assert_eq(c.first_burst_length, 262144);
    cr_assert_eq(c.max_burst_length, 1048576);
    cr_assert_eq(c.max_outstanding_r2t, 8);
    target_options_free(&c);
}

Test(options, what_is_set_stays)
{
    struct lun_target_options o = fair(), c;
    o.sessions = 64;
    o.queue_depth = 1024;
    o.max_recv_data_segment_length = 16777215;
    o.first_burst_length = 512;
    o.max_burst_length = 512;
    o.max_outstanding_r2t = 16;
    o.nop_interval_ms = UINT32_MAX;
    o.initial_r2t = 2;
    o.immediate_data = 1;
    cr_assert(target_options_copy(&o, &c, &e), "%s", e.text);
    cr_assert_eq(c.sessions, 64);
    cr_assert_eq(c.queue_depth, 1024);
    cr_assert_eq(c.max_recv_data_segment_length, 16777215);
    cr_assert_eq(c.first_burst_length, 512);
    cr_assert_eq(c.max_outstanding_r2t, 16);
    cr_assert_eq(c.nop_interval_ms, UINT32_MAX);
    cr_assert_eq(c.initial_r2t, 2);
    cr_assert_eq(c.immediate_data, 1);
    target_options_free(&c);
}

/* 13.14: FirstBurstLength must not exceed MaxBurstLength. */
Test(options, the_first_burst_is_no_longer_than_a_burst)
{
    struct lun_target_options o = fair(), c;
    o.max_burst_length = 4096;
    cr_assert(target_options_copy(&o, &c, &e));
    cr_assert_eq(c.first_burst_length, 4096);
    target_options_free(&c);
}

Test(options, everything_is_copied)
{
    char iqn[] = IQN, user[] = "host7", secret[] = "a secret of ours", portal[] = "192.0.2.10";
    const char *list[] = {portal};
    uint64_t luns[] = {0, 300};
    struct lun_target_options o = {.iqn = iqn,
                                   .portals = list,
                                   .portal_count = 1,
                                   .luns = luns,
                                   .lun_count = 2,
                                   .auth = {.user = user, .secret = secret}},
                              c;
    cr_assert(target_options_copy(&o, &c, &e), "%s", e.text);
    memset(iqn, 'x', sizeof iqn - 1);
    memset(user, 'x', sizeof user - 1);
    memset(secret, 'x', sizeof secret - 1);
    memset(portal, 'x', sizeof portal - 1);
    list[0] = NULL;
    luns[1] = 9;
    cr_assert_str_eq(c.iqn, IQN);
    cr_assert_str_eq(c.portals[0], "192.0.2.10");
    cr_assert_str_eq(c.auth.user, "host7");
    cr_assert_str_eq(c.auth.secret, "a secret of ours");
    cr_assert_null(c.auth.mutual_user);
    cr_assert_eq(c.luns[1], 300);
    target_options_free(&c);
    cr_assert_null(c.iqn);
    target_options_free(&c); /* of what is free already */
}

Test(options, no_name)
{
    struct lun_target_options o = fair();
    o.iqn = NULL;
    refused(&o, "needs a name");
}

Test(options, a_bad_name)
{
    struct lun_target_options o = fair();
    o.iqn = "disk";
    refused(&o, "disk");
}

Test(options, no_portal)
{
    struct lun_target_options o = fair();
    o.portal_count = 0;
    refused(&o, "target " IQN ": no portal");
}

Test(options, a_user_without_a_secret)
{
    struct lun_target_options o = fair();
    o.auth.user = "host7";
    refused(&o, "both a user and a secret");
}

Test(options, a_secret_without_a_user)
{
    struct lun_target_options o = fair();
    o.auth.secret = "hush";
    refused(&o, "both a user and a secret");
    cr_assert_null(strstr(e.text, "hush"));
}

Test(options, half_of_mutual_chap)
{
    struct lun_target_options o = fair();
    o.auth = (struct lun_auth){.user = "a", .secret = "b", .mutual_user = "c"};
    refused(&o, "mutual CHAP needs both");
}

Test(options, mutual_chap_alone)
{
    struct lun_target_options o = fair();
    o.auth = (struct lun_auth){.mutual_user = "c", .mutual_secret = "d"};
    refused(&o, "mutual CHAP needs one-way CHAP");
}

Test(options, a_lun_that_cannot_be_addressed)
{
    static const uint64_t luns[] = {0, UINT64_MAX};
    struct lun_target_options o = fair();
    o.luns = luns;
    o.lun_count = 2;
    refused(&o, "LUN 18446744073709551615 cannot be addressed");
}

#define OUT_OF_RANGE(test, field, value, words)                                                              \
    Test(options, test)                                                                                      \
    {                                                                                                        \
        struct lun_target_options o = fair();                                                                \
        o.field = value;                                                                                     \
        refused(&o, words);                                                                                  \
    }
OUT_OF_RANGE(too_many_sessions, sessions, 65, "sessions: 65 is not in 1-64")
OUT_OF_RANGE(too_deep_a_queue, queue_depth, 1025, "queue_depth: 1025 is not in 1-1024")
OUT_OF_RANGE(too_short_commands, max_transfer, 4095, "max_transfer: 4095 is not in 4096-1048576")
OUT_OF_RANGE(too_long_commands, max_transfer, 1048577, "max_transfer: 1048577 is not in 4096-1048576")
OUT_OF_RANGE(segment_too_short, max_recv_data_segment_length, 511, "max_recv_data_segment_length: 511")
OUT_OF_RANGE(segment_too_long, max_recv_data_segment_length, 16777216, "16777216 is not in 512-16777215")
OUT_OF_RANGE(first_burst_too_short, first_burst_length, 511, "first_burst_length: 511")
OUT_OF_RANGE(burst_too_short, max_burst_length, 511, "first_burst_length: 511") /* follows the burst */
OUT_OF_RANGE(burst_too_long, max_burst_length, 16777216, "max_burst_length: 16777216")
OUT_OF_RANGE(too_many_r2ts, max_outstanding_r2t, 17, "max_outstanding_r2t: 17 is not in 1-16")

/* ---- pools ------------------------------------------------------------------------------------------------
 */

static void pool_refused(const struct lun_pool_options *o, const char *words)
{
    cr_assert_null(lun_pool_new(o, &e));
    cr_assert_eq(e.layer, LUN_USAGE);
    cr_assert(strstr(e.text, words), "%s", e.text);
}

Test(options, a_pool_without_a_name)
{
    pool_refused(&(struct lun_pool_options){.instance = "x"}, "needs an initiator name");
}

Test(options, a_pool_without_an_instance)
{
    pool_refused(&(struct lun_pool_options){.initiator_name = IQN}, "and an instance");
}

Test(options, a_pool_with_a_bad_name)
{
    pool_refused(&(struct lun_pool_options){.initiator_name = "host", .instance = "x"}, "initiator name: ");
}

Test(options, a_pool_with_too_many_loops)
{
    pool_refused(&(struct lun_pool_options){.loops = 65, .initiator_name = IQN, .instance = "x"},
                 "65 is more than 64");
}

Test(options, freeing_no_pool)
{
    lun_pool_free(NULL);
}

/* 11.12.5: type 10b (random); the same for the same instance and index, another for every other index. */
Test(options, isids_are_stable_and_distinct)
{
    struct lun_pool_options o = {.initiator_name = IQN, .instance = "/mnt/san"};
    struct lun_pool *a = lun_pool_new(&o, &e), *again = lun_pool_new(&o, &e);
    uint8_t first[6], other[6];
    cr_assert(a && again);
    pool_isid(a, 0, first);
    cr_assert_eq(first[0] >> 6, 2);
    pool_isid(again, 0, other);
    cr_assert_arr_eq(first, other, 6);
    for (uint16_t i = 1; i < 1000; i++) {
        pool_isid(a, i, other);
        cr_assert_neq(memcmp(first, other, 6), 0, "index %u", i);
    }
    lun_pool_free(a);
    lun_pool_free(again);
}

Test(options, isids_differ_between_instances)
{
    struct lun_pool *a =
        lun_pool_new(&(struct lun_pool_options){.initiator_name = IQN, .instance = "/mnt/a"}, &e);
    struct lun_pool *b =
        lun_pool_new(&(struct lun_pool_options){.initiator_name = IQN, .instance = "/mnt/b"}, &e);
    uint8_t of_a[6], of_b[6];
    pool_isid(a, 0, of_a);
    pool_isid(b, 0, of_b);
    cr_assert_neq(memcmp(of_a, of_b, 6), 0);
    lun_pool_free(a);
    lun_pool_free(b);
}

Test(options, a_target_with_a_portal_that_cannot_be_read)
{
    struct lun_pool *p = lun_pool_new(&(struct lun_pool_options){.initiator_name = IQN, .instance = "x"}, &e);
    static const char *const bad[] = {"192.0.2.1:port"};
    struct lun_target_options o = fair();
    o.portals = bad;
    o.portal_count = 1;
    cr_assert_null(lun_target_new(p, &o, &e));
    cr_assert(strstr(e.text, IQN), "%s", e.text);
    lun_pool_free(p);
}
