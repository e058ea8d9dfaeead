/* SPDX-License-Identifier: Apache-2.0 */
/* Designation descriptors: walking a list of them, and their facts. Pure, any thread. SPC-4 7.8.6. */
#include "scsi/designator.h"

bool designator_next(struct reader *r, struct designator *ret)
{
    if (!r->left)
        return false;
    const uint8_t *h = reader_take(r, 4);
    const uint8_t *data = h ? reader_take(r, h[3]) : NULL;
    if (!data)
        return false;
    *ret = (struct designator){
        .has_protocol = h[1] & 0x80,
        .protocol = h[0] >> 4,
        .code_set = h[0] & 0x0f,
        .association = h[1] >> 4 & 3,
        .type = h[1] & 0x0f,
        .data = data,
        .length = h[3],
    };
    return true;
}
