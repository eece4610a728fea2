/*
 * GET /api/conversations/{customer}: what was said and written with a customer over calls,
 * SMS and chat. Pages go back in time; within a page the oldest comes first.
 */
#include "worker/store/conversations.h"
#include "worker/handlers/caller.h"
#include "worker/handlers/handlers.h"
#include "worker/handlers/page.h"
#include "worker/handlers/reply.h"
#include "worker/handlers/request.h"

typedef struct {
    wk_ctx_t *ctx;
    wk_page_t page;
    va_str_t customer;
    wk_rows_t *conversation, *messages;
} conversation_t;

static bool get_tx(wk_tx_t *tx, const wk_caller_t *caller, void *arg, wk_error_t *e)
{
    conversation_t *c = arg;
    va_str_t params[4];
    (void)caller;
    wk_page_params(c->ctx, &c->page, params);
    params[3] = c->customer;
    return wk_request_known_id(c->customer, e) &&
           wk_sql(tx, &wk_sql_conversation, &c->customer, &c->conversation, e) &&
           wk_request_found(c->conversation, e) &&
           wk_sql_last(tx, &wk_sql_conversation_messages, params, &c->messages, e);
}

wk_outcome_t wk_conversations_get(wk_ctx_t *ctx, va_reply_t *reply, wk_error_t *e)
{
    va_form_t args;
    wk_document_t doc;
    conversation_t c = {.ctx = ctx, .customer = wk_request_id(ctx, 2)};
    if (!wk_request_args(ctx, &args, e) || !wk_page_read(ctx, &args, &c.page, e) ||
        !wk_caller_tx(ctx, WK_FROM_STAFF, get_tx, &c, e)) {
        return wk_reply_error(ctx, reply, e);
    }
    va_json_writer_t *w = wk_reply_begin(ctx, &doc);
    va_json_key(w, "conversation");
    va_json_put_raw(w, wk_cell(c.conversation, 0, "item"));
    wk_page_put(ctx, w, "messages", c.messages, &c.page, true);
    return wk_reply_end(ctx, &doc, 200, reply, e);
}
