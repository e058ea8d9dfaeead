/* SPDX-License-Identifier: Apache-2.0 */
/* Errors are filled whole, cut to one buffer, and never need one. */
#include "base/error.h"

#include <criterion/criterion.h>
#include <string.h>

Test(error, set_fills_every_field)
{
    struct lun_error e;
    memset(&e, 0xa5, sizeof e);
    cr_assert_not(error_set(&e, LUN_LOGIN, 0x0201, true, "target %s refused user %d", "disk", 7));
    cr_assert_eq(e.layer, LUN_LOGIN);
    cr_assert_eq(e.code, 0x0201);
    cr_assert(e.retry);
    cr_assert_str_eq(e.text, "target disk refused user 7");
}

Test(error, set_without_an_error)
{
    cr_assert_not(error_set(NULL, LUN_SYSTEM, 12, false, "out of memory"));
    error_prefix(NULL, "portal");
}

Test(error, long_text_is_cut)
{
    struct lun_error e;
    error_set(&e, LUN_USAGE, 0, false, "%0500d", 1);
    cr_assert_eq(strlen(e.text), LUN_ERROR_TEXT - 1);
}

Test(error, prefix)
{
    struct lun_error e;
    error_set(&e, LUN_CONNECT, 111, true, "connection refused");
    error_prefix(&e, "portal %s", "192.0.2.1:3260");
    error_prefix(&e, "target disk");
    cr_assert_str_eq(e.text, "target disk: portal 192.0.2.1:3260: connection refused");
    cr_assert_eq(e.layer, LUN_CONNECT);
    cr_assert_eq(e.code, 111);
    cr_assert(e.retry);
}

Test(error, prefix_that_leaves_no_room)
{
    struct lun_error e;
    error_set(&e, LUN_USAGE, 0, false, "the reason");
    error_prefix(&e, "%0500d", 1);
    cr_assert_eq(strlen(e.text), LUN_ERROR_TEXT - 1);
    error_set(&e, LUN_USAGE, 0, false, "the reason");
    error_prefix(&e, "%0*d", LUN_ERROR_TEXT - 5, 1);
    cr_assert_eq(strlen(e.text), LUN_ERROR_TEXT - 1);
    cr_assert_str_eq(e.text + LUN_ERROR_TEXT - 6, "1: th");
}

Test(error, each_layer_has_its_word)
{
    cr_assert_str_eq(lun_layer_name(LUN_OK), "ok");
    cr_assert_str_eq(lun_layer_name(LUN_CONNECT), "connect");
    cr_assert_str_eq(lun_layer_name(LUN_SYSTEM), "system");
    for (int layer = LUN_OK; layer <= LUN_SYSTEM; layer++)
        cr_assert_neq(strcmp(lun_layer_name((enum lun_layer)layer), "unknown"), 0);
    cr_assert_str_eq(lun_layer_name((enum lun_layer)(LUN_SYSTEM + 1)), "unknown");
    cr_assert_str_eq(lun_layer_name((enum lun_layer) - 1), "unknown");
}
