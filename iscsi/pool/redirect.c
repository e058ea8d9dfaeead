/* SPDX-License-Identifier: Apache-2.0 */
/* The way of a redirected login; see redirect.h. In the loop of the link. RFC 7143 11.13.5, 13.8. */
#include "pool/redirect.h"

#include <string.h>

#include "wire/name.h"

static bool same(const struct conn_address *a, const struct conn_address *b)
{
    if (a->address.ss_family != b->address.ss_family)
        return false;
    if (a->address.ss_family == AF_INET6) {
        const struct sockaddr_in6 *x = (const struct sockaddr_in6 *)&a->address,
                                  *y = (const struct sockaddr_in6 *)&b->address;
        return x->sin6_port == y->sin6_port && x->sin6_scope_id == y->sin6_scope_id &&
               !memcmp(&x->sin6_addr, &y->sin6_addr, sizeof x->sin6_addr);
    }
    const struct sockaddr_in *x = (const struct sockaddr_in *)&a->address,
                             *y = (const struct sockaddr_in *)&b->address;
    return x->sin_port == y->sin_port && x->sin_addr.s_addr == y->sin_addr.s_addr;
}

const struct conn_address *redirect_start(struct redirect *r, const struct conn_address *portal)
{
    r->at_settled = r->settled.length && same(&r->from, portal);
    if (!r->at_settled)
        r->settled.length = 0;
    r->from = *portal;
    r->hops = 0;
    r->next_count = 0;
    r->permanent = true;
    return r->at_settled ? &r->settled : portal;
}

/* A target knows no scope of ours: a link-local address is on the link on which it told us. */
static void inherit_scope(struct conn_address *to, const struct conn_address *here)
{
    struct sockaddr_in6 *a = (struct sockaddr_in6 *)&to->address;
    const struct sockaddr_in6 *b = (const struct sockaddr_in6 *)&here->address;
    if (a->sin6_family == AF_INET6 && b->sin6_family == AF_INET6 && !a->sin6_scope_id &&
        IN6_IS_ADDR_LINKLOCAL(&a->sin6_addr))
        a->sin6_scope_id = b->sin6_scope_id;
    conn_name_address(to);
}

static bool is_seen(const struct redirect *r, const struct conn_address *a)
{
    for (unsigned i = 0; i < r->hops; i++)
        if (same(&r->seen[i], a))
            return true;
    return false;
}

bool redirect_found(struct redirect *r, const struct conn_address *found, size_t n, struct lun_error *e)
{
    r->next_count = 0;
    for (size_t i = 0; i < n && i < LOOKUP_ADDRESSES; i++) {
        struct conn_address a = found[i];
        inherit_scope(&a, &r->seen[r->hops - 1]);
        if (!is_seen(r, &a))
            r->next[r->next_count++] = a;
    }
    return r->next_count ||
           error_set(e, LUN_LOGIN, r->status, true, "redirected in a circle: back to %s", found[0].text);
}

bool redirect_take(struct redirect *r, const char *address, const struct conn_address *here, int status,
                   char ret_host[static 256], uint16_t *ret_port, struct lun_error *e)
{
    int group; /* 13.8: must be left out here, and means nothing */
    struct conn_address numeric;
    if (r->hops == REDIRECT_HOPS)
        return error_set(e, LUN_LOGIN, status, true, "redirected more than %d times, at last to %s",
                         REDIRECT_HOPS, address);
    if (!name_target_address(address, ret_host, ret_port, &group, e)) {
        error_prefix(e, "redirected to %s", address);
        return false;
    }
    r->seen[r->hops++] = *here;
    r->status = status;
    r->permanent &= status == REDIRECT_PERMANENT;
    r->next_count = 0;
    return !conn_numeric(ret_host, *ret_port, &numeric) || redirect_found(r, &numeric, 1, e);
}

const struct conn_address *redirect_next(struct redirect *r)
{
    r->seen[r->hops] = r->next[0];
    r->next_count--;
    memmove(&r->next[0], &r->next[1], r->next_count * sizeof r->next[0]);
    return &r->seen[r->hops];
}

void redirect_up(struct redirect *r)
{
    r->next_count = 0;
    if (r->hops && r->permanent)
        r->settled = r->seen[r->hops];
}

void redirect_failed(struct redirect *r)
{
    r->next_count = 0;
    r->settled.length = 0;
}
