/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Every decoder of device data (iscsi/scsi/), and the printers that its facts go to. The first byte chooses
 * the decoder, the rest is what the device sent. One thread.
 */
#include "scsi/decode.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <yaml.h>

#include "fuse/text.h"
#include "fuzz.h"
#include "show.h"
#include "wire/lun_field.h"

static void vpd(const uint8_t *d, size_t n, struct lun_facts *f)
{
    char names[LUN_NAMES_MAX][272];
    uint8_t pages[256];
    struct scsi_block_limits limits;
    lun_decode_vpd(n > 1 ? d[1] : 0x83, d, n, f);
    size_t count = scsi_unit_names(d, n, names, LUN_NAMES_MAX);
    FUZZ_CHECK(count <= LUN_NAMES_MAX);
    for (size_t i = 0; i < count; i++) {
        FUZZ_CHECK(strnlen(names[i], sizeof names[i]) < sizeof names[i]);
        for (const char *c = names[i]; *c; c++)
            FUZZ_CHECK(*c >= 0x20 && *c < 0x7f);
    }
    FUZZ_CHECK(scsi_vpd_list(d, n, pages) <= 256);
    scsi_block_limits_parse(d, n, &limits);
}

static void sense(const uint8_t *d, size_t n, struct lun_facts *f)
{
    struct scsi_sense s;
    char text[200];
    lun_decode_sense(d, n, f);
    if (!scsi_sense_parse(d, n, &s))
        return;
    scsi_sense_text(&s, text, sizeof text);
    FUZZ_CHECK(*text);
    scsi_sense_text(&s, text, 8);
    FUZZ_CHECK(strlen(text) < 8);
}

static void mode_6(const uint8_t *d, size_t n, struct lun_facts *f)
{
    bool a, b, c;
    lun_decode_mode(d, n, false, f);
    scsi_mode_parse(d, n, false, &a, &b, &c);
}

static void mode_10(const uint8_t *d, size_t n, struct lun_facts *f)
{
    bool a, b, c;
    lun_decode_mode(d, n, true, f);
    scsi_mode_parse(d, n, true, &a, &b, &c);
}

static void capacity(const uint8_t *d, size_t n, struct lun_facts *f)
{
    struct scsi_capacity c;
    lun_decode_capacity(d, n, f);
    if (scsi_capacity_parse(d, n, &c))
        FUZZ_CHECK(c.block_size && c.blocks);
}

static void luns(const uint8_t *d, size_t n, struct lun_facts *f)
{
    size_t count, needed;
    if (!scsi_luns_count(d, n, &count, &needed))
        return;
    FUZZ_CHECK(8 + count * 8 <= n);
    for (size_t i = 0; i < count; i++) {
        uint64_t field = scsi_luns_at(d, i), number, again;
        if (!lun_field_to_number(field, &number))
            continue;
        lun_facts_number(f, "", "lun", number, NULL);
        FUZZ_CHECK(lun_field_from_number(number, &again));
        /* Peripheral and flat space name the same LUN below 256; beyond, the way back is exact. */
        FUZZ_CHECK(number < 16384 || again == field);
    }
}

typedef void decoder(const uint8_t *d, size_t n, struct lun_facts *f);

static void inquiry(const uint8_t *d, size_t n, struct lun_facts *f)
{
    lun_decode_inquiry(d, n, f);
}

static decoder *const decoders[] = {inquiry, vpd, sense, mode_6, mode_10, capacity, luns};

/* The text of a file in the mount is one YAML document, whatever a device says. */
static void check_yaml(const struct lun_facts *f)
{
    struct text t = {0};
    yaml_parser_t parser;
    yaml_document_t document;
    text_document(&t, f);
    FUZZ_CHECK(!t.failed && t.length);
    FUZZ_CHECK(yaml_parser_initialize(&parser));
    yaml_parser_set_input_string(&parser, (const unsigned char *)t.at, t.length);
    FUZZ_CHECK(yaml_parser_load(&parser, &document));
    FUZZ_CHECK(yaml_document_get_root_node(&document));
    yaml_document_delete(&document);
    yaml_parser_delete(&parser);
    free(t.at);
}

static void check_printable(bool (*show)(FILE *, const struct lun_facts *), const struct lun_facts *f)
{
    char *text = NULL;
    size_t n = 0;
    FILE *to = open_memstream(&text, &n);
    FUZZ_CHECK(to && show(to, f));
    fclose(to);
    for (size_t i = 0; i < n; i++)
        FUZZ_CHECK(text[i] == '\n' || (text[i] >= 0x20 && text[i] < 0x7f));
    free(text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    if (!n || n > 70000)
        return 0;
    decoder *decode = decoders[data[0] % (sizeof decoders / sizeof *decoders)];
    uint8_t *d = fuzz_copy(data + 1, n - 1);
    struct lun_facts f = {0};
    decode(d, n - 1, &f);
    free(d); /* facts own all they say */
    if (decode != luns) {
        check_yaml(&f);
        check_printable(show_text, &f);
        check_printable(show_table, &f);
        check_printable(show_json, &f);
    }
    lun_facts_free(&f);
    return 0;
}
