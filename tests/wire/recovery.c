/* SPDX-License-Identifier: Apache-2.0 */
/* A session that is lost, and what comes back: reinstatement, what is sent again and what is not, how long
 * requests wait and what ends that. RFC 7143 6.3.5, 7.13-7.15, 13.15. */
#include <criterion/criterion.h>
#include <string.h>
#include <time.h>

#include "rig.h"

#define LOGIN "login DefaultTime2Wait=0\n"
#define OPENED LOGIN "serve opened\n"
#define BACK "accept\n" LOGIN
#define FIRST_ANSWER "send LoginResponse text{AuthMethod=None TargetPortalGroupTag=1}\n"
#define SEEN_READ "expect ScsiCommand as=r cdb=read(0,1) edtl=512\nmark seen\n"
#define READ_AGAIN                                                                                           \
    "expect ScsiCommand as=again cdb=read(0,1) edtl=512\n"                                                   \
    "send DataIn to=again data=pattern(0,512) S=1\n"

static struct rig *waiting(const char *text, int line)
{
    struct rig *r = rig_new(text, __FILE__, line);
    r->options.on_outage = LUN_OUTAGE_WAIT;
    return r;
}

#define WAITING(text) waiting(text, __LINE__)

static struct rig_io *start_read(struct rig *r)
{
    rig_open(r);
    return rig_start(r, LUN_OP_READ, 0, 512);
}

static void ends_well(struct rig *r, struct rig_io *io)
{
    uint8_t want[512];
    rig_ends_with(io, 512, (script_pattern(want, 0, 512), want));
    rig_end(r);
}

/* One read, begun before the loss, gets its bytes after it. */
static void survives(struct rig *r)
{
    ends_well(r, start_read(r));
}

static void write_survives(struct rig *r, uint64_t offset, size_t n)
{
    rig_open(r);
    rig_write(r, offset, n);
    rig_end(r);
}

/* ---- reinstatement ---- */

/* The new login names the ISID of the lost session and TSIH 0: that ends it. */
Test(recovery, s6_3_5_same_isid_and_tsih_0)
{
    survives(WAITING(
        "expect LoginRequest as=first tsih=0\n" FIRST_ANSWER LOGIN "serve opened\n" SEEN_READ "close\n"
        "accept\nexpect LoginRequest as=second isid=@first.isid tsih=0 csg=@first.csg\n" FIRST_ANSWER LOGIN
            READ_AGAIN));
}

/* Of the new session, numbers begin anew: the referee wants CmdSN 1 (4.2.2.1), and fresh tags. */
Test(recovery, s6_3_5_nothing_is_sent_before_the_login_has_ended)
{
    survives(WAITING(OPENED SEEN_READ "reset\n"
                                      "accept\nexpect LoginRequest\n" FIRST_ANSWER LOGIN READ_AGAIN));
}

/* A session once in a portal group comes back to that group only. */
Test(recovery, s6_3_5_only_to_the_same_portal_group)
{
    survives(WAITING("login DefaultTime2Wait=0 TargetPortalGroupTag=7\nserve opened\n" SEEN_READ "close\n"
                     "accept\nexpect LoginRequest\n"
                     "send LoginResponse text{TargetPortalGroupTag=8 AuthMethod=None}\nexpect-close\n"
                     "accept\nlogin DefaultTime2Wait=0 TargetPortalGroupTag=7\n" READ_AGAIN));
}

static uint64_t now_ms(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (uint64_t)t.tv_sec * 1000 + (uint64_t)t.tv_nsec / 1000000;
}

/* The initiator must not come back earlier. */
Test(recovery, s13_15_time2wait_is_waited_for)
{
    struct rig *r = WAITING("login DefaultTime2Wait=2\nserve opened\n" SEEN_READ "wait cut\nclose\n"
                            "accept\nexpect LoginRequest\nmark back\n" FIRST_ANSWER
                            "login DefaultTime2Wait=2\n" READ_AGAIN);
    struct rig_io *io = start_read(r);
    rig_await(r, "seen");
    uint64_t cut = now_ms();
    rig_signal(r, "cut");
    rig_await(r, "back");
    rig_assert(r, now_ms() - cut >= 2000);
    ends_well(r, io);
}

/* ---- what is sent again ---- */

Test(recovery, s7_15_read_is_sent_again)
{
    survives(WAITING(OPENED SEEN_READ "close\n" BACK READ_AGAIN));
}

Test(recovery, s7_15_read_lost_in_the_midst_of_its_data)
{
    survives(WAITING(OPENED SEEN_READ
                     "send DataIn to=r F=0 datasn=0 data=pattern(0,200)\nclose\n" BACK READ_AGAIN));
}

Test(recovery, s7_15_read_lost_in_the_midst_of_a_pdu)
{
    survives(WAITING(OPENED SEEN_READ
                     "send DataIn to=r S=1 data=pattern(0,512) cut=300\nclose\n" BACK READ_AGAIN));
}

/* Another connection lost before anything came of it, twice. */
Test(recovery, s7_15_lost_again_and_again)
{
    survives(WAITING(OPENED SEEN_READ "close\n" BACK "expect ScsiCommand cdb=read(0,1)\nreset\n" BACK
                                      "expect ScsiCommand cdb=read(0,1)\nclose\n" BACK READ_AGAIN));
}

Test(recovery, s7_15_lost_while_logging_in_again)
{
    survives(WAITING(OPENED SEEN_READ
                     "close\naccept\nexpect LoginRequest\nreset\n"
                     "accept\nexpect LoginRequest\nsend LoginResponse cut=20\nclose\n" BACK READ_AGAIN));
}

Test(recovery, s7_15_write_is_sent_again_with_all_its_data)
{
    write_survives(WAITING("login DefaultTime2Wait=0 InitialR2T=Yes ImmediateData=No\nserve opened\n"
                           "expect ScsiCommand as=w cdb=write(0,8) edtl=4096\n"
                           "send R2T to=w ttt=7 r2tsn=0 offset=0 length=2048\n"
                           "expect DataOut to=w ttt=7 datasn=0 offset=0 F=1 data=pattern(0,2048)\n"
                           "close\n"
                           "accept\nlogin DefaultTime2Wait=0 InitialR2T=Yes ImmediateData=No\n"
                           "expect ScsiCommand as=v cdb=write(0,8) edtl=4096\n"
                           "send R2T to=v ttt=9 r2tsn=0 offset=0 length=4096\n"
                           "expect DataOut to=v ttt=9 datasn=0 offset=0 F=1 data=pattern(0,4096)\n"
                           "send ScsiResponse to=v\n"),
                   0, 4096);
}

/* It begins anew: what its ends are merged with is read once more. */
Test(recovery, s7_15_unaligned_write)
{
    write_survives(WAITING(OPENED
                           "expect ScsiCommand as=r cdb=read(0,1)\n"
                           "send DataIn to=r S=1 data=zeros(512)\n"
                           "expect ScsiCommand cdb=write(0,1) data=zeros(100)+pattern(100,50)+zeros(362)\n"
                           "close\n" BACK "expect ScsiCommand as=r cdb=read(0,1)\n"
                           "send DataIn to=r S=1 data=pattern(9,100)+zeros(412)\n"
                           "expect ScsiCommand as=w cdb=write(0,1) "
                           "data=pattern(9,100)+pattern(100,50)+zeros(362)\n"
                           "send ScsiResponse to=w\n"),
                   100, 50);
}

Test(recovery, s7_15_flush_is_sent_again)
{
    struct rig *r = WAITING("device wce=1\n" OPENED "expect ScsiCommand cdb=sync(0,0)\nclose\n" BACK
                            "expect ScsiCommand as=f cdb=sync(0,0)\nsend ScsiResponse to=f\n");
    rig_open(r);
    rig_ends(rig_start(r, LUN_OP_FLUSH, 0, 0), LUN_OK);
    rig_end(r);
}

/* Of a request in several commands, what was answered is kept as far as it goes without a gap. */
Test(recovery, s7_15_what_was_answered_is_not_sent_again)
{
    struct rig *r = WAITING("device max_transfer=8\n" OPENED "expect ScsiCommand as=a cdb=write(0,8) data=*\n"
                            "expect ScsiCommand as=b cdb=write(8,8) data=*\n"
                            "send ScsiResponse to=a\nclose\n" BACK
                            "expect ScsiCommand as=c cdb=write(8,8) data=pattern(4096,4096)\n"
                            "send ScsiResponse to=c\n");
    rig_open(r);
    rig_write(r, 0, 8192);
    rig_end(r);
}

/* Asked for while the target is away. */
Test(recovery, s7_15_new_requests_wait_too)
{
    struct rig *r = WAITING(OPENED "close\n"
                                   "accept\nwait asked\n" LOGIN READ_AGAIN);
    rig_open(r);
    rig_lost(r, LUN_CONNECT, "");
    struct rig_io *io = rig_start(r, LUN_OP_READ, 0, 512);
    rig_signal(r, "asked");
    ends_well(r, io);
}

/* The power-on of a new nexus is not the reader's business. */
Test(recovery, s7_15_unit_attentions_afterwards_are_not_seen)
{
    survives(WAITING(OPENED SEEN_READ "close\naccept\ndevice uas=3\n" LOGIN READ_AGAIN));
}

/* An asynchronous message that announces it is a loss like any other. */
Test(recovery, s11_9_1_announced_loss)
{
    survives(WAITING(OPENED SEEN_READ "send Async event=3\nexpect-close\n" BACK READ_AGAIN));
}

/* Its Time2Wait holds in place of the one agreed on: an hour would be too long for the request. */
#define HOUR "login DefaultTime2Wait=3600\n"

Test(recovery, s11_9_1_time2wait_of_a_connection_drop)
{
    survives(WAITING(HOUR "serve opened\n" SEEN_READ "send Async event=2 parameter2=0 parameter3=0\n"
                          "expect-close\n" BACK READ_AGAIN));
}

Test(recovery, s11_9_1_time2wait_of_a_session_drop)
{
    survives(WAITING(HOUR "serve opened\n" SEEN_READ "send Async event=3 parameter2=0 parameter3=0\n"
                          "expect-close\n" BACK READ_AGAIN));
}

/* A request made while the session is gone. */
static void comes_back(struct rig *r)
{
    rig_open(r);
    rig_lost(r, LUN_CONNECT, "log out");
    rig_read(r, 0, 512);
    rig_end(r);
}

/* Below ErrorRecoveryLevel 2 the times of a logout that went well are to be ignored. */
Test(recovery, s11_15_3_time2wait_of_a_logout_is_ignored)
{
    comes_back(WAITING(OPENED
                       "send Async event=1 parameter3=5\nexpect LogoutRequest\n"
                       "send LogoutResponse response=0 time2wait=3600\nexpect-close\n" BACK READ_AGAIN));
}

/* As they are where the target knows no such connection. */
Test(recovery, s11_15_3_time2wait_of_an_unknown_connection_is_ignored)
{
    comes_back(WAITING(OPENED
                       "send Async event=1 parameter3=5\nexpect LogoutRequest\n"
                       "send LogoutResponse response=1 time2wait=3600\nexpect-close\n" BACK READ_AGAIN));
}

/* With "cleanup failed" they hold. */
Test(recovery, s11_15_3_time2wait_of_a_failed_cleanup)
{
    comes_back(WAITING(HOUR "serve opened\nsend Async event=1 parameter3=5\nexpect LogoutRequest\n"
                            "send LogoutResponse response=3 time2wait=0\nexpect-close\n" BACK READ_AGAIN));
}

/* The target broke the protocol: the session is given up, and what was under way goes through the next. */
Test(recovery, s7_13_after_a_protocol_error)
{
    survives(WAITING(OPENED SEEN_READ
                     "send DataIn to=r datasn=5 S=1 data=pattern(0,512)\nexpect-close\n" BACK READ_AGAIN));
}

/* ---- what is not ---- */

/* Given up by its caller while the target had it: its task ends with the session. */
Test(recovery, s7_15_cancelled_is_not_sent_again)
{
    struct rig *r = WAITING(OPENED SEEN_READ "expect TaskRequest function=1\nclose\n" BACK
                                             "expect ScsiCommand as=s cdb=read(1,1)\n"
                                             "send DataIn to=s data=pattern(512,512) S=1\n");
    struct rig_io *io = start_read(r);
    rig_await(r, "seen");
    rig_cancel(io);
    rig_ends(io, LUN_CANCELLED);
    rig_read(r, 512, 512);
    rig_end(r);
}

Test(recovery, cancelled_while_the_target_is_away)
{
    struct rig *r = WAITING(OPENED SEEN_READ "close\naccept\nwait cancelled\n" LOGIN
                                             "expect ScsiCommand as=s cdb=read(1,1)\n"
                                             "send DataIn to=s data=pattern(512,512) S=1\n");
    struct rig_io *io = start_read(r);
    rig_lost(r, LUN_CONNECT, "");
    rig_cancel(io);
    rig_ends(io, LUN_CANCELLED);
    rig_signal(r, "cancelled");
    rig_read(r, 512, 512);
    rig_end(r);
}

/* A deadline of the caller's own counts through the outage. */
Test(recovery, deadline_passes_while_the_target_is_away)
{
    struct rig *r = WAITING(OPENED "close\n");
    rig_open(r);
    rig_lost(r, LUN_CONNECT, "");
    struct rig_io *waits = rig_start_timed(r, LUN_OP_READ, 0, 512, 50);
    rig_ends(waits, LUN_TIMEOUT);
    rig_end(r);
}

Test(recovery, deadline_of_a_request_that_was_under_way)
{
    struct rig *r = WAITING(OPENED SEEN_READ "close\n");
    rig_open(r);
    rig_ends(rig_start_timed(r, LUN_OP_READ, 0, 512, 300), LUN_TIMEOUT);
    rig_end(r);
}

/* ---- for how long ---- */

static void fails_with(struct rig *r, struct rig_io *io, enum lun_layer layer, const char *words)
{
    while (sem_wait(&io->done) < 0)
        ;
    if (io->io.error.layer != layer || !strstr(io->io.error.text, words))
        rig_complain(r, "%s: %s; expected %s: ...%s...", lun_layer_name(io->io.error.layer),
                     io->io.error.text, lun_layer_name(layer), words);
    sem_post(&io->done);
    rig_finishes(io);
}

Test(recovery, replacement_timeout)
{
    struct rig *r = WAITING(OPENED SEEN_READ "close\n");
    r->options.replacement_timeout_ms = 1000;
    struct rig_io *sent = start_read(r);
    rig_lost(r, LUN_CONNECT, "");
    struct rig_io *waits = rig_start(r, LUN_OP_WRITE, 0, 512);
    fails_with(r, sent, LUN_CONNECT, "not back within 1 s");
    fails_with(r, waits, LUN_CONNECT, "not back within 1 s");
    fails_with(r, rig_start(r, LUN_OP_READ, 0, 512), LUN_CONNECT, ""); /* and from then on at once */
    rig_end(r);
}

/* It goes on trying, and works again when the target is back. */
Test(recovery, back_after_the_replacement_timeout)
{
    struct rig *r = WAITING(OPENED SEEN_READ "close\naccept\nwait failed\n" LOGIN "mark up\nserve read\n"
                                             "expect ScsiCommand as=s cdb=read(1,1)\n"
                                             "send DataIn to=s data=pattern(512,512) S=1\n");
    r->options.replacement_timeout_ms = 100;
    struct rig_io *io = start_read(r);
    fails_with(r, io, LUN_CONNECT, "not back within 0 s");
    rig_signal(r, "failed");
    rig_changed(r); /* offline */
    rig_signal(r, "read");
    rig_read(r, 512, 512);
    rig_end(r);
}

/* Two initiators of one name and ISID throw each other out for ever: an error, not a loop. Each time
 * somebody's read has been answered well. */
Test(recovery, s6_3_5_displaced_again_and_again)
{
    static const char round[] = "expect ScsiCommand as=r cdb=read(0,1)\n"
                                "send DataIn to=r data=pattern(0,512) S=1\nclose\n";
    static char text[64 * (sizeof round + sizeof BACK) + sizeof OPENED] = OPENED;
    struct lun_error e = {0};
    char block[512];
    int served = 0;
    for (int i = 0; i < 64; i++) {
        strcat(text, i ? BACK : "");
        strcat(text, round);
    }
    struct rig *r = WAITING(text);
    r->options.replacement_timeout_ms = 100;
    rig_open(r);
    while (lun_pread(r->unit, block, sizeof block, 0, &e) == (ssize_t)sizeof block)
        served++;
    rig_assert(r, served == 64);
    rig_assert(r, strstr(e.text, "does another initiator use our name and ISID?"));
    rig_end(r);
}

/* ---- what came back ---- */

Test(recovery, another_device_in_its_place)
{
    struct rig *r = WAITING(OPENED SEEN_READ "close\naccept\ndevice name=9\n" LOGIN "ping\n");
    fails_with(r, start_read(r), LUN_SCSI, "another device");
    rig_end(r);
}

Test(recovery, another_capacity)
{
    struct rig *r = WAITING(OPENED SEEN_READ "close\naccept\ndevice blocks=4096\n" LOGIN "ping\n");
    fails_with(r, start_read(r), LUN_SCSI, "came back with 2097152 bytes");
    fails_with(r, rig_start(r, LUN_OP_WRITE, 0, 512), LUN_SCSI, "came back with 2097152 bytes");
    rig_end(r);
}

Test(recovery, another_block_size)
{
    struct rig *r =
        WAITING(OPENED SEEN_READ "close\naccept\ndevice block_size=1024 blocks=1024\n" LOGIN "ping\n");
    fails_with(r, start_read(r), LUN_SCSI, "blocks of 1024");
    rig_end(r);
}

/* A target that restarts lists its units one after the other. */
Test(recovery, unit_that_is_listed_late)
{
    survives(WAITING(OPENED SEEN_READ "close\naccept\ndevice luns=1\n" LOGIN
                                      "expect ScsiCommand as=l cdb=a0*\n"
                                      "send DataIn to=l S=1 U=1 residual=4080 "
                                      "data=hex(00000008000000000001000000000000)\n"
                                      "device luns=0\n" READ_AGAIN));
}

/* tgt says so until it has been set up again. */
Test(recovery, s11_13_5_target_not_found_is_waited_for)
{
    survives(WAITING(OPENED SEEN_READ "close\naccept\nexpect LoginRequest\n"
                                      "send LoginResponse class=2 detail=3\nexpect-close\n" BACK READ_AGAIN));
}

Test(recovery, s11_13_5_service_unavailable_is_waited_for)
{
    survives(WAITING(OPENED SEEN_READ "close\naccept\nexpect LoginRequest\n"
                                      "send LoginResponse class=3 detail=1\nexpect-close\n" BACK READ_AGAIN));
}

/* No waiting mends this. */
Test(recovery, s11_13_5_refused_credentials_end_the_waiting)
{
    struct rig *r = WAITING(OPENED SEEN_READ "close\naccept\nexpect LoginRequest\n"
                                             "send LoginResponse class=2 detail=1\nexpect-close\n");
    fails_with(r, start_read(r), LUN_LOGIN, "authentication failure");
    rig_end(r);
}

Test(recovery, s11_13_5_not_authorized_ends_the_waiting)
{
    struct rig *r = WAITING(OPENED SEEN_READ "close\naccept\nexpect LoginRequest\n"
                                             "send LoginResponse class=2 detail=2\nexpect-close\n");
    fails_with(r, start_read(r), LUN_LOGIN, "authorization failure");
    rig_end(r);
}

/* ---- closing ---- */

Test(recovery, closed_while_the_target_is_away)
{
    struct rig *r = WAITING(OPENED SEEN_READ "close\n");
    struct rig_io *io = start_read(r);
    rig_lost(r, LUN_CONNECT, "");
    rig_close(r);
    rig_ends(io, LUN_CANCELLED);
    rig_end(r);
}

Test(recovery, on_outage_fail_does_not_wait)
{
    struct rig *r = WAITING(OPENED SEEN_READ "close\n");
    r->options.on_outage = LUN_OUTAGE_FAIL;
    struct rig_io *io = start_read(r);
    rig_ends(io, LUN_CONNECT);
    rig_ends(rig_start(r, LUN_OP_READ, 0, 512), LUN_CONNECT);
    rig_end(r);
}
