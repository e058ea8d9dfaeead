/* SPDX-License-Identifier: Apache-2.0 */
/*
 * iscsi:// URLs as libiscsi and QEMU write them; pure, any thread. No percent decoding.
 * A password is never printed: errors quote only what stands after the '@', and not even that when it may be
 * a password whose '@' was forgotten.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "wire/lun_field.h"
#include "wire/name.h"

static bool fail(struct lun_error *e, const char *why)
{
    return error_set(e, LUN_USAGE, 0, false, "URL: %s", why);
}

static bool no_memory(struct lun_error *e)
{
    return error_set(e, LUN_SYSTEM, ENOMEM, true, "URL: out of memory");
}

/* Where "/iqn.", "/eui." or "/naa." begins, or the end: credentials cannot lie beyond it. */
static const char *name_start(const char *text)
{
    for (; *text; text++)
        if (*text == '/' && (!strncasecmp(text + 1, "iqn.", 4) || !strncasecmp(text + 1, "eui.", 4) ||
                             !strncasecmp(text + 1, "naa.", 4)))
            break;
    return text;
}

/* user[%password] before the last '@': a password may hold '@', '/' and '%'. *at moves past the '@'. */
static bool take_credentials(const char **at, struct lun_url *u, struct lun_error *e)
{
    const char *start = *at, *sign = memrchr(start, '@', (size_t)(name_start(start) - start));
    if (!sign)
        return true;
    size_t n = (size_t)(sign - start);
    const char *percent = memchr(start, '%', n);
    size_t user = percent ? (size_t)(percent - start) : n;
    if (user == 0)
        return fail(e, "no user before the '@'");
    if (percent && percent + 1 == sign)
        return fail(e, "no password between '%' and '@'");
    u->user = strndup(start, user);
    if (percent)
        u->password = strndup(percent + 1, n - user - 1);
    *at = sign + 1;
    return u->user && (!percent || u->password) ? true : no_memory(e);
}

static bool take_portal(const char **at, struct lun_url *u, struct lun_error *e)
{
    size_t n = strcspn(*at, "/?");
    const char *close = memchr(*at, ']', n);
    if (memchr(*at, '%', n) && !(**at == '[' && close))
        return fail(e, "'%' in the host: a password is followed by '@' and the host");
    char *text = strndup(*at, n), host[256];
    if (!text)
        return no_memory(e);
    uint16_t port;
    bool ok = lun_portal_parse(text, host, &port, e);
    free(text);
    if (!ok) {
        error_prefix(e, "URL");
        return false;
    }
    const char *form = strchr(host, ':') ? "[%s]:%u" : "%s:%u";
    if (asprintf(&u->portal, form, host, port) < 0) {
        u->portal = NULL;
        return no_memory(e);
    }
    *at += n;
    return true;
}

static bool take_lun(const char *text, struct lun_url *u, struct lun_error *e)
{
    uint64_t v = 0, field;
    bool ok = *text;
    for (const char *c = text; *c && ok; c++)
        ok = *c >= '0' && *c <= '9' && !__builtin_mul_overflow(v, 10u, &v) &&
             !__builtin_add_overflow(v, (unsigned)(*c - '0'), &v);
    if (!ok || !lun_field_from_number(v, &field))
        return error_set(e, LUN_USAGE, 0, false, "URL: \"%.40s\" is no LUN (0 to 16383)", text);
    u->has_lun = true;
    u->lun = v;
    return true;
}

/* "", "/", "/name", "/name/lun" */
static bool take_path(const char *at, struct lun_url *u, struct lun_error *e)
{
    if (strchr(at, '?'))
        return fail(e, "options after '?' are not known here");
    if (!*at || !at[1])
        return true;
    size_t n = strcspn(at + 1, "/");
    u->iqn = strndup(at + 1, n);
    if (!u->iqn)
        return no_memory(e);
    if (!lun_name_check(u->iqn, e)) {
        error_prefix(e, "URL");
        return false;
    }
    return !at[1 + n] || take_lun(at + 1 + n + 1, u, e);
}

bool lun_url_parse(const char *text, struct lun_url *ret, struct lun_error *e)
{
    static const char scheme[] = "iscsi://";
    if (strncasecmp(text, scheme, sizeof scheme - 1) != 0)
        return fail(e, "it does not begin with iscsi://");
    for (const char *c = text; *c; c++)
        if ((unsigned char)*c < 0x20 || *c == 0x7f)
            return error_set(e, LUN_USAGE, 0, false, "URL: a control character at byte %zu",
                             (size_t)(c - text) + 1);
    struct lun_url u = {0};
    const char *at = text + sizeof scheme - 1;
    if (!take_credentials(&at, &u, e) || !take_portal(&at, &u, e) || !take_path(at, &u, e)) {
        lun_url_free(&u);
        return false;
    }
    *ret = u;
    return true;
}

void lun_url_free(struct lun_url *u)
{
    free(u->user);
    if (u->password)
        explicit_bzero(u->password, strlen(u->password));
    free(u->password);
    free(u->portal);
    free(u->iqn);
    *u = (struct lun_url){0};
}
