/*
 * phone.redirect: the voice process that had a call fell silent (worker/call_reaper.c), and
 * Twilio does not know. The call is taken to the re-entry door, unless somebody has it by now.
 */
#include "worker/agent/redirect.h"
#include "worker/call_state.h"
#include "worker/handlers/handlers.h"
#include "worker/handlers/webhook.h"

typedef struct {
    va_str_t sid;
    int64_t epoch;
} lost_t;

static bool read_lost(wk_ctx_t *ctx, lost_t *lost, wk_error_t *e)
{
    const va_json_t *body;
    if (!wk_webhook_json(ctx, &body, e)) {
        return false;
    }
    lost->sid = va_json_get_string(body, "call");
    return (wk_webhook_is_id(lost->sid) &&
            va_json_int(va_json_get(body, "epoch"), &lost->epoch)) ||
           wk_error(e, WK_INVALID, "a lost call without its epoch");
}

/* Any other epoch means that the call has come back by itself, or has ended. */
static bool still_lost(const wk_call_state_t *state, int64_t epoch)
{
    return state->epoch == epoch && state->owner.data == NULL && !state->ended;
}

wk_outcome_t wk_phone_redirect(wk_ctx_t *ctx, va_reply_t *reply, wk_error_t *e)
{
    lost_t lost;
    bool found;
    wk_call_state_t state;
    (void)reply;
    if (!read_lost(ctx, &lost, e) ||
        !wk_call_state_read(ctx->redis, ctx->arena, lost.sid, &state, &found, e)) {
        return wk_webhook_failed(e);
    }
    if (!found || !still_lost(&state, lost.epoch)) {
        return WK_DONE;
    }
    const wk_redirect_t to = {.organization = ctx->job->org,
                              .sid = lost.sid,
                              .language = state.language,
                              .path = "resume",
                              .n = lost.epoch};
    return wk_redirect_call(ctx, &to, e) ? WK_DONE : wk_webhook_failed(e);
}
