#include "worker/agent/chat_limit.h"

#include "worker/store/chat.h"

static bool count(const wk_ctx_t *ctx, wk_tx_t *tx, const wk_sql_t *sql, va_str_t source,
                  va_str_t number, bool *left, wk_error_t *e)
{
    wk_rows_t *rows;
    wk_arena_t *a = wk_tx_arena(tx);
    va_str_t who[] = {source, number};
    va_str_t params[] = {source, number, wk_printf(a, "%d", ctx->config->chat_day_address),
                         wk_printf(a, "%d", ctx->config->chat_day_number)};
    if (!wk_sql(tx, &wk_sql_chat_effect_lock, who, NULL, e) ||
        !wk_sql(tx, sql, params, &rows, e)) {
        return wk_error_wrap(e, "chat");
    }
    *left = wk_cell_bool(rows, 0, "counted");
    return true;
}

bool wk_chat_limit_booking(const wk_ctx_t *ctx, wk_tx_t *tx, va_str_t source, va_str_t number,
                           bool *left, wk_error_t *e)
{
    return count(ctx, tx, &wk_sql_chat_effect_booking, source, number, left, e);
}

bool wk_chat_limit_number(const wk_ctx_t *ctx, wk_tx_t *tx, va_str_t source, va_str_t number,
                          bool *left, wk_error_t *e)
{
    return count(ctx, tx, &wk_sql_chat_effect_number, source, number, left, e);
}
