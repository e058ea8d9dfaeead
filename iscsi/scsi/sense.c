/* SPDX-License-Identifier: Apache-2.0 */
/* Sense data in fixed and descriptor format: what the library acts on, and its one-line text. Pure, any
 * thread. SPC-4 4.5. */
#include "base/bytes.h"
#include "scsi/decode.h"

#include <ctype.h>
#include <stdio.h>

enum { SENSE_HEADER = 8, SENSE_INFORMATION = 0x00 };

/* The bytes that count: what arrived, cut at what ADDITIONAL SENSE LENGTH (byte 7, both formats) allows. */
static size_t sense_bound(const uint8_t *d, size_t n)
{
    if (n < SENSE_HEADER)
        return n;
    size_t said = SENSE_HEADER + (size_t)d[7];
    return said < n ? said : n;
}

static bool sense_parse_fixed(const uint8_t *d, size_t n, struct scsi_sense *s)
{
    if (n < 3)
        return false;
    n = sense_bound(d, n);
    s->key = d[2] & 0x0f;
    if (n >= 7 && d[0] & 0x80) {
        s->has_information = true;
        s->information = get_be32(d + 3);
    }
    s->asc = n > 12 ? d[12] : 0;
    s->ascq = n > 13 ? d[13] : 0;
    return true;
}

/* The information descriptor (SPC-4 4.5.2.2): VALID, then eight bytes at offset 4. */
static void sense_information(const uint8_t *descriptor, size_t n, struct scsi_sense *s)
{
    if (n < 12 || !(descriptor[2] & 0x80))
        return;
    s->has_information = true;
    s->information = get_be64(descriptor + 4);
}

static bool sense_parse_descriptor(const uint8_t *d, size_t n, struct scsi_sense *s)
{
    if (n < 2)
        return false;
    n = sense_bound(d, n);
    s->descriptor = true;
    s->key = d[1] & 0x0f;
    s->asc = n > 2 ? d[2] : 0;
    s->ascq = n > 3 ? d[3] : 0;
    if (n <= SENSE_HEADER)
        return true;
    struct reader r = reader_over(d + SENSE_HEADER, n - SENSE_HEADER);
    while (r.left >= 2) {
        size_t length = (size_t)r.at[1] + 2;
        const uint8_t *descriptor = reader_take(&r, length);
        if (!descriptor)
            break;
        if (descriptor[0] == SENSE_INFORMATION)
            sense_information(descriptor, length, s);
    }
    return true;
}

bool scsi_sense_parse(const void *data, size_t n, struct scsi_sense *ret)
{
    const uint8_t *d = data;
    if (!n)
        return false;
    struct scsi_sense s = {.deferred = d[0] & 1};
    bool ok = false;
    switch (d[0] & 0x7f) { /* RESPONSE CODE, SPC-4 4.5.1 */
    case 0x70:
    case 0x71:
        ok = sense_parse_fixed(d, n, &s);
        break;
    case 0x72:
    case 0x73:
        ok = sense_parse_descriptor(d, n, &s);
        break;
    }
    if (ok)
        *ret = s;
    return ok;
}

/* Texts begin with a capital, unless with an abbreviation, which stays: "CRC error" is not "cRC error". */
static char sense_first(const char *text)
{
    return (char)(islower((unsigned char)text[1]) ? tolower((unsigned char)text[0]) : text[0]);
}

void scsi_sense_text(const struct scsi_sense *s, char *ret, size_t room)
{
    const char *text = s->asc || s->ascq ? lun_asc_text(s->asc, s->ascq) : NULL;
    const char *deferred = s->deferred ? "deferred " : "", *key = lun_sense_key_name(s->key);
    if (text)
        snprintf(ret, room, "%s%s, %c%s (%02x/%02x/%02x)", deferred, key, sense_first(text), text + 1, s->key,
                 s->asc, s->ascq);
    else
        snprintf(ret, room, "%s%s (%02x/%02x/%02x)", deferred, key, s->key, s->asc, s->ascq);
}
