/* SPDX-License-Identifier: Apache-2.0 */
/*
 * cutter PORT CUTS BYTES: passes connections to its own port of 127.0.0.1, which it prints, on to PORT. The
 * first CUTS of them end after about BYTES bytes, in the middle of whatever that is; those after them live. A
 * process for each connection.
 */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <unistd.h>

static uint16_t port;
static long cuts, bytes;

static struct sockaddr_in address(uint16_t number)
{
    return (struct sockaddr_in){
        .sin_family = AF_INET, .sin_port = htons(number), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
}

/* One of the two gets no FIN but a reset, as when a machine loses its state. */
static void cut(int fd)
{
    struct linger hard = {.l_onoff = 1};
    setsockopt(fd, SOL_SOCKET, SO_LINGER, &hard, sizeof hard);
}

static void pass_on(int client, int server, long left)
{
    static char buffer[1 << 16];
    struct pollfd p[] = {{.fd = client, .events = POLLIN}, {.fd = server, .events = POLLIN}};
    while (left && poll(p, 2, -1) > 0)
        for (int i = 0; i < 2 && left; i++) {
            if (!p[i].revents)
                continue;
            ssize_t n = recv(p[i].fd, buffer, sizeof buffer, 0);
            if (n <= 0)
                return;
            if (left > 0) { /* of the last piece only so much */
                n = n < left ? n : left;
                left -= n;
            }
            for (ssize_t sent = 0, k; sent < n; sent += k)
                if ((k = send(p[!i].fd, buffer + sent, (size_t)(n - sent), MSG_NOSIGNAL)) <= 0)
                    return;
        }
    cut(client);
}

static void serve(int listener)
{
    for (long number = 0;; number++) {
        int client = accept(listener, NULL, NULL);
        if (client < 0)
            continue;
        if (fork() == 0) {
            prctl(PR_SET_PDEATHSIG, SIGKILL);
            int server = socket(AF_INET, SOCK_STREAM, 0);
            struct sockaddr_in a = address(port);
            srandom((unsigned)number + 1);
            if (connect(server, (struct sockaddr *)&a, sizeof a) == 0)
                pass_on(client, server, number < cuts ? bytes / 2 + random() % bytes : -1);
            _exit(0);
        }
        close(client);
    }
}

int main(int argc, char *argv[])
{
    if (argc != 4)
        return 2;
    port = (uint16_t)atoi(argv[1]);
    cuts = atol(argv[2]);
    bytes = atol(argv[3]);
    signal(SIGCHLD, SIG_IGN);
    struct sockaddr_in a = address(0);
    socklen_t n = sizeof a;
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    if (bind(fd, (struct sockaddr *)&a, n) < 0 || listen(fd, 64) < 0 ||
        getsockname(fd, (struct sockaddr *)&a, &n) < 0)
        return 1;
    printf("%u\n", ntohs(a.sin_port));
    fflush(stdout);
    serve(fd);
}
