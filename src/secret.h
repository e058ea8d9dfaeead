/* SPDX-License-Identifier: Apache-2.0 */
/* Passwords: where they come from. Main thread. */
#ifndef LUNFS_SECRET_H
#define LUNFS_SECRET_H

#include "config.h"

/* Fills s->value from s->file. A name without a slash is first looked for in $CREDENTIALS_DIRECTORY
 * (systemd.exec(5)); a relative path counts from the directory of the file that names it. */
bool secret_read(struct config_secret *s, struct lun_error *e);
/* Gives every user of CHAP a password, from its file or LUNFS_CHAP_PASSWORD, and refuses halves. */
bool secret_complete(struct config_auth *a, const struct place *p, struct lun_error *e);
/* Wipes and frees. */
void secret_free(struct config_secret *s);

#endif
