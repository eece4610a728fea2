/*
 * chat.open: whether a WebSocket of a shop's chat may be opened, by the key in its address and
 * the page's origin. nginx asks before it opens one; each message is judged again.
 */
#include "worker/handlers/chat_session.h"
#include "worker/handlers/handlers.h"
#include "worker/handlers/reply.h"
#include "worker/handlers/request.h"

static bool open_tx(wk_tx_t *tx, void *arg, wk_error_t *e)
{
    wk_chat_session_t session = {.let_in = false};
    return wk_chat_let_in(tx, arg, &session, e);
}

static bool may_open(wk_ctx_t *ctx, wk_error_t *e)
{
    va_str_t organization = VA_STR_NULL;
    wk_chat_request_t request = {.token = VA_STR_NULL};
    if (!wk_chat_read_address(ctx, &request, e)) {
        return false;
    }
    return wk_chat_tx(ctx, &request, wk_request_deadline_ms(ctx), open_tx, &request,
                      &organization, e) &&
           (organization.data != NULL || wk_chat_refuse_key(e));
}

wk_outcome_t wk_chat_open(wk_ctx_t *ctx, va_reply_t *reply, wk_error_t *e)
{
    wk_document_t doc;
    if (!may_open(ctx, e)) {
        return wk_reply_error(ctx, reply, e);
    }
    wk_reply_begin(ctx, &doc);
    return wk_reply_end(ctx, &doc, 200, reply, e);
}
