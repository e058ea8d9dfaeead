/* SPDX-License-Identifier: Apache-2.0 */
/* Data-In: status with data or apart, several PDUs, residuals; and what of it is refused. RFC
 * 7143 11.3, 11.4, 11.7. */
#include <criterion/criterion.h>
#include <string.h>

#include "rig.h"

#define OPENED "login\nserve opened\n"
#define READ_4096 "expect ScsiCommand as=r cdb=read(0,8) F=1 R=1 W=0 attr=1 lun=0 edtl=4096\n"

/* Opens, reads 4096 bytes at 0 well, closes. */
static void works(struct rig *r)
{
    rig_open(r);
    rig_read(r, 0, 4096);
    rig_end(r);
}

/* The same read makes us give the connection up. */
static void given_up(struct rig *r, const char *words)
{
    rig_open(r);
    struct rig_io *io = rig_start(r, LUN_OP_READ, 0, 4096);
    rig_lost(r, LUN_PROTOCOL, words);
    rig_close(r);
    rig_fails(io);
    rig_end(r);
}

Test(read, s11_7_status_in_the_data)
{
    works(RIG(OPENED READ_4096 "send DataIn datasn=0 offset=0 data=pattern(0,4096) S=1 status=0\n"));
}

Test(read, s11_4_separate_response)
{
    works(RIG(OPENED READ_4096 "send DataIn datasn=0 offset=0 data=pattern(0,4096)\n"
                               "send ScsiResponse expdatasn=1\n"));
}

Test(read, s11_7_5_several_pdus)
{
    works(RIG(OPENED READ_4096 "send DataIn datasn=0 offset=0 F=0 data=pattern(0,512)\n"
                               "send DataIn datasn=1 offset=512 F=0 data=pattern(512,2048)\n"
                               "send DataIn datasn=2 offset=2560 S=1 data=pattern(2560,1536)\n"));
}

/* 11.7.1: F ends a sequence (MaxBurstLength), not the command; DataSN runs on. */
Test(read, s11_7_1_several_sequences)
{
    works(RIG(OPENED READ_4096 "send DataIn datasn=0 offset=0 F=1 data=pattern(0,2048)\n"
                               "send DataIn datasn=1 offset=2048 F=1 data=pattern(2048,2048)\n"
                               "send ScsiResponse expdatasn=2\n"));
}

/* 11.2.3: padding, whatever its bytes, stays out of the buffer. */
Test(read, s11_1_odd_lengths_are_padded)
{
    works(RIG(OPENED READ_4096 "send DataIn datasn=0 offset=0 F=0 pad=0xee data=pattern(0,1)\n"
                               "send DataIn datasn=1 offset=1 F=0 pad=0xee data=pattern(1,1022)\n"
                               "send DataIn datasn=2 offset=1023 F=0 pad=0xee data=pattern(1023,3)\n"
                               "send DataIn datasn=3 offset=1026 S=1 pad=0xee data=pattern(1026,3070)\n"));
}

/* Framing does not depend on how TCP cuts the stream. */
Test(read, single_bytes_on_the_wire)
{
    works(RIG(OPENED READ_4096 "send DataIn datasn=0 data=pattern(0,4096) S=1 split=1\n"));
}

Test(read, pieces_of_49_bytes_on_the_wire)
{
    works(RIG(OPENED READ_4096 "send DataIn datasn=0 F=0 data=pattern(0,2000) split=49\n"
                               "send DataIn datasn=1 offset=2000 data=pattern(2000,2096) split=49\n"
                               "send ScsiResponse split=49\n"));
}

/* An empty Data-In that brings only status. */
Test(read, s11_7_7_status_in_an_empty_last_pdu)
{
    works(RIG(OPENED READ_4096 "send DataIn datasn=0 F=0 data=pattern(0,4096)\n"
                               "send DataIn datasn=1 offset=4096 S=1\n"));
}

/* 11.2.2: additional header segments nobody asked for are skipped. */
Test(read, s11_2_1_5_ahs_on_data_is_skipped)
{
    works(RIG(OPENED READ_4096 "send DataIn datasn=0 data=pattern(0,4096) S=1 ahs=hex(0005c00001020304)\n"));
}

Test(read, s11_2_1_5_ahs_on_response_is_skipped)
{
    works(RIG(OPENED READ_4096 "send DataIn datasn=0 data=pattern(0,4096)\n"
                               "send ScsiResponse ahs=fill(0x40,1020)\n"));
}

/* 11.4.5.1: overflow with GOOD: the device had more; what was asked for is there. */
Test(read, s11_4_5_overflow_is_not_short)
{
    works(RIG(OPENED READ_4096 "send DataIn datasn=0 data=pattern(0,4096) S=1 O=1 residual=512\n"));
}

/* Several reads under way, answered in reverse. */
Test(read, s4_2_2_3_answers_in_reverse_order)
{
    struct rig *r = RIG(OPENED "expect ScsiCommand as=a cdb=read(0,1) edtl=512\n"
                               "mark first\n"
                               "expect ScsiCommand as=b cdb=read(8,1) edtl=512\n"
                               "send DataIn to=b data=pattern(4096,512) S=1\n"
                               "send DataIn to=a data=pattern(0,512) S=1\n");
    rig_open(r);
    struct rig_io *a = rig_start(r, LUN_OP_READ, 0, 512);
    rig_await(r, "first");
    struct rig_io *b = rig_start(r, LUN_OP_READ, 4096, 512);
    uint8_t want[512];
    rig_ends_with(a, 512, (script_pattern(want, 0, 512), want));
    rig_ends_with(b, 512, (script_pattern(want, 4096, 512), want));
    rig_end(r);
}

/* Data-In PDUs of two commands in turn: each has its own DataSN. */
Test(read, s4_2_5_2_interleaved_data)
{
    struct rig *r = RIG(OPENED "expect ScsiCommand as=a cdb=read(0,2) edtl=1024\n"
                               "mark first\n"
                               "expect ScsiCommand as=b cdb=read(8,2) edtl=1024\n"
                               "send DataIn to=a datasn=0 F=0 data=pattern(0,512)\n"
                               "send DataIn to=b datasn=0 F=0 data=pattern(4096,512)\n"
                               "send DataIn to=b datasn=1 offset=512 data=pattern(4608,512) S=1\n"
                               "send DataIn to=a datasn=1 offset=512 data=pattern(512,512) S=1\n");
    rig_open(r);
    struct rig_io *a = rig_start(r, LUN_OP_READ, 0, 1024);
    rig_await(r, "first");
    struct rig_io *b = rig_start(r, LUN_OP_READ, 4096, 1024);
    uint8_t want[1024];
    rig_ends_with(a, 1024, (script_pattern(want, 0, 1024), want));
    rig_ends_with(b, 1024, (script_pattern(want, 4096, 1024), want));
    rig_end(r);
}

/* 11.4.5.1: INQUIRY with less data than room: the residual says how much less. */
Test(read, s11_4_5_1_underflow_shortens)
{
    struct rig *r = RIG(OPENED "auto off\n"
                               "expect ScsiCommand cdb=12000000ff00* edtl=255 R=1\n"
                               "send DataIn data=fill(0x11,36) S=1 U=1 residual=219\n");
    rig_open(r);
    struct rig_io *io = rig_start(r, LUN_OP_INQUIRY, 0, 255);
    uint8_t want[36];
    memset(want, 0x11, sizeof want);
    rig_ends_with(io, 36, want);
    rig_end(r);
}

/* A READ that gets fewer blocks than it asked for with GOOD must not pass for a whole one. */
Test(read, s11_4_5_1_short_read_is_an_error)
{
    struct rig *r = RIG(OPENED READ_4096 "send DataIn data=pattern(0,512) S=1 U=1 residual=3584\n");
    rig_open(r);
    rig_fails(rig_start(r, LUN_OP_READ, 0, 4096));
    rig_end(r);
}

/* ---- What makes us give the connection up (11.7.5-11.7.7; 7.9) ---- */

#define REFUSED(data, words) given_up(RIG(OPENED READ_4096 data "expect-close\n"), words)

Test(read_refuses, s7_9_datasn_that_skips)
{
    REFUSED("send DataIn datasn=1 data=pattern(0,4096) S=1\n", "DataSN");
}

Test(read_refuses, s7_9_datasn_that_repeats)
{
    REFUSED("send DataIn datasn=0 F=0 data=pattern(0,2048)\n"
            "send DataIn datasn=0 offset=2048 data=pattern(2048,2048) S=1\n",
            "DataSN");
}

/* DataPDUInOrder and DataSequenceInOrder are Yes: no holes, no steps back. */
Test(read_refuses, s13_18_offset_that_skips)
{
    REFUSED("send DataIn datasn=0 offset=512 data=pattern(512,3584) S=1\n", "offset");
}

Test(read_refuses, s13_18_offset_that_goes_back)
{
    REFUSED("send DataIn datasn=0 F=0 data=pattern(0,2048)\n"
            "send DataIn datasn=1 offset=0 data=pattern(0,2048) S=1\n",
            "offset");
}

Test(read_refuses, s11_7_6_more_data_than_asked_for)
{
    REFUSED("send DataIn datasn=0 data=pattern(0,4100) S=1\n", "");
}

Test(read_refuses, s11_7_6_data_past_the_end)
{
    REFUSED("send DataIn datasn=0 F=0 data=pattern(0,4096)\n"
            "send DataIn datasn=1 offset=4096 F=0 data=zeros(4)\n",
            "");
}

Test(read_refuses, s11_7_6_offset_that_overflows)
{
    REFUSED("send DataIn datasn=0 offset=0xffffff00 data=pattern(0,512)\n", "");
}

/* GOOD, no residual, and half the data: something is lost. */
Test(read_refuses, s7_9_good_status_without_all_data)
{
    REFUSED("send DataIn datasn=0 data=pattern(0,2048) S=1\n", "");
}

Test(read_refuses, s11_4_5_1_residual_larger_than_the_transfer)
{
    REFUSED("send DataIn datasn=0 data=pattern(0,4096) S=1 U=1 residual=4097\n", "residual");
}

/* 11.4.5: O and U exclude each other. */
Test(read_refuses, s11_4_1_overflow_and_underflow)
{
    REFUSED("send DataIn datasn=0 data=pattern(0,4096) S=1 U=1 O=1 residual=1\n", "");
}

/* 11.7.3: S only in a final PDU. */
Test(read_refuses, s11_7_3_status_without_final)
{
    REFUSED("send DataIn datasn=0 F=0 S=1 data=pattern(0,4096)\n", "");
}

Test(read_refuses, s4_2_5_3_data_for_nobody)
{
    REFUSED("send DataIn itt=0x00420042 data=pattern(0,4096) S=1\n", "");
}

/* A second response to a command that has ended. */
Test(read_refuses, s4_2_5_3_second_status)
{
    struct rig *r = RIG(OPENED READ_4096 "send DataIn data=pattern(0,4096) S=1\n"
                                         "send ScsiResponse\n"
                                         "expect-close\n");
    rig_open(r);
    rig_read(r, 0, 4096);
    rig_lost(r, LUN_PROTOCOL, "");
    rig_end(r);
}

Test(read_refuses, s4_2_5_3_data_after_the_end)
{
    struct rig *r = RIG(OPENED READ_4096 "send DataIn data=pattern(0,4096) S=1\n"
                                         "send DataIn datasn=1 data=fill(0x66,4096)\n"
                                         "expect-close\n");
    rig_open(r);
    rig_read(r, 0, 4096);
    rig_lost(r, LUN_PROTOCOL, "");
    rig_end(r);
}

Test(read_refuses, s4_2_5_3_r2t_for_a_read)
{
    REFUSED("send R2T r2tsn=0 offset=0 length=4096\n", "R2T");
}

/* 4.2.2.2, ErrorRecoveryLevel 0: a hole in StatSN is a lost answer. */
Test(read_refuses, s7_9_statsn_that_skips)
{
    REFUSED("send DataIn data=pattern(0,4096) S=1 statsn=+1\n", "StatSN");
}
