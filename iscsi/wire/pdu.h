/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The basic header segment of every iSCSI PDU, by byte offset (RFC 7143 chapter 11). Pure; any thread.
 *
 * pdu_put_X writes all 48 bytes (reserved bytes zero) from a structure; pdu_get_X reads them and returns
 * false, with *ret untouched, when the bytes cannot be that PDU (wrong opcode, a reserved value where 7143
 * fixes one, the F bit missing where it is always 1). Both directions exist for every kind, so that tests and
 * the scripted target use the same codec as the initiator.
 */
#ifndef LUN_WIRE_PDU_H
#define LUN_WIRE_PDU_H

#include <stdbool.h>
#include <stdint.h>

#define PDU_BHS 48
#define PDU_DIGEST 4
#define PDU_TAG_NONE 0xffffffffu /* reserved ITT, TTT (11.2.1.8) */

/* X(enumerator, value, name) */
#define PDU_OPCODES(X)                                                                                       \
    X(PDU_NOP_OUT, 0x00, "NOP-Out")                                                                          \
    X(PDU_SCSI_COMMAND, 0x01, "SCSI Command")                                                                \
    X(PDU_TASK_REQUEST, 0x02, "Task Management Function Request")                                            \
    X(PDU_LOGIN_REQUEST, 0x03, "Login Request")                                                              \
    X(PDU_TEXT_REQUEST, 0x04, "Text Request")                                                                \
    X(PDU_DATA_OUT, 0x05, "SCSI Data-Out")                                                                   \
    X(PDU_LOGOUT_REQUEST, 0x06, "Logout Request")                                                            \
    X(PDU_SNACK, 0x10, "SNACK Request")                                                                      \
    X(PDU_NOP_IN, 0x20, "NOP-In")                                                                            \
    X(PDU_SCSI_RESPONSE, 0x21, "SCSI Response")                                                              \
    X(PDU_TASK_RESPONSE, 0x22, "Task Management Function Response")                                          \
    X(PDU_LOGIN_RESPONSE, 0x23, "Login Response")                                                            \
    X(PDU_TEXT_RESPONSE, 0x24, "Text Response")                                                              \
    X(PDU_DATA_IN, 0x25, "SCSI Data-In")                                                                     \
    X(PDU_LOGOUT_RESPONSE, 0x26, "Logout Response")                                                          \
    X(PDU_R2T, 0x31, "Ready To Transfer")                                                                    \
    X(PDU_ASYNC, 0x32, "Asynchronous Message")                                                               \
    X(PDU_REJECT, 0x3f, "Reject")

enum pdu_opcode {
#define PDU_OPCODE_ENUM(name, value, word) name = value,
    PDU_OPCODES(PDU_OPCODE_ENUM)
#undef PDU_OPCODE_ENUM
};

/* "SCSI Data-In"; "unknown" for others. */
const char *pdu_name(uint8_t opcode);
/* Is it one of PDU_OPCODES? */
bool pdu_known(uint8_t opcode);

static inline uint8_t pdu_opcode(const uint8_t bhs[static PDU_BHS])
{
    return bhs[0] & 0x3f;
}

static inline bool pdu_immediate(const uint8_t bhs[static PDU_BHS])
{
    return bhs[0] & 0x40;
}

/* Bytes of AHS, 0-1020 (11.2.1.5; the field counts four-byte words). */
static inline uint32_t pdu_ahs_length(const uint8_t bhs[static PDU_BHS])
{
    return bhs[4] * 4u;
}

/* DataSegmentLength, without padding (11.2.1.6). */
static inline uint32_t pdu_data_length(const uint8_t bhs[static PDU_BHS])
{
    return (uint32_t)bhs[5] << 16 | (uint32_t)bhs[6] << 8 | bhs[7];
}

/* Pad bytes after a data segment of n bytes (11.2.3). */
static inline uint32_t pdu_padding(uint32_t n)
{
    return -n & 3u;
}

uint32_t pdu_itt(const uint8_t bhs[static PDU_BHS]);
/* CmdSN of a request PDU / StatSN of a response PDU, both at byte 24. */
uint32_t pdu_sn(const uint8_t bhs[static PDU_BHS]);
/* Overwrites the total AHS length (bytes, a multiple of 4) and DataSegmentLength. */
void pdu_set_lengths(uint8_t bhs[static PDU_BHS], uint32_t ahs, uint32_t data);

/* LUN fields are the eight bytes of SAM-5 4.7, kept as a big-endian number (see wire/lun_field.h). */

struct pdu_scsi_command { /* 11.3 */
    bool immediate, final, read, write;
    uint8_t attr; /* 0 untagged, 1 simple, 2 ordered, 3 head of queue, 4 ACA */
    uint8_t ahs_words;
    uint32_t data_length;
    uint64_t lun;
    uint32_t itt, edtl, cmdsn, expstatsn;
    uint8_t cdb[16];
};

struct pdu_scsi_response { /* 11.4 */
    bool overflow, underflow, bidi_overflow, bidi_underflow;
    uint8_t response, status;
    uint32_t data_length;
    uint32_t itt, snack_tag, statsn, expcmdsn, maxcmdsn, expdatasn, bidi_residual, residual;
};

struct pdu_task_request { /* 11.5 */
    bool immediate;
    uint8_t function;
    uint64_t lun;
    uint32_t itt, referenced_tag, cmdsn, expstatsn, refcmdsn, expdatasn;
};

struct pdu_task_response { /* 11.6 */
    uint8_t response;
    uint32_t itt, statsn, expcmdsn, maxcmdsn;
};

struct pdu_data_out { /* 11.7 */
    bool final;
    uint32_t data_length;
    uint64_t lun;
    uint32_t itt, ttt, expstatsn, datasn, offset;
};

struct pdu_data_in { /* 11.7 */
    bool final, acknowledge, overflow, underflow, has_status;
    uint8_t status;
    uint32_t data_length;
    uint64_t lun;
    uint32_t itt, ttt, statsn, expcmdsn, maxcmdsn, datasn, offset, residual;
};

struct pdu_r2t { /* 11.8 */
    uint64_t lun;
    uint32_t itt, ttt, statsn, expcmdsn, maxcmdsn, r2tsn, offset, length;
};

struct pdu_async { /* 11.9 */
    uint32_t data_length;
    uint64_t lun;
    uint32_t statsn, expcmdsn, maxcmdsn;
    uint8_t event, vendor_code;
    uint16_t parameter1, parameter2, parameter3;
};

struct pdu_text_request {        /* 11.10 */
    bool immediate, final, more; /* more = C bit */
    uint32_t data_length;
    uint64_t lun;
    uint32_t itt, ttt, cmdsn, expstatsn;
};

struct pdu_text_response { /* 11.11 */
    bool final, more;
    uint32_t data_length;
    uint64_t lun;
    uint32_t itt, ttt, statsn, expcmdsn, maxcmdsn;
};

struct pdu_login_request { /* 11.12; always immediate */
    bool transit, more;
    uint8_t csg, nsg;
    uint8_t version_max, version_min;
    uint32_t data_length;
    uint8_t isid[6];
    uint16_t tsih, cid;
    uint32_t itt, cmdsn, expstatsn;
};

struct pdu_login_response { /* 11.13 */
    bool transit, more;
    uint8_t csg, nsg;
    uint8_t version_max, version_active;
    uint32_t data_length;
    uint8_t isid[6];
    uint16_t tsih;
    uint32_t itt, statsn, expcmdsn, maxcmdsn;
    uint8_t status_class, status_detail;
};

struct pdu_logout_request { /* 11.14 */
    bool immediate;
    uint8_t reason;
    uint32_t itt;
    uint16_t cid;
    uint32_t cmdsn, expstatsn;
};

struct pdu_logout_response { /* 11.15 */
    uint8_t response;
    uint32_t itt, statsn, expcmdsn, maxcmdsn;
    uint16_t time2wait, time2retain;
};

struct pdu_snack { /* 11.16 */
    uint8_t type;
    uint64_t lun;
    uint32_t itt, ttt, expstatsn, begrun, runlength;
};

struct pdu_reject { /* 11.17 */
    uint8_t reason;
    uint32_t data_length;
    uint32_t statsn, expcmdsn, maxcmdsn, datasn;
};

struct pdu_nop_out { /* 11.18 */
    bool immediate;
    uint32_t data_length;
    uint64_t lun;
    uint32_t itt, ttt, cmdsn, expstatsn;
};

struct pdu_nop_in { /* 11.19 */
    uint32_t data_length;
    uint64_t lun;
    uint32_t itt, ttt, statsn, expcmdsn, maxcmdsn;
};

/* X(kind): declares pdu_put_kind and pdu_get_kind */
#define PDU_KINDS(X)                                                                                         \
    X(scsi_command)                                                                                          \
    X(scsi_response)                                                                                         \
    X(task_request)                                                                                          \
    X(task_response)                                                                                         \
    X(data_out)                                                                                              \
    X(data_in)                                                                                               \
    X(r2t)                                                                                                   \
    X(async)                                                                                                 \
    X(text_request)                                                                                          \
    X(text_response)                                                                                         \
    X(login_request)                                                                                         \
    X(login_response)                                                                                        \
    X(logout_request)                                                                                        \
    X(logout_response)                                                                                       \
    X(snack)                                                                                                 \
    X(reject)                                                                                                \
    X(nop_out)                                                                                               \
    X(nop_in)

#define PDU_DECLARE(kind)                                                                                    \
    void pdu_put_##kind(uint8_t bhs[static PDU_BHS], const struct pdu_##kind *p);                            \
    bool pdu_get_##kind(const uint8_t bhs[static PDU_BHS], struct pdu_##kind *ret);
PDU_KINDS(PDU_DECLARE)
#undef PDU_DECLARE

#endif
