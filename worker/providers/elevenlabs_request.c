#include "worker/providers/elevenlabs_request.h"

#include <stdio.h>

#define BASE_URL  "https://api.elevenlabs.io"
#define MAX_BYTES (16 << 20) /* of a conversation of hours, with all its tools said */

const va_json_limits_t wk_elevenlabs_limits = {MAX_BYTES, 64, 1000000};

static wk_code_t class_of(int status)
{
    if (status == 404) {
        return WK_NOT_FOUND;
    }
    if (status == 401 || status == 403) {
        return WK_FORBIDDEN;
    }
    /* What the official library tries again: 408, 429 and the server's own failures. */
    return status == 408 || status == 429 || status >= 500 ? WK_UNAVAILABLE : WK_REFUSED;
}

/* {"detail": {"status": "machine_code"}}, or a text, or a list of what is wrong. */
bool wk_elevenlabs_refused(wk_ctx_t *ctx, const wk_http_response_t *res, wk_error_t *e)
{
    const va_json_t *root = NULL;
    (void)va_json_parse(wk_mem(ctx->arena), res->body, &wk_elevenlabs_limits, &root);
    va_str_t code = va_json_string(va_json_pointer(root, VA_STR("/detail/status")));
    wk_error(e, class_of(res->status), "ElevenLabs: status %d %.*s", res->status,
             (int)(code.len < 80 ? code.len : 80), code.len > 0 ? code.data : "");
    snprintf(e->detail, sizeof(e->detail), "%.*s", (int)(code.len < 31 ? code.len : 31),
             code.len > 0 ? code.data : "");
    e->retry_after_ms = res->retry_after_ms;
    return false;
}

void wk_elevenlabs_url(wk_ctx_t *ctx, va_buf_t *url, const char *place)
{
    const char *base = ctx->config->elevenlabs_base_url;
    va_buf_init(url, wk_mem(ctx->arena), 160);
    va_buf_add_c(url, base != NULL ? base : BASE_URL);
    va_buf_add_c(url, "/v1/convai/");
    va_buf_add_c(url, place);
}

const char *wk_elevenlabs_url_end(va_buf_t *url)
{
    va_buf_add_char(url, '\0');
    return va_buf_str(url).data;
}

bool wk_elevenlabs_ask(wk_ctx_t *ctx, int timeout_ms, const char *method, const char *url,
                       va_str_t body, wk_http_response_t *res, wk_error_t *e)
{
    if (ctx->config->elevenlabs_api_key == NULL) {
        return wk_error(e, WK_FORBIDDEN, "ElevenLabs: no key is configured");
    }
    va_str_t key = wk_printf(ctx->arena, "xi-api-key: %s", ctx->config->elevenlabs_api_key);
    const char *const headers[] = {key.data, "Accept: application/json",
                                   body.data != NULL ? "Content-Type: application/json" : NULL,
                                   NULL};
    wk_http_request_t req = {.method = method,
                             .url = url,
                             .headers = headers,
                             .body = body,
                             .timeout_ms = timeout_ms,
                             .max_bytes = MAX_BYTES};
    return wk_http(ctx->http, ctx->arena, &req, res, e) || wk_error_wrap(e, "ElevenLabs");
}

/* A question may be asked again, whatever became of it. */
bool wk_elevenlabs_get(wk_ctx_t *ctx, int timeout_ms, const char *url, const va_json_t **answer,
                       wk_error_t *e)
{
    wk_http_response_t res;
    if (!wk_elevenlabs_ask(ctx, timeout_ms, "GET", url, VA_STR_NULL, &res, e)) {
        e->code = e->code == WK_UNKNOWN ? WK_UNAVAILABLE : e->code;
        return false;
    }
    if (res.status != 200) {
        return wk_elevenlabs_refused(ctx, &res, e);
    }
    if (va_json_parse(wk_mem(ctx->arena), res.body, &wk_elevenlabs_limits, answer) != VA_OK ||
        (!va_json_is(*answer, VA_JSON_OBJECT) && !va_json_is(*answer, VA_JSON_ARRAY))) {
        return wk_error(e, WK_UNAVAILABLE, "ElevenLabs: an answer that cannot be read");
    }
    return true;
}
