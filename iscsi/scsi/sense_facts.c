/* SPDX-License-Identifier: Apache-2.0 */
/* Sense data in both formats as facts. Pure, any thread. SPC-4 4.5. */
#include "base/bytes.h"
#include "scsi/decode.h"
#include "scsi/fields.h"

#include <string.h>

enum { SENSE_HEADER = 8, SENSE_KEY_ILLEGAL_REQUEST = 5 };

static const struct field pointer_fields[] = {
    FIELD_FLAG("c_d", 0, 6),
    FIELD_N("field_pointer", 1, 2, NULL),
};
static const struct field bit_pointer_field[] = {FIELD_BITS("bit_pointer", 0, 2, 0)};
static const struct field retry_fields[] = {FIELD_N("actual_retry_count", 1, 2, NULL)};
static const struct field progress_fields[] = {FIELD_N("progress_indication", 1, 2, NULL)};
static const struct field segment_fields[] = {FIELD_N("field_pointer", 1, 2, NULL)};
static const struct field attention_fields[] = {FIELD_FLAG("overflow", 0, 0)};

/* SENSE KEY SPECIFIC, three bytes whose meaning the sense key gives (SPC-4 4.5.2.4); bit 7 is SKSV. */
static void sense_key_specific(const uint8_t *at, uint8_t key, const char *path, struct lun_facts *f)
{
    struct span s = span_over(at, 3, 3);
    if (!(at[0] & 0x80))
        return;
    switch (key) {
    case 0x0:
    case 0x2:
        FIELDS_ADD(progress_fields, s, path, f);
        break;
    case 0x1:
    case 0x3:
    case 0x4:
        FIELDS_ADD(retry_fields, s, path, f);
        break;
    case SENSE_KEY_ILLEGAL_REQUEST:
        FIELDS_ADD(pointer_fields, s, path, f);
        if (at[0] & 0x08) /* BPV */
            FIELDS_ADD(bit_pointer_field, s, path, f);
        break;
    case 0x6:
        FIELDS_ADD(attention_fields, s, path, f);
        break;
    case 0xa:
        FIELDS_ADD(segment_fields, s, path, f);
        break;
    }
}

static const struct field fixed_flags[] = {
    FIELD_FLAG("valid", 0, 7), FIELD_FLAG("filemark", 2, 7),  FIELD_FLAG("eom", 2, 6),
    FIELD_FLAG("ili", 2, 5),   FIELD_FLAG("sdat_ovfl", 2, 4),
};
static const struct field fixed_fields[] = {
    FIELD_N("command_specific_information", 8, 4, NULL),
    FIELD_N("field_replaceable_unit_code", 14, 1, NULL),
};

static void sense_fixed(struct span s, const struct scsi_sense *sense, struct lun_facts *f)
{
    FIELDS_ADD(fixed_flags, s, "", f);
    if (sense->has_information)
        lun_facts_number(f, "", "information", sense->information, NULL);
    FIELDS_ADD(fixed_fields, s, "", f);
    if (s.have >= 18)
        sense_key_specific(s.data + 15, sense->key, "", f);
}

static const struct field information_fields[] = {
    FIELD_FLAG("valid", 2, 7),
    FIELD_N("information", 4, 8, NULL),
};
static const struct field command_fields[] = {FIELD_N("command_specific_information", 4, 8, NULL)};
static const struct field unit_fields[] = {FIELD_N("field_replaceable_unit_code", 3, 1, NULL)};
static const struct field stream_fields[] = {
    FIELD_FLAG("filemark", 3, 7),
    FIELD_FLAG("eom", 3, 6),
    FIELD_FLAG("ili", 3, 5),
};
static const struct field block_fields[] = {FIELD_FLAG("ili", 3, 5)};

static const char *const descriptor_names[] = {
    "information",
    "command specific information",
    "sense key specific",
    "field replaceable unit",
    "stream commands",
    "block commands",
    "osd object identification",
    "osd response integrity check value",
    "osd attribute identification",
    "ata status return",
    "another progress indication",
    "user data segment referral",
    "forwarded sense data",
    "direct access block device",
};
static const struct field descriptor_head[] = {
    FIELD_X("descriptor_type", 0, 1),
    FIELD_WORDS("descriptor_name", 0, 7, 0, descriptor_names),
};

/* One descriptor, header and all. Those without a table are shown in hexadecimal. */
static void sense_descriptor(struct span s, uint8_t key, const char *path, struct lun_facts *f)
{
    FIELDS_ADD(descriptor_head, s, path, f);
    switch (s.data[0]) {
    case 0x00:
        FIELDS_ADD(information_fields, s, path, f);
        break;
    case 0x01:
        FIELDS_ADD(command_fields, s, path, f);
        break;
    case 0x02:
        if (s.have >= 7)
            sense_key_specific(s.data + 4, key, path, f);
        break;
    case 0x03:
        FIELDS_ADD(unit_fields, s, path, f);
        break;
    case 0x04:
        FIELDS_ADD(stream_fields, s, path, f);
        break;
    case 0x05:
        FIELDS_ADD(block_fields, s, path, f);
        break;
    default:
        lun_facts_hex(f, path, "data", s.data + 2, s.have - 2);
        break;
    }
}

static void sense_descriptors(struct span s, const struct scsi_sense *sense, struct lun_facts *f)
{
    struct span list = span_from(s, SENSE_HEADER);
    struct reader r = reader_over(list.data, list.have);
    for (size_t i = 0; r.left >= 2; i++) {
        size_t length = r.at[1] + 2u;
        const uint8_t *at = reader_take(&r, length);
        if (!at) {
            fields_truncated(f);
            break;
        }
        char path[FIELD_PATH];
        field_path(path, "", "descriptors", i);
        sense_descriptor(span_over(at, length, length), sense->key, path, f);
    }
}

/* What both formats share. ASC and ASCQ are left out when they were not sent. */
static void sense_common(struct span s, const struct scsi_sense *sense, struct lun_facts *f)
{
    lun_facts_word(f, "", "format", sense->descriptor ? "descriptor" : "fixed");
    lun_facts_boolean(f, "", "deferred", sense->deferred);
    lun_facts_number(f, "", "sense_key", sense->key, NULL);
    lun_facts_word(f, "", "sense_key_name", lun_sense_key_name(sense->key));
    if (s.have < (sense->descriptor ? 4u : 14u))
        return;
    lun_facts_hex(f, "", "additional_sense_code", &sense->asc, 1);
    lun_facts_hex(f, "", "additional_sense_code_qualifier", &sense->ascq, 1);
    const char *text = lun_asc_text(sense->asc, sense->ascq);
    if (text)
        lun_facts_string(f, "", "additional_sense", text, strlen(text));
}

void lun_decode_sense(const void *data, size_t n, struct lun_facts *f)
{
    const uint8_t *d = data;
    struct span s = span_over(d, n, SENSE_HEADER + (n >= SENSE_HEADER ? (size_t)d[7] : 0));
    struct scsi_sense sense;
    if (n)
        lun_facts_hex(f, "", "response_code", &(uint8_t){d[0] & 0x7f}, 1);
    if (scsi_sense_parse(data, n, &sense)) {
        sense_common(s, &sense, f);
        if (sense.descriptor)
            sense_descriptors(s, &sense, f);
        else
            sense_fixed(s, &sense, f);
    } else if (n > 1) {
        lun_facts_hex(f, "", "data", d, n);
    }
    span_mark_truncated(s, f);
}
