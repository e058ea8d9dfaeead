/* SPDX-License-Identifier: Apache-2.0 */
/* system-targets TARGET [OPTION]...: runs the tests that this target of the table can do, with Criterion's
 * options; system-targets --matrix: prints what is run where, as docs/targets.md has it. */
#include <criterion/criterion.h>
#include <criterion/options.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "check.h"
#include "targets.h"

static struct check *checks; /* in the order of files, then of lines */

static int compare(const struct check *a, const struct check *b)
{
    int files = strcmp(a->extra.file_, b->extra.file_);
    return files ? files : (int)a->extra.line_ - (int)b->extra.line_;
}

void check_add(struct check *c)
{
    struct check **at = &checks;
    while (*at && compare(*at, c) < 0)
        at = &(*at)->next;
    c->next = *at;
    *at = c;
}

static bool runs_on(const struct check *c, const struct targets_entry *target)
{
    return (c->needs & ~target->can) == 0;
}

/* ---- The matrix -------------------------------------------------------------------------------------- */

static void print_head(FILE *to, const char *first)
{
    fprintf(to, "\n| %s |", first);
    for (unsigned i = 0; i < targets_count; i++)
        fprintf(to, " %s |", targets_all[i]->name);
    fprintf(to, "\n|---|");
    for (unsigned i = 0; i < targets_count; i++)
        fprintf(to, "---|");
    fprintf(to, "\n");
}

static void print_abilities(FILE *to)
{
    print_head(to, "Can");
    for (unsigned bit = 0; bit < CAN_COUNT; bit++) {
        fprintf(to, "| %s |", targets_can(bit));
        for (unsigned i = 0; i < targets_count; i++)
            fprintf(to, " %s |", targets_all[i]->can & 1u << bit ? "yes" : "");
        fprintf(to, "\n");
    }
}

static void print_tests(FILE *to)
{
    unsigned sums[8] = {0};
    print_head(to, "Test");
    for (const struct check *c = checks; c; c = c->next) {
        fprintf(to, "| %s |", c->test.name);
        for (unsigned i = 0; i < targets_count; i++) {
            bool runs = runs_on(c, targets_all[i]);
            sums[i] += runs;
            fprintf(to, " %s |", runs ? "x" : "");
        }
        fprintf(to, "\n");
    }
    fprintf(to, "| together |");
    for (unsigned i = 0; i < targets_count; i++)
        fprintf(to, " %u |", sums[i]);
    fprintf(to, "\n");
}

/* Prints it, or looks for it in a file. */
static int show_matrix(const char *path)
{
    static char text[65536], file[131072];
    FILE *to = path ? fmemopen(text, sizeof text, "w") : stdout;
    print_abilities(to);
    print_tests(to);
    if (!path)
        return 0;
    fclose(to);
    FILE *from = fopen(path, "re");
    if (!from || fread(file, 1, sizeof file - 1, from) == 0 || !strstr(file, text)) {
        fprintf(stderr, "%s is not true any more: `system-targets --matrix` prints what belongs there\n",
                path);
        return 1;
    }
    fclose(from);
    return 0;
}

/* ---- Running ----------------------------------------------------------------------------------------- */

static void select_tests(struct criterion_test_set *set, const struct targets_entry *target)
{
    static char identifiers[256][96];
    unsigned n = 0;
    for (struct check *c = checks; c; c = c->next) {
        if (!runs_on(c, target) || n == sizeof identifiers / sizeof *identifiers)
            continue;
        snprintf(identifiers[n], sizeof *identifiers, "%s/%s", target->name, c->test.name);
        c->extra.identifier_ = identifiers[n++];
        c->test.category = target->name;
        criterion_register_test(set, &c->test);
    }
}

/* Criterion looks for main in the dynamic symbols, to start each test in place of it. */
__attribute__((visibility("default"))) int main(int argc, char **argv)
{
    if (argc > 1 && !strcmp(argv[1], "--matrix"))
        return show_matrix(argv[2]);
    const struct targets_entry *target = argc > 1 ? targets_find(argv[1]) : NULL;
    if (!target) {
        fprintf(stderr, "usage: system-targets TARGET [OPTION]... | --matrix [FILE]\n");
        return 2;
    }
    setenv("ON", target->name, 1);
    argv[1] = argv[0];
    int code = 0;
    struct criterion_test_set *set = criterion_initialize();
    select_tests(set, target);
    criterion_options.jobs = target->jobs;
    if (criterion_handle_args(argc - 1, argv + 1, true)) {
        code = target->boot ? target->boot() : 0;
        if (code == 0)
            code = !criterion_run_all_tests(set);
        if (target->end)
            target->end();
    }
    criterion_finalize(set);
    return code;
}
