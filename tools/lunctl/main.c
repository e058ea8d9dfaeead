/* SPDX-License-Identifier: Apache-2.0 */
/* lunctl: ask a LUN, or copy from and to it, without a mount or through one. Main thread; see args.c for the
 * command line. */
#include "commands.h"

#include <string.h>

enum { EXIT_DONE = 0, EXIT_FAILED = 1, EXIT_USAGE = 2 };

static bool (*const runs[])(const struct args *a, struct lun_error *e) = {
    [ARGS_DISCOVER] = list_discover, [ARGS_LS] = list_ls,
    [ARGS_INQUIRY] = ask_inquiry,    [ARGS_VPD] = ask_vpd,
    [ARGS_CAPACITY] = ask_capacity,  [ARGS_READ] = copy_read,
    [ARGS_WRITE] = copy_write,
};

/* An error's text may quote what a device or a target said: nothing in it may steer a terminal. */
static void complain(const char *what, const char *text)
{
    fputs("lunctl: ", stderr);
    if (what)
        fprintf(stderr, "%s: ", what);
    for (; *text; text++) {
        unsigned char c = (unsigned char)*text;
        if (c >= 0x20 && c < 0x7f)
            fputc(c, stderr);
        else
            fprintf(stderr, "\\x%02x", c);
    }
    fputc('\n', stderr);
}

static int usage(const struct lun_error *e)
{
    complain(NULL, e->text);
    fputs("Try 'lunctl --help'.\n", stderr);
    return EXIT_USAGE;
}

static int help(void)
{
    args_usage(stdout);
    return fflush(stdout) == 0 ? EXIT_DONE : EXIT_FAILED;
}

int main(int argc, char **argv)
{
    struct args args;
    struct lun_error error = {0};
    if (!args_parse(argc, argv, &args, &error))
        return usage(&error);
    if (args.mode == ARGS_HELP)
        return help();
    if (args.mode == ARGS_VERSION)
        return printf("lunctl %s\n", lun_version()) > 0 && fflush(stdout) == 0 ? EXIT_DONE : EXIT_FAILED;
    if (runs[args.command](&args, &error))
        return EXIT_DONE;
    char line[LUN_ERROR_LINE];
    complain(args_command_name(args.command), lun_error_line(&error, line));
    return error.layer == LUN_USAGE ? EXIT_USAGE : EXIT_FAILED;
}
