/* SPDX-License-Identifier: Apache-2.0 */
/* One session without a socket; see joined.h. One thread. */
#include "joined.h"

#include <stdlib.h>
#include <string.h>

#include "base/bytes.h"

/* What the library may hold for one session: the receive buffer, the gather queue, 1024 tasks, a login's two
 * texts; and for a discovery its answer, twice while it grows. */
#define MEMORY_MAX (3u << 20)
#define MEMORY_DISCOVERY_MAX (10u << 20)
#define STEPS_MAX 4096 /* timers that may fire until everything has ended */

struct job {
    struct joined *owner;
    uint8_t *buffer;
    uint32_t length;
};

static uint8_t *take_memory(struct joined *j, size_t n)
{
    uint8_t *p = calloc(1, n ? n : 1);
    FUZZ_CHECK(p);
    j->held += n ? n : 1;
    return p;
}

static void give_memory(struct joined *j, void *p, size_t n)
{
    free(p);
    j->held -= n ? n : 1;
}

/* Memory of the library's own stays within its bound whatever has been fed. */
static void check_memory(struct joined *j)
{
    size_t now = fuzz_memory();
    if (!now)
        return;
    size_t library = now - j->before - j->held;
    j->most = library > j->most ? library : j->most;
    FUZZ_CHECK(library <= (j->settings & JOINED_DISCOVERY ? MEMORY_DISCOVERY_MAX : MEMORY_MAX));
}

static void fail(struct joined *j, const struct lun_error *e)
{
    if (j->broken)
        return;
    if (e->layer != LUN_OK)
        fuzz_check_error(e);
    j->broken = true;
    j->error = *e;
}

/* ---- the session's owner ----------------------------------------------------------------------------- */

static void wake(void *ctx)
{
}

static void broken(void *ctx, const struct lun_error *e)
{
    fuzz_check_error(e);
    fail(ctx, e);
}

static void logged_out(void *ctx)
{
    struct joined *j = ctx;
    j->logged_out = true;
    fail(j, &(struct lun_error){.layer = LUN_OK});
}

static uint8_t *buffer(void *ctx)
{
    struct joined *j = ctx;
    if (j->more & JOINED_NO_BUFFERS)
        return NULL;
    j->buffers++;
    return take_memory(j, LUN_BUFFER_SIZE);
}

static void room(void *ctx)
{
}

static const struct session_ops session_ops = {
    .wake = wake, .broken = broken, .logged_out = logged_out, .buffer = buffer, .room = room};

static void check_answer(struct task *t)
{
    FUZZ_CHECK(t->sense_length <= LUN_SENSE_MAX);
    fuzz_touch(t->sense, t->sense_length);
    if (t->response || t->status)
        return;
    FUZZ_CHECK(t->transferred <= t->edtl);
    if (!t->read || !t->transferred)
        return;
    const uint8_t *data = t->in ? t->in : t->lent;
    FUZZ_CHECK(data);
    fuzz_touch(data, t->transferred);
}

static void done(struct task *t, const struct lun_error *error)
{
    struct job *job = t->user;
    struct joined *j = job->owner;
    j->ended++;
    if (error)
        fuzz_check_error(error);
    else
        check_answer(t);
    if (t->borrowed) {
        j->buffers--;
        give_memory(j, t->in, LUN_BUFFER_SIZE);
    }
    if (job->buffer)
        give_memory(j, job->buffer, job->length);
    give_memory(j, job, sizeof *job);
    if (!error && j->again && j->s.state == SESSION_OPEN) {
        j->again--;
        joined_issue(j, j->again % 4, 600, 5 * JOINED_SECOND);
    }
}

void joined_issue(struct joined *j, enum joined_kind kind, uint32_t length, uint64_t deadline)
{
    if (j->state != JOINED_UP || j->discovery || j->broken)
        return;
    struct task *t = session_task(&j->s);
    if (!t)
        return;
    struct job *job = (struct job *)take_memory(j, sizeof *job);
    *job = (struct job){.owner = j, .length = length};
    if (kind == JOINED_READ || kind == JOINED_WRITE)
        job->buffer = take_memory(j, length);
    t->lun = 0x0001000000000000;
    t->user = job;
    t->done = done;
    t->read = kind == JOINED_READ || kind == JOINED_READ_LENT;
    t->write = kind == JOINED_WRITE;
    t->edtl = kind == JOINED_PLAIN ? 0 : length;
    t->in = kind == JOINED_READ ? job->buffer : NULL;
    t->out = kind == JOINED_WRITE ? job->buffer : NULL;
    j->issued++;
    session_issue(&j->s, t, j->now + deadline);
}

void joined_abort(struct joined *j, unsigned which)
{
    if (j->state != JOINED_UP || j->discovery || j->broken || !j->s.fresh)
        return;
    struct task *t = &j->s.tasks[which % j->s.fresh];
    if (t->state == TASK_TO_ISSUE || t->state == TASK_IN_FLIGHT)
        session_abort(&j->s, t, LUN_CANCELLED, j->now);
}

/* ---- the connection's producer and consumer, as in pool/link.c ---------------------------------------- */

static bool place(void *ctx, const uint8_t *bhs, struct pdu_place *ret, struct lun_error *e)
{
    struct joined *j = ctx;
    return j->state != JOINED_UP || j->discovery || session_place(&j->s, bhs, ret, e);
}

static bool enter_full_feature(struct joined *j, struct lun_error *e)
{
    struct session_config c = {
        .ops = &session_ops,
        .ctx = j,
        .timers = &j->timers,
        .negotiated = &j->n,
        .nop_interval = j->more & JOINED_KEEPALIVE ? 2 * JOINED_SECOND : TIMER_NEVER,
        .nop_timeout = 3 * JOINED_SECOND,
        .abort_timeout = 4 * JOINED_SECOND,
    };
    j->n = *login_result(j->login);
    login_free(j->login);
    j->login = NULL;
    j->in.max_data = j->n.max_recv;
    j->in.header_digest = j->out.header_digest = j->n.header_digest;
    j->in.data_digest = j->out.data_digest = j->n.data_digest;
    j->state = JOINED_UP;
    if (!j->options.target_name) {
        j->discovery = discovery_new(&j->n, 0);
        return j->discovery != NULL;
    }
    return session_init(&j->s, &c, j->now, e);
}

static bool login_pdu(struct joined *j, const struct pdu_in *pdu, struct lun_error *e)
{
    if (!send_idle(&j->out))
        return error_set(e, LUN_PROTOCOL, 0, true, "an answer before the request was sent");
    login_receive(j->login, pdu->bhs, pdu->data, pdu->data_length);
    if (login_phase(j->login) == LOGIN_DONE)
        return enter_full_feature(j, e);
    if (login_phase(j->login) == LOGIN_RUNNING)
        return true;
    *e = *login_error(j->login);
    return false;
}

static bool pdu_in(void *ctx, const struct pdu_in *pdu, struct lun_error *e)
{
    struct joined *j = ctx;
    if (j->broken)
        return true;
    if (j->state != JOINED_UP)
        return login_pdu(j, pdu, e);
    if (!j->discovery)
        return session_receive(&j->s, pdu, j->now, e);
    if (!discovery_receive(j->discovery, pdu, e))
        return false;
    if (discovery_phase(j->discovery) == DISCOVERY_DONE)
        fail(j, &(struct lun_error){.layer = LUN_OK});
    return true;
}

static const struct receive_ops receive_ops = {place, pdu_in};

static void remember(struct joined *j, const uint8_t bhs[static PDU_BHS])
{
    if (pdu_opcode(bhs) == PDU_SCSI_COMMAND)
        memcpy(j->commands[j->command_count++ % JOINED_RECENT], bhs, PDU_BHS);
    else
        memcpy(j->others[pdu_opcode(bhs)], bhs, PDU_BHS);
    j->statsn = get_be32(bhs + 28); /* the same place in every request */
}

static bool next_pdu(void *ctx, struct pdu_out *ret)
{
    struct joined *j = ctx;
    bool any;
    *ret = (struct pdu_out){0};
    if (j->state == JOINED_UP)
        any = j->discovery ? discovery_next(j->discovery, ret) : session_next(&j->s, ret);
    else
        any = send_idle(&j->out) && login_next(j->login, ret->bhs, &ret->data, &ret->data_length);
    if (!any)
        return false;
    FUZZ_CHECK(ret->data_length <= (j->state == JOINED_UP ? j->n.max_send : 8192));
    remember(j, ret->bhs);
    return true;
}

static void pdu_sent(void *ctx, void *cookie)
{
    struct joined *j = ctx;
    session_sent(&j->s, cookie);
}

static const struct send_ops send_ops = {next_pdu, pdu_sent};

void joined_send(struct joined *j, size_t limit)
{
    while (limit && joined_live(j)) {
        struct iovec iov[SEND_IOV];
        int count = send_gather(&j->out, iov);
        size_t took = 0;
        for (int i = 0; i < count && took < limit; i++) {
            size_t n = iov[i].iov_len < limit - took ? iov[i].iov_len : limit - took;
            fuzz_touch(iov[i].iov_base, n);
            took += n;
        }
        if (!took)
            return;
        limit -= took;
        send_advance(&j->out, took);
    }
}

void joined_feed(struct joined *j, const uint8_t *bytes, size_t n, size_t chunk)
{
    while (n && joined_live(j)) {
        struct iovec iov[2];
        struct lun_error e = {0};
        j->in.large = j->state == JOINED_UP && !j->discovery && j->s.large_reads != 0;
        int count = receive_room(&j->in, iov);
        size_t now = chunk && chunk < n ? chunk : n, took = 0;
        for (int i = 0; i < count && took < now; i++) {
            size_t m = iov[i].iov_len < now - took ? iov[i].iov_len : now - took;
            memcpy(iov[i].iov_base, bytes + took, m);
            took += m;
        }
        FUZZ_CHECK(took); /* there is always room for more */
        if (!receive_parse(&j->in, took, &e))
            fail(j, &e);
        check_memory(j);
        bytes += took;
        n -= took;
        if (!(j->more & JOINED_LAZY))
            joined_send(j, SIZE_MAX);
    }
}

void joined_pass(struct joined *j, uint64_t ns)
{
    j->now += ns;
    timer_run(&j->timers, j->now);
    if (!(j->more & JOINED_LAZY))
        joined_send(j, SIZE_MAX);
}

/* ---- begin and end ----------------------------------------------------------------------------------- */

static void same_random(void *bytes, size_t n)
{
    memset(bytes, 0xa5, n);
}

void joined_start(struct joined *j, uint8_t settings, uint8_t more)
{
    bool small = settings & JOINED_SMALL;
    struct lun_error e = {0};
    *j = (struct joined){.settings = settings, .more = more, .now = 100 * JOINED_SECOND};
    j->before = fuzz_memory();
    j->again = more & JOINED_AGAIN ? 20 : 0;
    j->options = (struct login_options){
        .initiator_name = "iqn.2026-01.org.example:host7",
        .target_name = settings & JOINED_DISCOVERY ? NULL : "iqn.2026-01.com.example:disk",
        .header_digest = settings & JOINED_HEADER_DIGEST ? LUN_DIGEST_PREFER_CRC32C : LUN_DIGEST_NONE,
        .data_digest = settings & JOINED_DATA_DIGEST ? LUN_DIGEST_PREFER_CRC32C : LUN_DIGEST_NONE,
        .initial_r2t = settings & JOINED_INITIAL_R2T,
        .immediate_data = !(settings & JOINED_NO_IMMEDIATE),
        .max_recv = small ? 512 : 262144,
        .first_burst = small ? 512 : 262144,
        .max_burst = small ? 1024 : 1048576,
        .max_outstanding_r2t = 8,
        .portal_group = -1,
        .isid = {0x80, 0x12, 0x34, 0x56, 0x00, 0x01},
        .cmdsn = small ? 0xfffffffe : 77, /* the small ones wrap around soon */
        .random = same_random,
    };
    if ((settings & JOINED_CHAP) && !(settings & JOINED_HONEST)) {
        j->options.auth.user = "alice";
        j->options.auth.secret = "secret-of-alice";
    }
    FUZZ_CHECK(receive_init(&j->in, &receive_ops, j, 8192) && send_init(&j->out, &send_ops, j));
    j->login = login_new(&j->options, &e);
    FUZZ_CHECK(j->login);
    joined_send(j, SIZE_MAX);
}

/* As link.c's bury: the queue gives its tasks back before the session ends them. */
static void bury(struct joined *j)
{
    bool session = j->state == JOINED_UP && !j->discovery;
    if (session)
        j->s.state = SESSION_DRAINING;
    send_drop(&j->out);
    receive_free(&j->in);
    send_free(&j->out);
    if (session) {
        struct lun_error gone = j->error;
        if (gone.layer == LUN_OK)
            error_set(&gone, LUN_CANCELLED, 0, false, "logged out");
        session_fail(&j->s, &gone);
        session_free(&j->s);
    }
    if (j->discovery && discovery_phase(j->discovery) != DISCOVERY_RUNNING) {
        struct lun_error e = {0};
        struct lun_found *found = discovery_result(j->discovery, "192.0.2.1:3260", &e);
        if (!found)
            fuzz_check_error(&e);
        lun_found_free(found);
    }
    discovery_free(j->discovery);
    login_free(j->login);
    j->state = JOINED_OVER;
}

void joined_end(struct joined *j)
{
    if (!(j->more & JOINED_LAZY))
        joined_send(j, SIZE_MAX);
    int steps = 0;
    for (uint64_t next; !j->broken && (next = timer_next(&j->timers)) != TIMER_NEVER;) {
        FUZZ_CHECK(++steps < STEPS_MAX);
        joined_pass(j, next > j->now ? next - j->now : 0);
    }
    /* Either the deadlines have ended every task, or they have ended the session. */
    FUZZ_CHECK(j->broken || j->ended == j->issued);
    if (!j->broken)
        error_set(&j->error, LUN_CONNECT, 0, true, "closed");
    bury(j);
    FUZZ_CHECK(j->ended == j->issued && j->buffers == 0 && j->held == 0);
    FUZZ_CHECK(timer_next(&j->timers) == TIMER_NEVER);
    timer_heap_free(&j->timers);
}
