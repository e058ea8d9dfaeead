/* SPDX-License-Identifier: Apache-2.0 */
/* lunctl's command line: every option before or after the command, each checked before anything is done.
 * Runs in the main thread (getopt keeps global state). */
#include "args.h"
#include "report.h"
#include "size.h"

#include <getopt.h>
#include <string.h>

static const struct {
    const char *name, *help, *options;
} commands[] = {
#define ARGS_ROW(name, word, help, options) {word, help, options},
    ARGS_COMMANDS(ARGS_ROW)
#undef ARGS_ROW
};

#define COMMAND_COUNT (sizeof commands / sizeof *commands)

/* Options by their key; upper case where there is no one-letter form. '?' and ':' are getopt's. */
static const struct option options[] = {
    {"help", no_argument, NULL, 'h'},
    {"version", no_argument, NULL, 'V'},
    {"json", no_argument, NULL, 'j'},
    {"output", required_argument, NULL, 'F'},
    {"option", required_argument, NULL, 'o'},
    {"initiator", required_argument, NULL, 'N'},
    {"password-file", required_argument, NULL, 'P'},
    {"offset", required_argument, NULL, 'O'},
    {"length", required_argument, NULL, 'l'},
    {"input", required_argument, NULL, 'i'},
    {"page", required_argument, NULL, 'p'},
    {"raw", no_argument, NULL, 'R'},
    {0},
};

/* What every command takes, and what makes sense only with a session of our own. */
static const char common_options[] = "hVjFoNP";
static const char session_options[] = "oNP";

const char *args_command_name(enum args_command command)
{
    return commands[command].name;
}

static const char *option_name(int key)
{
    for (const struct option *o = options; o->name; o++)
        if (o->val == key)
            return o->name;
    return "?";
}

static bool page_number(const char *text, uint8_t *ret)
{
    char hex[8];
    size_t n = strlen(text);
    uint64_t v;
    if (strncasecmp(text, "0x", 2) == 0)
        return n <= 4 && size_parse(text, &v) && (*ret = (uint8_t)v, true);
    if (n == 0 || n > 2 || strspn(text, "0123456789abcdefABCDEF") != n)
        return false;
    snprintf(hex, sizeof hex, "0x%s", text);
    return page_number(hex, ret);
}

bool args_page(const char *text, uint8_t *ret)
{
    if (page_number(text, ret))
        return true;
    for (unsigned page = 0; page < 256; page++) {
        const char *name = lun_vpd_name((uint8_t)page);
        if (name && strcmp(name, text) == 0) {
            *ret = (uint8_t)page;
            return true;
        }
    }
    return false;
}

static bool parse_size(int key, const char *text, uint64_t *ret, struct lun_error *e)
{
    if (size_parse(text, ret))
        return true;
    return report_set(e, LUN_USAGE, "--%s: '%.60s' is no number of bytes (4096, 0x1000, 4k, 1MiB, 1MB, ...)",
                      option_name(key), text);
}

static bool add_setting(struct args *a, const char *key, const char *value, struct lun_error *e)
{
    if (a->setting_count == ARGS_SETTINGS_MAX)
        return report_set(e, LUN_USAGE, "more than %d options -o", ARGS_SETTINGS_MAX);
    a->settings[a->setting_count++] = (struct config_option){.key = key, .value = value};
    return true;
}

/* "KEY=VALUE" or "KEY", cut in place. */
static bool split_setting(struct args *a, char *text, struct lun_error *e)
{
    char *equals = strchr(text, '=');
    if (equals)
        *equals++ = '\0';
    return add_setting(a, text, equals, e);
}

/* One option with its value into *a. */
static bool take_option(struct args *a, int key, char *value, struct lun_error *e)
{
    switch (key) {
    case 'j':
        a->json = true;
        return true;
    case 'R':
        a->raw = true;
        return true;
    case 'F':
        a->output = value;
        return true;
    case 'i':
        a->input = value;
        return true;
    case 'o':
        return split_setting(a, value, e);
    case 'N':
        return add_setting(a, "initiator", value, e);
    case 'P':
        return add_setting(a, "password_file", value, e);
    case 'O':
        return parse_size(key, value, &a->offset, e);
    case 'l':
        a->has_length = true;
        return parse_size(key, value, &a->length, e);
    case 'p':
        a->has_page = true;
        return args_page(value, &a->page) ||
               report_set(e, LUN_USAGE, "--page: '%.60s' is neither a page in hexadecimal nor a page's name",
                          value);
    default:
        return report_set(e, LUN_USAGE, "option -%c is not handled", key);
    }
}

static bool find_command(const char *name, enum args_command *ret, struct lun_error *e)
{
    for (size_t i = 0; i < COMMAND_COUNT; i++)
        if (strcmp(commands[i].name, name) == 0) {
            *ret = (enum args_command)i;
            return true;
        }
    return report_set(e, LUN_USAGE, "unknown command '%.60s'", name);
}

/* given: a set of option keys, as a string. */
static bool check_options(const struct args *a, const char *given, struct lun_error *e)
{
    for (; *given; given++) {
        if (!strchr(common_options, *given) && !strchr(commands[a->command].options, *given))
            return report_set(e, LUN_USAGE, "'%s' takes no --%s", args_command_name(a->command),
                              option_name(*given));
        if (!a->is_url && strchr(session_options, *given))
            return report_set(e, LUN_USAGE, "--%s needs an iscsi:// URL: a mount has its own session",
                              option_name(*given));
    }
    if (a->raw && a->json)
        return report_set(e, LUN_USAGE, "--raw and --json exclude each other");
    if (a->raw && a->command == ARGS_VPD && !a->has_page)
        return report_set(e, LUN_USAGE, "--raw needs --page");
    if (a->has_length && a->length > UINT64_MAX - a->offset)
        return report_set(e, LUN_USAGE, "--offset and --length together exceed 64 bits");
    return true;
}

static bool check_where(struct args *a, struct lun_error *e)
{
    a->is_url = strncasecmp(a->where, "iscsi://", 8) == 0;
    if (a->is_url)
        return true;
    if (*a->where == '\0')
        return report_set(e, LUN_USAGE, "an empty URL or path");
    const char *scheme = strstr(a->where, "://");
    if (scheme && strcspn(a->where, "/") > (size_t)(scheme - a->where))
        return report_set(e, LUN_USAGE, "'%.60s': a URL here starts with iscsi://", a->where);
    if (a->command == ARGS_DISCOVER)
        return report_set(e, LUN_USAGE, "discover needs a URL: iscsi://HOST[:PORT]");
    return true;
}

static bool take_words(int count, char **words, struct args *a, struct lun_error *e)
{
    if (count == 0)
        return report_set(e, LUN_USAGE, "no command given");
    if (!find_command(words[0], &a->command, e))
        return false;
    if (count < 2)
        return report_set(e, LUN_USAGE, "'%s' needs a URL or a path in a mount", words[0]);
    if (count > 2)
        return report_set(e, LUN_USAGE, "one word too many: '%.60s'", words[2]);
    a->where = words[1];
    return check_where(a, e);
}

/* What getopt could not place: word is the argument it stopped at, letter the short option in it, or 0. */
static bool refuse_option(const char *word, int letter, struct lun_error *e)
{
    if (letter == 0)
        return report_set(e, LUN_USAGE, "unknown option '%.60s'", word);
    if (strncmp(word, "--", 2) == 0 && strchr(word, '='))
        return report_set(e, LUN_USAGE, "option '%.60s' takes no value", word);
    return report_set(e, LUN_USAGE, "unknown option '-%c'", letter > ' ' && letter < 0x7f ? letter : '?');
}

bool args_parse(int argc, char **argv, struct args *ret, struct lun_error *e)
{
    struct args a = {.mode = ARGS_RUN};
    char given[sizeof options / sizeof *options] = "";
    optind = 0; /* glibc: start afresh */
    opterr = 0;
    for (;;) {
        int key = getopt_long(argc, argv, ":hVjo:i:l:p:", options, NULL);
        if (key == -1)
            break;
        if (key == 'h' || key == 'V') {
            *ret = (struct args){.mode = key == 'h' ? ARGS_HELP : ARGS_VERSION};
            return true;
        }
        if (key == ':')
            return report_set(e, LUN_USAGE, "option '%.60s' needs a value", argv[optind - 1]);
        if (key == '?')
            return refuse_option(argv[optind - 1], optopt, e);
        if (key != 'o' && strchr(given, key))
            return report_set(e, LUN_USAGE, "--%s is given twice", option_name(key));
        if (!strchr(given, key))
            given[strlen(given)] = (char)key;
        if (!take_option(&a, key, optarg, e))
            return false;
    }
    if (!take_words(argc - optind, argv + optind, &a, e) || !check_options(&a, given, e))
        return false;
    *ret = a;
    return true;
}

void args_usage(FILE *to)
{
    fputs("Usage: lunctl COMMAND URL|PATH [OPTION...]\n"
          "\n"
          "  URL   iscsi://[USER[%PASSWORD]@]HOST[:PORT][/IQN[/LUN]]\n"
          "  PATH  a LUN's directory (or a file in it) in a mounted lunfs tree\n"
          "\nCommands:\n",
          to);
    for (size_t i = 0; i < COMMAND_COUNT; i++)
        fprintf(to, "  %-10s %s\n", commands[i].name, commands[i].help);
    fputs("\nOptions, before or after the command:\n"
          "      --offset BYTES        read, write: where to start (default 0)\n"
          "  -l, --length BYTES        read, write: how much (default: to the end)\n"
          "      --output FILE         write the result to FILE; - is standard output\n"
          "  -i, --input FILE          write: take the bytes from FILE; - is standard input\n"
          "  -p, --page PAGE           vpd: the page, in hexadecimal (83) or by name\n"
          "      --raw                 inquiry, vpd, capacity: the bytes as the device sent them\n"
          "  -j, --json                print JSON\n"
          "  -o, --option KEY=VALUE    with a URL: how to log in; the keys of lunfs -o (see lunfs --help)\n"
          "      --initiator NAME      the same as -o initiator=NAME\n"
          "      --password-file FILE  the same as -o password_file=FILE: the CHAP password\n"
          "                            (it may also stand in the URL or in LUNFS_CHAP_PASSWORD)\n"
          "  -h, --help                this text\n"
          "  -V, --version             the version\n"
          "\nBYTES: 4096, 0x1000, 4k, 1M, 2GiB (powers of 1024), 1kB, 1MB (powers of 1000).\n"
          "Exit status: 0 done, 1 failed, 2 wrong usage.\n",
          to);
}
