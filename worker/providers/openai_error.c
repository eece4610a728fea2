#include "worker/providers/openai_error.h"

#include <stdio.h>

#include "core/json.h"
#include "worker/json.h"

wk_code_t wk_openai_class(int status, va_str_t code)
{
    if (va_str_eq(code, VA_STR("context_length_exceeded"))) {
        return WK_INVALID;
    }
    if (va_str_eq(code, VA_STR("insufficient_quota"))) {
        return WK_REFUSED;
    }
    if (status == 401 || status == 403) {
        return WK_FORBIDDEN;
    }
    return status == 408 || status == 409 || status == 429 || status >= 500 ? WK_UNAVAILABLE
                                                                            : WK_REFUSED;
}

/* The service's message may repeat what was asked: it stays out. */
bool wk_openai_refused(wk_ctx_t *ctx, const wk_http_response_t *res, wk_error_t *e)
{
    const va_json_t *root = wk_json_parse(ctx->arena, res->body);
    va_str_t code = va_json_string(va_json_pointer(root, VA_STR("/error/code")));
    int len = (int)(code.len < sizeof(e->detail) ? code.len : sizeof(e->detail) - 1);
    wk_error(e, wk_openai_class(res->status, code), "OpenAI: status %d %.*s", res->status, len,
             len > 0 ? code.data : "");
    snprintf(e->detail, sizeof(e->detail), "%.*s", len, len > 0 ? code.data : "");
    e->retry_after_ms = res->retry_after_ms;
    return false;
}
