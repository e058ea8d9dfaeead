/* SPDX-License-Identifier: Apache-2.0 */
/* Documents that name tests name tests there are: docs/rfc7143.md (a row for each rule on an initiator) and
 * docs/quirks.md (what goes wrong in practice); and that the check itself notices what is wrong. Reads the
 * sources of the tests; nothing is run. */
#include <criterion/criterion.h>
#include <ctype.h>
#include <fts.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "table.h"

#define ROWS_LEAST 150
#define TRANSCRIPTS_LEAST 200

static char *whole_file(const char *path)
{
    FILE *f = fopen(path, "r");
    cr_assert_not_null(f, "%s", path);
    char *text = NULL;
    size_t room = 0;
    ssize_t n = getdelim(&text, &room, '\0', f);
    cr_assert_gt(n, 0, "%s", path);
    fclose(f);
    return text;
}

static bool is_c(const char *name)
{
    size_t n = strlen(name);
    return n > 2 && !strcmp(name + n - 2, ".c");
}

static struct names tests_below(const char *folder)
{
    struct names n = {0};
    char top[PATH_MAX];
    snprintf(top, sizeof top, "%s/%s", SOURCE_ROOT, folder);
    FTS *walk = fts_open((char *[]){top, NULL}, FTS_PHYSICAL | FTS_NOCHDIR, NULL);
    cr_assert_not_null(walk);
    for (FTSENT *e; (e = fts_read(walk));) {
        if (e->fts_info != FTS_F || !is_c(e->fts_name))
            continue;
        char *text = whole_file(e->fts_path);
        table_add_tests(&n, text);
        free(text);
    }
    fts_close(walk);
    return n;
}

static unsigned document(const char *path, struct table_rules rules)
{
    char full[PATH_MAX], *faults = NULL;
    size_t length;
    snprintf(full, sizeof full, "%s/%s", SOURCE_ROOT, path);
    struct names tests = tests_below("tests");
    char *text = whole_file(full);
    FILE *to = open_memstream(&faults, &length);
    struct table_result r = table_check(text, &rules, &tests, to);
    fclose(to);
    cr_expect_eq(r.faults, 0, "%s:\n%s", path, faults);
    free(faults);
    free(text);
    table_names_free(&tests);
    return r.rows;
}

Test(docs, every_rule_has_its_test_or_a_reason)
{
    unsigned rows = document("docs/rfc7143.md", (struct table_rules){.columns = 3, .sections = true});
    cr_expect_geq(rows, ROWS_LEAST, "%u rows", rows);
}

Test(docs, every_quirk_has_its_test_or_a_reason)
{
    cr_expect_gt(document("docs/quirks.md", (struct table_rules){.columns = 2}), 0);
}

/* "s11_7_1_...": the section a transcript checks, of chapters 4 to 13. */
static bool is_named_by_section(const char *test)
{
    const char *name = strchr(test, '/') + 1;
    char *end;
    if (name[0] != 's' || !isdigit((unsigned char)name[1]))
        return false;
    unsigned long chapter = strtoul(name + 1, &end, 10);
    return chapter >= 4 && chapter <= 13 && *end == '_';
}

Test(docs, transcripts_are_named_by_section)
{
    struct names tests = tests_below("tests/wire");
    unsigned count = 0;
    for (size_t i = 0; i < tests.count; i++)
        count += is_named_by_section(tests.list[i]);
    cr_expect_geq(count, TRANSCRIPTS_LEAST, "%u of %zu transcripts are named by a section", count,
                  tests.count);
    table_names_free(&tests);
}

/* ---- The check itself ---------------------------------------------------------------------------------- */

#define HEAD "# Title\n\n| Section | What | Test |\n|---|---|---|\n"

/* Checks this text against a suite with two tests, and wants these words among the faults; NULL: none. */
static void says(const char *text, const char *words)
{
    struct names tests = {0};
    table_add_tests(&tests, "/* x */\nTest(read, one)\n{\n}\n  Test(read, indented_is_none)\n"
                            "Test(read_r2t, two, .timeout = 5)\n");
    char *faults = NULL;
    size_t length;
    FILE *to = open_memstream(&faults, &length);
    struct table_result r = table_check(text, &(struct table_rules){3, true}, &tests, to);
    fclose(to);
    cr_expect_eq(r.faults, words != NULL, "%u faults: %s", r.faults, faults);
    cr_expect(!words || strstr(faults, words), "wanted %s in: %s", words ? words : "", faults);
    free(faults);
    table_names_free(&tests);
}

Test(docs_check, good_rows_pass)
{
    says(HEAD "| 4.1 | Do this | `read/one` |\n"
              "| 11.2.3 | Do that | `read/one`, `read_r2t/two` in `tests/lib/x.c` |\n"
              "| 13 | And this | cannot apply: nobody does |\n"
              "| 5.1 | And that | still to come: later (`read/one`) |\n"
              "\nNo table | here |\n",
         NULL);
}

Test(docs_check, empty_cell)
{
    says(HEAD "| 4.1 |  | `read/one` |\n", "line 5: column 2 is empty");
    says(HEAD "| 4.1 | Do this | |\n", "line 5: column 3 is empty");
    says(HEAD "|| Do this | `read/one` |\n", "line 5: column 1 is empty");
}

Test(docs_check, missing_column)
{
    says(HEAD "| 4.1 | `read/one` |\n", "line 5: 2 columns, not 3");
    says(HEAD "| 4.1 | Do this | `read/one`\n", "line 5: 2 columns, not 3");
}

Test(docs_check, test_that_does_not_exist)
{
    says(HEAD "| 4.1 | Do this | `read/three` |\n", "line 5: there is no test read/three");
    says(HEAD "| 4.1 | Do this | `read/indented_is_none` |\n", "there is no test read/indented_is_none");
    says(HEAD "| 4.1 | Do this | `read/one` `write/one` |\n", "there is no test write/one");
    says(HEAD "| 4.1 | Do this | still to come: soon (`read/soon`) |\n", "there is no test read/soon");
}

Test(docs_check, neither_test_nor_reason)
{
    says(HEAD "| 4.1 | Do this | read/one |\n", "line 5: neither a test nor a reason");
    says(HEAD "| 4.1 | Do this | yes |\n", "line 5: neither a test nor a reason");
    says(HEAD "| 4.1 | Do this | still to come: |\n", "line 5: neither a test nor a reason");
    says(HEAD "| 4.1 | Do this | see `tests/lib/x.c` |\n", "line 5: neither a test nor a reason");
}

Test(docs_check, unpaired_backtick)
{
    says(HEAD "| 4.1 | Do this | `read/one |\n", "line 5: a backtick without its fellow");
}

Test(docs_check, section_that_is_none)
{
    says(HEAD "| 3.1 | Do this | `read/one` |\n", "\"3.1\" is no section");
    says(HEAD "| 14.1 | Do this | `read/one` |\n", "\"14.1\" is no section");
    says(HEAD "| 4..1 | Do this | `read/one` |\n", "\"4..1\" is no section");
    says(HEAD "| 4.1. | Do this | `read/one` |\n", "\"4.1.\" is no section");
    says(HEAD "| C.1 | Do this | `read/one` |\n", "\"C.1\" is no section");
}

Test(docs_check, several_tables_are_all_read)
{
    says(HEAD "| 4.1 | Do this | `read/one` |\n\n## Next\n\n" HEAD "| 5 | Do that | none |\n",
         "line 13: neither a test nor a reason");
}

/* The macros of tests/unit/wire/pdu_fixture.h make tests too. */
Test(docs_check, fixtures_make_tests)
{
    struct names tests = {0};
    table_add_tests(&tests,
                    "BOTH_WAYS(r2t, last,\n          \"31\")\nREFUSES(nop_in, without_f,\n"
                    "REFUSES_OTHER_OPCODES(snack, data)\nIGNORES_RESERVED(text_request, send_targets,\n");
    cr_expect(table_has(&tests, "pdu_r2t/put_last") && table_has(&tests, "pdu_r2t/get_last"));
    cr_expect(table_has(&tests, "pdu_nop_in/refuses_without_f"));
    cr_expect(table_has(&tests, "pdu_snack/refuses_other_opcodes"));
    cr_expect(table_has(&tests, "pdu_text_request/ignores_reserved_bits"));
    cr_expect_not(table_has(&tests, "pdu_text_request/send_targets"));
    cr_expect_eq(tests.count, 5);
    table_names_free(&tests);
}
