/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The SendTargets exchange of a discovery session as pure steps (RFC 7143 4.3, 11.10, Appendix C): Text
 * Request SendTargets=All, answers joined across C=1 and F=0, then Logout. Owner's thread.
 */
#ifndef LUN_SESSION_DISCOVERY_H
#define LUN_SESSION_DISCOVERY_H

#include "login/login.h"
#include "wire/transfer.h"

#define DISCOVERY_TEXT_MAX (4u * 1024 * 1024) /* bytes of answer: some 20,000 targets */

enum discovery_phase { DISCOVERY_RUNNING, DISCOVERY_LEAVING, DISCOVERY_DONE };

struct discovery; /* heap object */

struct discovery *discovery_new(const struct login_result *negotiated, uint16_t cid);
void discovery_free(struct discovery *d); /* accepts NULL */
bool discovery_next(struct discovery *d, struct pdu_out *ret);
/* False: the target broke the protocol, e says how. */
bool discovery_receive(struct discovery *d, const struct pdu_in *pdu, struct lun_error *e);
enum discovery_phase discovery_phase(const struct discovery *d);
/* What was found, once past RUNNING; `asked` is the portal for targets that came without an address. NULL:
 * out of memory, or an answer that makes no sense (e filled). */
struct lun_found *discovery_result(const struct discovery *d, const char *asked, struct lun_error *e);

#endif
