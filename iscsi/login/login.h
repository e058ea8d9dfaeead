/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Login of one connection as pure steps (RFC 7143 chapter 6, 11.12, 11.13, chapter 12): no socket, no clock.
 * The caller sends what login_next gives, feeds what arrives to login_receive, and repeats until the phase is
 * LOGIN_DONE or LOGIN_FAILED. An authentication that fails on our side has the code of the status that a
 * target would give for it, 0201.
 *
 *   start --> SecurityNegotiation --> OperationalNegotiation --> FullFeature (LOGIN_DONE)
 *
 * options.stages says where it begins and what is asked for; a target may stop short of that, never go
 * further (6.3).
 */
#ifndef LUN_LOGIN_LOGIN_H
#define LUN_LOGIN_LOGIN_H

#include "lun.h"
#include "wire/pdu.h"

/* What both sides end up with: chapter 13's result-function applied. Filled with the RFC's defaults first. */
struct login_result {
    bool header_digest, data_digest;
    bool initial_r2t, immediate_data;
    bool data_pdu_in_order, data_sequence_in_order;
    uint32_t max_recv; /* MaxRecvDataSegmentLength we declared */
    uint32_t max_send; /* MaxRecvDataSegmentLength the target declared: limits what we send */
    uint32_t max_burst, first_burst;
    uint16_t max_outstanding_r2t, max_connections;
    uint16_t time2wait, time2retain; /* seconds */
    uint8_t error_recovery_level;
    uint8_t chap_algorithm; /* 0: not authenticated */
    uint16_t tsih;
    int portal_group;            /* TargetPortalGroupTag, -1 if the target did not say */
    uint32_t cmdsn, expstatsn;   /* to use in full feature phase */
    uint32_t expcmdsn, maxcmdsn; /* the window as of the last Login Response */
    char target_alias[256];
};

struct login_options {
    const char *initiator_name, *initiator_alias; /* alias may be NULL */
    const char *target_name;                      /* NULL: discovery session */
    struct lun_auth auth;                         /* strings stay valid while the login runs */
    enum lun_login_stages stages;
    enum lun_digest header_digest, data_digest;
    bool initial_r2t, immediate_data;       /* offers */
    bool any_pdu_order, any_sequence_order; /* offer No for DataPDUInOrder, DataSequenceInOrder */
    uint32_t max_recv, first_burst, max_burst;
    uint16_t max_outstanding_r2t;
    int portal_group; /* expected TargetPortalGroupTag, -1 unknown */
    uint8_t isid[6];
    uint16_t tsih, cid;                    /* tsih 0: new session or reinstatement */
    uint32_t cmdsn;                        /* initial CmdSN */
    void (*random)(void *bytes, size_t n); /* NULL: OpenSSL's; tests give their own */
};

enum login_phase { LOGIN_RUNNING, LOGIN_DONE, LOGIN_FAILED };

struct login; /* heap object; holds copies of nothing secret after login_free */

struct login *login_new(const struct login_options *o, struct lun_error *e);
void login_free(struct login *l); /* wipes secrets; accepts NULL */

/* The next Login Request to send: true and 48 header bytes plus data (valid until the next call), or false
 * when the login waits for the target or has ended. */
bool login_next(struct login *l, uint8_t ret_bhs[static PDU_BHS], const uint8_t **ret_data,
                uint32_t *ret_length);
/* One PDU from the target (any opcode; anything but a fitting Login Response fails the login). */
void login_receive(struct login *l, const uint8_t bhs[static PDU_BHS], const uint8_t *data, uint32_t length);

enum login_phase login_phase(const struct login *l);
const struct login_result *login_result(const struct login *l); /* when LOGIN_DONE */
const struct lun_error *login_error(const struct login *l);     /* when LOGIN_FAILED */
/* What is under way, for the text of an error that ends the connection: "login", and whether without CHAP
 * where that may be why. */
const char *login_name(const struct login *l);
/* With a LOGIN_FAILED of status 0101/0102: the TargetAddress given ("host:port[,group]"), else NULL. */
const char *login_redirect(const struct login *l);

#endif
