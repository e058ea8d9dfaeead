/* SPDX-License-Identifier: Apache-2.0 */
/* The table of targets, put together. Constant; any process. */
#include "targets.h"

#include <stddef.h>
#include <string.h>

const struct targets_entry *const targets_all[] = {&targets_tgt, &targets_istgt, &targets_lio, &targets_fast};
const unsigned targets_count = sizeof targets_all / sizeof *targets_all;

const struct targets_entry *targets_find(const char *name)
{
    for (unsigned i = 0; i < targets_count; i++)
        if (!strcmp(targets_all[i]->name, name))
            return targets_all[i];
    return NULL;
}

const char *targets_can(enum can bit)
{
    static const char *const texts[] = {
#define CAN_TEXT(name, text) text,
        CAN_TABLE(CAN_TEXT)
#undef CAN_TEXT
    };
    return texts[bit];
}
