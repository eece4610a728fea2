#include "worker/providers/web.h"

#define TIMEOUT_MS 10000

typedef struct {
    va_buf_t body;
    bool too_large;
} taken_t;

static bool take(void *ctx, va_str_t piece)
{
    taken_t *t = ctx;
    size_t room = WK_WEB_MAX_BYTES - t->body.len;
    t->too_large = piece.len > room;
    va_buf_add_str(&t->body, va_str(piece.data, t->too_large ? room : piece.len));
    return !t->too_large && t->body.status == VA_OK;
}

/* As the site has sent it: what no header can hold is not sent back. */
static const char *condition(wk_arena_t *a, const char *name, va_str_t value)
{
    return wk_printf(a, "%s: %.*s", name, (int)value.len, value.data).data;
}

bool wk_web_get(wk_ctx_t *ctx, va_str_t url, va_str_t etag, va_str_t last_modified,
                wk_web_file_t *file, wk_error_t *e)
{
    size_t n = 0;
    const char *headers[3] = {NULL};
    wk_http_response_t res = {.status = 0};
    taken_t taken = {.too_large = false};
    va_buf_init(&taken.body, wk_mem(ctx->arena), 64 << 10);
    taken.body.max = WK_WEB_MAX_BYTES;
    if (etag.len > 0) {
        headers[n++] = condition(ctx->arena, "If-None-Match", etag);
    }
    if (last_modified.len > 0) {
        headers[n++] = condition(ctx->arena, "If-Modified-Since", last_modified);
    }
    wk_http_request_t req = {.method = "GET",
                             .url = wk_strdup(ctx->arena, url),
                             .headers = headers,
                             .timeout_ms = TIMEOUT_MS,
                             .max_bytes = 2 * WK_WEB_MAX_BYTES, /* take() ends it before */
                             .on_piece = take,
                             .on_piece_ctx = &taken,
                             .public_only = true,
                             .public_beside = ctx->config->site_addresses};
    if (!wk_http(ctx->http, ctx->arena, &req, &res, e) && !taken.too_large) {
        return false;
    }
    *file = (wk_web_file_t){.status = taken.too_large ? 200 : res.status,
                            .too_large = taken.too_large,
                            .body = va_buf_str(&taken.body),
                            .type = res.content_type,
                            .location = res.location,
                            .etag = res.etag,
                            .last_modified = res.last_modified,
                            .retry_after_ms = res.retry_after_ms};
    return true;
}
