#include "worker/agent/calendar_connect.h"

#include "worker/agent/calendar_gone.h"
#include "worker/agent/calendar_push.h"
#include "worker/agent/calendar_sync.h"
#include "worker/store/calendar.h"

/*
 * Whether this is the account of before is not known: nothing that was mirrored is kept, nor
 * that a calendar was gone. If it still is, people hear of it anew.
 */
static bool forget_mirror(wk_tx_t *tx, wk_error_t *e)
{
    return wk_sql(tx, &wk_sql_calendars_ensure, NULL, NULL, e) &&
           wk_sql(tx, &wk_sql_calendars_forget_state, NULL, NULL, e) &&
           wk_calendar_gone_settle(tx, VA_STR_NULL, e) &&
           wk_sql(tx, &wk_sql_calendars_forget_events, NULL, NULL, e);
}

bool wk_calendar_connect(wk_ctx_t *ctx, wk_tx_t *tx, const wk_google_tokens_t *tokens,
                         va_str_t user, wk_error_t *e)
{
    return wk_sql(tx, &wk_sql_calendar_doubted, NULL, NULL, e) && /* before it is connected */
           wk_google_account_connect(ctx, tx, tokens, user, e) && forget_mirror(tx, e) &&
           wk_calendar_push_behind(tx, true, e) &&
           wk_calendar_sync_later(tx, VA_STR_NULL, 0, VA_STR_NULL, e);
}
