/* SPDX-License-Identifier: Apache-2.0 */
/* The text for an additional sense code and qualifier, from T10's list of assignments. Pure, any thread. */
#include "lun.h"

#include <stdlib.h>

struct asc_entry {
    uint8_t asc, ascq;
    const char *text;
};

static const struct asc_entry table[] = {
#include "scsi/asc_table.inc"
};

static int asc_compare(const void *key, const void *entry)
{
    const struct asc_entry *a = key, *b = entry;
    return (a->asc << 8 | a->ascq) - (b->asc << 8 | b->ascq);
}

/* Where the qualifier is a value (NN in the list), not part of the code. */
static const char *asc_text_of_range(uint8_t asc, uint8_t ascq)
{
    switch (asc) {
    case 0x40:
        return ascq >= 0x80 ? "Diagnostic failure on component NN" : NULL;
    case 0x4d:
        return "Tagged overlapped commands (NN = task tag)";
    case 0x70:
        return "Decompression exception short algorithm ID of NN";
    default:
        return NULL;
    }
}

const char *lun_asc_text(uint8_t asc, uint8_t ascq)
{
    const struct asc_entry key = {.asc = asc, .ascq = ascq};
    const struct asc_entry *found =
        bsearch(&key, table, sizeof table / sizeof *table, sizeof *table, asc_compare);
    return found ? found->text : asc_text_of_range(asc, ascq);
}
