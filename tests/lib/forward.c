/* SPDX-License-Identifier: Apache-2.0 */
/* A process that passes bytes on, a child of its own for each connection. */
#include "forward.h"

#include <arpa/inet.h>
#include <criterion/criterion.h>
#include <netinet/in.h>
#include <poll.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "process.h"

static bool send_all(int fd, const char *bytes, ssize_t n)
{
    while (n > 0) {
        ssize_t sent = send(fd, bytes, (size_t)n, MSG_NOSIGNAL);
        if (sent <= 0)
            return false;
        bytes += sent;
        n -= sent;
    }
    return n == 0;
}

static void pass_on(int a, int b)
{
    static char bytes[1 << 16];
    struct pollfd p[] = {{.fd = a, .events = POLLIN}, {.fd = b, .events = POLLIN}};
    while (poll(p, 2, -1) > 0)
        for (int i = 0; i < 2; i++) {
            if (!p[i].revents)
                continue;
            ssize_t n = recv(p[i].fd, bytes, sizeof bytes, 0);
            if (n <= 0 || !send_all(p[!i].fd, bytes, n))
                return;
        }
}

static void serve(int listener, uint16_t to)
{
    struct sockaddr_in a = {
        .sin_family = AF_INET, .sin_port = htons(to), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    signal(SIGCHLD, SIG_IGN);
    for (int c; (c = accept(listener, NULL, NULL)) >= 0; close(c)) {
        if (fork())
            continue;
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        signal(SIGUSR1, SIG_DFL);
        close(listener);
        int fd = socket(AF_INET, SOCK_STREAM, 0);
        if (!connect(fd, (struct sockaddr *)&a, sizeof a))
            pass_on(c, fd);
        _exit(0);
    }
    _exit(0);
}

void forward_start(struct forward *f, uint16_t to)
{
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    struct sockaddr_in a = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t n = sizeof a;
    cr_assert_geq(fd, 0);
    cr_assert_eq(bind(fd, (struct sockaddr *)&a, n), 0);
    cr_assert_eq(listen(fd, 8), 0);
    cr_assert_eq(getsockname(fd, (struct sockaddr *)&a, &n), 0);
    f->port = ntohs(a.sin_port);
    f->pid = fork();
    cr_assert_geq(f->pid, 0);
    if (f->pid == 0) {
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        setpgid(0, 0);
        signal(SIGUSR1, SIG_IGN);
        serve(fd, to);
    }
    close(fd);
    setpgid(f->pid, f->pid); /* whoever of us two is first */
}

/* The children are of its process group. */
void forward_cut(struct forward *f)
{
    cr_assert_eq(kill(-f->pid, SIGUSR1), 0);
}

void forward_stop(struct forward *f)
{
    process_kill(f->pid);
    f->pid = 0;
}
