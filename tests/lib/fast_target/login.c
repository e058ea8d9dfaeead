/* SPDX-License-Identifier: Apache-2.0 */
/* Login and text requests of the fast target (RFC 7143, 6, 11.10-11.13, 13): no authentication, each key
 * answered by the rule of its kind, everything unknown NotUnderstood. */
#include <stdio.h>
#include <string.h>

#include "target.h"
#include "wire/name.h"
#include "wire/text.h"

/* Status class and detail, 11.13.5. */
#define STATUS_INITIATOR 0x0200u
#define STATUS_AUTHENTICATION 0x0201u
#define STATUS_NOT_FOUND 0x0203u
#define STATUS_VERSION 0x0205u
#define STATUS_MISSING 0x0207u
#define STATUS_NO_SESSION 0x020au
#define STATUS_RESOURCES 0x0302u

bool login_number(const char *v, uint32_t min, uint32_t max, uint32_t *ret)
{
    bool hex = v[0] == '0' && (v[1] == 'x' || v[1] == 'X');
    uint64_t n = 0;
    v += hex ? 2 : 0;
    if (!*v)
        return false;
    for (; *v; v++) {
        uint32_t lower = (uint32_t)*v | 0x20u, digit = (uint32_t)*v - '0';
        if (digit > 9)
            digit = hex && lower >= 'a' && lower <= 'f' ? lower - 'a' + 10 : 16;
        if (digit >= (hex ? 16u : 10u) || n > UINT32_MAX)
            return false;
        n = n * (hex ? 16 : 10) + digit;
    }
    *ret = (uint32_t)n;
    return n >= min && n <= max;
}

enum kind { DECLARED, BOTH, EITHER, LEAST, FIXED, DIGEST, METHOD };

struct key {
    const char *name;
    enum kind kind;
    size_t at;         /* of the result, in struct connection */
    size_t ours;       /* of our side, in struct target */
    uint32_t min, max; /* numbers */
    const char *fixed; /* FIXED: our answer whatever was offered */
};

#define RESULT(member) .at = offsetof(struct connection, member)
#define OURS(member) .ours = offsetof(struct target, member)

static const struct key keys[] = {
    {"AuthMethod", .kind = METHOD},
    {"HeaderDigest", DIGEST, RESULT(want_header_digest)},
    {"DataDigest", DIGEST, RESULT(want_data_digest)},
    {"MaxRecvDataSegmentLength", DECLARED, RESULT(their_max_receive), .min = 512, .max = 0xffffff},
    {"InitialR2T", EITHER, RESULT(initial_r2t), OURS(initial_r2t)},
    {"ImmediateData", BOTH, RESULT(immediate_data), OURS(immediate_data)},
    {"FirstBurstLength", LEAST, RESULT(first_burst), OURS(first_burst), 512, 0xffffff},
    {"MaxBurstLength", LEAST, RESULT(max_burst), OURS(max_burst), 512, 0xffffff},
    {"MaxConnections", FIXED, .fixed = "1"},
    {"MaxOutstandingR2T", FIXED, .fixed = "1"},
    {"ErrorRecoveryLevel", FIXED, .fixed = "0"},
    {"DefaultTime2Wait", FIXED, .fixed = "2"},
    {"DefaultTime2Retain", FIXED, .fixed = "0"},
    {"DataPDUInOrder", FIXED, .fixed = "Yes"},
    {"DataSequenceInOrder", FIXED, .fixed = "Yes"},
    {"IFMarker", FIXED, .fixed = "No"},
    {"OFMarker", FIXED, .fixed = "No"},
};

/* The first of a list that is None or CRC32C: 1, 2; 0 if there is neither. */
static int choose(const char *list)
{
    for (size_t n; *list; list += n + (list[n] == ',')) {
        n = strcspn(list, ",");
        if (n == 4 && !memcmp(list, "None", 4))
            return 1;
        if (n == 6 && !memcmp(list, "CRC32C", 6))
            return 2;
    }
    return 0;
}

static uint32_t answer_number(struct connection *c, const struct key *k, const char *v, struct writer *w)
{
    uint32_t n;
    if (!login_number(v, k->min, k->max, &n))
        return STATUS_INITIATOR;
    if (k->kind == LEAST) {
        uint32_t ours = *(const uint32_t *)(const void *)((const char *)c->target + k->ours);
        n = n < ours ? n : ours;
        text_putf(w, k->name, "%u", n);
    }
    *(uint32_t *)(void *)((char *)c + k->at) = n;
    return 0;
}

static uint32_t answer_boolean(struct connection *c, const struct key *k, const char *v, struct writer *w)
{
    bool yes = !strcmp(v, "Yes"), ours = *(const bool *)((const char *)c->target + k->ours);
    if (!yes && strcmp(v, "No") != 0)
        return STATUS_INITIATOR;
    yes = k->kind == BOTH ? yes && ours : yes || ours;
    *((bool *)c + k->at) = yes;
    text_put(w, k->name, yes ? "Yes" : "No");
    return 0;
}

static uint32_t answer(struct connection *c, const struct key *k, const char *v, struct writer *w)
{
    switch (k->kind) {
    case DECLARED:
    case LEAST:
        return answer_number(c, k, v, w);
    case BOTH:
    case EITHER:
        return answer_boolean(c, k, v, w);
    case FIXED:
        text_put(w, k->name, k->fixed);
        return 0;
    case DIGEST:
        *((bool *)c + k->at) = choose(v) == 2;
        text_put(w, k->name, choose(v) == 2 ? "CRC32C" : choose(v) == 1 ? "None" : "Reject");
        return 0;
    case METHOD:
        if (choose(v) != 1)
            return STATUS_AUTHENTICATION;
        text_put(w, k->name, "None");
        return 0;
    }
    return 0;
}

/* Who, and for what (13.5-13.7, 13.21). True: the key was one of these. */
static bool introduce(struct connection *c, const struct text_pair *p, uint32_t *ret_status)
{
    if (text_key_is(p, "InitiatorName")) {
        c->named = p->value_length > 0 && p->value_length < sizeof c->initiator;
        if (c->named)
            memcpy(c->initiator, p->value, p->value_length + 1);
        return true;
    }
    if (text_key_is(p, "TargetName")) {
        c->for_target = true;
        if (strcmp(p->value, c->target->name) != 0)
            *ret_status = STATUS_NOT_FOUND;
        return true;
    }
    if (text_key_is(p, "SessionType")) {
        c->discovery = !strcmp(p->value, "Discovery");
        if (!c->discovery && strcmp(p->value, "Normal") != 0)
            *ret_status = STATUS_INITIATOR;
        return true;
    }
    return text_key_is(p, "InitiatorAlias");
}

static uint32_t take_pair(struct connection *c, const struct text_pair *p, struct writer *w)
{
    uint32_t status = 0;
    if (introduce(c, p, &status))
        return status;
    for (size_t i = 0; i < sizeof keys / sizeof keys[0]; i++)
        if (text_key_is(p, keys[i].name))
            return answer(c, &keys[i], p->value, w);
    char name[TEXT_KEY_MAX + 1];
    snprintf(name, sizeof name, "%.*s", (int)p->key_length, p->key);
    text_put(w, name, "NotUnderstood");
    return 0;
}

static uint32_t take_pairs(struct connection *c, struct writer *w)
{
    struct reader r = reader_over(c->text, c->text_used);
    struct text_pair p;
    const char *why;
    enum text_next next;
    uint32_t status = 0;
    while (!status && (next = text_next(&r, &p, &why)) != TEXT_END)
        status = next == TEXT_BAD ? STATUS_INITIATOR : take_pair(c, &p, w);
    if (status)
        return status;
    return !c->named || (!c->discovery && !c->for_target) ? STATUS_MISSING : 0;
}

/* A session with the same name and ISID is over (6.3.5). */
static void reinstate(struct connection *c)
{
    LIST_EACH_SAFE(&c->target->connections, it)
    {
        struct connection *o = LIST_OF(it, struct connection, in);
        if (o == c || o->phase != PHASE_NORMAL || strcmp(o->initiator, c->initiator) != 0 ||
            memcmp(o->isid, c->isid, sizeof c->isid) != 0)
            continue;
        o->failed = true;
        list_remove(&o->in);
        list_append(&c->target->dead, &o->in);
    }
}

/* One that would be reinstated is none more. */
static bool one_too_many(const struct connection *c)
{
    uint32_t others = 0;
    LIST_EACH(&c->target->connections, node)
    {
        const struct connection *o = LIST_OF(node, struct connection, in);
        others += o->phase == PHASE_NORMAL && memcmp(o->isid, c->isid, sizeof c->isid) != 0;
    }
    return c->target->most_sessions && !c->discovery && others >= c->target->most_sessions;
}

static void enter_full_feature(struct connection *c, struct pdu_login_response *answer)
{
    struct target *t = c->target;
    if (++t->last_tsih == 0)
        t->last_tsih = 1;
    answer->tsih = t->last_tsih;
    if (c->first_burst > c->max_burst)
        c->first_burst = c->max_burst;
    c->phase = c->discovery ? PHASE_DISCOVERY : PHASE_NORMAL;
    if (!c->discovery)
        reinstate(c);
}

static uint32_t step(struct connection *c, const struct pdu_login_request *p, struct writer *w)
{
    if (p->version_min > 0)
        return STATUS_VERSION;
    if (p->tsih)
        return STATUS_NO_SESSION;
    if (p->csg > 1 || (p->transit && (p->nsg <= p->csg || p->nsg == 2)))
        return STATUS_INITIATOR;
    uint32_t status = p->more ? 0 : take_pairs(c, w);
    if (!status && !p->more && p->csg == 1 && !c->declared) {
        c->declared = true;
        text_putf(w, "MaxRecvDataSegmentLength", "%u", c->target->max_receive);
    }
    return status ? status : w->bad ? STATUS_INITIATOR : 0;
}

void login_request(struct connection *c)
{
    struct pdu_login_request p;
    if (!pdu_get_login_request(c->bhs, &p) || (p.transit && p.more)) {
        connection_fail(c);
        return;
    }
    struct slot *s = output_slot(c);
    struct writer w = writer_over(s->data, SLOT_SIZE);
    c->text_used += c->length;
    c->expcmdsn = p.cmdsn;
    c->maxcmdsn = p.cmdsn + c->target->window - 1;
    memcpy(c->isid, p.isid, sizeof c->isid);
    bool first = !c->named;
    uint32_t status = step(c, &p, &w);
    if (!status && p.transit && p.nsg == 3 && one_too_many(c))
        status = STATUS_RESOURCES;
    if (!p.more)
        c->text_used = 0;
    if (first && !status && !p.more && !c->discovery)
        text_put(&w, "TargetPortalGroupTag", "1");
    struct pdu_login_response answer = {.transit = !status && p.transit,
                                        .csg = p.csg,
                                        .nsg = p.transit ? p.nsg : 0,
                                        .tsih = p.tsih,
                                        .itt = p.itt,
                                        .status_class = (uint8_t)(status >> 8),
                                        .status_detail = (uint8_t)status};
    memcpy(answer.isid, p.isid, sizeof answer.isid);
    if (answer.transit && p.nsg == 3)
        enter_full_feature(c, &answer);
    pdu_put_login_response(s->bhs, &answer);
    output_ready(c, status ? 0 : (uint32_t)writer_used(&w));
    struct job *j = &c->jobs[(c->job_tail - 1) & (c->job_size - 1)];
    j->last = status != 0;
    j->last_of_login = c->phase != PHASE_LOGIN;
}

/* SendTargets (appendix C) of All, of us, or of this session's target. */
static void put_targets(struct connection *c, const char *which, struct writer *w)
{
    if (strcmp(which, "All") != 0 && *which && strcmp(which, c->target->name) != 0)
        return;
    text_put(w, "TargetName", c->target->name);
    text_putf(w, "TargetAddress", "127.0.0.1:%u,1", c->target->port);
}

void login_text(struct connection *c)
{
    struct pdu_text_request p;
    struct slot *s = output_slot(c);
    struct writer w = writer_over(s->data, SLOT_SIZE);
    struct text_pair pair;
    const char *why;
    bool bad = !pdu_get_text_request(c->bhs, &p) || p.ttt != PDU_TAG_NONE || p.more || !p.final;
    struct reader r = reader_over(c->text, c->length);
    for (enum text_next next; !bad && (next = text_next(&r, &pair, &why)) != TEXT_END;) {
        if (next == TEXT_BAD)
            bad = true;
        else if (text_key_is(&pair, "SendTargets"))
            put_targets(c, pair.value, &w);
        else
            bad = true; /* nothing is negotiated anew */
    }
    if (bad || w.bad || writer_used(&w) > c->their_max_receive) {
        connection_fail(c);
        return;
    }
    struct pdu_text_response answer = {.final = true, .itt = p.itt, .ttt = PDU_TAG_NONE};
    pdu_put_text_response(s->bhs, &answer);
    output_ready(c, (uint32_t)writer_used(&w));
}
