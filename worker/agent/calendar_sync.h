/* From Google to us: what changed in the shop's calendars, and the channels that tell of it. */
#ifndef WK_AGENT_CALENDAR_SYNC_H
#define WK_AGENT_CALENDAR_SYNC_H

#include "worker/context.h"
#include "worker/handler.h"

#define WK_CALENDAR_SYNC_ATTEMPTS 4 /* the next look comes minutes later anyway */

/*
 * A job that looks at the shop's calendars (calendar.sync). calendar absent: at all of them.
 * not_since_ms: not if it was looked at after that moment, Unix time; 0: in any case. dedup as
 * wk_outbox_job() has it.
 */
bool wk_calendar_sync_later(wk_tx_t *tx, va_str_t calendar, int64_t not_since_ms,
                            va_str_t dedup, wk_error_t *e);

/*
 * Others' events are mirrored, ours that were moved or deleted by hand change their
 * appointments, channels that end are renewed, and events that stayed behind are pushed.
 * calendar and not_since_ms as above.
 */
wk_outcome_t wk_calendar_sync_now(wk_ctx_t *ctx, va_str_t organization, va_str_t calendar,
                                  int64_t not_since_ms, wk_error_t *e);

#endif
