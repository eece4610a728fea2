/* calls.conclude: what follows a call that was reported. */
#include "worker/agent/call_conclusion.h"
#include "worker/handlers/handlers.h"
#include "worker/handlers/request.h"
#include "worker/handlers/webhook.h"

wk_outcome_t wk_calls_conclude(wk_ctx_t *ctx, va_reply_t *reply, wk_error_t *e)
{
    va_str_t call;
    (void)reply;
    if (!wk_webhook_names(ctx, "call", wk_is_uuid, &call, e)) {
        return wk_webhook_failed(e);
    }
    return wk_call_conclude(ctx, ctx->job->org, call, e);
}
