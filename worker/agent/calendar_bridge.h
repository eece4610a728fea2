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
 * Outside of any transaction. False: Google could not be asked of all calendars, which is
 * logged; the mirror stays as old as it is, and may offer what is taken.
 */
bool wk_calendar_bridge(wk_ctx_t *ctx, va_str_t organization, const wk_moment_t *from,
                        int64_t days);

/*
 * The same in the steps of a tool: whether Google is to be asked travels ahead of the
 * transaction's next statement, and can be read behind it; then Google is asked. False as
 * above.
 */
typedef struct wk_calendar_need wk_calendar_need_t;
bool wk_calendar_see(wk_tx_t *tx, wk_ctx_t *ctx, const wk_moment_t *from, int64_t days,
                     wk_calendar_need_t **need, wk_error_t *e);
bool wk_calendar_is_needed(const wk_calendar_need_t *need);
bool wk_calendar_ask(wk_calendar_need_t *need);

#endif
