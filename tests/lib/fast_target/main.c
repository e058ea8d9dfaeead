/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fast-target: an iSCSI target over memory, as thin as it can be, to measure initiators with. One thread, one
 * epoll set. It listens on 127.0.0.1 only, knows no authentication, and prints its port once it is ready.
 */
#include <fcntl.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#include "target.h"
#include "wire/name.h"

#define EVENTS 256

static const char usage[] =
    "usage: fast-target [OPTION]...\n"
    "  --port N            TCP port of 127.0.0.1 (default 0: a free one); printed when ready\n"
    "  --name IQN          (default iqn.2026-01.com.example:fast)\n"
    "  --luns N            all of the same memory (default 1)\n"
    "  --apart             each has its own memory\n"
    "  --file PATH         their memory: bytes stay when the target is killed\n"
    "  --size BYTES        of each; K, M and G may follow (default 64M)\n"
    "  --block-size BYTES  (default 512)\n"
    "  --write-cache       WCE=1 in the caching page\n"
    "  --window N          commands outstanding (default 256)\n"
    "  --sessions N        at a time, of all initiators (default: any number)\n"
    "  --max-receive N     MaxRecvDataSegmentLength (default 256K)\n"
    "  --first-burst N     FirstBurstLength (default 256K)\n"
    "  --max-burst N       MaxBurstLength (default 1M)\n"
    "  --initial-r2t       InitialR2T=Yes\n"
    "  --no-immediate      ImmediateData=No\n"
    "  --poll              ask without waiting; takes a whole core\n";

__attribute__((noreturn)) static void die(const char *what)
{
    fprintf(stderr, "fast-target: %s\n", what);
    exit(1);
}

static uint64_t size_of(const char *text, uint64_t min, uint64_t max)
{
    char digits[16];
    size_t n = strspn(text, "0123456789");
    uint32_t value;
    unsigned shift = text[n] == 'K' ? 10 : text[n] == 'M' ? 20 : text[n] == 'G' ? 30 : 0;
    if (n >= sizeof digits || (text[n] && (!shift || text[n + 1])))
        die("a number is expected");
    snprintf(digits, sizeof digits, "%.*s", (int)n, text);
    if (!login_number(digits, 0, UINT32_MAX, &value) || (uint64_t)value << shift < min ||
        (uint64_t)value << shift > max)
        die("a number is out of range");
    return (uint64_t)value << shift;
}

static uint32_t number_of(const char *text, uint32_t min, uint32_t max)
{
    return (uint32_t)size_of(text, min, max);
}

static void set(struct target *t, int option, const char *v)
{
    switch (option) {
    case 'p':
        t->port = (uint16_t)number_of(v, 0, 65535);
        break;
    case 'n':
        t->name = v;
        break;
    case 'l':
        t->luns = number_of(v, 1, 16384);
        break;
    case 'F':
        t->file = v;
        break;
    case 'a':
        t->apart = true;
        break;
    case 's':
        t->size = size_of(v, 4096, 1ull << 40);
        break;
    case 'b':
        t->block_size = number_of(v, 512, 65536);
        break;
    case 'c':
        t->write_cache = true;
        break;
    case 'w':
        t->window = number_of(v, 1, WINDOW_MAX);
        break;
    case 'S':
        t->most_sessions = number_of(v, 1, 65535);
        break;
    case 'r':
        t->max_receive = number_of(v, 512, 0xffffff);
        break;
    case 'f':
        t->first_burst = number_of(v, 512, 0xffffff);
        break;
    case 'm':
        t->max_burst = number_of(v, 512, 0xffffff);
        break;
    case 'i':
        t->initial_r2t = true;
        break;
    case 'd':
        t->immediate_data = false;
        break;
    case 'P':
        t->poll = true;
        break;
    default:
        fputs(usage, option == 'h' ? stdout : stderr);
        exit(option == 'h' ? 0 : 1);
    }
}

static void parse(struct target *t, int argc, char *argv[])
{
    static const struct option options[] = {
        {"port", 1, NULL, 'p'},      {"name", 1, NULL, 'n'},        {"luns", 1, NULL, 'l'},
        {"size", 1, NULL, 's'},      {"block-size", 1, NULL, 'b'},  {"write-cache", 0, NULL, 'c'},
        {"window", 1, NULL, 'w'},    {"max-receive", 1, NULL, 'r'}, {"first-burst", 1, NULL, 'f'},
        {"max-burst", 1, NULL, 'm'}, {"initial-r2t", 0, NULL, 'i'}, {"no-immediate", 0, NULL, 'd'},
        {"poll", 0, NULL, 'P'},      {"apart", 0, NULL, 'a'},       {"sessions", 1, NULL, 'S'},
        {"file", 1, NULL, 'F'},      {"help", 0, NULL, 'h'},        {0},
    };
    for (int option; (option = getopt_long(argc, argv, "", options, NULL)) != -1;)
        set(t, option, optarg);
    if (optind != argc)
        set(t, '?', NULL);
    if (t->block_size & (t->block_size - 1) || t->size % t->block_size)
        die("the size is no multiple of the block size, or that no power of two");
    if (t->first_burst > t->max_burst)
        die("FirstBurstLength is larger than MaxBurstLength");
    if (strlen(t->name) > NAME_MAX_LENGTH)
        die("the name is too long");
}

/* file NULL: memory of no file. */
static uint8_t *map(size_t n, const char *file)
{
    int fd = file ? open(file, O_RDWR | O_CREAT | O_CLOEXEC, 0600) : -1;
    if (file && (fd < 0 || ftruncate(fd, (off_t)n) < 0))
        die("the file cannot be used");
    int kind = file ? MAP_SHARED : MAP_SHARED | MAP_ANONYMOUS | MAP_NORESERVE;
    void *p = mmap(NULL, n, PROT_READ | PROT_WRITE, kind, fd, 0);
    if (p == MAP_FAILED)
        die("no memory");
    return p;
}

static int listen_on(struct target *t)
{
    struct sockaddr_in a = {.sin_family = AF_INET};
    socklen_t n = sizeof a;
    put_be16(&a.sin_port, t->port);
    put_be32(&a.sin_addr, INADDR_LOOPBACK);
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd < 0 || setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &(int){1}, sizeof(int)) < 0 ||
        bind(fd, (struct sockaddr *)&a, sizeof a) < 0 || listen(fd, 1024) < 0 ||
        getsockname(fd, (struct sockaddr *)&a, &n) < 0)
        die("the port cannot be listened on");
    t->port = get_be16(&a.sin_port);
    return fd;
}

__attribute__((noreturn)) static void serve(struct target *t, int epoll, int listener)
{
    struct epoll_event events[EVENTS];
    for (;;) {
        int n = epoll_wait(epoll, events, EVENTS, t->poll ? 0 : -1);
        for (int i = 0; i < n; i++)
            if (events[i].data.ptr)
                connection_event(events[i].data.ptr, epoll);
            else
                connection_accept(t, epoll, listener);
        connection_bury(t);
    }
}

int main(int argc, char *argv[])
{
    static struct target t = {.name = "iqn.2026-01.com.example:fast",
                              .luns = 1,
                              .size = 64u << 20,
                              .block_size = 512,
                              .window = 256,
                              .max_receive = 262144,
                              .first_burst = 262144,
                              .max_burst = 1u << 20,
                              .immediate_data = true};
    parse(&t, argc, argv);
    t.blocks = t.size / t.block_size;
    t.memory = map(t.apart ? t.size * t.luns : t.size, t.file);
    t.trash = map(1u << 24, NULL);
    list_init(&t.connections);
    list_init(&t.dead);
    unit_list(&t);
    int listener = listen_on(&t), epoll = epoll_create1(EPOLL_CLOEXEC);
    struct epoll_event e = {.events = EPOLLIN};
    if (epoll < 0 || epoll_ctl(epoll, EPOLL_CTL_ADD, listener, &e) < 0)
        die("no epoll");
    printf("%u\n", t.port);
    fflush(stdout);
    serve(&t, epoll, listener);
}
