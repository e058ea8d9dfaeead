/* SPDX-License-Identifier: Apache-2.0 */
/* READ CAPACITY data: real devices, the corners of SBC-3 5.15 and 5.16, and nonsense. */
#include "golden.h"
#include "scsi/decode.h"

#include <criterion/criterion.h>

static struct scsi_capacity parsed(const char *name)
{
    GOLDEN g = golden_read(name);
    struct scsi_capacity c;
    cr_assert(scsi_capacity_parse(g.data, g.n, &c));
    return c;
}

Test(capacity, ten_of_tgt)
{
    struct scsi_capacity c = parsed("tgt-lun1/capacity-10.bin");
    cr_assert_eq(c.blocks, 64 * 2048);
    cr_assert_eq(c.block_size, 512);
    cr_assert(!c.more);
}

Test(capacity, sixteen_of_tgt)
{
    struct scsi_capacity c = parsed("tgt-lun1/capacity-16.bin");
    cr_assert_eq(c.blocks, 64 * 2048);
    cr_assert_eq(c.block_size, 512);
    cr_assert_eq(c.physical_exponent, 3);
    cr_assert(!c.thin && !c.protection);
}

Test(capacity, sixteen_of_tgt_thin_with_4096_bytes)
{
    struct scsi_capacity c = parsed("tgt-lun2/capacity-16.bin");
    cr_assert_eq(c.blocks, UINT64_C(3) << 28);
    cr_assert_eq(c.block_size, 4096);
    cr_assert(c.thin && c.reads_zero);
}

Test(capacity, ten_and_sixteen_agree_on_a_3_tib_unit)
{
    struct scsi_capacity a = parsed("tgt-lun2/capacity-10.bin"), b = parsed("tgt-lun2/capacity-16.bin");
    cr_assert_eq(a.blocks, b.blocks);
    cr_assert_eq(a.block_size, b.block_size);
}

Test(capacity, sixteen_of_lio)
{
    struct scsi_capacity c = parsed("lio-512/capacity-16.bin");
    cr_assert_eq(c.blocks, 524288);
    cr_assert(c.thin && !c.reads_zero);
}

Test(capacity, ten_too_small_for_the_unit)
{
    cr_assert(parsed("made/capacity-10-more.bin").more);
}

Test(capacity, sixteen_every_field)
{
    struct scsi_capacity c = parsed("made/capacity-16-all.bin");
    cr_assert_eq(c.blocks, UINT64_C(0x12345678a));
    cr_assert_eq(c.block_size, 4096);
    cr_assert(c.protection && c.thin && c.reads_zero);
    cr_assert_eq(c.physical_exponent, 3);
    cr_assert_eq(c.lowest_aligned, 0x0123);
}

Test(capacity, sixteen_cut_to_twelve_bytes_still_says_the_size)
{
    GOLDEN g = golden_read("made/capacity-16-all.bin");
    struct scsi_capacity c;
    cr_assert(scsi_capacity_parse(g.data, 12, &c));
    cr_assert_eq(c.block_size, 4096);
    cr_assert(!c.thin && !c.lowest_aligned);
}

Test(capacity, too_short_leaves_the_result_alone)
{
    struct scsi_capacity c = {.blocks = 7};
    cr_assert(!scsi_capacity_parse("\0\0\0\1\0\0\2", 7, &c));
    cr_assert(!scsi_capacity_parse(NULL, 0, &c));
    cr_assert_eq(c.blocks, 7);
}

Test(capacity, no_block_length)
{
    struct scsi_capacity c = {.blocks = 7};
    const uint8_t ten[8] = {0, 0, 0, 1}, sixteen[32] = {0, 0, 0, 0, 0, 0, 0, 1};
    cr_assert(!scsi_capacity_parse(ten, sizeof ten, &c));
    cr_assert(!scsi_capacity_parse(sixteen, sizeof sixteen, &c));
    cr_assert_eq(c.blocks, 7);
}

Test(capacity, last_block_without_a_successor)
{
    struct scsi_capacity c;
    const uint8_t d[32] = {255, 255, 255, 255, 255, 255, 255, 255, 0, 0, 2, 0};
    cr_assert(!scsi_capacity_parse(d, sizeof d, &c));
}

Test(capacity, facts_of_sixteen)
{
    GOLDEN g = golden_read("made/capacity-16-all.bin");
    FACTS f = {0};
    lun_decode_capacity(g.data, g.n, &f);
    cr_assert_eq(fact_number(&f, "", "blocks"), UINT64_C(0x12345678a));
    cr_assert_eq(fact_number(&f, "", "capacity"), UINT64_C(0x12345678a) * 4096);
    cr_assert_eq(fact_number(&f, "", "physical_block_length"), 32768);
    cr_assert_eq(fact_number(&f, "", "returned_logical_block_address"), UINT64_C(0x123456789));
    cr_assert_eq(fact_number(&f, "", "logical_block_length"), 4096);
    cr_assert_eq(fact_number(&f, "", "prot_en"), 1);
    cr_assert_eq(fact_number(&f, "", "p_type"), 3);
    cr_assert_eq(fact_number(&f, "", "p_i_exponent"), 2);
    cr_assert_eq(fact_number(&f, "", "logical_blocks_per_physical_block_exponent"), 3);
    cr_assert_eq(fact_number(&f, "", "lbpme"), 1);
    cr_assert_eq(fact_number(&f, "", "lbprz"), 1);
    cr_assert_eq(fact_number(&f, "", "lowest_aligned_logical_block_address"), 0x123);
    cr_assert(!fact_truncated(&f));
}

Test(capacity, facts_of_ten)
{
    GOLDEN g = golden_read("tgt-lun1/capacity-10.bin");
    FACTS f = {0};
    lun_decode_capacity(g.data, g.n, &f);
    cr_assert_eq(fact_number(&f, "", "capacity"), 64 << 20);
    cr_assert_eq(fact_number(&f, "", "logical_block_length"), 512);
    cr_assert_null(fact_find(&f, "", "lbpme"));
    cr_assert_null(fact_find(&f, "", "physical_block_length"), "(10) does not tell");
}

Test(capacity, facts_claim_no_size_when_ten_cannot_hold_it)
{
    GOLDEN g = golden_read("made/capacity-10-more.bin");
    FACTS f = {0};
    lun_decode_capacity(g.data, g.n, &f);
    cr_assert_null(fact_find(&f, "", "capacity"));
    cr_assert_eq(fact_number(&f, "", "returned_logical_block_address"), UINT32_MAX);
}

Test(capacity, facts_claim_no_size_that_overflows)
{
    FACTS f = {0};
    const uint8_t d[32] = {255, 255, 255, 255, 255, 255, 255, 254, 255, 255, 255, 255, 0, 0x0f};
    lun_decode_capacity(d, sizeof d, &f);
    cr_assert_null(fact_find(&f, "", "capacity"));
    cr_assert_eq(fact_number(&f, "", "logical_block_length"), UINT32_MAX);
}

Test(capacity, facts_of_cut_data)
{
    GOLDEN g = golden_read("made/capacity-16-all.bin");
    FACTS f = {0};
    lun_decode_capacity(g.data, 13, &f);
    cr_assert_eq(fact_number(&f, "", "prot_en"), 1);
    cr_assert_null(fact_find(&f, "", "lbpme"));
    cr_assert(fact_truncated(&f));
}
