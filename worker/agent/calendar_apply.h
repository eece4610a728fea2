/* What one event of a list from Google means to us. */
#ifndef WK_AGENT_CALENDAR_APPLY_H
#define WK_AGENT_CALENDAR_APPLY_H

#include "core/json.h"
#include "worker/context.h"

/*
 * zone: the calendar's. Somebody else's event is mirrored. One of ours that was deleted by hand
 * cancels its appointment, one that was moved moves it; but where another appointment stands,
 * or where a change of ours is on its way, the database is right, and Google is told so. What
 * becomes of the event of an appointment that is over changes nothing of it.
 */
bool wk_calendar_apply(wk_ctx_t *ctx, wk_tx_t *tx, va_str_t calendar, va_str_t zone,
                       const va_json_t *event, wk_error_t *e);

#endif
