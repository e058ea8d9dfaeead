/* SPDX-License-Identifier: Apache-2.0 */
/* The command line of lunfs. Main thread. */
#ifndef LUNFS_OPTIONS_H
#define LUNFS_OPTIONS_H

#include <stdio.h>

#include "config.h"

enum options_action { OPTIONS_MOUNT, OPTIONS_CHECK, OPTIONS_HELP, OPTIONS_VERSION };

struct options {
    enum options_action action;
    char *source; /* OPTIONS_CHECK: the file */
    char *mountpoint;
    bool foreground, debug;
    bool allow_other, read_only;
    char *kernel_options;        /* comma-separated, or NULL */
    struct config_option *items; /* what is left for config_load */
    size_t item_count;
    char **texts; /* that the items point into */
    size_t text_count;
};

/* Takes the command line apart and overwrites passwords in argv, where others could see them. On failure
 * *ret is untouched; e is a line about the usage. */
bool options_parse(int argc, char **argv, struct options *ret, struct lun_error *e);
void options_free(struct options *o);
void options_help(FILE *f);

#endif
