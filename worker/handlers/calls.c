/* GET /api/calls and one of them, with its turns. */
#include "worker/handlers/call_named.h"
#include "worker/handlers/caller.h"
#include "worker/handlers/handlers.h"
#include "worker/handlers/list.h"
#include "worker/handlers/reply.h"
#include "worker/store/call_sessions.h"
#include "worker/store/conversations.h"

#define MAX_TURNS      1000
#define MAX_TURN_BYTES (512 * 1024) /* beside the call itself, in a reply of 1 MiB */

static const char *const statuses[] = {"connecting", "in_progress", "completed", "failed",
                                       "busy",       "no_answer",   "canceled",  NULL};

typedef struct {
    wk_ctx_t *ctx;
    wk_list_t list;
    va_str_t id;
    wk_rows_t *rows, *turns;
} calls_t;

static bool list_tx(wk_tx_t *tx, const wk_caller_t *caller, void *arg, wk_error_t *e)
{
    calls_t *c = arg;
    va_str_t params[WK_LIST_PARAMS];
    (void)caller;
    wk_list_params(c->ctx, &c->list, params);
    return wk_sql_last(tx, &wk_sql_calls, params, &c->rows, e);
}

wk_outcome_t wk_calls_list(wk_ctx_t *ctx, va_reply_t *reply, wk_error_t *e)
{
    wk_document_t doc;
    calls_t c = {.ctx = ctx};
    if (!wk_list_read(ctx, statuses, &c.list, e) ||
        !wk_caller_tx(ctx, WK_FROM_STAFF, list_tx, &c, e)) {
        return wk_reply_error(ctx, reply, e);
    }
    va_json_writer_t *w = wk_reply_begin(ctx, &doc);
    wk_page_put(ctx, w, "calls", c.rows, &c.list.page, false);
    return wk_reply_end(ctx, &doc, 200, reply, e);
}

static bool get_tx(wk_tx_t *tx, const wk_caller_t *caller, void *arg, wk_error_t *e)
{
    calls_t *c = arg;
    (void)caller;
    if (!wk_call_named(tx, c->id, &c->id, e) ||
        !wk_sql(tx, &wk_sql_call, &c->id, &c->rows, e) || !wk_request_found(c->rows, e)) {
        return false;
    }
    va_str_t params[] = {wk_printf(c->ctx->arena, "%d", MAX_TURNS + 1), c->id};
    return wk_sql_last(tx, &wk_sql_call_turns, params, &c->turns, e);
}

/* Of a call that has more turns than a reply has room for, the last. */
wk_outcome_t wk_calls_get(wk_ctx_t *ctx, va_reply_t *reply, wk_error_t *e)
{
    wk_document_t doc;
    calls_t c = {.ctx = ctx, .id = wk_request_id(ctx, 2)};
    if (!wk_caller_tx(ctx, WK_FROM_STAFF, get_tx, &c, e)) {
        return wk_reply_error(ctx, reply, e);
    }
    const wk_items_t turns = {c.turns, MAX_TURNS, MAX_TURN_BYTES, true};
    va_json_writer_t *w = wk_reply_begin(ctx, &doc);
    va_json_key(w, "call");
    va_json_put_raw(w, wk_cell(c.rows, 0, "item"));
    size_t n = wk_page_put_items(w, "turns", &turns);
    va_json_add_bool(w, "turns_complete", n == wk_rows_count(c.turns));
    return wk_reply_end(ctx, &doc, 200, reply, e);
}
