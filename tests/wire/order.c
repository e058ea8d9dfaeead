/* SPDX-License-Identifier: Apache-2.0 */
/* Data in another order than that of their offsets, where that was agreed on: RFC 7143 13.18, 13.19. */
#include <criterion/criterion.h>

#include <stdio.h>
#include <string.h>

#include "rig.h"

#define READ_4096 "serve opened\nexpect ScsiCommand as=r cdb=read(0,8) F=1 R=1 edtl=4096\n"
#define PART(sn, offset, n, more)                                                                            \
    "send DataIn to=r datasn=" #sn " offset=" #offset " data=pattern(" #offset "," #n ") " more "\n"
#define STATUS "send ScsiResponse to=r\n"

#define ANY "login DataPDUInOrder=No DataSequenceInOrder=No\n"
#define ANY_PDU "login DataPDUInOrder=No DataSequenceInOrder=Yes\n"
#define ANY_SEQUENCE "login DataPDUInOrder=Yes DataSequenceInOrder=No\n"

static struct rig *offering(const char *text, int line)
{
    struct rig *r = rig_new(text, __FILE__, line);
    r->options.data_pdu_in_order = r->options.data_sequence_in_order = 1;
    return r;
}

#define OFFERING(text) offering(text, __LINE__)

static void works(struct rig *r)
{
    rig_open(r);
    rig_read(r, 0, 4096);
    rig_end(r);
}

static void given_up(struct rig *r, const char *words)
{
    rig_open(r);
    struct rig_io *io = rig_start(r, LUN_OP_READ, 0, 4096);
    rig_lost(r, LUN_PROTOCOL, words);
    rig_close(r);
    rig_fails(io);
    rig_end(r);
}

Test(order, s13_18_offers_yes)
{
    struct rig *r =
        RIG("expect LoginRequest\nsend LoginResponse text{AuthMethod=None TargetPortalGroupTag=1}\n"
            "expect LoginRequest as=l text{DataPDUInOrder=Yes DataSequenceInOrder=Yes}\n"
            "close\n");
    rig_refused(r, LUN_CONNECT, "");
    rig_end(r);
}

Test(order, s13_18_offers_no_when_told_to)
{
    struct rig *r =
        OFFERING("expect LoginRequest\nsend LoginResponse text{AuthMethod=None TargetPortalGroupTag=1}\n"
                 "expect LoginRequest as=l text{DataPDUInOrder=No DataSequenceInOrder=No}\n"
                 "close\n");
    rig_refused(r, LUN_CONNECT, "");
    rig_end(r);
}

/* ---- accepted ---- */

Test(order, s13_18_pdus_backwards)
{
    works(OFFERING(ANY READ_4096 PART(0, 3072, 1024, "F=0") PART(1, 2048, 1024, "F=0")
                       PART(2, 1024, 1024, "F=0") PART(3, 0, 1024, "F=1") STATUS));
}

/* The last of the bytes are not in the last of the PDUs, which brings the status. */
Test(order, s13_18_status_with_the_first_bytes)
{
    works(OFFERING(ANY READ_4096 PART(0, 512, 3584, "F=0") PART(1, 0, 512, "F=1 S=1")));
}

Test(order, s13_18_of_odd_lengths)
{
    works(OFFERING(ANY READ_4096 PART(0, 4095, 1, "F=0") PART(1, 1, 2, "F=0") PART(2, 0, 1, "F=0")
                       PART(3, 3, 4092, "F=1 S=1")));
}

Test(order, s13_18_within_a_sequence)
{
    works(OFFERING(ANY_PDU READ_4096 PART(0, 1024, 1024, "F=0") PART(1, 0, 1024, "F=1")
                       PART(2, 3072, 1024, "F=0") PART(3, 2048, 1024, "F=1") STATUS));
}

Test(order, s13_19_sequences)
{
    works(OFFERING(ANY_SEQUENCE READ_4096 PART(0, 2048, 1024, "F=0") PART(1, 3072, 1024, "F=1")
                       PART(2, 0, 1024, "F=0") PART(3, 1024, 1024, "F=1") STATUS));
}

/* No was offered, and the target wants order: OR. */
Test(order, s13_18_target_that_says_yes)
{
    given_up(
        OFFERING("login DataPDUInOrder=Yes DataSequenceInOrder=Yes\n" READ_4096 PART(0, 1024, 1024, "F=0")),
        "Data-In at offset 1024 where 0 was due");
}

/* ---- refused ---- */

Test(order, s13_19_sequence_out_of_order)
{
    given_up(OFFERING(ANY_PDU READ_4096 PART(0, 2048, 1024, "F=1") PART(1, 0, 1024, "F=1")),
             "Data-In at offset 0 where 3072 was due");
}

Test(order, s13_18_pdu_out_of_order)
{
    given_up(OFFERING(ANY_SEQUENCE READ_4096 PART(0, 1024, 512, "F=0") PART(1, 2048, 1024, "F=0")),
             "Data-In at offset 2048 where 1536 was due");
}

Test(order, s13_18_some_bytes_twice)
{
    given_up(OFFERING(ANY READ_4096 PART(0, 1024, 1024, "F=0") PART(1, 0, 1025, "F=0")), "some came before");
}

Test(order, s13_18_the_same_bytes_twice)
{
    given_up(OFFERING(ANY READ_4096 PART(0, 1024, 1024, "F=0") PART(1, 1024, 1024, "F=0")),
             "some came before");
}

Test(order, s13_18_good_status_with_a_gap)
{
    given_up(OFFERING(ANY READ_4096 PART(0, 1024, 3072, "F=0") PART(1, 0, 1023, "F=1") STATUS),
             "good status after 1023 of 4096 bytes");
}

/* 11.7.5: DataSN counts on whatever the offsets. */
Test(order, s11_7_5_datasn_is_in_order_always)
{
    given_up(OFFERING(ANY READ_4096 PART(1, 2048, 2048, "F=0")), "DataSN 1 where 0 was due");
}

/* What is remembered of a task is bounded. */
Test(order, s13_18_more_gaps_than_are_kept)
{
    static char text[16384] = ANY READ_4096;
    for (int i = 0; i <= 64; i++)
        snprintf(text + strlen(text), 128, "send DataIn to=r datasn=%d offset=%d F=0 data=pattern(%d,1)\n", i,
                 2 * i, 2 * i);
    given_up(OFFERING(text), "63 gaps");
}

/* R2T in any order of offsets: our Data-Out follow them. */
Test(order, s13_19_r2t_backwards)
{
    struct rig *r = OFFERING("login DataPDUInOrder=No DataSequenceInOrder=No MaxOutstandingR2T=2 "
                             "InitialR2T=Yes ImmediateData=No\nserve opened\n"
                             "expect ScsiCommand as=w cdb=write(0,8)\n"
                             "send R2T to=w ttt=1 r2tsn=0 offset=2048 length=2048\n"
                             "send R2T to=w ttt=2 r2tsn=1 offset=0 length=2048\n"
                             "expect DataOut ttt=1 datasn=0 offset=2048 F=1 data=pattern(2048,2048)\n"
                             "expect DataOut ttt=2 datasn=0 offset=0 F=1 data=pattern(0,2048)\n"
                             "send ScsiResponse to=w\n");
    rig_open(r);
    rig_write(r, 0, 4096);
    rig_end(r);
}
