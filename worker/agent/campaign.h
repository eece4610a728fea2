/*
 * Campaigns and follow-ups: a run is one message to one customer, a text or a call by the
 * shop's agent, done once under its key. Whether it may be done is looked at when it is due:
 * consent, the customer's preferences, quiet hours where the customer is, and no campaign on
 * the day of a reminder.
 */
#ifndef WK_AGENT_CAMPAIGN_H
#define WK_AGENT_CAMPAIGN_H

#include "worker/context.h"
#include "worker/handler.h"

/* Within the transaction: up to n customers that campaigns are about. *more: perhaps others. */
bool wk_campaigns_find(wk_tx_t *tx, int n, bool *more, wk_error_t *e);

/* Within the transaction: up to n runs that are due. *more: perhaps others. */
bool wk_campaigns_run(wk_ctx_t *ctx, wk_tx_t *tx, int n, bool *more, wk_error_t *e);

/* A job of its own behind a run that calls (campaigns.call). */
wk_outcome_t wk_campaign_call(wk_ctx_t *ctx, va_str_t organization, va_str_t run,
                              wk_error_t *e);

#endif
