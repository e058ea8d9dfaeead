/* SPDX-License-Identifier: Apache-2.0 */
/* Every code of the answers that are not a SCSI status: what becomes of the task, the request and the
 * session. RFC 7143 7.3, 11.6.1, 11.9.1, 11.15.1, 11.17.1. */
#include <criterion/criterion.h>
#include <stdio.h>

#include "rig.h"

#define LOGIN "login DefaultTime2Wait=0\n"
#define OPENED LOGIN "serve opened\n"
#define SEEN_READ "expect ScsiCommand as=r cdb=read(0,1)\nmark seen\n"
#define ABORT "expect TaskRequest as=t I=1 F=1 function=1 lun=@r.lun ref=@r.itt refcmdsn=@r.cmdsn\n"
#define STILL_THERE                                                                                          \
    "expect ScsiCommand as=s cdb=read(1,1) cmdsn=@r.cmdsn+1\nsend DataIn to=s data=pattern(512,512) S=1\n"

struct codes {
    const unsigned char *code;
    size_t count;
};
#define CODES(...)                                                                                           \
    (struct codes)                                                                                           \
    {                                                                                                        \
        (const unsigned char[]){__VA_ARGS__}, sizeof((const unsigned char[]){__VA_ARGS__})                   \
    }

/* The script with `code` in place of its %u. */
static struct rig *with_code(const char *format, unsigned code, int line)
{
    char text[2048];
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
    int n = snprintf(text, sizeof text, format, code);
#pragma GCC diagnostic pop
    cr_assert(n > 0 && (size_t)n < sizeof text);
    struct rig *r = rig_new(text, __FILE__, line);
    r->options.on_outage = LUN_OUTAGE_WAIT;
    return r;
}

/* ---- answers to an ABORT TASK ---- */

/* A read is cancelled and the abort is not done: the read is the target's until it answers it, and no second
 * abort is sent; the session goes on. */
static void abort_refused(const char *format, struct codes c, int line)
{
    for (size_t i = 0; i < c.count; i++) {
        struct rig *r = with_code(format, c.code[i], line);
        rig_open(r);
        struct rig_io *io = rig_start(r, LUN_OP_READ, 0, 512);
        rig_await(r, "seen");
        rig_cancel(io);
        rig_read(r, 512, 512); /* while the first is still out */
        rig_assert(r, sem_trywait(&io->done) != 0);
        rig_signal(r, "read");
        rig_ends(io, LUN_CANCELLED);
        rig_end(r);
    }
}

#define REFUSED(answer)                                                                                      \
    OPENED SEEN_READ ABORT answer STILL_THERE "wait read\nping\nsend DataIn to=r data=pattern(0,512) S=1\n"

Test(codes, s11_6_1_abort_that_was_not_done)
{
    abort_refused(REFUSED("send TaskResponse to=t response=%u\n"), CODES(2, 3, 4, 5, 6, 7, 254, 255),
                  __LINE__);
}

Test(codes, s7_3_abort_rejected_for_good)
{
    abort_refused(REFUSED("send Reject reason=%u data=header(t)\n"), CODES(4, 5, 7, 9, 0x0c), __LINE__);
}

/* 11.17.1: too many immediate commands: to be sent again. */
Test(codes, s11_17_1_abort_rejected_for_now)
{
    struct rig *r = RIG(OPENED SEEN_READ ABORT "send Reject reason=6 data=header(t)\n" ABORT
                                               "send Reject reason=6 data=header(t)\n" ABORT
                                               "send TaskResponse to=t response=0\n" STILL_THERE);
    rig_open(r);
    struct rig_io *io = rig_start(r, LUN_OP_READ, 0, 512);
    rig_await(r, "seen");
    rig_cancel(io);
    rig_ends(io, LUN_CANCELLED);
    rig_read(r, 512, 512);
    rig_end(r);
}

/* The read is answered behind the Reject: nothing is left to be aborted. */
Test(codes, s11_17_1_answer_behind_the_rejected_abort)
{
    struct rig *r =
        RIG(OPENED SEEN_READ ABORT "send DataIn to=r data=pattern(0,512) S=1\n"
                                   "send Reject reason=6 data=header(t)\nping\nmark pinged\n" STILL_THERE);
    rig_open(r);
    struct rig_io *io = rig_start(r, LUN_OP_READ, 0, 512);
    rig_await(r, "seen");
    rig_cancel(io);
    rig_ends(io, LUN_CANCELLED);
    rig_await(r, "pinged");
    rig_read(r, 512, 512);
    rig_end(r);
}

/* ---- Reject of a command or its data ---- */

/* The session is ended, and the request goes through the next with all its data. */
static void sent_again(const char *format, enum lun_op op, struct codes c, int line)
{
    for (size_t i = 0; i < c.count; i++) {
        struct rig *r = with_code(format, c.code[i], line);
        rig_open(r);
        if (op == LUN_OP_READ)
            rig_read(r, 0, 512);
        else
            rig_write(r, 0, 1024);
        rig_lost(r, LUN_PROTOCOL, "rejected our");
        rig_end(r);
    }
}

#define ALL_REASONS CODES(2, 3, 4, 5, 6, 7, 8, 9, 0x0a, 0x0b, 0x0c)

Test(codes, s7_3_read_rejected)
{
    sent_again(OPENED "expect ScsiCommand as=r cdb=read(0,1)\n"
                      "send Reject reason=%u data=header(r)\nexpect-close\n"
                      "accept\n" LOGIN "expect ScsiCommand as=s cdb=read(0,1)\n"
                      "send DataIn to=s data=pattern(0,512) S=1\n",
               LUN_OP_READ, ALL_REASONS, __LINE__);
}

/* 2 with immediate data is LIO's: the same PDU would do, a new session does as well. */
Test(codes, s7_3_write_with_immediate_data_rejected)
{
    sent_again(OPENED "expect ScsiCommand as=r cdb=write(0,2) data=pattern(0,1024)\n"
                      "send Reject reason=%u data=header(r)\nexpect-close\n"
                      "accept\n" LOGIN "expect ScsiCommand as=s cdb=write(0,2) data=pattern(0,1024)\n"
                      "send ScsiResponse to=s\n",
               LUN_OP_WRITE, ALL_REASONS, __LINE__);
}

#define SOLICITED "login DefaultTime2Wait=0 InitialR2T=Yes ImmediateData=No\n"

Test(codes, s7_3_data_out_rejected)
{
    sent_again(SOLICITED "serve opened\nexpect ScsiCommand as=r cdb=write(0,2)\n"
                         "send R2T to=r ttt=7 offset=0 length=1024\n"
                         "expect DataOut as=d to=r offset=0 data=pattern(0,1024)\n"
                         "send Reject reason=%u data=header(d)\nexpect-close\n"
                         "accept\n" SOLICITED "expect ScsiCommand as=s cdb=write(0,2)\n"
                         "send R2T to=s ttt=8 offset=0 length=1024\n"
                         "expect DataOut to=s ttt=8 offset=0 data=pattern(0,1024)\n"
                         "send ScsiResponse to=s\n",
               LUN_OP_WRITE, CODES(2, 4, 9), __LINE__);
}

/* ---- asynchronous messages, logout ---- */

/* The read under way is answered behind the message. */
Test(codes, s11_9_1_events_that_ask_for_nothing)
{
    struct codes c = CODES(0, 5, 6, 100, 247, 248, 250, 255);
    for (size_t i = 0; i < c.count; i++) {
        struct rig *r = with_code(OPENED "expect ScsiCommand as=r cdb=read(0,1)\n"
                                         "send Async event=%u parameter1=1 parameter2=2 parameter3=3\nping\n"
                                         "send DataIn to=r data=pattern(0,512) S=1\n",
                                  c.code[i], __LINE__);
        rig_open(r);
        rig_read(r, 0, 512);
        rig_end(r);
    }
}

/* Whatever the answer, the connection is closed and nothing more is sent. */
Test(codes, s11_15_1_every_answer_ends_the_session)
{
    struct codes c = CODES(0, 1, 2, 3, 4, 255);
    for (size_t i = 0; i < c.count; i++) {
        struct rig *r = with_code(OPENED "expect LogoutRequest I=1 F=1 reason=0\n"
                                         "send LogoutResponse response=%u\nexpect-close\n",
                                  c.code[i], __LINE__);
        rig_open(r);
        rig_end(r);
    }
}

/* A NOP-In that wants an answer does not get one behind the Logout Request. */
Test(codes, s11_14_nop_in_behind_the_logout)
{
    struct rig *r = RIG(OPENED "expect LogoutRequest\n"
                               "send NopIn itt=0xffffffff ttt=0x77\n"
                               "send LogoutResponse\nexpect-close\n");
    rig_open(r);
    rig_end(r);
}

/* An unanswered Logout ends with the time of an unanswered ping, whether there are pings or not. */
static void unanswered_logout(struct rig *r, uint32_t interval_ms)
{
    r->options.nop_interval_ms = interval_ms;
    r->options.nop_timeout_ms = 300;
    rig_open(r);
    rig_lost(r, LUN_TIMEOUT, "Logout");
    rig_end(r);
}

#define LEAVE_UNANSWERED OPENED "send Async event=1 parameter3=5\nexpect LogoutRequest\nexpect-close\n"

Test(codes, s7_5_unanswered_logout)
{
    unanswered_logout(RIG(LEAVE_UNANSWERED), 200);
}

Test(codes, s7_5_unanswered_logout_without_keepalive)
{
    unanswered_logout(RIG(LEAVE_UNANSWERED), UINT32_MAX);
}
