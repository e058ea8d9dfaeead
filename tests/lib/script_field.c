/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Every header field by the name scripts use, as byte offset, width and mask (RFC 7143 chapter 11). Written
 * from the standard and apart from the library's codec on purpose: the two check each other. Any thread.
 */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "script_impl.h"

struct script_field {
    const char *name;
    uint8_t offset, bytes; /* big-endian number of that many bytes ... */
    uint8_t mask;          /* ... or, when not 0, these bits of the one byte */
};

#define NUMBER(name, offset, bytes)                                                                          \
    {                                                                                                        \
        name, offset, bytes, 0                                                                               \
    }
#define BITS(name, offset, mask)                                                                             \
    {                                                                                                        \
        name, offset, 1, mask                                                                                \
    }
#define END                                                                                                  \
    {                                                                                                        \
        NULL, 0, 0, 0                                                                                        \
    }
#define ITT NUMBER("itt", 16, 4)
#define LUN NUMBER("lun", 8, 8)
#define TTT NUMBER("ttt", 20, 4)
#define FINAL BITS("F", 1, 0x80)
#define ASKING NUMBER("cmdsn", 24, 4), NUMBER("expstatsn", 28, 4)
#define ANSWERING NUMBER("statsn", 24, 4), NUMBER("expcmdsn", 28, 4), NUMBER("maxcmdsn", 32, 4)

static const struct script_field common[] = {BITS("opcode", 0, 0x3f), BITS("I", 0, 0x40),
                                             NUMBER("ahslen", 4, 1), NUMBER("dlen", 5, 3), END};

#define LOGIN_BOTH                                                                                           \
    BITS("T", 1, 0x80), BITS("C", 1, 0x40), BITS("csg", 1, 0x0c), BITS("nsg", 1, 0x03),                      \
        NUMBER("vmax", 2, 1), NUMBER("isid", 8, 6), NUMBER("tsih", 14, 2), ITT

static const struct script_field scsi_command[] = {FINAL,
                                                   BITS("R", 1, 0x40),
                                                   BITS("W", 1, 0x20),
                                                   BITS("attr", 1, 0x07),
                                                   LUN,
                                                   ITT,
                                                   NUMBER("edtl", 20, 4),
                                                   ASKING,
                                                   NUMBER("cdb_high", 32, 8),
                                                   NUMBER("cdb_low", 40, 8),
                                                   END};
static const struct script_field task_request[] = {FINAL,
                                                   BITS("function", 1, 0x7f),
                                                   LUN,
                                                   ITT,
                                                   NUMBER("ref", 20, 4),
                                                   ASKING,
                                                   NUMBER("refcmdsn", 32, 4),
                                                   NUMBER("expdatasn", 36, 4),
                                                   END};
static const struct script_field login_request[] = {LOGIN_BOTH, NUMBER("vmin", 3, 1), NUMBER("cid", 20, 2),
                                                    ASKING, END};
static const struct script_field text_request[] = {FINAL, BITS("C", 1, 0x40), LUN, ITT, TTT, ASKING, END};
static const struct script_field data_out[] = {
    FINAL, LUN, ITT, TTT, NUMBER("expstatsn", 28, 4), NUMBER("datasn", 36, 4), NUMBER("offset", 40, 4), END};
static const struct script_field logout_request[] = {
    FINAL, BITS("reason", 1, 0x7f), ITT, NUMBER("cid", 20, 2), ASKING, END};
static const struct script_field snack[] = {FINAL,
                                            BITS("type", 1, 0x0f),
                                            LUN,
                                            ITT,
                                            TTT,
                                            NUMBER("expstatsn", 28, 4),
                                            NUMBER("begrun", 40, 4),
                                            NUMBER("runlength", 44, 4),
                                            END};
static const struct script_field nop_out[] = {FINAL, LUN, ITT, TTT, ASKING, END};
static const struct script_field nop_in[] = {FINAL, LUN, ITT, TTT, ANSWERING, END};
static const struct script_field scsi_response[] = {FINAL,
                                                    BITS("o", 1, 0x10),
                                                    BITS("u", 1, 0x08),
                                                    BITS("O", 1, 0x04),
                                                    BITS("U", 1, 0x02),
                                                    NUMBER("response", 2, 1),
                                                    NUMBER("status", 3, 1),
                                                    ITT,
                                                    NUMBER("snack", 20, 4),
                                                    ANSWERING,
                                                    NUMBER("expdatasn", 36, 4),
                                                    NUMBER("biresidual", 40, 4),
                                                    NUMBER("residual", 44, 4),
                                                    END};
static const struct script_field task_response[] = {FINAL, NUMBER("response", 2, 1), ITT, ANSWERING, END};
static const struct script_field login_response[] = {
    LOGIN_BOTH, NUMBER("vactive", 3, 1), ANSWERING, NUMBER("class", 36, 1), NUMBER("detail", 37, 1), END};
static const struct script_field text_response[] = {FINAL, BITS("C", 1, 0x40), LUN, ITT, TTT, ANSWERING, END};
static const struct script_field data_in[] = {FINAL,
                                              BITS("A", 1, 0x40),
                                              BITS("O", 1, 0x04),
                                              BITS("U", 1, 0x02),
                                              BITS("S", 1, 0x01),
                                              NUMBER("status", 3, 1),
                                              LUN,
                                              ITT,
                                              TTT,
                                              ANSWERING,
                                              NUMBER("datasn", 36, 4),
                                              NUMBER("offset", 40, 4),
                                              NUMBER("residual", 44, 4),
                                              END};
static const struct script_field logout_response[] = {
    FINAL, NUMBER("response", 2, 1), ITT, ANSWERING, NUMBER("time2wait", 40, 2), NUMBER("time2retain", 42, 2),
    END};
static const struct script_field r2t[] = {
    FINAL, LUN, ITT, TTT, ANSWERING, NUMBER("r2tsn", 36, 4), NUMBER("offset", 40, 4), NUMBER("length", 44, 4),
    END};
static const struct script_field async[] = {FINAL,
                                            LUN,
                                            ITT,
                                            ANSWERING,
                                            NUMBER("event", 36, 1),
                                            NUMBER("vendor", 37, 1),
                                            NUMBER("parameter1", 38, 2),
                                            NUMBER("parameter2", 40, 2),
                                            NUMBER("parameter3", 42, 2),
                                            END};
static const struct script_field reject[] = {FINAL,     NUMBER("reason", 2, 1),  ITT,
                                             ANSWERING, NUMBER("datasn", 36, 4), END};

static const struct kind {
    const char *name;
    uint8_t opcode;
    const struct script_field *fields;
} kinds[] = {
    {"NopOut", 0x00, nop_out},
    {"ScsiCommand", 0x01, scsi_command},
    {"TaskRequest", 0x02, task_request},
    {"LoginRequest", 0x03, login_request},
    {"TextRequest", 0x04, text_request},
    {"DataOut", 0x05, data_out},
    {"LogoutRequest", 0x06, logout_request},
    {"Snack", 0x10, snack},
    {"NopIn", 0x20, nop_in},
    {"ScsiResponse", 0x21, scsi_response},
    {"TaskResponse", 0x22, task_response},
    {"LoginResponse", 0x23, login_response},
    {"TextResponse", 0x24, text_response},
    {"DataIn", 0x25, data_in},
    {"LogoutResponse", 0x26, logout_response},
    {"R2T", 0x31, r2t},
    {"Async", 0x32, async},
    {"Reject", 0x3f, reject},
};

static const struct kind *kind_of(uint8_t opcode)
{
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++)
        if (kinds[i].opcode == opcode)
            return &kinds[i];
    return NULL;
}

const char *script_field_kind_name(uint8_t opcode)
{
    const struct kind *k = kind_of(opcode);
    return k ? k->name : NULL;
}

bool script_field_kind(const char *name, uint8_t *ret_opcode)
{
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++)
        if (!strcmp(kinds[i].name, name)) {
            *ret_opcode = kinds[i].opcode;
            return true;
        }
    return false;
}

static const struct script_field *among(const struct script_field *f, const char *name)
{
    for (; f->name; f++)
        if (!strcmp(f->name, name))
            return f;
    return NULL;
}

/* u8@N, u16@N, u32@N, u64@N: any place of the header. */
static bool raw_field(const char *name, struct script_field *ret)
{
    unsigned bits, offset;
    char after;
    if (sscanf(name, "u%u@%u%c", &bits, &offset, &after) != 2 || !bits || bits > 64 || bits % 8 ||
        offset + bits / 8 > PDU_BHS)
        return false;
    *ret = (struct script_field){name, (uint8_t)offset, (uint8_t)(bits / 8), 0};
    return true;
}

static bool find(uint8_t opcode, const char *name, struct script_field *ret)
{
    const struct kind *k = kind_of(opcode);
    const struct script_field *f = among(common, name);
    if (!f && k)
        f = among(k->fields, name);
    if (!f)
        return raw_field(name, ret);
    *ret = *f;
    return true;
}

static uint64_t load(const uint8_t *bhs, const struct script_field *f)
{
    uint64_t v = 0;
    for (int i = 0; i < f->bytes; i++)
        v = v << 8 | bhs[f->offset + i];
    return f->mask ? (v & f->mask) >> __builtin_ctz(f->mask) : v;
}

bool script_field_get(const uint8_t bhs[PDU_BHS], const char *name, uint64_t *ret)
{
    struct script_field f;
    if (!find(pdu_opcode(bhs), name, &f))
        return false;
    *ret = load(bhs, &f);
    return true;
}

bool script_field_set(uint8_t bhs[PDU_BHS], const char *name, uint64_t value)
{
    struct script_field f;
    if (!find(pdu_opcode(bhs), name, &f))
        return false;
    if (f.mask) {
        bhs[f.offset] = (uint8_t)((bhs[f.offset] & ~f.mask) | (value << __builtin_ctz(f.mask) & f.mask));
        return true;
    }
    for (int i = f.bytes - 1; i >= 0; i--, value >>= 8)
        bhs[f.offset + i] = (uint8_t)value;
    return true;
}

/* The bits of byte `at` that belong to some field of the list. */
static uint8_t covered(const struct script_field *f, int at)
{
    unsigned mask = 0;
    for (; f->name; f++)
        if (at >= f->offset && at < f->offset + f->bytes)
            mask |= f->mask ? f->mask : 0xffu;
    return (uint8_t)mask;
}

int script_field_reserved(const uint8_t bhs[PDU_BHS])
{
    const struct kind *k = kind_of(pdu_opcode(bhs));
    for (int i = 0; i < PDU_BHS; i++)
        if (bhs[i] & ~(covered(common, i) | (k ? covered(k->fields, i) : 0)))
            return i;
    return -1;
}

void script_field_print(FILE *to, const uint8_t bhs[PDU_BHS])
{
    const struct kind *k = kind_of(pdu_opcode(bhs));
    if (!k) {
        fprintf(to, "opcode 0x%02x", pdu_opcode(bhs));
        return;
    }
    fprintf(to, "%s%s", k->name, pdu_immediate(bhs) ? " I=1" : "");
    for (const struct script_field *f = k->fields; f->name; f++) {
        uint64_t v = load(bhs, f);
        if (v && strncmp(f->name, "cdb_", 4))
            fprintf(to, v > 9 && f->bytes != 3 ? " %s=0x%" PRIx64 : " %s=%" PRIu64, f->name, v);
    }
    if (pdu_ahs_length(bhs))
        fprintf(to, " ahs=%u", pdu_ahs_length(bhs));
    if (pdu_data_length(bhs))
        fprintf(to, " [%u bytes]", pdu_data_length(bhs));
}
