#include "worker/agent/calendar_apply.h"

#include "worker/agent/appointment.h"
#include "worker/agent/calendar_event.h"
#include "worker/agent/calendar_push.h"
#include "worker/agent/task.h"
#include "worker/log.h"
#include "worker/store/calendar.h"

#define MAX_SPAN_S (744 * 3600) /* as appointments' own check has it */

typedef struct {
    wk_ctx_t *ctx;
    wk_tx_t *tx;
    va_str_t calendar, zone, event_id;
    const va_json_t *event;
} change_t;

/* ---------------------------------------------------------------- somebody else's */

static bool drop(const change_t *c, wk_error_t *e)
{
    va_str_t params[] = {c->calendar, c->event_id};
    return wk_sql(c->tx, &wk_sql_calendar_event_drop, params, NULL, e);
}

static bool mirror(const change_t *c, wk_error_t *e)
{
    bool readable;
    wk_calendar_span_t span;
    if (!wk_calendar_event_times(c->tx, c->event, c->zone, &span, &readable, e)) {
        return false;
    }
    if (!readable) {
        wk_log(WK_WARN, "an event without a time", WK_S("event", c->event_id));
        return drop(c, e);
    }
    va_str_t params[] = {c->calendar,
                         c->event_id,
                         wk_decimal(c->ctx->arena, span.starts_s),
                         wk_decimal(c->ctx->arena, span.ends_s),
                         wk_calendar_event_busy(c->event) ? VA_STR("true") : VA_STR("false"),
                         va_json_get_string(c->event, "etag")};
    return wk_sql(c->tx, &wk_sql_calendar_event_put, params, NULL, e);
}

/* ---------------------------------------------------------------- ours */

static bool raise_conflict(const change_t *c, const wk_appointment_t *p, wk_error_t *e)
{
    wk_task_t task = {.kind = "review",
                      .key = wk_printf(c->ctx->arena, "calendar:conflict:%.*s:%.*s",
                                       (int)p->id.len, p->id.data, (int)p->slot.starts.len,
                                       p->slot.starts.data),
                      .title = "task.calendar_conflict",
                      .who = p->name.len > 0 ? p->name : p->phone,
                      .text = p->slot.starts,
                      .customer = p->customer};
    return wk_task_raise(c->ctx, c->tx, &task, e);
}

/* Google shows the appointment where it is not: it is put right there, and the shop hears. */
static bool insist(const change_t *c, const wk_appointment_t *p, wk_error_t *e)
{
    return raise_conflict(c, p, e) && wk_calendar_push_later(c->tx, p->id, e);
}

static bool occupied(const change_t *c, const wk_appointment_t *p,
                     const wk_calendar_span_t *span, bool *other, wk_error_t *e)
{
    wk_rows_t *rows;
    va_str_t params[] = {p->id, wk_decimal(c->ctx->arena, span->starts_s),
                         wk_decimal(c->ctx->arena, span->ends_s)};
    if (!wk_sql(c->tx, &wk_sql_calendar_occupied, params, &rows, e)) {
        return false;
    }
    *other = wk_cell_bool(rows, 0, "other");
    return true;
}

static bool move(const change_t *c, wk_appointment_t *p, const wk_calendar_span_t *span,
                 wk_error_t *e)
{
    bool other = true, found;
    bool possible =
        span->ends_s > span->starts_s && span->ends_s - span->starts_s <= MAX_SPAN_S;
    if (possible && !occupied(c, p, span, &other, e)) {
        return false;
    }
    if (other) {
        return insist(c, p, e);
    }
    va_str_t params[] = {p->id, wk_decimal(c->ctx->arena, span->starts_s),
                         wk_decimal(c->ctx->arena, span->ends_s)};
    return wk_sql(c->tx, &wk_sql_calendar_move, params, NULL, e) &&
           wk_appointment_find(c->tx, p->id, VA_STR_NULL, p, &found, e) &&
           wk_appointment_changed(c->tx, p, "moved", e);
}

static bool is_word(va_str_t text, const char *word)
{
    return va_str_eq(text, va_str_c(word));
}

/* owner: a row of wk_sql_calendar_owner. */
static bool stands_at(const wk_rows_t *owner, const wk_calendar_span_t *span)
{
    return span->starts_s == wk_cell_int(owner, 0, "starts_s", 0) &&
           span->ends_s == wk_cell_int(owner, 0, "ends_s", 0);
}

/* Read before our last change of it, which is noted already, and applied after. */
static bool is_outdated(const change_t *c, const wk_rows_t *owner)
{
    wk_calendar_span_t given;
    return is_word(wk_cell(owner, 0, "calendar_state"), "synced") &&
           wk_calendar_event_given(c->event, &given) && !stands_at(owner, &given);
}

/*
 * owner: a row of wk_sql_calendar_owner. Nothing, where our own change is on its way; who came
 * already cannot be told not to.
 */
static bool follow(const change_t *c, const wk_rows_t *owner, wk_error_t *e)
{
    wk_appointment_t p;
    wk_calendar_span_t given, now;
    bool found, readable, cancelled;
    va_str_t status = wk_cell(owner, 0, "status");
    va_str_t id = wk_cell(owner, 0, "id");
    if (!(is_word(status, "confirmed") || is_word(status, "held")) ||
        is_word(wk_cell(owner, 0, "calendar_state"), "pending")) {
        return true;
    }
    if (!wk_appointment_find(c->tx, id, VA_STR_NULL, &p, &found, e)) {
        return false;
    }
    if (wk_calendar_event_cancelled(c->event)) {
        return wk_cell_bool(owner, 0, "began") ||
               wk_appointment_cancel(c->tx, &p, "calendar", VA_STR_NULL, &cancelled, e);
    }
    if (!wk_calendar_event_times(c->tx, c->event, c->zone, &now, &readable, e)) {
        return false;
    }
    bool echo = wk_calendar_event_given(c->event, &given) && given.starts_s == now.starts_s &&
                given.ends_s == now.ends_s;
    return !readable || echo || stands_at(owner, &now) || is_outdated(c, owner) ||
           move(c, &p, &now, e);
}

/* The push that made it has yet to note it. An erased one's event only takes its time. */
static bool is_on_its_way(const change_t *c, bool *is, wk_error_t *e)
{
    wk_rows_t *rows;
    va_str_t appointment;
    *is = false;
    if (!wk_calendar_event_appointment(c->ctx->arena, wk_tx_organization(c->tx), c->event,
                                       &appointment, e)) {
        return false;
    }
    if (appointment.data == NULL) {
        return true;
    }
    if (!wk_sql(c->tx, &wk_sql_calendar_names, &appointment, &rows, e)) {
        return false;
    }
    *is = wk_cell_bool(rows, 0, "one");
    return true;
}

/* ---------------------------------------------------------------- one event */

static bool take_as_foreign(const change_t *c, wk_error_t *e)
{
    return wk_calendar_event_cancelled(c->event) ? drop(c, e) : mirror(c, e);
}

/* *owner: a row of wk_sql_calendar_owner, whose resource's slots are ours as well, or none. */
static bool find_owner(const change_t *c, wk_rows_t **owner, wk_error_t *e)
{
    wk_rows_t *slots;
    do {
        va_str_t params[] = {c->calendar, c->event_id, VA_STR_NULL};
        if (!wk_sql(c->tx, &wk_sql_calendar_lock_slots, params, &slots, e)) {
            return false;
        }
        params[2] = wk_rows_count(slots) == 1 ? wk_cell(slots, 0, "resource") : VA_STR_NULL;
        if (!wk_sql(c->tx, &wk_sql_calendar_owner, params, owner, e)) {
            return false;
        }
    } while (wk_rows_count(*owner) == 0 && wk_rows_count(slots) == 1);
    return true;
}

bool wk_calendar_apply(wk_ctx_t *ctx, wk_tx_t *tx, va_str_t calendar, va_str_t zone,
                       const va_json_t *event, wk_error_t *e)
{
    wk_rows_t *owner;
    bool on_its_way;
    change_t c = {.ctx = ctx,
                  .tx = tx,
                  .calendar = calendar,
                  .zone = zone,
                  .event_id = va_json_get_string(event, "id"),
                  .event = event};
    if (c.event_id.len == 0) {
        return true;
    }
    if (!find_owner(&c, &owner, e)) {
        return false;
    }
    if (wk_rows_count(owner) == 1) {
        return wk_cell_bool(owner, 0, "over") ? take_as_foreign(&c, e) : follow(&c, owner, e);
    }
    return is_on_its_way(&c, &on_its_way, e) && (on_its_way || take_as_foreign(&c, e));
}
