/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The same golden bytes through sg3_utils and through our decoders: what both show must agree. Each row names
 * the label sg3_utils prints before a value, and our key.
 */
#include "golden.h"

#include <criterion/criterion.h>

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct row {
    const char *label; /* as printed, up to and with ": " or "=" */
    const char *path, *key;
};

/* Runs the tool on a golden file. */
static char *shown(const char *tool, const char *options, const char *file)
{
    char command[1024];
    snprintf(command, sizeof command, "%s --raw --inhex='%s/%s' %s", tool, GOLDEN_DATA, file, options);
    return golden_run(command);
}

/* What stands after the label, which must not be the tail of a longer word. */
static const char *after(const char *text, const char *label)
{
    for (const char *at = strstr(text, label); at; at = strstr(at + 1, label))
        if (at == text || !(isalnum((unsigned char)at[-1]) || at[-1] == '_'))
            return at + strlen(label);
    cr_assert_fail("sg3_utils shows no %s", label);
    return NULL;
}

static uint64_t number_after(const char *text, const char *label)
{
    const char *at = after(text, label);
    if (strncmp(at, "true", 4) == 0 || strncmp(at, "false", 5) == 0)
        return *at == 't';
    char *end;
    uint64_t v = strtoull(at, &end, strncmp(at, "0x", 2) == 0 ? 16 : 10);
    cr_assert(end != at, "no number after %s", label);
    return v;
}

static void agree(const char *text, const struct lun_facts *f, const struct row *rows, size_t count)
{
    for (size_t i = 0; i < count; i++)
        cr_assert_eq(fact_number(f, rows[i].path, rows[i].key), number_after(text, rows[i].label), "%s",
                     rows[i].key);
}
#define AGREE(text, f, rows) agree((text), (f), (rows), sizeof(rows) / sizeof *(rows))

static const struct row inquiry_rows[] = {
    {"PQual=", "", "peripheral_qualifier"},
    {"PDT=", "", "peripheral_device_type"},
    {"RMB=", "", "rmb"},
    {"LU_CONG=", "", "lu_cong"},
    {"version=", "", "version"},
    {"NormACA=", "", "normaca"},
    {"HiSUP=", "", "hisup"},
    {"Resp_data_format=", "", "response_data_format"},
    {"SCCS=", "", "sccs"},
    {"ACC=", "", "acc"},
    {"TPGS=", "", "tpgs"},
    {"3PC=", "", "3pc"},
    {"Protect=", "", "protect"},
    {"EncServ=", "", "encserv"},
    {"MultiP=", "", "multip"},
    {"CmdQue=", "", "cmdque"},
};

/* The text after a label is ours and then only spaces up to the end of the line. */
static bool text_agrees(const char *text, const char *label, const char *ours)
{
    const char *at = after(text, label);
    size_t n = strlen(ours);
    return strncmp(at, ours, n) == 0 && at[n + strspn(at + n, " ")] == '\n';
}

static void inquiry_agrees(const char *file)
{
    char *text = shown("sg_inq", "", file);
    GOLDEN g = golden_read(file);
    FACTS f = {0};
    lun_decode_inquiry(g.data, g.n, &f);
    AGREE(text, &f, inquiry_rows);
    cr_assert_eq(fact_number(&f, "", "additional_length") + 5, number_after(text, "length="));
    cr_assert(text_agrees(text, "Vendor identification: ", fact_text(&f, "", "vendor")));
    cr_assert(text_agrees(text, "Product revision level: ", fact_text(&f, "", "revision")));
    free(text);
}

Test(sg3, inquiry_of_tgt)
{
    inquiry_agrees("tgt-lun1/inquiry.bin");
}

Test(sg3, inquiry_of_tgt_controller)
{
    inquiry_agrees("tgt-lun0/inquiry.bin");
}

Test(sg3, inquiry_of_istgt)
{
    inquiry_agrees("istgt/inquiry.bin");
}

Test(sg3, inquiry_of_lio)
{
    inquiry_agrees("lio-512/inquiry.bin");
}

Test(sg3, inquiry_with_every_flag)
{
    inquiry_agrees("made/inquiry.bin");
}

static void page_agrees(const char *file, uint8_t page, const struct row *rows, size_t count)
{
    char options[32];
    snprintf(options, sizeof options, "--long --page=0x%02x", page);
    char *text = shown("sg_vpd", options, file);
    GOLDEN g = golden_read(file);
    FACTS f = {0};
    lun_decode_vpd(page, g.data, g.n, &f);
    agree(text, &f, rows, count);
    free(text);
}
#define PAGE_AGREES(file, page, rows) page_agrees((file), (page), (rows), sizeof(rows) / sizeof *(rows))

static const struct row block_limits_rows[] = {
    {"(WSNZ): ", "", "wsnz"},
    {"Maximum compare and write length: ", "", "maximum_compare_and_write_length"},
    {"Optimal transfer length granularity: ", "", "optimal_transfer_length_granularity"},
    {"Maximum transfer length: ", "", "maximum_transfer_length"},
    {"Optimal transfer length: ", "", "optimal_transfer_length"},
    {"Maximum prefetch transfer length: ", "", "maximum_prefetch_length"},
    {"Maximum unmap LBA count: ", "", "maximum_unmap_lba_count"},
    {"Maximum unmap block descriptor count: ", "", "maximum_unmap_block_descriptor_count"},
    {"Optimal unmap granularity: ", "", "optimal_unmap_granularity"},
    {"Unmap granularity alignment valid: ", "", "ugavalid"},
    {"Unmap granularity alignment: ", "", "unmap_granularity_alignment"},
    {"Maximum write same length: ", "", "maximum_write_same_length"},
    {"Maximum atomic transfer length: ", "", "maximum_atomic_transfer_length"},
    {"Atomic alignment: ", "", "atomic_alignment"},
    {"Atomic transfer length granularity: ", "", "atomic_transfer_length_granularity"},
    {"Maximum atomic transfer length with atomic boundary: ", "",
     "maximum_atomic_transfer_length_with_atomic_boundary"},
    {"Maximum atomic boundary size: ", "", "maximum_atomic_boundary_size"},
};

Test(sg3, block_limits_every_field)
{
    PAGE_AGREES("made/vpd-b0.bin", 0xb0, block_limits_rows);
}

/* sg3_utils shows zeros of a real device in words, so only the fields that LIO fills are compared. */
static const struct row block_limits_lio_rows[] = {
    {"(WSNZ): ", "", "wsnz"},
    {"Maximum compare and write length: ", "", "maximum_compare_and_write_length"},
    {"Maximum transfer length: ", "", "maximum_transfer_length"},
    {"Optimal transfer length: ", "", "optimal_transfer_length"},
    {"Maximum unmap LBA count: ", "", "maximum_unmap_lba_count"},
    {"Maximum unmap block descriptor count: ", "", "maximum_unmap_block_descriptor_count"},
    {"Optimal unmap granularity: ", "", "optimal_unmap_granularity"},
    {"Maximum write same length: ", "", "maximum_write_same_length"},
};

Test(sg3, block_limits_of_lio)
{
    PAGE_AGREES("lio-512/vpd-b0.bin", 0xb0, block_limits_lio_rows);
}

static const struct row characteristics_rows[] = {
    {"Nominal rotation rate: ", "", "medium_rotation_rate"},
    {"WABEREQ=", "", "wabereq"},
    {"WACEREQ=", "", "wacereq"},
    {"ZONED=", "", "zoned"},
    {"RBWZ=", "", "rbwz"},
    {"BOCS=", "", "bocs"},
    {"FUAB=", "", "fuab"},
    {"VBULS=", "", "vbuls"},
    {"DEPOPULATION_TIME=", "", "depopulation_time"},
};

Test(sg3, block_device_characteristics)
{
    PAGE_AGREES("made/vpd-b1.bin", 0xb1, characteristics_rows);
}

static const struct row provisioning_rows[] = {
    {"(LBPU): ", "", "lbpu"},
    {"(LBPWS): ", "", "lbpws"},
    {"(LBPWS10): ", "", "lbpws10"},
    {"(LBPRZ): ", "", "lbprz"},
    {"(ANC_SUP): ", "", "anc_sup"},
    {"Threshold exponent: ", "", "threshold_exponent"},
    {"(DP): ", "", "dp"},
    {"Minimum percentage: ", "", "minimum_percentage"},
    {"Threshold percentage: ", "", "threshold_percentage"},
};

Test(sg3, logical_block_provisioning)
{
    PAGE_AGREES("made/vpd-b2.bin", 0xb2, provisioning_rows);
}

static const struct row referrals_rows[] = {
    {"User data segment size: ", "", "user_data_segment_size"},
    {"User data segment multiplier: ", "", "user_data_segment_multiplier"},
};

Test(sg3, referrals)
{
    PAGE_AGREES("made/vpd-b3.bin", 0xb3, referrals_rows);
}

static const struct row limits_extension_rows[] = {
    {"Maximum number of streams: ", "", "maximum_number_of_streams"},
    {"Optimal stream write size: ", "", "optimal_stream_write_size"},
    {"Stream granularity size: ", "", "stream_granularity_size"},
    {"Maximum scattered LBA range transfer length: ", "", "maximum_scattered_lba_range_transfer_length"},
    {"Maximum scattered LBA range descriptor count: ", "", "maximum_scattered_lba_range_descriptor_count"},
    {"Maximum scattered transfer length: ", "", "maximum_scattered_transfer_length"},
};

Test(sg3, block_limits_extension)
{
    PAGE_AGREES("made/vpd-b7.bin", 0xb7, limits_extension_rows);
}

static const struct row extended_inquiry_rows[] = {
    {"ACTIVATE_MICROCODE=", "", "activate_microcode"},
    {"SPT=", "", "spt"},
    {"GRD_CHK=", "", "grd_chk"},
    {"APP_CHK=", "", "app_chk"},
    {"REF_CHK=", "", "ref_chk"},
    {"UASK_SUP=", "", "uask_sup"},
    {"GROUP_SUP=", "", "group_sup"},
    {"PRIOR_SUP=", "", "prior_sup"},
    {"HEADSUP=", "", "headsup"},
    {"ORDSUP=", "", "ordsup"},
    {"SIMPSUP=", "", "simpsup"},
    {"WU_SUP=", "", "wu_sup"},
    {"CRD_SUP=", "", "crd_sup"},
    {"NV_SUP=", "", "nv_sup"},
    {"V_SUP=", "", "v_sup"},
    /* Not NO_PI_CHK: sg_vpd of sg3_utils 1.46 reads it from the bit of P_I_I_SUP (SPC-5 has bit 5). */
    {"P_I_I_SUP=", "", "p_i_i_sup"},
    {"LUICLR=", "", "luiclr"},
    {"LU_COLL_TYPE=", "", "lu_coll_type"},
    {"R_SUP=", "", "r_sup"},
    {"RTD_SUP=", "", "rtd_sup"},
    {"HSSRELEF=", "", "hssrelef"},
    {"CBCS=", "", "cbcs"},
    {"Multi I_T nexus microcode download=", "", "multi_i_t_nexus_microcode_download"},
    {"Extended self-test completion minutes=", "", "extended_self_test_completion_minutes"},
    {"POA_SUP=", "", "poa_sup"},
    {"HRA_SUP=", "", "hra_sup"},
    {"VSA_SUP=", "", "vsa_sup"},
    {"Maximum supported sense data length=", "", "maximum_supported_sense_data_length"},
};

Test(sg3, extended_inquiry_data)
{
    PAGE_AGREES("made/vpd-86.bin", 0x86, extended_inquiry_rows);
}

Test(sg3, extended_inquiry_data_of_istgt)
{
    PAGE_AGREES("istgt/vpd-86.bin", 0x86, extended_inquiry_rows);
}

Test(sg3, extended_inquiry_data_of_lio)
{
    PAGE_AGREES("lio-512/vpd-86.bin", 0x86, extended_inquiry_rows);
}

static const struct row policy_rows[] = {
    {"Policy page code: ", "mode_page_policies.0", "policy_page_code"},
    {"MLUS=", "mode_page_policies.0", "mlus"},
    {"subpage code: ", "mode_page_policies.1", "policy_subpage_code"},
};

Test(sg3, mode_page_policy)
{
    PAGE_AGREES("made/vpd-87.bin", 0x87, policy_rows);
}

static const struct row port_rows[] = {
    {"Relative port=", "scsi_ports.0", "relative_port_identifier"},
};

Test(sg3, scsi_ports_of_istgt)
{
    PAGE_AGREES("istgt/vpd-88.bin", 0x88, port_rows);
}

/* Each of our texts and identifiers stands somewhere in what sg3_utils shows of the page. */
static void strings_are_shown(const char *file, uint8_t page)
{
    char options[32];
    snprintf(options, sizeof options, "--long --page=0x%02x", page);
    char *text = shown("sg_vpd", options, file);
    GOLDEN g = golden_read(file);
    FACTS f = {0};
    lun_decode_vpd(page, g.data, g.n, &f);
    unsigned compared = 0;
    for (size_t i = 0; i < f.count; i++)
        if (f.at[i].kind == LUN_FACT_STRING) {
            cr_assert(strstr(text, f.at[i].text), "sg_vpd shows no %s", f.at[i].text);
            compared++;
        }
    cr_assert_gt(compared, 0);
    free(text);
}

Test(sg3, serial_number_of_tgt)
{
    strings_are_shown("tgt-lun1/vpd-80.bin", 0x80);
}

Test(sg3, serial_number_of_istgt)
{
    strings_are_shown("istgt/vpd-80.bin", 0x80);
}

Test(sg3, management_network_addresses)
{
    strings_are_shown("made/vpd-85.bin", 0x85);
}

Test(sg3, identification_strings)
{
    strings_are_shown("tgt-lun1/vpd-83.bin", 0x83);
    strings_are_shown("istgt/vpd-83.bin", 0x83);
    strings_are_shown("lio-512/vpd-83.bin", 0x83);
    strings_are_shown("made/vpd-83.bin", 0x83);
}

/* NAA designators are printed whole, as 0x and hexadecimal digits. */
static unsigned naa_are_shown(const char *file)
{
    char *text = shown("sg_vpd", "--long --page=0x83", file);
    GOLDEN g = golden_read(file);
    FACTS f = {0};
    lun_decode_vpd(0x83, g.data, g.n, &f);
    unsigned compared = 0;
    for (size_t i = 0; i < f.count; i++) {
        const struct lun_fact *fact = &f.at[i];
        if (strcmp(fact->key, "designator") != 0 || !fact_find(&f, fact->path, "naa"))
            continue;
        char digits[64] = "0x";
        for (size_t j = 0; j < fact->length; j++)
            snprintf(digits + 2 + 2 * j, 3, "%02x", (uint8_t)fact->text[j]);
        cr_assert(strstr(text, digits), "sg_vpd shows no %s", digits);
        compared++;
    }
    free(text);
    return compared;
}

Test(sg3, identification_naa)
{
    cr_assert_eq(naa_are_shown("tgt-lun1/vpd-83.bin"), 2);
    cr_assert_eq(naa_are_shown("istgt/vpd-83.bin"), 1);
    cr_assert_eq(naa_are_shown("lio-512/vpd-83.bin"), 1);
    cr_assert_eq(naa_are_shown("made/vpd-83.bin"), 4);
}

/* The two write abbreviations in different case: "Invalid field in cdb", "Invalid field in CDB". */
static bool contains_whatever_case(const char *text, const char *part)
{
    size_t n = strlen(part);
    for (; *text; text++)
        if (strncasecmp(text, part, n) == 0)
            return true;
    return false;
}

static void sense_agrees(const char *file)
{
    char command[1024];
    snprintf(command, sizeof command, "sg_decode_sense --binary='%s/%s'", GOLDEN_DATA, file);
    char *text = golden_run(command);
    GOLDEN g = golden_read(file);
    FACTS f = {0};
    lun_decode_sense(g.data, g.n, &f);
    cr_assert(contains_whatever_case(text, fact_text(&f, "", "format")));
    cr_assert(contains_whatever_case(text, fact_text(&f, "", "sense_key_name")));
    cr_assert(contains_whatever_case(text, fact_text(&f, "", "additional_sense")), "%s: %s", file, text);
    cr_assert_eq(contains_whatever_case(text, "deferred"), fact_number(&f, "", "deferred"));
    free(text);
}

Test(sg3, sense_of_tgt)
{
    sense_agrees("tgt-lun1/sense-unit-attention.bin");
    sense_agrees("tgt-lun1/sense-invalid-field.bin");
    sense_agrees("tgt-lun1/sense-lba-out-of-range.bin");
}

Test(sg3, sense_of_tgt_in_descriptor_format)
{
    sense_agrees("tgt-lun3/sense-unit-attention.bin");
    sense_agrees("tgt-lun3/sense-invalid-opcode.bin");
}

Test(sg3, sense_made)
{
    sense_agrees("made/sense-fixed-medium-error.bin");
    sense_agrees("made/sense-fixed-deferred.bin");
    sense_agrees("made/sense-fixed-progress.bin");
    sense_agrees("made/sense-descriptor-all.bin");
    sense_agrees("made/sense-descriptor-deferred.bin");
}
