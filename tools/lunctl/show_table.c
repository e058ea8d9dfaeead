/* SPDX-License-Identifier: Apache-2.0 */
/* Facts as a table: a row for each innermost record, a column for each key. Pure but for the stream written;
 * any thread. */
#include "show.h"
#include "show_value.h"

#include <stdlib.h>
#include <string.h>

/* Cells are columns * rows, row by row; NULL is an empty cell. */
struct table {
    const char **columns;
    const char **rows; /* paths */
    char **cells;
    int *widths;
    size_t column_count, row_count;
};

/* Is `inner` the same path as `outer`, or one below it? */
static bool path_within(const char *inner, const char *outer)
{
    size_t n = strlen(outer);
    return n == 0 || (strncmp(inner, outer, n) == 0 && (inner[n] == '\0' || inner[n] == '.'));
}

/* Do facts below the path of fact i follow it? Then it belongs to the rows they make. */
static bool has_inner(const struct lun_facts *f, size_t i)
{
    const char *path = f->at[i].path;
    while (++i < f->count && path_within(f->at[i].path, path))
        if (strcmp(f->at[i].path, path) != 0)
            return true;
    return false;
}

static size_t find_column(const struct table *t, const char *key)
{
    size_t i = 0;
    while (i < t->column_count && strcmp(t->columns[i], key) != 0)
        i++;
    return i;
}

static bool table_allocate(struct table *t, size_t facts)
{
    t->columns = calloc(facts + 1, sizeof *t->columns);
    t->rows = calloc(facts + 1, sizeof *t->rows);
    t->widths = calloc(facts + 1, sizeof *t->widths);
    return t->columns && t->rows && t->widths;
}

/* Where a column for fact i belongs: before the column of the next fact of its record that has one, else
 * last. So a key that only some records have stands where it stands in those. */
static size_t column_place(const struct table *t, const struct lun_facts *f, size_t i)
{
    const char *path = f->at[i].path;
    while (++i < f->count && strcmp(f->at[i].path, path) == 0) {
        size_t column = find_column(t, f->at[i].key);
        if (column < t->column_count)
            return column;
    }
    return t->column_count;
}

static void add_column(struct table *t, size_t place, const char *key)
{
    memmove(&t->columns[place + 1], &t->columns[place], (t->column_count - place) * sizeof *t->columns);
    t->columns[place] = key;
    t->column_count++;
}

static void table_outline(struct table *t, const struct lun_facts *f)
{
    for (size_t i = 0; i < f->count; i++) {
        const struct lun_fact *fact = &f->at[i];
        if (find_column(t, fact->key) == t->column_count)
            add_column(t, column_place(t, f, i), fact->key);
        bool same = t->row_count > 0 && strcmp(t->rows[t->row_count - 1], fact->path) == 0;
        if (!same && !has_inner(f, i))
            t->rows[t->row_count++] = fact->path;
    }
}

static bool table_put(struct table *t, size_t row, const struct lun_fact *fact)
{
    char **cell = &t->cells[row * t->column_count + find_column(t, fact->key)];
    if (!*cell)
        *cell = show_value(fact, true);
    return *cell != NULL;
}

static bool table_fill(struct table *t, const struct lun_facts *f)
{
    t->cells = calloc(t->column_count * t->row_count + 1, sizeof *t->cells);
    if (!t->cells)
        return false;
    size_t first = 0; /* facts and rows are in the same order: rows before this one are complete */
    for (size_t i = 0; i < f->count; i++) {
        while (first < t->row_count && !path_within(t->rows[first], f->at[i].path))
            first++;
        for (size_t row = first; row < t->row_count && path_within(t->rows[row], f->at[i].path); row++)
            if (!table_put(t, row, &f->at[i]))
                return false;
    }
    return true;
}

static void table_measure(struct table *t)
{
    for (size_t column = 0; column < t->column_count; column++) {
        size_t width = strlen(t->columns[column]);
        for (size_t row = 0; row < t->row_count; row++) {
            const char *cell = t->cells[row * t->column_count + column];
            if (cell && strlen(cell) > width)
                width = strlen(cell);
        }
        t->widths[column] = (int)width;
    }
}

/* The last column is not padded: no line ends in blanks. */
static void table_line(FILE *to, const struct table *t, const char *const *cells)
{
    size_t last = t->column_count - 1;
    while (last > 0 && (!cells[last] || cells[last][0] == '\0'))
        last--;
    for (size_t column = 0; column <= last; column++) {
        const char *cell = cells[column] ? cells[column] : "";
        if (column == last)
            fprintf(to, "%s\n", cell);
        else
            fprintf(to, "%-*s  ", t->widths[column], cell);
    }
}

static void table_free(struct table *t)
{
    for (size_t i = 0; t->cells && i < t->column_count * t->row_count; i++)
        free(t->cells[i]);
    free(t->cells);
    free(t->columns);
    free(t->rows);
    free(t->widths);
}

bool show_table(FILE *to, const struct lun_facts *f)
{
    struct table t = {0};
    bool ok = !f->failed && table_allocate(&t, f->count);
    if (ok) {
        table_outline(&t, f);
        ok = table_fill(&t, f);
    }
    if (ok && t.row_count > 0) {
        table_measure(&t);
        table_line(to, &t, t.columns);
        for (size_t row = 0; row < t.row_count; row++)
            table_line(to, &t, (const char *const *)&t.cells[row * t.column_count]);
    }
    table_free(&t);
    return ok;
}
