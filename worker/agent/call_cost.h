/* What a call cost, by the prices that are configured (docs/settings.md, "Prices"). */
#ifndef WK_AGENT_CALL_COST_H
#define WK_AGENT_CALL_COST_H

#include "worker/config.h"
#include "worker/db.h"

/*
 * Of a call that is concluded; any other is left alone. Whoever learns more of a call (its
 * duration, its report) says so again in the same transaction.
 */
bool wk_call_cost(wk_tx_t *tx, const wk_config_t *config, va_str_t call, wk_error_t *e);

/* The language model was asked for it. */
bool wk_call_cost_tokens(wk_tx_t *tx, va_str_t call, int64_t in, int64_t out, wk_error_t *e);

#endif
