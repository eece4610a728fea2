/*
 * Comma-separated values (RFC 4180) for spreadsheets. A text that a spreadsheet would take for
 * a formula gets an apostrophe before it, so that whatever a caller said is never run.
 */
#ifndef WK_HANDLERS_CSV_H
#define WK_HANDLERS_CSV_H

#include "core/buf.h"

/* Before the first field of a line is nothing; an absent field is empty. */
void wk_csv_field(va_buf_t *out, va_str_t field, bool first);
void wk_csv_end_line(va_buf_t *out);

#endif
