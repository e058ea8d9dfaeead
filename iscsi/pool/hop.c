/* SPDX-License-Identifier: Apache-2.0 */
/* A link whose login is sent elsewhere: closing here, connecting there; see hop.h. In the loop of the link.
 * RFC 7143 11.13.5 (redirection), 6.3.1 and 6.3.5 (portal groups). */
#include "pool/hop.h"

/* Where a redirection is on the way, what the portals passed say of their groups is not checked, but what the
 * session has come to is: to reinstate another one it must be of the same group. */
bool hop_check_group(const struct link *k, struct lun_error *e)
{
    int group = k->negotiated.portal_group, wanted = k->config.login.portal_group;
    if (!k->config.same_group || group < 0 || wanted < 0 || group == wanted)
        return true;
    return error_set(e, LUN_LOGIN, 0, false, "portal belongs to portal group %d, not to %d as expected",
                     group, wanted);
}

/* To the next address of this hop; the login's time runs on. */
static void connect_next(struct link *k)
{
    struct lun_error e;
    bool open = false;
    while (!open && k->redirect.next_count)
        open = link_open_connection(k, redirect_next(&k->redirect), &e);
    if (!open)
        link_break(k, &e);
    else if (k->ops->moved)
        k->ops->moved(k, k->redirect.status == REDIRECT_PERMANENT);
}

static void looked_up(struct lookup *l)
{
    struct link *k = l->user;
    struct lun_error e = l->error;
    k->lookup = NULL;
    if (k->broken) /* given up meanwhile */
        return;
    if (l->count && redirect_found(&k->redirect, l->found, l->count, &e))
        connect_next(k);
    else
        link_break(k, &e);
}

/* Refused, or sent elsewhere: at the end of the turn bury() closes this connection and opens the next. */
bool hop_login_failed(struct link *k, struct lun_error *e)
{
    const char *address = login_redirect(k->login);
    const struct lun_error *why = login_error(k->login);
    char host[256];
    uint16_t port;
    if (!address) {
        *e = *why;
        return false;
    }
    if (!redirect_take(&k->redirect, address, &k->address, why->code, host, &port, e))
        return false;
    if (!k->redirect.next_count) {
        k->lookup = lookup_start(k->loop, host, port, looked_up, k, e);
        if (!k->lookup)
            return false;
    }
    k->broken = k->hopping = true;
    loop_defer(k->loop, &k->burial);
    return true;
}

/* Another address may do: the one we are sent to, or the next of its name. */
bool hop_goes_on(const struct link *k)
{
    return k->hopping ||
           (k->state == LINK_CONNECTING && k->error.layer == LUN_CONNECT && k->redirect.next_count);
}

void hop_go_on(struct link *k)
{
    link_close_connection(k);
    k->state = LINK_CONNECTING;
    k->broken = k->hopping = false;
    if (!k->lookup)
        connect_next(k);
}
