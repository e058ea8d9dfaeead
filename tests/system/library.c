/* SPDX-License-Identifier: Apache-2.0 */
/* liblun in this very process, against tgt and against peers that are none: what fails says of which layer it
 * is, names the place, and leaves threads, descriptors and the target's sessions as they were. */
#include <criterion/criterion.h>
#include <semaphore.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>

#include "lib/bad_peer.h"
#include "lib/holdings.h"
#include "lib/target_tgt.h"
#include "lib/workspace.h"
#include "lun.h"

#define SECRET "a-secret-of-host7"

static struct workspace w;
static struct target_tgt t;
static struct lun_pool *pool;
static struct lun_error e;
static char portal[64];

/* ---- What this process holds ------------------------------------------------------------------------- */

static void check_holdings(struct holdings before)
{
    struct holdings now = holdings_settled(before);
    cr_assert_eq(now.threads, before.threads, "threads: %d, before %d", now.threads, before.threads);
    cr_assert_eq(now.descriptors, before.descriptors, "descriptors: %d, before %d", now.descriptors,
                 before.descriptors);
}

/* ---- Set-up ------------------------------------------------------------------------------------------ */

static void make(void)
{
    workspace_make(&w);
    target_tgt_start(&t, &w);
    target_tgt_lun(&t, 1, "disk", 8, "");
    snprintf(portal, sizeof portal, "127.0.0.1:%u", t.port);
}

static void unmake(void)
{
    workspace_free(&w);
}

TestSuite(library, .init = make, .fini = unmake, .timeout = 60);

static void open_pool(void)
{
    struct lun_pool_options o = {
        .initiator_name = "iqn.2026-01.org.example:test", .instance = w.path, .loops = 2};
    pool = lun_pool_new(&o, &e);
    cr_assert_not_null(pool, "%s", e.text);
}

/* Opening must fail in this layer, with a text that names the portal, and hold nothing afterwards. */
static void fails(const char *at, const char *iqn, struct lun_auth auth, enum lun_layer layer)
{
    struct holdings first = holdings_count();
    open_pool();
    struct holdings before = holdings_count();
    struct lun_target_options o = {.iqn = iqn,
                                   .portals = &at,
                                   .portal_count = 1,
                                   .portal_group = -1,
                                   .auth = auth,
                                   .login_timeout_ms = 1000};
    struct lun_target *target = lun_target_new(pool, &o, &e);
    if (target)
        cr_assert(!lun_target_open_wait(target, &e), "it opened");
    cr_expect_eq(e.layer, layer, "layer %s, not %s: %s", lun_layer_name(e.layer), lun_layer_name(layer),
                 e.text);
    cr_expect(strstr(e.text, at), "\"%s\" does not name %s", e.text, at);
    cr_expect_null(strchr(e.text, '\n'), "\"%s\" is more than a line", e.text);
    cr_expect_eq(target_tgt_sessions(&t), 0, "a session is left");
    if (target) {
        check_holdings(before);
        lun_target_free(target);
    }
    lun_pool_free(pool);
    check_holdings(first);
}

static void fails_with_peer(enum bad_peer_kind kind, enum lun_layer layer)
{
    struct bad_peer p;
    bad_peer_start(&p, kind);
    snprintf(portal, sizeof portal, "127.0.0.1:%u", p.port);
    fails(portal, TARGET_TGT_IQN, (struct lun_auth){0}, layer);
    cr_assert_eq(workspace_connections(p.port), 0, "a connection is left");
    bad_peer_stop(&p);
}

/* ---- Failures ---------------------------------------------------------------------------------------- */

Test(library, unknown_host)
{
    fails("no-such-host.invalid:3260", TARGET_TGT_IQN, (struct lun_auth){0}, LUN_RESOLVE);
}

Test(library, refused)
{
    snprintf(portal, sizeof portal, "127.0.0.1:%u", workspace_free_port());
    fails(portal, TARGET_TGT_IQN, (struct lun_auth){0}, LUN_CONNECT);
}

Test(library, unknown_target)
{
    fails(portal, "iqn.2026-01.com.example:nothere", (struct lun_auth){0}, LUN_LOGIN);
}

static void require_chap(void)
{
    target_tgt_adm(&t, "--op new --mode account --user host7 --password " SECRET);
    target_tgt_adm(&t, "--op bind --mode account --tid 1 --user host7");
}

Test(library, wrong_password)
{
    require_chap();
    fails(portal, TARGET_TGT_IQN, (struct lun_auth){.user = "host7", .secret = "not-the-password"},
          LUN_LOGIN);
}

Test(library, no_password)
{
    require_chap();
    fails(portal, TARGET_TGT_IQN, (struct lun_auth){0}, LUN_LOGIN);
}

Test(library, target_without_the_mutual_secret)
{
    require_chap();
    struct lun_auth auth = {
        .user = "host7", .secret = SECRET, .mutual_user = "disk", .mutual_secret = "another-secret-of-disk"};
    fails(portal, TARGET_TGT_IQN, auth, LUN_LOGIN);
}

Test(library, silence)
{
    fails_with_peer(BAD_PEER_SILENT, LUN_TIMEOUT);
}

Test(library, web_server)
{
    fails_with_peer(BAD_PEER_HTTP, LUN_PROTOCOL);
}

Test(library, noise)
{
    fails_with_peer(BAD_PEER_NOISE, LUN_PROTOCOL);
}

Test(library, overlong_pdu)
{
    fails_with_peer(BAD_PEER_OVERLONG, LUN_PROTOCOL);
}

Test(library, answer_to_another_task)
{
    fails_with_peer(BAD_PEER_WRONG_TAG, LUN_PROTOCOL);
}

Test(library, truncated_pdu)
{
    fails_with_peer(BAD_PEER_TRUNCATED, LUN_CONNECT);
}

Test(library, connection_closed)
{
    fails_with_peer(BAD_PEER_CLOSES, LUN_CONNECT);
}

/* ---- Success ----------------------------------------------------------------------------------------- */

struct search {
    struct lun_target *target;
    struct lun_unit *unit;
};

static void find_unit(void *arg)
{
    struct search *s = arg;
    s->unit = lun_target_unit(s->target, 1);
}

Test(library, blocking_read_and_write)
{
    struct holdings before = holdings_count();
    open_pool();
    const char *at = portal;
    struct lun_target_options o = {
        .iqn = TARGET_TGT_IQN, .portals = &at, .portal_count = 1, .portal_group = -1};
    struct lun_target *target = lun_target_new(pool, &o, &e);
    cr_assert(target && lun_target_open_wait(target, &e), "%s", e.text);
    struct search s = {.target = target};
    lun_loop_run(lun_target_loop(target), find_unit, &s);
    cr_assert_not_null(s.unit);
    static const char text[] = "seven times seven";
    char back[sizeof text];
    cr_assert_eq(lun_pwrite(s.unit, text, sizeof text, 1000, &e), sizeof text, "%s", e.text);
    cr_assert_eq(lun_pread(s.unit, back, sizeof back, 1000, &e), sizeof back, "%s", e.text);
    cr_assert_str_eq(back, text);
    cr_assert(lun_flush(s.unit, &e), "%s", e.text);
    workspace_must(&w, "dd if=$W/disk bs=1 skip=1000 count=17 status=none | grep -qx 'seven times seven'");
    /* The last 10 bytes, then none. */
    cr_assert_eq(lun_pread(s.unit, back, sizeof back, (8 << 20) - 10, &e), 10);
    cr_assert_eq(lun_pread(s.unit, back, sizeof back, 8 << 20, &e), 0);
    cr_assert(lun_target_close_wait(target, 5000, &e), "%s", e.text);
    cr_assert_eq(target_tgt_sessions(&t), 0);
    lun_target_free(target);
    lun_pool_free(pool);
    check_holdings(before);
}

/* ---- task management under I/O ----------------------------------------------------------------------- */

#define UNDER_WAY 32
#define PIECE 4096

struct writes {
    struct lun_unit *unit;
    struct lun_io io[UNDER_WAY];
    unsigned char bytes[UNDER_WAY][PIECE];
    atomic_int left; /* to be written, over all */
    sem_t idle;      /* each one that has ended for good */
};

static void write_done(struct lun_io *io)
{
    struct writes *all = io->user;
    if (io->error.layer == LUN_OK && atomic_fetch_sub(&all->left, 1) > 0)
        lun_submit(all->unit, io);
    else
        sem_post(&all->idle);
}

/* Resets in the midst of writes: none fails, and each byte is where it belongs. */
Test(library, resets_under_writes)
{
    static struct writes all;
    static const enum lun_management functions[] = {LUN_LOGICAL_UNIT_RESET, LUN_ABORT_TASK_SET,
                                                    LUN_CLEAR_TASK_SET, LUN_TARGET_WARM_RESET};
    open_pool();
    const char *at = portal;
    struct lun_target_options o = {
        .iqn = TARGET_TGT_IQN, .portals = &at, .portal_count = 1, .portal_group = -1};
    struct lun_target *target = lun_target_new(pool, &o, &e);
    cr_assert(target && lun_target_open_wait(target, &e), "%s", e.text);
    struct search s = {.target = target};
    lun_loop_run(lun_target_loop(target), find_unit, &s);
    all.unit = s.unit;
    all.left = 20000;
    sem_init(&all.idle, 0, 0);
    for (unsigned i = 0; i < UNDER_WAY; i++) {
        memset(all.bytes[i], 'a' + (int)i % 26, PIECE);
        all.io[i] = (struct lun_io){.done = write_done,
                                    .user = &all,
                                    .op = LUN_OP_WRITE,
                                    .offset = i * PIECE,
                                    .length = PIECE,
                                    .buffer = all.bytes[i]};
        lun_submit(s.unit, &all.io[i]);
    }
    for (unsigned i = 0; i < 40; i++) /* tgt has no CLEAR TASK SET: it may say so */
        if (!lun_manage_wait(s.unit, functions[i % 4], &e))
            cr_assert_eq(e.layer, LUN_SCSI, "%s", e.text);
    for (unsigned i = 0; i < UNDER_WAY; i++)
        while (sem_wait(&all.idle) < 0)
            ;
    static char back[UNDER_WAY * PIECE];
    for (unsigned i = 0; i < UNDER_WAY; i++)
        cr_assert_eq(all.io[i].error.layer, LUN_OK, "%s", all.io[i].error.text);
    cr_assert_eq(lun_pread(s.unit, back, sizeof back, 0, &e), sizeof back, "%s", e.text);
    cr_assert_eq(memcmp(back, all.bytes, sizeof back), 0);
    cr_assert(lun_target_close_wait(target, 5000, &e), "%s", e.text);
    lun_target_free(target);
    lun_pool_free(pool);
}

Test(library, discovery)
{
    struct holdings before = holdings_count();
    open_pool();
    struct lun_found *found = NULL;
    cr_assert(lun_discover(pool, portal, NULL, 5000, &found, &e), "%s", e.text);
    cr_assert_eq(found->count, 1);
    cr_assert_str_eq(found->targets[0].iqn, TARGET_TGT_IQN);
    cr_assert_geq(found->targets[0].portal_count, 1);
    lun_found_free(found);
    lun_pool_free(pool);
    check_holdings(before);
    cr_assert_eq(workspace_connections(t.port), 0);
}
