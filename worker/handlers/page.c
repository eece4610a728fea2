#include "worker/handlers/page.h"

#include <stdio.h>

#include "core/base64.h"
#include "worker/handlers/reply.h"

#define DEFAULT_LIMIT 25
#define MAX_LIMIT     100
#define MAX_BYTES     (768 * 1024) /* of the items of a page: a reply has 1 MiB */

#define KEY_BYTES    8
#define ROW_BYTES    (KEY_BYTES + 16)
#define LIST_BYTES   3
#define CURSOR_BYTES (ROW_BYTES + LIST_BYTES)
#define CURSOR_LEN   VA_BASE64_LEN(CURSOR_BYTES)
#define MAX_KEY_US   ((int64_t)1 << 53) /* the year 2255; exact in SQL's interval arithmetic */

/* ---------------------------------------------------------------- cursors */

static uint8_t hex_digit(char c)
{
    return (uint8_t)(c <= '9' ? c - '0' : (c | 0x20) - 'a' + 10);
}

/* A few bytes of the list's name (FNV-1a): no secret, only a mark that tells lists apart. */
static void mark_list(uint8_t mark[LIST_BYTES], va_str_t list)
{
    uint32_t hash = 2166136261u;
    for (size_t i = 0; i < list.len; i++) {
        hash = (hash ^ (uint8_t)list.data[i]) * 16777619u;
    }
    for (size_t i = 0; i < LIST_BYTES; i++) {
        mark[i] = (uint8_t)(hash >> (8 * i));
    }
}

va_str_t wk_cursor_encode(wk_arena_t *a, va_str_t list, int64_t key_us, va_str_t key_id)
{
    uint8_t bytes[CURSOR_BYTES];
    size_t n = KEY_BYTES;

    for (size_t i = 0; i < KEY_BYTES; i++) {
        bytes[i] = (uint8_t)((uint64_t)key_us >> (8 * (KEY_BYTES - 1 - i)));
    }
    for (size_t i = 0; i + 1 < key_id.len && n < ROW_BYTES; i += 2) {
        i += key_id.data[i] == '-';
        bytes[n++] = (uint8_t)(hex_digit(key_id.data[i]) << 4 | hex_digit(key_id.data[i + 1]));
    }
    mark_list(bytes + ROW_BYTES, list);
    char *text = wk_alloc(a, CURSOR_LEN);
    return va_str(text, va_base64url_encode(text, bytes, CURSOR_BYTES));
}

static va_str_t uuid_text(wk_arena_t *a, const uint8_t bytes[16])
{
    char hex[32];
    va_hex_encode(hex, bytes, 16);
    return wk_printf(a, "%.8s-%.4s-%.4s-%.4s-%.12s", hex, hex + 8, hex + 12, hex + 16,
                     hex + 20);
}

bool wk_cursor_decode(wk_arena_t *a, va_str_t list, va_str_t cursor, va_str_t *key_us,
                      va_str_t *key_id)
{
    uint8_t bytes[VA_BASE64_MAX(CURSOR_LEN)];
    uint8_t mark[LIST_BYTES];
    size_t len;
    uint64_t us = 0;

    if (cursor.len != CURSOR_LEN || va_base64url_decode(bytes, &len, cursor) != VA_OK ||
        len != CURSOR_BYTES) {
        return false;
    }
    mark_list(mark, list);
    if (memcmp(mark, bytes + ROW_BYTES, LIST_BYTES) != 0) {
        return false;
    }
    for (size_t i = 0; i < KEY_BYTES; i++) {
        us = us << 8 | bytes[i];
    }
    if (us > (uint64_t)MAX_KEY_US) {
        return false;
    }
    *key_us = wk_printf(a, "%llu", (unsigned long long)us);
    *key_id = uuid_text(a, bytes + KEY_BYTES);
    return true;
}

/* ---------------------------------------------------------------- reading */

static bool parse_limit(va_str_t text, int *limit)
{
    *limit = 0;
    for (size_t i = 0; i < text.len; i++) {
        if (text.data[i] < '0' || text.data[i] > '9' || *limit > MAX_LIMIT) {
            return false;
        }
        *limit = *limit * 10 + (text.data[i] - '0');
    }
    return *limit >= 1 && *limit <= MAX_LIMIT;
}

bool wk_page_read(wk_ctx_t *ctx, const va_form_t *args, wk_page_t *page, wk_error_t *e)
{
    va_str_t limit = va_form_get(args, "limit");
    va_str_t cursor = va_form_get(args, "cursor");

    *page = (wk_page_t){.limit = DEFAULT_LIMIT};
    if (limit.len > 0 && !parse_limit(limit, &page->limit)) {
        return wk_refuse(e, WK_R_BAD_REQUEST, "limit must be a number from 1 to %d.",
                         MAX_LIMIT);
    }
    if (cursor.len > 0 &&
        !wk_cursor_decode(ctx->arena, ctx->job->type, cursor, &page->key_us, &page->key_id)) {
        return wk_refuse(e, WK_R_INVALID_CURSOR, "cursor must be a next_cursor of this list.");
    }
    return true;
}

void wk_page_params(wk_ctx_t *ctx, const wk_page_t *page, va_str_t params[3])
{
    params[0] = wk_printf(ctx->arena, "%d", page->limit + 1);
    params[1] = page->key_us;
    params[2] = page->key_id;
}

/* ---------------------------------------------------------------- writing */

/* At least one, so that a list always goes on. */
static size_t count_fitting(const wk_items_t *items)
{
    size_t n = wk_rows_count(items->rows);
    size_t bytes = 0;

    n = n < (size_t)items->limit ? n : (size_t)items->limit;
    for (size_t i = 0; i < n; i++) {
        bytes += wk_cell(items->rows, i, "item").len;
        if (bytes > items->max_bytes && i > 0) {
            return i;
        }
    }
    return n;
}

size_t wk_page_put_items(va_json_writer_t *w, const char *name, const wk_items_t *items)
{
    size_t n = count_fitting(items);

    va_json_key(w, name);
    va_json_array(w);
    for (size_t i = 0; i < n; i++) {
        size_t row = items->chronological ? n - 1 - i : i;
        va_json_put_raw(w, wk_cell(items->rows, row, "item"));
    }
    va_json_array_end(w);
    return n;
}

void wk_page_put(wk_ctx_t *ctx, va_json_writer_t *w, const char *name, const wk_rows_t *rows,
                 const wk_page_t *page, bool chronological)
{
    const wk_items_t items = {rows, page->limit, MAX_BYTES, chronological};
    size_t n = wk_page_put_items(w, name, &items);
    bool more = n < wk_rows_count(rows);

    va_json_add_str(w, "next_cursor",
                    more ? wk_cursor_encode(ctx->arena, ctx->job->type,
                                            wk_cell_int(rows, n - 1, "key_us", 0),
                                            wk_cell(rows, n - 1, "key_id"))
                         : VA_STR_NULL);
}
