/* SPDX-License-Identifier: Apache-2.0 */
/* Walking MODE SENSE data (SPC-4 7.5). Pure; any thread. */
#ifndef LUN_SCSI_MODE_H
#define LUN_SCSI_MODE_H

#include "base/bytes.h"
#include "lun.h"

struct mode_header { /* SPC-4 7.5.5 */
    uint8_t medium_type, device_specific;
    bool long_lba;
    size_t said;               /* bytes the device says the data has, header and all */
    struct reader descriptors; /* block descriptors that are here */
    struct reader pages;       /* mode pages that are here */
};

struct mode_page { /* SPC-4 7.5.7 */
    bool saveable; /* PS */
    uint8_t code, subpage;
    const uint8_t *data; /* the whole page, header and all: offsets are the standard's */
    size_t length;       /* bytes of data that are here */
    size_t said;         /* bytes the page says it has; > length when cut short */
};

/* False when there is no whole header, or the length in it is too small for one. */
bool mode_header_parse(const void *data, size_t n, bool ten, struct mode_header *ret);
/* The next page; false at the end. A page cut short is given as far as it goes, and is the last. */
bool mode_page_next(struct reader *r, struct mode_page *ret);

#endif
