/* SPDX-License-Identifier: Apache-2.0 */
/* Holds the table of layers (docs/architecture.md): includes point only downward, and what lives in one layer
 * only is used nowhere else. Reads every #include line of the sources; the compiler is not asked. */
#include <criterion/criterion.h>
#include <fts.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

struct layer {
    const char *folder;
    const char *may_include[8]; /* folders or files beside its own; iscsi/lun.h is everybody's */
};

static const struct layer layers[] = {
    {"iscsi/base", {NULL}},
    {"iscsi/wire", {"iscsi/base"}},
    {"iscsi/login", {"iscsi/base", "iscsi/wire"}},
    {"iscsi/conn", {"iscsi/base", "iscsi/wire"}},
    {"iscsi/session", {"iscsi/base", "iscsi/wire", "iscsi/login"}},
    {"iscsi/scsi", {"iscsi/base"}},
    {"iscsi/pool", {"iscsi/base", "iscsi/wire", "iscsi/login", "iscsi/conn", "iscsi/session", "iscsi/scsi"}},
    {"iscsi/block", {"iscsi/base", "iscsi/wire", "iscsi/scsi", "iscsi/pool"}},
    {"fuse", {NULL}},
    {"src", {"fuse"}},
    {"tools", {"src/config.h"}},
};
#define LAYERS (sizeof layers / sizeof layers[0])

/* Headers of the system that only some layers may include: by prefix. A layer not named here may not. The
 * rule binds the library and fuse/; src/ and tools/ are bound where `programs` says so. */
static const struct only {
    const char *prefix;
    const char *layers[3];
    bool programs;
} only[] = {
    {"fuse", {"fuse"}, true},
    {"linux/fuse", {"fuse"}, true},
    {"yaml", {"src"}, true},
    {"syslog", {"src"}, true},
    {"json-c/", {"tools"}, true},
    {"getopt", {"tools", "src"}, true},
    {"isa-l", {"iscsi/base"}, true},
    {"crc.h", {"iscsi/base"}, true},
    {"openssl/ssl", {"iscsi/conn"}, true},
    {"openssl/", {"iscsi/login", "iscsi/conn"}, true},
    {"endian.h", {"iscsi/base"}, true},
    {"byteswap.h", {"iscsi/base"}, true},
    {"sys/epoll", {"iscsi/pool"}, false},
    {"pthread",
     {"iscsi/pool", "fuse"},
     false}, /* fuse/: for calls that block in the kernel: notify, umount */
};

static bool is_under(const char *path, const char *folder)
{
    size_t n = strlen(folder);
    return strncmp(path, folder, n) == 0 && (path[n] == '/' || path[n] == '\0');
}

static bool is_program(const char *folder)
{
    return strcmp(folder, "src") == 0 || strcmp(folder, "tools") == 0;
}

/* The path below the root of what `#include "name"` in `from` (a path below the root) means, tried as the
 * build's include directories have it. */
static bool resolve(const char *from, const char *name, char *ret)
{
    char beside[PATH_MAX];
    snprintf(beside, sizeof beside, "%s", from);
    *strrchr(beside, '/') = '\0';
    const char *const roots[] = {beside, "iscsi", "fuse", "src", "."};
    char path[2 * PATH_MAX], real[PATH_MAX], root[PATH_MAX];
    cr_assert_not_null(realpath(SOURCE_ROOT, root));
    for (size_t i = 0; i < sizeof roots / sizeof roots[0]; i++) {
        snprintf(path, sizeof path, "%s/%s/%s", root, roots[i], name);
        if (access(path, R_OK) == 0 && realpath(path, real) && is_under(real, root)) {
            strcpy(ret, real + strlen(root) + 1);
            return true;
        }
    }
    return false;
}

static void check_quoted(const struct layer *layer, const char *file, int line, const char *name)
{
    char found[PATH_MAX];
    cr_assert(resolve(file, name, found), "%s:%d: no such file in the tree: \"%s\"", file, line, name);
    bool allowed = is_under(found, layer->folder) || strcmp(found, "iscsi/lun.h") == 0;
    for (size_t i = 0; !allowed && layer->may_include[i]; i++)
        allowed = is_under(found, layer->may_include[i]);
    cr_expect(allowed, "%s:%d: %s may not include %s", file, line, layer->folder, found);
}

static void check_system(const struct layer *layer, const char *file, int line, const char *name)
{
    for (size_t i = 0; i < sizeof only / sizeof only[0]; i++) {
        if (strncmp(name, only[i].prefix, strlen(only[i].prefix)) != 0)
            continue;
        bool allowed = is_program(layer->folder) && !only[i].programs;
        for (size_t k = 0; k < 3 && only[i].layers[k]; k++)
            allowed |= strcmp(layer->folder, only[i].layers[k]) == 0;
        cr_expect(allowed, "%s:%d: %s may not include <%s>", file, line, layer->folder, name);
        return;
    }
}

/* Calls check for each #include of a file; returns how many there were. */
static int check_file(const struct layer *layer, const char *absolute, const char *file)
{
    FILE *f = fopen(absolute, "r");
    cr_assert_not_null(f, "%s", absolute);
    char text[1024], name[256];
    int count = 0;
    for (int line = 1; fgets(text, sizeof text, f); line++) {
        if (sscanf(text, " # include \"%255[^\"]\"", name) == 1) {
            check_quoted(layer, file, line, name);
            count++;
        } else if (sscanf(text, " # include <%255[^>]>", name) == 1) {
            check_system(layer, file, line, name);
            count++;
        }
    }
    fclose(f);
    return count;
}

static bool is_source(const char *name)
{
    size_t n = strlen(name);
    return n > 2 && (strcmp(name + n - 2, ".c") == 0 || strcmp(name + n - 2, ".h") == 0);
}

static void check_layer(const char *folder)
{
    const struct layer *layer = NULL;
    for (size_t i = 0; i < LAYERS; i++)
        if (strcmp(layers[i].folder, folder) == 0)
            layer = &layers[i];
    cr_assert_not_null(layer);
    char top[PATH_MAX];
    snprintf(top, sizeof top, "%s/%s", SOURCE_ROOT, folder);
    FTS *walk = fts_open((char *[]){top, NULL}, FTS_PHYSICAL | FTS_NOCHDIR, NULL);
    cr_assert_not_null(walk);
    int files = 0, includes = 0;
    for (FTSENT *e; (e = fts_read(walk));) {
        if (e->fts_info != FTS_F || !is_source(e->fts_name))
            continue;
        files++;
        includes += check_file(layer, e->fts_path, e->fts_path + strlen(SOURCE_ROOT) + 1);
    }
    fts_close(walk);
    cr_expect_geq(includes, files, "%s: %d files with %d includes", folder, files, includes);
}

Test(layers, base)
{
    check_layer("iscsi/base");
}

Test(layers, wire)
{
    check_layer("iscsi/wire");
}

Test(layers, login)
{
    check_layer("iscsi/login");
}

Test(layers, conn)
{
    check_layer("iscsi/conn");
}

Test(layers, session)
{
    check_layer("iscsi/session");
}

Test(layers, scsi)
{
    check_layer("iscsi/scsi");
}

Test(layers, pool)
{
    check_layer("iscsi/pool");
}

Test(layers, block)
{
    check_layer("iscsi/block");
}

Test(layers, fuse)
{
    check_layer("fuse");
}

Test(layers, daemon)
{
    check_layer("src");
}

Test(layers, tools)
{
    check_layer("tools");
}

/* lun.h stands alone: whoever installs liblun has no other header of ours. */
Test(layers, public_header_needs_only_libc)
{
    FILE *f = fopen(SOURCE_ROOT "/iscsi/lun.h", "r");
    cr_assert_not_null(f);
    static const char *const libc[] = {"stdarg.h", "stdbool.h",   "stddef.h",
                                       "stdint.h", "sys/types.h", "sys/uio.h"};
    char text[1024], name[256];
    int count = 0;
    while (fgets(text, sizeof text, f)) {
        cr_expect_neq(sscanf(text, " # include \"%255[^\"]\"", name), 1, "lun.h includes \"%s\"", name);
        if (sscanf(text, " # include <%255[^>]>", name) != 1)
            continue;
        bool known = false;
        for (size_t i = 0; i < sizeof libc / sizeof libc[0]; i++)
            known |= strcmp(name, libc[i]) == 0;
        cr_expect(known, "lun.h includes <%s>", name);
        count++;
    }
    fclose(f);
    cr_assert_gt(count, 0);
}

/* A source file outside every folder of the table would escape it. */
Test(layers, every_source_has_a_layer)
{
    static const char *const tops[] = {"iscsi", "fuse", "src", "tools"};
    int count = 0;
    for (size_t t = 0; t < sizeof tops / sizeof tops[0]; t++) {
        char top[PATH_MAX];
        snprintf(top, sizeof top, "%s/%s", SOURCE_ROOT, tops[t]);
        FTS *walk = fts_open((char *[]){top, NULL}, FTS_PHYSICAL | FTS_NOCHDIR, NULL);
        cr_assert_not_null(walk);
        for (FTSENT *e; (e = fts_read(walk));) {
            if (e->fts_info != FTS_F || !is_source(e->fts_name))
                continue;
            const char *file = e->fts_path + strlen(SOURCE_ROOT) + 1;
            bool known = strcmp(file, "iscsi/lun.h") == 0;
            for (size_t i = 0; i < LAYERS; i++)
                known |= is_under(file, layers[i].folder);
            cr_expect(known, "%s is in no layer", file);
            count++;
        }
        fts_close(walk);
    }
    cr_assert_gt(count, 0);
}
