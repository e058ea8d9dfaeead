/* SPDX-License-Identifier: Apache-2.0 */
/* lunfs: the command line to a running mount. Main thread. Exit code: 0 mounted, 1 failed, 2 usage. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "daemon.h"
#include "log.h"
#include "mountpoint.h"
#include "options.h"
#include "service.h"

enum { EXIT_MOUNTED = 0, EXIT_FAILED = 1, EXIT_USAGE = 2 };

static int fail(const struct lun_error *e)
{
    char line[LUN_ERROR_LINE];
    fprintf(stderr, "lunfs: %s\n", lun_error_line(e, line));
    return EXIT_FAILED;
}

static int fail_usage(const struct lun_error *e)
{
    fprintf(stderr, "lunfs: %s (lunfs --help shows the usage)\n", e->text);
    return EXIT_USAGE;
}

/* The environment can be read in /proc by whoever may trace us: the password is not needed there any more. */
static void forget_environment(void)
{
    char *password = getenv("LUNFS_CHAP_PASSWORD");
    if (password)
        explicit_bzero(password, strlen(password));
    unsetenv("LUNFS_CHAP_PASSWORD");
}

static int run(const struct config *c, const struct options *o, const char *mountpoint, int parent)
{
    struct lun_error e = {0};
    int signal_fd = -1;
    bool ok = service_signals(&signal_fd, &e) && log_open(!o->foreground, o->debug, &e) &&
              service_run(c, o, mountpoint, signal_fd, &parent, &e);
    log_close();
    if (signal_fd >= 0)
        close(signal_fd);
    if (ok)
        return EXIT_MOUNTED;
    if (parent < 0)
        return fail(&e);
    char line[LUN_ERROR_LINE];
    daemon_failed(parent, lun_error_line(&e, line));
    return EXIT_FAILED;
}

static int mount_source(const struct config *c, const struct options *o)
{
    struct lun_error e = {0};
    char *mountpoint = mountpoint_check(o->mountpoint, &e);
    if (!mountpoint)
        return fail(&e);
    int parent = -1, code = EXIT_FAILED;
    if (o->foreground || daemon_start(&parent, &code))
        code = run(c, o, mountpoint, parent);
    free(mountpoint);
    return code;
}

static int load_and_mount(const struct options *o)
{
    struct config c;
    struct lun_error e = {0};
    bool ok = config_load(o->source, o->items, o->item_count, &c, &e);
    forget_environment();
    if (!ok)
        return e.layer == LUN_USAGE && e.code == PLACE_OPTION ? fail_usage(&e) : fail(&e);
    int code = EXIT_MOUNTED;
    if (o->action == OPTIONS_CHECK)
        printf("%s: correct\n", c.shown);
    else
        code = mount_source(&c, o);
    config_free(&c);
    return code;
}

int main(int argc, char **argv)
{
    struct options o;
    struct lun_error e = {0};
    if (!options_parse(argc, argv, &o, &e))
        return fail_usage(&e);
    int code = EXIT_MOUNTED;
    if (o.action == OPTIONS_HELP)
        options_help(stdout);
    else if (o.action == OPTIONS_VERSION)
        printf("lunfs %s\n", lun_version());
    else
        code = load_and_mount(&o);
    options_free(&o);
    return code;
}
