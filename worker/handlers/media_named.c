/*
 * media.named: the platform of a live call's agent has a name for the talk. Its report, which
 * knows no CallSid of a call that we carry, then finds the call, and what it told of it before
 * is made part of it.
 */
#include "worker/agent/call.h"
#include "worker/clock.h"
#include "worker/handlers/handlers.h"
#include "worker/handlers/media_call.h"
#include "worker/handlers/webhook.h"

static bool name_call(wk_tx_t *tx, void *arg, wk_error_t *e)
{
    wk_call_t opened;
    const wk_media_call_t *call = arg;
    int64_t now = wk_now_ms() / 1000;
    const wk_call_told_t told = {.call_sid = call->sid,
                                 .conversation = va_json_get_string(call->body, "conversation"),
                                 .agent_id = call->agent,
                                 .started_at = now,
                                 .told_at = now};
    return wk_call_open(tx, &told, &opened, e) && wk_call_close(tx, &opened, e);
}

wk_outcome_t wk_media_named(wk_ctx_t *ctx, va_reply_t *reply, wk_error_t *e)
{
    wk_media_call_t call;
    (void)reply;
    if (!wk_media_call_read(ctx, &call, e)) {
        return wk_webhook_failed(e);
    }
    if (!wk_webhook_is_id(va_json_get_string(call.body, "conversation"))) {
        wk_error(e, WK_INVALID, "no name of a conversation");
        return WK_GIVE_UP;
    }
    return wk_tx(ctx->db, ctx->arena, ctx->job->org, 0, name_call, &call, e)
               ? WK_DONE
               : wk_webhook_failed(e);
}
