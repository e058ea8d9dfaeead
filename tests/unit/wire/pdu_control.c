/* SPDX-License-Identifier: Apache-2.0 */
/* Headers of login, logout, text, NOP, SNACK, Asynchronous Message and Reject, byte for byte, both ways. */
#include "pdu_fixture.h"

/* ---- Asynchronous Message, 11.9 ---- */

SAME_FIELDS(async, SAME(data_length), SAME(lun), SAME(statsn), SAME(expcmdsn), SAME(maxcmdsn), SAME(event),
            SAME(vendor_code), SAME(parameter1), SAME(parameter2), SAME(parameter3))

/* 11.9.1: event 0, sense data for a LUN */
BOTH_WAYS(async, scsi_event,
          "32800000 00000014 00030000 00000000 ffffffff 00000000 21222324 31323334"
          "41424344 00000000 00000000 00000000",
          .data_length = 20, .lun = 0x0003000000000000, .statsn = 0x21222324, .expcmdsn = 0x31323334,
          .maxcmdsn = 0x41424344)

/* 11.9.1: event 1, log out within Parameter3 = 30 seconds */
BOTH_WAYS(async, logout_request,
          "32800000 00000000 00000000 00000000 ffffffff 00000000 00000005 00000006"
          "00000007 01000000 0000001e 00000000",
          .statsn = 5, .expcmdsn = 6, .maxcmdsn = 7, .event = 1, .parameter3 = 30)

/* 11.9.1: event 2, connection 1 drops; Time2Wait 2, Time2Retain 20 */
BOTH_WAYS(async, connection_drop,
          "32800000 00000000 00000000 00000000 ffffffff 00000000 00000005 00000006"
          "00000007 02000001 00020014 00000000",
          .statsn = 5, .expcmdsn = 6, .maxcmdsn = 7, .event = 2, .parameter1 = 1, .parameter2 = 2,
          .parameter3 = 20)

/* 11.9.1, 11.9.2: vendor-specific */
BOTH_WAYS(async, vendor_event,
          "32800000 00000102 ffffffff fffffffe ffffffff 00000000 00000005 00000006"
          "00000007 fffe1234 56789abc 00000000",
          .data_length = 0x102, .lun = 0xfffffffffffffffe, .statsn = 5, .expcmdsn = 6, .maxcmdsn = 7,
          .event = 255, .vendor_code = 0xfe, .parameter1 = 0x1234, .parameter2 = 0x5678, .parameter3 = 0x9abc)

REFUSES_OTHER_OPCODES(async, logout_request)
REFUSES_WITHOUT_F(async, logout_request)
IGNORES_RESERVED(async, logout_request,
                 "c07fffff 00000000 00000000 00000000 00000000 ffffffff 00000000 00000000"
                 "00000000 00000000 00000000 ffffffff")
/* 11.9: the tag is fixed at ffffffff */
REFUSES(async, tag_of_a_task,
        "32800000 00000000 00000000 00000000 00000001 00000000 00000005 00000006"
        "00000007 01000000 0000001e 00000000")

/* ---- Text Request, 11.10 ---- */

SAME_FIELDS(text_request, SAME(immediate), SAME(final), SAME(more), SAME(data_length), SAME(lun), SAME(itt),
            SAME(ttt), SAME(cmdsn), SAME(expstatsn))

/* libiscsi 1.19, iscsi-ls: SendTargets=All */
BOTH_WAYS(text_request, send_targets,
          "44800000 00000010 00000000 00000000 7164ff19 ffffffff 06eccd51 00000001"
          "00000000 00000000 00000000 00000000",
          .immediate = true, .final = true, .data_length = 16, .itt = 0x7164ff19, .ttt = PDU_TAG_NONE,
          .cmdsn = 0x06eccd51, .expstatsn = 1)

/* 11.10.2: C=1 with F=0 */
BOTH_WAYS(text_request, to_be_continued,
          "04400000 00002000 00000000 00000000 01020304 ffffffff 21222324 31323334"
          "00000000 00000000 00000000 00000000",
          .more = true, .data_length = 8192, .itt = 0x01020304, .ttt = PDU_TAG_NONE, .cmdsn = 0x21222324,
          .expstatsn = 0x31323334)

/* 11.10.4: empty, with the target's tag and LUN, to ask for the next part */
BOTH_WAYS(text_request, for_the_next_part,
          "04800000 00000000 01020304 05060708 11121314 12345678 21222324 31323334"
          "00000000 00000000 00000000 00000000",
          .final = true, .lun = 0x0102030405060708, .itt = 0x11121314, .ttt = 0x12345678, .cmdsn = 0x21222324,
          .expstatsn = 0x31323334)

REFUSES_OTHER_OPCODES(text_request, send_targets)
IGNORES_RESERVED(text_request, send_targets,
                 "803fffff 00000000 00000000 00000000 00000000 00000000 00000000 00000000"
                 "ffffffff ffffffff ffffffff ffffffff")
/* 11.10.2: C=1 needs F=0 */
REFUSES(text_request, final_to_be_continued,
        "44c00000 00000010 00000000 00000000 7164ff19 ffffffff 06eccd51 00000001"
        "00000000 00000000 00000000 00000000")

/* ---- Text Response, 11.11 ---- */

SAME_FIELDS(text_response, SAME(final), SAME(more), SAME(data_length), SAME(lun), SAME(itt), SAME(ttt),
            SAME(statsn), SAME(expcmdsn), SAME(maxcmdsn))

/* tgt 1.0.85 */
BOTH_WAYS(text_response, targets,
          "24800000 00000048 00000000 00000000 7164ff19 ffffffff 00000001 06eccd51"
          "06eccd52 00000000 00000000 00000000",
          .final = true, .data_length = 72, .itt = 0x7164ff19, .ttt = PDU_TAG_NONE, .statsn = 1,
          .expcmdsn = 0x06eccd51, .maxcmdsn = 0x06eccd52)

/* 11.11.1, 11.11.2: a part, with C=1, F=0 and a tag to come back with */
BOTH_WAYS(text_response, first_part,
          "24400000 00002000 01020304 05060708 11121314 12345678 21222324 31323334"
          "41424344 00000000 00000000 00000000",
          .more = true, .data_length = 8192, .lun = 0x0102030405060708, .itt = 0x11121314, .ttt = 0x12345678,
          .statsn = 0x21222324, .expcmdsn = 0x31323334, .maxcmdsn = 0x41424344)

REFUSES_OTHER_OPCODES(text_response, targets)
IGNORES_RESERVED(text_response, targets,
                 "c03fffff 00000000 00000000 00000000 00000000 00000000 00000000 00000000"
                 "00000000 ffffffff ffffffff ffffffff")
/* 11.11.2: C=1 needs F=0 */
REFUSES(text_response, final_to_be_continued,
        "24c00000 00000048 00000000 00000000 7164ff19 ffffffff 00000001 06eccd51"
        "06eccd52 00000000 00000000 00000000")

/* ---- Login Request, 11.12 ---- */

SAME_FIELDS(login_request, SAME(transit), SAME(more), SAME(csg), SAME(nsg), SAME(version_max),
            SAME(version_min), SAME(data_length), SAME_BYTES(isid), SAME(tsih), SAME(cid), SAME(itt),
            SAME(cmdsn), SAME(expstatsn))

/* libiscsi 1.19, iscsi-ls: from operational negotiation to full feature phase */
BOTH_WAYS(login_request, operational,
          "43870000 0000018b 80c6e721 00000000 7164ff18 00000000 06eccd51 00000001"
          "00000000 00000000 00000000 00000000",
          .transit = true, .csg = 1, .nsg = 3, .data_length = 395, .isid = {0x80, 0xc6, 0xe7, 0x21},
          .itt = 0x7164ff18, .cmdsn = 0x06eccd51, .expstatsn = 1)

/* 11.12: every field; the text goes on, so it does not transit */
BOTH_WAYS(login_request, every_field,
          "43440201 00abcdef 01020304 05061718 21222324 31320000 41424344 51525354"
          "00000000 00000000 00000000 00000000",
          .more = true, .csg = 1, .version_max = 2, .version_min = 1, .data_length = 0xabcdef,
          .isid = {1, 2, 3, 4, 5, 6}, .tsih = 0x1718, .cid = 0x3132, .itt = 0x21222324, .cmdsn = 0x41424344,
          .expstatsn = 0x51525354)

REFUSES_OTHER_OPCODES(login_request, operational)
IGNORES_RESERVED(login_request, operational,
                 "8030 0000 00000000 00000000 00000000 00000000 0000ffff 00000000 00000000"
                 "ffffffff ffffffff ffffffff ffffffff")
/* 11.12.2: C=1 needs T=0 */
REFUSES(login_request, transit_to_be_continued,
        "43c70000 0000018b 80c6e721 00000000 7164ff18 00000000 06eccd51 00000001"
        "00000000 00000000 00000000 00000000")
/* 11.12: I is fixed at 1 */
REFUSES(login_request, not_immediate,
        "03870000 0000018b 80c6e721 00000000 7164ff18 00000000 06eccd51 00000001"
        "00000000 00000000 00000000 00000000")

/* ---- Login Response, 11.13 ---- */

SAME_FIELDS(login_response, SAME(transit), SAME(more), SAME(csg), SAME(nsg), SAME(version_max),
            SAME(version_active), SAME(data_length), SAME_BYTES(isid), SAME(tsih), SAME(itt), SAME(statsn),
            SAME(expcmdsn), SAME(maxcmdsn), SAME(status_class), SAME(status_detail))

/* tgt 1.0.85: full feature phase, with the new TSIH */
BOTH_WAYS(login_response, full_feature,
          "23870000 0000012c 80c6e721 00000100 7164ff18 00000000 00000000 06eccd51"
          "06eccd52 00000000 00000000 00000000",
          .transit = true, .csg = 1, .nsg = 3, .data_length = 300, .isid = {0x80, 0xc6, 0xe7, 0x21},
          .tsih = 0x0100, .itt = 0x7164ff18, .expcmdsn = 0x06eccd51, .maxcmdsn = 0x06eccd52)

/* istgt 0.4: from security to operational negotiation */
BOTH_WAYS(login_response, to_operational,
          "23810000 0000003e 80123456 789a0000 00000011 00000000 00000001 00000001"
          "00000020 00000000 00000000 00000000",
          .transit = true, .nsg = 1, .data_length = 62, .isid = {0x80, 0x12, 0x34, 0x56, 0x78, 0x9a},
          .itt = 0x11, .statsn = 1, .expcmdsn = 1, .maxcmdsn = 32)

/* 11.13, 11.13.5: Authentication failure, every other field filled too */
BOTH_WAYS(login_response, refused,
          "23440201 00abcdef 01020304 05061718 21222324 00000000 41424344 51525354"
          "61626364 02010000 00000000 00000000",
          .more = true, .csg = 1, .version_max = 2, .version_active = 1, .data_length = 0xabcdef,
          .isid = {1, 2, 3, 4, 5, 6}, .tsih = 0x1718, .itt = 0x21222324, .statsn = 0x41424344,
          .expcmdsn = 0x51525354, .maxcmdsn = 0x61626364, .status_class = 2, .status_detail = 1)

REFUSES_OTHER_OPCODES(login_response, full_feature)
IGNORES_RESERVED(login_response, full_feature,
                 "c0300000 00000000 00000000 00000000 00000000 ffffffff 00000000 00000000"
                 "00000000 0000ffff ffffffff ffffffff")
/* 11.13 by way of 11.12.2: C=1 needs T=0 */
REFUSES(login_response, transit_to_be_continued,
        "23c70000 0000012c 80c6e721 00000100 7164ff18 00000000 00000000 06eccd51"
        "06eccd52 00000000 00000000 00000000")

/* ---- Logout Request, 11.14 ---- */

SAME_FIELDS(logout_request, SAME(immediate), SAME(reason), SAME(itt), SAME(cid), SAME(cmdsn), SAME(expstatsn))

/* libiscsi 1.19 */
BOTH_WAYS(logout_request, close_session,
          "46800000 00000000 00000000 00000000 7164ff1a 00000000 06eccd51 00000002"
          "00000000 00000000 00000000 00000000",
          .immediate = true, .itt = 0x7164ff1a, .cmdsn = 0x06eccd51, .expstatsn = 2)

/* 11.14.1: reason 2, remove the connection for recovery */
BOTH_WAYS(logout_request, remove_connection,
          "06820000 00000000 00000000 00000000 01020304 11120000 21222324 31323334"
          "00000000 00000000 00000000 00000000",
          .reason = 2, .itt = 0x01020304, .cid = 0x1112, .cmdsn = 0x21222324, .expstatsn = 0x31323334)

REFUSES_OTHER_OPCODES(logout_request, close_session)
REFUSES_WITHOUT_F(logout_request, close_session)
IGNORES_RESERVED(logout_request, close_session,
                 "8000ffff 00000000 ffffffff ffffffff 00000000 0000ffff 00000000 00000000"
                 "ffffffff ffffffff ffffffff ffffffff")

/* ---- Logout Response, 11.15 ---- */

SAME_FIELDS(logout_response, SAME(response), SAME(itt), SAME(statsn), SAME(expcmdsn), SAME(maxcmdsn),
            SAME(time2wait), SAME(time2retain))

/* tgt 1.0.85 */
BOTH_WAYS(logout_response, closed,
          "26800000 00000000 00000000 00000000 7164ff1a 00000000 00000002 06eccd51"
          "06eccd52 00000000 00000000 00000000",
          .itt = 0x7164ff1a, .statsn = 2, .expcmdsn = 0x06eccd51, .maxcmdsn = 0x06eccd52)

/* 11.15.1: cleanup failed, with both times */
BOTH_WAYS(logout_response, cleanup_failed,
          "26800300 00000000 00000000 00000000 01020304 00000000 21222324 31323334"
          "41424344 00000000 51526162 00000000",
          .response = 3, .itt = 0x01020304, .statsn = 0x21222324, .expcmdsn = 0x31323334,
          .maxcmdsn = 0x41424344, .time2wait = 0x5152, .time2retain = 0x6162)

REFUSES_OTHER_OPCODES(logout_response, closed)
REFUSES_WITHOUT_F(logout_response, closed)
IGNORES_RESERVED(logout_response, closed,
                 "c07f00ff 00000000 ffffffff ffffffff 00000000 ffffffff 00000000 00000000"
                 "00000000 ffffffff 00000000 ffffffff")

/* ---- SNACK, 11.16 ---- */

SAME_FIELDS(snack, SAME(type), SAME(lun), SAME(itt), SAME(ttt), SAME(expstatsn), SAME(begrun),
            SAME(runlength))

/* 11.16.1, 11.16.4-11.16.7: two Data-In PDUs from DataSN 3 on */
BOTH_WAYS(snack, data,
          "10800000 00000000 00010000 00000000 01020304 ffffffff 00000000 31323334"
          "00000000 00000000 00000003 00000002",
          .lun = 0x0001000000000000, .itt = 0x01020304, .ttt = PDU_TAG_NONE, .expstatsn = 0x31323334,
          .begrun = 3, .runlength = 2)

/* 11.16.4: a Status SNACK names no task */
BOTH_WAYS(snack, status,
          "10810000 00000000 00000000 00000000 ffffffff ffffffff 00000000 31323334"
          "00000000 00000000 41424344 00000001",
          .type = 1, .itt = PDU_TAG_NONE, .ttt = PDU_TAG_NONE, .expstatsn = 0x31323334, .begrun = 0x41424344,
          .runlength = 1)

/* 11.16.5: DataACK brings back the tag and LUN of the Data-In; 11.16.7: RunLength 0 */
BOTH_WAYS(snack, data_ack,
          "10820000 00000000 01020304 05060708 ffffffff 21222324 00000000 31323334"
          "00000000 00000000 51525354 00000000",
          .type = 2, .lun = 0x0102030405060708, .itt = PDU_TAG_NONE, .ttt = 0x21222324,
          .expstatsn = 0x31323334, .begrun = 0x51525354)

/* 11.16.3, 11.16.5: R-Data with its SNACK Tag */
BOTH_WAYS(snack, r_data,
          "10830000 00000000 00010000 00000000 01020304 00000007 00000000 31323334"
          "00000000 00000000 00000000 00000000",
          .type = 3, .lun = 0x0001000000000000, .itt = 0x01020304, .ttt = 7, .expstatsn = 0x31323334)

REFUSES_OTHER_OPCODES(snack, data)
REFUSES_WITHOUT_F(snack, data)
IGNORES_RESERVED(snack, data,
                 "c070ffff 00000000 00000000 00000000 00000000 00000000 ffffffff 00000000"
                 "ffffffff ffffffff 00000000 00000000")

/* ---- Reject, 11.17 ---- */

SAME_FIELDS(reject, SAME(reason), SAME(data_length), SAME(statsn), SAME(expcmdsn), SAME(maxcmdsn),
            SAME(datasn))

/* istgt 0.4, of a Status SNACK for what was acknowledged: Protocol Error */
BOTH_WAYS(reject, protocol_error,
          "3f800400 00000034 00000000 00000000 ffffffff 00000000 00000007 00000004"
          "00000023 00000000 00000000 00000000",
          .reason = 4, .data_length = 52, .statsn = 7, .expcmdsn = 4, .maxcmdsn = 35)

/* 11.17, 11.17.1: Data digest error with a DataSN */
BOTH_WAYS(reject, data_digest_error,
          "3f800200 00000030 00000000 00000000 ffffffff 00000000 21222324 31323334"
          "41424344 51525354 00000000 00000000",
          .reason = 2, .data_length = 48, .statsn = 0x21222324, .expcmdsn = 0x31323334,
          .maxcmdsn = 0x41424344, .datasn = 0x51525354)

REFUSES_OTHER_OPCODES(reject, protocol_error)
REFUSES_WITHOUT_F(reject, protocol_error)
IGNORES_RESERVED(reject, protocol_error,
                 "c07f00ff 00000000 ffffffff ffffffff 00000000 ffffffff 00000000 00000000"
                 "00000000 00000000 ffffffff ffffffff")
/* 11.17: the tag is fixed at ffffffff */
REFUSES(reject, tag_of_a_task,
        "3f800400 00000034 00000000 00000000 00000001 00000000 00000007 00000004"
        "00000023 00000000 00000000 00000000")

/* ---- NOP-Out, 11.18 ---- */

SAME_FIELDS(nop_out, SAME(immediate), SAME(data_length), SAME(lun), SAME(itt), SAME(ttt), SAME(cmdsn),
            SAME(expstatsn))

/* libiscsi 1.19, qemu-io: the answer to tgt's ping below */
BOTH_WAYS(nop_out, answer,
          "40800000 00000000 00000000 00000000 ffffffff 00000026 17c310d0 0000000e"
          "00000000 00000000 00000000 00000000",
          .immediate = true, .itt = PDU_TAG_NONE, .ttt = 0x26, .cmdsn = 0x17c310d0, .expstatsn = 14)

/* 11.18: a ping of our own with data, in the order of commands */
BOTH_WAYS(nop_out, ping,
          "00800000 00000005 01020304 05060708 11121314 ffffffff 21222324 31323334"
          "00000000 00000000 00000000 00000000",
          .data_length = 5, .lun = 0x0102030405060708, .itt = 0x11121314, .ttt = PDU_TAG_NONE,
          .cmdsn = 0x21222324, .expstatsn = 0x31323334)

REFUSES_OTHER_OPCODES(nop_out, answer)
REFUSES_WITHOUT_F(nop_out, answer)
IGNORES_RESERVED(nop_out, answer,
                 "807fffff 00000000 00000000 00000000 00000000 00000000 00000000 00000000"
                 "ffffffff ffffffff ffffffff ffffffff")
/* 11.18.1: ITT ffffffff needs I=1 */
REFUSES(nop_out, no_tag_and_not_immediate,
        "00800000 00000000 00000000 00000000 ffffffff 00000026 17c310d0 0000000e"
        "00000000 00000000 00000000 00000000")

/* ---- NOP-In, 11.19 ---- */

SAME_FIELDS(nop_in, SAME(data_length), SAME(lun), SAME(itt), SAME(ttt), SAME(statsn), SAME(expcmdsn),
            SAME(maxcmdsn))

/* tgt 1.0.85: a ping */
BOTH_WAYS(nop_in, ping,
          "20800000 00000000 00000000 00000000 ffffffff 00000026 0000000e 17c310d0"
          "17c31150 00000000 00000000 00000000",
          .itt = PDU_TAG_NONE, .ttt = 0x26, .statsn = 14, .expcmdsn = 0x17c310d0, .maxcmdsn = 0x17c31150)

/* istgt 0.4: a notice that wants no answer */
BOTH_WAYS(nop_in, notice,
          "20800000 00000000 00000000 00000000 ffffffff ffffffff 00000008 00000004"
          "00000023 00000000 00000000 00000000",
          .itt = PDU_TAG_NONE, .ttt = PDU_TAG_NONE, .statsn = 8, .expcmdsn = 4, .maxcmdsn = 35)

/* tgt 1.0.85: the echo of five bytes */
BOTH_WAYS(nop_in, echo,
          "20800000 00000005 00000000 00000000 00000024 ffffffff 00000005 00000004"
          "00000084 00000000 00000000 00000000",
          .data_length = 5, .itt = 0x24, .ttt = PDU_TAG_NONE, .statsn = 5, .expcmdsn = 4, .maxcmdsn = 132)

/* 11.19.3: a ping with a LUN */
BOTH_WAYS(nop_in, ping_with_a_lun,
          "20800000 00000000 01020304 05060708 ffffffff 11121314 21222324 31323334"
          "41424344 00000000 00000000 00000000",
          .lun = 0x0102030405060708, .itt = PDU_TAG_NONE, .ttt = 0x11121314, .statsn = 0x21222324,
          .expcmdsn = 0x31323334, .maxcmdsn = 0x41424344)

REFUSES_OTHER_OPCODES(nop_in, ping)
REFUSES_WITHOUT_F(nop_in, ping)
IGNORES_RESERVED(nop_in, ping,
                 "c07fffff 00000000 00000000 00000000 00000000 00000000 00000000 00000000"
                 "00000000 ffffffff ffffffff ffffffff")
