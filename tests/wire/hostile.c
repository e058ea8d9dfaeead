/* SPDX-License-Identifier: Apache-2.0 */
/* Bytes no honest target sends in full feature phase: each ends the connection, with one clear error, and the
 * request that was under way never passes for done. RFC 7143 7.3, 7.9, 11.2. */
#include <criterion/criterion.h>

#include "rig.h"

#define OPENED "login\nserve opened\n"
#define READ_4096 "expect ScsiCommand as=r cdb=read(0,8)\n"

static void given_up(struct rig *r, enum lun_layer layer)
{
    rig_open(r);
    struct rig_io *io = rig_start(r, LUN_OP_READ, 0, 4096);
    rig_lost(r, layer, RIG_IQN);
    rig_close(r);
    rig_fails(io);
    rig_end(r);
}

#define HOSTILE(lines) given_up(RIG(OPENED READ_4096 lines "expect-close\n"), LUN_PROTOCOL)

Test(hostile, s11_2_1_2_unknown_opcode)
{
    HOSTILE("send NopIn opcode=0x3c\n");
}

/* An initiator's opcode from a target. */
Test(hostile, s11_2_1_2_request_opcode)
{
    HOSTILE("send NopIn opcode=0x01\n");
}

Test(hostile, s4_2_4_login_response_after_login)
{
    HOSTILE("send LoginResponse itt=@r.itt csg=1 nsg=3\n");
}

Test(hostile, s4_2_5_3_text_response_nobody_asked_for)
{
    HOSTILE("send TextResponse to=r text{SendTargets=All}\n");
}

Test(hostile, s4_2_5_3_task_response_nobody_asked_for)
{
    HOSTILE("send TaskResponse itt=0x12345678\n");
}

Test(hostile, s4_2_5_3_response_for_an_unknown_task)
{
    HOSTILE("send ScsiResponse itt=0x12345678\n");
}

/* A tag that once was, or will be, this slot's: nothing wrong with the PDU but the tag. */
Test(hostile, s11_2_1_8_data_for_a_neighbouring_tag)
{
    HOSTILE("send DataIn itt=@r.itt+65536 data=pattern(0,4096) S=1\n");
}

Test(hostile, s11_2_1_8_response_for_the_reserved_tag)
{
    HOSTILE("send ScsiResponse itt=0xffffffff\n");
}

/* More than the MaxRecvDataSegmentLength we declared: refused from the header alone. */
Test(hostile, s13_12_over_long_data_segment)
{
    HOSTILE("send DataIn dlen=0xffffff data=zeros(512)\n");
}

Test(hostile, s13_12_one_byte_over_our_limit)
{
    HOSTILE("send DataIn dlen=262145 data=zeros(512)\n");
}

/* The limit is the one we declared, whatever the kind of PDU and however short. */
Test(hostile, s13_12_longer_than_a_small_limit)
{
    struct rig *r = RIG(OPENED READ_4096 "send NopIn itt=0xffffffff data=zeros(516)\n"
                                         "expect-close\n");
    r->options.max_recv_data_segment_length = 512;
    given_up(r, LUN_PROTOCOL);
}

/* A long AHS in front of an impossible length. */
Test(hostile, s13_12_over_long_segment_behind_an_ahs)
{
    HOSTILE("send DataIn dlen=0xffffff ahslen=255 data=zeros(1024)\n");
}

Test(hostile, s7_7_all_ones)
{
    HOSTILE("raw fill(0xff,4096)\n");
}

Test(hostile, s7_7_all_zeros)
{
    HOSTILE("raw zeros(4096)\n");
}

Test(hostile, s7_7_another_protocol)
{
    HOSTILE("raw text(SSH-2.0-OpenSSH_9.2p1)+hex(0d0a)+fill(0x41,4096)\n");
}

/* The lengths of one PDU swallow the next: what follows is no header. */
Test(hostile, s7_7_length_that_swallows_the_next_pdu)
{
    HOSTILE("send DataIn dlen=100 F=0 data=pattern(0,60)\n"
            "send DataIn datasn=1 offset=60 data=pattern(60,4036) S=1\n"
            "raw fill(0xff,4096)\n");
}

/* ---- Ends in the middle ---- */

Test(hostile, s7_14_close_inside_a_header)
{
    given_up(RIG(OPENED READ_4096 "send DataIn data=pattern(0,4096) S=1 cut=20\nclose\n"), LUN_CONNECT);
}

Test(hostile, s7_14_close_inside_the_data)
{
    given_up(RIG(OPENED READ_4096 "send DataIn data=pattern(0,4096) S=1 cut=1000\nclose\n"), LUN_CONNECT);
}

/* All but the padding. */
Test(hostile, s7_14_close_before_the_padding)
{
    given_up(RIG(OPENED READ_4096 "send DataIn F=0 data=pattern(0,4095) cut=4143\nclose\n"), LUN_CONNECT);
}

Test(hostile, s7_14_close_between_pdus)
{
    given_up(RIG(OPENED READ_4096 "send DataIn F=0 data=pattern(0,2048)\nclose\n"), LUN_CONNECT);
}

Test(hostile, s7_14_reset_inside_the_data)
{
    given_up(RIG(OPENED READ_4096 "send DataIn data=pattern(0,4096) S=1 cut=1000\nreset\n"), LUN_CONNECT);
}

Test(hostile, s7_14_close_while_idle)
{
    struct rig *r = RIG(OPENED "close\n");
    rig_open(r);
    rig_lost(r, LUN_CONNECT, RIG_IQN);
    rig_end(r);
}

/* Data, status and the end in one go: the answer counts, and the end is seen. */
Test(hostile, answer_and_close_at_once)
{
    struct rig *r = RIG(OPENED READ_4096 "send DataIn data=pattern(0,4096) S=1\nclose\n");
    rig_open(r);
    rig_read(r, 0, 4096);
    rig_lost(r, LUN_CONNECT, RIG_IQN);
    rig_end(r);
}
