#include "worker/agent/calendar_push.h"

#include "worker/agent/appointment.h"
#include "worker/agent/calendar_event.h"
#include "worker/agent/calendar_sync.h"
#include "worker/agent/google_account.h"
#include "worker/agent/task.h"
#include "worker/clock.h"
#include "worker/crash.h"
#include "worker/json.h"
#include "worker/log.h"
#include "worker/metrics.h"
#include "worker/outbox.h"
#include "worker/store/calendar.h"

/* ---------------------------------------------------------------- later */

static bool write_job(wk_tx_t *tx, va_str_t appointment, wk_error_t *e)
{
    va_buf_t text;
    wk_arena_t *a = wk_tx_arena(tx);
    va_buf_init(&text, wk_mem(a), 96);
    va_json_writer_t *w = va_json_writer_new(&text);
    va_json_object(w);
    va_json_add_str(w, "appointment", appointment);
    va_json_object_end(w);
    if (va_json_writer_end(w) != VA_OK) {
        return wk_error(e, WK_INTERNAL, "a job for the calendar");
    }
    va_str_t serial = wk_printf(a, "calendar:%.*s", (int)appointment.len, appointment.data);
    return wk_outbox_job(tx, WK_DEFAULT, "calendar.push", VA_STR_NULL, serial, VA_STR_NULL,
                         va_buf_str(&text), e);
}

bool wk_calendar_push_later(wk_tx_t *tx, va_str_t appointment, wk_error_t *e)
{
    wk_rows_t *rows;
    if (!wk_sql(tx, &wk_sql_calendar_pending, &appointment, &rows, e)) {
        return wk_error_wrap(e, "calendar");
    }
    bool waits = wk_rows_count(rows) == 0 || !wk_cell_bool(rows, 0, "is_there");
    return waits || write_job(tx, appointment, e);
}

bool wk_calendar_push_behind(wk_tx_t *tx, bool in_any_case, wk_error_t *e)
{
    wk_rows_t *rows;
    va_str_t all = in_any_case ? VA_STR("true") : VA_STR("false");
    if (!wk_sql(tx, &wk_sql_calendar_behind, &all, &rows, e)) {
        return false;
    }
    for (size_t i = 0; i < wk_rows_count(rows); i++) {
        if (!wk_calendar_push_later(tx, wk_cell(rows, i, "id"), e)) {
            return false;
        }
    }
    return true;
}

/* ---------------------------------------------------------------- the row */

typedef struct {
    wk_ctx_t *ctx;
    wk_google_account_t account;
    va_str_t appointment;

    bool found, known; /* known: an event was made already */
    bool gone;         /* its calendar is */
    va_str_t status, state, calendar, type;
    va_str_t left; /* JSON: calendars in which an event may be left */
    wk_calendar_entry_t entry;

    va_str_t event_id;       /* of ours, made of the appointment */
    const va_json_t *event;  /* as Google has it; NULL: it has none */
    const va_json_t *before; /* before we changed it; NULL: it was new */
} push_t;

static bool service_name(push_t *p, wk_tx_t *tx, const wk_rows_t *rows, wk_error_t *e)
{
    wk_service_t service;
    const wk_catalogue_t *c = wk_catalogue(p->ctx->config, e);
    if (c == NULL) {
        return false;
    }
    const wk_language_t *l = wk_catalogue_pick(c, wk_cell(rows, 0, "language"), VA_STR_NULL);
    if (!wk_service(tx, l, wk_cell(rows, 0, "type"), &service, e)) {
        return false;
    }
    p->entry.service = service.name;
    return true;
}

static bool read_tx(wk_tx_t *tx, void *arg, wk_error_t *e)
{
    push_t *p = arg;
    wk_rows_t *rows;
    if (!wk_sql(tx, &wk_sql_calendar_appointment, &p->appointment, &rows, e)) {
        return false;
    }
    p->found = wk_rows_count(rows) == 1;
    if (!p->found) {
        return true;
    }
    p->status = wk_cell(rows, 0, "status");
    p->state = wk_cell(rows, 0, "calendar_state");
    p->calendar = wk_cell(rows, 0, "calendar");
    p->type = wk_cell(rows, 0, "type");
    p->left = wk_cell(rows, 0, "left_calendars");
    p->known = wk_cell(rows, 0, "event").data != NULL;
    p->gone = wk_cell_bool(rows, 0, "gone");
    p->entry = (wk_calendar_entry_t){.id = p->appointment,
                                     .customer = wk_cell(rows, 0, "customer_name"),
                                     .phone = wk_cell(rows, 0, "customer_phone"),
                                     .email = wk_cell(rows, 0, "customer_email"),
                                     .invites = wk_cell_bool(rows, 0, "invites"),
                                     .purpose = wk_cell(rows, 0, "purpose"),
                                     .notes = wk_cell(rows, 0, "notes"),
                                     .starts = wk_cell(rows, 0, "starts"),
                                     .ends = wk_cell(rows, 0, "ends"),
                                     .starts_s = wk_cell(rows, 0, "starts_s"),
                                     .ends_s = wk_cell(rows, 0, "ends_s"),
                                     .zone = wk_cell(rows, 0, "zone")};
    return service_name(p, tx, rows, e);
}

/* ---------------------------------------------------------------- Google */

static bool look_in(push_t *p, va_str_t calendar, wk_error_t *e)
{
    p->event = NULL;
    return wk_google_event_get(&p->account.google, calendar, p->event_id, &p->event, e) ||
           e->code == WK_NOT_FOUND;
}

static bool look(push_t *p, wk_error_t *e)
{
    return look_in(p, p->calendar, e);
}

static bool insert(push_t *p, wk_error_t *e)
{
    va_str_t body = wk_calendar_event_new(p->ctx->arena, p->event_id, &p->entry);
    return wk_google_event_insert(&p->account.google, p->calendar, body, &p->event, e);
}

/* As it was looked at: what changed since then is looked at again. */
static bool patch(push_t *p, const va_json_t *before, wk_error_t *e)
{
    va_str_t body = wk_calendar_event_change(p->ctx->arena, &p->entry);
    va_str_t etag = va_json_get_string(before, "etag");
    if (wk_google_event_patch(&p->account.google, p->calendar, p->event_id,
                              etag.len > 0 ? etag : VA_STR_NULL, body, &p->event, e)) {
        return true;
    }
    e->code = e->code == WK_NOT_FOUND ? WK_CONFLICT : e->code; /* taken away since then */
    return false;
}

/* An event of ours is there, or will be: which of both is known only by asking. */
static bool put_event(push_t *p, bool known, wk_error_t *e)
{
    if (!known) {
        if (insert(p, e)) {
            return true;
        }
        if (e->code != WK_CONFLICT) {
            return false;
        }
    }
    if (!look(p, e)) {
        return false;
    }
    if (p->event == NULL) {
        return insert(p, e);
    }
    p->before = p->event;
    return patch(p, p->before, e);
}

static bool take_away_from(push_t *p, va_str_t calendar, wk_error_t *e)
{
    if (!look_in(p, calendar, e)) {
        return false;
    }
    return p->event == NULL || wk_calendar_event_cancelled(p->event) ||
           wk_google_event_delete(&p->account.google, calendar, p->event_id, e);
}

/* The service it was before has another calendar than the one it is now. */
static bool leave_calendars(push_t *p, wk_error_t *e)
{
    const va_json_t *left = wk_json_parse(p->ctx->arena, p->left);
    const va_json_t *calendar = va_json_is(left, VA_JSON_ARRAY) ? left->first : NULL;
    while (calendar != NULL && take_away_from(p, va_json_string(calendar), e)) {
        calendar = calendar->next;
    }
    return calendar == NULL;
}

static bool bring_up_to_date(push_t *p, wk_error_t *e)
{
    bool cancelled = va_str_eq(p->status, VA_STR("cancelled"));
    return leave_calendars(p, e) &&
           (cancelled ? take_away_from(p, p->calendar, e) : put_event(p, p->known, e));
}

/* ---------------------------------------------------------------- what became of it */

/*
 * Deleted, or at a time that is not the one we had given: that was done by hand, and a change
 * of ours that was on its way counts more. The shop hears of it. One that is deleted and was
 * not known is what we left in this calendar when the appointment was another service.
 */
static bool changed_by_hand(wk_tx_t *tx, const va_json_t *event, bool known, bool *changed,
                            wk_error_t *e)
{
    bool readable;
    wk_calendar_span_t given, now;
    *changed = false;
    if (event == NULL || !wk_calendar_event_given(event, &given)) {
        return true;
    }
    if (wk_calendar_event_cancelled(event)) {
        *changed = known;
        return true;
    }
    if (!wk_calendar_event_times(tx, event, VA_STR_NULL, &now, &readable, e)) {
        return false;
    }
    *changed = readable && (now.starts_s != given.starts_s || now.ends_s != given.ends_s);
    return true;
}

static bool raise(push_t *p, wk_tx_t *tx, const char *title, const char *what, wk_error_t *e)
{
    wk_task_t task = {.kind = "review",
                      .key = wk_printf(p->ctx->arena, "calendar:%s:%.*s:%.*s", what,
                                       (int)p->appointment.len, p->appointment.data,
                                       (int)p->entry.starts_s.len, p->entry.starts_s.data),
                      .title = title,
                      .who = p->entry.customer.len > 0 ? p->entry.customer : p->entry.phone,
                      .text = p->entry.starts};
    return wk_task_raise(p->ctx, tx, &task, e);
}

static bool record_tx(wk_tx_t *tx, void *arg, wk_error_t *e)
{
    push_t *p = arg;
    bool overruled;
    va_str_t etag = va_json_get_string(p->event, "etag");
    va_str_t params[] = {
        p->appointment, p->calendar,       p->event != NULL ? p->event_id : VA_STR_NULL,
        etag,           p->entry.starts_s, p->entry.ends_s,
        p->status,      p->type,           p->left};
    return changed_by_hand(tx, p->before, p->known, &overruled, e) &&
           (!overruled || raise(p, tx, "task.calendar_overruled", "overruled", e)) &&
           wk_sql(tx, &wk_sql_calendar_pushed, params, NULL, e);
}

static bool give_up_tx(wk_tx_t *tx, void *arg, wk_error_t *e)
{
    push_t *p = arg;
    return wk_sql(tx, &wk_sql_calendar_failed, &p->appointment, NULL, e) &&
           raise(p, tx, "task.calendar_failed", "failed", e);
}

static bool look_tx(wk_tx_t *tx, void *arg, wk_error_t *e)
{
    push_t *p = arg;
    return wk_calendar_sync_later(tx, p->calendar, wk_now_ms(), VA_STR_NULL, e);
}

/* Whether its calendar is gone is for a synchronisation to see, or that it has another one. */
static void look_for_calendar(push_t *p)
{
    wk_error_t e;
    if (!wk_tx(p->ctx->db, p->ctx->arena, p->account.organization, 0, look_tx, p, &e)) {
        wk_log(WK_WARN, "a calendar is not looked for", WK_C("error", e.text));
    }
}

static bool passes(const wk_error_t *e)
{
    return e->code == WK_UNAVAILABLE || e->code == WK_CONFLICT || e->code == WK_TIMEOUT ||
           e->code == WK_NOT_FOUND;
}

static wk_outcome_t failed(push_t *p, wk_error_t *e)
{
    wk_error_t other;
    wk_google_account_failed(p->ctx, &p->account, e);
    if (e->code == WK_NOT_FOUND && p->gone) {
        return WK_DONE; /* the row waits until one is there */
    }
    if (e->code == WK_NOT_FOUND) {
        look_for_calendar(p);
    }
    if (passes(e) && p->ctx->attempt < WK_CALENDAR_PUSH_ATTEMPTS) {
        return WK_AGAIN;
    }
    wk_count("voiceagent_calendar_failed_total", NULL, VA_STR_NULL, NULL, VA_STR_NULL, 1);
    if (!wk_tx(p->ctx->db, p->ctx->arena, p->account.organization, 0, give_up_tx, p, &other)) {
        wk_log(WK_ERROR, "a failed calendar entry was not noted", WK_C("error", other.text));
    }
    return WK_GIVE_UP;
}

/* ---------------------------------------------------------------- now */

static bool is_word(va_str_t text, const char *word)
{
    return va_str_eq(text, va_str_c(word));
}

/* Nothing to do: no such row, told already, or only held. */
static bool is_settled(const push_t *p)
{
    return !p->found || is_word(p->status, "held") ||
           !(is_word(p->state, "pending") || is_word(p->state, "failed"));
}

wk_outcome_t wk_calendar_push_now(wk_ctx_t *ctx, va_str_t organization, va_str_t appointment,
                                  wk_error_t *e)
{
    push_t p = {.ctx = ctx, .appointment = appointment};
    if (!wk_tx(ctx->db, ctx->arena, organization, 0, read_tx, &p, e) ||
        !wk_calendar_event_id(ctx->arena, organization, appointment, &p.event_id, e)) {
        return wk_error_retryable(e) ? WK_AGAIN : WK_GIVE_UP;
    }
    if (is_settled(&p)) {
        return WK_DONE;
    }
    if (!wk_google_account(ctx, organization, 0, &p.account, e)) {
        return failed(&p, e);
    }
    if (!p.account.connected) {
        return WK_DONE; /* the row still waits: connecting it anew goes on with it */
    }
    if (!bring_up_to_date(&p, e)) {
        return failed(&p, e);
    }
    wk_crash_point("calendar.pushed");
    return wk_tx(ctx->db, ctx->arena, organization, 0, record_tx, &p, e) ? WK_DONE : WK_AGAIN;
}
