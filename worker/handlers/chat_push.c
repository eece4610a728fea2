/*
 * chat.push: takes what a person wrote in a chat to the WebSockets of its visitor. A connection
 * that nobody has may be one whose nginx has just lost Redis: it is tried for some seconds.
 * What is more than a slow client can take comes second by second. chat.person: tells them
 * whether a person has the chat, as it is by then.
 */
#include "worker/agent/chat_sockets.h"
#include "worker/handlers/handlers.h"
#include "worker/handlers/request.h"
#include "worker/handlers/webhook.h"
#include "worker/json.h"

#define PAUSE_MS 1000

static bool read_session(wk_ctx_t *ctx, va_str_t *session, wk_error_t *e)
{
    const va_json_t *body = wk_json_parse(ctx->arena, ctx->job->body);
    *session = va_json_get_string(body, "session");
    return wk_is_uuid(*session) || wk_error(e, WK_INVALID, "a job of a chat names no session");
}

wk_outcome_t wk_chat_push(wk_ctx_t *ctx, va_reply_t *reply, wk_error_t *e)
{
    va_str_t session;
    bool left;
    (void)reply;
    if (!read_session(ctx, &session, e) ||
        !wk_chat_sockets_push(ctx, ctx->job->org, session, &left, e)) {
        return wk_webhook_failed(e);
    }
    if (!left) {
        return WK_DONE;
    }
    e->retry_after_ms = PAUSE_MS;
    return WK_LATER;
}

wk_outcome_t wk_chat_person(wk_ctx_t *ctx, va_reply_t *reply, wk_error_t *e)
{
    va_str_t session;
    (void)reply;
    return read_session(ctx, &session, e) &&
                   wk_chat_sockets_tell(ctx, ctx->job->org, session, e)
               ? WK_DONE
               : wk_webhook_failed(e);
}
