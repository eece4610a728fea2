#include "worker/providers/openai_calls.h"

#include "core/form.h"
#include "core/json.h"
#include "worker/providers/openai_error.h"

#define BASE_URL "https://api.openai.com/v1"
#define DECLINE  603 /* of SIP: not here, and nowhere else */
#define WAIT_MS  10000

static const char *const places[] = {
    [WK_OPENAI_REALTIME] = "realtime/calls",
    [WK_OPENAI_LIVE] = "live/sessions",
};

static const char *url_of(wk_ctx_t *ctx, wk_openai_api_t api, va_str_t id)
{
    va_buf_t url;
    const char *base = ctx->config->openai_base_url;
    va_buf_init(&url, wk_mem(ctx->arena), 160);
    va_buf_add_c(&url, base != NULL ? base : BASE_URL);
    va_buf_add_char(&url, '/');
    va_buf_add_c(&url, places[api]);
    va_buf_add_char(&url, '/');
    va_url_encode(&url, id);
    va_buf_add_c(&url, "/reject");
    return wk_strdup(ctx->arena, va_buf_str(&url));
}

static va_str_t decline_body(wk_ctx_t *ctx)
{
    va_buf_t text;
    va_buf_init(&text, wk_mem(ctx->arena), 32);
    va_json_writer_t *w = va_json_writer_new(&text);
    va_json_object(w);
    va_json_add_int(w, "status_code", DECLINE);
    va_json_object_end(w);
    return va_json_writer_end(w) == VA_OK ? va_buf_str(&text) : VA_STR_NULL;
}

bool wk_openai_call_decline(wk_ctx_t *ctx, wk_openai_api_t api, va_str_t id, wk_error_t *e)
{
    wk_http_response_t res;
    if (ctx->config->openai_api_key == NULL) {
        return wk_error(e, WK_INTERNAL, "OpenAI: no key is configured");
    }
    const char *headers[] = {
        "Content-Type: application/json",
        wk_printf(ctx->arena, "Authorization: Bearer %s", ctx->config->openai_api_key).data,
        NULL};
    wk_http_request_t req = {.method = "POST",
                             .url = url_of(ctx, api, id),
                             .headers = headers,
                             .body = decline_body(ctx),
                             .timeout_ms = WAIT_MS};
    if (!wk_http(ctx->http, ctx->arena, &req, &res, e)) {
        /* Declining twice is declining once: whatever became of it, it may be asked again. */
        e->code = e->code == WK_UNKNOWN ? WK_UNAVAILABLE : e->code;
        return wk_error_wrap(e, "OpenAI");
    }
    return (res.status >= 200 && res.status < 300) || res.status == 404 ||
           wk_openai_refused(ctx, &res, e);
}
