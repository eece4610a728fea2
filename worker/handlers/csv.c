#include "worker/handlers/csv.h"

#include <string.h>

static bool is_number(va_str_t s)
{
    size_t i = s.len > 1 && s.data[0] == '-';
    for (; i < s.len; i++) {
        if (strchr("0123456789.", s.data[i]) == NULL || s.data[i] == '\0') {
            return false;
        }
    }
    return s.len > 0;
}

/* What spreadsheets begin a formula with. */
static bool looks_like_formula(va_str_t s)
{
    return s.len > 0 && memchr("=+-@\t\r\n", s.data[0], 7) != NULL && !is_number(s);
}

static bool needs_quotes(va_str_t s)
{
    for (size_t i = 0; i < s.len; i++) {
        if (memchr(",\"\r\n", s.data[i], 4) != NULL) {
            return true;
        }
    }
    return false;
}

static void add_quoted(va_buf_t *out, va_str_t s)
{
    for (size_t i = 0; i < s.len; i++) {
        if (s.data[i] == '"') {
            va_buf_add_char(out, '"');
        }
        va_buf_add_char(out, s.data[i]);
    }
}

void wk_csv_field(va_buf_t *out, va_str_t field, bool first)
{
    bool quotes = needs_quotes(field);
    va_buf_add_c(out, first ? "" : ",");
    va_buf_add_c(out, quotes ? "\"" : "");
    va_buf_add_c(out, looks_like_formula(field) ? "'" : "");
    add_quoted(out, field);
    va_buf_add_c(out, quotes ? "\"" : "");
}

void wk_csv_end_line(va_buf_t *out)
{
    va_buf_add_c(out, "\r\n");
}
