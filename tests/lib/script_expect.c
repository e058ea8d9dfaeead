/* SPDX-License-Identifier: Apache-2.0 */
/* `expect`: takes the initiator's next PDU, has the device answer it when it is an identity command nobody
 * waits for, and compares it with the script's line. The script's thread. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/bytes.h"
#include "script_impl.h"

int script_expect_next(struct script *s, struct script_pdu *ret)
{
    if (s->fd < 0 && !script_wire_accept(s))
        return -1;
    int got = script_wire_read(s, ret);
    if (got != 1)
        return got;
    char *text = NULL;
    size_t n;
    FILE *to = open_memstream(&text, &n);
    script_field_print(to, ret->bhs);
    if (pdu_opcode(ret->bhs) == PDU_SCSI_COMMAND) {
        fprintf(to, " cdb=");
        for (int i = 32; i < 48; i++)
            fprintf(to, "%02x", ret->bhs[i]);
    }
    fclose(to);
    script_note(s, "I> %s", text);
    free(text);
    if (!script_referee(s, ret)) {
        script_wire_pdu_free(ret);
        return -1;
    }
    if (pdu_opcode(ret->bhs) == PDU_LOGIN_REQUEST)
        s->login_seen = true;
    return 1;
}

static void remember(struct script *s, const char *key, size_t n, const char *value)
{
    struct script_arg *slot = NULL;
    for (int i = 0; i < s->heard_count && !slot; i++)
        if (strlen(s->heard[i].name) == n && !memcmp(s->heard[i].name, key, n))
            slot = &s->heard[i];
    if (!slot) {
        s->heard = realloc(s->heard, (size_t)(s->heard_count + 1) * sizeof *s->heard);
        slot = &s->heard[s->heard_count++];
        *slot = (struct script_arg){.name = strndup(key, n)};
    }
    free(slot->value);
    slot->value = strdup(value);
}

void script_tell(struct script *s, const char *key, const char *value)
{
    remember(s, key, strlen(key), value);
}

/* The next KEY=VALUE of a text segment from *at on; false at the end. */
static bool next_pair(const struct script_pdu *p, uint32_t *at, const char **ret_key, size_t *ret_n,
                      const char **ret_value)
{
    const char *text = (const char *)p->data + *at;
    size_t left = p->data_length - *at, n = strnlen(text, left);
    const char *equals = memchr(text, '=', n);
    if (!left || n == left || !equals)
        return false;
    *ret_key = text;
    *ret_n = (size_t)(equals - text);
    *ret_value = equals + 1;
    *at += (uint32_t)n + 1;
    return true;
}

void script_expect_heard(struct script *s, const struct script_pdu *p)
{
    const char *key, *value;
    size_t n;
    uint8_t opcode = pdu_opcode(p->bhs);
    if (opcode != PDU_LOGIN_REQUEST && opcode != PDU_TEXT_REQUEST)
        return;
    for (uint32_t at = 0; next_pair(p, &at, &key, &n, &value);)
        remember(s, key, n, value);
}

/* ---- Comparison ---- */

static bool any_of(const char *alternatives, const char *value)
{
    size_t n = strlen(value);
    for (const char *at = alternatives;; at++) {
        size_t length = strcspn(at, "|");
        bool hex = !strncasecmp(at, "0x", 2); /* 6.1: either case */
        if (length == n && !(hex ? strncasecmp(at, value, n) : strncmp(at, value, n)))
            return true;
        at += length;
        if (!*at)
            return false;
    }
}

static const char *value_in(const struct script_pdu *p, const char *key)
{
    const char *k, *value;
    size_t n;
    for (uint32_t at = 0; next_pair(p, &at, &k, &n, &value);)
        if (strlen(key) == n && !memcmp(k, key, n))
            return value;
    return NULL;
}

static bool compare_key(struct script *s, const struct script_arg *want, const struct script_pdu *p)
{
    const char *got = value_in(p, want->name);
    if (!strcmp(want->value, "-"))
        return !got || script_fail(s, "key %s: expected absent, got %s", want->name, got);
    if (!got)
        return script_fail(s, "key %s: expected %s, got nothing", want->name, want->value);
    if (!strcmp(want->value, "*"))
        return true;
    char *value = script_value_text(s, want->value);
    bool same = value && any_of(value, got);
    if (value && !same)
        script_fail(s, "key %s: expected %s, got %s", want->name, value, got);
    free(value);
    return same;
}

static bool compare_keys(struct script *s, const struct script_step *step, const struct script_pdu *p)
{
    const char *key, *value;
    size_t n;
    uint32_t at = 0;
    for (int i = 0; i < step->key_count; i++)
        if (!compare_key(s, &step->keys[i], p))
            return false;
    while (next_pair(p, &at, &key, &n, &value)) {
        bool wanted = !step->keys_exact;
        for (int i = 0; i < step->key_count && !wanted; i++)
            wanted = strlen(step->keys[i].name) == n && !memcmp(step->keys[i].name, key, n);
        if (!wanted)
            return script_fail(s, "key %.*s=%s: not expected", (int)n, key, value);
    }
    return at == p->data_length ||
           script_fail(s, "text segment: byte %u does not start KEY=VALUE and NUL", at);
}

static bool compare_data(struct script *s, const char *want, const struct script_pdu *p)
{
    uint8_t *data;
    uint32_t n, i;
    if (!strcmp(want, "*"))
        return true;
    if (!script_value_data(s, want, &data, &n))
        return false;
    uint32_t both = n < p->data_length ? n : p->data_length;
    for (i = 0; i < both && data[i] == p->data[i]; i++)
        ;
    bool same = n == p->data_length && i == n;
    if (n != p->data_length)
        script_fail(s, "data: expected %u bytes, got %u", n, p->data_length);
    else if (!same)
        script_fail(s, "data: byte %u: expected 0x%02x, got 0x%02x", i, data[i], p->data[i]);
    free(data);
    return same;
}

static bool compare_segment(struct script *s, const struct script_step *step, const struct script_pdu *p)
{
    const char *want = script_parse_arg(step, "data");
    if (want)
        return compare_data(s, want, p);
    if (step->has_keys)
        return compare_keys(s, step, p);
    uint8_t opcode = pdu_opcode(p->bhs);
    bool text = opcode == PDU_LOGIN_REQUEST || opcode == PDU_TEXT_REQUEST;
    return text || !p->data_length || script_fail(s, "data: expected none, got %u bytes", p->data_length);
}

static bool compare_cdb(struct script *s, const char *want, const struct script_pdu *p)
{
    uint8_t cdb[16];
    int fixed;
    if (!script_value_cdb(s, want, p->bhs[32], cdb, &fixed))
        return false;
    for (int i = 0; i < fixed; i++)
        if (cdb[i] != p->bhs[32 + i])
            return script_fail(s, "CDB byte %d: expected 0x%02x, got 0x%02x", i, cdb[i], p->bhs[32 + i]);
    return true;
}

static bool compare_task(struct script *s, const char *name, const struct script_pdu *p)
{
    const struct script_binding *b = script_bound(s, name);
    if (!b)
        return script_fail(s, "no PDU was kept as %s", name);
    if (memcmp(b->bhs + 16, p->bhs + 16, 4))
        return script_fail(s, "ITT: expected 0x%x (of %s), got 0x%x", get_be32(b->bhs + 16), name,
                           get_be32(p->bhs + 16));
    if (memcmp(b->bhs + 8, p->bhs + 8, 8))
        return script_fail(s, "LUN: expected that of %s: 0x%" PRIx64 ", got 0x%" PRIx64, name,
                           get_be64(b->bhs + 8), get_be64(p->bhs + 8));
    return true;
}

static bool compare_field(struct script *s, const struct script_arg *a, const struct script_pdu *p)
{
    uint64_t got, want;
    if (!script_field_get(p->bhs, a->name, &got))
        return script_fail(s, "%s has no field %s", script_field_kind_name(pdu_opcode(p->bhs)), a->name);
    if (!strcmp(a->value, "*"))
        return true;
    bool relative = *a->value == '+' || *a->value == '-';
    if (relative && strcmp(a->name, "expstatsn"))
        return script_fail(s, "%s=%s: only expstatsn can be relative here", a->name, a->value);
    if (!script_value_number(s, a->value, s->statsn, a->name, &want))
        return false;
    if (relative)
        want = (uint32_t)want;
    return got == want ||
           script_fail(s, "field %s: expected 0x%" PRIx64 ", got 0x%" PRIx64, a->name, want, got);
}

static bool compare(struct script *s, const struct script_step *step, const struct script_pdu *p)
{
    for (int i = 0; i < step->arg_count; i++) {
        const struct script_arg *a = &step->args[i];
        bool good;
        if (!strcmp(a->name, "as") || !strcmp(a->name, "data"))
            continue;
        if (!strcmp(a->name, "cdb"))
            good = compare_cdb(s, a->value, p);
        else if (!strcmp(a->name, "to"))
            good = compare_task(s, a->value, p);
        else
            good = compare_field(s, a, p);
        if (!good)
            return false;
    }
    return compare_segment(s, step, p);
}

static void keep(struct script *s, const char *name, const struct script_pdu *p)
{
    struct script_binding *slot = (struct script_binding *)script_bound(s, name);
    if (!slot) {
        s->bindings = realloc(s->bindings, (size_t)(s->binding_count + 1) * sizeof *s->bindings);
        slot = &s->bindings[s->binding_count++];
        snprintf(slot->name, sizeof slot->name, "%s", name);
    }
    memcpy(slot->bhs, p->bhs, PDU_BHS);
}

/* Is this PDU what the line waits for, as far as kind and operation code go? */
static bool awaited(struct script *s, const struct script_step *step, const struct script_pdu *p)
{
    uint8_t opcode, cdb[16];
    int fixed;
    script_field_kind(step->kind, &opcode);
    if (opcode != pdu_opcode(p->bhs))
        return false;
    const char *want = script_parse_arg(step, "cdb");
    return opcode != PDU_SCSI_COMMAND || !want || !script_value_cdb(s, want, p->bhs[32], cdb, &fixed) ||
           cdb[0] == p->bhs[32];
}

/* A NOP-Out that wants an answer. */
static bool keepalive(const struct script_pdu *p)
{
    return pdu_opcode(p->bhs) == PDU_NOP_OUT && get_be32(p->bhs + 16) != PDU_TAG_NONE;
}

/* The initiator closes or logs out inside a `repeat`: it has had enough, and that is what was waited for. */
static bool enough(struct script *s, int got, const struct script_pdu *p)
{
    return s->repeat && (!got || pdu_opcode(p->bhs) == PDU_LOGOUT_REQUEST);
}

/* The next PDU that no one but this line answers: 1; 0: the repetition is over; -1: failed. */
static int next_for(struct script *s, const struct script_step *step, struct script_pdu *p)
{
    for (;;) {
        int got = script_expect_next(s, p);
        if (got < 0)
            return got;
        bool over = enough(s, got, p);
        if (!got && !over) {
            script_fail(s, "expected %s, but the initiator closed the connection", step->kind);
            return -1;
        }
        bool common = s->automatic && got && (script_device_knows(p) || keepalive(p));
        if (!over && (awaited(s, step, p) || !common))
            return 1;
        bool good = !got || script_serve_answer(s, p);
        if (got)
            script_wire_pdu_free(p);
        if (over)
            script_wire_close(s, false);
        if (over || !good)
            return good ? 0 : -1;
    }
}

static bool take(struct script *s, const struct script_step *step, const struct script_pdu *p)
{
    uint8_t opcode;
    const char *name = script_parse_arg(step, "as");
    script_field_kind(step->kind, &opcode);
    if (opcode != pdu_opcode(p->bhs))
        return script_fail(s, "expected %s, got %s", step->kind, script_field_kind_name(pdu_opcode(p->bhs)));
    if (name)
        keep(s, name, p);
    memcpy(s->last, p->bhs, PDU_BHS);
    script_expect_heard(s, p);
    return compare(s, step, p);
}

bool script_expect_step(struct script *s, const struct script_step *step)
{
    struct script_pdu p;
    int got = next_for(s, step, &p);
    if (got != 1)
        return !got;
    bool good = take(s, step, &p);
    script_wire_pdu_free(&p);
    return good;
}
