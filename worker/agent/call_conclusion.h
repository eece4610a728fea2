/*
 * What follows a call that was reported, or held by one of our own engines: a language model
 * judges it where the shop has one, the rules judge it where not, and the follow-up that was
 * wished for is scheduled. Once a call, by a job of its own behind the report (calls.conclude).
 */
#ifndef WK_AGENT_CALL_CONCLUSION_H
#define WK_AGENT_CALL_CONCLUSION_H

#include "worker/context.h"
#include "worker/handler.h"

#define WK_CONCLUDE_ATTEMPTS 8

/* Within the transaction that stores the report. */
bool wk_call_conclude_later(wk_tx_t *tx, va_str_t call, wk_error_t *e);

/* Within that which sees the call end; a call that a platform reports is left to its report. */
bool wk_call_conclude_ended(wk_tx_t *tx, va_str_t call, wk_error_t *e);

/*
 * The job: asks with nothing open in the database, then stores all of it in one transaction. A
 * repeat changes nothing. What the database knows (a booking, a transfer) is never
 * contradicted.
 */
wk_outcome_t wk_call_conclude(wk_ctx_t *ctx, va_str_t organization, va_str_t call,
                              wk_error_t *e);

#endif
