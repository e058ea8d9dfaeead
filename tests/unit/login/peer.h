/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A scripted target for one login in memory. Texts are written with '\n' after each pair, which stands for
 * the NUL. A next stage of STAY means T=0.
 */
#ifndef LUN_TESTS_LOGIN_PEER_H
#define LUN_TESTS_LOGIN_PEER_H

#include <criterion/criterion.h>
#include <string.h>

#include "login/login.h"

#define STAY (-1)
#define SECURITY 0
#define OPERATIONAL 1
#define FULL 3

#define INITIATOR "iqn.2026-01.org.example:host7"
#define TARGET "iqn.2026-01.com.example:disk"
#define OUR_SECRET "secret-of-alice"
#define THEIR_SECRET "secret-of-disk1"

/* What the options below offer, and answers of a target that agrees to all of it. */
#define OFFERS                                                                                               \
    "HeaderDigest=None\nDataDigest=None\nMaxConnections=1\nInitialR2T=No\nImmediateData=Yes\n"               \
    "MaxRecvDataSegmentLength=262144\nMaxBurstLength=1048576\nFirstBurstLength=262144\n"                     \
    "DefaultTime2Wait=0\nDefaultTime2Retain=20\nMaxOutstandingR2T=8\nDataPDUInOrder=Yes\n"                   \
    "DataSequenceInOrder=Yes\nErrorRecoveryLevel=0\n"
#define ANSWERS                                                                                              \
    "HeaderDigest=None\nDataDigest=None\nMaxConnections=1\nInitialR2T=No\nImmediateData=Yes\n"               \
    "MaxBurstLength=1048576\nFirstBurstLength=262144\nDefaultTime2Wait=2\nDefaultTime2Retain=20\n"           \
    "MaxOutstandingR2T=8\nDataPDUInOrder=Yes\nDataSequenceInOrder=Yes\nErrorRecoveryLevel=0\n"

struct login_options peer_options(void);
/* peer_options with one-way or mutual CHAP. */
struct login_options peer_chap(bool mutual);
/* "Random": every byte a5. */
void peer_random(void *bytes, size_t n);
/* Asserts that the options are accepted. */
struct login *peer_login(const struct login_options *o);
/* Asserts that they are refused as a usage error whose text has `why` in it. */
void peer_unusable(const struct login_options *o, const char *why);

/* Asserts that a request is due with exactly this text, and returns its header. */
struct pdu_login_request peer_expect(struct login *l, int stage, int next, const char *text);
/* Takes whatever request is due. */
struct pdu_login_request peer_skip(struct login *l);

/* A success response in this stage, to be changed before it is sent. */
struct pdu_login_response peer_response(int stage, int next);
void peer_send(struct login *l, const struct pdu_login_response *r, const char *text);
void peer_answer(struct login *l, int stage, int next, const char *text);

/* From the start to the operational stage, whose offers have been sent: AuthMethod=None. */
struct login *peer_to_operational(const struct login_options *o);
/* A whole login without authentication that gets these answers to its offers. */
struct login *peer_negotiated(const struct login_options *o, const char *answers);

/* Asserts the outcome. The login is freed. */
void peer_failed(struct login *l, enum lun_layer layer, const char *why);
void peer_done(struct login *l);

#endif
