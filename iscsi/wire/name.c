/* SPDX-License-Identifier: Apache-2.0 */
/*
 * iSCSI names (RFC 7143, 4.2.7) and addresses of portals (13.8); pure, any thread.
 * Nothing with a control character in it reaches an error text: a text is one line, and names come from
 * targets.
 */
#include "wire/name.h"

#include <arpa/inet.h>
#include <string.h>

#include "base/error.h"

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static bool is_letter(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static bool is_hex(char c)
{
    return is_digit(c) || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
}

/* ---- iSCSI names ---- */

/* Bytes of the UTF-8 character at s, at least 1; 0 if it is ill-formed or a control character (RFC 3629). */
static size_t utf8_length(const unsigned char *s)
{
    static const uint32_t least[] = {0, 0, 0x80, 0x800, 0x10000};
    if (*s < 0x80)
        return *s >= 0x20 && *s != 0x7f;
    size_t n = *s >= 0xf0 ? 4 : *s >= 0xe0 ? 3 : 2;
    if (*s < 0xc0 || *s > 0xf4)
        return 0;
    uint32_t code = *s & (0x7fu >> n);
    for (size_t i = 1; i < n; i++) {
        if ((s[i] & 0xc0) != 0x80)
            return 0;
        code = code << 6 | (s[i] & 0x3fu);
    }
    bool valid = code >= least[n] && code >= 0xa0 && code <= 0x10ffff && (code < 0xd800 || code > 0xdfff);
    return valid ? n : 0;
}

/* 4.2.7.2 allows less than this; targets in use also have upper case, underscores and more. What is refused
 * would break a directory name, a list of values, or a line of text. */
static bool check_characters(const char *name, struct lun_error *e)
{
    for (size_t i = 0, n; name[i]; i += n) {
        n = utf8_length((const unsigned char *)name + i);
        if (!n)
            return error_set(
                e, LUN_USAGE, 0, false,
                "iSCSI name has a control character or a byte that is no UTF-8 (%#04x) at byte %zu",
                (unsigned char)name[i], i + 1);
    }
    size_t n = strcspn(name, " /,\"'`");
    if (name[n])
        return error_set(e, LUN_USAGE, 0, false, "iSCSI name may not hold '%c': %s", name[n], name);
    return true;
}

/* After "iqn.": yyyy-mm, a dot, and a domain name reversed, up to a colon or the end (4.2.7.4). */
static bool check_iqn(const char *rest, const char *name, struct lun_error *e)
{
    static const char form[] = "dddd-dd.";
    for (size_t i = 0; form[i]; i++)
        if (form[i] == 'd' ? !is_digit(rest[i]) : rest[i] != form[i])
            return error_set(e, LUN_USAGE, 0, false, "iSCSI name lacks \"yyyy-mm.\" after \"iqn.\": %s",
                             name);
    int month = (rest[5] - '0') * 10 + rest[6] - '0';
    if (month < 1 || month > 12)
        return error_set(e, LUN_USAGE, 0, false, "iSCSI name has month %d in its date: %s", month, name);
    const char *domain = rest + sizeof form - 1;
    if (!*domain || *domain == ':')
        return error_set(e, LUN_USAGE, 0, false, "iSCSI name lacks a domain name after its date: %s", name);
    return true;
}

/* After "eui." or "naa.": so many hexadecimal digits and nothing else (4.2.7.5, 4.2.7.6). */
static bool check_hex(const char *rest, size_t digits, size_t or_digits, const char *name,
                      struct lun_error *e)
{
    size_t n = 0;
    while (is_hex(rest[n]))
        n++;
    if (!rest[n] && (n == digits || n == or_digits))
        return true;
    if (digits == or_digits)
        return error_set(e, LUN_USAGE, 0, false, "iSCSI name needs %zu hexadecimal digits after \"%.4s\": %s",
                         digits, name, name);
    return error_set(e, LUN_USAGE, 0, false,
                     "iSCSI name needs %zu or %zu hexadecimal digits after \"%.4s\": %s", digits, or_digits,
                     name, name);
}

bool lun_name_check(const char *name, struct lun_error *e)
{
    size_t n = strlen(name);
    if (n == 0)
        return error_set(e, LUN_USAGE, 0, false, "iSCSI name is empty");
    if (n > NAME_MAX_LENGTH)
        return error_set(e, LUN_USAGE, 0, false, "iSCSI name of %zu bytes is longer than %d", n,
                         NAME_MAX_LENGTH);
    if (!check_characters(name, e))
        return false;
    if (strncasecmp(name, "iqn.", 4) == 0)
        return check_iqn(name + 4, name, e);
    if (strncasecmp(name, "eui.", 4) == 0)
        return check_hex(name + 4, 16, 16, name, e);
    if (strncasecmp(name, "naa.", 4) == 0)
        return check_hex(name + 4, 16, 32, name, e);
    return error_set(e, LUN_USAGE, 0, false,
                     "iSCSI name begins with none of \"iqn.\", \"eui.\", \"naa.\": %s", name);
}

/* ---- Portals ---- */

/* A stretch of text: addresses are cut up before they are copied. */
struct piece {
    const char *at;
    size_t n;
};

/* A 16-bit value, decimal or 0x hexadecimal (13.9 gives ports and group tags that form). */
static bool number16(struct piece p, uint16_t *ret)
{
    unsigned base = 10, v = 0;
    if (p.n > 2 && p.at[0] == '0' && (p.at[1] == 'x' || p.at[1] == 'X')) {
        base = 16;
        p.at += 2;
        p.n -= 2;
    }
    if (p.n == 0 || p.n > 5)
        return false;
    for (size_t i = 0; i < p.n; i++) {
        char c = p.at[i];
        if (base == 16 ? !is_hex(c) : !is_digit(c))
            return false;
        v = v * base + (unsigned)(is_digit(c) ? c - '0' : (c | 0x20) - 'a' + 10);
    }
    if (v > UINT16_MAX)
        return false;
    *ret = (uint16_t)v;
    return true;
}

/* What stands in brackets: IPv6 with or without a scope, or IPv4. */
static bool bracketed_ok(const char *host)
{
    unsigned char address[sizeof(struct in6_addr)];
    char plain[INET6_ADDRSTRLEN];
    size_t n = strcspn(host, "%");
    if (n >= sizeof plain)
        return false;
    memcpy(plain, host, n);
    plain[n] = 0;
    if (!host[n])
        return inet_pton(AF_INET6, plain, address) == 1 || inet_pton(AF_INET, plain, address) == 1;
    for (const char *scope = host + n + 1; *scope; scope++)
        if (!is_letter(*scope) && !is_digit(*scope) && !strchr("-._", *scope))
            return false;
    return host[n + 1] && inet_pton(AF_INET6, plain, address) == 1;
}

static bool host_name_ok(const char *host)
{
    for (; *host; host++)
        if (!is_letter(*host) && !is_digit(*host) && !strchr("-._", *host))
            return false;
    return true;
}

/* "host", "host:port", "[address]", "[address]:port" in p. On failure nothing is written but *e. */
static bool portal(struct piece p, enum lun_layer layer, char *ret_host, uint16_t *ret_port,
                   struct lun_error *e)
{
    for (size_t i = 0; i < p.n; i++)
        if (p.at[i] <= 0x20 || p.at[i] >= 0x7f) /* char is signed or not: both halves leave ASCII 21-7e */
            return error_set(e, layer, 0, false, "portal: byte %#04x at byte %zu of the address",
                             (unsigned char)p.at[i], i + 1);
    const int width = p.n > 100 ? 100 : (int)p.n;
    bool brackets = p.n && p.at[0] == '[';
    const char *close = brackets ? memchr(p.at, ']', p.n) : NULL;
    if (brackets && !close)
        return error_set(e, layer, 0, false, "portal %.*s: no ']' after the address", width, p.at);

    struct piece host, rest;
    if (brackets) {
        host = (struct piece){p.at + 1, (size_t)(close - p.at - 1)};
    } else {
        const char *colon = memchr(p.at, ':', p.n);
        host = (struct piece){p.at, colon ? (size_t)(colon - p.at) : p.n};
        if (colon && memchr(colon + 1, ':', p.n - host.n - 1))
            return error_set(e, layer, 0, false, "portal %.*s: an IPv6 address stands in brackets", width,
                             p.at);
    }
    if (host.n == 0)
        return error_set(e, layer, 0, false, "portal %.*s: no host", width, p.at);
    if (host.n > 255)
        return error_set(e, layer, 0, false, "portal %.*s...: a host of %zu bytes", width, p.at, host.n);
    char name[256];
    memcpy(name, host.at, host.n);
    name[host.n] = 0;
    if (!(brackets ? bracketed_ok(name) : host_name_ok(name)))
        return error_set(e, layer, 0, false, "portal: \"%.100s\" is no %s", name,
                         brackets ? "IP address" : "host name");

    rest.at = host.at + host.n + brackets;
    rest.n = (size_t)(p.at + p.n - rest.at);
    uint16_t port = PORTAL_DEFAULT_PORT;
    if (rest.n) {
        if (rest.at[0] != ':' || !number16((struct piece){rest.at + 1, rest.n - 1}, &port) || port == 0)
            return error_set(e, layer, 0, false, "portal %.*s: \"%.*s\" is no port (1 to 65535)", width, p.at,
                             rest.n > 20 ? 20 : (int)rest.n, rest.at);
    }
    memcpy(ret_host, name, host.n + 1);
    *ret_port = port;
    return true;
}

bool lun_portal_parse(const char *text, char *ret_host, uint16_t *ret_port, struct lun_error *e)
{
    return portal((struct piece){text, strlen(text)}, LUN_USAGE, ret_host, ret_port, e);
}

bool name_target_address(const char *text, char ret_host[static 256], uint16_t *ret_port, int *ret_group,
                         struct lun_error *e)
{
    struct piece address = {text, strcspn(text, ",")};
    int group = -1;
    if (text[address.n]) {
        const char *tag = text + address.n + 1;
        uint16_t v;
        if (!number16((struct piece){tag, strlen(tag)}, &v))
            return error_set(e, LUN_PROTOCOL, 0, false,
                             "TargetAddress: what follows its comma is no portal group tag");
        group = v;
    }
    if (!portal(address, LUN_PROTOCOL, ret_host, ret_port, e))
        return false;
    *ret_group = group;
    return true;
}
