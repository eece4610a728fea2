#include <csv.h>
#include <string.h>

#include "worker/extract/extract.h"

typedef struct {
    size_t column;
} row_t;

static void on_cell(void *value, size_t len, void *arg)
{
    row_t *row = arg;
    ex_table_cell(row->column++, va_str(value, len));
}

static void on_row(int end, void *arg)
{
    row_t *row = arg;
    (void)end;
    ex_table_row();
    row->column = 0;
}

/* What the first line has most of: spreadsheets of some countries write ';' and some tabs. */
static unsigned char delimiter_of(va_str_t text)
{
    size_t best = 0;
    unsigned char found = ',';
    const char *end = text.len > 0 ? memchr(text.data, '\n', text.len) : NULL;
    size_t len = end != NULL ? (size_t)(end - text.data) : text.len;
    for (const char *d = ",;\t"; *d != '\0'; d++) {
        size_t n = 0;
        for (size_t i = 0; i < len; i++) {
            n += text.data[i] == *d;
        }
        if (n > best) {
            best = n;
            found = (unsigned char)*d;
        }
    }
    return found;
}

void ex_read_csv(va_str_t document)
{
    row_t row = {0};
    struct csv_parser parser;
    va_str_t text = ex_utf8(document);
    if (csv_init(&parser, 0) != 0) {
        ex_fail("The table needs too much memory.");
    }
    csv_set_delim(&parser, delimiter_of(text));
    ex_table_begin();
    if (csv_parse(&parser, text.data, text.len, on_cell, on_row, &row) != text.len ||
        csv_fini(&parser, on_cell, on_row, &row) != 0) {
        ex_fail("The document is no table in CSV.");
    }
    csv_free(&parser);
}
