/* SPDX-License-Identifier: Apache-2.0 */
/* Which target is opened when, what is tried again, and what all portals together yield. */
#include "members.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

#include "fake_targets.h"

#define A "iqn.2026-01.com.example:a"
#define B "iqn.2026-01.com.example:b"
#define C "iqn.2026-01.com.example:c"
#define LATER 1000000 /* longer than any back-off */

static struct members m;
static struct lun_error e;
static int64_t now;

static void make(void)
{
    now = 0;
    cr_assert(members_init(&m, (struct lun_pool *)&m, &e), "%s", e.text);
}

static void unmake(void)
{
    members_close(&m, 0);
    members_turn(&m, now);
    cr_assert(members_closed(&m));
    members_free(&m);
    cr_assert(fake_all_gone());
}

TestSuite(members, .init = make, .fini = unmake);

/* Configurations live as long as the test. */
static struct config_target *configured(const char *iqn, const char *portal)
{
    static struct config_target configs[64];
    static char *portals[64];
    static size_t count;
    struct config_target *c = &configs[count];
    portals[count] = (char *)(uintptr_t)portal;
    *c = (struct config_target){.iqn = (char *)(uintptr_t)iqn, .portals = &portals[count], .portal_count = 1};
    count++;
    return c;
}

static void add(const char *iqn)
{
    cr_assert(members_add(&m, configured(iqn, "192.0.2.1"), &e));
}

static void discover(const char *portal)
{
    cr_assert(members_discover(&m, configured(NULL, portal), &e));
}

static void turn(int64_t later)
{
    now += later;
    members_turn(&m, now);
}

static const struct member *find(const char *iqn)
{
    for (size_t i = 0; i < m.count; i++)
        if (m.at[i]->iqn && !strcmp(m.at[i]->iqn, iqn))
            return m.at[i];
    return NULL;
}

static size_t count_changes(void)
{
    size_t n = 0;
    while (members_changed(&m))
        n++;
    return n;
}

#define FOUND(portal, ...) fake_found(portal, (const char *const[]){__VA_ARGS__, NULL})

Test(members, nothing_is_settled)
{
    turn(0);
    cr_assert(members_settled(&m));
    cr_assert_eq(members_timeout(&m, now), -1);
}

Test(members, targets_are_opened_side_by_side)
{
    add(A);
    add(B);
    turn(0);
    cr_assert_eq(fake_opening(), 2);
    cr_assert_not(members_settled(&m));
    fake_opened(B, LUN_OK, 0);
    turn(0);
    cr_assert_eq(find(B)->state, MEMBER_UP);
    cr_assert_not(members_settled(&m));
    fake_opened(A, LUN_OK, 0);
    turn(0);
    cr_assert(members_settled(&m));
    cr_assert_eq(count_changes(), 2);
}

Test(members, many_are_opened_a_bounded_number_at_a_time)
{
    static char names[40][64];
    for (int i = 0; i < 40; i++) {
        snprintf(names[i], sizeof names[i], "iqn.2026-01.com.example:t%d", i);
        add(names[i]);
    }
    turn(0);
    cr_assert_eq(fake_opening(), 32);
    cr_assert_eq(members_timeout(&m, now), -1, "there is no place: only an end brings one");
    fake_opened(names[0], LUN_OK, 0);
    turn(0);
    cr_assert_eq(fake_opening(), 32);
    cr_assert_eq(fake_opens(names[32]), 1);
    for (int i = 1; i < 40; i++) {
        turn(0);
        fake_opened(names[i], LUN_OK, 0);
    }
    turn(0);
    cr_assert(members_settled(&m));
}

Test(members, portals_are_asked_side_by_side)
{
    discover("192.0.2.1");
    discover("192.0.2.2");
    add(A);
    turn(0);
    cr_assert_eq(fake_asking(), 2);
    cr_assert_eq(fake_opening(), 1, "and targets opened meanwhile");
}

Test(members, portal_that_answered_comes_first)
{
    discover("192.0.2.1");
    turn(0);
    FOUND("192.0.2.1", A);
    turn(0);
    cr_assert_str_eq(fake_portals(A), "192.0.2.1 10.0.2.15:3260");
}

Test(members, target_named_twice_is_opened_once)
{
    discover("192.0.2.1");
    discover("192.0.2.2");
    turn(0);
    FOUND("192.0.2.1", A, B);
    FOUND("192.0.2.2", B, C);
    turn(0);
    turn(0);
    cr_assert_eq(fake_opening(), 3);
}

Test(members, configured_target_is_not_discovered_again)
{
    add(A);
    discover("192.0.2.2");
    turn(0);
    FOUND("192.0.2.2", "iqn.2026-01.com.EXAMPLE:a");
    turn(0);
    turn(0);
    cr_assert_eq(fake_opening(), 1);
    cr_assert_str_eq(fake_portals(A), "192.0.2.1");
}

/* Whoever answers first, the settings are those of the first entry. */
Test(members, answers_are_taken_in_the_order_of_the_entries)
{
    discover("192.0.2.1");
    discover("192.0.2.2");
    turn(0);
    FOUND("192.0.2.2", A);
    turn(0);
    cr_assert_eq(fake_opening(), 0, "the first entry may name it too");
    cr_assert_not(members_settled(&m));
    FOUND("192.0.2.1", A);
    turn(0);
    turn(0);
    cr_assert_str_eq(fake_portals(A), "192.0.2.1 10.0.2.15:3260");
}

Test(members, answer_waits_no_longer_than_the_failure_of_an_earlier_entry)
{
    discover("192.0.2.1");
    discover("192.0.2.2");
    turn(0);
    FOUND("192.0.2.2", A);
    turn(0);
    fake_not_found("192.0.2.1", LUN_TIMEOUT, 0);
    turn(0);
    turn(0);
    cr_assert_eq(fake_opening(), 1);
}

Test(members, portal_without_targets_has_failed)
{
    discover("192.0.2.1");
    turn(0);
    fake_found("192.0.2.1", (const char *const[]){NULL});
    turn(0);
    cr_assert(members_settled(&m));
    cr_assert_eq(m.at[0]->state, MEMBER_DUE);
    cr_assert_str_eq(m.at[0]->error.text, "portal 192.0.2.1: no targets");
}

Test(members, names_that_are_not_found_are_failures)
{
    add(A);
    discover("192.0.2.2");
    fake_refuse(LUN_RESOLVE, 0, "portal nowhere: unknown");
    turn(0);
    cr_assert_str_eq(find(A)->error.text, "portal nowhere: unknown");
    cr_assert_eq(fake_asking(), 1);
    fake_not_found("192.0.2.2", LUN_CONNECT, 111);
    turn(0);
    cr_assert(members_settled(&m));
}

Test(members, discovery_that_cannot_start_is_a_failure)
{
    discover("nowhere");
    fake_refuse(LUN_RESOLVE, 0, "portal nowhere: unknown");
    turn(0);
    cr_assert(members_settled(&m));
    cr_assert_eq(m.at[0]->failures, 1);
}

/* ---- Trying again ------------------------------------------------------------------------------------- */

static void fail_once(const char *iqn, enum lun_layer layer, int code)
{
    turn(0);
    fake_opened(iqn, layer, code);
    turn(0);
}

Test(members, nothing_is_tried_again_at_the_start)
{
    add(A);
    fail_once(A, LUN_CONNECT, 111);
    cr_assert(members_settled(&m));
    cr_assert_eq(members_timeout(&m, now), -1);
    turn(LATER);
    cr_assert_eq(fake_opens(A), 1);
}

Test(members, missing_target_is_tried_again_when_it_is_due)
{
    add(A);
    fail_once(A, LUN_CONNECT, 111);
    members_retry(&m);
    int wait = members_timeout(&m, now);
    cr_assert(wait >= 1500 && wait <= 2500, "%d", wait);
    turn(wait - 1);
    cr_assert_eq(fake_opens(A), 1);
    turn(1);
    cr_assert_eq(fake_opens(A), 2);
    fake_opened(A, LUN_OK, 0);
    turn(0);
    cr_assert_eq(find(A)->state, MEMBER_UP);
    cr_assert_eq(find(A)->error.layer, LUN_OK);
    turn(LATER);
    cr_assert_eq(fake_opens(A), 2);
}

Test(members, attempts_grow_rarer)
{
    add(A);
    members_retry(&m);
    int last = 0;
    for (int i = 0; i < 8; i++) {
        fail_once(A, LUN_CONNECT, 111);
        int wait = members_timeout(&m, now);
        cr_assert(i >= 5 || wait > last, "attempt %d after %d ms, the one before after %d", i, wait, last);
        cr_assert_leq(wait, 75000);
        now += last = wait;
    }
    cr_assert_geq(last, 45000);
}

Test(members, same_failure_again_is_no_change)
{
    add(A);
    members_retry(&m);
    fail_once(A, LUN_CONNECT, 111);
    cr_assert_eq(count_changes(), 1);
    turn(LATER);
    fail_once(A, LUN_CONNECT, 111);
    cr_assert_eq(count_changes(), 0);
    turn(LATER);
    fail_once(A, LUN_LOGIN, 0x0203);
    cr_assert_eq(count_changes(), 1, "another failure is news");
    turn(LATER);
    fake_opened(A, LUN_OK, 0);
    turn(0);
    cr_assert_eq(count_changes(), 1);
}

Test(members, refused_credentials_are_not_tried_again)
{
    add(A);
    add(B);
    add(C);
    turn(0);
    fake_opened(A, LUN_LOGIN, 0x0201);
    fake_opened(B, LUN_LOGIN, 0x0202);
    fake_opened(C, LUN_USAGE, 0);
    turn(0);
    members_retry(&m);
    cr_assert_eq(members_timeout(&m, now), -1);
    for (size_t i = 0; i < 3; i++)
        cr_assert_eq(m.at[i]->state, MEMBER_GIVEN_UP);
    turn(LATER);
    cr_assert_eq(fake_opening(), 0);
}

Test(members, target_that_is_not_set_up_yet_is_tried_again)
{
    add(A);
    fail_once(A, LUN_LOGIN, 0x0203);
    cr_assert_eq(find(A)->state, MEMBER_DUE);
}

Test(members, name_is_looked_up_again)
{
    add(A);
    fake_refuse(LUN_RESOLVE, 0, "unknown");
    turn(0);
    members_retry(&m);
    turn(LATER);
    cr_assert_eq(fake_opening(), 1);
}

Test(members, late_answer_brings_targets)
{
    discover("192.0.2.1");
    discover("192.0.2.2");
    turn(0);
    FOUND("192.0.2.1", A);
    fake_not_found("192.0.2.2", LUN_CONNECT, 111);
    turn(0);
    turn(0);
    fake_opened(A, LUN_OK, 0);
    turn(0);
    cr_assert(members_settled(&m));
    members_retry(&m);
    count_changes();
    turn(LATER);
    cr_assert_eq(fake_asking(), 1, "only the one that failed");
    FOUND("192.0.2.2", A, B);
    turn(0);
    turn(members_timeout(&m, now));
    cr_assert_eq(fake_opening(), 1);
    fake_opened(B, LUN_OK, 0);
    turn(0);
    cr_assert_eq(count_changes(), 2, "the portal and the target");
}

/* ---- The end: the suite's .fini closes and counts what is left ------------------------------------------
 */

Test(members, end_in_the_middle_of_everything)
{
    add(A);
    add(B);
    discover("192.0.2.1");
    discover("192.0.2.2");
    turn(0);
    fake_opened(A, LUN_OK, 0);
    FOUND("192.0.2.2", C);
}

Test(members, end_before_anything)
{
    add(A);
    discover("192.0.2.1");
}

Test(members, nothing_begins_once_it_is_closed)
{
    add(A);
    fail_once(A, LUN_CONNECT, 111);
    members_retry(&m);
    members_close(&m, 0);
    turn(LATER);
    cr_assert_eq(fake_opens(A), 1);
    cr_assert_eq(members_timeout(&m, now), -1);
    cr_assert(members_closed(&m));
    members_free(&m);
    make(); /* for the suite's end */
}
