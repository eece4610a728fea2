/* A consent of a Google account's owner: the shop's calendar begins anew. */
#ifndef WK_AGENT_CALENDAR_CONNECT_H
#define WK_AGENT_CALENDAR_CONNECT_H

#include "worker/agent/google_account.h"

/*
 * Connects the shop, within the transaction; jobs bring the appointments to Google and read the
 * whole calendar. What was changed in Google while the shop was not connected counts less than
 * the appointment: its event is put right, and the shop hears of it.
 */
bool wk_calendar_connect(wk_ctx_t *ctx, wk_tx_t *tx, const wk_google_tokens_t *tokens,
                         va_str_t user, wk_error_t *e);

#endif
