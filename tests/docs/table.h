/* SPDX-License-Identifier: Apache-2.0 */
/* Tables in docs/ that name a test for each row, and the tests there are. The test's thread. */
#ifndef TESTS_DOCS_TABLE_H
#define TESTS_DOCS_TABLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

/* Names as "suite/name". */
struct names {
    char **list;
    size_t count;
};

void table_names_free(struct names *n);
/* Adds the tests that the text of a C source defines, by Criterion's macros or by those of pdu_fixture.h. */
void table_add_tests(struct names *n, const char *source);
bool table_has(const struct names *n, const char *name);

/* What a document's tables are to be. */
struct table_rules {
    unsigned columns;
    bool sections; /* the first column holds sections of RFC 7143, chapters 4 to 13 */
};

struct table_result {
    unsigned rows, faults;
};

/* Looks at each row of each table of a Markdown text. The last column of a row names tests, in backticks, or
 * gives a reason, "cannot apply: ..." or "still to come: ...". One line to `to` for each fault. */
struct table_result table_check(const char *text, const struct table_rules *rules, const struct names *tests,
                                FILE *to);

#endif
