#include "worker/providers/elevenlabs.h"

#include <stdio.h>

#include "core/form.h"

#define BASE_URL   "https://api.elevenlabs.io"
#define TIMEOUT_MS 30000
#define MAX_BYTES  (16 << 20) /* of a conversation of hours, with all its tools said */

static const va_json_limits_t limits = {MAX_BYTES, 64, 1000000};

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
static bool refused(wk_ctx_t *ctx, const wk_http_response_t *res, wk_error_t *e)
{
    const va_json_t *root = NULL;
    (void)va_json_parse(wk_mem(ctx->arena), res->body, &limits, &root);
    va_str_t code = va_json_string(va_json_pointer(root, VA_STR("/detail/status")));
    wk_error(e, class_of(res->status), "ElevenLabs: status %d %.*s", res->status,
             (int)(code.len < 80 ? code.len : 80), code.len > 0 ? code.data : "");
    snprintf(e->detail, sizeof(e->detail), "%.*s", (int)(code.len < 31 ? code.len : 31),
             code.len > 0 ? code.data : "");
    e->retry_after_ms = res->retry_after_ms;
    return false;
}

static va_str_t conversation_url(wk_ctx_t *ctx, va_str_t id)
{
    va_buf_t url;
    const char *base = ctx->config->elevenlabs_base_url;
    va_buf_init(&url, wk_mem(ctx->arena), 128);
    va_buf_add_c(&url, base != NULL ? base : BASE_URL);
    va_buf_add_c(&url, "/v1/convai/conversations/");
    va_url_encode(&url, id);
    va_buf_add_char(&url, '\0');
    return va_buf_str(&url);
}

bool wk_elevenlabs_conversation(wk_ctx_t *ctx, va_str_t id, const va_json_t **conversation,
                                wk_error_t *e)
{
    wk_http_response_t res;
    if (ctx->config->elevenlabs_api_key == NULL) {
        return wk_error(e, WK_FORBIDDEN, "ElevenLabs: no key is configured");
    }
    va_str_t key = wk_printf(ctx->arena, "xi-api-key: %s", ctx->config->elevenlabs_api_key);
    const char *const headers[] = {key.data, "Accept: application/json", NULL};
    wk_http_request_t req = {.method = "GET",
                             .url = conversation_url(ctx, id).data,
                             .headers = headers,
                             .timeout_ms = TIMEOUT_MS,
                             .max_bytes = MAX_BYTES};
    if (!wk_http(ctx->http, ctx->arena, &req, &res, e)) {
        /* A question may be asked again, whatever became of it. */
        e->code = e->code == WK_UNKNOWN ? WK_UNAVAILABLE : e->code;
        return wk_error_wrap(e, "ElevenLabs");
    }
    if (res.status != 200) {
        return refused(ctx, &res, e);
    }
    if (va_json_parse(wk_mem(ctx->arena), res.body, &limits, conversation) != VA_OK ||
        !va_json_is(*conversation, VA_JSON_OBJECT)) {
        return wk_error(e, WK_UNAVAILABLE, "ElevenLabs: a conversation that cannot be read");
    }
    return true;
}
