#include "worker/agent/redact_recent.h"

#define MAX_BEFORE 4

va_str_t wk_redact_recent(const wk_redactor_t *r, wk_arena_t *a, va_str_t text,
                          const wk_rows_t *recent)
{
    va_str_t before[MAX_BEFORE];
    size_t n = 0, rows = recent != NULL ? wk_rows_count(recent) : 0;
    va_str_t asked = rows > 0 ? wk_cell(recent, 0, "asked") : VA_STR_NULL;
    for (; n < MAX_BEFORE && n < rows; n++) {
        before[n] = wk_cell(recent, n, "content");
    }
    return wk_redact_live(r, a, text, asked, before, n);
}
