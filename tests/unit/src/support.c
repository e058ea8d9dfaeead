/* SPDX-License-Identifier: Apache-2.0 */
/* Loading configurations in tests; each Criterion test is a process of its own, so it may chdir. */
#include "support.h"

#include <criterion/criterion.h>
#include <fcntl.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static void enter_data(void)
{
    cr_assert_eq(chdir(TESTS_DATA "/config"), 0);
    unsetenv("LUNFS_CHAP_PASSWORD");
    unsetenv("CREDENTIALS_DIRECTORY");
}

void support_refused(const char *file, const char *message)
{
    enter_data();
    struct config c;
    struct lun_error e = {0};
    cr_assert_not(config_load(file, NULL, 0, &c, &e), "%s was accepted", file);
    cr_assert_str_eq(e.text, message);
    cr_assert_eq(e.layer, LUN_USAGE);
    cr_assert_eq(e.code, 0);
}

struct config support_loaded(const char *file)
{
    enter_data();
    struct config c;
    struct lun_error e = {0};
    cr_assert(config_load(file, NULL, 0, &c, &e), "%s", e.text);
    return c;
}

static bool load(const char *source, const char *const *options, struct config *ret, struct lun_error *e)
{
    struct config_option items[8] = {0};
    char *copies[8];
    size_t n = 0;
    for (; options[n]; n++) {
        copies[n] = strdup(options[n]);
        char *value = strchr(copies[n], '=');
        if (value)
            *value++ = '\0';
        items[n] = (struct config_option){copies[n], value};
    }
    bool ok = config_load(source, items, n, ret, e);
    for (size_t i = 0; i < n; i++)
        free(copies[i]);
    return ok;
}

struct config support_source(const char *source, const char *const *options)
{
    struct config c;
    struct lun_error e = {0};
    cr_assert(load(source, options, &c, &e), "%s", e.text);
    return c;
}

void support_source_refused(const char *source, const char *const *options, const char *message)
{
    struct config c;
    struct lun_error e = {0};
    cr_assert_not(load(source, options, &c, &e), "%s was accepted", source);
    cr_assert_str_eq(e.text, message);
}

static char scratch[] = "/tmp/lunfs-unit-XXXXXX";

void support_scratch(void)
{
    cr_assert(mkdtemp(scratch));
    cr_assert_eq(chdir(scratch), 0);
}

static int remove_one(const char *path, const struct stat *st, int type, struct FTW *at)
{
    return remove(path);
}

void support_leave(void)
{
    cr_assert_eq(nftw(scratch, remove_one, 8, FTW_DEPTH | FTW_PHYS), 0);
}

void support_write(const char *name, const char *text, unsigned mode)
{
    FILE *f = fopen(name, "we");
    cr_assert(f);
    fputs(text, f);
    fclose(f);
    cr_assert_eq(chmod(name, mode), 0);
}
