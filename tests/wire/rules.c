/* SPDX-License-Identifier: Apache-2.0 */
/* Rules of RFC 7143 that belong to no other file of transcripts: docs/rfc7143.md names the section of each.
 * Full feature phase here, login in rules_login.c. */
#include <criterion/criterion.h>

#include "rig.h"

#define OPENED "login\nserve opened\n"
#define READ_512 "expect ScsiCommand as=r cdb=read(0,1)\n"

static void reads(struct rig *r, size_t n)
{
    rig_open(r);
    rig_read(r, 0, n);
    rig_end(r);
}

/* The answer to a NOP-In, which is immediate, and the command after it have the same CmdSN. */
Test(rules, s4_2_2_1_immediate_carries_the_current_cmdsn)
{
    struct rig *r = RIG(OPENED READ_512 "send DataIn data=pattern(0,512) S=1\n"
                                        "send NopIn itt=0xffffffff ttt=7\n"
                                        "expect NopOut as=n I=1 ttt=7 cmdsn=@r.cmdsn+1\n"
                                        "mark answered\n"
                                        "expect ScsiCommand as=s cdb=read(1,1) I=0 cmdsn=@n.cmdsn\n"
                                        "send DataIn to=s data=pattern(512,512) S=1\n"
                                        "expect LogoutRequest I=1 cmdsn=@s.cmdsn+1\n"
                                        "send LogoutResponse\n"
                                        "expect-close\n");
    rig_open(r);
    rig_read(r, 0, 512);
    rig_await(r, "answered");
    rig_read(r, 512, 512);
    rig_end(r);
}

/* Whatever carries a StatSN of its own is acknowledged by the next request: status in Data-In, SCSI Response,
 * Asynchronous Message. */
Test(rules, s4_2_2_2_expstatsn_follows_each_status)
{
    struct rig *r = RIG(OPENED READ_512 "send DataIn data=pattern(0,512) S=1\n"
                                        "expect ScsiCommand as=s cdb=read(1,1) expstatsn=@r.expstatsn+1\n"
                                        "send DataIn to=s data=pattern(512,512)\n"
                                        "send ScsiResponse to=s\n"
                                        "expect ScsiCommand as=t cdb=read(2,1) expstatsn=@s.expstatsn+1\n"
                                        "send Async event=255\n"
                                        "send DataIn to=t data=pattern(1024,512) S=1\n"
                                        "expect ScsiCommand as=u cdb=read(3,1) expstatsn=@t.expstatsn+2\n"
                                        "send DataIn to=u data=pattern(1536,512) S=1\n"
                                        "expect LogoutRequest expstatsn=@u.expstatsn+1\n"
                                        "send LogoutResponse\n"
                                        "expect-close\n");
    rig_open(r);
    for (uint64_t i = 0; i < 4; i++)
        rig_read(r, 512 * i, 512);
    rig_end(r);
}

/* Two writes at once: the unsolicited data of the first end before those of the second begin. */
Test(rules, s4_2_5_2_unsolicited_data_in_the_order_of_commands)
{
    struct rig *r =
        RIG("login InitialR2T=No ImmediateData=No MaxRecvDataSegmentLength=512 FirstBurstLength=1024\n"
            "serve opened\n"
            "wait submitted\n"
            "window 0\n" READ_512 "mark held\n"
            "wait queued\n"
            "window 32\n"
            "send DataIn to=r data=pattern(0,512) S=1\n"
            "expect ScsiCommand as=a cdb=write(0,2) F=0\n"
            "expect DataOut to=a ttt=0xffffffff datasn=0 offset=0 F=0 data=pattern(0,512)\n"
            "expect DataOut to=a ttt=0xffffffff datasn=1 offset=512 F=1 data=pattern(512,512)\n"
            "expect ScsiCommand as=b cdb=write(8,2) F=0\n"
            "expect DataOut to=b ttt=0xffffffff datasn=0 offset=0 F=0 data=pattern(4096,512)\n"
            "expect DataOut to=b ttt=0xffffffff datasn=1 offset=512 F=1 data=pattern(4608,512)\n"
            "send ScsiResponse to=b\n"
            "send ScsiResponse to=a\n");
    rig_open(r);
    rig_signal(r, "submitted");
    struct rig_io *first = rig_start(r, LUN_OP_READ, 0, 512);
    rig_await(r, "held");
    struct rig_io *a = rig_start(r, LUN_OP_WRITE, 0, 1024);
    struct rig_io *b = rig_start(r, LUN_OP_WRITE, 4096, 1024);
    rig_signal(r, "queued");
    rig_ends(first, LUN_OK);
    rig_ends(a, LUN_OK);
    rig_ends(b, LUN_OK);
    rig_end(r);
}

/* All but a command's own data is immediate or not as its kind wants; commands never are. */
Test(rules, s10_6_commands_are_never_immediate)
{
    struct rig *r = RIG("device wce=1\n" OPENED "expect ScsiCommand I=0 cdb=write(0,1) data=pattern(0,512)\n"
                        "send ScsiResponse\n"
                        "expect ScsiCommand I=0 cdb=read(0,1)\n"
                        "send DataIn data=pattern(0,512) S=1\n"
                        "expect ScsiCommand I=0 cdb=sync(0,0)\n"
                        "send ScsiResponse\n");
    rig_open(r);
    rig_write(r, 0, 512);
    rig_read(r, 0, 512);
    rig_end(r);
}

static void given_up(struct rig *r, enum lun_op op, const char *words)
{
    rig_open(r);
    struct rig_io *io = rig_start(r, op, 0, 512);
    rig_lost(r, LUN_PROTOCOL, words);
    rig_close(r);
    rig_fails(io);
    rig_end(r);
}

/* The LUN of an R2T is the command's. */
Test(rules, s4_2_5_3_r2t_for_another_lun)
{
    given_up(RIG("login InitialR2T=Yes ImmediateData=No\nserve opened\n"
                 "expect ScsiCommand as=w cdb=write(0,1)\n"
                 "send R2T to=w offset=0 length=512 lun=0x0001000000000000\n"
                 "expect-close\n"),
             LUN_OP_WRITE, "LUN");
}

/* Bytes 1 to 3 and the reserved words full of ones: in R2T, Data-In, SCSI Response and NOP-In. */
Test(rules, s11_reserved_bits_are_ignored)
{
    struct rig *r = RIG("login InitialR2T=Yes ImmediateData=No\nserve opened\n"
                        "expect ScsiCommand as=w cdb=write(0,1)\n"
                        "send R2T to=w offset=0 length=512 u8@1=0xff u16@2=0xffff\n"
                        "expect DataOut to=w offset=0 F=1 data=pattern(0,512)\n"
                        "send ScsiResponse to=w u8@1=0xe1 u64@8=0xffffffffffffffff\n"
                        "expect ScsiCommand as=r cdb=read(0,1)\n"
                        "send DataIn to=r data=pattern(0,256) F=0 u8@1=0x38 u16@2=0xff00\n"
                        "send DataIn to=r datasn=1 offset=256 data=pattern(256,256) S=1 u8@1=0xb9 u8@2=0xff\n"
                        "send NopIn itt=0xffffffff ttt=9 u8@1=0xff u16@2=0xffff u32@40=0xffffffff\n"
                        "expect NopOut itt=0xffffffff ttt=9\n"
                        "mark answered\n");
    rig_open(r);
    rig_write(r, 0, 512);
    rig_read(r, 0, 512);
    rig_await(r, "answered");
    rig_end(r);
}

/* Neither O nor U: what stands in the residual means nothing. */
Test(rules, s11_4_5_1_residual_without_its_flag)
{
    reads(RIG(OPENED READ_512 "send DataIn data=pattern(0,512) S=1 residual=512\n"), 512);
    reads(RIG(OPENED READ_512 "send DataIn data=pattern(0,512)\n"
                              "send ScsiResponse to=r residual=0xffffffff\n"),
          512);
}

/* At ErrorRecoveryLevel 0 nothing answers it. */
Test(rules, s11_7_2_a_bit_is_ignored)
{
    struct rig *r =
        RIG(OPENED READ_512
            "send DataIn A=1 ttt=5 lun=@r.lun F=0 data=pattern(0,256)\n"
            "ping\n"
            "send DataIn to=r A=1 ttt=6 lun=@r.lun datasn=1 offset=256 data=pattern(256,256) S=1\n"
            "ping\n"
            "mark quiet\n");
    rig_open(r);
    rig_read(r, 0, 512);
    rig_await(r, "quiet");
    rig_end(r);
}

/* They count in DataSN, and move nothing. */
Test(rules, s11_7_7_data_in_of_no_bytes)
{
    reads(RIG(OPENED READ_512 "send DataIn datasn=0 offset=0 F=0\n"
                              "send DataIn datasn=1 offset=0 F=0 data=pattern(0,256)\n"
                              "send DataIn datasn=2 offset=256 F=0\n"
                              "send DataIn datasn=3 offset=256 data=pattern(256,256)\n"
                              "send ScsiResponse to=r\n"),
          512);
}

/* Event 4: a Logout is one of the two answers, and a login negotiates anew. */
Test(rules, s11_9_1_request_to_negotiate_is_answered_by_logout)
{
    struct rig *r = RIG(OPENED "send Async event=4 parameter3=5\n"
                               "expect LogoutRequest reason=0\n"
                               "send LogoutResponse\n"
                               "expect-close\n");
    rig_open(r);
    rig_lost(r, LUN_CONNECT, "");
    rig_end(r);
}

/* Event 5 belongs to FastAbort, which was never agreed on: taken note of, and no more. */
Test(rules, s11_9_1_event_5_does_no_harm)
{
    struct rig *r = RIG(OPENED "send Async event=5 lun=0\n"
                               "ping\n"
                               "mark quiet\n" READ_512 "send DataIn data=pattern(0,512) S=1\n");
    rig_open(r);
    rig_await(r, "quiet");
    rig_read(r, 0, 512);
    rig_end(r);
}

/* The deprecated reason ends the session like any other protocol error. */
Test(rules, s11_17_1_negotiation_reset_ends_the_session)
{
    given_up(RIG(OPENED READ_512 "send Reject reason=0x0b data=header(r)\n"
                                 "expect-close\n"),
             LUN_OP_READ, "reject");
}

/* A session that is lost is made again with the same ISID, TSIH 0, the same names; only then does the command
 * go out anew. */
Test(rules, s6_3_5_reinstatement_has_the_same_isid_and_tsih_0)
{
    struct rig *r = RIG("expect LoginRequest as=l tsih=0\n"
                        "send LoginResponse text{AuthMethod=None TargetPortalGroupTag=1}\n"
                        "login\n"
                        "serve opened\n"
                        "close\n"
                        "accept\n"
                        "expect LoginRequest isid=@l.isid tsih=0 csg=0 text{InitiatorName=" RIG_INITIATOR
                        " TargetName=" RIG_IQN "}\n"
                        "send LoginResponse text{AuthMethod=None TargetPortalGroupTag=1}\n"
                        "login\n"
                        "mark again\n");
    rig_open(r);
    rig_lost(r, LUN_CONNECT, "");
    rig_await(r, "again");
    rig_end(r);
}
