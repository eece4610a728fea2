/*
 * Lists in pages, newest first: ?limit= and an opaque ?cursor=, which holds the sort key of
 * the last row shown, so that a page begins where the one before ended whatever was added
 * meanwhile.
 */
#ifndef WK_HANDLERS_PAGE_H
#define WK_HANDLERS_PAGE_H

#include "core/form.h"
#include "worker/context.h"

typedef struct {
    int limit;
    va_str_t key_us; /* where to go on: microseconds since 1970; absent: from the newest */
    va_str_t key_id; /* likewise: a UUID */
} wk_page_t;

/* limit 1 to 100, 25 without; refused otherwise, and so is a cursor that is none of ours. */
bool wk_page_read(wk_ctx_t *ctx, const va_form_t *args, wk_page_t *page, wk_error_t *e);

/* The first three parameters of a list's statement: rows wanted (one more), key_us, key_id. */
void wk_page_params(wk_ctx_t *ctx, const wk_page_t *page, va_str_t params[3]);

/* What a page is made of. */
typedef struct {
    const wk_rows_t *rows; /* item (JSON), key_us, key_id; newest first, one more than limit */
    int limit;
    size_t max_bytes;   /* of the items; those that would not fit are left to the next page */
    bool chronological; /* oldest first within the page */
} wk_items_t;

/* Writes "name":[…]; returns how many rows are in it. */
size_t wk_page_put_items(va_json_writer_t *w, const char *name, const wk_items_t *items);

/* Writes "name":[…] and "next_cursor", null at the end of the list. */
void wk_page_put(wk_ctx_t *ctx, va_json_writer_t *w, const char *name, const wk_rows_t *rows,
                 const wk_page_t *page, bool chronological);

/*
 * The cursor itself: 27 bytes, base64url. list: its name (the job's type); a cursor of another
 * list is none. Decoding writes terminated texts into a.
 */
va_str_t wk_cursor_encode(wk_arena_t *a, va_str_t list, int64_t key_us, va_str_t key_id);
bool wk_cursor_decode(wk_arena_t *a, va_str_t list, va_str_t cursor, va_str_t *key_us,
                      va_str_t *key_id);

#endif
