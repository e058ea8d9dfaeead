/* SPDX-License-Identifier: Apache-2.0 */
/* Portal names to socket addresses. Blocks on DNS: never in a loop. RFC 7143 13.8 (host and port). */
#include <arpa/inet.h>
#include <netdb.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#include "conn/conn.h"

void conn_name_address(struct conn_address *a)
{
    char host[64], port[8];
    if (getnameinfo((struct sockaddr *)&a->address, a->length, host, sizeof host, port, sizeof port,
                    NI_NUMERICHOST | NI_NUMERICSERV) != 0)
        snprintf(a->text, sizeof a->text, "unknown address");
    else
        snprintf(a->text, sizeof a->text, a->address.ss_family == AF_INET6 ? "[%s]:%s" : "%s:%s", host, port);
}

static int look_up(const char *host, uint16_t port, int flags, struct addrinfo **ret)
{
    struct addrinfo hints = {.ai_socktype = SOCK_STREAM, .ai_flags = AI_NUMERICSERV | flags};
    char service[8];
    snprintf(service, sizeof service, "%u", port);
    return getaddrinfo(host, service, &hints, ret);
}

static size_t take_addresses(const struct addrinfo *found, struct conn_address *ret, size_t room)
{
    size_t n = 0;
    for (const struct addrinfo *a = found; a && n < room; a = a->ai_next) {
        if (a->ai_addrlen > sizeof ret[n].address)
            continue;
        memcpy(&ret[n].address, a->ai_addr, a->ai_addrlen);
        ret[n].length = a->ai_addrlen;
        conn_name_address(&ret[n++]);
    }
    return n;
}

bool conn_numeric(const char *host, uint16_t port, struct conn_address *ret)
{
    struct addrinfo *found = NULL;
    if (look_up(host, port, AI_NUMERICHOST, &found))
        return false;
    size_t n = take_addresses(found, ret, 1);
    freeaddrinfo(found);
    return n != 0;
}

size_t conn_resolve(const char *host, uint16_t port, struct conn_address *ret, size_t room,
                    struct lun_error *e)
{
    struct addrinfo *found = NULL;
    int err = look_up(host, port, 0, &found);
    if (err) {
        error_set(e, LUN_RESOLVE, err, err == EAI_AGAIN, "portal %s:%u: %s", host, port, gai_strerror(err));
        return 0;
    }
    size_t n = take_addresses(found, ret, room);
    freeaddrinfo(found);
    if (n == 0)
        error_set(e, LUN_RESOLVE, 0, false, "portal %s:%u: no usable address", host, port);
    return n;
}
