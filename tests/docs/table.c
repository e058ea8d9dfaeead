/* SPDX-License-Identifier: Apache-2.0 */
/* Reading tables of docs/ and the names of tests; see table.h. The test's thread. */
#include "table.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#define COLUMNS_MAX 8

/* ---- the tests there are ------------------------------------------------------------------------------- */

void table_names_free(struct names *n)
{
    for (size_t i = 0; i < n->count; i++)
        free(n->list[i]);
    free(n->list);
    *n = (struct names){0};
}

static void add(struct names *n, const char *suite, const char *prefix, const char *name)
{
    n->list = realloc(n->list, (n->count + 1) * sizeof *n->list);
    if (asprintf(&n->list[n->count], "%s/%s%s", suite, prefix, name) > 0)
        n->count++;
}

bool table_has(const struct names *n, const char *name)
{
    for (size_t i = 0; i < n->count; i++)
        if (!strcmp(n->list[i], name))
            return true;
    return false;
}

/* A macro that begins a line: what its two words become. */
static const struct macro {
    const char *format; /* for sscanf; the first word, then perhaps the second */
    const char
        *prefix; /* NULL: Criterion's, the words are suite and name; else before the name, in suite pdu_ */
    bool named;  /* the second word is the name; else the prefix is */
} macros[] = {
    {"Test(%99[a-z0-9_], %99[a-z0-9_]", NULL, true},
    {"BOTH_WAYS(%99[a-z0-9_], %99[a-z0-9_]", "put_", true},
    {"BOTH_WAYS(%99[a-z0-9_], %99[a-z0-9_]", "get_", true},
    {"REFUSES(%99[a-z0-9_], %99[a-z0-9_]", "refuses_", true},
    {"REFUSES_OTHER_OPCODES(%99[a-z0-9_], %99[a-z0-9_]", "refuses_other_opcodes", false},
    {"REFUSES_WITHOUT_F(%99[a-z0-9_], %99[a-z0-9_]", "refuses_f_missing", false},
    {"IGNORES_RESERVED(%99[a-z0-9_], %99[a-z0-9_]", "ignores_reserved_bits", false},
};

static void add_line(struct names *n, const char *line)
{
    for (size_t i = 0; i < sizeof macros / sizeof macros[0]; i++) {
        char first[100], second[100], suite[110];
        if (sscanf(line, macros[i].format, first, second) != 2)
            continue;
        snprintf(suite, sizeof suite, "%s%s", macros[i].prefix ? "pdu_" : "", first);
        add(n, suite, macros[i].prefix ? macros[i].prefix : "", macros[i].named ? second : "");
    }
}

void table_add_tests(struct names *n, const char *source)
{
    for (const char *line = source; line; line = strchr(line, '\n')) {
        line += *line == '\n';
        add_line(n, line);
    }
}

/* ---- tables -------------------------------------------------------------------------------------------- */

struct row {
    int line;
    char *cells[COLUMNS_MAX];
    unsigned count;
};

static char *trimmed(char *s)
{
    while (isspace((unsigned char)*s))
        s++;
    for (char *end = s + strlen(s); end > s && isspace((unsigned char)end[-1]);)
        *--end = '\0';
    return s;
}

/* Takes "| a | b |" apart, in place. */
static struct row take_apart(char *line, int number)
{
    struct row r = {.line = number};
    char *at = trimmed(line) + 1;
    for (char *bar; (bar = strchr(at, '|')) && r.count < COLUMNS_MAX; at = bar + 1) {
        *bar = '\0';
        r.cells[r.count++] = trimmed(at);
    }
    return r;
}

static bool is_separator(const struct row *r)
{
    return r->count && strspn(r->cells[0], "-: ") == strlen(r->cells[0]) && r->cells[0][0];
}

/* "4.2.2.1", chapters 4 to 13. */
static bool is_section(const char *cell)
{
    char *end;
    unsigned long chapter = strtoul(cell, &end, 10);
    return chapter >= 4 && chapter <= 13 && strspn(cell, "0123456789.") == strlen(cell) &&
           isdigit((unsigned char)cell[strlen(cell) - 1]) && !strstr(cell, "..");
}

static bool gives_a_reason(const char *cell)
{
    static const char *const reasons[] = {"cannot apply: ", "still to come: "};
    for (size_t i = 0; i < sizeof reasons / sizeof reasons[0]; i++)
        if (!strncmp(cell, reasons[i], strlen(reasons[i])))
            return strlen(cell) > strlen(reasons[i]) + 3;
    return false;
}

/* `suite/name` in backticks is a test; anything else in backticks is not. */
static bool is_test(const char *word)
{
    static const char letters[] = "abcdefghijklmnopqrstuvwxyz0123456789_";
    size_t suite = strspn(word, letters);
    if (!suite || word[suite] != '/')
        return false;
    size_t name = strspn(word + suite + 1, letters);
    return name && !word[suite + 1 + name];
}

static unsigned check_tests(const struct row *r, const struct names *tests, FILE *to)
{
    unsigned named = 0, faults = 0;
    bool reason = gives_a_reason(r->cells[r->count - 1]);
    for (char *at = r->cells[r->count - 1]; (at = strchr(at, '`'));) {
        char *end = strchr(++at, '`');
        if (!end) {
            fprintf(to, "line %d: a backtick without its fellow\n", r->line);
            return faults + 1;
        }
        *end = '\0';
        if (is_test(at)) {
            named++;
            if (!table_has(tests, at)) {
                fprintf(to, "line %d: there is no test %s\n", r->line, at);
                faults++;
            }
        }
        at = end + 1;
    }
    if (!named && !reason) {
        fprintf(to, "line %d: neither a test nor a reason\n", r->line);
        faults++;
    }
    return faults;
}

static unsigned check_row(const struct row *r, const struct table_rules *rules, const struct names *tests,
                          FILE *to)
{
    if (r->count != rules->columns) {
        fprintf(to, "line %d: %u columns, not %u\n", r->line, r->count, rules->columns);
        return 1;
    }
    for (unsigned i = 0; i < r->count; i++)
        if (!*r->cells[i]) {
            fprintf(to, "line %d: column %u is empty\n", r->line, i + 1);
            return 1;
        }
    if (rules->sections && !is_section(r->cells[0])) {
        fprintf(to, "line %d: \"%s\" is no section of chapters 4 to 13\n", r->line, r->cells[0]);
        return 1;
    }
    return check_tests(r, tests, to);
}

struct table_result table_check(const char *text, const struct table_rules *rules, const struct names *tests,
                                FILE *to)
{
    struct table_result result = {0};
    char *copy = strdup(text), *rest = copy, *line;
    bool in_table = false;
    for (int number = 1; (line = strsep(&rest, "\n")); number++) {
        if (*line != '|') {
            in_table = false;
            continue;
        }
        struct row r = take_apart(line, number);
        if (is_separator(&r)) {
            in_table = true; /* the line before was the table's head */
        } else if (in_table) {
            result.rows++;
            result.faults += check_row(&r, rules, tests, to);
        }
    }
    free(copy);
    return result;
}
