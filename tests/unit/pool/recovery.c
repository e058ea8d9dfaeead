/* SPDX-License-Identifier: Apache-2.0 */
/* When a lost session is tried again, and what ends that. */
#include "pool/recovery.h"

#include <criterion/criterion.h>

#include "base/error.h"

#define MS 1000000ull

static uint64_t shortest(unsigned failures)
{
    return recovery_delay(failures, 0) / MS;
}

static uint64_t longest(unsigned failures)
{
    return recovery_delay(failures, 1023) / MS;
}

Test(recovery, first_attempt_is_soon)
{
    cr_assert_eq(shortest(0), 25);
    cr_assert_eq(longest(0), 74);
}

Test(recovery, delay_doubles_to_half_a_minute)
{
    cr_assert_eq(shortest(1), 250);
    cr_assert_eq(shortest(2), 500);
    cr_assert_eq(shortest(6), 8000);
    cr_assert_eq(shortest(7), 15000);
    cr_assert_eq(longest(7), 44970);
    for (unsigned n = 8; n < 100; n++)
        cr_assert_eq(shortest(n), 15000);
    cr_assert_eq(shortest(UINT32_MAX), 15000);
}

static bool hopeless(enum lun_layer layer, int code)
{
    struct lun_error e;
    error_set(&e, layer, code, false, "as the test says");
    return recovery_is_hopeless(&e);
}

/* RFC 7143 11.13.5. */
Test(recovery, only_refused_credentials_are_hopeless)
{
    cr_assert(hopeless(LUN_LOGIN, 0x0201));
    cr_assert(hopeless(LUN_LOGIN, 0x0202));
    static const int others[] = {0x0101, 0x0102, 0x0200, 0x0203, 0x0204, 0x0206, 0x0300, 0x0301, 0x0302};
    for (size_t i = 0; i < sizeof others / sizeof *others; i++)
        cr_assert_not(hopeless(LUN_LOGIN, others[i]), "%04x", (unsigned)others[i]);
    cr_assert_not(hopeless(LUN_CONNECT, 0x0201));
    cr_assert_not(hopeless(LUN_TIMEOUT, 0));
    cr_assert_not(hopeless(LUN_PROTOCOL, 0));
}
