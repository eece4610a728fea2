/* What a shop's plan includes (docs/settings.md). */
#ifndef WK_HANDLERS_PLAN_H
#define WK_HANDLERS_PLAN_H

#include "worker/context.h"
#include "worker/handler.h"

typedef enum { WK_PLAN_FREE, WK_PLAN_BASIC, WK_PLAN_PRO } wk_plan_t;

typedef enum {
    WK_FEATURE_KNOWLEDGE,
    WK_FEATURE_VOICE_SETTINGS,
    WK_FEATURE_VOICE_ENGINES,  /* asked for where an engine is chosen: agent/engines.h */
    WK_FEATURE_MODEL_ANSWERS,  /* where an answer is found: agent/conversation.h */
    WK_FEATURE_MORE_QUESTIONS, /* than five, of a lead */
    WK_FEATURES,
} wk_feature_t;

/* What is missing, when something is; zeroed before. */
typedef struct {
    va_str_t current; /* absent: nothing was refused for its plan */
    const char *required;
} wk_plan_gap_t;

/* Refuses (WK_R_PLAN) what the plan does not include; *gap says what is missing. */
bool wk_plan_require(wk_tx_t *tx, wk_feature_t feature, wk_plan_gap_t *gap, wk_error_t *e);

/* As wk_reply_error(); of a plan's gap, with currentPlan, requiredPlan and upgradeUrl. */
wk_outcome_t wk_plan_reply_error(wk_ctx_t *ctx, const wk_plan_gap_t *gap, va_reply_t *reply,
                                 wk_error_t *e);

#endif
