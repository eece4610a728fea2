/* plan.get, and what refuses that which the plan of a shop does not include. */
#include "worker/handlers/plan.h"

#include "worker/handlers/caller.h"
#include "worker/handlers/handlers.h"
#include "worker/handlers/reply.h"
#include "worker/store/plan.h"

static const char *const names[] = {
    [WK_PLAN_FREE] = "FREE", [WK_PLAN_BASIC] = "BASIC", [WK_PLAN_PRO] = "PRO"};

static const struct {
    const char *name;
    wk_plan_t needed;
} features[WK_FEATURES] = {
    [WK_FEATURE_KNOWLEDGE] = {"knowledge", WK_PLAN_BASIC},
    [WK_FEATURE_VOICE_SETTINGS] = {"voice_settings", WK_PLAN_PRO},
    [WK_FEATURE_VOICE_ENGINES] = {"voice_engines", WK_PLAN_PRO},
    [WK_FEATURE_MODEL_ANSWERS] = {"model_answers", WK_PLAN_PRO},
    [WK_FEATURE_MORE_QUESTIONS] = {"more_questions", WK_PLAN_BASIC},
};

static bool includes(va_str_t plan, wk_feature_t feature)
{
    for (size_t i = features[feature].needed; i < sizeof(names) / sizeof(*names); i++) {
        if (va_str_eq(plan, va_str_c(names[i]))) {
            return true;
        }
    }
    return false;
}

bool wk_plan_require(wk_tx_t *tx, wk_feature_t feature, wk_plan_gap_t *gap, wk_error_t *e)
{
    wk_rows_t *rows;
    if (!wk_sql(tx, &wk_sql_plan, NULL, &rows, e)) {
        return false;
    }
    va_str_t plan = wk_cell(rows, 0, "plan");
    if (includes(plan, feature)) {
        return true;
    }
    *gap = (wk_plan_gap_t){.current = plan, .required = names[features[feature].needed]};
    return wk_refuse(e, WK_R_PLAN, "The plan does not include this: it needs %s.",
                     gap->required);
}

static va_str_t upgrade_url(wk_ctx_t *ctx)
{
    const char *origin = ctx->config->public_url != NULL ? ctx->config->public_url : "";
    return wk_printf(ctx->arena, "%s/admin/upgrade", origin);
}

wk_outcome_t wk_plan_reply_error(wk_ctx_t *ctx, const wk_plan_gap_t *gap, va_reply_t *reply,
                                 wk_error_t *e)
{
    if (gap->current.data == NULL) {
        return wk_reply_error(ctx, reply, e);
    }
    const wk_member_t more[] = {
        {"currentPlan", gap->current},
        {"requiredPlan", va_str_c(gap->required)},
        {"upgradeUrl", upgrade_url(ctx)},
        {NULL, VA_STR_NULL},
    };
    return wk_reply_error_with(ctx, reply, e, more);
}

/* ---------------------------------------------------------------- plan.get */

static bool get_tx(wk_tx_t *tx, const wk_caller_t *caller, void *arg, wk_error_t *e)
{
    wk_rows_t **rows = arg;
    (void)caller;
    return wk_sql_last(tx, &wk_sql_plan_used, NULL, rows, e);
}

static void put_json(va_json_writer_t *w, const char *name, va_str_t json)
{
    va_json_key(w, name);
    va_json_put_raw(w, json.data != NULL ? json : VA_STR("null"));
}

static void put_plan(wk_ctx_t *ctx, va_json_writer_t *w, const wk_rows_t *rows)
{
    va_str_t plan = wk_cell(rows, 0, "plan");
    va_json_key(w, "plan");
    va_json_object(w);
    va_json_add_str(w, "tier", plan);
    va_json_add_str(w, "trial_ends_at", wk_cell(rows, 0, "trial_ends_at"));
    va_json_key(w, "includes");
    va_json_object(w);
    for (wk_feature_t i = 0; i < WK_FEATURES; i++) {
        va_json_add_bool(w, features[i].name, includes(plan, i));
    }
    va_json_object_end(w);
    put_json(w, "period", wk_cell(rows, 0, "period"));
    put_json(w, "used", wk_cell(rows, 0, "used"));
    put_json(w, "credits", wk_cell(rows, 0, "credits"));
    va_json_add_str(w, "upgradeUrl", upgrade_url(ctx));
    va_json_object_end(w);
}

wk_outcome_t wk_plan_get(wk_ctx_t *ctx, va_reply_t *reply, wk_error_t *e)
{
    wk_document_t doc;
    wk_rows_t *rows;
    if (!wk_caller_tx(ctx, WK_FROM_ADMIN, get_tx, &rows, e)) {
        return wk_reply_error(ctx, reply, e);
    }
    put_plan(ctx, wk_reply_begin(ctx, &doc), rows);
    return wk_reply_end(ctx, &doc, 200, reply, e);
}
