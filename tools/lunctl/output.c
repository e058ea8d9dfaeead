/* SPDX-License-Identifier: Apache-2.0 */
/* Where a command's result goes: --output or standard output. Main thread. */
#include "output.h"
#include "report.h"
#include "show.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

static bool to_stdout(const struct args *a)
{
    return !a->output || strcmp(a->output, "-") == 0;
}

static const char *output_name(const struct args *a)
{
    return to_stdout(a) ? "standard output" : a->output;
}

FILE *output_open(const struct args *a, bool binary, struct lun_error *e)
{
    if (binary && !a->output && isatty(STDOUT_FILENO)) {
        report_set(e, LUN_USAGE, "no binary data to a terminal: use --output FILE, or --output - to insist");
        return NULL;
    }
    FILE *f = to_stdout(a) ? stdout : fopen(a->output, "we");
    if (!f)
        report_errno(e, "%.150s", a->output);
    return f;
}

bool output_write(FILE *f, const struct args *a, const void *bytes, size_t n, struct lun_error *e)
{
    return fwrite(bytes, 1, n, f) == n || report_errno(e, "%.150s", output_name(a));
}

bool output_finish(FILE *f, const struct args *a, bool ok, struct lun_error *e)
{
    bool failed = ferror(f) != 0;
    errno = failed ? EIO : 0;
    if ((f == stdout ? fflush(f) : fclose(f)) != 0)
        failed = true;
    return ok && (!failed || report_errno(e, "%.150s", output_name(a)));
}

bool output_facts(const struct args *a, const struct lun_facts *f, bool table, struct lun_error *e)
{
    FILE *to = output_open(a, false, e);
    if (!to)
        return false;
    bool ok = a->json ? show_json(to, f) : table ? show_table(to, f) : show_text(to, f);
    if (!ok)
        report_set(e, LUN_SYSTEM, "%s: out of memory", args_command_name(a->command));
    return output_finish(to, a, ok, e);
}
