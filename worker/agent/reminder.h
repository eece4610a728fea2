/*
 * Reminders of appointments by text, 24 hours and 1 hour before, the agent's call 48 hours
 * before (campaign.h makes it), and the notice that a bike is ready. Each is sent once: the row
 * of the appointment says that it was dealt with, and the ledger has it under
 * reminder:<appointment>:<kind>.
 */
#ifndef WK_AGENT_REMINDER_H
#define WK_AGENT_REMINDER_H

#include "worker/context.h"

/* Where a walk over the due appointments of a shop stands; both absent: at its beginning. */
typedef struct {
    va_str_t starts, id;
} wk_reminder_place_t;

/*
 * Deals with up to n of them within the transaction and moves the place on. *more: there may be
 * further ones.
 */
bool wk_reminders(wk_ctx_t *ctx, wk_tx_t *tx, int n, wk_reminder_place_t *place, bool *more,
                  wk_error_t *e);

/* The same for bikes that are ready. */
bool wk_pickup_notices(wk_ctx_t *ctx, wk_tx_t *tx, int n, bool *more, wk_error_t *e);

/* The appointment was cancelled or moved: what has not left yet never does. */
bool wk_reminders_withdraw(wk_tx_t *tx, va_str_t appointment, wk_error_t *e);

#endif
