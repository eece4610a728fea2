/* calls.begin: a call that was greeted is stored, and its caller is a lead from now on. */
#include "worker/agent/call.h"

#include "worker/agent/shop.h"
#include "worker/handlers/handlers.h"
#include "worker/handlers/webhook.h"

static va_str_t raw_json(wk_ctx_t *ctx, const va_json_t *value)
{
    va_buf_t text;
    va_buf_init(&text, wk_mem(ctx->arena), 4096);
    va_json_writer_t *w = va_json_writer_new(&text);
    va_json_put_value(w, value);
    return va_json_writer_end(w) == VA_OK ? va_buf_str(&text) : VA_STR_NULL;
}

static bool begin_tx(wk_tx_t *tx, void *arg, wk_error_t *e)
{
    wk_call_t call;
    return wk_call_open(tx, arg, &call, e) && wk_shop_look_up_later(tx, call.customer, e) &&
           wk_call_close(tx, &call, e);
}

wk_outcome_t wk_calls_begin(wk_ctx_t *ctx, va_reply_t *reply, wk_error_t *e)
{
    const va_json_t *body;
    (void)reply;
    if (!wk_webhook_json(ctx, &body, e)) {
        return wk_webhook_failed(e);
    }
    va_str_t caller = va_json_get_string(body, "caller_id");
    wk_call_told_t told = {
        .call_sid = va_json_get_string(body, "call_sid"),
        .conversation = va_json_get_string(body, "conversation_id"),
        .caller = caller,
        .called = va_json_get_string(body, "called_number"),
        .agent_id = va_json_get_string(body, "agent_id"),
        .engine = VA_STR("elevenlabs"),
        .language = va_json_get_string(body, "language"),
        .started_at = ctx->job->enqueued_ms / 1000,
        .variables = raw_json(ctx, va_json_get(body, "variables")),
        .context = va_json_get_string(body, "context"),
        .anonymous = caller.data == NULL,
    };
    if (told.call_sid.data == NULL || ctx->job->org.data == NULL) {
        wk_error(e, WK_INVALID, "a call without its name or its organization");
        return wk_webhook_failed(e);
    }
    return wk_tx(ctx->db, ctx->arena, ctx->job->org, 0, begin_tx, &told, e)
               ? WK_DONE
               : wk_webhook_failed(e);
}
