/* SPDX-License-Identifier: Apache-2.0 */
/* A connection over a real socket: reading to a budget, the ways it ends, a full socket, addresses. */
#include <criterion/criterion.h>
#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "conn/conn.h"

static struct {
    struct conn conn;
    int peer, listener;
    int pdus, to_send, cookies;
    struct conn_address address;
    struct lun_error e;
} t;

static bool place(void *ctx, const uint8_t *bhs, struct pdu_place *ret, struct lun_error *e)
{
    return true;
}

static bool pdu(void *ctx, const struct pdu_in *p, struct lun_error *e)
{
    t.pdus++;
    return true;
}

static uint8_t payload[65536];

static bool next(void *ctx, struct pdu_out *ret)
{
    if (t.to_send == 0)
        return false;
    t.to_send--;
    *ret = (struct pdu_out){.data = payload, .data_length = sizeof payload, .cookie = &t};
    return true;
}

static void sent(void *ctx, void *cookie)
{
    t.cookies++;
}

static const struct receive_ops in = {place, pdu};
static const struct send_ops out = {next, sent};

static void listen_here(void)
{
    struct sockaddr_in *a = (struct sockaddr_in *)&t.address.address;
    a->sin_family = AF_INET;
    a->sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    t.address.length = sizeof *a;
    t.listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    cr_assert_geq(t.listener, 0);
    cr_assert_eq(bind(t.listener, (struct sockaddr *)a, sizeof *a), 0);
    cr_assert_eq(getsockname(t.listener, (struct sockaddr *)a, &t.address.length), 0);
    cr_assert_eq(listen(t.listener, 1), 0);
}

static void wait_for(short events)
{
    struct pollfd p = {.fd = conn_fd(&t.conn), .events = events};
    cr_assert_eq(poll(&p, 1, -1), 1);
}

static void start(void)
{
    listen_here();
    cr_assert(conn_open(&t.conn, &t.address, &in, &out, NULL, &t.e), "%s", t.e.text);
    wait_for(POLLOUT);
    cr_assert(conn_connected(&t.conn, &t.e), "%s", t.e.text);
    t.peer = accept(t.listener, NULL, NULL);
    cr_assert_geq(t.peer, 0);
}

static void end(void)
{
    conn_close(&t.conn);
    close(t.peer);
    close(t.listener);
}

static void nops(int count)
{
    uint8_t bhs[PDU_BHS];
    pdu_put_nop_in(bhs, &(struct pdu_nop_in){.itt = PDU_TAG_NONE, .ttt = PDU_TAG_NONE});
    while (count--)
        cr_assert_eq(send(t.peer, bhs, sizeof bhs, 0), PDU_BHS);
}

Test(conn, reads_what_is_there)
{
    start();
    nops(3);
    while (t.pdus < 3) {
        wait_for(POLLIN);
        cr_assert(conn_input(&t.conn, 1 << 20, &t.e), "%s", t.e.text);
    }
    cr_assert_not(t.conn.input_left);
    cr_assert_eq(t.conn.bytes_in, 3 * PDU_BHS);
    end();
}

Test(conn, nothing_there_is_no_error)
{
    start();
    cr_assert(conn_input(&t.conn, 1 << 20, &t.e), "%s", t.e.text);
    cr_assert_not(t.conn.input_left);
    end();
}

/* In large mode a read ends with a header, and the budget with a few of them. */
Test(conn, stops_at_its_budget)
{
    start();
    nops(10);
    wait_for(POLLIN);
    while (recv(conn_fd(&t.conn), payload, 10 * PDU_BHS, MSG_PEEK) < 10 * PDU_BHS)
        ;
    t.conn.receive.large = true;
    cr_assert(conn_input(&t.conn, PDU_BHS, &t.e), "%s", t.e.text);
    cr_assert(t.conn.input_left);
    cr_assert_eq(t.pdus, 1);
    end();
}

Test(conn, closed_between_pdus)
{
    start();
    close(t.peer);
    wait_for(POLLIN);
    cr_assert_not(conn_input(&t.conn, 1 << 20, &t.e));
    cr_assert_eq(t.e.layer, LUN_CONNECT);
    cr_assert(t.e.retry);
    end();
}

Test(conn, closed_inside_a_pdu)
{
    start();
    cr_assert_eq(send(t.peer, payload, 20, 0), 20);
    close(t.peer);
    bool ok;
    do
        wait_for(POLLIN);
    while ((ok = conn_input(&t.conn, 1 << 20, &t.e)));
    cr_assert_eq(t.e.layer, LUN_CONNECT);
    cr_assert(strstr(t.e.text, "middle of a PDU"), "%s", t.e.text);
    end();
}

Test(conn, reset_by_the_target)
{
    struct linger hard = {1, 0};
    start();
    setsockopt(t.peer, SOL_SOCKET, SO_LINGER, &hard, sizeof hard);
    close(t.peer);
    wait_for(POLLIN);
    cr_assert_not(conn_input(&t.conn, 1 << 20, &t.e));
    cr_assert_eq(t.e.layer, LUN_CONNECT);
    cr_assert_eq(t.e.code, ECONNRESET);
    end();
}

Test(conn, refused)
{
    listen_here();
    close(t.listener);
    bool ok = conn_open(&t.conn, &t.address, &in, &out, NULL, &t.e);
    if (ok) {
        wait_for(POLLOUT);
        ok = conn_connected(&t.conn, &t.e);
    }
    cr_assert_not(ok);
    cr_assert_eq(t.e.layer, LUN_CONNECT);
    cr_assert_eq(t.e.code, ECONNREFUSED);
    conn_close(&t.conn);
}

Test(conn, an_address_of_no_kind)
{
    t.address.length = sizeof(struct sockaddr_in);
    t.address.address.ss_family = AF_MAX;
    cr_assert_not(conn_open(&t.conn, &t.address, &in, &out, NULL, &t.e));
    cr_assert_eq(t.e.layer, LUN_SYSTEM);
    cr_assert_eq(conn_fd(&t.conn), -1);
    conn_close(&t.conn); /* safe */
}

/* A full socket is told, and what is left goes when there is room: all of it, and each cookie once. */
Test(conn, a_full_socket)
{
    start();
    t.to_send = 300;
    cr_assert(conn_output(&t.conn, &t.e), "%s", t.e.text);
    cr_assert(t.conn.output_full);
    size_t came = 0, all = 300 * (PDU_BHS + sizeof payload);
    static uint8_t drain[1 << 20];
    while (came < all) {
        ssize_t n = recv(t.peer, drain, sizeof drain, 0);
        cr_assert_gt(n, 0);
        came += (size_t)n;
        cr_assert(conn_output(&t.conn, &t.e), "%s", t.e.text);
    }
    cr_assert_not(t.conn.output_full);
    cr_assert_eq(t.cookies, 300);
    cr_assert_eq(t.conn.bytes_out, all);
    end();
}

Test(conn, sending_to_a_closed_one)
{
    struct linger hard = {1, 0};
    start();
    setsockopt(t.peer, SOL_SOCKET, SO_LINGER, &hard, sizeof hard);
    close(t.peer);
    wait_for(POLLHUP);
    t.to_send = 1;
    cr_assert_not(conn_output(&t.conn, &t.e));
    cr_assert_eq(t.e.layer, LUN_CONNECT);
    end();
}

Test(conn, closing_gives_cookies_back)
{
    start();
    t.to_send = 300;
    cr_assert(conn_output(&t.conn, &t.e), "%s", t.e.text);
    int taken = 300 - t.to_send;
    conn_close(&t.conn);
    cr_assert_eq(t.cookies, taken);
    conn_close(&t.conn);
    cr_assert_eq(t.cookies, taken);
    end();
}

Test(conn, resolves_an_ipv4_address)
{
    struct conn_address a[4];
    cr_assert_eq(conn_resolve("127.0.0.1", 3260, a, 4, &t.e), 1);
    cr_assert_str_eq(a[0].text, "127.0.0.1:3260");
}

Test(conn, resolves_an_ipv6_address)
{
    struct conn_address a[4];
    cr_assert_eq(conn_resolve("fd00::5", 860, a, 4, &t.e), 1);
    cr_assert_str_eq(a[0].text, "[fd00::5]:860");
}

Test(conn, does_not_resolve)
{
    struct conn_address a[4];
    cr_assert_eq(conn_resolve("a..b", 3260, a, 4, &t.e), 0);
    cr_assert_eq(t.e.layer, LUN_RESOLVE);
    cr_assert(strstr(t.e.text, "a..b:3260"), "%s", t.e.text);
}
