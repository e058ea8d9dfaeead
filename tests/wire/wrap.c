/* SPDX-License-Identifier: Apache-2.0 */
/* Numbers that pass ffffffff, on the wire: CmdSN and with it the window, StatSN, DataSN, R2TSN, and tags (RFC
 * 7143 4.2.2.1, 4.2.2.2, 4.2.2.4, 11.2.1.8). CmdSN and StatSN begin where the test says; what counts within a
 * task or a slot is set there, in the library's own loop, since counting that far takes too long. */
#include <criterion/criterion.h>

#include "pool/target.h"
#include "rig.h"

#define OPENED "login\nserve opened\n"

/* ---- CmdSN and the window ---- */

/* The first commands find out what the LUN is; after fffffffe, ffffffff and 0 the referee wants what comes
 * next, within the window. */
Test(wrap, s4_2_2_1_cmdsn)
{
    struct rig *r =
        RIG("expect LoginRequest cmdsn=0xfffffffe\n"
            "send LoginResponse text{AuthMethod=None TargetPortalGroupTag=1}\n"
            "login\n"
            "expect ScsiCommand cmdsn=0xfffffffe as=a cdb=a0*\n"
            "send DataIn to=a S=1 U=1 residual=@a.edtl-16 data=hex(00000008000000000000000000000000)\n"
            "expect ScsiCommand cmdsn=0xffffffff as=b\n"
            "send ScsiResponse to=b\n"
            "expect ScsiCommand cmdsn=0 as=c\n"
            "send DataIn to=c S=1 U=1 residual=@c.edtl-36 data=hex(00000602)+zeros(32)\n"
            "serve opened\n"
            "expect ScsiCommand cdb=read(0,1)\n"
            "send DataIn data=pattern(0,512) S=1\n");
    r->first_cmdsn = 0xfffffffe;
    rig_open(r);
    rig_read(r, 0, 512);
    rig_end(r);
}

/* A window of one, shut and opened again by NOP-In, with MaxCmdSN on either side of the wrap: what is below
 * is not taken for more. Identifying the LUN takes eight commands, so the first read has fffffffe. */
Test(wrap, s4_2_2_1_window)
{
    struct rig *r = RIG("window 1\n"
                        "login\n"
                        "serve opened\n"
                        "expect ScsiCommand as=a cdb=read(0,1) cmdsn=0xfffffffe\n"
                        "window 0\n"
                        "send DataIn data=pattern(0,512) S=1\n"
                        "wait submitted\n"
                        "ping\n"
                        "window 1\n"
                        "send NopIn itt=0xffffffff maxcmdsn=0xffffffff\n"
                        "expect ScsiCommand as=b cdb=read(1,1) cmdsn=0xffffffff\n"
                        "window 0\n"
                        "send DataIn to=b data=pattern(512,512) S=1 expcmdsn=0 maxcmdsn=0xffffffff\n"
                        "ping\n"
                        "mark shut\n"
                        "wait third\n"
                        "ping\n"
                        "window 1\n"
                        "send NopIn itt=0xffffffff expcmdsn=0 maxcmdsn=0\n"
                        "expect ScsiCommand as=c cdb=read(2,1) cmdsn=0\n"
                        "window 32\n"
                        "send DataIn to=c data=pattern(1024,512) S=1\n");
    r->first_cmdsn = 0xfffffffe - 8;
    rig_open(r);
    rig_read(r, 0, 512);
    struct rig_io *second = rig_start(r, LUN_OP_READ, 512, 512);
    rig_signal(r, "submitted");
    rig_ends(second, LUN_OK);
    rig_await(r, "shut");
    struct rig_io *third = rig_start(r, LUN_OP_READ, 1024, 512);
    rig_signal(r, "third");
    rig_ends(third, LUN_OK);
    rig_end(r);
}

/* ABORT TASK behind the wrap names a CmdSN before it. */
Test(wrap, s11_5_5_refcmdsn)
{
    struct rig *r = RIG(OPENED "expect ScsiCommand as=r cdb=read(0,1) cmdsn=0xffffffff\n"
                               "mark seen\n"
                               "expect TaskRequest function=1 ref=@r.itt refcmdsn=0xffffffff cmdsn=0 I=1\n"
                               "send TaskResponse\n");
    r->first_cmdsn = 0xffffffff - 8;
    rig_open(r);
    struct rig_io *io = rig_start(r, LUN_OP_READ, 0, 512);
    rig_await(r, "seen");
    rig_cancel(io);
    rig_ends(io, LUN_CANCELLED);
    rig_end(r);
}

/* ---- StatSN ---- */

/* Each answer is acknowledged across the wrap, those that carry the next StatSN too. */
Test(wrap, s4_2_2_2_statsn)
{
    /* Two answers to the login and eight to the commands that find out what the LUN is. */
    struct rig *r = RIG("statsn 0xfffffff4\n"
                        "login\n"
                        "serve opened\n"
                        "expect ScsiCommand cdb=read(0,1) expstatsn=0xfffffffe\n"
                        "send DataIn data=pattern(0,512) S=1\n"
                        "expect ScsiCommand as=b cdb=read(1,1) expstatsn=0xffffffff\n"
                        "send NopIn itt=0xffffffff ttt=5\n"
                        "expect NopOut ttt=5 expstatsn=0xffffffff\n"
                        "send DataIn to=b data=pattern(512,512) S=1\n"
                        "expect ScsiCommand as=c cdb=read(2,1) expstatsn=0\n"
                        "send DataIn to=c data=pattern(1024,512) S=1\n"
                        "expect ScsiCommand as=d cdb=read(3,1) expstatsn=1\n"
                        "send DataIn to=d data=pattern(1536,512) S=1\n");
    rig_open(r);
    for (uint64_t i = 0; i < 4; i++)
        rig_read(r, 512 * i, 512);
    rig_end(r);
}

/* ---- Within a task ---- */

/* What to set in each task of the session, in its loop. */
struct change {
    struct rig *rig;
    void (*of)(struct task *t);
};

static void change_all(void *arg)
{
    struct change *c = arg;
    struct session *s = &c->rig->target->sessions[0].link.session;
    for (uint32_t i = 0; i < s->fresh; i++)
        c->of(&s->tasks[i]);
}

static void change(struct rig *r, void (*of)(struct task *t))
{
    struct change c = {r, of};
    lun_loop_run(lun_target_loop(r->target), change_all, &c);
}

static void datasn_near_the_end(struct task *t)
{
    t->datasn = 0xfffffffe;
}

static void r2tsn_near_the_end(struct task *t)
{
    t->r2tsn = 0xfffffffe;
}

/* The last tag before the generation begins anew. */
static void tag_near_the_end(struct task *t)
{
    t->itt = (t->itt & 0xffff) | 0xfffe0000;
}

Test(wrap, s4_2_2_4_datasn_of_data_in)
{
    struct rig *r = RIG(OPENED "expect ScsiCommand as=r cdb=read(0,2)\n"
                               "mark seen\n"
                               "wait set\n"
                               "send DataIn datasn=0xfffffffe offset=0 F=0 data=pattern(0,256)\n"
                               "send DataIn datasn=0xffffffff offset=256 F=0 data=pattern(256,256)\n"
                               "send DataIn datasn=0 offset=512 F=0 data=pattern(512,256)\n"
                               "send DataIn datasn=1 offset=768 data=pattern(768,256) S=1\n");
    rig_open(r);
    uint8_t want[1024];
    struct rig_io *io = rig_start(r, LUN_OP_READ, 0, 1024);
    rig_await(r, "seen");
    change(r, datasn_near_the_end);
    rig_signal(r, "set");
    rig_ends_with(io, 1024, (script_pattern(want, 0, 1024), want));
    rig_end(r);
}

Test(wrap, s4_2_2_4_r2tsn)
{
    struct rig *r = RIG("login InitialR2T=Yes ImmediateData=No\n"
                        "serve opened\n"
                        "expect ScsiCommand as=w cdb=write(0,2)\n"
                        "mark seen\n"
                        "wait set\n"
                        "send R2T to=w r2tsn=0xfffffffe offset=0 length=512\n"
                        "expect DataOut to=w datasn=0 offset=0 F=1 data=pattern(0,512)\n"
                        "send R2T to=w r2tsn=0xffffffff offset=512 length=256\n"
                        "expect DataOut to=w datasn=0 offset=512 F=1 data=pattern(512,256)\n"
                        "send R2T to=w r2tsn=0 offset=768 length=256\n"
                        "expect DataOut to=w datasn=0 offset=768 F=1 data=pattern(768,256)\n"
                        "send ScsiResponse to=w\n");
    rig_open(r);
    struct rig_io *io = rig_start(r, LUN_OP_WRITE, 0, 1024);
    rig_await(r, "seen");
    change(r, r2tsn_near_the_end);
    rig_signal(r, "set");
    rig_ends(io, LUN_OK);
    rig_end(r);
}

/* ---- Tags ---- */

/* The slot's last tag, then its first again; never ffffffff, and answers find their tasks (the referee sees
 * to it that none is in use twice). */
Test(wrap, s11_2_1_8_tags)
{
    struct rig *r = RIG(OPENED "wait set\n"
                               "expect ScsiCommand as=a cdb=read(0,1)\n"
                               "send DataIn to=a data=pattern(0,512) S=1\n"
                               "expect ScsiCommand as=b itt=@a.itt-4294901760 cdb=read(1,1)\n"
                               "send DataIn to=b data=pattern(512,512) S=1\n"
                               "expect ScsiCommand as=c itt=@b.itt+65536 cdb=read(2,1)\n"
                               "send DataIn to=c data=pattern(1024,512) S=1\n");
    rig_open(r);
    change(r, tag_near_the_end);
    rig_signal(r, "set");
    for (uint64_t i = 0; i < 3; i++)
        rig_read(r, 512 * i, 512);
    rig_end(r);
}
