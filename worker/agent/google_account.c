#include "worker/agent/google_account.h"

#include "worker/agent/task.h"
#include "worker/log.h"
#include "worker/metrics.h"
#include "worker/secretbox.h"
#include "worker/store/integrations.h"

#define FRESH_S  300 /* as Google's own library: refreshed five minutes before the end */
#define USABLE_S 10

typedef struct {
    wk_ctx_t *ctx;
    wk_google_account_t *account;
    bool stands; /* there is such a row, and it is connected */
    int64_t expires_s;
    wk_google_tokens_t fresh;
    const char *why; /* it is broken */
} work_t;

/* ---------------------------------------------------------------- sealed columns */

static wk_secret_place_t place_of(va_str_t organization, const char *column)
{
    return (wk_secret_place_t){"integrations", column, organization,
                               va_str_c(WK_GOOGLE_SERVICE)};
}

static bool unseal(work_t *w, const wk_rows_t *rows, const char *column, va_str_t *plain,
                   wk_error_t *e)
{
    wk_secret_place_t place = place_of(w->account->organization, column);
    return wk_secret_open(w->ctx->config, w->ctx->arena, &place, wk_cell(rows, 0, column),
                          plain, e);
}

static bool seal(wk_ctx_t *ctx, va_str_t organization, const char *column, va_str_t plain,
                 va_str_t *sealed, wk_error_t *e)
{
    wk_secret_place_t place = place_of(organization, column);
    return wk_secret_seal(ctx->config, ctx->arena, &place, plain, sealed, e);
}

static va_str_t seconds(wk_ctx_t *ctx, int64_t s)
{
    return wk_printf(ctx->arena, "%lld", (long long)s);
}

/* ---------------------------------------------------------------- reading it */

static bool read_tx(wk_tx_t *tx, void *arg, wk_error_t *e)
{
    work_t *w = arg;
    wk_rows_t *rows;
    va_str_t service = VA_STR(WK_GOOGLE_SERVICE);
    if (!wk_sql_last(tx, &wk_sql_integration, &service, &rows, e)) {
        return false;
    }
    if (wk_rows_count(rows) == 0) {
        return true;
    }
    w->stands = va_str_eq(wk_cell(rows, 0, "status"), VA_STR("connected"));
    w->expires_s = wk_cell_int(rows, 0, "expires_in", 0);
    w->account->generation = wk_cell(rows, 0, "generation");
    return unseal(w, rows, "access_token", &w->account->google.access_token, e) &&
           unseal(w, rows, "refresh_token", &w->account->refresh_token, e);
}

bool wk_google_account_read(wk_ctx_t *ctx, va_str_t organization, wk_google_account_t *account,
                            wk_error_t *e)
{
    work_t w = {.ctx = ctx, .account = account};
    *account = (wk_google_account_t){.organization = organization, .google = {.ctx = ctx}};
    if (!wk_tx(ctx->db, ctx->arena, organization, 0, read_tx, &w, e)) {
        return wk_error_wrap(e, "Google account");
    }
    account->connected = w.stands;
    return true;
}

/* ---------------------------------------------------------------- refreshing it */

static bool store_tx(wk_tx_t *tx, void *arg, wk_error_t *e)
{
    work_t *w = arg;
    va_str_t access, refresh, org = w->account->organization;
    if (!seal(w->ctx, org, "access_token", w->fresh.access, &access, e) ||
        !seal(w->ctx, org, "refresh_token", w->account->refresh_token, &refresh, e)) {
        return false;
    }
    va_str_t params[] = {
        VA_STR(WK_GOOGLE_SERVICE),           w->account->generation,          access, refresh,
        seconds(w->ctx, w->fresh.expires_s), wk_secret_key_id(w->ctx->config)};
    return wk_sql_last(tx, &wk_sql_integration_refreshed, params, NULL, e);
}

/* Two that refresh at once both have a good token; the one that stores it first is kept. */
static bool keep_fresh(work_t *w, wk_error_t *e)
{
    w->account->google.access_token = w->fresh.access;
    if (w->fresh.refresh.data != NULL) {
        w->account->refresh_token = w->fresh.refresh;
    }
    return wk_tx(w->ctx->db, w->ctx->arena, w->account->organization, 0, store_tx, w, e);
}

static bool break_tx(wk_tx_t *tx, void *arg, wk_error_t *e)
{
    const work_t *w = arg;
    wk_rows_t *rows;
    va_str_t params[] = {VA_STR(WK_GOOGLE_SERVICE), w->account->generation, va_str_c(w->why)};
    if (!wk_sql(tx, &wk_sql_integration_broken, params, &rows, e)) {
        return false;
    }
    if (wk_rows_affected(rows) == 0) {
        return true; /* somebody else saw it first, or it was connected anew */
    }
    wk_log(WK_ALERT, "a Google calendar is not connected any more");
    wk_count("voiceagent_calendar_broken_total", NULL, VA_STR_NULL, NULL, VA_STR_NULL, 1);
    wk_task_t task = {.kind = "alarm",
                      .key = wk_printf(w->ctx->arena, "google:%.*s",
                                       (int)w->account->generation.len,
                                       w->account->generation.data),
                      .priority = "high",
                      .title = "task.calendar_broken",
                      .body = "task.calendar_broken_body"};
    return wk_task_raise(w->ctx, tx, &task, e);
}

static bool refresh(work_t *w, wk_error_t *e)
{
    if (wk_google_refresh(w->ctx, w->account->refresh_token, w->account->google.timeout_ms,
                          &w->fresh, e)) {
        return keep_fresh(w, e);
    }
    if (wk_google_consent_ended(e)) {
        w->stands = false;
        w->why = "invalid_grant";
        return wk_tx(w->ctx->db, w->ctx->arena, w->account->organization, 0, break_tx, w, e);
    }
    return e->code == WK_UNAVAILABLE && w->expires_s > USABLE_S;
}

bool wk_google_account(wk_ctx_t *ctx, va_str_t organization, int timeout_ms,
                       wk_google_account_t *account, wk_error_t *e)
{
    work_t w = {.ctx = ctx, .account = account};
    *account = (wk_google_account_t){.organization = organization,
                                     .google = {.ctx = ctx, .timeout_ms = timeout_ms}};
    bool ok =
        wk_tx(ctx->db, ctx->arena, organization, 0, read_tx, &w, e) &&
        (!w.stands || (w.expires_s > FRESH_S && account->google.access_token.data != NULL) ||
         refresh(&w, e));
    account->connected = w.stands;
    return ok || wk_error_wrap(e, "Google account");
}

/* ---------------------------------------------------------------- a token refused */

static bool distrust_tx(wk_tx_t *tx, void *arg, wk_error_t *e)
{
    const wk_google_account_t *account = arg;
    va_str_t params[] = {VA_STR(WK_GOOGLE_SERVICE), account->generation};
    return wk_sql_last(tx, &wk_sql_integration_distrust, params, NULL, e);
}

void wk_google_account_failed(wk_ctx_t *ctx, const wk_google_account_t *account, wk_error_t *e)
{
    wk_error_t ignored;
    if (e->code != WK_FORBIDDEN) {
        return;
    }
    (void)wk_tx(ctx->db, ctx->arena, account->organization, 0, distrust_tx, (void *)account,
                &ignored);
    e->code = WK_UNAVAILABLE;
}

/* ---------------------------------------------------------------- connecting it */

bool wk_google_account_connect(wk_ctx_t *ctx, wk_tx_t *tx, const wk_google_tokens_t *tokens,
                               va_str_t user, wk_error_t *e)
{
    va_str_t access, refresh_token, org = wk_tx_organization(tx);
    if (!seal(ctx, org, "access_token", tokens->access, &access, e) ||
        !seal(ctx, org, "refresh_token", tokens->refresh, &refresh_token, e)) {
        return false;
    }
    va_str_t params[] = {VA_STR(WK_GOOGLE_SERVICE),
                         access,
                         refresh_token,
                         tokens->scope,
                         seconds(ctx, tokens->expires_s),
                         wk_secret_key_id(ctx->config),
                         user};
    return wk_sql(tx, &wk_sql_integration_connect, params, NULL, e);
}
