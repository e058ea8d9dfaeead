/* SPDX-License-Identifier: Apache-2.0 */
/* The rules by which a pool chooses its loops and a target its sessions (RFC 7143 4.2.2.1, the command
 * window). */
#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

#include "pool/target.h"

Test(tuning, a_loop_for_a_quarter_of_the_cpus)
{
    cr_assert_eq(pool_loops(1, 100), 1);
    cr_assert_eq(pool_loops(2, 100), 1);
    cr_assert_eq(pool_loops(7, 100), 1);
    cr_assert_eq(pool_loops(8, 100), 2);
    cr_assert_eq(pool_loops(64, 100), 16);
    cr_assert_eq(pool_loops(1000, 100), 64);
}

Test(tuning, no_more_loops_than_targets)
{
    cr_assert_eq(pool_loops(64, 1), 1);
    cr_assert_eq(pool_loops(64, 3), 3);
    cr_assert_eq(pool_loops(64, 0), 1);
}

Test(tuning, sessions_until_32_commands_fit)
{
    cr_assert_eq(sessions_for(UINT32_MAX), 1);
    cr_assert_eq(sessions_for(128), 1);
    cr_assert_eq(sessions_for(32), 1);
    cr_assert_eq(sessions_for(31), 2);
    cr_assert_eq(sessions_for(16), 2);
    cr_assert_eq(sessions_for(15), 3);
    cr_assert_eq(sessions_for(8), 4);
    cr_assert_eq(sessions_for(1), 4);
    cr_assert_eq(sessions_for(0), 4);
}

/* ---- sessions that are not wanted any more ----------------------------------------------------------------
 */

#define SESSIONS 4

static struct lun_target *target;

/* One session is up, with a window of 204; the others are still logging in. */
static void fit_while_they_log_in(void *arg)
{
    target->state = TARGET_OPEN;
    target->wanted = SESSIONS;
    for (unsigned i = 0; i < SESSIONS; i++) {
        struct link *k = &target->sessions[i].link;
        list_init(&k->watch.again);
        k->state = i ? LINK_LOGIN : LINK_UP;
    }
    target->sessions[0].up_since = 1;
    target->sessions[0].link.session.window.expcmdsn = 1;
    target->sessions[0].link.session.window.maxcmdsn = 204;
    sessions_fit(target);
    cr_assert_eq(target->wanted, 1);
}

/* A turn later the three have gone. */
static void look_and_fit_again(void *arg)
{
    for (unsigned i = 1; i < SESSIONS; i++) {
        cr_assert_eq(target->sessions[i].link.state, LINK_IDLE, "session %u", i);
        cr_assert_not(target->sessions[i].leaving, "session %u", i);
    }
    cr_assert_eq(target->wanted, 1, "each counted once, not twice: %u", target->wanted);
    sessions_fit(target);
    cr_assert_eq(target->wanted, 1);
    target->sessions[0].link.state = LINK_IDLE;
    target->state = TARGET_CLOSED;
}

Test(tuning, sessions_that_leave_while_they_log_in)
{
    static const char *const portals[] = {"127.0.0.1"};
    struct lun_error e;
    struct lun_pool *pool = lun_pool_new(
        &(struct lun_pool_options){.initiator_name = "iqn.2026-01.org.example:host7", .instance = "/mnt/san"},
        &e);
    cr_assert_not_null(pool, "%s", e.text);
    target = lun_target_new(pool,
                            &(struct lun_target_options){
                                .iqn = "iqn.2026-01.com.example:disk", .portals = portals, .portal_count = 1},
                            &e);
    cr_assert_not_null(target, "%s", e.text);
    lun_loop_run(lun_target_loop(target), fit_while_they_log_in, NULL);
    lun_loop_run(lun_target_loop(target), look_and_fit_again, NULL);
    lun_target_free(target);
    lun_pool_free(pool);
}
