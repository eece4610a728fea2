#include "worker/agent/calendar_gone.h"

#include "worker/agent/task.h"
#include "worker/store/calendar.h"
#include "worker/store/tasks.h"

/* What the keys of its tasks begin with; calendar absent: those of all. */
static va_str_t key_of(wk_tx_t *tx, va_str_t calendar)
{
    return calendar.data == NULL
               ? VA_STR("calendar:gone:")
               : wk_printf(wk_tx_arena(tx), "calendar:gone:%.*s:", (int)calendar.len,
                           calendar.data);
}

static bool raise(wk_ctx_t *ctx, wk_tx_t *tx, va_str_t calendar, va_str_t since, wk_error_t *e)
{
    va_str_t key = key_of(tx, calendar);
    wk_task_t task = {.kind = "review",
                      .key = wk_printf(wk_tx_arena(tx), "%.*s%.*s", (int)key.len, key.data,
                                       (int)since.len, since.data),
                      .title = "task.calendar_gone",
                      .body = "task.calendar_gone_body",
                      .who = calendar};
    return wk_task_raise(ctx, tx, &task, e);
}

/* Locks its events, then tasks, then its row, as the end of a synchronisation does. */
bool wk_calendar_gone(wk_ctx_t *ctx, wk_tx_t *tx, va_str_t calendar, const char *why,
                      wk_error_t *e)
{
    wk_rows_t *rows;
    va_str_t params[] = {calendar, va_str_c(why)};
    if (!wk_sql(tx, &wk_sql_calendar_gone_events, &calendar, NULL, e) ||
        !wk_sql(tx, &wk_sql_calendar_gone_since, &calendar, &rows, e)) {
        return false;
    }
    return wk_rows_count(rows) == 0 || /* no service goes to it any more */
           (raise(ctx, tx, calendar, wk_cell(rows, 0, "since_us"), e) &&
            wk_sql(tx, &wk_sql_calendar_gone, params, NULL, e));
}

bool wk_calendar_gone_settle(wk_tx_t *tx, va_str_t calendar, wk_error_t *e)
{
    va_str_t key = key_of(tx, calendar);
    return wk_sql(tx, &wk_sql_tasks_settled, &key, NULL, e);
}

bool wk_calendar_gone_leave(wk_tx_t *tx, wk_error_t *e)
{
    wk_rows_t *dropped;
    if (!wk_sql(tx, &wk_sql_calendar_gone_leave, NULL, NULL, e) ||
        !wk_sql(tx, &wk_sql_calendars_drop, NULL, &dropped, e)) {
        return false;
    }
    for (size_t i = 0; i < wk_rows_count(dropped); i++) {
        if (!wk_calendar_gone_settle(tx, wk_cell(dropped, i, "calendar"), e)) {
            return false;
        }
    }
    return true;
}
