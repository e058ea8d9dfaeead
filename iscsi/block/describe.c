/* SPDX-License-Identifier: Apache-2.0 */
/* Facts for the files `target`, `sessions`, `status` and `sense`. Home loop. */
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "block/outage.h"
#include "scsi/cdb.h"
#include "scsi/decode.h"

static void put_string(struct lun_facts *f, const char *path, const char *key, const char *text)
{
    lun_facts_string(f, path, key, text, strlen(text));
}

static void put_error(struct lun_facts *f, const char *path, const char *key, const struct lun_error *e)
{
    if (e->layer == LUN_OK)
        return;
    char line[LUN_ERROR_LINE];
    put_string(f, path, key, lun_error_line(e, line));
}

/* ---- target ------------------------------------------------------------------------------------------ */

static const char *state_word(enum target_state s)
{
    static const char *const words[] = {"closed", "opening", "open", "lost", "closing"};
    return words[s];
}

static const char *algorithm_word(uint8_t a)
{
    switch (a) {
    case 0:
        return "none";
    case LUN_CHAP_MD5:
        return "chap-md5";
    case LUN_CHAP_SHA1:
        return "chap-sha1";
    case LUN_CHAP_SHA256:
        return "chap-sha256";
    case LUN_CHAP_SHA3_256:
        return "chap-sha3-256";
    default:
        return "chap-unknown";
    }
}

static void describe_negotiated(const struct login_result *n, struct lun_facts *f)
{
    const char *p = "negotiated";
    lun_facts_word(f, p, "HeaderDigest", n->header_digest ? "CRC32C" : "None");
    lun_facts_word(f, p, "DataDigest", n->data_digest ? "CRC32C" : "None");
    lun_facts_word(f, p, "InitialR2T", n->initial_r2t ? "Yes" : "No");
    lun_facts_word(f, p, "ImmediateData", n->immediate_data ? "Yes" : "No");
    lun_facts_number(f, p, "MaxRecvDataSegmentLength_ours", n->max_recv, "bytes");
    lun_facts_number(f, p, "MaxRecvDataSegmentLength_target", n->max_send, "bytes");
    lun_facts_number(f, p, "MaxBurstLength", n->max_burst, "bytes");
    lun_facts_number(f, p, "FirstBurstLength", n->first_burst, "bytes");
    lun_facts_number(f, p, "MaxOutstandingR2T", n->max_outstanding_r2t, NULL);
    lun_facts_word(f, p, "DataPDUInOrder", n->data_pdu_in_order ? "Yes" : "No");
    lun_facts_word(f, p, "DataSequenceInOrder", n->data_sequence_in_order ? "Yes" : "No");
    lun_facts_number(f, p, "MaxConnections", n->max_connections, NULL);
    lun_facts_number(f, p, "ErrorRecoveryLevel", n->error_recovery_level, NULL);
    lun_facts_number(f, p, "DefaultTime2Wait", n->time2wait, "s");
    lun_facts_number(f, p, "DefaultTime2Retain", n->time2retain, "s");
}

/* Of the home loop, as the fast path decides now (pool/poll.h). */
static void describe_polling(const struct poll *p, struct lun_facts *f)
{
    lun_facts_number(f, "polling", "limit", p->most / 1000, "us");
    lun_facts_boolean(f, "polling", "for_answers", p->side[POLL_FOR_ANSWER].on);
    lun_facts_boolean(f, "polling", "for_requests", p->side[POLL_FOR_REQUEST].on);
}

static const char *by(bool configured)
{
    return configured ? "configured" : "auto";
}

struct offer {
    const char *key;
    uint32_t offered, agreed;
    bool configured;
};

static void describe_numbers(const struct offer *o, size_t count, bool agreed, struct lun_facts *f)
{
    for (size_t i = 0; i < count; i++) {
        char path[64];
        const char *unit = strcmp(o[i].key, "MaxOutstandingR2T") ? "bytes" : NULL;
        snprintf(path, sizeof path, "offers.%s", o[i].key);
        lun_facts_number(f, path, "offered", o[i].offered, unit);
        if (agreed)
            lun_facts_number(f, path, "agreed", o[i].agreed, unit);
        lun_facts_word(f, path, "by", by(o[i].configured));
    }
}

static const char *yes(bool v)
{
    return v ? "Yes" : "No";
}

/* n NULL: nothing is agreed on now. MaxRecvDataSegmentLength is declared: each side's own stands. */
static void describe_offers(const struct lun_target *t, const struct login_result *n, struct lun_facts *f)
{
    const struct lun_target_options *o = &t->o;
    const struct target_given *g = &t->given;
    struct login_result none = {0};
    const struct login_result *a = n ? n : &none;
    const struct offer numbers[] = {
        {"MaxRecvDataSegmentLength", o->max_recv_data_segment_length, a->max_recv, g->max_recv},
        {"MaxBurstLength", o->max_burst_length, a->max_burst, g->max_burst},
        {"FirstBurstLength", o->first_burst_length, a->first_burst, g->first_burst},
        {"MaxOutstandingR2T", o->max_outstanding_r2t, a->max_outstanding_r2t, g->max_outstanding_r2t},
    };
    const struct offer switches[] = {
        {"InitialR2T", o->initial_r2t == 2, a->initial_r2t, g->initial_r2t},
        {"ImmediateData", o->immediate_data == 2, a->immediate_data, g->immediate_data},
    };
    describe_numbers(numbers, sizeof numbers / sizeof *numbers, n, f);
    for (size_t i = 0; i < sizeof switches / sizeof *switches; i++) {
        char path[64];
        snprintf(path, sizeof path, "offers.%s", switches[i].key);
        lun_facts_word(f, path, "offered", yes(switches[i].offered));
        if (n)
            lun_facts_word(f, path, "agreed", yes(switches[i].agreed));
        lun_facts_word(f, path, "by", by(switches[i].configured));
    }
}

/* What of the machine and of the target it takes. */
static void describe_shares(const struct lun_target *t, struct lun_facts *f)
{
    lun_facts_number(f, "", "sessions", t->wanted, NULL);
    lun_facts_word(f, "", "sessions_by", by(t->given.sessions));
    if (sessions_window(t))
        lun_facts_number(f, "", "command_window", sessions_window(t), "commands");
    lun_facts_number(f, "", "loops", t->pool->loop_count, NULL);
    lun_facts_word(f, "", "loops_by", by(t->pool->loops_configured));
    lun_facts_number(f, "", "cpus", pool_cpus(), NULL);
}

/* What happens while the target is away. */
static void describe_outage(const struct lun_target *t, struct lun_facts *f)
{
    uint32_t ms = t->o.replacement_timeout_ms;
    lun_facts_word(f, "", "on_outage", t->o.on_outage == LUN_OUTAGE_FAIL ? "fail" : "wait");
    if (ms == UINT32_MAX)
        lun_facts_word(f, "", "replacement_timeout", "never");
    else
        lun_facts_number(f, "", "replacement_timeout", ms, "ms");
    if (t->state == TARGET_LOST)
        lun_facts_number(f, "", "lost_for", (loop_clock() - units_of(t)->lost_since) / 1000000, "ms");
}

void lun_target_describe(const struct lun_target *t, struct lun_facts *f)
{
    put_string(f, "", "name", t->o.iqn);
    const struct login_result *n = target_negotiated(t);
    if (n && n->target_alias[0])
        put_string(f, "", "alias", n->target_alias);
    lun_facts_word(f, "", "state", state_word(t->state));
    put_error(f, "", "error", &t->error);
    describe_outage(t, f);
    for (size_t i = 0; i < t->address_count; i++) {
        char path[32];
        snprintf(path, sizeof path, "portals.%zu", i);
        put_string(f, path, "address", t->addresses[i].text);
        lun_facts_boolean(f, path, "in_use", t->state == TARGET_OPEN && i == t->address);
    }
    describe_shares(t, f);
    describe_polling(&t->loop->poll, f);
    describe_offers(t, n, f);
    if (!n)
        return;
    if (n->portal_group >= 0)
        lun_facts_number(f, "", "portal_group", (uint64_t)n->portal_group, NULL);
    lun_facts_word(f, "", "authentication", algorithm_word(n->chap_algorithm));
    lun_facts_boolean(f, "", "mutual_authentication", n->chap_algorithm && t->o.auth.mutual_user);
    describe_negotiated(n, f);
}

/* ---- sessions ---------------------------------------------------------------------------------------- */

static void describe_session(const struct lun_target *t, unsigned i, struct lun_facts *f)
{
    static const char *const words[] = {"down", "connecting", "login", "up"};
    const struct link *k = &t->sessions[i].link;
    char path[32], isid[20];
    uint8_t id[6];
    snprintf(path, sizeof path, "sessions.%u", i);
    pool_isid(t->pool, (uint16_t)i, id);
    snprintf(isid, sizeof isid, "%02x%02x%02x%02x%02x%02x", id[0], id[1], id[2], id[3], id[4], id[5]);
    lun_facts_word(f, path, "state", words[k->state]);
    put_string(f, path, "isid", isid);
    lun_facts_number(f, path, "logins", k->logins, NULL);
    lun_facts_number(f, path, "failures", t->sessions[i].failures, NULL);
    if (timer_armed(&t->sessions[i].retry)) {
        uint64_t now = loop_clock(), when = t->sessions[i].retry.deadline;
        lun_facts_number(f, path, "next_attempt_in", when > now ? (when - now) / 1000000 : 0, "ms");
    }
    put_error(f, path, "last_error", &k->last_error);
    if (k->state != LINK_UP)
        return;
    lun_facts_number(f, path, "tsih", k->negotiated.tsih, NULL);
    put_string(f, path, "address", k->address.text);
    lun_facts_number(f, path, "cid", k->config.login.cid, NULL);
    lun_facts_number(f, path, "commands", k->session.commands, NULL);
    lun_facts_number(f, path, "in_flight", k->session.busy, NULL);
    lun_facts_number(f, path, "window", k->session.window.maxcmdsn - k->session.window.expcmdsn + 1, NULL);
    lun_facts_number(f, path, "received", k->conn.bytes_in, "bytes");
    lun_facts_number(f, path, "sent", k->conn.bytes_out, "bytes");
}

void lun_target_describe_sessions(const struct lun_target *t, struct lun_facts *f)
{
    for (unsigned i = 0; i < t->o.sessions; i++)
        if (i < t->wanted || t->sessions[i].link.state != LINK_IDLE)
            describe_session(t, i, f);
}

/* ---- status ------------------------------------------------------------------------------------------ */

static const char *split_word(enum lun_split s)
{
    static const char *const words[] = {
#define SPLIT_WORD(name, word) word,
        LUN_SPLITS(SPLIT_WORD)
#undef SPLIT_WORD
    };
    return words[s];
}

/* What is in force, and why. */
static void describe_limits(const struct lun_unit *u, struct lun_facts *f)
{
    const struct lun_unit_info *i = &u->info;
    const char *p = "limits";
    lun_facts_number(f, p, "max_transfer", i->max_transfer, "bytes");
    lun_facts_word(f, p, "max_transfer_by", split_word(i->split));
    if (i->granularity)
        lun_facts_number(f, p, "transfer_granularity", i->granularity, "bytes");
    lun_facts_number(f, p, "queue_depth", i->queue_depth, "commands");
    lun_facts_word(f, p, "queue_depth_by", depth_reason_word(u->depth.reason));
    lun_facts_number(f, p, "task_set_full", u->depth.fulls, NULL);
    lun_facts_number(f, p, "latency", u->depth.latency / 1000, "us");
    lun_facts_number(f, p, "cdb_length", i->sixteen ? 16 : 10, "bytes");
}

void lun_unit_describe(const struct lun_unit *u, struct lun_facts *f)
{
    static const char *const words[] = {"online", "offline", "gone"};
    const struct lun_unit_info *i = &u->info;
    lun_facts_word(f, "", "state", words[i->state]);
    put_error(f, "", "error", &i->error);
    lun_facts_number(f, "", "lun", i->lun, NULL);
    lun_facts_word(f, "", "device_type", lun_device_type_name(i->device_type));
    for (unsigned n = 0; n < i->name_count; n++) {
        char path[32];
        snprintf(path, sizeof path, "names.%u", n);
        put_string(f, path, "name", i->names[n]);
    }
    if (!i->has_data)
        return;
    lun_facts_boolean(f, "", "read_only", i->read_only);
    lun_facts_boolean(f, "", "volatile_cache", i->volatile_cache);
    describe_limits(u, f);
    lun_facts_number(f, "", "outstanding", u->outstanding, "commands");
    lun_facts_number(f, "", "waiting", outage_waiting(u), "requests");
    lun_facts_number(f, "counters", "reads", i->reads, NULL);
    lun_facts_number(f, "counters", "writes", i->writes, NULL);
    lun_facts_number(f, "counters", "flushes", i->flushes, NULL);
    lun_facts_number(f, "counters", "read", i->bytes_read, "bytes");
    lun_facts_number(f, "counters", "written", i->bytes_written, "bytes");
    lun_facts_number(f, "counters", "errors", i->errors, NULL);
    lun_facts_number(f, "counters", "retries", i->retries, NULL);
}

/* ---- sense ------------------------------------------------------------------------------------------- */

static void describe_record(const struct lun_sense_record *r, const char *path, struct lun_facts *f)
{
    char when[40];
    time_t seconds = r->when_ms / 1000;
    struct tm tm;
    gmtime_r(&seconds, &tm);
    size_t n = strftime(when, sizeof when, "%Y-%m-%dT%H:%M:%S", &tm);
    snprintf(when + n, sizeof when - n, ".%03dZ", (int)(r->when_ms % 1000));
    put_string(f, path, "when", when);
    const char *name = cdb_name(r->opcode, 0);
    char opcode[16];
    snprintf(opcode, sizeof opcode, "0x%02x", r->opcode);
    put_string(f, path, "command", name ? name : opcode);
    struct scsi_sense s;
    if (scsi_sense_parse(r->data, r->length, &s)) {
        char text[200];
        scsi_sense_text(&s, text, sizeof text);
        put_string(f, path, "meaning", text);
    }
    lun_facts_hex(f, path, "data", r->data, r->length);
}

void lun_unit_describe_sense(const struct lun_unit *u, struct lun_facts *f)
{
    const struct lun_unit_info *i = &u->info;
    lun_facts_number(f, "", "received", i->sense_count, NULL);
    if (i->sense_count == 0)
        return;
    const struct lun_sense_record *last = &i->sense[(i->sense_count - 1) % LUN_SENSE_HISTORY];
    lun_decode_sense(last->data, last->length, f);
    uint32_t kept = i->sense_count < LUN_SENSE_HISTORY ? i->sense_count : LUN_SENSE_HISTORY;
    for (uint32_t n = 0; n < kept; n++) {
        char path[32];
        snprintf(path, sizeof path, "history.%u", n);
        describe_record(&i->sense[(i->sense_count - 1 - n) % LUN_SENSE_HISTORY], path, f);
    }
}
