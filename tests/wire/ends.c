/* SPDX-License-Identifier: Apache-2.0 */
/* How requests, opens and closes end when something else ends first: cancelled on their way, closed while
 * opening, lost and opened again. And what a request may still rely on when it does. RFC 7143 11.5. */
#include <criterion/criterion.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "rig.h"

struct waited {
    struct lun_call call;
    sem_t done;
};

static void call_done(struct lun_call *call)
{
    sem_post(&((struct waited *)(void *)call)->done);
}

static void prepare(struct waited *w)
{
    *w = (struct waited){.call.done = call_done};
    sem_init(&w->done, 0, 0);
}

static enum lun_layer end_of(struct waited *w)
{
    while (sem_wait(&w->done) < 0)
        ;
    sem_destroy(&w->done);
    return w->call.error.layer;
}

static void make_target(struct rig *r)
{
    r->target = lun_target_new(r->pool, &r->options, &r->error);
    rig_assert(r, r->target);
}

Test(ends, close_while_opening)
{
    struct rig *r = RIG("expect LoginRequest\n"
                        "expect-close\n");
    struct waited opening, closing;
    prepare(&opening);
    prepare(&closing);
    make_target(r);
    lun_target_open(r->target, &opening.call);
    lun_target_close(r->target, 0, &closing.call); /* the loop may see both in one turn */
    rig_assert(r, end_of(&opening) == LUN_CANCELLED);
    rig_assert(r, end_of(&closing) == LUN_OK);
    lun_target_free(r->target);
    lun_pool_free(r->pool); /* the script may never have been connected to: it is not asked */
    script_free(r->script);
    free(r);
}

Test(ends, opened_twice)
{
    struct rig *r = RIG("login\nserve opened\n");
    rig_open(r);
    rig_assert(r, !lun_target_open_wait(r->target, &r->error));
    rig_assert(r, r->error.layer == LUN_USAGE);
    rig_end(r);
}

Test(ends, two_closes_at_once)
{
    struct rig *r = RIG("login\nserve opened\n");
    struct waited closing[2];
    rig_open(r);
    for (int i = 0; i < 2; i++) {
        prepare(&closing[i]);
        lun_target_close(r->target, 10000, &closing[i].call);
    }
    for (int i = 0; i < 2; i++)
        rig_assert(r, end_of(&closing[i]) == LUN_OK);
    rig_end(r);
}

Test(ends, opened_again_after_an_outage)
{
    struct rig *r = RIG("login\nserve opened\nclose\n"
                        "accept\nlogin\nserve opened_again\n");
    rig_open(r);
    rig_lost(r, LUN_CONNECT, "");
    rig_close(r);
    rig_signal(r, "opened_again");
    if (!lun_target_open_wait(r->target, &r->error))
        rig_complain(r, "%s", r->error.text);
    rig_end(r);
}

/* Neither the read that was sent nor the one behind it was cancelled by anybody: the outage ended both. */
Test(ends, waiting_requests_tell_of_the_outage)
{
    struct rig *r = RIG("login\nserve opened\n"
                        "expect ScsiCommand cdb=read(0,1) R=1\n"
                        "wait both\n"
                        "close\n");
    r->options.queue_depth = 1;
    rig_open(r);
    struct rig_io *sent = rig_start(r, LUN_OP_READ, 0, 512), *waits = rig_start(r, LUN_OP_READ, 512, 512);
    rig_signal(r, "both");
    rig_ends(sent, LUN_CONNECT);
    rig_ends(waits, LUN_CONNECT);
    rig_end(r);
}

/* ---- cancelled before the home loop has read of it ---- */

struct race {
    struct rig *r;
    struct rig_io *io;
    sem_t in_loop, submitted;
};

static void cancel_unread(void *arg)
{
    struct race *race = arg;
    sem_post(&race->in_loop);
    while (sem_wait(&race->submitted) < 0)
        ;
    lun_cancel(race->r->unit, &race->io->io);
}

static void *hold_loop(void *arg)
{
    struct race *race = arg;
    lun_loop_run(lun_unit_loop(race->r->unit), cancel_unread, race);
    return NULL;
}

Test(ends, cancelled_on_its_way)
{
    struct race race = {.r = RIG("login\nserve opened\n")};
    pthread_t thread;
    rig_open(race.r);
    sem_init(&race.in_loop, 0, 0);
    sem_init(&race.submitted, 0, 0);
    rig_assert(race.r, !pthread_create(&thread, NULL, hold_loop, &race));
    while (sem_wait(&race.in_loop) < 0)
        ;
    race.io = rig_start(race.r, LUN_OP_READ, 0, 512);
    sem_post(&race.submitted);
    pthread_join(thread, NULL);
    rig_ends(race.io, LUN_CANCELLED);
    rig_end(race.r);
}

/* ---- a lent READ of several commands ---- */

#define LENT 16384

struct lent {
    struct lun_io io;
    struct rig *r;
    bool good;
    sem_t done;
};

/* A buffer fetched meanwhile must not be the one that is lent. */
static void look(struct lun_io *io)
{
    struct lent *l = (struct lent *)(void *)io;
    struct lun_loop *loop = lun_unit_loop(l->r->unit);
    uint8_t *other = lun_buffer_get(loop), *want = malloc(LENT);
    memset(other, 0xee, LENT);
    script_pattern(want, 0, LENT);
    l->good = io->error.layer == LUN_OK && io->data_count == 1 && io->data->iov_len == LENT &&
              !memcmp(io->data->iov_base, want, LENT);
    free(want);
    lun_buffer_put(loop, other);
    sem_post(&l->done);
}

Test(ends, lent_bytes_stay_until_done_returns)
{
    struct rig *r = RIG("device max_transfer=16\nlogin\nserve opened\n"
                        "expect ScsiCommand as=a cdb=read(0,16) R=1\n"
                        "expect ScsiCommand as=b cdb=read(16,16) R=1\n"
                        "send DataIn to=a datasn=0 offset=0 data=pattern(0,8192) S=1\n"
                        "send DataIn to=b datasn=0 offset=0 data=pattern(8192,8192) S=1\n");
    rig_open(r);
    struct lent l = {.io = {.done = look, .op = LUN_OP_READ, .length = LENT}, .r = r};
    sem_init(&l.done, 0, 0);
    lun_submit(r->unit, &l.io);
    while (sem_wait(&l.done) < 0)
        ;
    sem_destroy(&l.done);
    rig_assert(r, l.good);
    rig_end(r);
}

/* ---- what a refused command must not change ---- */

/* A unit beyond the reach of 32-bit block numbers that has no SYNCHRONIZE CACHE(16): READ stays READ(16). */
Test(ends, no_sync16_leaves_read16)
{
    struct rig *r = RIG("device blocks=8589934592 wce=1\nlogin\nserve opened\n"
                        "expect ScsiCommand cdb=sync16(0,0)\n"
                        "send ScsiResponse status=2 sense=5/20/0\n"
                        "expect ScsiCommand cdb=sync10(0,0)\n"
                        "send ScsiResponse\n"
                        "expect ScsiCommand cdb=read16(4294967296,1) R=1\n"
                        "send DataIn datasn=0 offset=0 data=pattern(2199023255552,512) S=1\n");
    rig_open(r);
    rig_ends(rig_start(r, LUN_OP_FLUSH, 0, 0), LUN_OK);
    rig_read(r, UINT64_C(4294967296) * 512, 512);
    rig_end(r);
}

/* Requests that outlive the time to drain are aborted; what was written before is flushed all the same. */
Test(ends, a_close_cut_short_still_flushes)
{
    struct rig *r = RIG("device wce=1\nlogin ImmediateData=Yes\nserve opened\n"
                        "expect ScsiCommand as=w cdb=write(0,1) data=*\n"
                        "send ScsiResponse to=w\n"
                        "expect ScsiCommand as=r cdb=read(0,1)\n"
                        "mark seen\n"
                        "expect TaskRequest as=t function=1 ref=@r.itt\n"
                        "send TaskResponse to=t response=0\n"
                        "expect ScsiCommand as=f cdb=sync(0,0)\n"
                        "send ScsiResponse to=f\n"
                        "expect LogoutRequest reason=0\n"
                        "send LogoutResponse\n"
                        "expect-close\n");
    rig_open(r);
    rig_write(r, 0, 512);
    struct rig_io *io = rig_start(r, LUN_OP_READ, 0, 512);
    rig_await(r, "seen");
    rig_close(r);
    rig_ends(io, LUN_CANCELLED);
    rig_end(r);
}

/* A device that reports changed parameters to each command: the open ends all the same. */
Test(ends, open_with_unit_attentions_for_ever)
{
    struct rig *r = RIG("login\nauto off\n"
                        "expect ScsiCommand\n"
                        "send ScsiResponse status=2 sense=6/2a/9\n"
                        "repeat 2\n");
    make_target(r);
    /* Its unit is offline; without an end the script's deadline would cut the connection and fail it. */
    rig_assert(r, lun_target_open_wait(r->target, &r->error));
    lun_pool_free(r->pool);
    lun_target_free(r->target);
    script_finish(r->script); /* the Logout is not in it */
    script_free(r->script);
    free(r);
}

/* A pool closes what its caller left open: the target sees a Logout. */
Test(ends, pool_closes_its_targets)
{
    struct rig *r = RIG("login\nserve opened\n"
                        "expect LogoutRequest reason=0\n"
                        "send LogoutResponse\n"
                        "expect-close\n");
    rig_open(r);
    lun_pool_free(r->pool);
    lun_target_free(r->target);
    const char *failure = script_finish(r->script);
    cr_assert(!failure, "%s", failure);
    script_free(r->script);
    free(r);
}
