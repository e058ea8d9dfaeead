/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The one table of text keys: every key of RFC 7143 chapter 13 (and RFC 7144's, which 13.24 names), and the
 * keys of 12.1 and 12.1.3 that this initiator uses. Pure; any thread.
 */
#ifndef LUN_LOGIN_KEYS_H
#define LUN_LOGIN_KEYS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum key_type {
    KEY_TEXT,     /* declarative, any text */
    KEY_NUMBER,   /* declarative number */
    KEY_LIST,     /* the acceptor takes the first word it supports (6.2.1) */
    KEY_AND,      /* boolean functions (6.2.2) */
    KEY_OR,       /**/
    KEY_MINIMUM,  /* numbers (chapter 13, "result function") */
    KEY_MAXIMUM,  /**/
    KEY_OBSOLETE, /* 13.25: answered with Reject, never offered */
};

/* In which stages a side may send a key; 0: never. */
#define KEY_S 1u /* SecurityNegotiation */
#define KEY_O 2u /* LoginOperationalNegotiation */
#define KEY_F 4u /* full feature phase */

#define KEY_LEADING 1u      /* only on a session's first connection ("LO") */
#define KEY_NO_DISCOVERY 2u /* irrelevant when SessionType=Discovery */
#define KEY_REPEATS 4u      /* may be declared more than once (6.3) */
#define KEY_LONG 8u         /* the value may have more than KEY_VALUE_MAX bytes */

#define KEY_VALUE_MAX 255 /* 6.1: of a simple-value, unless the key says otherwise */

/* Words of the lists, in the order of their values. */
#define KEY_WORDS_DIGEST "None,CRC32C"
#define KEY_WORDS_AUTH "None,CHAP"
#define KEY_WORDS_TASK "RFC3720,ResponseFence,FastAbort"

/* In the order in which we send them.
 * X(enumerator, name, type, lowest, highest, default, words of a list, stages of initiator, of target, flags)
 */
#define KEY_TABLE(X)                                                                                         \
    X(HEADER_DIGEST, "HeaderDigest", LIST, 0, 1, 0, KEY_WORDS_DIGEST, KEY_O, KEY_O, 0) /* 13.1 */            \
    X(DATA_DIGEST, "DataDigest", LIST, 0, 1, 0, KEY_WORDS_DIGEST, KEY_O, KEY_O, 0)     /* 13.1 */            \
    X(MAX_CONNECTIONS, "MaxConnections", MINIMUM, 1, 65535, 1, NULL, KEY_O, KEY_O,     /* 13.2 */            \
      KEY_LEADING | KEY_NO_DISCOVERY)                                                                        \
    X(SEND_TARGETS, "SendTargets", TEXT, 0, 0, 0, NULL, KEY_F, 0, 0)                     /* 13.3 */          \
    X(INITIATOR_NAME, "InitiatorName", TEXT, 0, 0, 0, NULL, KEY_S | KEY_O, 0, 0)         /* 13.5 */          \
    X(TARGET_NAME, "TargetName", TEXT, 0, 0, 0, NULL, KEY_S | KEY_O, KEY_F, KEY_REPEATS) /* 13.4 */          \
    X(TARGET_ALIAS, "TargetAlias", TEXT, 0, 0, 0, NULL, 0, KEY_S | KEY_O | KEY_F,        /* 13.6 */          \
      KEY_LONG)                                                                                              \
    X(INITIATOR_ALIAS, "InitiatorAlias", TEXT, 0, 0, 0, NULL, KEY_S | KEY_O | KEY_F, 0, /* 13.7 */           \
      0)                                                                                                     \
    X(TARGET_ADDRESS, "TargetAddress", TEXT, 0, 0, 0, NULL, 0, KEY_S | KEY_O | KEY_F, /* 13.8 */             \
      KEY_REPEATS)                                                                                           \
    X(PORTAL_GROUP, "TargetPortalGroupTag", NUMBER, 0, 65535, 0, NULL, 0, KEY_S | KEY_O, /* 13.9 */          \
      0)                                                                                                     \
    X(INITIAL_R2T, "InitialR2T", OR, 0, 1, 1, NULL, KEY_O, KEY_O, /* 13.10 */                                \
      KEY_LEADING | KEY_NO_DISCOVERY)                                                                        \
    X(IMMEDIATE_DATA, "ImmediateData", AND, 0, 1, 1, NULL, KEY_O, KEY_O, /* 13.11 */                         \
      KEY_LEADING | KEY_NO_DISCOVERY)                                                                        \
    X(MAX_RECV, "MaxRecvDataSegmentLength", NUMBER, 512, 0xffffff, 8192, NULL, /* 13.12 */                   \
      KEY_O | KEY_F, KEY_O | KEY_F, 0)                                                                       \
    X(MAX_BURST, "MaxBurstLength", MINIMUM, 512, 0xffffff, 262144, NULL, KEY_O, KEY_O, /* 13.13 */           \
      KEY_LEADING | KEY_NO_DISCOVERY)                                                                        \
    X(FIRST_BURST, "FirstBurstLength", MINIMUM, 512, 0xffffff, 65536, NULL, KEY_O, KEY_O, /* 13.14 */        \
      KEY_LEADING | KEY_NO_DISCOVERY)                                                                        \
    X(TIME2WAIT, "DefaultTime2Wait", MAXIMUM, 0, 3600, 2, NULL, KEY_O, KEY_O, /* 13.15 */                    \
      KEY_LEADING)                                                                                           \
    X(TIME2RETAIN, "DefaultTime2Retain", MINIMUM, 0, 3600, 20, NULL, KEY_O, KEY_O, /* 13.16 */               \
      KEY_LEADING)                                                                                           \
    X(MAX_R2T, "MaxOutstandingR2T", MINIMUM, 1, 65535, 1, NULL, KEY_O, KEY_O, /* 13.17 */                    \
      KEY_LEADING | KEY_NO_DISCOVERY)                                                                        \
    X(PDU_IN_ORDER, "DataPDUInOrder", OR, 0, 1, 1, NULL, KEY_O, KEY_O, /* 13.18 */                           \
      KEY_LEADING | KEY_NO_DISCOVERY)                                                                        \
    X(SEQUENCE_IN_ORDER, "DataSequenceInOrder", OR, 0, 1, 1, NULL, KEY_O, KEY_O, /* 13.19 */                 \
      KEY_LEADING | KEY_NO_DISCOVERY)                                                                        \
    X(RECOVERY_LEVEL, "ErrorRecoveryLevel", MINIMUM, 0, 2, 0, NULL, KEY_O, KEY_O, /* 13.20 */                \
      KEY_LEADING)                                                                                           \
    X(SESSION_TYPE, "SessionType", TEXT, 0, 0, 0, NULL, KEY_S | KEY_O, 0, KEY_LEADING) /* 13.21 */           \
    X(TASK_REPORTING, "TaskReporting", LIST, 0, 2, 0, KEY_WORDS_TASK, KEY_O, KEY_O,    /* 13.23 */           \
      KEY_LEADING | KEY_NO_DISCOVERY)                                                                        \
    X(PROTOCOL_LEVEL, "iSCSIProtocolLevel", MINIMUM, 0, 31, 1, NULL, KEY_O, KEY_O, /* 13.24 */               \
      KEY_LEADING | KEY_NO_DISCOVERY)                                                                        \
    X(IF_MARKER, "IFMarker", OBSOLETE, 0, 0, 0, NULL, 0, KEY_O, 0)           /* 13.25 */                     \
    X(OF_MARKER, "OFMarker", OBSOLETE, 0, 0, 0, NULL, 0, KEY_O, 0)           /* 13.25 */                     \
    X(IF_MARK_INT, "IFMarkInt", OBSOLETE, 0, 0, 0, NULL, 0, KEY_O, 0)        /* 13.25 */                     \
    X(OF_MARK_INT, "OFMarkInt", OBSOLETE, 0, 0, 0, NULL, 0, KEY_O, 0)        /* 13.25 */                     \
    X(ARCHITECTURE, "X#NodeArchitecture", TEXT, 0, 0, 0, NULL, KEY_O, KEY_O, /* 13.26 */                     \
      KEY_LEADING)                                                                                           \
    X(AUTH_METHOD, "AuthMethod", LIST, 0, 1, 0, KEY_WORDS_AUTH, KEY_S, KEY_S, 0) /* 12.1 */                  \
    X(CHAP_A, "CHAP_A", TEXT, 0, 0, 0, NULL, KEY_S, KEY_S, 0)                    /* 12.1.3 */                \
    X(CHAP_I, "CHAP_I", NUMBER, 0, 255, 0, NULL, KEY_S, KEY_S, 0)                /* 12.1.3 */                \
    X(CHAP_C, "CHAP_C", TEXT, 0, 0, 0, NULL, KEY_S, KEY_S, KEY_LONG)             /* 12.1.3 */                \
    X(CHAP_N, "CHAP_N", TEXT, 0, 0, 0, NULL, KEY_S, KEY_S, 0)                    /* 12.1.3 */                \
    X(CHAP_R, "CHAP_R", TEXT, 0, 0, 0, NULL, KEY_S, KEY_S, KEY_LONG)             /* 12.1.3 */

enum key_id {
#define KEY_ENUM(id, ...) KEY_##id,
    KEY_TABLE(KEY_ENUM)
#undef KEY_ENUM
        KEY_COUNT
};

struct key {
    const char *name;
    enum key_type type;
    uint32_t lowest, highest, standard; /* range and default */
    const char *words;                  /* of a list */
    unsigned initiator, target;         /* stages in which each may send it */
    unsigned flags;
};

/* What one whole text of the target held: the value of each key, or NULL. */
struct key_values {
    const char *of[KEY_COUNT];
};

const struct key *keys_get(enum key_id id);
/* KEY_COUNT when this document does not know the name. */
enum key_id keys_find(const char *name);

/* 0-15, or -1. */
int keys_hex_digit(char c);
/* A numerical-value (6.1): decimal without leading zeros or "0x" and hexadecimal digits, below 2^64. */
bool keys_number(const char *text, uint64_t *ret);
/* Yes or No, a number in range, or a word of the list, by the key's type. */
bool keys_parse(const struct key *k, const char *text, uint32_t *ret);
/* Is `word` one of the comma-separated `list`? */
bool keys_list_has(const char *list, const char *word);
/* "Reject", "Irrelevant" and "NotUnderstood": answers only, never proposals (6.2). */
bool keys_reserved(const char *text);

/* May `answer` be the outcome of a proposal of `offer`, by the key's result function? Not for lists. */
bool keys_admissible(const struct key *k, uint32_t offer, uint32_t answer);
/* The outcome when one side wants `ours` and the other `theirs`. Not for lists. */
uint32_t keys_select(const struct key *k, uint32_t ours, uint32_t theirs);
/* Can only `offer` itself be the outcome? Not for lists. */
bool keys_determined(const struct key *k, uint32_t offer);

#endif
