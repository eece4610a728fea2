#include "worker/agent/calendar_bridge.h"

#include "worker/agent/google_account.h"
#include "worker/log.h"
#include "worker/metrics.h"
#include "worker/store/calendar.h"

#define TIMEOUT_MS 3000 /* somebody is on the telephone */

struct wk_calendar_need {
    wk_ctx_t *ctx;
    wk_google_account_t account;
    va_str_t params[3]; /* of wk_sql_calendars_to_ask */
    wk_rows_t *stale;
    const va_json_t *answers;
    bool unknown; /* of a calendar that Google was asked about it said nothing */
};

static wk_calendar_need_t need_of(wk_ctx_t *ctx, va_str_t organization, const wk_moment_t *from,
                                  int64_t days)
{
    return (wk_calendar_need_t){
        .ctx = ctx,
        .account.organization = organization,
        .params = {from->wall, from->zone, wk_printf(ctx->arena, "%lld", (long long)days)}};
}

static bool look_tx(wk_tx_t *tx, void *arg, wk_error_t *e)
{
    wk_calendar_need_t *b = arg;
    return wk_sql_last(tx, &wk_sql_calendars_to_ask, b->params, &b->stale, e);
}

bool wk_calendar_see(wk_tx_t *tx, wk_ctx_t *ctx, const wk_moment_t *from, int64_t days,
                     wk_calendar_need_t **need, wk_error_t *e)
{
    *need = wk_alloc(ctx->arena, sizeof(**need));
    **need = need_of(ctx, wk_tx_organization(tx), from, days);
    return wk_sql_ahead(tx, &wk_sql_calendars_to_ask, (*need)->params, &(*need)->stale, e);
}

bool wk_calendar_is_needed(const wk_calendar_need_t *need)
{
    return wk_rows_count(need->stale) > 0;
}

static bool ask(wk_calendar_need_t *b, wk_error_t *e)
{
    size_t n = wk_rows_count(b->stale);
    va_str_t *ids = wk_alloc(b->ctx->arena, n * sizeof(*ids));
    for (size_t i = 0; i < n; i++) {
        ids[i] = wk_cell(b->stale, i, "calendar");
    }
    return wk_google_free_busy(&b->account.google, ids, n, wk_cell(b->stale, 0, "from"),
                               wk_cell(b->stale, 0, "until"), &b->answers, e);
}

/* "{[start,end),…}"; only what reads as a time goes into it. */
static va_str_t multirange(wk_arena_t *a, const va_json_t *busy)
{
    va_buf_t text;
    bool first = true;
    va_buf_init(&text, wk_mem(a), 256);
    va_buf_add_char(&text, '{');
    for (const va_json_t *b = busy->first; b != NULL; b = b->next) {
        wk_moment_t moment;
        va_str_t start = va_json_get_string(b, "start"), end = va_json_get_string(b, "end");
        if (!wk_moment_parse(a, start, false, &moment) ||
            !wk_moment_parse(a, end, false, &moment)) {
            continue;
        }
        va_str_t one = wk_printf(a, "%s[%.*s,%.*s)", first ? "" : ",", (int)start.len,
                                 start.data, (int)end.len, end.data);
        va_buf_add_str(&text, one);
        first = false;
    }
    va_buf_add_char(&text, '}');
    return va_buf_str(&text);
}

/* A calendar that Google could not look at is unknown, not free: what was known stays. */
static bool keep_tx(wk_tx_t *tx, void *arg, wk_error_t *e)
{
    wk_calendar_need_t *b = arg;
    for (size_t i = 0; i < wk_rows_count(b->stale); i++) {
        va_str_t calendar = wk_cell(b->stale, i, "calendar");
        const va_json_t *answer = va_json_get_n(b->answers, calendar);
        const va_json_t *busy = va_json_get(answer, "busy");
        if (va_json_get(answer, "errors") != NULL || !va_json_is(busy, VA_JSON_ARRAY)) {
            wk_log(WK_WARN, "free/busy of a calendar is unknown");
            b->unknown = true;
            continue;
        }
        va_str_t clear[] = {calendar, wk_cell(b->stale, i, "from"),
                            wk_cell(b->stale, i, "until")};
        va_str_t put[] = {calendar, multirange(b->ctx->arena, busy)};
        if (!wk_sql(tx, &wk_sql_calendar_busy_clear, clear, NULL, e) ||
            !wk_sql(tx, &wk_sql_calendar_busy_put, put, NULL, e)) {
            return false;
        }
    }
    return true;
}

static bool in_tx(wk_calendar_need_t *b, wk_tx_fn fn, wk_error_t *e)
{
    return wk_tx(b->ctx->db, b->ctx->arena, b->account.organization, 0, fn, b, e);
}

static bool ask_and_keep(wk_calendar_need_t *b, wk_error_t *e)
{
    va_str_t organization = b->account.organization;
    if (!wk_google_account(b->ctx, organization, TIMEOUT_MS, &b->account, e)) {
        return false;
    }
    if (!b->account.connected) {
        return wk_error(e, WK_FORBIDDEN, "the consent has ended");
    }
    if (!ask(b, e)) {
        wk_google_account_failed(b->ctx, &b->account, e);
        return false;
    }
    if (!in_tx(b, keep_tx, e)) {
        return false;
    }
    return !b->unknown || wk_error(e, WK_UNAVAILABLE, "a calendar is not told of");
}

static bool not_asked(const wk_error_t *e)
{
    wk_count("voiceagent_calendar_unasked_total", NULL, VA_STR_NULL, NULL, VA_STR_NULL, 1);
    wk_log(WK_WARN, "Google did not say what is taken", WK_C("error", e->text));
    return false;
}

bool wk_calendar_ask(wk_calendar_need_t *need)
{
    wk_error_t e;
    return ask_and_keep(need, &e) || not_asked(&e);
}

bool wk_calendar_bridge(wk_ctx_t *ctx, va_str_t organization, const wk_moment_t *from,
                        int64_t days)
{
    wk_error_t e;
    wk_calendar_need_t b = need_of(ctx, organization, from, days);
    if (!in_tx(&b, look_tx, &e)) {
        return not_asked(&e);
    }
    return !wk_calendar_is_needed(&b) || wk_calendar_ask(&b);
}
