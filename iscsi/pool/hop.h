/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a redirection (RFC 7143 11.13.5) makes a link do; where it leads is redirect.h's business. link.c
 * calls these. The connection that sent us on is closed at the end of the turn, as any other, by the link's
 * burial: that then goes on instead of ending.
 */
#ifndef LUN_POOL_HOP_H
#define LUN_POOL_HOP_H

#include "pool/link.h"

/* The login has ended: refused (false: e filled), or sent elsewhere, and the link will go on. */
bool hop_login_failed(struct link *k, struct lun_error *e);
/* In the burial: is it to go on? */
bool hop_goes_on(const struct link *k);
void hop_go_on(struct link *k);
/* Has the login ended in the portal group it had to (config.same_group)? */
bool hop_check_group(const struct link *k, struct lun_error *e);

#endif
