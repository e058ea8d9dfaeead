/* SPDX-License-Identifier: Apache-2.0 */
/* Standard INQUIRY data, SPC-4 6.6.2. */
#include "golden.h"

#include <criterion/criterion.h>

#include <string.h>

static struct lun_facts decoded(const char *name)
{
    GOLDEN g = golden_read(name);
    struct lun_facts f = {0};
    lun_decode_inquiry(g.data, g.n, &f);
    return f;
}

Test(inquiry, disk_of_tgt)
{
    FACTS f = decoded("tgt-lun1/inquiry.bin");
    cr_assert_eq(fact_number(&f, "", "peripheral_device_type"), 0);
    cr_assert_str_eq(fact_text(&f, "", "peripheral_device_type_name"), "disk");
    cr_assert_str_eq(fact_text(&f, "", "vendor"), "IET");
    cr_assert_str_eq(fact_text(&f, "", "product"), "VIRTUAL-DISK");
    cr_assert_str_eq(fact_text(&f, "", "revision"), "0001");
    cr_assert_eq(fact_number(&f, "", "version"), 5);
    cr_assert_str_eq(fact_text(&f, "", "version_name"), "spc-3");
    cr_assert_eq(fact_number(&f, "", "cmdque"), 1);
    cr_assert(!fact_truncated(&f));
}

Test(inquiry, controller_of_tgt)
{
    FACTS f = decoded("tgt-lun0/inquiry.bin");
    cr_assert_eq(fact_number(&f, "", "peripheral_device_type"), 0x0c);
    cr_assert_str_eq(fact_text(&f, "", "product"), "Controller");
}

Test(inquiry, version_descriptors_of_lio)
{
    FACTS f = decoded("lio-512/inquiry.bin");
    cr_assert(fact_is_hex(&f, "version_descriptors.0", "version_descriptor", "00a0"));
    cr_assert(fact_is_hex(&f, "version_descriptors.3", "version_descriptor", "04c0"));
    cr_assert_null(fact_find(&f, "version_descriptors.4", "version_descriptor"));
}

Test(inquiry, every_flag)
{
    FACTS f = decoded("made/inquiry.bin");
    cr_assert_eq(fact_number(&f, "", "peripheral_qualifier"), 1);
    cr_assert_eq(fact_number(&f, "", "rmb"), 1);
    cr_assert_eq(fact_number(&f, "", "lu_cong"), 1);
    cr_assert_eq(fact_number(&f, "", "normaca"), 1);
    cr_assert_eq(fact_number(&f, "", "hisup"), 1);
    cr_assert_eq(fact_number(&f, "", "response_data_format"), 2);
    cr_assert_eq(fact_number(&f, "", "additional_length"), 91);
    cr_assert_eq(fact_number(&f, "", "sccs"), 1);
    cr_assert_eq(fact_number(&f, "", "acc"), 0);
    cr_assert_eq(fact_number(&f, "", "tpgs"), 2);
    cr_assert_eq(fact_number(&f, "", "3pc"), 1);
    cr_assert_eq(fact_number(&f, "", "protect"), 1);
    cr_assert_eq(fact_number(&f, "", "encserv"), 1);
    cr_assert_eq(fact_number(&f, "", "multip"), 1);
}

Test(inquiry, device_strings_are_not_trusted)
{
    FACTS f = decoded("made/inquiry.bin");
    const struct lun_fact *product = fact_find(&f, "", "product");
    cr_assert_eq(product->kind, LUN_FACT_STRING);
    cr_assert_eq(product->length, 12);
    cr_assert_arr_eq(product->text, "Thing\x01with\"q", 12);
}

/* What a device of an older standard leaves out is not missing. */
Test(inquiry, thirty_six_bytes_are_whole)
{
    GOLDEN g = golden_read("tgt-lun1/inquiry.bin");
    FACTS f = {0};
    g.data[4] = 31;
    lun_decode_inquiry(g.data, 36, &f);
    cr_assert_str_eq(fact_text(&f, "", "revision"), "0001");
    cr_assert(!fact_truncated(&f));
}

Test(inquiry, bytes_past_the_additional_length_do_not_count)
{
    GOLDEN g = golden_read("tgt-lun1/inquiry.bin");
    FACTS f = {0};
    g.data[4] = 11;
    lun_decode_inquiry(g.data, g.n, &f);
    cr_assert_str_eq(fact_text(&f, "", "vendor"), "IET");
    cr_assert_null(fact_find(&f, "", "product"));
    cr_assert(!fact_truncated(&f));
}

Test(inquiry, cut_in_the_product)
{
    GOLDEN g = golden_read("tgt-lun1/inquiry.bin");
    FACTS f = {0};
    lun_decode_inquiry(g.data, 20, &f);
    cr_assert_str_eq(fact_text(&f, "", "vendor"), "IET");
    cr_assert_null(fact_find(&f, "", "product"));
    cr_assert(fact_truncated(&f));
}

Test(inquiry, nothing_at_all)
{
    FACTS f = {0};
    lun_decode_inquiry(NULL, 0, &f);
    cr_assert_eq(f.count, 1);
    cr_assert(fact_truncated(&f));
}
