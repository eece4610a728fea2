#include "worker/agent/hubspot_account.h"

#include "worker/agent/task.h"
#include "worker/log.h"
#include "worker/metrics.h"
#include "worker/secretbox.h"
#include "worker/store/crm.h"
#include "worker/store/integrations.h"

static wk_secret_place_t place_of(va_str_t organization)
{
    return (wk_secret_place_t){"integrations", "access_token", organization,
                               VA_STR(WK_HUBSPOT_SERVICE)};
}

bool wk_hubspot_account(wk_ctx_t *ctx, wk_tx_t *tx, wk_hubspot_account_t *account,
                        wk_error_t *e)
{
    wk_rows_t *rows;
    va_str_t service = VA_STR(WK_HUBSPOT_SERVICE), token = VA_STR_NULL;
    wk_secret_place_t place = place_of(wk_tx_organization(tx));
    *account = (wk_hubspot_account_t){.hubspot = {.ctx = ctx}};
    if (!wk_sql(tx, &wk_sql_integration, &service, &rows, e)) {
        return wk_error_wrap(e, "HubSpot account");
    }
    if (wk_rows_count(rows) == 0 ||
        !va_str_eq(wk_cell(rows, 0, "status"), VA_STR("connected"))) {
        return true;
    }
    if (!wk_secret_open(ctx->config, ctx->arena, &place, wk_cell(rows, 0, "access_token"),
                        &token, e)) {
        return wk_error_wrap(e, "HubSpot account");
    }
    if (token.len == 0 && ctx->config->hubspot_access_token != NULL) {
        token = va_str_c(ctx->config->hubspot_access_token);
    }
    account->hubspot.token = token;
    account->generation = wk_cell(rows, 0, "generation");
    account->connected = token.len > 0;
    return true;
}

typedef struct {
    wk_ctx_t *ctx;
    const wk_hubspot_account_t *account;
} broken_t;

static bool break_tx(wk_tx_t *tx, void *arg, wk_error_t *e)
{
    const broken_t *b = arg;
    wk_rows_t *rows;
    va_str_t generation = b->account->generation;
    va_str_t params[] = {VA_STR(WK_HUBSPOT_SERVICE), generation, VA_STR("token_refused")};
    if (!wk_sql(tx, &wk_sql_integration_broken, params, &rows, e)) {
        return false;
    }
    if (wk_rows_affected(rows) == 0) {
        return true; /* somebody else saw it first, or it was connected anew */
    }
    wk_log(WK_ALERT, "a HubSpot account is not connected any more");
    wk_count("voiceagent_crm_broken_total", NULL, VA_STR_NULL, NULL, VA_STR_NULL, 1);
    wk_task_t task = {
        .kind = "alarm",
        .key = wk_printf(b->ctx->arena, "hubspot:%.*s", (int)generation.len, generation.data),
        .priority = "high",
        .title = "task.crm_broken",
        .body = "task.crm_broken_body"};
    return wk_task_raise(b->ctx, tx, &task, e);
}

bool wk_hubspot_account_broken(wk_ctx_t *ctx, va_str_t organization,
                               const wk_hubspot_account_t *account, wk_error_t *e)
{
    broken_t b = {ctx, account};
    return wk_tx(ctx->db, ctx->arena, organization, 0, break_tx, &b, e);
}

bool wk_hubspot_account_connect(wk_ctx_t *ctx, wk_tx_t *tx, va_str_t token, va_str_t portal,
                                va_str_t user, wk_error_t *e)
{
    va_str_t sealed;
    wk_secret_place_t place = place_of(wk_tx_organization(tx));
    if (!wk_secret_seal(ctx->config, ctx->arena, &place, token, &sealed, e)) {
        return false;
    }
    va_str_t params[] = {sealed, portal, wk_secret_key_id(ctx->config), user};
    return wk_sql(tx, &wk_sql_crm_connect, params, NULL, e);
}
