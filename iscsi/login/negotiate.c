/* SPDX-License-Identifier: Apache-2.0 */
/* Operational negotiation, driven by the table of keys: RFC 7143 6.2 (answers), 6.2.1 (lists), 6.2.2 (values
 * and result functions), 6.3.3 and chapter 13. Pure; any thread. */
#include "login/negotiate.h"

#include <inttypes.h>
#include <string.h>

#include "base/error.h"
#include "wire/text.h"

static bool is_declared(const struct key *k)
{
    return k->type == KEY_NUMBER || k->type == KEY_TEXT;
}

/* May this key be used on this connection at all? */
static bool is_relevant(const struct negotiation *n, const struct key *k)
{
    return !(n->discovery && k->flags & KEY_NO_DISCOVERY) && !(!n->leading && k->flags & KEY_LEADING);
}

static void offer_list(struct negotiation *n, enum key_id id, const char *list)
{
    n->slot[id].offered = true;
    n->slot[id].list = list;
}

static bool offer(struct negotiation *n, enum key_id id, uint32_t value, struct lun_error *e)
{
    const struct key *k = keys_get(id);
    if (!is_relevant(n, k))
        return true;
    if (value < k->lowest || value > k->highest)
        return error_set(e, LUN_USAGE, 0, false, "%s=%" PRIu32 " is not between %" PRIu32 " and %" PRIu32,
                         k->name, value, k->lowest, k->highest);
    n->slot[id].offered = true;
    n->slot[id].offer = value;
    return true;
}

static const char *digest_list(enum lun_digest d)
{
    switch (d) {
    case LUN_DIGEST_CRC32C:
        return "CRC32C";
    case LUN_DIGEST_PREFER_CRC32C:
        return "CRC32C,None";
    case LUN_DIGEST_PREFER_NONE:
        return "None,CRC32C";
    case LUN_DIGEST_NONE:
        break;
    }
    return "None";
}

bool negotiate_start(struct negotiation *n, const struct login_options *o, struct lun_error *e)
{
    *n = (struct negotiation){.discovery = !o->target_name, .leading = !o->tsih};
    for (enum key_id id = 0; id < KEY_COUNT; id++)
        n->slot[id].value = keys_get(id)->standard;
    offer_list(n, KEY_HEADER_DIGEST, digest_list(o->header_digest));
    offer_list(n, KEY_DATA_DIGEST, digest_list(o->data_digest));
    /* 13.14: FirstBurstLength must not exceed MaxBurstLength. */
    uint32_t first_burst = o->first_burst < o->max_burst ? o->first_burst : o->max_burst;
    const struct {
        enum key_id id;
        uint32_t value;
    } offers[] = {
        {KEY_MAX_RECV, o->max_recv},
        {KEY_INITIAL_R2T, o->initial_r2t},
        {KEY_IMMEDIATE_DATA, o->immediate_data},
        {KEY_MAX_BURST, o->max_burst},
        {KEY_FIRST_BURST, first_burst},
        {KEY_MAX_R2T, o->max_outstanding_r2t},
        {KEY_MAX_CONNECTIONS, 1},
        {KEY_PDU_IN_ORDER, !o->any_pdu_order},
        {KEY_SEQUENCE_IN_ORDER, !o->any_sequence_order},
        {KEY_TIME2WAIT, 0}, /* how long to keep away after a loss is the target's to say */
        {KEY_TIME2RETAIN, keys_get(KEY_TIME2RETAIN)->standard},
        {KEY_RECOVERY_LEVEL, 0},
    };
    for (size_t i = 0; i < sizeof offers / sizeof *offers; i++)
        if (!offer(n, offers[i].id, offers[i].value, e))
            return false;
    return true;
}

/* Writes key=value as the key's type has it. */
static void put_value(struct writer *w, const struct key *k, uint32_t value)
{
    if (k->type == KEY_AND || k->type == KEY_OR)
        text_put(w, k->name, value ? "Yes" : "No");
    else
        text_putf(w, k->name, "%" PRIu32, value);
}

void negotiate_offer(const struct negotiation *n, struct writer *w)
{
    for (enum key_id id = 0; id < KEY_COUNT; id++) {
        const struct negotiation_slot *slot = &n->slot[id];
        if (slot->list)
            text_put(w, keys_get(id)->name, slot->list);
        else if (slot->offered)
            put_value(w, keys_get(id), slot->offer);
    }
}

/* Could the default be the outcome of what we offered? */
static bool default_admissible(const struct key *k, const struct negotiation_slot *slot)
{
    if (k->type == KEY_LIST)
        return keys_list_has(slot->list, "None");
    return keys_admissible(k, slot->offer, k->standard);
}

/* Reject and Irrelevant leave the key at its default (6.2); we go on where we could have agreed on that. */
static bool take_refusal(struct negotiation_slot *slot, const struct key *k, const char *answer,
                         struct lun_error *e)
{
    bool irrelevant = !strcmp(answer, "Irrelevant");
    if (!strcmp(answer, "NotUnderstood")) /* 6.2: all keys of the document must be understood */
        return error_set(e, LUN_PROTOCOL, 0, false, "target answers %s=NotUnderstood", k->name);
    if (!default_admissible(k, slot) && !(irrelevant && k == keys_get(KEY_FIRST_BURST)))
        return error_set(e, LUN_LOGIN, 0, false,
                         "target answers %s=%s, which leaves a value we do not accept", k->name, answer);
    return true;
}

static bool take_answer(struct negotiation_slot *slot, const struct key *k, const char *value,
                        struct lun_error *e)
{
    slot->settled = true;
    if (keys_reserved(value))
        return take_refusal(slot, k, value, e);
    uint32_t answer;
    if (k->type == KEY_LIST) {
        if (!keys_list_has(slot->list, value) || !keys_parse(k, value, &answer)) /* 6.2.1 */
            return error_set(e, LUN_PROTOCOL, 0, false, "target answers %s=%.64s to an offer of %s", k->name,
                             value, slot->list);
    } else if (!keys_parse(k, value, &answer)) {
        return error_set(e, LUN_PROTOCOL, 0, false, "target answers %s=%.64s, which is not a valid value",
                         k->name, value);
    } else if (!keys_admissible(k, slot->offer, answer)) { /* 6.2.2 */
        return error_set(e, LUN_PROTOCOL, 0, false,
                         "target answers %s=%.64s, not a possible outcome of our offer %" PRIu32, k->name,
                         value, slot->offer);
    }
    slot->value = answer;
    return true;
}

static bool take_declaration(struct negotiation_slot *slot, const struct key *k, const char *value,
                             struct lun_error *e)
{
    slot->settled = true;
    if (k->type == KEY_NUMBER && !keys_parse(k, value, &slot->value))
        return error_set(e, LUN_PROTOCOL, 0, false,
                         "target declares %s=%.64s, not a number between %" PRIu32 " and %" PRIu32, k->name,
                         value, k->lowest, k->highest);
    return true;
}

/* A list the target proposes: every list has a default, its first word, and that is all we want here. */
static void answer_list(const struct key *k, const char *value, struct writer *w)
{
    size_t n = strcspn(k->words, ",");
    char word[16];
    memcpy(word, k->words, n);
    word[n] = 0;
    text_put(w, k->name, keys_list_has(value, word) ? word : "Reject");
}

/* A proposal of the target for a key we did not offer: our wish is the default. */
static bool take_proposal(struct negotiation *n, enum key_id id, const char *value, struct writer *w,
                          struct lun_error *e)
{
    const struct key *k = keys_get(id);
    struct negotiation_slot *slot = &n->slot[id];
    slot->settled = true;
    if (keys_reserved(value)) /* 6.2: never a proposal */
        return error_set(e, LUN_PROTOCOL, 0, false, "target answers %s=%s, which was not offered", k->name,
                         value);
    uint32_t theirs;
    if (!is_relevant(n, k)) {
        text_put(w, k->name, "Irrelevant");
    } else if (k->type == KEY_OBSOLETE) { /* 13.25 */
        text_put(w, k->name, "Reject");
    } else if (k->type == KEY_LIST) {
        answer_list(k, value, w);
    } else if (!keys_parse(k, value, &theirs)) { /* 6.2.2 */
        text_put(w, k->name, "Reject");
    } else {
        slot->value = keys_select(k, k->standard, theirs);
        if (!keys_determined(k, theirs) || k->type == KEY_MINIMUM || k->type == KEY_MAXIMUM)
            put_value(w, k, slot->value);
    }
    return true;
}

bool negotiate_take(struct negotiation *n, enum key_id id, const char *value, struct writer *w,
                    struct lun_error *e)
{
    const struct key *k = keys_get(id);
    struct negotiation_slot *slot = &n->slot[id];
    if (slot->settled && !(k->flags & KEY_REPEATS)) /* 6.3 */
        return error_set(e, LUN_PROTOCOL, 0, false, "target sends %s a second time", k->name);
    if (is_declared(k))
        return take_declaration(slot, k, value, e);
    if (slot->offered)
        return take_answer(slot, k, value, e);
    return take_proposal(n, id, value, w, e);
}

bool negotiate_defaults(struct negotiation *n, struct lun_error *e)
{
    for (enum key_id id = 0; id < KEY_COUNT; id++) {
        const struct key *k = keys_get(id);
        struct negotiation_slot *slot = &n->slot[id];
        if (slot->offered && !is_declared(k) && !default_admissible(k, slot))
            return error_set(e, LUN_LOGIN, 0, false,
                             "target leaves %s at its default, which we do not accept", k->name);
        *slot = (struct negotiation_slot){.offer = k->standard, .value = k->standard};
    }
    return true;
}

/* Is unsolicited data ruled out, so that FirstBurstLength means nothing (13.14)? */
static bool first_burst_irrelevant(const struct negotiation *n)
{
    return n->slot[KEY_INITIAL_R2T].value && !n->slot[KEY_IMMEDIATE_DATA].value;
}

/* A missing answer is an error unless only one outcome was possible: for booleans 6.2.2 makes the answer
 * optional then, and real targets leave it out for numbers and one-word lists too. */
static bool check_answered(struct negotiation *n, enum key_id id, struct lun_error *e)
{
    const struct key *k = keys_get(id);
    struct negotiation_slot *slot = &n->slot[id];
    if (!slot->offered || slot->settled || is_declared(k))
        return true;
    if (id == KEY_FIRST_BURST && first_burst_irrelevant(n))
        return true;
    if (k->type == KEY_LIST ? !strcmp(slot->list, "None") : keys_determined(k, slot->offer)) {
        slot->value = k->type == KEY_LIST ? k->standard : slot->offer;
        return true;
    }
    return error_set(e, LUN_PROTOCOL, 0, false, "target did not answer our offer of %s", k->name);
}

bool negotiate_finish(struct negotiation *n, struct login_result *ret, struct lun_error *e)
{
    for (enum key_id id = 0; id < KEY_COUNT; id++)
        if (!check_answered(n, id, e))
            return false;
    const struct negotiation_slot *s = n->slot;
    ret->header_digest = s[KEY_HEADER_DIGEST].value;
    ret->data_digest = s[KEY_DATA_DIGEST].value;
    ret->initial_r2t = s[KEY_INITIAL_R2T].value;
    ret->immediate_data = s[KEY_IMMEDIATE_DATA].value;
    ret->data_pdu_in_order = s[KEY_PDU_IN_ORDER].value;
    ret->data_sequence_in_order = s[KEY_SEQUENCE_IN_ORDER].value;
    ret->max_recv = s[KEY_MAX_RECV].offer;
    ret->max_send = s[KEY_MAX_RECV].value;
    ret->max_burst = s[KEY_MAX_BURST].value;
    /* 13.14; to send less than agreed is always right. */
    ret->first_burst = s[KEY_FIRST_BURST].value < ret->max_burst ? s[KEY_FIRST_BURST].value : ret->max_burst;
    ret->max_outstanding_r2t = (uint16_t)s[KEY_MAX_R2T].value;
    ret->max_connections = (uint16_t)s[KEY_MAX_CONNECTIONS].value;
    ret->time2wait = (uint16_t)s[KEY_TIME2WAIT].value;
    ret->time2retain = (uint16_t)s[KEY_TIME2RETAIN].value;
    ret->error_recovery_level = (uint8_t)s[KEY_RECOVERY_LEVEL].value;
    return true;
}
