/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a user writes on a command line, and names and addresses a target sends: URLs, portals, iSCSI names,
 * TargetAddress values, -o options, numbers and pages of lunctl. The first byte chooses, the rest is the
 * text. One thread.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "args.h"
#include "config.h"
#include "fuzz.h"
#include "show.h"
#include "size.h"
#include "wire/name.h"

static void url(char *text)
{
    struct lun_url u;
    struct lun_error e = {0};
    if (!lun_url_parse(text, &u, &e)) {
        fuzz_check_error(&e);
        return;
    }
    char host[256];
    uint16_t port;
    FUZZ_CHECK(u.portal && lun_portal_parse(u.portal, host, &port, &e) && port);
    if (u.iqn)
        FUZZ_CHECK(lun_name_check(u.iqn, &e));
    FUZZ_CHECK(!u.has_lun || u.iqn);
    lun_url_free(&u);
}

static void portal(char *text)
{
    char host[256];
    uint16_t port;
    struct lun_error e = {0};
    if (!lun_portal_parse(text, host, &port, &e))
        fuzz_check_error(&e);
    else
        FUZZ_CHECK(*host && strlen(host) < sizeof host && port);
}

static void name(char *text)
{
    struct lun_error e = {0};
    if (!lun_name_check(text, &e))
        fuzz_check_error(&e);
    else
        FUZZ_CHECK(strlen(text) <= NAME_MAX_LENGTH);
}

static void address(char *text)
{
    char host[256];
    uint16_t port;
    int group;
    struct lun_error e = {0};
    if (!name_target_address(text, host, &port, &group, &e))
        fuzz_check_error(&e);
    else
        FUZZ_CHECK(*host && strlen(host) < sizeof host && port && group >= -1 && group <= 65535);
}

/* URL, then options, one a line. */
static void source(char *text)
{
    struct config_option options[16];
    size_t count = 0;
    char *at = text, *url = strsep(&at, "\n");
    if (strncmp(url, "iscsi://", 8))
        return; /* a path: the machine's files are not ours to read */
    while (at && count < 16) {
        char *value = strsep(&at, "\n"), *key = strsep(&value, "=");
        if (!strstr(key, "file"))
            options[count++] = (struct config_option){key, value};
    }
    struct config c;
    struct lun_error e = {0};
    if (!config_load(url, options, count, &c, &e)) {
        fuzz_check_error(&e);
        return;
    }
    FUZZ_CHECK(c.target_count + c.discover_count == 1);
    char *shown = config_text(&c, "iqn.2026-01.org.example:host7");
    FUZZ_CHECK(shown);
    free(shown);
    config_free(&c);
}

static void words(char *text)
{
    uint64_t bytes;
    uint8_t page;
    char shown[SIZE_TEXT];
    if (size_parse(text, &bytes)) {
        size_text(bytes, shown);
        FUZZ_CHECK(*shown);
    }
    args_page(text, &page);
    char *escaped = show_escape(text, strlen(text));
    FUZZ_CHECK(escaped);
    for (const char *c = escaped; *c; c++)
        FUZZ_CHECK(*c >= 0x20 && *c < 0x7f);
    free(escaped);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    static void (*const parts[])(char *text) = {url, portal, name, address, source, words};
    struct fuzz f = {data, n};
    if (!n || n > 8192)
        return 0;
    uint8_t which = fuzz_u8(&f) % (sizeof parts / sizeof *parts);
    char *text = fuzz_text(&f);
    parts[which](text);
    free(text);
    return 0;
}
