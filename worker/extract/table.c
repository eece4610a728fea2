#include <stdlib.h>
#include <string.h>

#include "worker/extract/extract.h"

#define MAX_COLUMNS 256
#define MAX_CELL    (64 << 10)

static struct {
    char *header[MAX_COLUMNS], *cell[MAX_COLUMNS];
    size_t columns; /* of the row at hand */
    bool has_header;
} table;

static void empty(char **cells)
{
    for (size_t i = 0; i < MAX_COLUMNS; i++) {
        free(cells[i]);
        cells[i] = NULL;
    }
}

void ex_table_begin(void)
{
    empty(table.header);
    empty(table.cell);
    table.columns = 0;
    table.has_header = false;
}

/* Columns beyond what a person looks at are passed over. */
void ex_table_cell(size_t column, va_str_t value)
{
    if (value.len > MAX_CELL) {
        ex_fail("A cell of the table is too long: 64 kB at most.");
    }
    if (column >= MAX_COLUMNS || value.len == 0) {
        return;
    }
    free(table.cell[column]);
    table.cell[column] = strndup(value.data, value.len);
    if (table.cell[column] == NULL) {
        ex_fail("The table needs too much memory.");
    }
    table.columns = column + 1 > table.columns ? column + 1 : table.columns;
}

static void put_row(void)
{
    bool first = true;
    for (size_t i = 0; i < table.columns; i++) {
        if (table.cell[i] == NULL) {
            continue;
        }
        ex_put(first ? VA_STR("") : VA_STR("; "));
        if (table.header[i] != NULL) {
            ex_put(va_str_c(table.header[i]));
            ex_put(VA_STR(": "));
        }
        ex_put(va_str_c(table.cell[i]));
        first = false;
    }
    ex_line();
}

/* The first row with more than one cell names the columns; a title above it is a line. */
void ex_table_row(void)
{
    size_t cells = 0;
    for (size_t i = 0; i < table.columns; i++) {
        cells += table.cell[i] != NULL;
    }
    if (!table.has_header && cells > 1) {
        memcpy(table.header, table.cell, sizeof(table.header));
        memset(table.cell, 0, sizeof(table.cell));
        table.has_header = true;
    } else if (cells > 0) {
        put_row();
    }
    empty(table.cell);
    table.columns = 0;
}
