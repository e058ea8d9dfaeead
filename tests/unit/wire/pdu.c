/* SPDX-License-Identifier: Apache-2.0 */
/* Headers of commands, data and task management, byte for byte in both directions. */
#include "pdu_fixture.h"

/* ---- SCSI Command, 11.3 ---- */

SAME_FIELDS(scsi_command, SAME(immediate), SAME(final), SAME(read), SAME(write), SAME(attr), SAME(ahs_words),
            SAME(data_length), SAME(lun), SAME(itt), SAME(edtl), SAME(cmdsn), SAME(expstatsn),
            SAME_BYTES(cdb))

/* RFC 7143, A.4: "An iSCSI - SCSI Read (10) Command PDU" */
BOTH_WAYS(scsi_command, read10_of_the_rfc,
          "01c00000 00000000 00000000 00000000 14000000 00000400 00000014 00000018"
          "28000000 00000000 02000000 00000000",
          .final = true, .read = true, .itt = 0x14000000, .edtl = 1024, .cmdsn = 0x14, .expstatsn = 0x18,
          .cdb = {0x28, [8] = 2})

/* libiscsi 1.19, iscsi-inq */
BOTH_WAYS(scsi_command, inquiry,
          "01c10000 00000000 00010000 00000000 6964991c 00000042 3d3287c8 00000004"
          "12000000 42000000 00000000 00000000",
          .final = true, .read = true, .attr = 1, .lun = 0x0001000000000000, .itt = 0x6964991c, .edtl = 66,
          .cmdsn = 0x3d3287c8, .expstatsn = 4, .cdb = {0x12, [4] = 0x42})

/* libiscsi 1.19, qemu-io: WRITE(10) of 96 KiB with 8 KiB of immediate data */
BOTH_WAYS(scsi_command, write_with_immediate_data,
          "01a10000 00002000 00010000 00000000 020eeab7 00018000 0824dc0c 0000000c"
          "2a080000 00000000 c0000000 00000000",
          .final = true, .write = true, .attr = 1, .data_length = 8192, .lun = 0x0001000000000000,
          .itt = 0x020eeab7, .edtl = 98304, .cmdsn = 0x0824dc0c, .expstatsn = 12,
          .cdb = {0x2a, 0x08, [8] = 0xc0})

/* libiscsi 1.19, any tool: TEST UNIT READY moves no data */
BOTH_WAYS(scsi_command, test_unit_ready,
          "01810000 00000000 00010000 00000000 69649919 00000000 3d3287c5 00000001"
          "00000000 00000000 00000000 00000000",
          .final = true, .attr = 1, .lun = 0x0001000000000000, .itt = 0x69649919, .cmdsn = 0x3d3287c5,
          .expstatsn = 1)

/* 11.3: F=0 and W=1, since unsolicited Data-Out follows */
BOTH_WAYS(scsi_command, write_with_more_to_come,
          "01220000 00fffffd 41230000 00000000 01020304 05060708 090a0b0c 0d0e0f10"
          "8a001112 13141516 17181920 21220000",
          .write = true, .attr = 2, .data_length = 0xfffffd, .lun = 0x4123000000000000, .itt = 0x01020304,
          .edtl = 0x05060708, .cmdsn = 0x090a0b0c, .expstatsn = 0x0d0e0f10,
          .cdb = {0x8a, 0, 0x11, 0x12, 0x13, 0x14, 0x15, 0x16, 0x17, 0x18, 0x19, 0x20, 0x21, 0x22})

/* 11.3 and 11.2.2: immediate, bidirectional, ACA, with the largest AHS */
BOTH_WAYS(scsi_command, every_flag,
          "41e40000 ffffffff ffffffff ffffffff ffffffff ffffffff ffffffff ffffffff"
          "ffffffff ffffffff ffffffff ffffffff",
          .immediate = true, .final = true, .read = true, .write = true, .attr = 4, .ahs_words = 255,
          .data_length = 0xffffff, .lun = UINT64_MAX, .itt = UINT32_MAX, .edtl = UINT32_MAX,
          .cmdsn = UINT32_MAX, .expstatsn = UINT32_MAX,
          .cdb = {255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255})

REFUSES_OTHER_OPCODES(scsi_command, inquiry)
IGNORES_RESERVED(scsi_command, inquiry,
                 "8018ffff 00000000 00000000 00000000 00000000 00000000 00000000 00000000"
                 "00000000 00000000 00000000 00000000")
/* 11.3.1: at least one of W and F is 1 */
REFUSES(scsi_command, neither_w_nor_f,
        "01410000 00000000 00010000 00000000 6964991c 00000042 3d3287c8 00000004"
        "12000000 42000000 00000000 00000000")

/* ---- SCSI Response, 11.4 ---- */

SAME_FIELDS(scsi_response, SAME(overflow), SAME(underflow), SAME(bidi_overflow), SAME(bidi_underflow),
            SAME(response), SAME(status), SAME(data_length), SAME(itt), SAME(snack_tag), SAME(statsn),
            SAME(expcmdsn), SAME(maxcmdsn), SAME(expdatasn), SAME(bidi_residual), SAME(residual))

/* tgt 1.0.85 */
BOTH_WAYS(scsi_response, good,
          "21800000 00000000 00000000 00000000 6964991a 00000000 00000002 3d3287c7"
          "3d328847 00000000 00000000 00000000",
          .itt = 0x6964991a, .statsn = 2, .expcmdsn = 0x3d3287c7, .maxcmdsn = 0x3d328847)

/* tgt 1.0.85: the power-on unit attention, 20 bytes of sense with their length */
BOTH_WAYS(scsi_response, check_condition,
          "21800002 00000014 00000000 00000000 69649919 00000000 00000001 3d3287c6"
          "3d328846 00000000 00000000 00000000",
          .status = 2, .data_length = 20, .itt = 0x69649919, .statsn = 1, .expcmdsn = 0x3d3287c6,
          .maxcmdsn = 0x3d328846)

/* 11.4, 11.4.1: U; bidirectional overflow */
BOTH_WAYS(scsi_response, underflow,
          "21920000 00000000 00000000 00000000 01020304 11121314 21222324 31323334"
          "41424344 51525354 61626364 71727374",
          .underflow = true, .bidi_overflow = true, .itt = 0x01020304, .snack_tag = 0x11121314,
          .statsn = 0x21222324, .expcmdsn = 0x31323334, .maxcmdsn = 0x41424344, .expdatasn = 0x51525354,
          .bidi_residual = 0x61626364, .residual = 0x71727374)

/* 11.4, 11.4.1: O; bidirectional underflow */
BOTH_WAYS(scsi_response, overflow,
          "218c0018 00000000 00000000 00000000 01020304 00000000 21222324 31323334"
          "41424344 00000000 00000001 80000000",
          .overflow = true, .bidi_underflow = true, .status = 0x18, .itt = 0x01020304, .statsn = 0x21222324,
          .expcmdsn = 0x31323334, .maxcmdsn = 0x41424344, .bidi_residual = 1, .residual = 0x80000000)

/* 11.4.3: Target Failure, with a description of 3 bytes */
BOTH_WAYS(scsi_response, target_failure,
          "21800100 00000003 00000000 00000000 01020304 00000000 00000009 00000008"
          "00000007 00000000 00000000 00000000",
          .response = 1, .data_length = 3, .itt = 0x01020304, .statsn = 9, .expcmdsn = 8, .maxcmdsn = 7)

REFUSES_OTHER_OPCODES(scsi_response, good)
REFUSES_WITHOUT_F(scsi_response, good)
IGNORES_RESERVED(scsi_response, good,
                 "c0610000 00000000 ffffffff ffffffff 00000000 00000000 00000000 00000000"
                 "00000000 00000000 00000000 00000000")
/* 11.4.1: O and U, o and u exclude each other */
REFUSES(scsi_response, both_residuals,
        "21860000 00000000 00000000 00000000 6964991a 00000000 00000002 3d3287c7"
        "3d328847 00000000 00000000 00000001")
REFUSES(scsi_response, both_bidi_residuals,
        "21980000 00000000 00000000 00000000 6964991a 00000000 00000002 3d3287c7"
        "3d328847 00000000 00000001 00000000")

/* 11.4.3: with another response the flags are undefined and ignored */
Test(pdu_scsi_response, flags_of_a_failed_command_are_not_judged)
{
    uint8_t bhs[PDU_BHS];
    struct pdu_scsi_response got;
    bhs_of("219e0100 00000000 00000000 00000000 01020304 00000000 00000009 00000008"
           "00000007 00000000 00000000 00000000",
           bhs);
    cr_assert(pdu_get_scsi_response(bhs, &got));
    cr_assert_eq(got.response, 1);
}

/* ---- Task Management Function Request, 11.5 ---- */

SAME_FIELDS(task_request, SAME(immediate), SAME(function), SAME(lun), SAME(itt), SAME(referenced_tag),
            SAME(cmdsn), SAME(expstatsn), SAME(refcmdsn), SAME(expdatasn))

/* libiscsi 1.19, iscsi-test-cu: ABORT TASK */
BOTH_WAYS(task_request, abort_task,
          "42810000 00000000 00010000 00000000 1f5183dc 1f5183db 75870c72 00000003"
          "75870c71 00000000 00000000 00000000",
          .immediate = true, .function = 1, .lun = 0x0001000000000000, .itt = 0x1f5183dc,
          .referenced_tag = 0x1f5183db, .cmdsn = 0x75870c72, .expstatsn = 3, .refcmdsn = 0x75870c71)

/* 11.5: TASK REASSIGN with an ExpDataSN; 11.5.3: no LUN */
BOTH_WAYS(task_request, task_reassign,
          "42880000 00000000 00000000 00000000 01020304 11121314 21222324 31323334"
          "00000000 51525354 00000000 00000000",
          .immediate = true, .function = 8, .itt = 0x01020304, .referenced_tag = 0x11121314,
          .cmdsn = 0x21222324, .expstatsn = 0x31323334, .expdatasn = 0x51525354)

/* 11.5: LOGICAL UNIT RESET, queued like a command; 11.5.4: no referenced tag */
BOTH_WAYS(task_request, lun_reset,
          "02850000 00000000 41020000 00000000 01020304 ffffffff 21222324 31323334"
          "00000000 00000000 00000000 00000000",
          .function = 5, .lun = 0x4102000000000000, .itt = 0x01020304, .referenced_tag = PDU_TAG_NONE,
          .cmdsn = 0x21222324, .expstatsn = 0x31323334)

REFUSES_OTHER_OPCODES(task_request, abort_task)
REFUSES_WITHOUT_F(task_request, abort_task)
IGNORES_RESERVED(task_request, abort_task,
                 "8000ffff 00000000 00000000 00000000 00000000 00000000 00000000 00000000"
                 "00000000 00000000 ffffffff ffffffff")

/* ---- Task Management Function Response, 11.6 ---- */

SAME_FIELDS(task_response, SAME(response), SAME(itt), SAME(statsn), SAME(expcmdsn), SAME(maxcmdsn))

/* tgt 1.0.85: Task does not exist */
BOTH_WAYS(task_response, no_such_task,
          "22800100 00000000 00000000 00000000 1f5183dc 00000000 00000004 75870c72"
          "75870cf2 00000000 00000000 00000000",
          .response = 1, .itt = 0x1f5183dc, .statsn = 4, .expcmdsn = 0x75870c72, .maxcmdsn = 0x75870cf2)

/* 11.6.1: Function rejected */
BOTH_WAYS(task_response, rejected,
          "2280ff00 00000000 00000000 00000000 01020304 00000000 21222324 31323334"
          "41424344 00000000 00000000 00000000",
          .response = 255, .itt = 0x01020304, .statsn = 0x21222324, .expcmdsn = 0x31323334,
          .maxcmdsn = 0x41424344)

REFUSES_OTHER_OPCODES(task_response, rejected)
REFUSES_WITHOUT_F(task_response, rejected)
IGNORES_RESERVED(task_response, no_such_task,
                 "c07f00ff 00000000 ffffffff ffffffff 00000000 ffffffff 00000000 00000000"
                 "00000000 ffffffff ffffffff ffffffff")

/* ---- SCSI Data-Out, 11.7 ---- */

SAME_FIELDS(data_out, SAME(final), SAME(data_length), SAME(lun), SAME(itt), SAME(ttt), SAME(expstatsn),
            SAME(datasn), SAME(offset))

/* libiscsi 1.19, qemu-io: the second and the last of eleven that answer an R2T */
BOTH_WAYS(data_out, solicited,
          "05000000 00002000 00010000 00000000 020eeab7 20385169 00000000 0000000d"
          "00000000 00000001 00004000 00000000",
          .data_length = 8192, .lun = 0x0001000000000000, .itt = 0x020eeab7, .ttt = 0x20385169,
          .expstatsn = 13, .datasn = 1, .offset = 16384)
BOTH_WAYS(data_out, last_of_a_sequence,
          "05800000 00002000 00010000 00000000 020eeab7 20385169 00000000 0000000d"
          "00000000 0000000a 00016000 00000000",
          .final = true, .data_length = 8192, .lun = 0x0001000000000000, .itt = 0x020eeab7, .ttt = 0x20385169,
          .expstatsn = 13, .datasn = 10, .offset = 90112)

/* 11.7, 11.7.4: unsolicited, so no target transfer tag and no LUN */
BOTH_WAYS(data_out, unsolicited,
          "05800000 00010203 00000000 00000000 11121314 ffffffff 00000000 31323334"
          "00000000 51525354 61626364 00000000",
          .final = true, .data_length = 0x010203, .itt = 0x11121314, .ttt = PDU_TAG_NONE,
          .expstatsn = 0x31323334, .datasn = 0x51525354, .offset = 0x61626364)

REFUSES_OTHER_OPCODES(data_out, solicited)
IGNORES_RESERVED(data_out, solicited,
                 "c07fffff 00000000 00000000 00000000 00000000 00000000 ffffffff 00000000"
                 "ffffffff 00000000 00000000 ffffffff")

/* ---- SCSI Data-In, 11.7 ---- */

SAME_FIELDS(data_in, SAME(final), SAME(acknowledge), SAME(overflow), SAME(underflow), SAME(has_status),
            SAME(status), SAME(data_length), SAME(lun), SAME(itt), SAME(ttt), SAME(statsn), SAME(expcmdsn),
            SAME(maxcmdsn), SAME(datasn), SAME(offset), SAME(residual))

/* tgt 1.0.85: 16 KiB with GOOD status */
BOTH_WAYS(data_in, with_status,
          "25810000 00004000 00000000 00000000 020eeab9 ffffffff 0000000e 0824dc0f"
          "0824dc8f 00000000 00000000 00000000",
          .final = true, .has_status = true, .data_length = 16384, .itt = 0x020eeab9, .ttt = PDU_TAG_NONE,
          .statsn = 14, .expcmdsn = 0x0824dc0f, .maxcmdsn = 0x0824dc8f)

/* tgt 1.0.85: MODE SENSE(6) answered with 98 bytes of 255 */
BOTH_WAYS(data_in, with_underflow,
          "25830000 00000062 00000000 00000000 020eeab0 ffffffff 00000005 0824dc06"
          "0824dc86 00000000 00000000 0000009d",
          .final = true, .underflow = true, .has_status = true, .data_length = 98, .itt = 0x020eeab0,
          .ttt = PDU_TAG_NONE, .statsn = 5, .expcmdsn = 0x0824dc06, .maxcmdsn = 0x0824dc86, .residual = 157)

/* 11.7: in the middle of a sequence, nothing but data */
BOTH_WAYS(data_in, without_status,
          "25000000 00002000 00000000 00000000 01020304 ffffffff 00000000 31323334"
          "41424344 51525354 61626364 00000000",
          .data_length = 8192, .itt = 0x01020304, .ttt = PDU_TAG_NONE, .expcmdsn = 0x31323334,
          .maxcmdsn = 0x41424344, .datasn = 0x51525354, .offset = 0x61626364)

/* 11.7.2, 11.7.4: A asks for a DataACK and brings a tag and a LUN; O with a residual */
BOTH_WAYS(data_in, acknowledge_and_overflow,
          "25c50004 00fffffe 01020304 05060708 11121314 21222324 31323334 41424344"
          "51525354 61626364 71727374 81828384",
          .final = true, .acknowledge = true, .overflow = true, .has_status = true, .status = 4,
          .data_length = 0xfffffe, .lun = 0x0102030405060708, .itt = 0x11121314, .ttt = 0x21222324,
          .statsn = 0x31323334, .expcmdsn = 0x41424344, .maxcmdsn = 0x51525354, .datasn = 0x61626364,
          .offset = 0x71727374, .residual = 0x81828384)

REFUSES_OTHER_OPCODES(data_in, with_status)
IGNORES_RESERVED(data_in, with_status,
                 "c038ff00 00000000 00000000 00000000 00000000 00000000 00000000 00000000"
                 "00000000 00000000 00000000 00000000")
/* 11.7.3: S=1 needs F=1 */
REFUSES(data_in, status_without_f,
        "25010000 00004000 00000000 00000000 020eeab9 ffffffff 0000000e 0824dc0f"
        "0824dc8f 00000000 00000000 00000000")
/* 11.4.1 by way of 11.7.3 */
REFUSES(data_in, both_residuals,
        "25870000 00004000 00000000 00000000 020eeab9 ffffffff 0000000e 0824dc0f"
        "0824dc8f 00000000 00000000 00000001")

/* 11.7.3: O and U are only valid with S, so without it they are not judged */
Test(pdu_data_in, residual_flags_without_status_are_not_judged)
{
    uint8_t bhs[PDU_BHS];
    struct pdu_data_in got;
    bhs_of("25860000 00004000 00000000 00000000 020eeab9 ffffffff 0000000e 0824dc0f"
           "0824dc8f 00000000 00000000 00000000",
           bhs);
    cr_assert(pdu_get_data_in(bhs, &got));
    cr_assert_not(got.has_status);
}

/* ---- Ready To Transfer, 11.8 ---- */

SAME_FIELDS(r2t, SAME(lun), SAME(itt), SAME(ttt), SAME(statsn), SAME(expcmdsn), SAME(maxcmdsn), SAME(r2tsn),
            SAME(offset), SAME(length))

/* tgt 1.0.85 */
BOTH_WAYS(r2t, rest_of_a_write,
          "31800000 00000000 00010000 00000000 020eeab7 20385169 0000000c 0824dc0d"
          "0824dc8d 00000000 00002000 00016000",
          .lun = 0x0001000000000000, .itt = 0x020eeab7, .ttt = 0x20385169, .statsn = 12,
          .expcmdsn = 0x0824dc0d, .maxcmdsn = 0x0824dc8d, .offset = 8192, .length = 90112)

/* 11.8 */
BOTH_WAYS(r2t, every_field,
          "31800000 00000000 01020304 05060708 11121314 21222324 31323334 41424344"
          "51525354 61626364 71727374 81828384",
          .lun = 0x0102030405060708, .itt = 0x11121314, .ttt = 0x21222324, .statsn = 0x31323334,
          .expcmdsn = 0x41424344, .maxcmdsn = 0x51525354, .r2tsn = 0x61626364, .offset = 0x71727374,
          .length = 0x81828384)

REFUSES_OTHER_OPCODES(r2t, rest_of_a_write)
REFUSES_WITHOUT_F(r2t, rest_of_a_write)
IGNORES_RESERVED(r2t, rest_of_a_write,
                 "c07fffff 00000000 00000000 00000000 00000000 00000000 00000000 00000000"
                 "00000000 00000000 00000000 00000000")
/* 11.8.5: ffffffff is reserved and never sent in an R2T */
REFUSES(r2t, reserved_tag,
        "31800000 00000000 00010000 00000000 020eeab7 ffffffff 0000000c 0824dc0d"
        "0824dc8d 00000000 00002000 00016000")

/* ---- What all headers share, 11.2.1 ---- */

Test(pdu, opcode_and_immediate)
{
    uint8_t bhs[PDU_BHS] = {0x43};
    cr_assert_eq(pdu_opcode(bhs), PDU_LOGIN_REQUEST);
    cr_assert(pdu_immediate(bhs));
    bhs[0] = 0xbf; /* the first bit is reserved */
    cr_assert_eq(pdu_opcode(bhs), PDU_REJECT);
    cr_assert_not(pdu_immediate(bhs));
}

Test(pdu, lengths)
{
    uint8_t bhs[PDU_BHS] = {[4] = 255, 0x12, 0x34, 0x56};
    cr_assert_eq(pdu_ahs_length(bhs), 1020);
    cr_assert_eq(pdu_data_length(bhs), 0x123456);
}

Test(pdu, set_lengths)
{
    uint8_t bhs[PDU_BHS];
    memset(bhs, 0xa5, sizeof bhs);
    pdu_set_lengths(bhs, 1020, 0xfffffe);
    const uint8_t want[] = {0xa5, 0xa5, 0xa5, 0xa5, 0xff, 0xff, 0xff, 0xfe, 0xa5};
    cr_assert_arr_eq(bhs, want, sizeof want);
    pdu_set_lengths(bhs, 8, 5);
    cr_assert_eq(pdu_ahs_length(bhs), 8);
    cr_assert_eq(pdu_data_length(bhs), 5);
}

Test(pdu, padding) /* 11.1: to a multiple of four */
{
    const uint32_t want[] = {0, 3, 2, 1, 0, 3};
    for (uint32_t n = 0; n < 6; n++)
        cr_assert_eq(pdu_padding(n), want[n]);
    cr_assert_eq(pdu_padding(0xffffff), 1);
}

Test(pdu, tags_and_numbers_by_offset) /* 11.2.1.8: the tag is always at 16 */
{
    uint8_t bhs[PDU_BHS];
    for (unsigned i = 0; i < PDU_BHS; i++)
        bhs[i] = (uint8_t)i;
    cr_assert_eq(pdu_itt(bhs), 0x10111213);
    cr_assert_eq(pdu_sn(bhs), 0x18191a1b);
}

Test(pdu, names)
{
    cr_assert_str_eq(pdu_name(0x25), "SCSI Data-In");
    cr_assert_str_eq(pdu_name(0x00), "NOP-Out");
    cr_assert_str_eq(pdu_name(0x3f), "Reject");
    cr_assert_str_eq(pdu_name(0x07), "unknown");
    cr_assert_str_eq(pdu_name(0xff), "unknown");
}
