/* SPDX-License-Identifier: Apache-2.0 */
/* A link against a stub of a target on loopback: how it comes up, and that it hears of every end. */
#include <criterion/criterion.h>
#include <errno.h>
#include <semaphore.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "pool/link.h"
#include "pool/pool.h"

static struct {
    struct lun_pool *pool;
    struct lun_loop *loop;
    struct link link;
    struct link_config config;
    struct conn_address address;
    int listener, peer;
    sem_t up, down, held, go;
    struct lun_error e, why;
    int downs;
} t;

static void wait_for(sem_t *s)
{
    while (sem_wait(s) < 0 && errno == EINTR)
        ;
}

static void up(struct link *k)
{
    sem_post(&t.up);
}

static void down(struct link *k, const struct lun_error *e)
{
    t.why = *e;
    t.downs++;
    sem_post(&t.down);
    sem_post(&t.up); /* who waits for that looks at the state */
}

static void room(struct link *k)
{
}

static const struct link_ops ops = {.up = up, .down = down, .room = room};

static void start_here(void *arg)
{
    cr_assert(link_start(&t.link, &t.address, &t.config, &t.e), "%s", t.e.text);
}

static void listen_here(void)
{
    struct sockaddr_in *a = (struct sockaddr_in *)&t.address.address;
    a->sin_family = AF_INET;
    a->sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    t.address.length = sizeof *a;
    strcpy(t.address.text, "stub");
    t.listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    cr_assert_eq(bind(t.listener, (struct sockaddr *)a, sizeof *a), 0);
    cr_assert_eq(getsockname(t.listener, (struct sockaddr *)a, &t.address.length), 0);
    cr_assert_eq(listen(t.listener, 1), 0);
}

static void init(void)
{
    struct lun_pool_options o = {.initiator_name = "iqn.2026-01.org.example:host7", .instance = "x"};
    t.pool = lun_pool_new(&o, &t.e);
    cr_assert_not_null(t.pool, "%s", t.e.text);
    t.loop = lun_pool_loop(t.pool, 0);
    sem_init(&t.up, 0, 0);
    sem_init(&t.down, 0, 0);
    sem_init(&t.held, 0, 0);
    sem_init(&t.go, 0, 0);
    t.config = (struct link_config){
        .login = {.initiator_name = o.initiator_name,
                  .target_name = "iqn.2026-01.com.example:disk",
                  .max_recv = 262144,
                  .first_burst = 262144,
                  .max_burst = 1048576,
                  .max_outstanding_r2t = 1,
                  .immediate_data = true,
                  .portal_group = -1,
                  .isid = {0x80},
                  .cmdsn = 1},
        .login_timeout = 3600 * 1000000000ull,
        .nop_interval = TIMER_NEVER,
        .nop_timeout = 3600 * 1000000000ull,
        .abort_timeout = 3600 * 1000000000ull,
    };
    listen_here();
    link_init(&t.link, t.loop, &ops, NULL);
    lun_loop_run(t.loop, start_here, NULL);
    t.peer = accept(t.listener, NULL, NULL);
    cr_assert_geq(t.peer, 0);
}

static void break_here(void *arg)
{
    link_break(&t.link, &(struct lun_error){.layer = LUN_CANCELLED});
}

static void fini(void)
{
    lun_loop_run(t.loop, break_here, NULL);
    lun_pool_free(t.pool);
    cr_assert_eq(t.downs, 1);
    cr_assert_eq(t.link.state, LINK_IDLE);
    if (t.peer >= 0)
        close(t.peer);
    close(t.listener);
}

TestSuite(link, .init = init, .fini = fini, .timeout = 20);

static void read_all(void *to, size_t n)
{
    for (size_t at = 0; at < n;) {
        ssize_t got = recv(t.peer, (char *)to + at, n - at, 0);
        cr_assert_gt(got, 0);
        at += (size_t)got;
    }
}

static struct pdu_login_request request(void)
{
    uint8_t bhs[PDU_BHS], text[8192];
    struct pdu_login_request p;
    read_all(bhs, sizeof bhs);
    cr_assert(pdu_get_login_request(bhs, &p));
    read_all(text, pdu_data_length(bhs) + pdu_padding(pdu_data_length(bhs)));
    return p;
}

/* Agrees to go on to the stage asked for, with `text`. */
static size_t answer(struct pdu_login_request p, const char *text, size_t n, uint32_t statsn, uint8_t *to)
{
    struct pdu_login_response r = {
        .transit = true,
        .csg = p.csg,
        .nsg = p.nsg,
        .tsih = p.nsg == 3 ? 1 : 0,
        .itt = p.itt,
        .statsn = statsn,
        .expcmdsn = p.cmdsn,
        .maxcmdsn = p.cmdsn + 10,
    };
    memcpy(r.isid, p.isid, sizeof r.isid);
    pdu_put_login_response(to, &r);
    pdu_set_lengths(to, 0, (uint32_t)n);
    memset(to + PDU_BHS, 0, n + 3);
    memcpy(to + PDU_BHS, text, n);
    return PDU_BHS + n + pdu_padding((uint32_t)n);
}

static void reply(const uint8_t *bytes, size_t n)
{
    cr_assert_eq(send(t.peer, bytes, n, MSG_NOSIGNAL), (ssize_t)n);
}

static void log_in(void)
{
    uint8_t to[1024];
    static const char security[] = "TargetPortalGroupTag=1\0AuthMethod=None";
    size_t n = answer(request(), security, sizeof security, 0, to);
    reply(to, n);
    static const char operational[] = "HeaderDigest=None\0DataDigest=None\0InitialR2T=No\0ImmediateData=Yes\0"
                                      "FirstBurstLength=65536\0MaxBurstLength=262144\0MaxOutstandingR2T=1\0"
                                      "MaxConnections=1\0ErrorRecoveryLevel=0\0DefaultTime2Wait=2\0"
                                      "DefaultTime2Retain=0\0DataPDUInOrder=Yes\0DataSequenceInOrder=Yes";
    n = answer(request(), operational, sizeof operational, 1, to);
    reply(to, n);
    wait_for(&t.up);
    cr_assert_eq(t.link.state, LINK_UP, "%s", t.why.text);
}

static void hold(struct lun_message *m)
{
    sem_post(&t.held);
    wait_for(&t.go);
}

Test(link, comes_up)
{
    log_in();
}

Test(link, hears_that_the_target_closed)
{
    log_in();
    close(t.peer);
    t.peer = -1;
    wait_for(&t.down);
    cr_assert_eq(t.why.layer, LUN_CONNECT);
    cr_assert(strstr(t.why.text, "stub"), "%s", t.why.text);
}

/* Data and the end come together, before the loop looks: one edge for both. */
Test(link, hears_that_the_target_closed_behind_its_last_words)
{
    uint8_t bytes[1024];
    static struct lun_message message = {.fn = hold};
    log_in();
    lun_loop_post(t.loop, &message);
    wait_for(&t.held);
    pdu_put_nop_in(bytes,
                   &(struct pdu_nop_in){
                       .itt = PDU_TAG_NONE, .ttt = PDU_TAG_NONE, .statsn = 2, .expcmdsn = 1, .maxcmdsn = 11});
    reply(bytes, PDU_BHS);
    close(t.peer);
    t.peer = -1;
    sem_post(&t.go);
    wait_for(&t.down);
    cr_assert_eq(t.why.layer, LUN_CONNECT);
}

Test(link, the_last_words_count)
{
    uint8_t bytes[1024];
    static struct lun_message message = {.fn = hold};
    log_in();
    lun_loop_post(t.loop, &message);
    wait_for(&t.held);
    pdu_put_async(bytes, &(struct pdu_async){.event = 3, .statsn = 2, .expcmdsn = 1, .maxcmdsn = 11});
    reply(bytes, PDU_BHS);
    close(t.peer);
    t.peer = -1;
    sem_post(&t.go);
    wait_for(&t.down);
    cr_assert(strstr(t.why.text, "will be dropped"), "%s", t.why.text);
}

Test(link, refused_at_login)
{
    uint8_t bytes[1024];
    struct pdu_login_request p = request();
    answer(p, "", 0, 0, bytes);
    struct pdu_login_response r = {.csg = p.csg, .itt = p.itt, .status_class = 2, .status_detail = 3};
    memcpy(r.isid, p.isid, sizeof r.isid);
    pdu_put_login_response(bytes, &r);
    reply(bytes, PDU_BHS);
    wait_for(&t.down);
    cr_assert_eq(t.why.layer, LUN_LOGIN);
    cr_assert_eq(t.why.code, 0x0203);
}

Test(link, closed_during_login)
{
    request();
    close(t.peer);
    t.peer = -1;
    wait_for(&t.down);
    cr_assert_eq(t.why.layer, LUN_CONNECT);
}

Test(link, garbage_during_login)
{
    uint8_t bytes[PDU_BHS];
    memset(bytes, 0xa5, sizeof bytes);
    pdu_set_lengths(bytes, 0, 0);
    request();
    reply(bytes, sizeof bytes);
    wait_for(&t.down);
    cr_assert_eq(t.why.layer, LUN_PROTOCOL);
}

Test(link, an_answer_longer_than_login_allows)
{
    uint8_t bytes[1024];
    answer(request(), "", 0, 0, bytes);
    pdu_set_lengths(bytes, 0, 8193);
    reply(bytes, PDU_BHS);
    wait_for(&t.down);
    cr_assert_eq(t.why.layer, LUN_PROTOCOL);
    cr_assert(strstr(t.why.text, "8193"), "%s", t.why.text);
}

static void logout_here(void *arg)
{
    link_logout(&t.link);
}

Test(link, logs_out)
{
    uint8_t bytes[1024];
    struct pdu_logout_request p;
    log_in();
    lun_loop_run(t.loop, logout_here, NULL);
    read_all(bytes, PDU_BHS);
    cr_assert(pdu_get_logout_request(bytes, &p));
    pdu_put_logout_response(
        bytes, &(struct pdu_logout_response){.itt = p.itt, .statsn = 2, .expcmdsn = 1, .maxcmdsn = 11});
    reply(bytes, PDU_BHS);
    wait_for(&t.down);
    cr_assert_eq(t.why.layer, LUN_OK);
}

Test(link, asked_to_log_out)
{
    uint8_t bytes[1024];
    struct pdu_logout_request p;
    log_in();
    pdu_put_async(bytes, &(struct pdu_async){.event = 1, .statsn = 2, .expcmdsn = 1, .maxcmdsn = 11});
    reply(bytes, PDU_BHS);
    read_all(bytes, PDU_BHS);
    cr_assert(pdu_get_logout_request(bytes, &p));
    pdu_put_logout_response(
        bytes, &(struct pdu_logout_response){.itt = p.itt, .statsn = 3, .expcmdsn = 1, .maxcmdsn = 11});
    reply(bytes, PDU_BHS);
    wait_for(&t.down);
    cr_assert_eq(t.why.layer, LUN_CONNECT);
    cr_assert(strstr(t.why.text, "asked us to log out"), "%s", t.why.text);
}
