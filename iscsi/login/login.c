/* SPDX-License-Identifier: Apache-2.0 */
/* The login phase: PDUs, stages, and texts that span PDUs (RFC 7143 6.1, 6.3, 11.12, 11.13). What the texts
 * say is negotiate.c's and security.c's business. Runs in the loop that owns the connection. */
#include "login/login.h"

#include <inttypes.h>
#include <openssl/crypto.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "login/collect.h"
#include "login/negotiate.h"
#include "login/security.h"
#include "login/status.h"
#include "wire/name.h"
#include "wire/text.h"

#define STAGE_SECURITY 0
#define STAGE_OPERATIONAL 1
#define STAGE_FULL 3

#define LOGIN_SEGMENT 8192     /* 6.3: MaxRecvDataSegmentLength's default holds for both sides during login */
#define LOGIN_TEXT (64 * 1024) /* 6.1: what both sides must be able to take for long authentication items */
#define LOGIN_REQUESTS 64      /* no login needs more: an endless exchange ends here */
#define LOGIN_ITT 0x4c6f6769u  /* one task for the whole phase (6.3); any value but the reserved one */
#define LOGIN_ALIAS 256

struct login {
    enum login_phase phase;
    struct lun_error error;
    struct login_result result;
    char redirect[256];

    struct login_options options; /* its names point to the copies below */
    char initiator_name[NAME_MAX_LENGTH + 1], target_name[NAME_MAX_LENGTH + 1], alias[LOGIN_ALIAS];
    struct key_values declared; /* in the first request */
    struct collect_unknown unknown;
    struct security security;
    struct negotiation negotiation;

    uint8_t stage;
    bool our_turn;
    bool more_sent;    /* the last request had C=1: the target must answer with no text */
    bool transit_sent; /* the last request had T=1 */
    bool joining;      /* the target's text is incomplete: our next request carries none (6.2) */
    unsigned requests;
    uint32_t expstatsn;

    struct writer text; /* our text, over out */
    size_t text_sent;   /* bytes of it already sent */
    size_t in_length;   /* bytes of the target's text so far */
    uint8_t out[LOGIN_TEXT], in[LOGIN_TEXT];
};

/* ---- Making one ---- */

static bool copy_name(const char *name, char to[static NAME_MAX_LENGTH + 1], const char *what,
                      struct lun_error *e)
{
    size_t n = name ? strlen(name) : 0;
    if (!n || n > NAME_MAX_LENGTH)
        return error_set(e, LUN_USAGE, 0, false, "%s name has %zu bytes, not 1 to %d", what, n,
                         NAME_MAX_LENGTH);
    memcpy(to, name, n + 1);
    return true;
}

static bool copy_options(struct login *l, const struct login_options *o, struct lun_error *e)
{
    l->options = *o;
    if (!copy_name(o->initiator_name, l->initiator_name, "initiator", e))
        return false;
    l->options.initiator_name = l->initiator_name;
    if (o->target_name) {
        if (!copy_name(o->target_name, l->target_name, "target", e))
            return false;
        l->options.target_name = l->target_name;
    }
    if (o->initiator_alias) {
        size_t n = strlen(o->initiator_alias);
        if (n >= sizeof l->alias)
            return error_set(e, LUN_USAGE, 0, false, "initiator alias has %zu bytes, more than 255", n);
        memcpy(l->alias, o->initiator_alias, n + 1);
        l->options.initiator_alias = l->alias;
    }
    return true;
}

static void declare(struct login *l)
{
    const struct login_options *o = &l->options;
    l->declared.of[KEY_INITIATOR_NAME] = o->initiator_name;
    l->declared.of[KEY_INITIATOR_ALIAS] = o->initiator_alias;
    l->declared.of[KEY_TARGET_NAME] = o->target_name;
    if (!o->tsih) /* 13.21: leading login only */
        l->declared.of[KEY_SESSION_TYPE] = o->target_name ? "Normal" : "Discovery";
}

static void begin_text(struct login *l)
{
    l->text = writer_over(l->out, sizeof l->out);
    l->text_sent = 0;
}

static void put_first_text(struct login *l)
{
    begin_text(l);
    for (enum key_id id = 0; id < KEY_COUNT; id++)
        if (l->declared.of[id])
            text_put(&l->text, keys_get(id)->name, l->declared.of[id]);
    if (l->stage == STAGE_SECURITY)
        security_offer(&l->security, &l->text);
    else
        negotiate_offer(&l->negotiation, &l->text);
}

static bool check_stages(const struct login_options *o, struct lun_error *e)
{
    return o->stages != LUN_STAGES_OPERATIONAL || !o->auth.user ||
           error_set(e, LUN_USAGE, 0, false, "CHAP: a login without the security stage cannot authenticate");
}

struct login *login_new(const struct login_options *o, struct lun_error *e)
{
    struct login *l = calloc(1, sizeof *l);
    if (!l) {
        error_set(e, LUN_SYSTEM, 0, true, "out of memory for a login");
        return NULL;
    }
    if (!copy_options(l, o, e) || !chap_check(&o->auth, e) || !check_stages(o, e) ||
        !negotiate_start(&l->negotiation, o, e)) {
        login_free(l);
        return NULL;
    }
    l->security = (struct security){.auth = &l->options.auth, .random = o->random};
    l->stage = o->stages == LUN_STAGES_OPERATIONAL ? STAGE_OPERATIONAL : STAGE_SECURITY;
    l->result.portal_group = -1;
    l->result.cmdsn = o->cmdsn;
    declare(l);
    put_first_text(l);
    l->our_turn = true;
    return l;
}

void login_free(struct login *l)
{
    if (!l)
        return;
    OPENSSL_cleanse(l, sizeof *l);
    free(l);
}

/* ---- Requests ---- */

/* The stage we ask for with T=1. */
static uint8_t next_stage(const struct login *l)
{
    return l->stage == STAGE_SECURITY && l->options.stages == LUN_STAGES_BOTH ? STAGE_OPERATIONAL
                                                                              : STAGE_FULL;
}

bool login_next(struct login *l, uint8_t ret_bhs[static PDU_BHS], const uint8_t **ret_data,
                uint32_t *ret_length)
{
    if (l->phase != LOGIN_RUNNING || !l->our_turn)
        return false;
    size_t left = l->joining ? 0 : writer_used(&l->text) - l->text_sent;
    size_t n = left < LOGIN_SEGMENT ? left : LOGIN_SEGMENT;
    l->more_sent = n < left;
    /* 6.3.3: once ready, every request says so, even an empty one. */
    l->transit_sent = !l->more_sent && (l->stage == STAGE_OPERATIONAL || security_ready(&l->security));
    struct pdu_login_request request = {
        .transit = l->transit_sent,
        .more = l->more_sent,
        .csg = l->stage,
        .nsg = l->transit_sent ? next_stage(l) : 0, /* 11.12.3: reserved without T */
        .data_length = (uint32_t)n,
        .tsih = l->options.tsih,
        .cid = l->options.cid,
        .itt = LOGIN_ITT,
        .cmdsn = l->options.cmdsn,
        .expstatsn = l->expstatsn,
    };
    memcpy(request.isid, l->options.isid, sizeof request.isid);
    pdu_put_login_request(ret_bhs, &request);
    *ret_data = l->out + l->text_sent;
    *ret_length = (uint32_t)n;
    l->text_sent += n;
    l->our_turn = false;
    l->requests++;
    return true;
}

/* ---- Responses ---- */

static bool broken(struct login *l, const char *what)
{
    return error_set(&l->error, LUN_PROTOCOL, 0, false, "%s", what);
}

static bool check_header(struct login *l, const struct pdu_login_response *r)
{
    if (r->itt != LOGIN_ITT)
        return broken(l, "response with another Initiator Task Tag");
    if (r->status_class) /* 11.13.5: the other fields mean nothing then */
        return true;
    if (r->version_active)
        return error_set(&l->error, LUN_PROTOCOL, 0, false, "target speaks version %u, not 0",
                         r->version_active);
    if (memcmp(r->isid, l->options.isid, sizeof r->isid))
        return broken(l, "response with another ISID");
    if (r->csg != l->stage)
        return error_set(&l->error, LUN_PROTOCOL, 0, false, "response for stage %u in stage %u", r->csg,
                         l->stage);
    if (r->transit && !l->transit_sent) /* 11.13.6 */
        return broken(l, "target leaves the stage before we do");
    /* 6.3: to a later stage, and not beyond what we asked for. */
    bool forward =
        r->nsg > l->stage && r->nsg <= next_stage(l) && (r->nsg == STAGE_OPERATIONAL || r->nsg == STAGE_FULL);
    if (r->transit && !forward)
        return error_set(&l->error, LUN_PROTOCOL, 0, false, "target goes to stage %u, not %u", r->nsg,
                         next_stage(l));
    return true;
}

/* 13.9, 6.3.1: the group must be the one discovery named. Said again in the next stage it must be the same.
 */
static bool take_portal_group(struct login *l, const char *value)
{
    uint32_t group;
    if (!keys_parse(keys_get(KEY_PORTAL_GROUP), value, &group))
        return error_set(&l->error, LUN_PROTOCOL, 0, false,
                         "target declares TargetPortalGroupTag=%.64s, not a number below 65536", value);
    if (l->result.portal_group >= 0 && l->result.portal_group != (int)group)
        return broken(l, "target changes its TargetPortalGroupTag");
    if (l->options.portal_group >= 0 && l->options.portal_group != (int)group)
        return error_set(&l->error, LUN_LOGIN, 0, false,
                         "portal belongs to portal group %" PRIu32 ", not to %d as expected", group,
                         l->options.portal_group);
    l->result.portal_group = (int)group;
    return true;
}

static void take_alias(struct login *l, const char *value)
{
    size_t n = strlen(value);
    if (n >= sizeof l->result.target_alias)
        n = sizeof l->result.target_alias - 1;
    memcpy(l->result.target_alias, value, n);
    l->result.target_alias[n] = 0;
}

static bool take_operational(struct login *l, const struct key_values *got)
{
    for (enum key_id id = 0; id < KEY_COUNT; id++) {
        if (!got->of[id] || keys_get(id)->target & KEY_S)
            continue;
        if (!negotiate_take(&l->negotiation, id, got->of[id], &l->text, &l->error))
            return false;
    }
    return true;
}

static bool take_keys(struct login *l, const struct key_values *got, bool transit)
{
    if (got->of[KEY_PORTAL_GROUP] && !take_portal_group(l, got->of[KEY_PORTAL_GROUP]))
        return false;
    if (got->of[KEY_TARGET_ALIAS])
        take_alias(l, got->of[KEY_TARGET_ALIAS]);
    if (l->stage == STAGE_OPERATIONAL)
        return take_operational(l, got);
    return security_take(&l->security, got, transit, &l->text, &l->error);
}

/* The final response. TSIH 0 is reserved and a new session must get another value (11.13.3), but some targets
 * give 0: with a single connection, the only number we offer, nothing needs it, so that is accepted. */
static bool finish(struct login *l, const struct pdu_login_response *r)
{
    if (l->options.tsih && r->tsih != l->options.tsih)
        return error_set(&l->error, LUN_PROTOCOL, 0, false,
                         "target answers with session %u where a connection was added to %u", r->tsih,
                         l->options.tsih);
    if (l->stage == STAGE_SECURITY && !negotiate_defaults(&l->negotiation, &l->error))
        return false;
    if (!negotiate_finish(&l->negotiation, &l->result, &l->error))
        return false;
    l->result.tsih = r->tsih;
    l->result.chap_algorithm = l->security.algorithm;
    l->phase = LOGIN_DONE;
    return true;
}

static bool change_stage(struct login *l, const struct pdu_login_response *r)
{
    if (writer_used(&l->text)) /* 11.13.6 */
        return broken(l, "target ends the stage with keys that need an answer");
    if (r->nsg == STAGE_FULL)
        return finish(l, r);
    l->stage = STAGE_OPERATIONAL;
    negotiate_offer(&l->negotiation, &l->text);
    return true;
}

/* One whole text of the target, all its PDUs joined. */
static bool take_text(struct login *l, const struct pdu_login_response *r)
{
    const struct collect rules = {&l->unknown, &l->declared, l->stage == STAGE_SECURITY ? KEY_S : KEY_O,
                                  r->transit};
    struct key_values got = {0};
    begin_text(l);
    if (!collect_text(&rules, l->in, l->in_length, &got, &l->text, &l->error) ||
        !take_keys(l, &got, r->transit))
        return false;
    l->in_length = 0;
    if (l->text.bad)
        return broken(l, "target sends more keys than can be answered");
    return !r->transit || change_stage(l, r);
}

static bool take_segment(struct login *l, const struct pdu_login_response *r, const uint8_t *data,
                         uint32_t length)
{
    if (length > LOGIN_SEGMENT)
        return broken(l, "response with a data segment of more than 8192 bytes");
    if (l->more_sent) /* 6.2 */
        return (!length && !r->more) || broken(l, "target sends text before ours is complete");
    if (length > sizeof l->in - l->in_length)
        return broken(l, "target sends more than 65536 bytes of text");
    if (length)
        memcpy(l->in + l->in_length, data, length);
    l->in_length += length;
    l->joining = r->more;
    return r->more || take_text(l, r);
}

static bool take_response(struct login *l, const struct pdu_login_response *r, const uint8_t *data,
                          uint32_t length)
{
    if (!check_header(l, r))
        return false;
    if (r->status_class)
        return status_error(r->status_class, r->status_detail, data, length, l->redirect, &l->error);
    l->expstatsn = r->statsn + 1;
    l->result.expstatsn = l->expstatsn;
    l->result.expcmdsn = r->expcmdsn;
    l->result.maxcmdsn = r->maxcmdsn;
    if (!take_segment(l, r, data, length))
        return false;
    if (l->phase == LOGIN_RUNNING && l->requests >= LOGIN_REQUESTS)
        return broken(l, "no end after 64 requests");
    l->our_turn = true;
    return true;
}

void login_receive(struct login *l, const uint8_t bhs[static PDU_BHS], const uint8_t *data, uint32_t length)
{
    struct pdu_login_response r;
    bool good;
    if (l->phase != LOGIN_RUNNING)
        return;
    if (pdu_opcode(bhs) != PDU_LOGIN_RESPONSE)
        good =
            error_set(&l->error, LUN_PROTOCOL, 0, false, "target sends a %s PDU", pdu_name(pdu_opcode(bhs)));
    else if (l->our_turn)
        good = broken(l, "response without a request");
    else if (!pdu_get_login_response(bhs, &r))
        good = broken(l, "malformed response");
    else
        good = take_response(l, &r, data, length);
    if (!good) {
        error_prefix(&l->error, "login");
        l->phase = LOGIN_FAILED;
    }
}

/* ---- Outcome ---- */

enum login_phase login_phase(const struct login *l)
{
    return l->phase;
}

const struct login_result *login_result(const struct login *l)
{
    return l->phase == LOGIN_DONE ? &l->result : NULL;
}

const struct lun_error *login_error(const struct login *l)
{
    return l->phase == LOGIN_FAILED ? &l->error : NULL;
}

const char *login_name(const struct login *l)
{
    return l->stage == STAGE_SECURITY && !l->options.auth.user ? "login without name and secret" : "login";
}

const char *login_redirect(const struct login *l)
{
    return l->phase == LOGIN_FAILED && l->redirect[0] ? l->redirect : NULL;
}
