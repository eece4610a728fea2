/* email.send: an e-mail that was queued by another job leaves. */
#include "worker/agent/email.h"

#include "worker/handlers/handlers.h"
#include "worker/handlers/webhook.h"

wk_outcome_t wk_email_send_queued(wk_ctx_t *ctx, va_reply_t *reply, wk_error_t *e)
{
    const va_json_t *body;
    (void)reply;
    if (!wk_webhook_json(ctx, &body, e)) {
        return wk_webhook_failed(e);
    }
    return wk_email_send(ctx, ctx->job->org, va_json_get_string(body, "key"), e);
}
