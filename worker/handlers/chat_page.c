#include "worker/handlers/chat_page.h"

#include "worker/handlers/reply.h"
#include "worker/handlers/request.h"
#include "worker/store/chat.h"

void wk_chat_page_may_read(wk_ctx_t *ctx, va_reply_t *reply, va_str_t origin)
{
    wk_reply_header(ctx, reply, "access-control-allow-origin", origin);
}

static bool known_origin(wk_tx_t *tx, void *arg, wk_error_t *e)
{
    wk_rows_t *rows;
    const va_str_t *origin = arg;
    if (!wk_sql(tx, &wk_sql_chat_origin, origin, &rows, e)) {
        return false;
    }
    return wk_cell_bool(rows, 0, "known") ||
           wk_refuse(e, WK_R_FORBIDDEN, "The chat is not for pages of that origin.");
}

wk_outcome_t wk_chat_page_allow(wk_ctx_t *ctx, va_reply_t *reply, wk_error_t *e)
{
    va_str_t origin = wk_request_header(ctx->job, "origin");
    if (!wk_tx(ctx->db, ctx->arena, VA_STR_NULL, 0, known_origin, &origin, e)) {
        return wk_reply_error(ctx, reply, e);
    }
    reply->status = 204;
    wk_chat_page_may_read(ctx, reply, origin);
    return WK_DONE;
}
