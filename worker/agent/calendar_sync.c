#include "worker/agent/calendar_sync.h"

#include <openssl/rand.h>

#include "core/base64.h"
#include "worker/agent/calendar_apply.h"
#include "worker/agent/calendar_event.h"
#include "worker/agent/calendar_gone.h"
#include "worker/agent/calendar_push.h"
#include "worker/agent/calendar_unasked.h"
#include "worker/agent/google_account.h"
#include "worker/crash.h"
#include "worker/log.h"
#include "worker/metrics.h"
#include "worker/outbox.h"
#include "worker/store/calendar.h"

#define CHANNEL_BYTES 18

/* ---------------------------------------------------------------- later */

bool wk_calendar_sync_later(wk_tx_t *tx, va_str_t calendar, int64_t not_since_ms,
                            va_str_t dedup, wk_error_t *e)
{
    va_buf_t text;
    wk_arena_t *a = wk_tx_arena(tx);
    va_str_t organization = wk_tx_organization(tx);
    va_buf_init(&text, wk_mem(a), 96);
    va_json_writer_t *w = va_json_writer_new(&text);
    va_json_object(w);
    va_json_add_str(w, "calendar", calendar);
    va_json_add_int(w, "not_since_ms", not_since_ms);
    va_json_object_end(w);
    if (va_json_writer_end(w) != VA_OK) {
        return wk_error(e, WK_INTERNAL, "a job for the calendar");
    }
    va_str_t serial = wk_printf(a, "calendar:%.*s", (int)organization.len, organization.data);
    return wk_outbox_job(tx, WK_DEFAULT, "calendar.sync", VA_STR_NULL, serial, dedup,
                         va_buf_str(&text), e);
}

/* ---------------------------------------------------------------- one calendar */

typedef struct {
    wk_ctx_t *ctx;
    wk_google_account_t account;
    va_str_t only; /* the calendar asked for; absent: all */
    wk_rows_t *calendars;

    va_str_t calendar, token, began, time_min;
    bool whole;    /* from nothing, not by what has changed */
    va_buf_t seen; /* then: the ids of our own events, as a text[] of SQL */
    wk_rows_t *unseen;
    va_str_t appointment;   /* one of those */
    const va_json_t *event; /* of that appointment; NULL: Google knows none */
    wk_google_page_t page;
    wk_google_channel_t channel;
    wk_error_t *problem;
} sync_t;

static bool in_tx(sync_t *s, wk_tx_fn fn, wk_error_t *e)
{
    return wk_tx(s->ctx->db, s->ctx->arena, s->account.organization, 0, fn, s, e);
}

static bool finish_tx(wk_tx_t *tx, void *arg, wk_error_t *e)
{
    sync_t *s = arg;
    va_str_t kept[] = {s->calendar, s->began};
    va_str_t synced[] = {s->calendar, s->page.sync_token, s->began,
                         s->whole ? VA_STR("true") : VA_STR("false")};
    return (!s->whole || wk_sql(tx, &wk_sql_calendar_sweep, kept, NULL, e)) &&
           (!s->whole || wk_calendar_gone_settle(tx, s->calendar, e)) &&
           wk_sql(tx, &wk_sql_calendar_tidy, kept, NULL, e) &&
           wk_sql(tx, &wk_sql_calendar_synced, synced, NULL, e);
}

/* An id of ours needs no quotes. */
static bool note_seen(sync_t *s, const va_json_t *event, wk_error_t *e)
{
    va_str_t appointment;
    if (!wk_calendar_event_appointment(s->ctx->arena, s->account.organization, event,
                                       &appointment, e)) {
        return false;
    }
    if (appointment.data != NULL) {
        va_buf_add_char(&s->seen, s->seen.len > 1 ? ',' : ' ');
        va_buf_add_str(&s->seen, va_json_get_string(event, "id"));
    }
    return true;
}

static bool apply_page_tx(wk_tx_t *tx, void *arg, wk_error_t *e)
{
    sync_t *s = arg;
    const va_json_t *items = s->page.items;
    const va_json_t *event = va_json_is(items, VA_JSON_ARRAY) ? items->first : NULL;
    for (; event != NULL; event = event->next) {
        if (!wk_calendar_apply(s->ctx, tx, s->calendar, s->page.zone, event, e) ||
            (s->whole && !note_seen(s, event, e))) {
            return false;
        }
    }
    return s->whole || s->page.next_page.data != NULL || finish_tx(tx, s, e);
}

static bool read_unseen_tx(wk_tx_t *tx, void *arg, wk_error_t *e)
{
    sync_t *s = arg;
    va_str_t params[] = {s->calendar, va_buf_str(&s->seen)};
    return wk_sql_last(tx, &wk_sql_calendar_unseen, params, &s->unseen, e);
}

static bool apply_unseen_tx(wk_tx_t *tx, void *arg, wk_error_t *e)
{
    sync_t *s = arg;
    return s->event == NULL
               ? wk_calendar_push_later(tx, s->appointment, e)
               : wk_calendar_apply(s->ctx, tx, s->calendar, s->page.zone, s->event, e);
}

/*
 * A whole list leaves out what was deleted: each event of ours that is not in it is looked at.
 * One that Google does not know was of another account, and is made in this one.
 */
static bool look_for_unseen(sync_t *s, wk_error_t *e)
{
    va_buf_add_char(&s->seen, '}');
    if (!in_tx(s, read_unseen_tx, e)) {
        return false;
    }
    for (size_t i = 0; i < wk_rows_count(s->unseen); i++) {
        s->event = NULL;
        s->appointment = wk_cell(s->unseen, i, "id");
        bool known = wk_google_event_get(&s->account.google, s->calendar,
                                         wk_cell(s->unseen, i, "event"), &s->event, e);
        if ((!known && e->code != WK_NOT_FOUND) || !in_tx(s, apply_unseen_tx, e)) {
            return false;
        }
    }
    return true;
}

static bool lose_token_tx(wk_tx_t *tx, void *arg, wk_error_t *e)
{
    sync_t *s = arg;
    return wk_sql_last(tx, &wk_sql_calendar_token_lost, &s->calendar, NULL, e);
}

/* Pages until the last; the token of the next time is stored with the last of the changes. */
static bool read_pages(sync_t *s, wk_error_t *e)
{
    va_str_t page = VA_STR_NULL;
    s->whole = s->token.data == NULL;
    va_buf_init(&s->seen, wk_mem(s->ctx->arena), 256);
    va_buf_add_char(&s->seen, '{');
    do {
        if (!wk_google_events(&s->account.google, s->calendar, s->token, s->time_min, page,
                              &s->page, e)) {
            return false;
        }
        if (s->page.token_lost) {
            return true;
        }
        if (!in_tx(s, apply_page_tx, e)) {
            return false;
        }
        wk_crash_point("calendar.page");
        page = s->page.next_page;
    } while (page.data != NULL);
    return !s->whole || (look_for_unseen(s, e) && in_tx(s, finish_tx, e));
}

static bool synchronise(sync_t *s, wk_error_t *e)
{
    if (!read_pages(s, e)) {
        return false;
    }
    if (!s->page.token_lost) {
        return true;
    }
    if (s->whole) {
        return wk_error(e, WK_UNAVAILABLE,
                        "Google: no token was sent, and it is none any more");
    }
    wk_log(WK_INFO, "Google forgot the sync token: all of the calendar is read again");
    s->token = VA_STR_NULL;
    return in_tx(s, lose_token_tx, e) && read_pages(s, e);
}

/* ---------------------------------------------------------------- its channel */

static bool store_channel_tx(wk_tx_t *tx, void *arg, wk_error_t *e)
{
    sync_t *s = arg;
    va_str_t params[] = {s->calendar, s->channel.id, s->channel.resource_id,
                         wk_printf(s->ctx->arena, "%lld", (long long)s->channel.expires_ms)};
    return wk_sql_last(tx, &wk_sql_calendar_watched, params, NULL, e);
}

static bool new_channel_id(sync_t *s, va_str_t *id, wk_error_t *e)
{
    uint8_t bytes[CHANNEL_BYTES];
    char *text = wk_alloc(s->ctx->arena, VA_BASE64_LEN(CHANNEL_BYTES));
    if (RAND_bytes(bytes, sizeof(bytes)) != 1) {
        return wk_error(e, WK_INTERNAL, "no random bytes");
    }
    *id = va_str(text, va_base64url_encode(text, bytes, sizeof(bytes)));
    return true;
}

/*
 * The new one before the old one ends: what is told twice is looked at once. A channel that
 * nobody noted, since we died here, tells of a calendar of nobody and ends by itself.
 */
static bool renew_channel(sync_t *s, const wk_google_channel_t *old, wk_error_t *e)
{
    wk_error_t ignored;
    wk_arena_t *a = s->ctx->arena;
    va_str_t address = wk_printf(a, "%s/webhooks/calendar/sync", s->ctx->config->public_url);
    s->channel = (wk_google_channel_t){.expires_ms = 0};
    if (!new_channel_id(s, &s->channel.id, e) ||
        !wk_google_watch(&s->account.google, s->calendar, address, &s->channel, e)) {
        return false;
    }
    wk_crash_point("calendar.watched");
    if (!in_tx(s, store_channel_tx, e)) {
        return false;
    }
    if (old->id.data != NULL && !wk_google_unwatch(&s->account.google, old, &ignored)) {
        wk_log(WK_INFO, "an old channel was not stopped", WK_C("error", ignored.text));
    }
    return true;
}

/* Without one the calendar is still looked at every few minutes. */
static void keep_channel(sync_t *s, size_t row)
{
    wk_error_t e;
    wk_google_channel_t old = {.id = wk_cell(s->calendars, row, "channel_id"),
                               .resource_id =
                                   wk_cell(s->calendars, row, "channel_resource_id")};
    if (s->ctx->config->public_url != NULL && wk_cell_bool(s->calendars, row, "channel_ends") &&
        !renew_channel(s, &old, &e)) {
        wk_google_account_failed(s->ctx, &s->account, &e);
        wk_log(WK_WARN, "a calendar tells nothing of its changes", WK_C("error", e.text));
    }
}

/* ---------------------------------------------------------------- all of them */

static bool read_tx(wk_tx_t *tx, void *arg, wk_error_t *e)
{
    sync_t *s = arg;
    return wk_sql(tx, &wk_sql_calendars_ensure, NULL, NULL, e) &&
           wk_sql(tx, &wk_sql_calendars_drop_events, NULL, NULL, e) &&
           wk_calendar_gone_leave(tx, e) &&
           wk_sql(tx, &wk_sql_calendars, &s->only, &s->calendars, e);
}

/* One that is not found was deleted, or is not shared with the account any more. */
static bool stale_tx(wk_tx_t *tx, void *arg, wk_error_t *e)
{
    sync_t *s = arg;
    va_str_t params[] = {s->calendar, va_str_c(s->problem->text)};
    return s->problem->code == WK_NOT_FOUND
               ? wk_calendar_gone(s->ctx, tx, s->calendar, s->problem->text, e)
               : wk_sql(tx, &wk_sql_calendar_stale, params, NULL, e);
}

static bool sync_one(sync_t *s, size_t row, wk_error_t *e)
{
    wk_error_t other;
    s->calendar = wk_cell(s->calendars, row, "calendar");
    s->token = wk_cell(s->calendars, row, "token");
    s->began = wk_cell(s->calendars, row, "began");
    s->time_min = wk_cell(s->calendars, row, "time_min");
    if (synchronise(s, e)) {
        keep_channel(s, row);
        return true;
    }
    if (e->code == WK_NOT_FOUND && wk_cell_bool(s->calendars, row, "gone")) {
        return true; /* as before */
    }
    wk_google_account_failed(s->ctx, &s->account, e);
    s->problem = e;
    if (!in_tx(s, stale_tx, &other)) {
        wk_log(WK_ERROR, "a stale calendar was not noted", WK_C("error", other.text));
    }
    wk_count("voiceagent_calendar_sync_errors_total", NULL, VA_STR_NULL, NULL, VA_STR_NULL, 1);
    return false;
}

static bool follow_tx(wk_tx_t *tx, void *arg, wk_error_t *e)
{
    const sync_t *s = arg;
    return wk_calendar_push_behind(tx, false, e) && wk_calendar_unasked_settle(s->ctx, tx, e);
}

static wk_outcome_t ended_badly(const wk_ctx_t *ctx, const wk_error_t *e)
{
    bool again = e->code == WK_UNAVAILABLE && ctx->attempt < WK_CALENDAR_SYNC_ATTEMPTS;
    if (!again) {
        wk_log(WK_WARN, "a calendar was not synchronised", WK_C("error", e->text));
    }
    return again ? WK_AGAIN : WK_DONE; /* the next look is minutes away */
}

wk_outcome_t wk_calendar_sync_now(wk_ctx_t *ctx, va_str_t organization, va_str_t calendar,
                                  int64_t not_since_ms, wk_error_t *e)
{
    sync_t s = {.ctx = ctx, .only = calendar};
    if (!wk_google_account(ctx, organization, 0, &s.account, e)) {
        return ended_badly(ctx, e);
    }
    if (!s.account.connected) {
        return WK_DONE;
    }
    if (!in_tx(&s, read_tx, e)) {
        return WK_AGAIN;
    }
    bool ok = true;
    for (size_t row = 0; row < wk_rows_count(s.calendars); row++) {
        wk_error_t one;
        if (not_since_ms > 0 && wk_cell_int(s.calendars, row, "synced_ms", 0) > not_since_ms) {
            continue;
        }
        if (!sync_one(&s, row, &one)) {
            *e = one;
            ok = false;
        }
    }
    /* A calendar that cannot be read keeps no appointment of another from Google. */
    wk_error_t behind;
    if (!in_tx(&s, follow_tx, ok ? e : &behind)) {
        return WK_AGAIN;
    }
    return ok ? WK_DONE : ended_badly(ctx, e);
}
