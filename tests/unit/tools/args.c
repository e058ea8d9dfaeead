/* SPDX-License-Identifier: Apache-2.0 */
/* lunctl's command line. Every case writes it as a user would, in words. */
#include "args.h"

#include <criterion/criterion.h>
#include <string.h>

#define URL "iscsi://127.0.0.1/iqn.2026-01.com.example:disk/1"

static char words[160][128];
static char *argv[161];

/* argv of "lunctl" and the words in line, which blanks separate; '' is an empty word. */
static int split(const char *line)
{
    char copy[2048], *save;
    int argc = 0;
    snprintf(copy, sizeof copy, "lunctl %s", line);
    for (char *w = strtok_r(copy, " ", &save); w; w = strtok_r(NULL, " ", &save)) {
        snprintf(words[argc], sizeof words[argc], "%s", strcmp(w, "''") == 0 ? "" : w);
        argv[argc] = words[argc];
        argc++;
    }
    argv[argc] = NULL;
    return argc;
}

static struct args parse(const char *line)
{
    struct args a;
    struct lun_error e = {0};
    int argc = split(line);
    cr_assert(args_parse(argc, argv, &a, &e), "%s: %s", line, e.text);
    return a;
}

/* The line is refused with a message that contains `says`. */
static void refuse(const char *line, const char *says)
{
    struct args a;
    struct lun_error e = {0};
    int argc = split(line);
    cr_assert_not(args_parse(argc, argv, &a, &e), "%s: taken", line);
    cr_assert_eq(e.layer, LUN_USAGE);
    cr_assert_not_null(strstr(e.text, says), "%s: %s", line, e.text);
}

Test(args, command_and_url)
{
    struct args a = parse("inquiry " URL);
    cr_assert_eq(a.mode, ARGS_RUN);
    cr_assert_eq(a.command, ARGS_INQUIRY);
    cr_assert_str_eq(a.where, URL);
    cr_assert(a.is_url);
    cr_assert_eq(a.offset, 0);
    cr_assert_not(a.has_length);
    cr_assert_not(a.json);
}

Test(args, every_command_has_its_word)
{
    cr_assert_eq(parse("discover iscsi://h").command, ARGS_DISCOVER);
    cr_assert_eq(parse("ls iscsi://h").command, ARGS_LS);
    cr_assert_eq(parse("inquiry " URL).command, ARGS_INQUIRY);
    cr_assert_eq(parse("vpd " URL).command, ARGS_VPD);
    cr_assert_eq(parse("capacity " URL).command, ARGS_CAPACITY);
    cr_assert_eq(parse("read " URL).command, ARGS_READ);
    cr_assert_eq(parse("write " URL).command, ARGS_WRITE);
    cr_assert_str_eq(args_command_name(ARGS_CAPACITY), "capacity");
}

Test(args, path_in_a_mount)
{
    struct args a = parse("capacity /mnt/san/iqn/lun0");
    cr_assert_not(a.is_url);
    cr_assert_str_eq(a.where, "/mnt/san/iqn/lun0");
}

Test(args, options_after_the_command)
{
    struct args a = parse("read " URL " --offset 4k --length 1MiB --output out.img");
    cr_assert_eq(a.offset, 4096);
    cr_assert(a.has_length);
    cr_assert_eq(a.length, 1048576);
    cr_assert_str_eq(a.output, "out.img");
}

Test(args, options_before_the_command)
{
    struct args a = parse("--offset=512 --length 7 --output - read " URL);
    cr_assert_eq(a.command, ARGS_READ);
    cr_assert_eq(a.offset, 512);
    cr_assert_eq(a.length, 7);
    cr_assert_str_eq(a.output, "-");
}

Test(args, options_between)
{
    struct args a = parse("write --input in.img " URL " --offset 1M");
    cr_assert_eq(a.command, ARGS_WRITE);
    cr_assert_str_eq(a.input, "in.img");
    cr_assert_eq(a.offset, 1048576);
}

Test(args, zero_length_is_a_length)
{
    struct args a = parse("read " URL " --length 0");
    cr_assert(a.has_length);
    cr_assert_eq(a.length, 0);
}

Test(args, json)
{
    cr_assert(parse("ls iscsi://h --json").json);
    cr_assert(parse("-j ls iscsi://h").json);
}

Test(args, double_dash_ends_options)
{
    struct args a = parse("inquiry -- --strange-name");
    cr_assert_str_eq(a.where, "--strange-name");
    refuse("inquiry -- /mnt/x --json", "one word too many");
}

Test(args, help_and_version_win)
{
    cr_assert_eq(parse("--help").mode, ARGS_HELP);
    cr_assert_eq(parse("-h").mode, ARGS_HELP);
    cr_assert_eq(parse("read --help").mode, ARGS_HELP);
    cr_assert_eq(parse("--version").mode, ARGS_VERSION);
}

Test(args, help_names_every_command_and_option)
{
    char *text = NULL;
    size_t n = 0;
    FILE *f = open_memstream(&text, &n);
    args_usage(f);
    fclose(f);
    static const char *const wanted[] = {"discover", "ls",       "inquiry",  "vpd",    "capacity", "read",
                                         "write",    "--offset", "--length", "--json", "--output", "--input",
                                         "--page",   "--raw",    "--option", "--help", "--version"};
    for (size_t i = 0; i < sizeof wanted / sizeof *wanted; i++)
        cr_assert_not_null(strstr(text, wanted[i]), "no %s", wanted[i]);
    free(text);
}

Test(args, nothing_at_all)
{
    refuse("", "no command");
}

Test(args, unknown_command)
{
    refuse("frobnicate " URL, "unknown command 'frobnicate'");
    refuse("READ " URL, "unknown command");
    refuse("''", "unknown command");
}

Test(args, missing_place)
{
    refuse("ls", "'ls' needs a URL or a path");
    refuse("ls ''", "empty");
}

Test(args, too_many_words)
{
    refuse("ls iscsi://h other", "one word too many: 'other'");
}

Test(args, unknown_long_option)
{
    refuse("ls iscsi://h --frobnicate", "unknown option '--frobnicate'");
    refuse("ls iscsi://h --frobnicate=3", "unknown option");
}

Test(args, unknown_short_option)
{
    refuse("ls iscsi://h -x", "unknown option '-x'");
    refuse("ls iscsi://h -jx", "unknown option '-x'");
    refuse("ls iscsi://h -N", "unknown option '-N'");
}

Test(args, value_where_none_belongs)
{
    refuse("ls iscsi://h --json=yes", "takes no value");
}

Test(args, missing_value)
{
    refuse("read " URL " --offset", "'--offset' needs a value");
    refuse("vpd " URL " -p", "'-p' needs a value");
}

Test(args, given_twice)
{
    refuse("read " URL " --offset 1 --offset 2", "--offset is given twice");
}

Test(args, bad_sizes)
{
    refuse("read " URL " --offset 4x", "--offset: '4x'");
    refuse("read " URL " --offset -1", "--offset: '-1'");
    refuse("read " URL " --length ''", "--length: ''");
    refuse("read " URL " --length 99999999999999999999", "--length");
}

Test(args, range_beyond_64_bits)
{
    refuse("read " URL " --offset 0xffffffffffffffff --length 1", "exceed 64 bits");
}

Test(args, options_of_other_commands_are_refused)
{
    refuse("inquiry " URL " --offset 1", "'inquiry' takes no --offset");
    refuse("read " URL " --input f", "'read' takes no --input");
    refuse("capacity " URL " --page 83", "'capacity' takes no --page");
    refuse("read " URL " --raw", "'read' takes no --raw");
}

Test(args, page_by_number)
{
    struct args a = parse("vpd " URL " --page 83");
    cr_assert(a.has_page);
    cr_assert_eq(a.page, 0x83);
    cr_assert_eq(parse("vpd " URL " -p b0").page, 0xb0);
    cr_assert_eq(parse("vpd " URL " -p 0xB1").page, 0xb1);
    cr_assert_eq(parse("vpd " URL " -p 0").page, 0);
    cr_assert_not(parse("vpd " URL).has_page);
}

Test(args, page_by_name)
{
    uint8_t page = 0;
    const char *name = lun_vpd_name(0x83);
    cr_assert_not_null(name);
    cr_assert(args_page(name, &page));
    cr_assert_eq(page, 0x83);
}

Test(args, bad_pages)
{
    refuse("vpd " URL " --page 183", "--page: '183'");
    refuse("vpd " URL " --page 0x100", "--page");
    refuse("vpd " URL " --page 0x", "--page");
    refuse("vpd " URL " --page -1", "--page");
    refuse("vpd " URL " --page ''", "--page");
    refuse("vpd " URL " --page 8k", "--page");
    refuse("vpd " URL " --page no-such-page", "--page: 'no-such-page'");
}

Test(args, raw)
{
    cr_assert(parse("inquiry " URL " --raw").raw);
    cr_assert(parse("vpd " URL " --page 83 --raw").raw);
    refuse("vpd " URL " --raw", "--raw needs --page");
    refuse("inquiry " URL " --raw --json", "exclude");
}

Test(args, other_schemes_are_no_paths)
{
    refuse("ls http://h", "iscsi://");
    cr_assert_not(parse("ls ./a/b://c").is_url);
}

Test(args, discover_needs_a_url)
{
    refuse("discover /mnt/san", "discover needs a URL");
}

Test(args, settings_are_kept_in_order)
{
    struct args a = parse("ls iscsi://h -o header_digest=crc32c --option read_only -o a=b=c");
    cr_assert_eq(a.setting_count, 3);
    cr_assert_str_eq(a.settings[0].key, "header_digest");
    cr_assert_str_eq(a.settings[0].value, "crc32c");
    cr_assert_str_eq(a.settings[1].key, "read_only");
    cr_assert_null(a.settings[1].value);
    cr_assert_str_eq(a.settings[2].value, "b=c");
}

Test(args, settings_have_shorter_names)
{
    struct args a = parse("ls iscsi://h --password-file /etc/secret --initiator iqn.2026-01.org.example:me");
    cr_assert_eq(a.setting_count, 2);
    cr_assert_str_eq(a.settings[0].key, "password_file");
    cr_assert_str_eq(a.settings[0].value, "/etc/secret");
    cr_assert_str_eq(a.settings[1].key, "initiator");
}

Test(args, settings_need_a_session_of_our_own)
{
    refuse("ls /mnt/san -o header_digest=none", "needs an iscsi:// URL");
    refuse("ls /mnt/san --password-file f", "--password-file needs an iscsi:// URL");
}

Test(args, settings_are_bounded)
{
    char line[2048] = "ls iscsi://h";
    for (int i = 0; i < ARGS_SETTINGS_MAX; i++)
        strcat(line, " -o k=v");
    cr_assert_eq(parse(line).setting_count, ARGS_SETTINGS_MAX);
    strcat(line, " -o k=v");
    refuse(line, "more than");
}
