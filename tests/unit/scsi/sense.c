/* SPDX-License-Identifier: Apache-2.0 */
/* Sense data in both formats, SPC-4 4.5: parsed, as one line, and as facts. */
#include "golden.h"
#include "scsi/decode.h"

#include <criterion/criterion.h>

#include <string.h>

static struct scsi_sense parsed(const char *name)
{
    GOLDEN g = golden_read(name);
    struct scsi_sense s;
    cr_assert(scsi_sense_parse(g.data, g.n, &s));
    return s;
}

static void is_text(const char *name, const char *want)
{
    struct scsi_sense s = parsed(name);
    char text[160];
    scsi_sense_text(&s, text, sizeof text);
    cr_assert_str_eq(text, want);
}

static struct lun_facts decoded(const char *name)
{
    GOLDEN g = golden_read(name);
    struct lun_facts f = {0};
    lun_decode_sense(g.data, g.n, &f);
    return f;
}

Test(sense, unit_attention_of_tgt)
{
    struct scsi_sense s = parsed("tgt-lun1/sense-unit-attention.bin");
    cr_assert_eq(s.key, 6);
    cr_assert_eq(s.asc, 0x29);
    cr_assert_eq(s.ascq, 0);
    cr_assert(!s.descriptor && !s.deferred && !s.has_information);
}

Test(sense, descriptor_format_of_tgt)
{
    struct scsi_sense s = parsed("tgt-lun3/sense-unit-attention.bin");
    cr_assert(s.descriptor);
    cr_assert_eq(s.key, 6);
    cr_assert_eq(s.asc, 0x29);
}

Test(sense, valid_information_of_istgt)
{
    struct scsi_sense s = parsed("istgt/sense-invalid-opcode.bin");
    cr_assert_eq(s.key, 5);
    cr_assert_eq(s.asc, 0x20);
    cr_assert(s.has_information);
    cr_assert_eq(s.information, 0);
}

Test(sense, longer_than_it_says_from_lio)
{
    struct scsi_sense s = parsed("lio-512/sense-invalid-field.bin");
    cr_assert_eq(s.key, 5);
    cr_assert_eq(s.asc, 0x24);
}

Test(sense, information_of_fixed_format)
{
    struct scsi_sense s = parsed("made/sense-fixed-medium-error.bin");
    cr_assert_eq(s.key, 3);
    cr_assert(s.has_information);
    cr_assert_eq(s.information, 0x12345678);
}

Test(sense, information_of_descriptor_format)
{
    struct scsi_sense s = parsed("made/sense-descriptor-all.bin");
    cr_assert(s.has_information);
    cr_assert_eq(s.information, UINT64_C(0x123456789abcdef0));
    cr_assert_eq(s.asc, 0x21);
}

Test(sense, deferred_in_both_formats)
{
    cr_assert(parsed("made/sense-fixed-deferred.bin").deferred);
    cr_assert(parsed("made/sense-descriptor-deferred.bin").deferred);
    cr_assert(parsed("made/sense-descriptor-deferred.bin").descriptor);
}

Test(sense, three_bytes_of_fixed_format_give_the_key)
{
    struct scsi_sense s;
    cr_assert(scsi_sense_parse("\x70\0\x0b", 3, &s));
    cr_assert_eq(s.key, 0xb);
    cr_assert(!s.asc && !s.ascq && !s.has_information);
}

Test(sense, two_bytes_of_descriptor_format_give_the_key)
{
    struct scsi_sense s;
    cr_assert(scsi_sense_parse("\x72\x02", 2, &s));
    cr_assert_eq(s.key, 2);
    cr_assert(!s.asc);
}

Test(sense, fewer_bytes_give_nothing)
{
    struct scsi_sense s = {.key = 9};
    cr_assert(!scsi_sense_parse("", 0, &s));
    cr_assert(!scsi_sense_parse("\x70\0", 2, &s));
    cr_assert(!scsi_sense_parse("\x72", 1, &s));
    cr_assert_eq(s.key, 9);
}

Test(sense, unknown_response_codes_give_nothing)
{
    uint8_t d[18] = {0};
    struct scsi_sense s = {.key = 9};
    for (unsigned code = 0; code < 0x80; code++) {
        d[0] = (uint8_t)code;
        cr_assert_eq(scsi_sense_parse(d, sizeof d, &s), code >= 0x70 && code <= 0x73);
    }
}

Test(sense, codes_past_the_additional_length_do_not_count)
{
    struct scsi_sense s;
    uint8_t d[18] = {0x70, 0, 5, [7] = 4, [12] = 0x24};
    cr_assert(scsi_sense_parse(d, sizeof d, &s));
    cr_assert_eq(s.asc, 0);
    d[7] = 6;
    cr_assert(scsi_sense_parse(d, sizeof d, &s));
    cr_assert_eq(s.asc, 0x24);
}

/* A descriptor steps by its length and two. */
Test(sense, information_after_another_descriptor)
{
    const uint8_t d[] = {0x72, 3, 0x11, 0, 0, 0, 0, 16, 3, 2, 0, 7, 0, 10, 0x80, 0, 0, 0, 0, 0, 0, 0, 1, 2};
    struct scsi_sense s;
    cr_assert(scsi_sense_parse(d, sizeof d, &s));
    cr_assert(s.has_information);
    cr_assert_eq(s.information, 0x102);
}

Test(sense, information_that_is_not_valid)
{
    const uint8_t d[20] = {0x72, 3, 0x11, 0, 0, 0, 0, 12, 0, 10, 0};
    struct scsi_sense s;
    cr_assert(scsi_sense_parse(d, sizeof d, &s));
    cr_assert(!s.has_information);
}

Test(sense, descriptor_that_runs_past_the_end)
{
    const uint8_t d[] = {0x72, 3, 0x11, 0, 0, 0, 0, 12, 0, 200, 0x80, 0, 0, 0, 0, 0, 0, 0, 1, 2};
    struct scsi_sense s;
    cr_assert(scsi_sense_parse(d, sizeof d, &s));
    cr_assert(!s.has_information);
    cr_assert_eq(s.asc, 0x11);
}

Test(sense, line_of_a_unit_attention)
{
    is_text("tgt-lun1/sense-unit-attention.bin",
            "unit attention, power on, reset, or bus device reset occurred (06/29/00)");
}

Test(sense, line_keeps_abbreviations)
{
    char text[80];
    scsi_sense_text(&(struct scsi_sense){.key = 3, .asc = 0x10}, text, sizeof text);
    cr_assert_str_eq(text, "medium error, ID CRC or ECC error (03/10/00)");
}

Test(sense, line_of_a_deferred_error)
{
    is_text("made/sense-fixed-deferred.bin",
            "deferred hardware error, write error - auto reallocation failed (04/0c/02)");
}

Test(sense, line_of_unassigned_codes)
{
    char text[80];
    scsi_sense_text(&(struct scsi_sense){.key = 9, .asc = 0x80, .ascq = 0xff}, text, sizeof text);
    cr_assert_str_eq(text, "vendor specific (09/80/ff)");
}

Test(sense, line_without_additional_codes)
{
    char text[80];
    scsi_sense_text(&(struct scsi_sense){.key = 5}, text, sizeof text);
    cr_assert_str_eq(text, "illegal request (05/00/00)");
}

Test(sense, line_is_cut_to_its_room)
{
    char text[10];
    memset(text, 'x', sizeof text);
    scsi_sense_text(&(struct scsi_sense){.key = 5}, text, sizeof text);
    cr_assert_str_eq(text, "illegal r");
}

Test(sense_facts, fixed_format)
{
    FACTS f = decoded("made/sense-fixed-medium-error.bin");
    cr_assert(fact_is_hex(&f, "", "response_code", "70"));
    cr_assert_str_eq(fact_text(&f, "", "format"), "fixed");
    cr_assert_eq(fact_number(&f, "", "deferred"), 0);
    cr_assert_eq(fact_number(&f, "", "sense_key"), 3);
    cr_assert_str_eq(fact_text(&f, "", "sense_key_name"), "medium error");
    cr_assert(fact_is_hex(&f, "", "additional_sense_code", "11"));
    cr_assert(fact_is_hex(&f, "", "additional_sense_code_qualifier", "00"));
    cr_assert_str_eq(fact_text(&f, "", "additional_sense"), "Unrecovered read error");
    cr_assert_eq(fact_number(&f, "", "valid"), 1);
    cr_assert_eq(fact_number(&f, "", "information"), 0x12345678);
    cr_assert_eq(fact_number(&f, "", "command_specific_information"), 0x9abcdef0);
    cr_assert_eq(fact_number(&f, "", "field_replaceable_unit_code"), 0x42);
    cr_assert_eq(fact_number(&f, "", "actual_retry_count"), 9);
    cr_assert(!fact_truncated(&f));
}

Test(sense_facts, field_pointer)
{
    FACTS f = decoded("made/sense-fixed-field-pointer.bin");
    cr_assert_eq(fact_number(&f, "", "c_d"), 1);
    cr_assert_eq(fact_number(&f, "", "field_pointer"), 2);
    cr_assert_eq(fact_number(&f, "", "bit_pointer"), 3);
    cr_assert_null(fact_find(&f, "", "information"), "not valid");
}

Test(sense_facts, progress)
{
    FACTS f = decoded("made/sense-fixed-progress.bin");
    cr_assert_eq(fact_number(&f, "", "progress_indication"), 0x4000);
    cr_assert_str_eq(fact_text(&f, "", "additional_sense"), "Logical unit not ready, format in progress");
}

Test(sense_facts, descriptor_format)
{
    FACTS f = decoded("made/sense-descriptor-all.bin");
    cr_assert_str_eq(fact_text(&f, "", "format"), "descriptor");
    cr_assert_eq(fact_number(&f, "descriptors.0", "information"), UINT64_C(0x123456789abcdef0));
    cr_assert_eq(fact_number(&f, "descriptors.1", "command_specific_information"),
                 UINT64_C(0x1122334455667788));
    cr_assert_eq(fact_number(&f, "descriptors.2", "field_pointer"), 9);
    cr_assert_eq(fact_number(&f, "descriptors.2", "bit_pointer"), 0);
    cr_assert_eq(fact_number(&f, "descriptors.3", "field_replaceable_unit_code"), 0x17);
    cr_assert_eq(fact_number(&f, "descriptors.4", "ili"), 1);
    cr_assert(fact_is_hex(&f, "descriptors.5", "descriptor_type", "80"));
    cr_assert(fact_is_hex(&f, "descriptors.5", "data", "01020304"));
}

Test(sense_facts, deferred)
{
    FACTS f = decoded("made/sense-descriptor-deferred.bin");
    cr_assert_eq(fact_number(&f, "", "deferred"), 1);
    cr_assert_str_eq(fact_text(&f, "", "additional_sense"), "Internal target failure");
}

Test(sense_facts, ten_bytes_leave_out_the_codes)
{
    GOLDEN g = golden_read("tgt-lun1/sense-unit-attention.bin");
    FACTS f = {0};
    lun_decode_sense(g.data, 10, &f);
    cr_assert_eq(fact_number(&f, "", "sense_key"), 6);
    cr_assert_null(fact_find(&f, "", "additional_sense_code"));
    cr_assert(fact_truncated(&f));
}

Test(sense_facts, vendor_format_is_shown_in_hexadecimal)
{
    FACTS f = {0};
    lun_decode_sense("\x7f\1\2\3\0\0\0\0", 8, &f);
    cr_assert(fact_is_hex(&f, "", "data", "7f01020300000000"));
    cr_assert_null(fact_find(&f, "", "sense_key"));
}

Test(sense_facts, nothing_at_all)
{
    FACTS f = {0};
    lun_decode_sense(NULL, 0, &f);
    cr_assert_eq(f.count, 1);
    cr_assert(fact_truncated(&f));
}
