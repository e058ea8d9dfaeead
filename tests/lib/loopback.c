/* SPDX-License-Identifier: Apache-2.0 */
/*
 * loopback: what TCP on the loopback costs when nobody speaks iSCSI over it: an upper mark for tools/bench.
 * Two threads and one connection. Each operation is one message out and one back, with so many in flight as
 * told: a read sends 48 bytes (a command's header) and gets 48 and the payload; a write sends 48 and the
 * payload and gets 48. Prints operations, seconds, and the CPU time of the client's thread, which stands for
 * the initiator.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define HEADER 48u
#define PAYLOAD_MAX (16u << 20)
#define DEPTH_MAX 1024u
#define SMALL 65536u

static size_t request_size, answer_size;
static char *out[2], *in[2]; /* [0] the client's, [1] the server's */

__attribute__((noreturn)) static void die(const char *what)
{
    fprintf(stderr, "loopback: %s: %s\n", what, strerror(errno));
    exit(1);
}

/* n messages in one stream of bytes; small ones in one system call, as a batching sender would. */
static bool send_messages(int fd, const char *from, size_t size, size_t n)
{
    size_t batch = size >= SMALL ? 1 : SMALL / size;
    while (n) {
        size_t take = n < batch ? n : batch;
        for (size_t done = 0; done < take * size;) {
            ssize_t sent = send(fd, from + done, take * size - done, MSG_NOSIGNAL);
            if (sent <= 0)
                return false;
            done += (size_t)sent;
        }
        n -= take;
    }
    return true;
}

/* Waits for at least one message, takes what came with it. *part: bytes of a message not yet whole. */
static size_t receive_messages(int fd, char *to, size_t size, size_t *part)
{
    size_t room = size > SMALL ? size : SMALL;
    for (;;) {
        ssize_t n = recv(fd, to, room, 0);
        if (n <= 0)
            return 0;
        *part += (size_t)n;
        size_t whole = *part / size;
        *part %= size;
        if (whole)
            return whole;
    }
}

static void *serve(void *arg)
{
    int fd = *(const int *)arg;
    size_t part = 0;
    for (size_t n; (n = receive_messages(fd, in[1], request_size, &part));)
        if (!send_messages(fd, out[1], answer_size, n))
            break;
    return NULL;
}

static void connect_both(int *client, int *server)
{
    struct sockaddr_in a = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t n = sizeof a;
    int listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    *client = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (listener < 0 || *client < 0 || bind(listener, (struct sockaddr *)&a, n) < 0 ||
        listen(listener, 1) < 0 || getsockname(listener, (struct sockaddr *)&a, &n) < 0 ||
        connect(*client, (struct sockaddr *)&a, n) < 0 ||
        (*server = accept4(listener, NULL, NULL, SOCK_CLOEXEC)) < 0)
        die("no connection");
    close(listener);
    const int on = 1;
    setsockopt(*client, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    setsockopt(*server, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
}

static double now(clockid_t clock)
{
    struct timespec t;
    clock_gettime(clock, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static unsigned long number(const char *text, unsigned long max)
{
    char *end;
    unsigned long n = strtoul(text, &end, 10);
    if (end == text || *end || !n || n > max) {
        fprintf(stderr, "loopback: '%s' is no number from 1 to %lu\n", text, max);
        exit(2);
    }
    return n;
}

int main(int argc, char *argv[])
{
    if (argc != 5 || (strcmp(argv[1], "read") != 0 && strcmp(argv[1], "write") != 0)) {
        fputs("usage: loopback read|write PAYLOAD DEPTH SECONDS\n", stderr);
        return 2;
    }
    size_t block = number(argv[2], PAYLOAD_MAX), depth = number(argv[3], DEPTH_MAX);
    double seconds = (double)number(argv[4], 3600);
    bool reads = argv[1][0] == 'r';
    request_size = HEADER + (reads ? 0 : block);
    answer_size = HEADER + (reads ? block : 0);
    for (int i = 0; i < 2; i++)
        if (!(out[i] = calloc(1, PAYLOAD_MAX + SMALL)) || !(in[i] = calloc(1, PAYLOAD_MAX + SMALL)))
            die("no memory");
    int client, server;
    connect_both(&client, &server);
    pthread_t thread;
    if (pthread_create(&thread, NULL, serve, &server))
        die("no thread");
    double begin = now(CLOCK_MONOTONIC), cpu = now(CLOCK_THREAD_CPUTIME_ID), end = begin + seconds;
    size_t part = 0, done = 0;
    bool well = send_messages(client, out[0], request_size, depth);
    while (well && now(CLOCK_MONOTONIC) < end) {
        size_t n = receive_messages(client, in[0], answer_size, &part);
        done += n;
        well = n && send_messages(client, out[0], request_size, n);
    }
    cpu = now(CLOCK_THREAD_CPUTIME_ID) - cpu;
    printf("%zu operations, %.6f s, %.6f s CPU\n", done, now(CLOCK_MONOTONIC) - begin, cpu);
    /* Whatever is still in flight goes down with the connection, after the server has stopped reading it. */
    shutdown(client, SHUT_RDWR);
    pthread_join(thread, NULL);
    return well ? 0 : 1;
}
