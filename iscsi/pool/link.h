/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One session with its one connection, from connect to close: joins conn/, login/ and session/ (or the
 * discovery exchange) on a loop. All calls and callbacks run in that loop.
 *
 *   IDLE -> CONNECTING -> LOGIN -> UP (session or discovery) -> IDLE
 *              ^____________| redirected: another address (redirect.h)
 *              \____________\_________\__ any failure: at the end of the turn, IDLE, then ops->down
 */
#ifndef LUN_POOL_LINK_H
#define LUN_POOL_LINK_H

#include "conn/conn.h"
#include "login/login.h"
#include "pool/loop.h"
#include "pool/redirect.h"
#include "session/discovery.h"
#include "session/session.h"

enum link_state { LINK_IDLE, LINK_CONNECTING, LINK_LOGIN, LINK_UP };

struct link;

struct link_ops {
    void (*up)(struct link *k);
    /* UP, and lost or logged out: its tasks are about to end. NULL: need not be told. */
    void (*losing)(struct link *k, const struct lun_error *e);
    /* The link is IDLE again. e->layer LUN_OK: logged out as asked. */
    void (*down)(struct link *k, const struct lun_error *e);
    /* Tasks are free again after session_task gave none. */
    void (*room)(struct link *k);
    /* Sense data that no command asked for. NULL: nobody wants it. */
    void (*sense)(struct link *k, uint64_t lun, const uint8_t *sense, size_t n);
    /* The target has moved; k->address is where the login goes on. May be NULL. */
    void (*moved)(struct link *k, bool permanent);
};

struct link_config {
    struct login_options login; /* its portal_group: of the portal (discovery), or with same_group */
    bool same_group;            /* portal_group is that of the session to be reinstated (6.3.5) */
    uint64_t login_timeout, nop_interval, nop_timeout, abort_timeout; /* ns */
};

struct link {
    struct lun_loop *loop;
    const struct link_ops *ops;
    void *user;
    enum link_state state;
    struct conn_address address; /* in use: not the portal's after a redirection */
    struct redirect redirect;
    struct lookup *lookup; /* CONNECTING: of a name the target has moved to */
    bool hopping;          /* broken, but only to go on elsewhere */
    bool moved;            /* the last session came up elsewhere than at its portal */
    struct link_config config;
    struct conn conn;
    struct login *login;
    struct login_result negotiated;
    struct session session;      /* UP, with a target name */
    struct discovery *discovery; /* UP, without */
    struct loop_watch watch;
    struct loop_deferred flush, burial;
    struct timer login_timer;
    bool broken; /* to be buried with `error` */
    struct lun_error error, last_error;
    uint64_t retry_after; /* ns: Time2Wait of the last session ends (RFC 7143 13.15) */
    uint64_t gone_after;  /* and Time2Retain behind it: the target has forgotten that session (13.16) */
    uint64_t logins;      /* counters for `sessions` */
};

void link_init(struct link *k, struct lun_loop *loop, const struct link_ops *ops, void *user);
/* From IDLE. The config's strings stay valid while the link is not IDLE. False: e filled, still IDLE. */
bool link_start(struct link *k, const struct conn_address *to, const struct link_config *c,
                struct lun_error *e);
/* Log out once the session's tasks have ended; ops->down with LUN_OK follows. Not UP: as link_break. */
void link_logout(struct link *k);
/* Gives the connection up at the end of this turn. */
void link_break(struct link *k, const struct lun_error *e);
/* For hop.c: the connection alone. */
bool link_open_connection(struct link *k, const struct conn_address *to, struct lun_error *e);
void link_close_connection(struct link *k);
/* Sends what waits at the end of this turn. */
void link_flush(struct link *k);

#endif
