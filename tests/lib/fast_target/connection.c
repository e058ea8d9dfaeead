/* SPDX-License-Identifier: Apache-2.0 */
/* A connection of the fast target: bytes become PDUs, their data segments land where they belong, and
 * whatever is not as RFC 7143 (4.2, 11.2) has it ends the connection. One thread. */
#include <errno.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "target.h"
#include "wire/digest.h"
#include "wire/serial.h"

#define LARGE 16384u /* bytes still to come into place: read little behind them */
#define LARGE_BEHIND 4096u

static void release(struct connection *c)
{
    if (c->fd >= 0)
        close(c->fd);
    free(c->input);
    free(c->text);
    free(c->writes);
    free(c->jobs);
    free(c->slots);
    free(c);
}

static uint32_t power_of_two(uint32_t n)
{
    uint32_t size = 1;
    while (size < n)
        size *= 2;
    return size;
}

static struct connection *make(struct target *t, int fd)
{
    struct connection *c = calloc(1, sizeof *c);
    if (!c)
        return NULL;
    c->target = t;
    c->fd = fd;
    c->job_size = power_of_two(t->window + 64);
    c->write_count = 2 * t->window;
    c->input = malloc(INPUT_SIZE);
    c->text = malloc(TEXT_SIZE);
    c->writes = calloc(c->write_count, sizeof *c->writes);
    c->jobs = calloc(c->job_size, sizeof *c->jobs);
    c->slots = calloc(SLOTS, sizeof *c->slots);
    if (!c->input || !c->text || !c->writes || !c->jobs || !c->slots) {
        c->fd = -1;
        release(c);
        return NULL;
    }
    /* Defaults of chapter 13, until negotiated. */
    c->their_max_receive = 8192;
    c->first_burst = 65536;
    c->max_burst = 262144;
    c->initial_r2t = c->immediate_data = true;
    return c;
}

void connection_accept(struct target *t, int epoll, int listener)
{
    int fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
    if (fd < 0)
        return;
    struct connection *c = make(t, fd);
    struct epoll_event e = {.events = EPOLLIN, .data.ptr = c};
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &(int){1}, sizeof(int));
    if (!c || epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &e) < 0) {
        close(fd);
        if (c) {
            c->fd = -1;
            release(c);
        }
        return;
    }
    c->events = EPOLLIN;
    list_append(&t->connections, &c->in);
}

void connection_bury(struct target *t)
{
    for (struct list *node; (node = list_pop(&t->dead));)
        release(LIST_OF(node, struct connection, in));
}

/* ---- PDUs ---- */

/* The data segment goes behind what there is of a text; nothing else may be this long. */
static bool place_text(struct connection *c)
{
    c->to = c->text + c->text_used;
    return c->length <= TEXT_SIZE - c->text_used;
}

/* CmdSN of what is not immediate: the next, and within the window (4.2.2.1). */
static bool take_number(struct connection *c)
{
    if (pdu_immediate(c->bhs))
        return true;
    if (pdu_sn(c->bhs) != c->expcmdsn || !serial_less_equal(c->expcmdsn, c->maxcmdsn))
        return false;
    c->expcmdsn++;
    return true;
}

/* May this PDU come now, and where does its data go? */
static bool place(struct connection *c)
{
    uint8_t opcode = pdu_opcode(c->bhs);
    if (pdu_ahs_length(c->bhs) || (opcode == PDU_LOGIN_REQUEST) != (c->phase == PHASE_LOGIN))
        return false;
    if (c->length > (c->phase == PHASE_LOGIN ? 8192 : c->target->max_receive))
        return false;
    switch (opcode) {
    case PDU_LOGIN_REQUEST:
        return place_text(c);
    case PDU_TEXT_REQUEST:
        return take_number(c) && place_text(c);
    case PDU_NOP_OUT:
        c->to = c->text;
        return take_number(c) && c->length <= SLOT_SIZE && !c->text_used;
    case PDU_LOGOUT_REQUEST:
        return take_number(c) && !c->length;
    case PDU_TASK_REQUEST:
        return c->phase == PHASE_NORMAL && take_number(c) && !c->length;
    case PDU_SCSI_COMMAND:
        return c->phase == PHASE_NORMAL && take_number(c) && command_place(c);
    case PDU_DATA_OUT:
        return c->phase == PHASE_NORMAL && command_place_data(c);
    default:
        return false;
    }
}

/* A command that is no SCSI command has been answered: the window moves on. */
static void count(struct connection *c)
{
    c->maxcmdsn += !pdu_immediate(c->bhs);
}

static void act_nop(struct connection *c)
{
    struct pdu_nop_out p;
    if (!pdu_get_nop_out(c->bhs, &p)) {
        connection_fail(c);
        return;
    }
    count(c);
    if (p.itt == PDU_TAG_NONE)
        return;
    struct slot *s = output_slot(c);
    uint32_t n = c->length < c->their_max_receive ? c->length : c->their_max_receive;
    struct pdu_nop_in answer = {.lun = p.lun, .itt = p.itt, .ttt = PDU_TAG_NONE};
    pdu_put_nop_in(s->bhs, &answer);
    memcpy(s->data, c->text, n);
    output_ready(c, n);
}

static void act_logout(struct connection *c)
{
    struct pdu_logout_request p;
    if (!pdu_get_logout_request(c->bhs, &p) || p.reason > 1) {
        connection_fail(c);
        return;
    }
    count(c);
    struct pdu_logout_response answer = {.itt = p.itt};
    pdu_put_logout_response(output_slot(c)->bhs, &answer);
    output_ready(c, 0);
    c->jobs[(c->job_tail - 1) & (c->job_size - 1)].last = true;
}

static void act(struct connection *c)
{
    switch (pdu_opcode(c->bhs)) {
    case PDU_LOGIN_REQUEST:
        login_request(c);
        break;
    case PDU_TEXT_REQUEST:
        count(c);
        login_text(c);
        break;
    case PDU_NOP_OUT:
        act_nop(c);
        break;
    case PDU_LOGOUT_REQUEST:
        act_logout(c);
        break;
    case PDU_TASK_REQUEST:
        count(c);
        command_task(c);
        break;
    case PDU_SCSI_COMMAND:
        command_act(c);
        break;
    case PDU_DATA_OUT:
        command_act_data(c);
        break;
    }
}

/* ---- Framing ---- */

static bool take_header(struct connection *c)
{
    size_t need = PDU_BHS + (c->header_digest ? PDU_DIGEST : 0);
    const uint8_t *at = c->input + c->start;
    if (output_blocked(c) || c->end - c->start < need)
        return false;
    memcpy(c->bhs, at, PDU_BHS);
    if (c->header_digest && !digest_header_ok(c->bhs, PDU_BHS, at + PDU_BHS))
        return connection_fail(c);
    c->start += need;
    c->length = pdu_data_length(c->bhs);
    c->got = 0;
    c->to = NULL;
    if (!place(c))
        return connection_fail(c);
    c->stage = STAGE_DATA;
    return true;
}

static bool take_data(struct connection *c)
{
    size_t n = c->end - c->start, left = c->length - c->got;
    if (n > left)
        n = left;
    if (n)
        memcpy(c->to + c->got, c->input + c->start, n);
    c->start += n;
    c->got += (uint32_t)n;
    if (c->got < c->length)
        return false;
    c->stage = STAGE_TAIL;
    return true;
}

static bool take_tail(struct connection *c)
{
    size_t padding = pdu_padding(c->length), digest = c->data_digest && c->length ? PDU_DIGEST : 0;
    const uint8_t *at = c->input + c->start;
    if (c->end - c->start < padding + digest)
        return false;
    if (digest && !digest_data_ok(c->to, c->length, at, at + padding))
        return connection_fail(c);
    c->start += padding + digest;
    c->stage = STAGE_HEADER;
    act(c);
    return !c->failed;
}

static void parse(struct connection *c)
{
    static bool (*const take[])(struct connection *) = {take_header, take_data, take_tail};
    while (take[c->stage](c))
        ;
    /* What is left is shorter than a header, unless output is blocked. */
    if (c->start == c->end) {
        c->start = c->end = 0;
    } else if (c->start && INPUT_SIZE - c->end < LARGE) {
        memmove(c->input, c->input + c->start, c->end - c->start);
        c->end -= c->start;
        c->start = 0;
    }
}

/* True: there may be more. */
static bool receive(struct connection *c)
{
    struct iovec v[2];
    size_t direct = c->stage == STAGE_DATA ? c->length - c->got : 0, room = INPUT_SIZE - c->end;
    int count = 0;
    if (direct)
        v[count++] = (struct iovec){.iov_base = c->to + c->got, .iov_len = direct};
    if (direct >= LARGE && room > LARGE_BEHIND)
        room = LARGE_BEHIND;
    v[count++] = (struct iovec){.iov_base = c->input + c->end, .iov_len = room};
    ssize_t n = readv(c->fd, v, count);
    if (n <= 0)
        return n < 0 && (errno == EAGAIN || errno == EINTR) ? false : connection_fail(c);
    size_t in_place = (size_t)n < direct ? (size_t)n : direct;
    c->got += (uint32_t)in_place;
    c->end += (size_t)n - in_place;
    parse(c);
    return (size_t)n == direct + room && !c->failed;
}

static void watch(struct connection *c, int epoll, uint32_t events)
{
    struct epoll_event e = {.events = events, .data.ptr = c};
    if (events != c->events && epoll_ctl(epoll, EPOLL_CTL_MOD, c->fd, &e) < 0)
        connection_fail(c);
    c->events = events;
}

void connection_event(struct connection *c, int epoll)
{
    if (c->failed)
        return; /* cut by another connection earlier this turn */
    bool blocked = output_blocked(c), sent;
    for (int turn = 0; turn < 16 && !blocked && receive(c); turn++)
        blocked = output_blocked(c);
    do {
        sent = !c->failed && output_flush(c);
        blocked = output_blocked(c);
        if (sent && !c->closing)
            parse(c);
    } while (sent && !c->failed && c->job_head != c->job_tail);
    if (sent && c->closing)
        c->failed = true;
    if (!c->failed)
        watch(c, epoll, (blocked && !sent ? 0 : EPOLLIN) | (sent ? 0 : EPOLLOUT));
    if (c->failed) {
        list_remove(&c->in);
        list_append(&c->target->dead, &c->in);
    }
}
