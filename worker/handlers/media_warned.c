/* media.warned: the caller of a live call was told that it may not last much longer. */
#include "worker/handlers/handlers.h"
#include "worker/handlers/media_call.h"
#include "worker/handlers/webhook.h"
#include "worker/store/phone.h"

static bool note(wk_tx_t *tx, void *arg, wk_error_t *e)
{
    const wk_media_call_t *call = arg;
    return wk_sql(tx, &wk_sql_phone_warned, &call->caller.call, NULL, e);
}

wk_outcome_t wk_media_warned(wk_ctx_t *ctx, va_reply_t *reply, wk_error_t *e)
{
    wk_media_call_t call;
    (void)reply;
    return wk_media_call_read(ctx, &call, e) &&
                   wk_tx(ctx->db, ctx->arena, ctx->job->org, 0, note, &call, e)
               ? WK_DONE
               : wk_webhook_failed(e);
}
