/* SPDX-License-Identifier: Apache-2.0 */
/* Socket calls of one connection; see conn.h. Runs in the loop that owns it. RFC 7143 4.2.7.1 (TCP). */
#include "conn/conn.h"

#include <errno.h>
#include <netinet/tcp.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

/* Before login has agreed on anything, a data segment is at most this long (RFC 7143, 13.12). */
#define CONN_LOGIN_DATA_MAX 8192

static bool broken(struct lun_error *e, const char *what, int err)
{
    return error_set(e, LUN_CONNECT, err, true, "%s: %s", what, strerror(err));
}

static bool open_socket(struct conn *c, const struct conn_address *to, struct lun_error *e)
{
    c->fd = socket(to->address.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (c->fd < 0)
        return error_set(e, LUN_SYSTEM, errno, true, "socket: %s", strerror(errno));
    int one = 1;
    setsockopt(c->fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    if (connect(c->fd, (const struct sockaddr *)&to->address, to->length) < 0 && errno != EINPROGRESS) {
        int err = errno;
        close(c->fd);
        c->fd = -1;
        return broken(e, "connect", err);
    }
    return true;
}

bool conn_open(struct conn *c, const struct conn_address *to, const struct receive_ops *in,
               const struct send_ops *out, void *ctx, struct lun_error *e)
{
    *c = (struct conn){.fd = -1};
    bool memory = receive_init(&c->receive, in, ctx, CONN_LOGIN_DATA_MAX) && send_init(&c->send, out, ctx);
    if (!memory)
        error_set(e, LUN_SYSTEM, ENOMEM, true, "no memory for a connection");
    if (!memory || !open_socket(c, to, e)) {
        receive_free(&c->receive);
        send_free(&c->send);
        return false;
    }
    return true;
}

void conn_close(struct conn *c)
{
    if (c->fd < 0)
        return;
    close(c->fd);
    c->fd = -1;
    send_drop(&c->send);
    receive_free(&c->receive);
    send_free(&c->send);
}

bool conn_connected(struct conn *c, struct lun_error *e)
{
    int err = 0;
    socklen_t n = sizeof err;
    if (getsockopt(c->fd, SOL_SOCKET, SO_ERROR, &err, &n) < 0)
        err = errno;
    if (err)
        return broken(e, "connect", err);
    c->connected = true;
    return true;
}

static bool closed_by_target(struct conn *c, struct lun_error *e)
{
    if (receive_at_boundary(&c->receive))
        return error_set(e, LUN_CONNECT, ECONNRESET, true, "the target closed the connection");
    return error_set(e, LUN_CONNECT, ECONNRESET, true,
                     "the target closed the connection in the middle of a PDU");
}

bool conn_input(struct conn *c, size_t budget, struct lun_error *e)
{
    size_t done = 0;
    c->input_left = false;
    while (done < budget) {
        struct iovec iov[2];
        int count = receive_room(&c->receive, iov);
        size_t asked = iov[0].iov_len + (count == 2 ? iov[1].iov_len : 0);
        ssize_t n = count == 1 ? recv(c->fd, iov[0].iov_base, iov[0].iov_len, 0) : readv(c->fd, iov, count);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return errno == EAGAIN || broken(e, "receive", errno);
        if (n == 0)
            return closed_by_target(c, e);
        c->bytes_in += (size_t)n;
        done += (size_t)n;
        if (!receive_parse(&c->receive, (size_t)n, e))
            return false;
        /* The socket is empty, and the next byte is a new edge; but an end that came with these bytes is not.
         */
        if ((size_t)n < asked && !c->hung_up)
            return true;
    }
    c->input_left = true;
    return true;
}

bool conn_output(struct conn *c, struct lun_error *e)
{
    struct iovec iov[SEND_IOV];
    for (;;) {
        int count = send_gather(&c->send, iov);
        if (count == 0) {
            c->output_full = false;
            return true;
        }
        struct msghdr message = {.msg_iov = iov, .msg_iovlen = (size_t)count};
        ssize_t n = sendmsg(c->fd, &message, MSG_NOSIGNAL);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0 && errno == EAGAIN) {
            c->output_full = true;
            return true;
        }
        if (n < 0)
            return broken(e, "send", errno);
        c->bytes_out += (size_t)n;
        send_advance(&c->send, (size_t)n);
    }
}
