#include "worker/agent/calendar_unasked.h"

#include "worker/agent/task.h"
#include "worker/store/calendar.h"
#include "worker/store/tasks.h"

/*
 * "tune-up, Saturday, November 28 at 10:00 AM". Of the customer nothing is told, since the task
 * outlives what is known of one of them.
 */
static bool line_of(wk_tx_t *tx, const wk_language_t *l, va_str_t type, const wk_slot_t *slot,
                    va_str_t *line, wk_error_t *e)
{
    wk_service_t s;
    wk_arena_t *a = wk_tx_arena(tx);
    va_str_t when = wk_word_slot(a, l, slot);
    if (!wk_service(tx, l, type, &s, e)) {
        return false;
    }
    *line = wk_printf(a, "%.*s, %.*s", (int)s.name.len, s.name.data, (int)when.len, when.data);
    return true;
}

/* ---------------------------------------------------------------- one more */

static bool raise(wk_ctx_t *ctx, wk_tx_t *tx, va_str_t now_us, wk_error_t *e)
{
    wk_task_t task = {
        .kind = "review",
        .key = wk_printf(ctx->arena, "calendar:unasked:%.*s", (int)now_us.len, now_us.data),
        .title = "task.calendar_unasked",
        .body = "task.calendar_unasked_body"};
    return wk_task_raise(ctx, tx, &task, e);
}

bool wk_calendar_unasked(wk_ctx_t *ctx, wk_tx_t *tx, const wk_appointment_t *p, wk_error_t *e)
{
    wk_rows_t *open;
    va_str_t line;
    const wk_language_t *l = wk_task_language(ctx, tx, e);
    if (l == NULL || !line_of(tx, l, p->type, &p->slot, &line, e) ||
        !wk_sql_later(tx, &wk_sql_calendar_unasked_lock, NULL, e) ||
        !wk_sql(tx, &wk_sql_calendar_unasked_open, NULL, &open, e)) {
        return false;
    }
    va_str_t now_us = wk_cell(open, 0, "now_us");
    va_str_t params[] = {p->id, line, now_us};
    return (wk_cell_bool(open, 0, "open") || raise(ctx, tx, now_us, e)) &&
           wk_sql(tx, &wk_sql_calendar_unasked_add, params, NULL, e);
}

/* ---------------------------------------------------------------- the end of an outage */

static bool list_clashes(wk_tx_t *tx, const wk_language_t *l, const wk_rows_t *clashes,
                         va_buf_t *body, wk_error_t *e)
{
    for (size_t i = 0; i < wk_rows_count(clashes); i++) {
        va_str_t line;
        const wk_slot_t slot = {.date = wk_cell(clashes, i, "date"),
                                .time = wk_cell(clashes, i, "time")};
        if (!line_of(tx, l, wk_cell(clashes, i, "type"), &slot, &line, e)) {
            return false;
        }
        va_buf_add_char(body, '\n');
        va_buf_add_str(body, line);
    }
    return true;
}

static bool tell_clashes(wk_ctx_t *ctx, wk_tx_t *tx, va_str_t task, const wk_rows_t *clashes,
                         wk_error_t *e)
{
    va_buf_t body;
    const wk_language_t *l = wk_task_language(ctx, tx, e);
    if (l == NULL) {
        return false;
    }
    va_buf_init(&body, wk_mem(ctx->arena), 512);
    va_buf_add_str(&body, wk_text(l, "task.calendar_clash_body"));
    if (!list_clashes(tx, l, clashes, &body, e)) {
        return false;
    }
    va_str_t params[] = {task, wk_text(l, "task.calendar_clash"), va_buf_str(&body)};
    return wk_sql(tx, &wk_sql_calendar_unasked_clash, params, NULL, e);
}

static bool settle(wk_ctx_t *ctx, wk_tx_t *tx, va_str_t task, va_str_t key, wk_error_t *e)
{
    wk_rows_t *clashes;
    if (!wk_sql(tx, &wk_sql_calendar_clashes, &task, &clashes, e)) {
        return false;
    }
    return wk_rows_count(clashes) > 0 ? tell_clashes(ctx, tx, task, clashes, e)
                                      : wk_sql(tx, &wk_sql_tasks_settled, &key, NULL, e);
}

bool wk_calendar_unasked_settle(wk_ctx_t *ctx, wk_tx_t *tx, wk_error_t *e)
{
    wk_rows_t *tasks;
    if (!wk_sql_later(tx, &wk_sql_calendar_unasked_lock, NULL, e) ||
        !wk_sql(tx, &wk_sql_calendar_unasked_known, NULL, &tasks, e)) {
        return false;
    }
    for (size_t i = 0; i < wk_rows_count(tasks); i++) {
        if (!settle(ctx, tx, wk_cell(tasks, i, "id"), wk_cell(tasks, i, "key"), e)) {
            return false;
        }
    }
    return true;
}
