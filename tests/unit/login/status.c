/* SPDX-License-Identifier: Apache-2.0 */
/* Login statuses and redirection (RFC 7143 11.13.5). */
#include "peer.h"

/* A login that the first response ends with this status. */
static struct login *ended(uint8_t class, uint8_t detail, const char *text)
{
    struct login_options o = peer_options();
    struct login *l = peer_login(&o);
    peer_skip(l);
    struct pdu_login_response r = {
        .itt = peer_response(0, STAY).itt, .status_class = class, .status_detail = detail};
    peer_send(l, &r, text);
    return l;
}

Test(status, every_status_has_its_own_text_and_code)
{
    static const uint16_t all[] = {0x0200, 0x0201, 0x0202, 0x0203, 0x0204, 0x0205, 0x0206, 0x0207, 0x0208,
                                   0x0209, 0x020a, 0x020b, 0x0300, 0x0301, 0x0302, 0x0101, 0x0102};
    const size_t count = sizeof all / sizeof *all;
    char texts[sizeof all / sizeof *all][LUN_ERROR_TEXT];
    for (size_t i = 0; i < count; i++) {
        struct login *l = ended((uint8_t)(all[i] >> 8), (uint8_t)all[i], "");
        cr_assert_eq(login_phase(l), LOGIN_FAILED);
        cr_assert_eq(login_error(l)->layer, LUN_LOGIN);
        cr_assert_eq(login_error(l)->code, all[i]);
        strcpy(texts[i], login_error(l)->text);
        *strstr(texts[i], "(status") = 0; /* the texts themselves, not the number */
        for (size_t j = 0; j < i; j++)
            cr_assert_str_neq(texts[i], texts[j]);
        login_free(l);
    }
}

Test(status, only_target_errors_are_worth_a_retry)
{
    static const struct {
        uint8_t class, detail;
        bool retry;
    } rows[] = {{2, 0, false}, {2, 1, false}, {2, 3, false}, {2, 6, false},
                {3, 0, true},  {3, 1, true},  {3, 2, true}};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct login *l = ended(rows[i].class, rows[i].detail, "");
        cr_assert_eq(login_error(l)->retry, rows[i].retry);
        login_free(l);
    }
}

Test(status, target_not_found)
{
    peer_failed(ended(2, 3, ""), LUN_LOGIN, "login: refused: target not found (status 0203)");
}

Test(status, unknown_details_and_classes)
{
    peer_failed(ended(2, 0x7f, ""), LUN_LOGIN, "initiator error of an unknown kind (status 027f)");
    peer_failed(ended(3, 9, ""), LUN_LOGIN, "target error of an unknown kind");
    peer_failed(ended(1, 9, "TargetAddress=192.0.2.1\n"), LUN_LOGIN, "redirection of an unknown kind");
    peer_failed(ended(7, 0, ""), LUN_LOGIN, "unknown class (status 0700)");
}

Test(status, temporary_redirection)
{
    struct login *l = ended(1, 1, "TargetAddress=192.0.2.7:3261\n");
    cr_assert_str_eq(login_redirect(l), "192.0.2.7:3261");
    cr_assert_not(login_error(l)->retry);
    peer_failed(l, LUN_LOGIN, "moved temporarily to 192.0.2.7:3261");
}

Test(status, permanent_redirection_to_an_address_without_port)
{
    struct login *l = ended(1, 2, "TargetPortalGroupTag=1\nTargetAddress=[fd00::5]\n");
    cr_assert_str_eq(login_redirect(l), "[fd00::5]");
    peer_failed(l, LUN_LOGIN, "moved permanently");
}

Test(status, first_of_several_addresses)
{
    struct login *l = ended(1, 1, "TargetAddress=a.example:1,2\nTargetAddress=b.example\n");
    cr_assert_str_eq(login_redirect(l), "a.example:1,2");
    login_free(l);
}

Test(status, redirection_without_address)
{
    struct login *l = ended(1, 1, "");
    cr_assert_null(login_redirect(l));
    peer_failed(l, LUN_LOGIN, "names no address");
    l = ended(1, 1, "TargetAddress=\n");
    cr_assert_null(login_redirect(l));
    login_free(l);
    l = ended(1, 1, "TargetAddress=no-end");
    cr_assert_null(login_redirect(l));
    login_free(l);
}

Test(status, redirection_to_an_over_long_address)
{
    char text[400] = "TargetAddress=";
    size_t n = strlen(text);
    memset(text + n, 'a', 256);
    strcpy(text + n + 256, "\n");
    struct login *l = ended(1, 1, text);
    cr_assert_null(login_redirect(l));
    login_free(l);
}

/* A redirection may come after the security stage too. */
Test(status, redirection_in_the_operational_stage)
{
    struct login_options o = peer_options();
    struct login *l = peer_to_operational(&o);
    struct pdu_login_response r = peer_response(OPERATIONAL, STAY);
    r.status_class = 1;
    r.status_detail = 1;
    peer_send(l, &r, "TargetAddress=192.0.2.7\n");
    cr_assert_str_eq(login_redirect(l), "192.0.2.7");
    login_free(l);
}

Test(status, no_redirect_without_a_redirection)
{
    struct login *l = ended(2, 1, "TargetAddress=192.0.2.7\n");
    cr_assert_null(login_redirect(l));
    login_free(l);
    struct login_options o = peer_options();
    l = peer_negotiated(&o, ANSWERS "TargetAddress=192.0.2.7\n");
    cr_assert_null(login_redirect(l));
    peer_done(l);
}
