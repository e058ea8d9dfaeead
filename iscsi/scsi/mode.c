/* SPDX-License-Identifier: Apache-2.0 */
/* Walking MODE SENSE(6) and (10) data, and what the library acts on: write protection and the write cache.
 * Pure, any thread. SPC-4 7.5, SBC-3 6.4. */
#include "scsi/mode.h"

#include "scsi/decode.h"

enum { MODE_HEADER_6 = 4, MODE_HEADER_10 = 8 };

bool mode_header_parse(const void *data, size_t n, bool ten, struct mode_header *ret)
{
    const uint8_t *d = data;
    size_t header = ten ? MODE_HEADER_10 : MODE_HEADER_6;
    if (n < header)
        return false;
    /* MODE DATA LENGTH does not count itself. */
    size_t said = ten ? get_be16(d) + 2u : d[0] + 1u;
    if (said < header)
        return false;
    struct mode_header h = {
        .medium_type = ten ? d[2] : d[1],
        .device_specific = ten ? d[3] : d[2],
        .long_lba = ten && d[4] & 1,
        .said = said,
    };
    size_t here = (said < n ? said : n) - header;
    size_t descriptors = ten ? get_be16(d + 6) : d[3];
    if (descriptors > here)
        descriptors = here;
    h.descriptors = reader_over(d + header, descriptors);
    h.pages = reader_over(d + header + descriptors, here - descriptors);
    *ret = h;
    return true;
}

bool mode_page_next(struct reader *r, struct mode_page *ret)
{
    if (r->left < 2)
        return false;
    const uint8_t *d = r->at;
    bool has_subpage = d[0] & 0x40; /* SPF */
    if (has_subpage && r->left < 4)
        return false;
    size_t said = has_subpage ? get_be16(d + 2) + 4u : d[1] + 2u;
    size_t here = said < r->left ? said : r->left;
    *ret = (struct mode_page){
        .saveable = d[0] & 0x80,
        .code = d[0] & 0x3f,
        .subpage = has_subpage ? d[1] : 0,
        .data = reader_take(r, here),
        .length = here,
        .said = said,
    };
    return true;
}

bool scsi_mode_parse(const void *data, size_t n, bool ten, bool *ret_write_protect, bool *ret_has_caching,
                     bool *ret_write_cache)
{
    struct mode_header h;
    if (!mode_header_parse(data, n, ten, &h))
        return false;
    bool caching = false, write_cache = false;
    struct mode_page p;
    while (!caching && mode_page_next(&h.pages, &p))
        if (p.code == 0x08 && p.subpage == 0 && p.length >= 3) {
            caching = true;
            write_cache = p.data[2] & 0x04; /* WCE, SBC-3 6.4.5 */
        }
    *ret_write_protect = h.device_specific & 0x80; /* WP, SBC-3 6.4.1 */
    *ret_has_caching = caching;
    *ret_write_cache = write_cache;
    return true;
}
