/* SPDX-License-Identifier: Apache-2.0 */
/* A process that serves one bad answer per connection, for the tests of refusals. Headers are laid out by
 * hand after RFC 7143 11.13. */
#include "bad_peer.h"

#include <arpa/inet.h>
#include <criterion/criterion.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "process.h"

#define HEADER 48

/* A Login Response (RFC 7143 11.13) with T=1, CSG=1, NSG=3 and this data segment length and ITT. */
static void login_response(unsigned char *h, unsigned length, unsigned itt)
{
    memset(h, 0, HEADER);
    h[0] = 0x23;
    h[1] = 0x87;
    h[5] = (unsigned char)(length >> 16);
    h[6] = (unsigned char)(length >> 8);
    h[7] = (unsigned char)length;
    h[14] = 0;
    h[15] = 1;
    for (int i = 0; i < 4; i++)
        h[16 + i] = (unsigned char)(itt >> (24 - 8 * i));
    h[35] = 16; /* MaxCmdSN */
}

static void say(int fd, const void *bytes, size_t n)
{
    if (send(fd, bytes, n, MSG_NOSIGNAL) < 0)
        return;
}

static void answer(int fd, enum bad_peer_kind kind)
{
    unsigned char request[4096], h[HEADER], noise[4096];
    if (recv(fd, request, sizeof request, 0) <= 0)
        return;
    unsigned itt = (unsigned)request[16] << 24 | (unsigned)request[17] << 16 | (unsigned)request[18] << 8 |
                   (unsigned)request[19];
    switch (kind) {
    case BAD_PEER_SILENT:
        while (recv(fd, request, sizeof request, 0) > 0)
            ;
        break;
    case BAD_PEER_CLOSES:
        break;
    case BAD_PEER_HTTP: {
        static const char text[] = "HTTP/1.1 400 Bad Request\r\nContent-Type: text/html\r\n\r\n<html></html>";
        say(fd, text, sizeof text - 1);
        break;
    }
    case BAD_PEER_NOISE:
        srand(7);
        for (size_t i = 0; i < sizeof noise; i++)
            noise[i] = (unsigned char)rand();
        say(fd, noise, sizeof noise);
        break;
    case BAD_PEER_TRUNCATED:
        login_response(h, 0, itt);
        say(fd, h, HEADER / 2);
        break;
    case BAD_PEER_OVERLONG:
        login_response(h, 0xffffff, itt);
        say(fd, h, HEADER);
        memset(noise, 'x', sizeof noise);
        while (send(fd, noise, sizeof noise, MSG_NOSIGNAL) > 0)
            ;
        break;
    case BAD_PEER_WRONG_TAG:
        login_response(h, 0, itt ^ 0x5a5a);
        say(fd, h, HEADER);
        while (recv(fd, request, sizeof request, 0) > 0)
            ;
        break;
    }
}

void bad_peer_start(struct bad_peer *p, enum bad_peer_kind kind)
{
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    struct sockaddr_in a = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t n = sizeof a;
    cr_assert_geq(fd, 0);
    cr_assert_eq(bind(fd, (struct sockaddr *)&a, n), 0);
    cr_assert_eq(listen(fd, 8), 0);
    cr_assert_eq(getsockname(fd, (struct sockaddr *)&a, &n), 0);
    p->port = ntohs(a.sin_port);
    p->pid = fork();
    cr_assert_geq(p->pid, 0);
    if (p->pid == 0) {
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        for (int c; (c = accept(fd, NULL, NULL)) >= 0; close(c))
            answer(c, kind);
        _exit(0);
    }
    close(fd);
}

void bad_peer_stop(struct bad_peer *p)
{
    process_kill(p->pid);
    p->pid = 0;
}
