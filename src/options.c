/* SPDX-License-Identifier: Apache-2.0 */
/* The command line, also as mount(8) gives it to mount.fuse3 and that to us: SOURCE MOUNTPOINT -o a,b=c.
 * Main thread; no standard. */
#include "options.h"

#include <getopt.h>
#include <stdlib.h>
#include <string.h>

#include "schema.h"

/* Mount flags that libfuse hands to the kernel. */
static const char *const passed_on[] = {"suid",    "nosuid", "dev",     "nodev",
                                        "exec",    "noexec", "sync",    "async",
                                        "dirsync", "atime",  "noatime", "default_permissions"};
/* What fstab says to mount(8) and systemd, not to us, and times that nothing here keeps. */
static const char *const ignored[] = {
    "_netdev", "nofail", "auto",     "noauto",     "defaults",    "user",     "nouser",     "users",
    "owner",   "group",  "relatime", "norelatime", "strictatime", "lazytime", "nodiratime", "diratime"};

static bool is_one_of(const char *text, const char *const *list, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (!strcmp(text, list[i]))
            return true;
    return false;
}

static bool is_ignored(const char *key, const char *value)
{
    if (!strncmp(key, "x-", 2) || !strncmp(key, "X-", 2))
        return true;
    if (value)
        return !strcmp(key, "user") || !strcmp(key, "comment");
    return is_one_of(key, ignored, sizeof ignored / sizeof *ignored);
}

static bool append_kernel(struct options *o, const char *key)
{
    char *joined;
    if (asprintf(&joined, "%s%s%s", o->kernel_options ? o->kernel_options : "", o->kernel_options ? "," : "",
                 key) < 0)
        return false;
    free(o->kernel_options);
    o->kernel_options = joined;
    return true;
}

static bool append_item(struct options *o, const char *key, const char *value)
{
    struct config_option *grown = reallocarray(o->items, o->item_count + 1, sizeof *grown);
    if (!grown)
        return false;
    o->items = grown;
    grown[o->item_count++] = (struct config_option){key, value};
    return true;
}

/* One option: the mount's, or for config_load (which also refuses what nobody knows). */
static bool take_item(struct options *o, char *item, struct lun_error *e)
{
    char *value = strchr(item, '=');
    if (value)
        *value++ = '\0';
    bool flag = !value;
    if (!*item)
        return flag ? true : place_fail(e, &(struct place){0}, "-o: '=' without a name before it");
    if (is_ignored(item, value))
        return true;
    if (flag && !strcmp(item, "allow_other"))
        o->allow_other = true;
    else if (flag && (!strcmp(item, "ro") || !strcmp(item, "rw")))
        o->read_only = item[1] == 'o';
    else if (flag && is_one_of(item, passed_on, sizeof passed_on / sizeof *passed_on))
        return append_kernel(o, item) ? true : place_no_memory(e);
    else
        return append_item(o, item, value) ? true : place_no_memory(e);
    return true;
}

/* Splits at commas; "\," is a comma and "\\" a backslash, as in libfuse. */
static bool take_list(struct options *o, const char *list, struct lun_error *e)
{
    char *text = strdup(list);
    char **grown = reallocarray(o->texts, o->text_count + 1, sizeof *grown);
    if (grown)
        o->texts = grown;
    if (!text || !grown) {
        free(text);
        return place_no_memory(e);
    }
    o->texts[o->text_count++] = text;
    char *item = text, *to = text;
    for (const char *from = list;; from++) {
        if (*from == '\\' && from[1]) {
            *to++ = *++from;
            continue;
        }
        bool end = !*from;
        if (!end && *from != ',') {
            *to++ = *from;
            continue;
        }
        *to++ = '\0';
        if (!take_item(o, item, e))
            return false;
        if (end)
            return true;
        item = to;
    }
}

/* user%password@ in a URL, and whatever follows password= in options: the process list shows argv. */
static void hide_passwords(char *arg)
{
    char *rest = strstr(arg, "://");
    if (rest) {
        rest += 3;
        char *at = strrchr(rest, '@'), *percent = strchr(rest, '%');
        if (at && percent && percent < at)
            memset(percent + 1, 'x', (size_t)(at - percent - 1));
    }
    for (char *p = arg; (p = strstr(p, "password="));) {
        for (p += strlen("password="); *p && *p != ','; p++) {
            if (*p == '\\' && p[1])
                *p++ = 'x';
            *p = 'x';
        }
    }
}

enum { LONG_CHECK = 256 };

static const struct option long_options[] = {
    {"help", no_argument, NULL, 'h'},
    {"version", no_argument, NULL, 'V'},
    {"check-config", required_argument, NULL, LONG_CHECK},
    {NULL, 0, NULL, 0},
};

static bool set_source(struct options *o, const char *text, struct lun_error *e)
{
    free(o->source);
    o->source = strdup(text);
    return o->source ? true : place_no_memory(e);
}

static bool fail_argument(int argc, char **argv, int c, struct lun_error *e)
{
    const char *arg = optind > 0 && optind <= argc ? argv[optind - 1] : "";
    if (c == ':')
        return place_fail(e, &(struct place){0}, "'%.64s' needs an argument", arg);
    if (optopt && optopt < LONG_CHECK)
        return place_fail(e, &(struct place){0}, "unknown option '-%c'", optopt);
    return place_fail(e, &(struct place){0}, "unknown option '%.64s'", arg);
}

static bool take_switches(int argc, char **argv, struct options *o, struct lun_error *e)
{
    optind = 0; /* glibc: start afresh (tests parse many command lines) */
    opterr = 0;
    for (int c; (c = getopt_long(argc, argv, ":o:fdhV", long_options, NULL)) != -1;) {
        if (c == 'o' && !take_list(o, optarg, e))
            return false;
        if (c == LONG_CHECK && !set_source(o, optarg, e))
            return false;
        if (c == '?' || c == ':')
            return fail_argument(argc, argv, c, e);
        o->foreground |= c == 'f' || c == 'd';
        o->debug |= c == 'd';
        if (c == 'h' || c == 'V') {
            o->action = c == 'h' ? OPTIONS_HELP : OPTIONS_VERSION;
            return true;
        }
        if (c == LONG_CHECK)
            o->action = OPTIONS_CHECK;
    }
    return true;
}

static bool take_arguments(int argc, char **argv, struct options *o, struct lun_error *e)
{
    int n = argc - optind, wanted = o->action == OPTIONS_MOUNT ? 2 : 0;
    if (o->action == OPTIONS_HELP || o->action == OPTIONS_VERSION)
        return true;
    if (n > wanted)
        return place_fail(e, &(struct place){0}, "one argument too many: '%.64s'", argv[optind + wanted]);
    if (n < wanted)
        return place_fail(e, &(struct place){0}, "%s is missing", n ? "MOUNTPOINT" : "SOURCE");
    if (!wanted)
        return true;
    if (!*argv[optind] || !*argv[optind + 1])
        return place_fail(e, &(struct place){0}, "%s is empty", *argv[optind] ? "MOUNTPOINT" : "SOURCE");
    o->mountpoint = strdup(argv[optind + 1]);
    return o->mountpoint ? set_source(o, argv[optind], e) : place_no_memory(e);
}

bool options_parse(int argc, char **argv, struct options *ret, struct lun_error *e)
{
    struct options o = {.action = OPTIONS_MOUNT};
    bool ok = take_switches(argc, argv, &o, e) && take_arguments(argc, argv, &o, e);
    for (int i = 1; i < argc; i++)
        hide_passwords(argv[i]);
    if (ok)
        *ret = o;
    else
        options_free(&o);
    return ok;
}

static void wipe(char *text, size_t n)
{
    if (text)
        explicit_bzero(text, n);
    free(text);
}

void options_free(struct options *o)
{
    for (size_t i = 0; i < o->item_count; i++)
        if (o->items[i].value)
            explicit_bzero((char *)o->items[i].value, strlen(o->items[i].value));
    for (size_t i = 0; i < o->text_count; i++)
        free(o->texts[i]);
    free(o->texts);
    free(o->items);
    wipe(o->source, o->source ? strlen(o->source) : 0);
    free(o->mountpoint);
    free(o->kernel_options);
    *o = (struct options){0};
}

void options_help(FILE *f)
{
    fputs("Usage: lunfs SOURCE MOUNTPOINT [-o OPTION[,OPTION...]] [-f] [-d]\n"
          "       lunfs --check-config FILE\n"
          "       lunfs --help | --version\n"
          "\n"
          "Mounts iSCSI targets as a tree of files: each LUN is a raw file `data`.\n"
          "\n"
          "SOURCE is one of\n"
          "  iscsi://[USER[%PASSWORD]@]HOST[:PORT]/TARGET[/LUN]   one target, or one LUN of it\n"
          "  iscsi://[USER[%PASSWORD]@]HOST[:PORT]                every target found there\n"
          "  FILE                                                 a YAML configuration\n"
          "LUNFS_CHAP_PASSWORD in the environment may hold the password.\n"
          "\n"
          "  -f    stay in the foreground, log to stderr\n"
          "  -d    the same, and log details\n"
          "\n"
          "Options of the mount: allow_other, default_permissions, ro, rw, [no]dev, [no]suid, [no]exec,\n"
          "[no]atime, [a]sync; those of fstab (_netdev, nofail, noauto, user, x-...) are accepted.\n"
          "Keys of the configuration as options (in lists, + stands between the items; \\, is a comma):\n",
          f);
    for (size_t i = 0; i < schema_count; i++) {
        const struct schema_key *k = &schema_keys[i];
        const char *name = k->alias ? k->alias : k->path;
        if (k->help && schema_option(name) && strcmp(name, "iqn"))
            fprintf(f, "  %-28s  %s\n", name, k->help);
    }
    fputs("\nExit code: 0 mounted, 1 failed, 2 usage.\n", f);
}
