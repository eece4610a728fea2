#include "worker/handlers/plan.h"

#include "worker/handlers/reply.h"
#include "worker/store/knowledge.h"

static const char *const names[] = {
    [WK_PLAN_FREE] = "FREE", [WK_PLAN_BASIC] = "BASIC", [WK_PLAN_PRO] = "PRO"};

static bool includes(va_str_t plan, wk_plan_t needed)
{
    for (size_t i = needed; i < sizeof(names) / sizeof(*names); i++) {
        if (va_str_eq(plan, va_str_c(names[i]))) {
            return true;
        }
    }
    return false;
}

bool wk_plan_require(wk_tx_t *tx, wk_plan_t needed, wk_plan_gap_t *gap, wk_error_t *e)
{
    wk_rows_t *rows;
    if (!wk_sql(tx, &wk_sql_plan, NULL, &rows, e)) {
        return false;
    }
    va_str_t plan = wk_cell(rows, 0, "plan");
    if (includes(plan, needed)) {
        return true;
    }
    *gap = (wk_plan_gap_t){.current = plan, .required = names[needed]};
    return wk_refuse(e, WK_R_PLAN, "The plan does not include this: it needs %s.",
                     names[needed]);
}

wk_outcome_t wk_plan_reply_error(wk_ctx_t *ctx, const wk_plan_gap_t *gap, va_reply_t *reply,
                                 wk_error_t *e)
{
    if (gap->current.data == NULL) {
        return wk_reply_error(ctx, reply, e);
    }
    const char *origin = ctx->config->public_url != NULL ? ctx->config->public_url : "";
    const wk_member_t more[] = {
        {"currentPlan", gap->current},
        {"requiredPlan", va_str_c(gap->required)},
        {"upgradeUrl", wk_printf(ctx->arena, "%s/admin/upgrade", origin)},
        {NULL, VA_STR_NULL},
    };
    return wk_reply_error_with(ctx, reply, e, more);
}
