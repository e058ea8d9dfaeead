/* SPDX-License-Identifier: Apache-2.0 */
/* The scripted target's socket: whole PDUs in and out, with digests and padding, and misbehaviour on request
 * (RFC 7143 11.2, 13.1). The script's thread; poll with the deadline of the whole script. */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "base/bytes.h"
#include "base/crc32c.h"
#include "script_impl.h"

uint64_t script_wire_now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

/* 1: the descriptor is ready; 0: woken; -1: failed. */
static int wait_for(struct script *s, int fd, short events, bool wakeable)
{
    struct pollfd p[2] = {{.fd = fd, .events = events}, {.fd = s->wake, .events = POLLIN}};
    for (;;) {
        uint64_t now = script_wire_now(), count;
        if (now >= s->deadline || poll(p, wakeable ? 2 : 1, (int)((s->deadline - now) / 1000000) + 1) == 0) {
            script_fail(s, "the deadline of the script passed");
            return -1;
        }
        if (p[0].revents)
            return 1;
        if (wakeable && p[1].revents)
            return read(s->wake, &count, sizeof count) == sizeof count ? 0 : -1;
    }
}

int script_wire_wait(struct script *s)
{
    return wait_for(s, s->fd, POLLIN, true);
}

bool script_wire_accept(struct script *s)
{
    int ready = 0;
    while (!ready) {
        ready = wait_for(s, s->listener, POLLIN, true);
        if (!ready && script_stopped(s))
            return script_fail(s, "the test ended while the script waited for a connection");
    }
    if (ready < 0)
        return false;
    s->fd = accept4(s->listener, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
    if (s->fd < 0)
        return script_fail(s, "accept: %s", strerror(errno));
    setsockopt(s->fd, IPPROTO_TCP, TCP_NODELAY, &(int){1}, sizeof(int));
    script_note(s, "-- connection accepted");
    s->header_digest = s->data_digest = s->want_header_digest = s->want_data_digest = false;
    s->full_feature = s->login_seen = s->login_answered = false;
    s->max_receive = 8192; /* 13.12 */
    s->task_count = 0;
    return true;
}

void script_wire_close(struct script *s, bool reset)
{
    if (s->fd < 0)
        return;
    if (reset)
        setsockopt(s->fd, SOL_SOCKET, SO_LINGER, &(struct linger){1, 0}, sizeof(struct linger));
    close(s->fd);
    s->fd = -1;
    script_note(s, reset ? "T> reset" : "T> close");
}

/* 1: n bytes; 0: the end, or a reset, before the first of them; -1 failed. */
static int take(struct script *s, void *to, size_t n)
{
    for (size_t have = 0; have < n;) {
        ssize_t got = recv(s->fd, (char *)to + have, n - have, 0);
        if (got > 0) {
            have += (size_t)got;
        } else if (got < 0 && errno == EAGAIN) {
            if (wait_for(s, s->fd, POLLIN, false) < 0)
                return -1;
        } else if (got < 0 && errno == EINTR) {
            continue;
        } else if (have) {
            script_fail(s, "the connection ended inside a PDU");
            return -1;
        } else {
            return 0;
        }
    }
    return 1;
}

static uint32_t crc(const void *a, size_t an, const void *b, size_t bn)
{
    return crc32c_finish(crc32c_update(crc32c_update(CRC32C_SEED, a, an), b, bn));
}

static bool check_digest(struct script *s, uint32_t want, const char *which)
{
    uint8_t got[4];
    if (take(s, got, 4) != 1)
        return script_fail(s, "the connection ended where the %s digest should be", which);
    if (get_le32(got) != want)
        return script_fail(s, "%s digest: expected %08x, got %08x", which, want, get_le32(got));
    return true;
}

static bool read_ahs(struct script *s, struct script_pdu *p)
{
    p->ahs_length = pdu_ahs_length(p->bhs);
    p->ahs = malloc(p->ahs_length + 1);
    if (p->ahs_length && take(s, p->ahs, p->ahs_length) != 1)
        return script_fail(s, "the connection ended inside an AHS");
    return !s->header_digest || check_digest(s, crc(p->bhs, PDU_BHS, p->ahs, p->ahs_length), "header");
}

static bool read_data(struct script *s, struct script_pdu *p)
{
    static const uint8_t zero[3];
    uint8_t pad[3] = {0};
    uint32_t n = pdu_data_length(p->bhs), padding = pdu_padding(n);
    if (n > s->max_receive)
        return script_fail(s, "DataSegmentLength %u over our MaxRecvDataSegmentLength %u (13.12)", n,
                           s->max_receive);
    p->data_length = n;
    p->data = malloc(n + 1);
    if (!n)
        return true;
    if (take(s, p->data, n) != 1 || (padding && take(s, pad, padding) != 1))
        return script_fail(s, "the connection ended inside a data segment");
    if (memcmp(pad, zero, padding))
        return script_fail(s, "padding is not zero (11.1)");
    return !s->data_digest || check_digest(s, crc(p->data, n, pad, padding), "data");
}

int script_wire_read(struct script *s, struct script_pdu *ret)
{
    struct script_pdu p = {0};
    int got = take(s, p.bhs, PDU_BHS);
    if (got == 1 && (!read_ahs(s, &p) || !read_data(s, &p)))
        got = -1;
    if (got == 1)
        *ret = p;
    else
        script_wire_pdu_free(&p);
    return got;
}

void script_wire_pdu_free(struct script_pdu *p)
{
    free(p->ahs);
    free(p->data);
    *p = (struct script_pdu){0};
}

bool script_wire_raw(struct script *s, const void *bytes, size_t n, size_t piece)
{
    for (size_t sent = 0; sent < n;) {
        size_t want = piece && piece < n - sent ? piece : n - sent;
        ssize_t put = send(s->fd, (const char *)bytes + sent, want, MSG_NOSIGNAL);
        if (put >= 0) {
            sent += (size_t)put;
        } else if (errno == EAGAIN) {
            if (wait_for(s, s->fd, POLLOUT, false) < 0)
                return false;
        } else if (errno == EPIPE || errno == ECONNRESET) {
            script_note(s, "-- the initiator is gone");
            if (s->repeat) { /* and that is what was waited for */
                close(s->fd);
                s->fd = -1;
            }
            return true; /* an expect-close that follows will say whether this was wanted */
        } else if (errno != EINTR) {
            return script_fail(s, "send: %s", strerror(errno));
        }
    }
    return true;
}

bool script_wire_send(struct script *s, const struct script_sending *m)
{
    size_t room = PDU_BHS + m->ahs_length + m->data_length + 16;
    uint8_t *frame = malloc(room), digest[4], pad[3] = {m->pad, m->pad, m->pad};
    struct writer w = writer_over(frame, room);
    writer_bytes(&w, m->bhs, PDU_BHS);
    writer_bytes(&w, m->ahs, m->ahs_length);
    if (s->header_digest) {
        put_le32(digest, crc(m->bhs, PDU_BHS, m->ahs, m->ahs_length) ^ (m->spoil_header ? 1u : 0));
        writer_bytes(&w, digest, 4);
    }
    uint32_t padding = pdu_padding(m->data_length);
    writer_bytes(&w, m->data, m->data_length);
    writer_bytes(&w, pad, padding);
    if (s->data_digest && m->data_length) {
        put_le32(digest, crc(m->data, m->data_length, pad, padding) ^ (m->spoil_data ? 1u : 0));
        writer_bytes(&w, digest, 4);
    }
    size_t n = writer_used(&w);
    bool good = script_wire_raw(s, frame, m->cut && m->cut < n ? m->cut : n, m->split);
    free(frame);
    return good;
}

bool script_wire_expect_end(struct script *s)
{
    struct script_pdu p;
    int got = script_wire_read(s, &p);
    if (got < 0)
        return false;
    if (!got) {
        script_note(s, "I> closed");
        close(s->fd);
        s->fd = -1;
        return true;
    }
    char *text = NULL;
    size_t n;
    FILE *to = open_memstream(&text, &n);
    script_field_print(to, p.bhs);
    fclose(to);
    script_fail(s, "expected the initiator to close, got %s", text);
    free(text);
    script_wire_pdu_free(&p);
    return false;
}
