/* SPDX-License-Identifier: Apache-2.0 */
/* The initiator name this machine goes by. */
#ifndef LUNFS_IDENTITY_H
#define LUNFS_IDENTITY_H

#include "lun.h"

/* Where names are looked for; NULL skips a step. Tests give their own. */
struct identity_places {
    const char *initiator_file; /* open-iscsi's: InitiatorName=... */
    const char *machine_id;     /* systemd's machine-id(5) */
    const char *state_file;     /* where a generated name is kept, in the form of initiator_file */
};

/* The configured name if there is one, else as the places say, in their order. malloc'ed; NULL and e on
 * failure. */
char *identity_initiator_name(const char *configured, struct lun_error *e);
char *identity_find(const struct identity_places *places, struct lun_error *e);

#endif
