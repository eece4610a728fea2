/* calls.conclude: what follows a call that was reported. */
#include "worker/agent/call_conclusion.h"
#include "worker/handlers/handlers.h"
#include "worker/handlers/request.h"
#include "worker/handlers/webhook.h"

wk_outcome_t wk_calls_conclude(wk_ctx_t *ctx, va_reply_t *reply, wk_error_t *e)
{
    const va_json_t *body;
    (void)reply;
    if (!wk_webhook_json(ctx, &body, e)) {
        return wk_webhook_failed(e);
    }
    va_str_t call = va_json_get_string(body, "call");
    if (!wk_is_uuid(call)) {
        wk_error(e, WK_INVALID, "no call is named");
        return WK_GIVE_UP;
    }
    return wk_call_conclude(ctx, ctx->job->org, call, e);
}
