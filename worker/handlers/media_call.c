#include "worker/handlers/media_call.h"

#include "worker/agent/promise.h"
#include "worker/handlers/webhook.h"
#include "worker/store/media.h"
#include "worker/store/organizations.h"

static bool read_row(wk_tx_t *tx, void *arg, wk_error_t *e)
{
    wk_media_call_t *call = arg;
    wk_rows_t *shop, *row;
    if (!wk_sql(tx, &wk_sql_shop_language, NULL, &shop, e) ||
        !wk_sql_last(tx, &wk_sql_media_call, &call->sid, &row, e)) {
        return false;
    }
    if (wk_rows_count(row) == 0) {
        return wk_error(e, WK_NOT_FOUND, "no such call");
    }
    va_str_t number = wk_cell(row, 0, "customer_number");
    bool attested = number.data != NULL && wk_cell_bool(row, 0, "attested");
    call->customer = wk_cell(row, 0, "customer_id");
    call->resumed = wk_cell_bool(row, 0, "resumed");
    call->opening = wk_cell(row, 0, "opening");
    call->reason = wk_cell(row, 0, "call_reason");
    call->returned = wk_cell_bool(row, 0, "returned");
    call->unanswered = wk_cell_bool(row, 0, "unanswered");
    call->held = wk_cell_bool(row, 0, "held");
    call->left_s = wk_cell_int(row, 0, "left_s", 0);
    call->warned = wk_cell_bool(row, 0, "warned");
    call->recorded = wk_cell_bool(row, 0, "recorded");
    call->engines = wk_cell(row, 0, "engines");
    call->plan = wk_cell(row, 0, "plan");
    call->agent = wk_cell(row, 0, "elevenlabs_agent_id");
    call->vad_threshold = wk_cell(row, 0, "vad_threshold");
    call->prefix_padding_ms = wk_cell_int(row, 0, "prefix_padding_ms", 0);
    call->silence_ms = wk_cell_int(row, 0, "silence_ms", 0);
    call->voice = wk_cell(row, 0, "voice");
    call->speech = wk_cell(row, 0, "speech");
    call->voices = wk_cell(row, 0, "voices");
    call->business_type = wk_cell(row, 0, "business_type");
    call->emergency_words = wk_cell(row, 0, "emergency_words");
    call->caller = (wk_tool_caller_t){
        .organization = wk_tx_organization(tx),
        .level = attested ? WK_LEVEL_PHONE : WK_LEVEL_ANYBODY,
        .channel = "voice",
        .scope = call->sid,
        .call = wk_cell(row, 0, "id"),
        .phone = number,
        .shop_phone = wk_cell(row, 0, "shop_number"),
        .language = wk_catalogue_pick(call->catalogue, wk_cell(row, 0, "language"),
                                      wk_cell(shop, 0, "language"))};
    return true;
}

bool wk_media_call_read(wk_ctx_t *ctx, wk_media_call_t *call, wk_error_t *e)
{
    *call = (wk_media_call_t){.catalogue = wk_catalogue(ctx->config, e)};
    if (call->catalogue == NULL || !wk_webhook_json(ctx, &call->body, e)) {
        return false;
    }
    call->sid = va_json_get_string(call->body, "call");
    if (!wk_webhook_is_id(call->sid) || ctx->job->org.data == NULL) {
        return wk_error(e, WK_INVALID, "a voice job without its call");
    }
    return wk_tx(ctx->db, ctx->arena, ctx->job->org, 0, read_row, call, e);
}

bool wk_media_did(wk_tx_t *tx, const wk_media_call_t *call, unsigned done, wk_error_t *e)
{
    va_str_t params[] = {call->caller.call, wk_promise_write(wk_tx_arena(tx), done)};
    return done == 0 || wk_sql(tx, &wk_sql_media_did, params, NULL, e);
}

wk_outcome_t wk_media_reply(va_json_writer_t *w, const va_buf_t *text, va_reply_t *reply,
                            wk_error_t *e)
{
    va_json_object_end(w);
    if (va_json_writer_end(w) != VA_OK) {
        wk_error(e, WK_INTERNAL, "a reply cannot be written");
        return WK_GIVE_UP;
    }
    *reply = (va_reply_t){
        .status = 200, .type = VA_STR("application/json"), .body = va_buf_str(text)};
    return WK_DONE;
}
