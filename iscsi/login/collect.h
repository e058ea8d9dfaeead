/* SPDX-License-Identifier: Apache-2.0 */
/* From one whole text of the target to the value of each key, with the rules that hold for any key: known,
 * allowed in this stage, not twice (RFC 7143 6.1-6.3). Pure; any thread. */
#ifndef LUN_LOGIN_COLLECT_H
#define LUN_LOGIN_COLLECT_H

#include "base/bytes.h"
#include "login/keys.h"
#include "lun.h"

#define COLLECT_UNKNOWN_MAX 1024

/* The keys nobody knows that the target has sent so far: a second time is forbidden for them too (6.3), and
 * no login needs many. */
struct collect_unknown {
    uint64_t hash[COLLECT_UNKNOWN_MAX];
    unsigned count;
};

struct collect {
    struct collect_unknown *unknown;
    const struct key_values *declared; /* what we declared: an echo of it is harmless */
    unsigned stage;                    /* KEY_S or KEY_O */
    bool transit;                      /* the stage ends with this text: no answer can be given */
};

/* Values point into the text. Keys nobody knows are answered into w. */
bool collect_text(const struct collect *c, const uint8_t *text, size_t n, struct key_values *ret,
                  struct writer *w, struct lun_error *e);

#endif
