/* SPDX-License-Identifier: Apache-2.0 */
/* Comparing and ordering portals. Pure; any thread. RFC 7143 4.2.7.1, 13.8 (TargetAddress), appendix C. */
#include "portal.h"

#include <arpa/inet.h>
#include <string.h>

#define HOST_ROOM 256

struct endpoint {
    uint16_t port;
    bool numeric;
    struct in6_addr address; /* numeric: IPv4 is mapped */
    char host[HOST_ROOM];    /* otherwise */
    char scope[HOST_ROOM];   /* after '%', or empty */
};

/* inet_pton takes a dotted address apart only whole: host must not carry a scope any more. */
static bool take_address(const char *host, struct in6_addr *ret)
{
    struct in_addr four;
    if (inet_pton(AF_INET6, host, ret) == 1)
        return true;
    if (inet_pton(AF_INET, host, &four) != 1)
        return false;
    *ret = (struct in6_addr){.s6_addr = {[10] = 0xff, [11] = 0xff}};
    memcpy(&ret->s6_addr[12], &four, sizeof four);
    return true;
}

static bool parse(const char *text, struct endpoint *ret)
{
    struct lun_error why;
    *ret = (struct endpoint){0};
    if (!lun_portal_parse(text, ret->host, &ret->port, &why))
        return false;
    char *scope = strchr(ret->host, '%');
    if (scope) {
        *scope++ = '\0';
        strcpy(ret->scope, scope);
    }
    ret->numeric = take_address(ret->host, &ret->address);
    size_t n = strlen(ret->host);
    if (!ret->numeric && n && ret->host[n - 1] == '.') /* a name written with its root */
        ret->host[n - 1] = '\0';
    return true;
}

/* A target does not know our scope: fe80::1 on its list is the fe80::1%eth0 we asked. */
static bool same_scope(const struct endpoint *a, const struct endpoint *b)
{
    return !*a->scope || !*b->scope || !strcmp(a->scope, b->scope);
}

static bool same_endpoint(const struct endpoint *a, const struct endpoint *b)
{
    if (a->port != b->port || a->numeric != b->numeric)
        return false;
    if (a->numeric)
        return !memcmp(&a->address, &b->address, sizeof a->address) && same_scope(a, b);
    return !strcasecmp(a->host, b->host);
}

bool portal_same(const char *a, const char *b)
{
    struct endpoint x, y;
    return parse(a, &x) && parse(b, &y) && same_endpoint(&x, &y);
}

/* "0.0.0.0" and "[::]" on a list mean all addresses of the target; to connect to them would reach ourselves.
 */
static bool is_nowhere(const struct endpoint *e)
{
    static const struct in6_addr any6, any4 = {.s6_addr = {[10] = 0xff, [11] = 0xff}};
    return e->numeric &&
           (!memcmp(&e->address, &any6, sizeof any6) || !memcmp(&e->address, &any4, sizeof any4));
}

size_t portal_order(const struct lun_found_target *found, const char *asked, const char **ret,
                    int *ret_groups)
{
    struct endpoint ours, theirs;
    bool known = parse(asked, &ours);
    size_t n = 0;
    ret_groups[n] = -1;
    ret[n++] = asked;
    for (size_t i = 0; i < found->portal_count; i++) {
        const struct lun_found_portal *p = &found->portals[i];
        if (!parse(p->address, &theirs) || is_nowhere(&theirs))
            continue;
        if (known && same_endpoint(&ours, &theirs)) {
            ret_groups[0] = p->portal_group;
        } else {
            ret_groups[n] = p->portal_group;
            ret[n++] = p->address;
        }
    }
    return n;
}
