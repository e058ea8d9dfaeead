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
    static const struct {
        enum lun_layer layer;
        const char *word;
    } words[] = {
        {LUN_OK, "ok"},
        {LUN_USAGE, "usage"},
        {LUN_RESOLVE, "resolve"},
        {LUN_CONNECT, "connect"},
        {LUN_TLS, "tls"},
        {LUN_LOGIN, "login"},
        {LUN_PROTOCOL, "protocol"},
        {LUN_SCSI, "scsi"},
        {LUN_TIMEOUT, "timeout"},
        {LUN_CANCELLED, "cancelled"},
        {LUN_SYSTEM, "system"},
    };
    cr_assert_eq(sizeof words / sizeof *words, LUN_SYSTEM + 1);
    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        cr_assert_str_eq(lun_layer_name(words[i].layer), words[i].word);
    for (int layer = LUN_OK; layer <= LUN_SYSTEM; layer++)
        cr_assert_neq(strcmp(lun_layer_name((enum lun_layer)layer), "unknown"), 0);
    cr_assert_str_eq(lun_layer_name((enum lun_layer)(LUN_SYSTEM + 1)), "unknown");
    cr_assert_str_eq(lun_layer_name((enum lun_layer) - 1), "unknown");
}

/* What log, texts and lunctl print. */
Test(error, line_begins_with_the_layer)
{
    struct lun_error e;
    char line[LUN_ERROR_LINE];
    error_set(&e, LUN_LOGIN, 0x0203, false, "portal 192.0.2.1:3260: refused: target not found (status 0203)");
    cr_assert_str_eq(lun_error_line(&e, line),
                     "login: portal 192.0.2.1:3260: refused: target not found (status 0203)");
    error_set(&e, LUN_USAGE, 0, false, "san.yaml:3:5: unknown key");
    cr_assert_str_eq(lun_error_line(&e, line), "san.yaml:3:5: unknown key");
    e = (struct lun_error){0};
    cr_assert_str_eq(lun_error_line(&e, line), "ok");
}

Test(error, line_holds_the_longest_text_of_any_layer)
{
    struct lun_error e;
    char line[LUN_ERROR_LINE];
    for (int layer = LUN_OK; layer <= LUN_SYSTEM; layer++) {
        error_set(&e, (enum lun_layer)layer, 0, false, "%0500d", 1);
        const char *said = lun_error_line(&e, line);
        cr_assert(layer == LUN_OK || strlen(said) >= LUN_ERROR_TEXT - 1);
        cr_assert(layer == LUN_OK || said[strlen(said) - 1] == '0');
    }
}
