/* SPDX-License-Identifier: Apache-2.0 */
/* The scripted target of these tests; see peer.h. */
#include "peer.h"

#include <stdlib.h>

static uint32_t itt;    /* of the last request */
static uint32_t statsn; /* of the next response */
static const uint8_t isid[6] = {0x80, 0x12, 0x34, 0x56, 0x00, 0x01};

struct login_options peer_options(void)
{
    struct login_options o = {
        .initiator_name = INITIATOR,
        .target_name = TARGET,
        .immediate_data = true,
        .max_recv = 262144,
        .first_burst = 262144,
        .max_burst = 1048576,
        .max_outstanding_r2t = 8,
        .portal_group = -1,
        .cmdsn = 77,
        .random = peer_random,
    };
    memcpy(o.isid, isid, sizeof isid);
    return o;
}

struct login_options peer_chap(bool mutual)
{
    struct login_options o = peer_options();
    o.auth.user = "alice";
    o.auth.secret = OUR_SECRET;
    if (mutual) {
        o.auth.mutual_user = "disk";
        o.auth.mutual_secret = THEIR_SECRET;
    }
    return o;
}

void peer_random(void *bytes, size_t n)
{
    memset(bytes, 0xa5, n);
}

struct login *peer_login(const struct login_options *o)
{
    struct lun_error e = {0};
    struct login *l = login_new(o, &e);
    cr_assert(l, "%s", e.text);
    cr_assert_eq(login_phase(l), LOGIN_RUNNING);
    statsn = 1000;
    return l;
}

void peer_unusable(const struct login_options *o, const char *why)
{
    struct lun_error e = {0};
    cr_assert_null(login_new(o, &e));
    cr_assert_eq(e.layer, LUN_USAGE);
    cr_assert(strstr(e.text, why), "%s", e.text);
}

static struct pdu_login_request take(struct login *l, const uint8_t **ret_data, uint32_t *ret_length)
{
    uint8_t bhs[PDU_BHS];
    struct pdu_login_request r;
    if (login_phase(l) == LOGIN_FAILED)
        cr_assert_fail("%s", login_error(l)->text);
    cr_assert(login_next(l, bhs, ret_data, ret_length), "no request is due");
    cr_assert(pdu_get_login_request(bhs, &r));
    cr_assert_eq(r.data_length, *ret_length);
    itt = r.itt;
    return r;
}

struct pdu_login_request peer_skip(struct login *l)
{
    const uint8_t *data;
    uint32_t length;
    return take(l, &data, &length);
}

struct pdu_login_request peer_expect(struct login *l, int stage, int next, const char *text)
{
    const uint8_t *data;
    uint32_t length;
    struct pdu_login_request r = take(l, &data, &length);
    char *got = calloc(1, length + 1);
    for (uint32_t i = 0; i < length; i++)
        got[i] = data[i] ? (char)data[i] : '\n';
    cr_assert_str_eq(got, text);
    free(got);
    cr_assert_eq(r.csg, stage);
    cr_assert_eq(r.transit, next != STAY);
    cr_assert_eq(r.nsg, next == STAY ? 0 : next);
    return r;
}

struct pdu_login_response peer_response(int stage, int next)
{
    struct pdu_login_response r = {
        .transit = next != STAY,
        .csg = (uint8_t)stage,
        .nsg = next == STAY ? 0 : (uint8_t)next,
        .tsih = next == FULL ? 0x1234 : 0,
        .itt = itt,
        .statsn = statsn,
        .expcmdsn = 77,
        .maxcmdsn = 108,
    };
    memcpy(r.isid, isid, sizeof isid);
    return r;
}

void peer_send(struct login *l, const struct pdu_login_response *r, const char *text)
{
    size_t n = strlen(text);
    struct pdu_login_response whole = *r;
    whole.data_length = (uint32_t)n;
    uint8_t bhs[PDU_BHS], *data = malloc(n + 1); /* no byte more than the segment has, for the sanitizers */
    for (size_t i = 0; i < n; i++)
        data[i] = text[i] == '\n' ? 0 : (uint8_t)text[i];
    pdu_put_login_response(bhs, &whole);
    statsn++;
    login_receive(l, bhs, data, (uint32_t)n);
    free(data);
}

void peer_answer(struct login *l, int stage, int next, const char *text)
{
    struct pdu_login_response r = peer_response(stage, next);
    peer_send(l, &r, text);
}

struct login *peer_to_operational(const struct login_options *o)
{
    struct login *l = peer_login(o);
    peer_skip(l);
    peer_answer(l, SECURITY, OPERATIONAL, "TargetPortalGroupTag=1\nAuthMethod=None\n");
    peer_skip(l);
    return l;
}

struct login *peer_negotiated(const struct login_options *o, const char *answers)
{
    struct login *l = peer_to_operational(o);
    peer_answer(l, OPERATIONAL, FULL, answers);
    return l;
}

void peer_failed(struct login *l, enum lun_layer layer, const char *why)
{
    cr_assert_eq(login_phase(l), LOGIN_FAILED);
    cr_assert_null(login_result(l));
    const struct lun_error *e = login_error(l);
    cr_assert(strstr(e->text, why), "%s", e->text);
    cr_assert_eq(e->layer, layer, "%s", e->text);
    uint8_t bhs[PDU_BHS];
    const uint8_t *data;
    uint32_t length;
    cr_assert_not(login_next(l, bhs, &data, &length));
    login_free(l);
}

void peer_done(struct login *l)
{
    if (login_phase(l) == LOGIN_FAILED)
        cr_assert_fail("%s", login_error(l)->text);
    cr_assert_eq(login_phase(l), LOGIN_DONE);
    cr_assert_null(login_error(l));
    login_free(l);
}
