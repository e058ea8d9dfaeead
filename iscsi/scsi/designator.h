/* SPDX-License-Identifier: Apache-2.0 */
/* Designation descriptors (SPC-4 7.8.6.1): in VPD pages 83h and 88h. Pure; any thread. */
#ifndef LUN_SCSI_DESIGNATOR_H
#define LUN_SCSI_DESIGNATOR_H

#include "base/bytes.h"
#include "lun.h"

enum designator_code_set { DESIGNATOR_BINARY = 1, DESIGNATOR_ASCII = 2, DESIGNATOR_UTF8 = 3 };

enum designator_association { DESIGNATOR_OF_UNIT = 0, DESIGNATOR_OF_PORT = 1, DESIGNATOR_OF_DEVICE = 2 };

enum designator_type {
    DESIGNATOR_VENDOR = 0,
    DESIGNATOR_T10 = 1,
    DESIGNATOR_EUI64 = 2,
    DESIGNATOR_NAA = 3,
    DESIGNATOR_RELATIVE_PORT = 4,
    DESIGNATOR_PORT_GROUP = 5,
    DESIGNATOR_UNIT_GROUP = 6,
    DESIGNATOR_MD5 = 7,
    DESIGNATOR_NAME_STRING = 8,
    DESIGNATOR_PROTOCOL_PORT = 9,
    DESIGNATOR_UUID = 10,
};

struct designator {
    bool has_protocol; /* PIV */
    uint8_t protocol, code_set, association, type;
    const uint8_t *data; /* inside the page */
    uint8_t length;
};

/* The next descriptor; false at the end of the list, or (r->bad) when the rest is no whole descriptor. */
bool designator_next(struct reader *r, struct designator *ret);
/* Facts of all descriptors in r, as items of the list at `path` (which may be ""): "PATH.designators.N". A
 * last one that is not whole is left out, and `truncated: true` added. */
void designator_facts(struct reader r, const char *path, struct lun_facts *f);

#endif
