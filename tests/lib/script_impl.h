/* SPDX-License-Identifier: Apache-2.0 */
/* What the files of the scripted target share. Everything here belongs to the script's thread, except where
 * a lock is named. */
#ifndef TESTS_SCRIPT_IMPL_H
#define TESTS_SCRIPT_IMPL_H

#include <pthread.h>
#include <stdio.h>

#include "script.h"
#include "wire/pdu.h"

#define SCRIPT_ARGS 32
#define SCRIPT_DATA_MAX (4u * 1024 * 1024)
#define SCRIPT_TASKS 1024

struct script_arg {
    char *name, *value;
};

/* One line, taken apart. */
struct script_step {
    int line;
    char *text;   /* as written, for messages */
    char *tokens; /* the copy the pointers below point into */
    char *verb, *kind;
    struct script_arg args[SCRIPT_ARGS];
    int arg_count;
    bool has_keys, keys_exact;
    struct script_arg keys[SCRIPT_ARGS];
    int key_count;
};

struct script_pdu {
    uint8_t bhs[PDU_BHS];
    uint8_t *ahs, *data;
    uint32_t ahs_length, data_length;
};

struct script_binding {
    char name[24];
    uint8_t bhs[PDU_BHS];
};

struct script_device {
    uint64_t blocks;
    uint32_t block_size, max_transfer, optimal_transfer;
    uint16_t granularity;
    bool wce, write_protect, no_rc16, evpd_ignored;
    uint8_t name;
    uint8_t type;
    unsigned uas; /* unit attentions 06/29/00 still to be given, to any command but INQUIRY and REPORT LUNS */
    uint64_t luns[1024];
    unsigned lun_count;
};

struct script {
    const char *file;
    int line, listener, fd;
    int wake; /* eventfd: a signal was given, or the test has ended */
    uint16_t port;
    struct script_step *steps;
    int step_count;
    const struct script_step *step; /* being run */
    int repeat;                     /* index of the `repeat` in force, 0: none */
    uint64_t deadline;              /* CLOCK_MONOTONIC, ns */

    struct script_binding *bindings;
    int binding_count;
    uint8_t last[PDU_BHS];    /* header of the PDU last expected */
    struct script_arg *heard; /* last value of every text key received */
    int heard_count;

    /* The session as the standard has it. */
    uint32_t statsn, acked;      /* next StatSN to use; ExpStatSN last received */
    uint32_t expcmdsn, maxcmdsn; /* next CmdSN expected; largest one allowed so far */
    uint32_t window;
    uint32_t max_receive; /* MaxRecvDataSegmentLength we declared */
    uint32_t next_ttt;
    bool header_digest, data_digest, want_header_digest, want_data_digest;
    bool full_feature, login_seen, login_answered, automatic;
    uint8_t login[PDU_BHS];       /* header of the connection's first Login Request */
    uint32_t tasks[SCRIPT_TASKS]; /* ITTs outstanding */
    unsigned task_count;
    struct script_device device;

    pthread_t thread;
    bool started, joined;
    pthread_mutex_t lock; /* over all below */
    pthread_cond_t changed;
    char names[64][24]; /* marks passed ("mark:x") and signals given ("wait:x") */
    int name_count;
    bool done, stop;
    char *failure;
    FILE *story; /* memory stream behind story_text */
    char *story_text;
    size_t story_length;
};

/* script.c */
__attribute__((format(printf, 2, 3))) bool script_fail(struct script *s, const char *format, ...); /* false */
__attribute__((format(printf, 2, 3))) void script_note(struct script *s, const char *format, ...);
bool script_signalled(struct script *s, const char *name);
bool script_stopped(struct script *s); /* the test has ended */
const struct script_binding *script_bound(struct script *s, const char *name);
const char *script_heard(struct script *s, const char *key);

/* script_parse.c */
/* Takes the text apart; NULL and a message in error on bad syntax. */
struct script_step *script_parse(const char *text, int *ret_count, char error[static 200]);
void script_parse_free(struct script_step *steps, int count);
const char *script_parse_arg(const struct script_step *step, const char *name); /* NULL if absent */

/* script_field.c */
struct script_field;
const char *script_field_kind_name(uint8_t opcode);            /* "ScsiCommand"; NULL for others */
bool script_field_kind(const char *name, uint8_t *ret_opcode); /* by the name scripts use */
bool script_field_get(const uint8_t bhs[PDU_BHS], const char *name, uint64_t *ret);
bool script_field_set(uint8_t bhs[PDU_BHS], const char *name, uint64_t value);
int script_field_reserved(const uint8_t bhs[PDU_BHS]);         /* offset of a reserved byte not zero, or -1 */
void script_field_print(FILE *to, const uint8_t bhs[PDU_BHS]); /* kind and fields that are not zero */

/* script_value.c */
/* A number; `standard` is what + and - are relative to. */
bool script_value_number(struct script *s, const char *text, uint64_t standard, const char *field,
                         uint64_t *ret);
bool script_value_data(struct script *s, const char *text, uint8_t **ret, uint32_t *ret_length);
/* A CDB; bytes from *ret_fixed on are open. `got` is the operation code received: read() and its like take
 * its length. */
bool script_value_cdb(struct script *s, const char *text, uint8_t got, uint8_t cdb[16], int *ret_fixed);
char *script_value_text(struct script *s, const char *text); /* expanded copy, or NULL after script_fail */

/* script_wire.c */
bool script_wire_accept(struct script *s);
/* 1: a PDU; 0: the connection has ended; -1: failed. The PDU's memory is the caller's. */
int script_wire_read(struct script *s, struct script_pdu *ret);
/* 1: there is something to read, or the end; 0: woken by a signal or the test's end; -1: failed. */
int script_wire_wait(struct script *s);
void script_wire_pdu_free(struct script_pdu *p);
struct script_sending {
    uint8_t bhs[PDU_BHS]; /* complete, lengths included */
    const uint8_t *ahs, *data;
    uint32_t ahs_length, data_length;
    bool spoil_header, spoil_data;
    uint8_t pad;
    uint32_t cut, split; /* 0: neither */
};
bool script_wire_send(struct script *s, const struct script_sending *m);
bool script_wire_raw(struct script *s, const void *p, size_t n, size_t piece);
void script_wire_close(struct script *s, bool reset);
uint64_t script_wire_now(void);
bool script_wire_expect_end(struct script *s);

/* script_referee.c */
bool script_referee(struct script *s, const struct script_pdu *p);
/* Forget a tag once its final response goes out. */
void script_referee_answered(struct script *s, uint32_t itt);

/* script_send.c */
/* Starts a header of this kind as an answer to `to` (NULL: to nobody), with the standard's values. */
void script_send_begin(struct script *s, uint8_t opcode, const uint8_t *to, uint8_t bhs[PDU_BHS]);
/* Fills the numbers that were left, sends, and keeps the books. */
bool script_send_answer(struct script *s, uint8_t bhs[PDU_BHS], const void *data, uint32_t n);
bool script_send_step(struct script *s, const struct script_step *step);
/* text{} of a step as a data segment (malloc). */
bool script_send_keys(struct script *s, const struct script_arg *keys, int count, uint8_t **ret,
                      uint32_t *ret_length);
/* Whatever a Login Response's keys and header change for the rest of the connection. */
void script_send_login_done(struct script *s, const uint8_t bhs[PDU_BHS], const uint8_t *data, uint32_t n);

/* script_expect.c */
/* The next PDU, past the referee: as script_wire_read. */
int script_expect_next(struct script *s, struct script_pdu *ret);
bool script_expect_step(struct script *s, const struct script_step *step);
void script_expect_heard(struct script *s, const struct script_pdu *p); /* remembers text keys */

/* script_device.c */
void script_device_init(struct script_device *d);
bool script_device_set(struct script *s, const struct script_step *step);
bool script_device_knows(const struct script_pdu *p); /* an identity command? */
bool script_device_answer(struct script *s, const struct script_pdu *p);

/* script_serve.c */
/* Answers an identity command, SYNCHRONIZE CACHE, NOP-Out or Logout; fails on anything else. */
bool script_serve_answer(struct script *s, const struct script_pdu *p);
bool script_serve(struct script *s, const char *until); /* until that signal */
bool script_serve_rest(struct script *s);               /* until the initiator closes */

/* script_login.c */
bool script_login(struct script *s, const struct script_step *step);

#endif
