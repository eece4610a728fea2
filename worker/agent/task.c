#include "worker/agent/task.h"

#include "worker/store/organizations.h"
#include "worker/store/tasks.h"

const wk_language_t *wk_task_language(wk_ctx_t *ctx, wk_tx_t *tx, wk_error_t *e)
{
    wk_rows_t *rows;
    const wk_catalogue_t *c = wk_catalogue(ctx->config, e);
    if (c == NULL || !wk_sql(tx, &wk_sql_shop_language, NULL, &rows, e)) {
        return NULL;
    }
    va_str_t code = wk_rows_count(rows) == 1 ? wk_cell(rows, 0, "language") : VA_STR_NULL;
    return wk_catalogue_pick(c, code, VA_STR_NULL);
}

bool wk_task_raise_new(wk_ctx_t *ctx, wk_tx_t *tx, const wk_task_t *task, bool *is_new,
                       wk_error_t *e)
{
    wk_rows_t *rows;
    wk_arena_t *a = wk_tx_arena(tx);
    const wk_language_t *l = wk_task_language(ctx, tx, e);
    if (l == NULL) {
        return wk_error_wrap(e, "task");
    }
    va_str_t body = task->text;
    if (task->body != NULL) {
        body = wk_say(a, l, task->body, {"who", task->who}, {"text", task->text});
    }
    va_str_t params[] = {
        va_str_c(task->kind),
        task->key,
        va_str_c(task->priority != NULL ? task->priority : "normal"),
        wk_say(a, l, task->title, {"who", task->who}, {"number", task->number}),
        body,
        task->customer,
        task->order,
        task->chat,
    };
    if (!wk_sql(tx, &wk_sql_task_raise, params, &rows, e)) {
        return wk_error_wrap(e, "task");
    }
    *is_new = wk_rows_affected(rows) == 1;
    return true;
}

bool wk_task_raise(wk_ctx_t *ctx, wk_tx_t *tx, const wk_task_t *task, wk_error_t *e)
{
    bool is_new;
    return wk_task_raise_new(ctx, tx, task, &is_new, e);
}
