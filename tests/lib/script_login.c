/* SPDX-License-Identifier: Apache-2.0 */
/* `login`: a whole login without authentication, answering each key the initiator offers as chapter 13's
 * result functions allow, so that scripts about other things need one word. Script's thread (RFC 7143 6.3,
 * 13). */
#include <stdlib.h>
#include <string.h>

#include "base/bytes.h"
#include "script_impl.h"

/* Our answers; NULL: take what was offered. Those with `declare` are sent though not asked for. */
static const struct answer {
    const char *key, *value;
    bool declare;
} answers[] = {
    {"HeaderDigest", "None", false},
    {"DataDigest", "None", false},
    {"MaxRecvDataSegmentLength", "65536", true},
    {"InitialR2T", "Yes", false},
    {"ImmediateData", "Yes", false},
    {"MaxBurstLength", "262144", false},
    {"FirstBurstLength", "65536", false},
    {"MaxOutstandingR2T", "1", false},
    {"MaxConnections", "1", false},
    {"ErrorRecoveryLevel", "0", false},
    {"DefaultTime2Wait", "2", false},
    {"DefaultTime2Retain", "0", false},
    {"DataPDUInOrder", "Yes", false},
    {"DataSequenceInOrder", "Yes", false},
};

static bool in_this(const struct script_pdu *p, const char *key)
{
    char want[80];
    size_t n = (size_t)snprintf(want, sizeof want, "%s=", key);
    return p->data_length >= n && memmem(p->data, p->data_length, want, n);
}

static void add(struct script_arg *list, int *count, const struct script_step *step, const char *key,
                const char *value)
{
    const char *override = script_parse_arg(step, key);
    if (override)
        value = override;
    if (strcmp(value, "-") && *count < SCRIPT_ARGS)
        list[(*count)++] = (struct script_arg){(char *)key, (char *)value};
}

static int operational(const struct script_step *step, const struct script_pdu *p, struct script_arg *list)
{
    int count = 0;
    for (size_t i = 0; i < sizeof answers / sizeof answers[0]; i++)
        if (answers[i].declare || in_this(p, answers[i].key))
            add(list, &count, step, answers[i].key, answers[i].value);
    for (int i = 0; i < step->arg_count; i++) { /* keys nobody asked for */
        bool known = !strcmp(step->args[i].name, "TargetPortalGroupTag");
        for (size_t k = 0; k < sizeof answers / sizeof answers[0]; k++)
            known |= !strcmp(answers[k].key, step->args[i].name);
        if (!known && count < SCRIPT_ARGS)
            list[count++] = step->args[i];
    }
    return count;
}

static bool answer(struct script *s, const struct script_step *step, const struct script_pdu *p)
{
    struct script_arg list[SCRIPT_ARGS];
    uint8_t bhs[PDU_BHS], *data = NULL;
    uint32_t n = 0;
    int count = 0;
    bool security = !(p->bhs[1] & 0x0c);
    if (!security)
        count = operational(step, p, list);
    else if (in_this(p, "AuthMethod"))
        add(list, &count, step, "AuthMethod", "None");
    if (!s->login_answered)
        add(list, &count, step, "TargetPortalGroupTag", "1"); /* 13.9 */
    bool good = script_send_keys(s, list, count, &data, &n);
    script_send_begin(s, PDU_LOGIN_RESPONSE, p->bhs, bhs);
    good = good && script_send_answer(s, bhs, data, n);
    free(data);
    return good;
}

bool script_login(struct script *s, const struct script_step *step)
{
    while (!s->full_feature) {
        struct script_pdu p;
        int got = script_expect_next(s, &p);
        if (!got)
            return script_fail(s, "expected a login, but the initiator closed the connection");
        if (got < 0)
            return false;
        bool good = pdu_opcode(p.bhs) == PDU_LOGIN_REQUEST || script_fail(s, "expected a Login Request");
        if (good) {
            memcpy(s->last, p.bhs, PDU_BHS);
            script_expect_heard(s, &p);
            good = answer(s, step, &p);
        }
        script_wire_pdu_free(&p);
        if (!good)
            return false;
    }
    return true;
}
