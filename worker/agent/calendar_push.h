/* From our appointments to Google: makes an appointment's event what its row says. */
#ifndef WK_AGENT_CALENDAR_PUSH_H
#define WK_AGENT_CALENDAR_PUSH_H

#include "worker/context.h"
#include "worker/handler.h"

#define WK_CALENDAR_PUSH_ATTEMPTS 12 /* before the event is given up, with a task */

/*
 * Within the transaction that changes an appointment: a job of its own (calendar.push) follows
 * it to Google after the commit. Nothing without a connected calendar, or for a hold.
 */
bool wk_calendar_push_later(wk_tx_t *tx, va_str_t appointment, wk_error_t *e);

/*
 * The same for appointments that no event was made of, and for those whose event stayed behind:
 * for a while, or in_any_case.
 */
bool wk_calendar_push_behind(wk_tx_t *tx, bool in_any_case, wk_error_t *e);

/*
 * Reads the row as it is now: repeats and jobs out of order come to the same event. What was
 * changed in Google meanwhile counts less than a change of ours that was on its way.
 */
wk_outcome_t wk_calendar_push_now(wk_ctx_t *ctx, va_str_t organization, va_str_t appointment,
                                  wk_error_t *e);

#endif
