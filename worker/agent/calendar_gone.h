/*
 * A calendar that Google does not show any more, deleted or not shared with the account. Its
 * shop goes on as if it were not connected to it: nothing that it held takes a time, nobody is
 * told that a time has to be confirmed, and its appointments wait. People hear of it once.
 */
#ifndef WK_AGENT_CALENDAR_GONE_H
#define WK_AGENT_CALENDAR_GONE_H

#include "worker/context.h"

/* Said by a synchronisation alone: a single event may be refused for what passes. */
bool wk_calendar_gone(wk_ctx_t *ctx, wk_tx_t *tx, va_str_t calendar, const char *why,
                      wk_error_t *e);

/* It is there again, or no service goes to it any more: its task is done. Absent: all of them.
 */
bool wk_calendar_gone_settle(wk_tx_t *tx, va_str_t calendar, wk_error_t *e);

/*
 * What waits for one that its service does not go to any more, whether gone or not, waits for
 * the service's calendar from now on. Calendars that nothing goes to any more are dropped.
 */
bool wk_calendar_gone_leave(wk_tx_t *tx, wk_error_t *e);

#endif
