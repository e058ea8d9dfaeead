/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A YAML configuration (src/). What is accepted must, written out as the file `config` of a mount shows it,
 * be accepted again and come out the same. One thread; the input is the file.
 */
#include "config.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "fuzz.h"

static bool load(const void *text, size_t n, struct config *ret, struct lun_error *e)
{
    char path[64];
    int fd = memfd_create("config", MFD_CLOEXEC);
    FUZZ_CHECK(fd >= 0 && write(fd, text, n) == (ssize_t)n);
    snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
    bool ok = config_load(path, NULL, 0, ret, e);
    close(fd);
    return ok;
}

static void check_again(const struct config *c)
{
    static const char initiator[] = "iqn.2026-01.org.example:host7";
    struct config again;
    struct lun_error e = {0};
    char *text = config_text(c, initiator);
    FUZZ_CHECK(text);
    if (load(text, strlen(text), &again, &e)) {
        char *same = config_text(&again, initiator);
        FUZZ_CHECK(same && !strcmp(same, text));
        free(same);
        config_free(&again);
    } else {
        fuzz_check_error(&e); /* secrets are left out of it, so with CHAP it is not a whole configuration */
        FUZZ_CHECK(strstr(e.text, "password") || strstr(e.text, "secret"));
    }
    free(text);
}

static void check_options(const struct config_target *t)
{
    const char *portals[64];
    struct lun_target_options o;
    struct lun_error e = {0};
    if (t->portal_count > 64)
        return;
    config_target_options(t, portals, &o);
    FUZZ_CHECK(o.portal_count == t->portal_count);
    if (t->iqn)
        FUZZ_CHECK(lun_name_check(t->iqn, &e) && *config_target_directory(t));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    struct config c;
    struct lun_error e = {0};
    if (n > 65536 || memmem(data, n, "/dev", 4) || memmem(data, n, "/proc", 5))
        return 0; /* a password from there is the machine's business */
    if (!load(data, n, &c, &e)) {
        fuzz_check_error(&e);
        return 0;
    }
    for (size_t i = 0; i < c.target_count; i++)
        check_options(&c.targets[i]);
    for (size_t i = 0; i < c.discover_count; i++)
        check_options(&c.discover[i]);
    check_again(&c);
    config_free(&c);
    return 0;
}
