/* SPDX-License-Identifier: Apache-2.0 */
/* The rules by which a pool chooses its loops and a target its sessions (RFC 7143 4.2.2.1, the command
 * window). */
#include <criterion/criterion.h>
#include <stdlib.h>

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
