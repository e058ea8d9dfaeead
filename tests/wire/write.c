/* SPDX-License-Identifier: Apache-2.0 */
/* Data-Out: immediate, unsolicited and solicited data in all four combinations of ImmediateData and
 * InitialR2T; R2T of every kind, and which are refused. RFC 7143 4.2.5.2, 11.3.4, 11.7, 11.8, 13.10, 13.11.
 */
#include <criterion/criterion.h>

#include "rig.h"

#define BURSTS " MaxRecvDataSegmentLength=1024 FirstBurstLength=2048 MaxBurstLength=2048\n"
#define OPENED "serve opened\n"

static void works(struct rig *r, size_t n)
{
    rig_open(r);
    rig_write(r, 0, n);
    rig_end(r);
}

/* InitialR2T=Yes, ImmediateData=No: nothing moves before the R2T. */
Test(write, s13_11_solicited_only)
{
    works(RIG("login InitialR2T=Yes ImmediateData=No" BURSTS OPENED
              "expect ScsiCommand as=w cdb=write(0,8) F=1 W=1 R=0 attr=1 edtl=4096\n"
              "send R2T ttt=0x51 r2tsn=0 offset=0 length=2048\n"
              "expect DataOut to=w ttt=0x51 datasn=0 offset=0 F=0 data=pattern(0,1024) expstatsn=+0\n"
              "expect DataOut to=w ttt=0x51 datasn=1 offset=1024 F=1 data=pattern(1024,1024)\n"
              "send R2T to=w ttt=0x52 r2tsn=1 offset=2048 length=2048\n"
              "expect DataOut to=w ttt=0x52 datasn=0 offset=2048 F=0 data=pattern(2048,1024)\n"
              "expect DataOut to=w ttt=0x52 datasn=1 offset=3072 F=1 data=pattern(3072,1024)\n"
              "send ScsiResponse to=w\n"),
          4096);
}

/* InitialR2T=Yes, ImmediateData=Yes: one segment with the command, the rest solicited. */
Test(write, s13_11_immediate_then_solicited)
{
    works(RIG("login InitialR2T=Yes ImmediateData=Yes" BURSTS OPENED
              "expect ScsiCommand as=w cdb=write(0,8) F=1 W=1 edtl=4096 data=pattern(0,1024)\n"
              "send R2T r2tsn=0 offset=1024 length=2048\n"
              "expect DataOut to=w datasn=0 offset=1024 F=0 data=pattern(1024,1024)\n"
              "expect DataOut to=w datasn=1 offset=2048 F=1 data=pattern(2048,1024)\n"
              "send R2T to=w r2tsn=1 offset=3072 length=1024\n"
              "expect DataOut to=w datasn=0 offset=3072 F=1 data=pattern(3072,1024)\n"
              "send ScsiResponse to=w\n"),
          4096);
}

/* InitialR2T=No, ImmediateData=No: FirstBurstLength of it unasked, TTT ffffffff, F=0 in the command. */
Test(write, s13_11_unsolicited_then_solicited)
{
    works(RIG("login InitialR2T=No ImmediateData=No" BURSTS OPENED
              "expect ScsiCommand as=w cdb=write(0,8) F=0 W=1 edtl=4096\n"
              "expect DataOut to=w ttt=0xffffffff datasn=0 offset=0 F=0 data=pattern(0,1024)\n"
              "expect DataOut to=w ttt=0xffffffff datasn=1 offset=1024 F=1 data=pattern(1024,1024)\n"
              "send R2T to=w ttt=9 r2tsn=0 offset=2048 length=2048\n"
              "expect DataOut to=w ttt=9 datasn=0 offset=2048 F=0 data=pattern(2048,1024)\n"
              "expect DataOut to=w ttt=9 datasn=1 offset=3072 F=1 data=pattern(3072,1024)\n"
              "send ScsiResponse to=w\n"),
          4096);
}

/* InitialR2T=No, ImmediateData=Yes: immediate and unsolicited together are exactly FirstBurstLength (11.3.4).
 */
Test(write, s11_3_4_immediate_unsolicited_solicited)
{
    works(RIG("login InitialR2T=No ImmediateData=Yes" BURSTS OPENED
              "expect ScsiCommand as=w cdb=write(0,8) F=0 W=1 edtl=4096 data=pattern(0,1024)\n"
              "expect DataOut to=w ttt=0xffffffff datasn=0 offset=1024 F=1 data=pattern(1024,1024)\n"
              "send R2T to=w r2tsn=0 offset=2048 length=2048\n"
              "expect DataOut to=w datasn=0 offset=2048 F=0 data=pattern(2048,1024)\n"
              "expect DataOut to=w datasn=1 offset=3072 F=1 data=pattern(3072,1024)\n"
              "send ScsiResponse to=w\n"),
          4096);
}

/* All of it fits: F=1, nothing follows. */
Test(write, s11_3_4_all_immediate)
{
    works(RIG("login InitialR2T=No ImmediateData=Yes" BURSTS OPENED
              "expect ScsiCommand as=w cdb=write(0,2) F=1 W=1 edtl=1024 data=pattern(0,1024)\n"
              "ping\n"
              "send ScsiResponse to=w\n"),
          1024);
}

/* EDTL below FirstBurstLength: unsolicited data ends with EDTL. */
Test(write, s4_2_5_2_all_unsolicited)
{
    works(RIG("login InitialR2T=No ImmediateData=Yes" BURSTS OPENED
              "expect ScsiCommand as=w cdb=write(0,3) F=0 W=1 edtl=1536 data=pattern(0,1024)\n"
              "expect DataOut to=w ttt=0xffffffff datasn=0 offset=1024 F=1 data=pattern(1024,512)\n"
              "ping\n"
              "send ScsiResponse to=w\n"),
          1536);
}

/* FirstBurstLength below one segment bounds the immediate data too (libiscsi#144). */
Test(write, s13_14_first_burst_below_a_segment)
{
    works(RIG("login InitialR2T=Yes ImmediateData=Yes MaxRecvDataSegmentLength=8192 FirstBurstLength=512 "
              "MaxBurstLength=8192\n" OPENED
              "expect ScsiCommand as=w cdb=write(0,4) F=1 W=1 edtl=2048 data=pattern(0,512)\n"
              "send R2T offset=512 length=1536\n"
              "expect DataOut to=w offset=512 F=1 data=pattern(512,1536)\n"
              "send ScsiResponse to=w\n"),
          2048);
}

/* ---- R2T ---- */

#define SOLICITED                                                                                            \
    "login InitialR2T=Yes ImmediateData=No MaxOutstandingR2T=4 MaxRecvDataSegmentLength=8192 "               \
    "FirstBurstLength=4096 MaxBurstLength=4096\n" OPENED                                                     \
    "expect ScsiCommand as=w cdb=write(0,8) F=1 edtl=4096\n"

/* 11.8.4: any offset and length; padding on the wire (the referee looks at it). */
Test(write_r2t, s11_8_4_odd_offset_and_length)
{
    works(RIG(SOLICITED "send R2T r2tsn=0 offset=0 length=1\n"
                        "expect DataOut to=w offset=0 F=1 data=pattern(0,1)\n"
                        "send R2T to=w r2tsn=1 offset=1 length=1022\n"
                        "expect DataOut to=w offset=1 F=1 data=pattern(1,1022)\n"
                        "send R2T to=w r2tsn=2 offset=1023 length=3073\n"
                        "expect DataOut to=w offset=1023 F=1 data=pattern(1023,3073)\n"
                        "send ScsiResponse to=w\n"),
          4096);
}

/* 13.17: several at once; each is served with its own TTT and its own DataSN. */
Test(write_r2t, s13_17_several_outstanding)
{
    works(RIG(SOLICITED "send R2T ttt=1 r2tsn=0 offset=0 length=1024\n"
                        "send R2T ttt=2 r2tsn=1 offset=1024 length=1024\n"
                        "send R2T ttt=3 r2tsn=2 offset=2048 length=2048\n"
                        "expect DataOut to=w ttt=1 datasn=0 offset=0 F=1 data=pattern(0,1024)\n"
                        "expect DataOut to=w ttt=2 datasn=0 offset=1024 F=1 data=pattern(1024,1024)\n"
                        "expect DataOut to=w ttt=3 datasn=0 offset=2048 F=1 data=pattern(2048,2048)\n"
                        "send ScsiResponse to=w\n"),
          4096);
}

/* The data come from the R2T's offset, not from a cursor. */
Test(write_r2t, s11_8_4_reverse_order)
{
    works(RIG(SOLICITED "send R2T r2tsn=0 offset=3072 length=1024\n"
                        "expect DataOut to=w offset=3072 F=1 data=pattern(3072,1024)\n"
                        "send R2T to=w r2tsn=1 offset=0 length=3072\n"
                        "expect DataOut to=w offset=0 F=1 data=pattern(0,3072)\n"
                        "send ScsiResponse to=w\n"),
          4096);
}

/* A target may ask for the same bytes again. */
Test(write_r2t, s4_2_5_2_same_range_twice)
{
    works(RIG(SOLICITED "send R2T r2tsn=0 offset=0 length=4096\n"
                        "expect DataOut to=w offset=0 F=1 data=pattern(0,4096)\n"
                        "send R2T to=w r2tsn=1 offset=512 length=512\n"
                        "expect DataOut to=w offset=512 F=1 data=pattern(512,512)\n"
                        "send ScsiResponse to=w\n"),
          4096);
}

/* 11.8.3: an R2T carries the next StatSN and does not use it up: acknowledging it would be wrong. */
Test(write_r2t, s11_8_3_does_not_advance_expstatsn)
{
    works(RIG(SOLICITED "send R2T r2tsn=0 offset=0 length=2048\n"
                        "expect DataOut to=w expstatsn=+0 data=pattern(0,2048) offset=0\n"
                        "send R2T to=w r2tsn=1 offset=2048 length=2048\n"
                        "expect DataOut to=w expstatsn=+0 data=pattern(2048,2048) offset=2048\n"
                        "send ScsiResponse to=w\n"),
          4096);
}

/* The LUN of a Data-Out is the command's (11.7.4); here it is not 0. */
Test(write_r2t, s11_7_4_lun_is_the_commands)
{
    works(RIG("device luns=5\n"
              "login InitialR2T=Yes ImmediateData=No\n" OPENED
              "expect ScsiCommand as=w cdb=write(0,1) lun=0x0005000000000000\n"
              "send R2T offset=0 length=512\n"
              "expect DataOut to=w lun=0x0005000000000000 data=pattern(0,512)\n"
              "send ScsiResponse to=w\n"),
          512);
}

/* Status may come before all data were asked for: then nothing more is sent. */
Test(write_r2t, s11_4_2_early_status_ends_it)
{
    struct rig *r = RIG(SOLICITED "send R2T offset=0 length=512\n"
                                  "expect DataOut to=w offset=0 F=1 data=pattern(0,512)\n"
                                  "send ScsiResponse to=w sense=05/24/00 U=1 residual=3584\n"
                                  "ping\n"
                                  "mark quiet\n");
    rig_open(r);
    rig_ends(rig_start(r, LUN_OP_WRITE, 0, 4096), LUN_SCSI);
    rig_await(r, "quiet");
    rig_end(r);
}

static void given_up(struct rig *r, const char *words)
{
    rig_open(r);
    struct rig_io *io = rig_start(r, LUN_OP_WRITE, 0, 4096);
    rig_lost(r, LUN_PROTOCOL, words);
    rig_close(r);
    rig_fails(io);
    rig_end(r);
}

#define REFUSED(r2t, words) given_up(RIG(SOLICITED r2t "expect-close\n"), words)

Test(write_r2t_refuses, s11_8_4_zero_length)
{
    REFUSED("send R2T r2tsn=0 offset=0 length=0\n", "R2T");
}

/* 11.8.4: not beyond MaxBurstLength. */
Test(write_r2t_refuses, s11_8_4_longer_than_a_burst)
{
    given_up(RIG("login InitialR2T=Yes ImmediateData=No FirstBurstLength=2048 MaxBurstLength=2048\n" OPENED
                 "expect ScsiCommand as=w\n"
                 "send R2T r2tsn=0 offset=0 length=2049\n"
                 "expect-close\n"),
             "MaxBurstLength");
}

/* Bytes past the end of the data would be someone else's memory. */
Test(write_r2t_refuses, s11_8_4_past_the_end)
{
    REFUSED("send R2T r2tsn=0 offset=4095 length=2\n", "R2T");
}

Test(write_r2t_refuses, s11_8_4_offset_that_overflows)
{
    REFUSED("send R2T r2tsn=0 offset=0xfffffe00 length=1024\n", "R2T");
}

Test(write_r2t_refuses, s11_8_2_r2tsn_out_of_order)
{
    REFUSED("send R2T r2tsn=1 offset=0 length=512\n", "R2TSN");
}

Test(write_r2t_refuses, s11_8_2_r2tsn_that_repeats)
{
    REFUSED("send R2T r2tsn=0 offset=0 length=512\n"
            "expect DataOut to=w offset=0 data=pattern(0,512)\n"
            "send R2T to=w r2tsn=0 offset=512 length=512\n",
            "R2TSN");
}

/* 11.8.5: the TTT is never ffffffff. */
Test(write_r2t_refuses, s11_8_5_reserved_ttt)
{
    REFUSED("send R2T ttt=0xffffffff r2tsn=0 offset=0 length=512\n", "R2T");
}

Test(write_r2t_refuses, s4_2_5_3_for_nobody)
{
    REFUSED("send R2T itt=0x00770077 r2tsn=0 offset=0 length=512\n", "R2T");
}

Test(write_r2t_refuses, s11_8_1_with_a_data_segment)
{
    REFUSED("send R2T r2tsn=0 offset=0 length=512 data=zeros(4)\n", "R2T");
}

/* Data-In for a write that reads nothing. */
Test(write_r2t_refuses, s4_2_5_3_data_in_for_a_write)
{
    REFUSED("send DataIn data=zeros(512)\n", "Data-In");
}
