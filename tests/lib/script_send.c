/* SPDX-License-Identifier: Apache-2.0 */
/* `send`: builds a target's PDU from what the standard wants in each field (RFC 7143 chapter 11), then lets
 * the script's line override any of it, and keeps the books on sequence numbers, tags and phase. Script's
 * thread. */
#include <stdlib.h>
#include <string.h>

#include "base/bytes.h"
#include "script_impl.h"

static bool counts_statsn(const uint8_t *bhs)
{
    switch (pdu_opcode(bhs)) {
    case PDU_R2T: /* 11.8.3: carries the next StatSN, does not use it up */
        return false;
    case PDU_NOP_IN: /* 11.19.2: likewise when unsolicited */
        return get_be32(bhs + 16) != PDU_TAG_NONE;
    case PDU_DATA_IN: /* 11.7.3: only with S */
        return bhs[1] & 0x01;
    default:
        return true;
    }
}

static void set_numbers(struct script *s, uint8_t *bhs)
{
    if (pdu_opcode(bhs) != PDU_DATA_IN || (bhs[1] & 0x01))
        put_be32(bhs + 24, s->statsn);
    put_be32(bhs + 28, s->expcmdsn);
    put_be32(bhs + 32, s->expcmdsn + s->window - 1);
}

static void begin_login_response(const uint8_t *to, uint8_t *bhs)
{
    bhs[1] = to[1] & 0x8f;      /* T, CSG, NSG as asked */
    memcpy(bhs + 8, to + 8, 8); /* ISID, TSIH */
}

void script_send_begin(struct script *s, uint8_t opcode, const uint8_t *to, uint8_t bhs[PDU_BHS])
{
    memset(bhs, 0, PDU_BHS);
    bhs[0] = opcode;
    bhs[1] = 0x80;
    bool to_nobody = !to || opcode == PDU_ASYNC || opcode == PDU_REJECT;
    put_be32(bhs + 16, to_nobody ? PDU_TAG_NONE : get_be32(to + 16));
    if (opcode == PDU_LOGIN_RESPONSE && to)
        begin_login_response(to, bhs);
    if (opcode == PDU_NOP_IN || opcode == PDU_DATA_IN || opcode == PDU_TEXT_RESPONSE)
        put_be32(bhs + 20, PDU_TAG_NONE);
    if (opcode == PDU_R2T) {
        put_be32(bhs + 20, s->next_ttt++);
        if (to)
            memcpy(bhs + 8, to + 8, 8);
    }
    set_numbers(s, bhs);
}

/* The value of KEY in a text segment, or NULL. */
static const char *key_in(const uint8_t *data, uint32_t n, const char *key)
{
    size_t length = strlen(key);
    for (uint32_t i = 0; i < n; i += (uint32_t)strnlen((const char *)data + i, n - i) + 1)
        if (n - i > length && !memcmp(data + i, key, length) && data[i + length] == '=' && !data[n - 1])
            return (const char *)data + i + length + 1;
    return NULL;
}

void script_send_login_done(struct script *s, const uint8_t bhs[PDU_BHS], const uint8_t *data, uint32_t n)
{
    const char *v;
    s->login_answered = true;
    if ((v = key_in(data, n, "HeaderDigest")))
        s->want_header_digest = !strcmp(v, "CRC32C");
    if ((v = key_in(data, n, "DataDigest")))
        s->want_data_digest = !strcmp(v, "CRC32C");
    if ((v = key_in(data, n, "MaxRecvDataSegmentLength")))
        s->max_receive = (uint32_t)strtoul(v, NULL, 0);
    if (bhs[36] || (bhs[1] & 0x83) != 0x83)
        return;
    s->full_feature = true; /* 6.3: digests start with the first PDU after the final Login Response */
    s->header_digest = s->want_header_digest;
    s->data_digest = s->want_data_digest;
}

static void keep_books(struct script *s, const struct script_sending *m)
{
    const uint8_t *bhs = m->bhs;
    uint8_t opcode = pdu_opcode(bhs);
    uint32_t exp = get_be32(bhs + 28), max = get_be32(bhs + 32);
    if (counts_statsn(bhs))
        s->statsn++;
    if ((int32_t)(max - (exp - 1)) >= 0 && (int32_t)(max - s->maxcmdsn) > 0) /* 4.2.2.1 */
        s->maxcmdsn = max;
    bool answer = opcode == PDU_SCSI_RESPONSE || opcode == PDU_TASK_RESPONSE ||
                  opcode == PDU_LOGOUT_RESPONSE || opcode == PDU_NOP_IN ||
                  (opcode == PDU_DATA_IN && (bhs[1] & 1)) || (opcode == PDU_TEXT_RESPONSE && (bhs[1] & 0x80));
    if (answer)
        script_referee_answered(s, get_be32(bhs + 16));
    /* "Too many immediate commands": the PDU may be sent again as it was (11.17.1). */
    if (opcode == PDU_REJECT && bhs[2] == 6 && m->data_length >= PDU_BHS)
        script_referee_answered(s, get_be32(m->data + 16));
    if (opcode == PDU_LOGIN_RESPONSE)
        script_send_login_done(s, bhs, m->data, m->data_length);
}

static bool transmit(struct script *s, const struct script_sending *m, const char *remark)
{
    char *text = NULL;
    size_t n;
    FILE *to = open_memstream(&text, &n);
    script_field_print(to, m->bhs);
    fclose(to);
    script_note(s, "T> %s%s", text, remark);
    free(text);
    bool sent = script_wire_send(s, m);
    keep_books(s, m);
    return sent;
}

/* What follows from the T bit: NSG only with it (11.13.6), a TSIH with the last response (11.13.3). */
static void complete_login(const struct script_step *step, uint8_t *bhs)
{
    if (pdu_opcode(bhs) != PDU_LOGIN_RESPONSE)
        return;
    bool final = (bhs[1] & 0x83) == 0x83;
    if (!(bhs[1] & 0x80) && !(step && script_parse_arg(step, "nsg")))
        bhs[1] &= 0xfc;
    if (final && !get_be16(bhs + 14) && !(step && script_parse_arg(step, "tsih")))
        put_be16(bhs + 14, 1);
}

bool script_send_answer(struct script *s, uint8_t bhs[PDU_BHS], const void *data, uint32_t n)
{
    struct script_sending m = {.data = data, .data_length = n};
    complete_login(NULL, bhs);
    set_numbers(s, bhs);
    pdu_set_lengths(bhs, 0, n);
    memcpy(m.bhs, bhs, PDU_BHS);
    return transmit(s, &m, "");
}

/* ---- The line of a script ---- */

/* KEY/ASC/ASCQ as fixed-format sense (SPC-4 4.5.3) behind its length (RFC 7143 11.4.7.2). */
static bool sense(struct script *s, const char *text, uint8_t **ret, uint32_t *ret_length)
{
    unsigned key, asc, ascq;
    if (sscanf(text, "%2x/%2x/%2x", &key, &asc, &ascq) != 3)
        return script_fail(s, "sense=%s is not KEY/ASC/ASCQ", text);
    uint8_t *p = calloc(1, 20);
    p[1] = 18;
    p[2] = 0x70;
    p[4] = (uint8_t)key;
    p[9] = 10;
    p[14] = (uint8_t)asc;
    p[15] = (uint8_t)ascq;
    *ret = p;
    *ret_length = 20;
    return true;
}

bool script_send_keys(struct script *s, const struct script_arg *keys, int count, uint8_t **ret,
                      uint32_t *ret_length)
{
    char *out = NULL;
    size_t n = 0;
    FILE *to = open_memstream(&out, &n);
    bool good = true;
    for (int i = 0; i < count && good; i++) {
        char *value = script_value_text(s, keys[i].value);
        good = value && !s->failure;
        fprintf(to, "%s=%s", keys[i].name, value ? value : "");
        fputc(0, to);
        free(value);
    }
    fclose(to);
    *ret = (uint8_t *)out;
    *ret_length = (uint32_t)n;
    return good;
}

static bool payload(struct script *s, const struct script_step *step, uint8_t **ret_data, uint32_t *ret_n,
                    uint8_t **ret_ahs, uint32_t *ret_ahs_n)
{
    const char *v;
    if ((v = script_parse_arg(step, "ahs")) && !script_value_data(s, v, ret_ahs, ret_ahs_n))
        return false;
    if ((v = script_parse_arg(step, "data")))
        return script_value_data(s, v, ret_data, ret_n);
    if ((v = script_parse_arg(step, "sense")))
        return sense(s, v, ret_data, ret_n);
    if (step->has_keys)
        return script_send_keys(s, step->keys, step->key_count, ret_data, ret_n);
    return true;
}

/* Arguments that are not header fields, or are set apart. */
static bool special(const char *name)
{
    static const char *const names[] = {"to",    "data",    "sense", "ahs",   "cut",
                                        "split", "corrupt", "pad",   "opcode"};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        if (!strcmp(name, names[i]))
            return true;
    return false;
}

static bool is_number_of_session(const char *name)
{
    return !strcmp(name, "statsn") || !strcmp(name, "expcmdsn") || !strcmp(name, "maxcmdsn");
}

/* One pass over the fields of the line: sequence numbers, or all the others. */
static bool override(struct script *s, const struct script_step *step, uint8_t *bhs, bool numbers)
{
    for (int i = 0; i < step->arg_count; i++) {
        const char *name = step->args[i].name;
        uint64_t now, v;
        if (special(name) || is_number_of_session(name) != numbers)
            continue;
        if (!script_field_get(bhs, name, &now))
            return script_fail(s, "%s has no field %s", step->kind, name);
        if (!script_value_number(s, step->args[i].value, now, name, &v))
            return false;
        script_field_set(bhs, name, v);
    }
    return true;
}

static bool misbehave(struct script *s, const struct script_step *step, struct script_sending *m)
{
    const char *v;
    uint64_t n;
    if ((v = script_parse_arg(step, "corrupt"))) {
        m->spoil_header = !strcmp(v, "header");
        m->spoil_data = !strcmp(v, "data");
    }
    if ((v = script_parse_arg(step, "cut")) && script_value_number(s, v, 0, "cut", &n))
        m->cut = (uint32_t)n;
    if ((v = script_parse_arg(step, "split")) && script_value_number(s, v, 0, "split", &n))
        m->split = (uint32_t)n;
    if ((v = script_parse_arg(step, "pad")) && script_value_number(s, v, 0, "pad", &n))
        m->pad = (uint8_t)n;
    if ((v = script_parse_arg(step, "opcode")) && script_value_number(s, v, 0, "opcode", &n))
        m->bhs[0] = (uint8_t)((m->bhs[0] & 0xc0) | (n & 0x3f));
    return !s->failure;
}

static bool build(struct script *s, const struct script_step *step, struct script_sending *m)
{
    uint8_t opcode;
    const uint8_t *to = s->last;
    const char *name = script_parse_arg(step, "to");
    if (name) {
        const struct script_binding *b = script_bound(s, name);
        if (!b)
            return script_fail(s, "no PDU was kept as %s", name);
        to = b->bhs;
    }
    script_field_kind(step->kind, &opcode);
    script_send_begin(s, opcode, to, m->bhs);
    pdu_set_lengths(m->bhs, m->ahs_length, m->data_length);
    if (opcode == PDU_SCSI_RESPONSE && script_parse_arg(step, "sense"))
        m->bhs[3] = 0x02; /* CHECK CONDITION */
    if (!override(s, step, m->bhs, false))
        return false;
    complete_login(step, m->bhs);
    set_numbers(s, m->bhs);
    return override(s, step, m->bhs, true) && misbehave(s, step, m);
}

bool script_send_step(struct script *s, const struct script_step *step)
{
    struct script_sending m = {0};
    uint8_t *data = NULL, *ahs = NULL;
    bool good = payload(s, step, &data, &m.data_length, &ahs, &m.ahs_length);
    m.data = data;
    m.ahs = ahs;
    if (good)
        good = build(s, step, &m) && transmit(s, &m,
                                              m.cut                            ? " (cut)"
                                              : m.spoil_header || m.spoil_data ? " (spoilt)"
                                                                               : "");
    free(data);
    free(ahs);
    return good;
}
