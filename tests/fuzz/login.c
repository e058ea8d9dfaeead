/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A login with what a target answers: both stages, CHAP in one or both directions, redirections. RFC
 * 7143 6.3, 11.13, chapters 12 and 13. One thread.
 *
 * The input: a byte of settings, then responses, each four bytes (how far the header is to be right; the
 * second byte of the header; the status class; its detail), two of length, and the text.
 */
#include "login/login.h"

#include <stdlib.h>
#include <string.h>

#include "base/bytes.h"
#include "fuzz.h"

#define RESPONSES_MAX 100

/* Settings. */
#define DISCOVERY 0x01
#define CHAP 0x02
#define MUTUAL 0x04
#define DIGESTS 0x08
#define PORTAL_GROUP 0x10
#define ADD_CONNECTION 0x20
#define INITIAL_R2T 0x40
#define SHORT_LIST 0x80 /* with CHAP, one algorithm; without, other ways through the stages */

/* Of a response: what of its header is not to be right. */
#define WRONG_TAG 0x01
#define WRONG_ISID 0x02
#define WRONG_STAGE 0x04 /* the second byte is taken as it stands; else only T, C and NSG */
#define WRONG_OPCODE 0x08
#define WRONG_VERSION 0x10
#define TSIH_ZERO 0x20

static void same_random(void *bytes, size_t n)
{
    memset(bytes, 0xa5, n);
}

static struct login_options options(uint8_t settings)
{
    struct login_options o = {
        .initiator_name = "iqn.2026-01.org.example:host7",
        .initiator_alias = "host7",
        .target_name = settings & DISCOVERY ? NULL : "iqn.2026-01.com.example:disk",
        .header_digest = settings & DIGESTS ? LUN_DIGEST_PREFER_CRC32C : LUN_DIGEST_NONE,
        .data_digest = settings & DIGESTS ? LUN_DIGEST_CRC32C : LUN_DIGEST_NONE,
        .initial_r2t = settings & INITIAL_R2T,
        .immediate_data = true,
        .max_recv = 262144,
        .first_burst = 262144,
        .max_burst = 1048576,
        .max_outstanding_r2t = 8,
        .portal_group = settings & PORTAL_GROUP ? 1 : -1,
        .isid = {0x80, 0x12, 0x34, 0x56, 0x00, 0x01},
        .tsih = settings & ADD_CONNECTION ? 7 : 0,
        .cmdsn = 77,
        .random = same_random,
    };
    if (settings & CHAP) {
        o.auth.user = "alice";
        o.auth.secret = "secret-of-alice";
    }
    if ((settings & CHAP) && (settings & MUTUAL)) {
        o.auth.mutual_user = "disk";
        o.auth.mutual_secret = "secret-of-disk1";
    }
    if ((settings & SHORT_LIST) && (settings & CHAP))
        o.auth.algorithms[0] = LUN_CHAP_SHA256;
    else if (settings & SHORT_LIST)
        o.stages = settings & MUTUAL ? LUN_STAGES_OPERATIONAL : LUN_STAGES_SECURITY;
    return o;
}

/* All requests there are; the last one's header. False: none. */
static bool requests(struct login *l, struct pdu_login_request *ret)
{
    uint8_t bhs[PDU_BHS];
    const uint8_t *data;
    uint32_t length;
    bool any = false;
    while (login_next(l, bhs, &data, &length)) {
        FUZZ_CHECK(!any); /* one at a time */
        any = true;
        FUZZ_CHECK(length <= 8192 && pdu_get_login_request(bhs, ret) && !(ret->more && ret->transit));
        fuzz_touch(data, length);
    }
    return any;
}

static void respond(struct login *l, struct fuzz *f, const struct pdu_login_request *request)
{
    uint8_t bhs[PDU_BHS], wrong = fuzz_u8(f), flags = fuzz_u8(f);
    struct pdu_login_response r = {.tsih = wrong & TSIH_ZERO ? 0 : 7,
                                   .itt = request->itt,
                                   .statsn = request->expstatsn,
                                   .expcmdsn = request->cmdsn,
                                   .maxcmdsn = request->cmdsn + 31};
    memcpy(r.isid, request->isid, sizeof r.isid);
    r.status_class = fuzz_u8(f);
    r.status_detail = fuzz_u8(f);
    size_t n, want = fuzz_u16(f);
    const uint8_t *text = fuzz_take(f, want, &n);
    uint8_t *data = fuzz_copy(text, n);
    r.data_length = (uint32_t)n;
    pdu_put_login_response(bhs, &r);
    bhs[1] = wrong & WRONG_STAGE ? flags : (uint8_t)((flags & 0xc3) | request->csg << 2);
    bhs[0] = wrong & WRONG_OPCODE ? flags : bhs[0];
    bhs[3] = wrong & WRONG_VERSION ? flags : 0;
    bhs[19] ^= wrong & WRONG_TAG ? 1 : 0;
    bhs[13] ^= wrong & WRONG_ISID ? 1 : 0;
    login_receive(l, bhs, data, (uint32_t)n);
    free(data);
}

static void check_end(const struct login *l)
{
    if (login_phase(l) == LOGIN_FAILED) {
        fuzz_check_error(login_error(l));
        const char *to = login_redirect(l);
        FUZZ_CHECK(!to || (*to && strlen(to) < 256));
        FUZZ_CHECK(!login_result(l));
        return;
    }
    const struct login_result *r = login_result(l);
    if (!r)
        return;
    FUZZ_CHECK((r->max_recv == 262144 || r->max_recv == 8192) && r->max_send >= 512 &&
               r->max_send <= 0xffffff);
    FUZZ_CHECK(r->max_burst >= 512 && r->max_burst <= 1048576 && r->first_burst <= r->max_burst);
    FUZZ_CHECK(r->max_outstanding_r2t >= 1 && r->max_outstanding_r2t <= 8);
    FUZZ_CHECK(r->max_connections == 1 && r->error_recovery_level == 0);
    FUZZ_CHECK(strnlen(r->target_alias, sizeof r->target_alias) < sizeof r->target_alias);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    struct fuzz f = {data, n};
    uint8_t settings = fuzz_u8(&f);
    struct login_options o = options(settings);
    struct lun_error e = {0};
    struct login *l = login_new(&o, &e);
    FUZZ_CHECK(l);
    struct pdu_login_request request;
    int responses = 0;
    bool due = requests(l, &request);
    FUZZ_CHECK(due);
    while (f.left && login_phase(l) == LOGIN_RUNNING && responses++ < RESPONSES_MAX) {
        respond(l, &f, &request);
        FUZZ_CHECK(requests(l, &request) == (login_phase(l) == LOGIN_RUNNING));
    }
    FUZZ_CHECK(responses < RESPONSES_MAX); /* an endless exchange has its end */
    check_end(l);
    if (login_phase(l) == LOGIN_DONE && (settings & CHAP))
        FUZZ_CHECK(login_result(l)->chap_algorithm); /* never in without authentication */
    login_free(l);
    return 0;
}
