/*
 * What a finished conversation came to: its report becomes the call's transcript, turns, data,
 * verdict and evaluation, teaches the shop about its customer, and is told to the dashboards.
 */
#ifndef WK_AGENT_CALL_ANALYSIS_H
#define WK_AGENT_CALL_ANALYSIS_H

#include "worker/agent/call.h"
#include "worker/agent/classify.h"

/* Once a call: opened in this transaction, and closed by it. */
bool wk_call_analyze(wk_tx_t *tx, const wk_catalogue_t *c, wk_call_t *call,
                     const wk_report_t *report, wk_error_t *e);

#endif
