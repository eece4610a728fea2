/*
 * What is known of the shop's calendars grows old when Google does not tell; before a time is
 * promised then, Google is asked what is taken (free/busy), and the mirror holds that until the
 * next synchronisation.
 */
#ifndef WK_AGENT_CALENDAR_BRIDGE_H
#define WK_AGENT_CALENDAR_BRIDGE_H

#include "worker/context.h"
#include "worker/moment.h"

/*
 * from: the first moment, its wall absent for now. Nothing is asked where the mirror is fresh.
 * Outside of any transaction; a failure leaves the mirror as it is, and is logged.
 */
void wk_calendar_bridge(wk_ctx_t *ctx, va_str_t organization, const wk_moment_t *from,
                        int64_t days);

#endif
