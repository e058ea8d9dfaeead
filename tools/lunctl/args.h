/* SPDX-License-Identifier: Apache-2.0 */
/* lunctl's command line, taken apart. */
#ifndef LUNCTL_ARGS_H
#define LUNCTL_ARGS_H

#include "config.h"

#include <stdio.h>

/* X(enumerator, name, what --help says of it, the options it takes beside the common ones) */
#define ARGS_COMMANDS(X)                                                                                     \
    X(ARGS_DISCOVER, "discover", "ask a portal for its targets", "")                                         \
    X(ARGS_LS, "ls", "list the LUNs of a target, or of all targets of a portal or mount", "")                \
    X(ARGS_INQUIRY, "inquiry", "show the standard INQUIRY data of a LUN", "R")                               \
    X(ARGS_VPD, "vpd", "list the vital product data pages of a LUN, or show one (--page)", "pR")             \
    X(ARGS_CAPACITY, "capacity", "show size and block size of a LUN", "R")                                   \
    X(ARGS_READ, "read", "copy bytes of a LUN to --output or standard output", "Ol")                         \
    X(ARGS_WRITE, "write", "copy bytes from --input or standard input to a LUN", "Oli")

enum args_command {
#define ARGS_ENUM(name, word, help, options) name,
    ARGS_COMMANDS(ARGS_ENUM)
#undef ARGS_ENUM
};

#define ARGS_SETTINGS_MAX 64

enum args_mode { ARGS_RUN, ARGS_HELP, ARGS_VERSION };

/* The strings are those of argv. */
struct args {
    enum args_mode mode;
    enum args_command command;
    const char *where; /* a URL or a path */
    bool is_url;
    bool has_length, has_page, json, raw;
    uint64_t offset, length; /* bytes */
    uint8_t page;
    const char *input, *output; /* NULL: standard input or output, and "-" says so aloud */
    struct config_option settings[ARGS_SETTINGS_MAX]; /* -o KEY=VALUE, as lunfs takes them */
    size_t setting_count;
};

/* Takes argv apart (reorders it, and cuts -o values in two). On failure *ret is undefined and e says what is
 * wrong. Uses getopt: main thread. */
bool args_parse(int argc, char **argv, struct args *ret, struct lun_error *e);
const char *args_command_name(enum args_command command);
/* A page by number ("83", "0x83") or by name ("device-identification"). */
bool args_page(const char *text, uint8_t *ret);
void args_usage(FILE *to);

#endif
