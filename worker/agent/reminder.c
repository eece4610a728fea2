#include "worker/agent/reminder.h"

#include "worker/agent/appointment.h"
#include "worker/agent/sms.h"
#include "worker/agent/wording.h"
#include "worker/store/campaigns.h"
#include "worker/store/reminders.h"

#define SERVICES 8 /* kept: each shop has a few, and one language or two */

/* What was asked of the shop already. */
typedef struct {
    struct {
        const wk_language_t *language;
        wk_service_t service;
    } at[SERVICES];
    size_t n;
} services_t;

/* One text to be: a row of what was taken. */
typedef struct {
    const wk_rows_t *rows;
    size_t row;
    const wk_language_t *language;
    wk_service_t service;
} reminder_t;

static va_str_t cell(const reminder_t *r, const char *column)
{
    return wk_cell(r->rows, r->row, column);
}

static va_str_t text_of(wk_arena_t *a, const reminder_t *r)
{
    va_str_t kind = cell(r, "kind");
    const wk_slot_t slot = {.date = cell(r, "date"), .time = cell(r, "time")};
    const char *name = wk_printf(a, "reminder.%.*s", (int)kind.len, kind.data).data;
    const wk_param_t params[] = {{"service", r->service.name},
                                 {"shop", r->service.shop},
                                 {"moment", wk_word_slot(a, r->language, &slot)},
                                 {"time", wk_word_time(a, r->language, slot.time)},
                                 {"address", wk_word_address(a, r->service.address)},
                                 {NULL, VA_STR_NULL}};
    return wk_fill(a, wk_text_of_kind(r->language, name, cell(r, "business_type")), params);
}

/* One that was moved is reminded of its new start as well. */
static va_str_t key_of(wk_arena_t *a, const reminder_t *r)
{
    va_str_t id = cell(r, "id"), kind = cell(r, "kind"), start = cell(r, "start");
    bool moved = wk_cell_bool(r->rows, r->row, "moved");
    return wk_printf(a, "reminder:%.*s:%.*s%s%.*s", (int)id.len, id.data, (int)kind.len,
                     kind.data, moved ? ":" : "", moved ? (int)start.len : 0, start.data);
}

static bool find_service(wk_tx_t *tx, services_t *known, reminder_t *r, wk_error_t *e)
{
    va_str_t type = cell(r, "appointment_type");
    for (size_t i = 0; i < known->n; i++) {
        if (known->at[i].language == r->language &&
            va_str_eq(known->at[i].service.type, type)) {
            r->service = known->at[i].service;
            return true;
        }
    }
    if (!wk_service(tx, r->language, type, &r->service, e)) {
        return false;
    }
    if (known->n < SERVICES) {
        known->at[known->n].language = r->language;
        known->at[known->n++].service = r->service;
    }
    return true;
}

static bool queue(wk_ctx_t *ctx, wk_tx_t *tx, services_t *known, reminder_t *r, wk_error_t *e)
{
    wk_arena_t *a = ctx->arena;
    const wk_catalogue_t *c = wk_catalogue(ctx->config, e);
    if (c == NULL) {
        return false;
    }
    r->language = wk_catalogue_pick(c, cell(r, "language"), VA_STR_NULL);
    if (!find_service(tx, known, r, e)) {
        return false;
    }
    wk_sms_draft_t draft = {.key = key_of(a, r),
                            .customer = cell(r, "customer_id"),
                            .from = cell(r, "sender"),
                            .to = cell(r, "phone"),
                            .text = text_of(a, r),
                            .language = wk_language_code(r->language),
                            .template = "reminder",
                            .until = cell(r, "until"),
                            .in_bulk = true};
    return wk_sms_queue_later(tx, &draft, e);
}

static bool queue_if_wanted(wk_ctx_t *ctx, wk_tx_t *tx, services_t *known,
                            const wk_rows_t *rows, size_t row, wk_error_t *e)
{
    reminder_t r = {.rows = rows, .row = row};
    return !wk_cell_bool(rows, row, "wanted") || queue(ctx, tx, known, &r, e);
}

/* Dealt with now, or told when to be looked at again. */
static bool remind(wk_ctx_t *ctx, wk_tx_t *tx, services_t *known, const wk_rows_t *rows,
                   size_t row, wk_error_t *e)
{
    va_str_t done[] = {wk_cell(rows, row, "id"), wk_cell(rows, row, "kind")};
    va_str_t waits[] = {done[0], wk_cell(rows, row, "look_at")};
    if (wk_cell_bool(rows, row, "waits")) {
        return wk_sql_later(tx, &wk_sql_reminder_waits, waits, e);
    }
    bool calls = va_str_eq(done[1], VA_STR("48h"));
    return (calls ? wk_sql(tx, &wk_sql_appointment_call, done, NULL, e)
                  : queue_if_wanted(ctx, tx, known, rows, row, e)) &&
           wk_sql_later(tx, &wk_sql_reminder_done, done, e);
}

bool wk_reminders(wk_ctx_t *ctx, wk_tx_t *tx, int n, wk_reminder_place_t *place, bool *more,
                  wk_error_t *e)
{
    wk_rows_t *rows;
    services_t known = {.n = 0};
    va_str_t params[] = {place->starts, place->id, wk_decimal(wk_tx_arena(tx), n)};
    if (!wk_sql(tx, &wk_sql_reminders_take, params, &rows, e)) {
        return wk_error_wrap(e, "reminders");
    }
    for (size_t i = 0; i < wk_rows_count(rows); i++) {
        *place = (wk_reminder_place_t){wk_cell(rows, i, "starts"), wk_cell(rows, i, "id")};
        if (!remind(ctx, tx, &known, rows, i, e)) {
            return wk_error_wrap(e, "reminders");
        }
    }
    *more = wk_rows_count(rows) == (size_t)n;
    return true;
}

bool wk_pickup_notices(wk_ctx_t *ctx, wk_tx_t *tx, int n, bool *more, wk_error_t *e)
{
    wk_rows_t *rows;
    services_t known = {.n = 0};
    va_str_t most = wk_decimal(wk_tx_arena(tx), n);
    if (!wk_sql(tx, &wk_sql_pickups_take, &most, &rows, e)) {
        return wk_error_wrap(e, "pickup notices");
    }
    for (size_t i = 0; i < wk_rows_count(rows); i++) {
        va_str_t id = wk_cell(rows, i, "id");
        if (!queue_if_wanted(ctx, tx, &known, rows, i, e) ||
            !wk_sql_later(tx, &wk_sql_pickup_done, &id, e)) {
            return wk_error_wrap(e, "pickup notices");
        }
    }
    *more = wk_rows_count(rows) == (size_t)n;
    return true;
}

bool wk_reminders_withdraw(wk_tx_t *tx, va_str_t appointment, wk_error_t *e)
{
    return wk_sql(tx, &wk_sql_reminders_withdraw, &appointment, NULL, e) ||
           wk_error_wrap(e, "reminders");
}
