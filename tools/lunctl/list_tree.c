/* SPDX-License-Identifier: Apache-2.0 */
/* ls of a mounted tree: the LUNs below a mount's, a target's or a LUN's directory. Main thread. */
#include "device.h"
#include "list.h"
#include "report.h"

#include <ctype.h>
#include <dirent.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

struct tree {
    struct lun_facts *facts;
    const char *root; /* of the mount: by-id is below it */
    size_t targets;
};

static bool exists(const char *directory, const char *name)
{
    char path[PATH_MAX];
    int n = snprintf(path, sizeof path, "%s/%s", directory, name);
    return n < (int)sizeof path && access(path, F_OK) == 0;
}

/* "lun12" is 12. */
static bool lun_of(const char *name, uint64_t *ret)
{
    if (strncmp(name, "lun", 3) != 0 || !isdigit((unsigned char)name[3]))
        return false;
    char *end;
    *ret = strtoull(name + 3, &end, 10);
    return *end == '\0';
}

/* NAA before EUI before the rest. */
static int name_rank(const char *name)
{
    return strncmp(name, "naa.", 4) == 0 ? 0 : strncmp(name, "eui.", 4) == 0 ? 1 : 2;
}

/* The best link in by-id that leads to this LUN's directory; ret holds 256 bytes. */
static bool worldwide_name(const char *root, const char *lun, char *ret)
{
    char by_id[PATH_MAX], path[PATH_MAX];
    struct stat own, st;
    int best = INT_MAX;
    DIR *directory =
        snprintf(by_id, sizeof by_id, "%s/by-id", root) < (int)sizeof by_id && stat(lun, &own) == 0
            ? opendir(by_id)
            : NULL;
    if (!directory)
        return false;
    for (struct dirent *entry; (entry = readdir(directory));) {
        if (entry->d_name[0] == '.' || name_rank(entry->d_name) >= best)
            continue;
        int n = snprintf(path, sizeof path, "%s/%s", by_id, entry->d_name);
        if (n >= (int)sizeof path || stat(path, &st) != 0 || st.st_ino != own.st_ino ||
            st.st_dev != own.st_dev)
            continue;
        best = name_rank(entry->d_name);
        snprintf(ret, 256, "%s", entry->d_name);
    }
    closedir(directory);
    return best < INT_MAX;
}

static void add_unit(struct tree *t, const char *path, uint64_t lun, size_t index)
{
    struct lun_error e = {0}, ignored;
    static struct device_answer inquiry, capacity;
    char name[256];
    struct list_unit u = {.lun = lun};
    struct device *d = device_path_open(path, DEVICE_ASK, &e);
    if (d && d->ops->inquiry(d, &inquiry, &e)) {
        u.inquiry = inquiry.data;
        u.inquiry_length = inquiry.length;
    }
    if (d && (u.has_data = d->has_data) && d->ops->capacity(d, &capacity, &e)) {
        u.capacity = capacity.data;
        u.capacity_length = capacity.length;
    }
    u.read_only = d && d->read_only;
    u.error = e.layer != LUN_OK ? e.text : NULL;
    u.name = worldwide_name(t->root, path, name) ? name : NULL;
    list_unit(t->facts, t->targets, index, &u);
    device_close(d, &ignored);
}

static int compare_luns(const void *a, const void *b)
{
    uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;
    return (x > y) - (x < y);
}

/* The LUNs a target's directory holds, ascending; the caller frees. */
static uint64_t *luns_in(const char *path, size_t *ret_count)
{
    DIR *directory = opendir(path);
    uint64_t *luns = NULL, lun;
    size_t count = 0;
    for (struct dirent *entry; directory && (entry = readdir(directory));) {
        if (!lun_of(entry->d_name, &lun))
            continue;
        uint64_t *more = reallocarray(luns, count + 1, sizeof *luns);
        if (!more)
            break;
        luns = more;
        luns[count++] = lun;
    }
    if (directory)
        closedir(directory);
    if (count)
        qsort(luns, count, sizeof *luns, compare_luns);
    *ret_count = count;
    return luns;
}

static void add_target(struct tree *t, const char *path)
{
    char lun_path[PATH_MAX];
    size_t count, index = 0;
    uint64_t *luns = luns_in(path, &count);
    list_target(t->facts, t->targets, strrchr(path, '/') + 1, NULL);
    for (size_t i = 0; i < count; i++)
        if (snprintf(lun_path, sizeof lun_path, "%s/lun%llu", path, (unsigned long long)luns[i]) <
            (int)sizeof lun_path)
            add_unit(t, lun_path, luns[i], index++);
    free(luns);
    t->targets++;
}

static int is_target(const struct dirent *entry)
{
    return entry->d_name[0] != '.' && strcmp(entry->d_name, "by-id") != 0;
}

static bool add_mount(struct tree *t, const char *path, struct lun_error *e)
{
    struct dirent **entries;
    char target[PATH_MAX];
    int count = scandir(path, &entries, is_target, alphasort);
    if (count < 0)
        return report_errno(e, "%.150s", path);
    for (int i = 0; i < count; i++) {
        int n = snprintf(target, sizeof target, "%s/%s", path, entries[i]->d_name);
        if (n < (int)sizeof target && exists(target, "target"))
            add_target(t, target);
        free(entries[i]);
    }
    free(entries);
    return true;
}

/* Cuts the last component off an absolute path. */
static void cut(char *path)
{
    char *slash = strrchr(path, '/');
    if (slash)
        *slash = '\0';
}

static bool add_lun(struct tree *t, const char *path, struct lun_error *e)
{
    char target[PATH_MAX], root[PATH_MAX];
    uint64_t lun;
    snprintf(target, sizeof target, "%s", path);
    cut(target);
    snprintf(root, sizeof root, "%s", target);
    cut(root);
    t->root = root;
    if (!strrchr(target, '/') || !lun_of(strrchr(path, '/') + 1, &lun))
        return report_set(e, LUN_SYSTEM, "%.150s is not called lunN", path);
    list_target(t->facts, 0, strrchr(target, '/') + 1, NULL);
    add_unit(t, path, lun, 0);
    return true;
}

bool list_tree(const char *path, struct lun_facts *f, struct lun_error *e)
{
    char real[PATH_MAX], root[PATH_MAX];
    struct tree t = {.facts = f, .root = root};
    if (!realpath(path, real))
        return report_errno(e, "%.150s", path);
    snprintf(root, sizeof root, "%s", real);
    if (exists(real, "inquiry.bin"))
        return add_lun(&t, real, e);
    if (exists(real, ".lunfs"))
        return add_mount(&t, real, e);
    if (!exists(real, "target"))
        return report_set(e, LUN_SYSTEM, "%.150s is no directory of a mounted lunfs tree", path);
    cut(root);
    add_target(&t, real);
    return true;
}
