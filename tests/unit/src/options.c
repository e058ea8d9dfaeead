/* SPDX-License-Identifier: Apache-2.0 */
/* The command line of lunfs, as a user and as mount(8) write it. */
#include "options.h"

#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

#define ARGV_MAX 12

/* Copies: options_parse overwrites passwords. */
struct line {
    char *argv[ARGV_MAX];
    int argc;
};

static struct line make(const char *const *words)
{
    struct line l = {{strdup("lunfs")}, 1};
    for (; words[l.argc - 1]; l.argc++)
        l.argv[l.argc] = strdup(words[l.argc - 1]);
    return l;
}

static void drop(struct line *l)
{
    for (int i = 0; i < l->argc; i++)
        free(l->argv[i]);
}

static struct options parse(const char *const *words)
{
    struct line l = make(words);
    struct options o;
    struct lun_error e = {0};
    cr_assert(options_parse(l.argc, l.argv, &o, &e), "%s", e.text);
    drop(&l);
    return o;
}

static void refused(const char *const *words, const char *message)
{
    struct line l = make(words);
    struct options o;
    struct lun_error e = {0};
    cr_assert_not(options_parse(l.argc, l.argv, &o, &e));
    cr_assert_str_eq(e.text, message);
    drop(&l);
}

#define WORDS(...) ((const char *const[]){__VA_ARGS__ __VA_OPT__(, ) NULL})

Test(options, source_and_mountpoint)
{
    struct options o = parse(WORDS("san.yaml", "/mnt/san"));
    cr_assert_eq(o.action, OPTIONS_MOUNT);
    cr_assert_str_eq(o.source, "san.yaml");
    cr_assert_str_eq(o.mountpoint, "/mnt/san");
    cr_assert_not(o.foreground);
    cr_assert_eq(o.item_count, 0);
    options_free(&o);
}

Test(options, switches_after_the_arguments)
{
    struct options o = parse(WORDS("san.yaml", "/mnt/san", "-f"));
    cr_assert(o.foreground);
    cr_assert_not(o.debug);
    options_free(&o);
}

Test(options, debug_stays_in_the_foreground)
{
    struct options o = parse(WORDS("-d", "san.yaml", "/mnt/san"));
    cr_assert(o.foreground);
    cr_assert(o.debug);
    options_free(&o);
}

Test(options, items)
{
    struct options o = parse(WORDS("s", "m", "-o", "sessions=2,read_only", "-o", "mode=0640"));
    cr_assert_eq(o.item_count, 3);
    cr_assert_str_eq(o.items[0].key, "sessions");
    cr_assert_str_eq(o.items[0].value, "2");
    cr_assert_str_eq(o.items[1].key, "read_only");
    cr_assert_null(o.items[1].value);
    cr_assert_str_eq(o.items[2].value, "0640");
    options_free(&o);
}

Test(options, value_with_equals_sign)
{
    struct options o = parse(WORDS("s", "m", "-oname=a=b"));
    cr_assert_str_eq(o.items[0].key, "name");
    cr_assert_str_eq(o.items[0].value, "a=b");
    options_free(&o);
}

Test(options, escaped_comma_and_backslash)
{
    struct options o = parse(WORDS("s", "m", "-o", "password=a\\,b\\\\c,loops=1"));
    cr_assert_eq(o.item_count, 2);
    cr_assert_str_eq(o.items[0].value, "a,b\\c");
    cr_assert_str_eq(o.items[1].key, "loops");
    options_free(&o);
}

Test(options, empty_items_are_nothing)
{
    struct options o = parse(WORDS("s", "m", "-o", ",loops=1,,"));
    cr_assert_eq(o.item_count, 1);
    options_free(&o);
}

/* As mount.fuse3 calls it for an fstab line. */
Test(options, of_mount)
{
    struct options o = parse(WORDS("iscsi://h/iqn.2026-01.com.example:x", "/mnt", "-o",
                                   "rw,dev,suid,noatime,_netdev,nofail,user=me,x-systemd.automount,uid=5"));
    cr_assert_not(o.read_only);
    cr_assert_str_eq(o.kernel_options, "dev,suid,noatime");
    cr_assert_eq(o.item_count, 1);
    cr_assert_str_eq(o.items[0].key, "uid");
    options_free(&o);
}

Test(options, read_only_mount)
{
    struct options o = parse(WORDS("s", "m", "-o", "rw,ro"));
    cr_assert(o.read_only);
    options_free(&o);
}

Test(options, last_of_ro_and_rw)
{
    struct options o = parse(WORDS("s", "m", "-o", "ro,rw"));
    cr_assert_not(o.read_only);
    options_free(&o);
}

Test(options, allow_other_and_default_permissions)
{
    struct options o = parse(WORDS("s", "m", "-o", "allow_other,default_permissions"));
    cr_assert(o.allow_other);
    cr_assert_str_eq(o.kernel_options, "default_permissions");
    options_free(&o);
}

Test(options, unknown_ones_are_left_to_the_configuration)
{
    struct options o = parse(WORDS("s", "m", "-o", "colour=blue,dev=x"));
    cr_assert_eq(o.item_count, 2);
    options_free(&o);
}

Test(options, name_is_missing)
{
    refused(WORDS("s", "m", "-o", "=x"), "-o: '=' without a name before it");
}

Test(options, check_config)
{
    struct options o = parse(WORDS("--check-config", "san.yaml"));
    cr_assert_eq(o.action, OPTIONS_CHECK);
    cr_assert_str_eq(o.source, "san.yaml");
    options_free(&o);
}

Test(options, check_config_takes_no_mountpoint)
{
    refused(WORDS("--check-config", "san.yaml", "/mnt"), "one argument too many: '/mnt'");
}

Test(options, help)
{
    struct options o = parse(WORDS("--help"));
    cr_assert_eq(o.action, OPTIONS_HELP);
    options_free(&o);
}

Test(options, version_though_more_is_missing)
{
    struct options o = parse(WORDS("-V"));
    cr_assert_eq(o.action, OPTIONS_VERSION);
    options_free(&o);
}

Test(options, nothing)
{
    refused(WORDS(), "SOURCE is missing");
}

Test(options, no_mountpoint)
{
    refused(WORDS("san.yaml"), "MOUNTPOINT is missing");
}

Test(options, empty_source)
{
    refused(WORDS("", "/mnt"), "SOURCE is empty");
}

Test(options, too_many)
{
    refused(WORDS("a", "b", "c"), "one argument too many: 'c'");
}

Test(options, unknown_switch)
{
    refused(WORDS("a", "b", "-q"), "unknown option '-q'");
}

Test(options, unknown_long_switch)
{
    refused(WORDS("a", "b", "--quiet"), "unknown option '--quiet'");
}

Test(options, argument_missing)
{
    refused(WORDS("a", "b", "-o"), "'-o' needs an argument");
}

Test(options, password_of_the_url_is_hidden)
{
    struct line l = make(WORDS("iscsi://me%hush/it@host/iqn.2026-01.com.example:x", "m"));
    struct options o;
    cr_assert(options_parse(l.argc, l.argv, &o, NULL));
    cr_assert_str_eq(o.source, "iscsi://me%hush/it@host/iqn.2026-01.com.example:x");
    for (int i = 0; i < l.argc; i++)
        cr_assert_null(strstr(l.argv[i], "hush"));
    options_free(&o);
    drop(&l);
}

Test(options, password_option_is_hidden)
{
    struct line l = make(WORDS("s", "m", "-o", "chap_user=me,password=hu\\,sh,loops=1"));
    struct options o;
    cr_assert(options_parse(l.argc, l.argv, &o, NULL));
    cr_assert_str_eq(o.items[1].value, "hu,sh");
    for (int i = 0; i < l.argc; i++) {
        cr_assert_null(strstr(l.argv[i], "hu"));
        cr_assert_null(strstr(l.argv[i], "sh"));
    }
    options_free(&o);
    drop(&l);
}

Test(options, help_names_every_key)
{
    char *text = NULL;
    size_t n;
    FILE *f = open_memstream(&text, &n);
    options_help(f);
    fclose(f);
    static const char *const names[] = {"\n  initiator ",     "\n  memory_limit ", "\n  password_file ",
                                        "\n  header_digest ", "\n  queue_depth ",  "\n  max_burst_length "};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        cr_assert(strstr(text, names[i]), "%s", names[i]);
    cr_assert_not_null(strstr(text, "replacement_timeout"));
    free(text);
}
