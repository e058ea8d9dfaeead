/* SPDX-License-Identifier: Apache-2.0 */
/* The data phase of reads: Data-In checks, where the bytes go, what they add up to (RFC 7143 11.7). */
#include "bench.h"

TestSuite(session_read, .init = bench_prepare);

static uint8_t in[1 << 20];

static uint32_t reading(uint32_t edtl, uint8_t *into)
{
    bench_start();
    bench_read(edtl, into, 1);
    return bench_command().itt;
}

static bool data(uint32_t itt, uint32_t datasn, uint32_t offset, uint32_t length)
{
    return bench_data_in(
        (struct pdu_data_in){.itt = itt, .datasn = datasn, .offset = offset, .data_length = length});
}

/* The last one, which brings the status along. */
static bool last(uint32_t itt, uint32_t datasn, uint32_t offset, uint32_t length)
{
    return bench_data_in((struct pdu_data_in){.itt = itt,
                                              .datasn = datasn,
                                              .offset = offset,
                                              .data_length = length,
                                              .final = true,
                                              .has_status = true});
}

static void pattern(const uint8_t *p, uint32_t n)
{
    for (uint32_t i = 0; i < n; i++)
        cr_assert_eq(p[i], (uint8_t)i, "byte %u", i);
}

Test(session_read, in_one_pdu_with_its_status)
{
    uint32_t itt = reading(4096, in);
    cr_assert(last(itt, 0, 0, 4096), "%s", b.e.text);
    bench_ended(0, 1, 0);
    cr_assert_eq(b.ends[0].transferred, 4096);
    pattern(in, 4096);
    bench_end();
}

Test(session_read, in_pieces_and_a_response)
{
    uint32_t itt = reading(10000, in);
    cr_assert(data(itt, 0, 0, 4000));
    cr_assert(data(itt, 1, 4000, 5000));
    cr_assert(data(itt, 2, 9000, 1000));
    cr_assert_eq(b.end_count, 0);
    cr_assert(bench_response(itt, 0));
    bench_ended(0, 1, 0);
    pattern(in, 10000);
    bench_end();
}

Test(session_read, status_in_a_segment_without_data)
{
    uint32_t itt = reading(4096, in);
    cr_assert(data(itt, 0, 0, 4096));
    cr_assert(last(itt, 1, 4096, 0), "%s", b.e.text);
    bench_ended(0, 1, 0);
    cr_assert_eq(b.ends[0].transferred, 4096);
    bench_end();
}

/* ---- lent and borrowed ------------------------------------------------------------------------------- */

Test(session_read, lent_from_where_it_lies)
{
    uint32_t itt = reading(4096, NULL);
    cr_assert(last(itt, 0, 0, 4096));
    bench_ended(0, 1, 0);
    cr_assert(b.ends[0].lent);
    cr_assert_eq(b.buffers, 0);
    cr_assert_eq(b.ends[0].first, 0);
    cr_assert_eq(b.ends[0].last, 0xff);
    bench_end();
}

Test(session_read, the_longest_that_is_lent)
{
    uint32_t itt = reading(65536, NULL);
    cr_assert(last(itt, 0, 0, 65536));
    cr_assert(b.ends[0].lent && !b.ends[0].borrowed);
    bench_end();
}

Test(session_read, too_long_to_be_lent)
{
    uint32_t itt = reading(65540, NULL);
    cr_assert(last(itt, 0, 0, 65540));
    bench_ended(0, 1, 0);
    cr_assert(b.ends[0].borrowed && !b.ends[0].lent);
    cr_assert_eq(b.ends[0].last, (uint8_t)65539);
    bench_end();
}

/* The status comes apart, so the bytes must outlive their PDU. */
Test(session_read, not_lent_without_its_status)
{
    uint32_t itt = reading(4096, NULL);
    cr_assert(data(itt, 0, 0, 4096));
    memset(b.segment, 0xee, sizeof b.segment);
    cr_assert(bench_response(itt, 0));
    bench_ended(0, 1, 0);
    cr_assert(b.ends[0].borrowed && !b.ends[0].lent);
    cr_assert_eq(b.ends[0].last, 0xff);
    bench_end();
}

Test(session_read, pieces_are_gathered_in_a_borrowed_buffer)
{
    uint32_t itt = reading(8192, NULL);
    cr_assert(data(itt, 0, 0, 1000));
    cr_assert(last(itt, 1, 1000, 7192));
    bench_ended(0, 1, 0);
    cr_assert(b.ends[0].borrowed);
    cr_assert_eq(b.buffers, 1);
    cr_assert_eq(b.ends[0].last, 0xff);
    bench_end();
}

Test(session_read, no_buffer_to_borrow)
{
    uint32_t itt = reading(8192, NULL);
    b.no_buffers = true;
    cr_assert_not(data(itt, 0, 0, 1000));
    cr_assert_eq(b.e.layer, LUN_SYSTEM);
    bench_end();
}

/* Nothing is lent that a buffer of ours could not hold. */
Test(session_read, longer_than_a_buffer_without_a_place)
{
    uint32_t itt = reading(LUN_BUFFER_SIZE + 1, NULL);
    cr_assert_not(data(itt, 0, 0, 8192));
    cr_assert_eq(b.e.layer, LUN_SYSTEM);
    cr_assert_eq(b.buffers, 0);
    bench_end();
}

/* An empty Data-In lends nothing: what follows must still be had. */
Test(session_read, an_empty_data_in_first)
{
    uint32_t itt = reading(4096, NULL);
    cr_assert(data(itt, 0, 0, 0));
    cr_assert(last(itt, 1, 0, 4096));
    bench_ended(0, 1, 0);
    cr_assert_eq(b.ends[0].last, 0xff);
    bench_end();
}

Test(session_read, a_failed_read_lends_nothing)
{
    uint32_t itt = reading(4096, NULL);
    cr_assert(bench_response(itt, 2));
    bench_ended(0, 1, 2);
    cr_assert_not(b.ends[0].lent);
    cr_assert_eq(b.ends[0].transferred, 0);
    bench_end();
}

/* ---- where payload goes ------------------------------------------------------------------------------ */

static struct pdu_place place_of(uint32_t itt, uint32_t offset, uint32_t length, bool with_status)
{
    uint8_t bhs[PDU_BHS];
    struct pdu_place place = {0};
    pdu_put_data_in(bhs, &(struct pdu_data_in){.itt = itt,
                                               .ttt = PDU_TAG_NONE,
                                               .offset = offset,
                                               .data_length = length,
                                               .final = with_status,
                                               .has_status = with_status});
    cr_assert(session_place(&b.s, bhs, &place, &b.e), "%s", b.e.text);
    return place;
}

Test(session_read, a_large_payload_goes_to_the_callers_buffer)
{
    uint32_t itt = reading(1 << 20, in);
    struct pdu_place place = place_of(itt, 0, 262144, false);
    cr_assert_eq(place.to, in);
    cr_assert(place.large);
    bench_end();
}

Test(session_read, a_small_payload_goes_through_the_receive_buffer)
{
    uint32_t itt = reading(4000, in);
    struct pdu_place place = place_of(itt, 0, 4000, false);
    cr_assert_null(place.to);
    cr_assert_not(place.large);
    bench_end();
}

Test(session_read, large_mode_lasts_while_large_reads_are_in_flight)
{
    uint32_t itt = reading(1 << 20, in);
    cr_assert_eq(b.s.large_reads, 1);
    cr_assert(bench_scsi_response(
        (struct pdu_scsi_response){.itt = itt, .underflow = true, .residual = 1 << 20}, 0));
    cr_assert_eq(b.s.large_reads, 0);
    bench_end();
}

Test(session_read, a_large_read_that_never_left)
{
    bench_start();
    struct task *t = bench_read(1 << 20, in, 1);
    session_abort(&b.s, t, LUN_CANCELLED, b.now);
    cr_assert_eq(b.s.large_reads, 0);
    bench_end();
}

/* ---- checks ------------------------------------------------------------------------------------------ */

Test(session_read, datasn_skipped)
{
    uint32_t itt = reading(8192, in);
    cr_assert(data(itt, 0, 0, 4096));
    cr_assert_not(data(itt, 2, 4096, 4096));
    bench_refused("DataSN 2 where 1 was due");
    bench_end();
}

Test(session_read, datasn_twice)
{
    uint32_t itt = reading(8192, in);
    cr_assert(data(itt, 0, 0, 4096));
    cr_assert_not(data(itt, 0, 4096, 4096));
    bench_refused("DataSN 0 where 1 was due");
    bench_end();
}

Test(session_read, a_gap)
{
    uint32_t itt = reading(8192, in);
    cr_assert_not(data(itt, 0, 512, 4096));
    bench_refused("offset 512 where 0 was due");
    bench_end();
}

Test(session_read, an_overlap)
{
    uint32_t itt = reading(8192, in);
    cr_assert(data(itt, 0, 0, 4096));
    cr_assert_not(data(itt, 1, 4095, 4096));
    bench_refused("offset 4095 where 4096 was due");
    bench_end();
}

Test(session_read, more_than_was_asked)
{
    uint32_t itt = reading(4096, in);
    in[4096] = 0x77;
    cr_assert_not(data(itt, 0, 0, 4097));
    bench_refused("bytes 0+4097 of a transfer of 4096");
    cr_assert_eq(in[4096], 0x77);
    bench_end();
}

Test(session_read, more_after_everything)
{
    uint32_t itt = reading(4096, in);
    cr_assert(data(itt, 0, 0, 4096));
    cr_assert_not(data(itt, 1, 4096, 1));
    bench_refused("bytes 4096+1 of a transfer of 4096");
    bench_end();
}

Test(session_read, an_offset_that_wraps)
{
    uint32_t itt = reading(4096, in);
    cr_assert_not(data(itt, 0, UINT32_MAX - 1, 4096));
    bench_refused("Data-In");
    bench_end();
}

Test(session_read, data_for_a_write)
{
    bench_start();
    bench_write(4096, in, 1);
    cr_assert_not(data(bench_command().itt, 0, 0, 512));
    bench_refused("reads nothing");
    bench_end();
}

Test(session_read, data_for_nobody)
{
    bench_start();
    cr_assert_not(data(0x10000, 0, 0, 512));
    bench_refused("Data-In for a task that does not exist");
    bench_end();
}

Test(session_read, status_without_the_f_bit)
{
    uint32_t itt = reading(4096, in);
    cr_assert_not(bench_data_in((struct pdu_data_in){.itt = itt, .data_length = 4096, .has_status = true}));
    bench_refused("malformed Data-In");
    bench_end();
}

/* ---- sums -------------------------------------------------------------------------------------------- */

Test(session_read, good_status_too_early)
{
    uint32_t itt = reading(8192, in);
    cr_assert(data(itt, 0, 0, 4096));
    cr_assert_not(bench_response(itt, 0));
    bench_refused("good status after 4096 of 8192 bytes");
    bench_end();
}

Test(session_read, underflow_is_a_short_read)
{
    uint32_t itt = reading(8192, in);
    cr_assert(bench_data_in((struct pdu_data_in){.itt = itt,
                                                 .data_length = 96,
                                                 .final = true,
                                                 .has_status = true,
                                                 .underflow = true,
                                                 .residual = 8096}));
    bench_ended(0, 1, 0);
    cr_assert_eq(b.ends[0].transferred, 96);
    cr_assert(b.ends[0].underflow);
    bench_end();
}

Test(session_read, underflow_that_claims_more_than_came)
{
    uint32_t itt = reading(8192, in);
    cr_assert_not(bench_data_in((struct pdu_data_in){.itt = itt,
                                                     .data_length = 96,
                                                     .final = true,
                                                     .has_status = true,
                                                     .underflow = true,
                                                     .residual = 8000}));
    bench_refused("good status after 96 of 192 bytes");
    bench_end();
}

Test(session_read, a_failed_read_counts_what_came)
{
    uint32_t itt = reading(8192, in);
    cr_assert(data(itt, 0, 0, 4096));
    cr_assert(bench_response(itt, 2));
    bench_ended(0, 1, 2);
    cr_assert_eq(b.ends[0].transferred, 4096);
    bench_end();
}

Test(session_read, overflow_with_all_of_it)
{
    uint32_t itt = reading(512, in);
    cr_assert(bench_data_in((struct pdu_data_in){.itt = itt,
                                                 .data_length = 512,
                                                 .final = true,
                                                 .has_status = true,
                                                 .overflow = true,
                                                 .residual = 100}));
    bench_ended(0, 1, 0);
    cr_assert_eq(b.ends[0].transferred, 512);
    bench_end();
}

/* Thousands of Data-In: DataSN and offset keep step. */
Test(session_read, in_two_thousand_pieces)
{
    uint32_t itt = reading(2048 * 512, in);
    for (uint32_t i = 0; i < 2048; i++)
        cr_assert(data(itt, i, i * 512, 512), "%s", b.e.text);
    cr_assert(bench_response(itt, 0));
    bench_ended(0, 1, 0);
    pattern(in, 2048 * 512);
    bench_end();
}
