/*
 * The shop's HubSpot: every call that is over becomes a call and a note there, with its
 * customer's contact; and what people change of a contact is taken over.
 *
 * Each object is made once: the ledger says that it was begun, and the object carries our key,
 * which is unique there, so that whoever comes after a death finds it instead of making
 * another.
 */
#ifndef WK_AGENT_CRM_H
#define WK_AGENT_CRM_H

#include "worker/context.h"
#include "worker/handler.h"

#define WK_HUBSPOT_ATTEMPTS 30 /* a day whose requests are spent is waited for */

/* Within the transaction that concludes the call; nothing without a connected CRM. */
bool wk_crm_log_later(wk_tx_t *tx, va_str_t call, wk_error_t *e);

/* The job of it (hubspot.log). */
wk_outcome_t wk_crm_log(wk_ctx_t *ctx, va_str_t organization, va_str_t call, wk_error_t *e);

/*
 * For an effect of that key whose job was lost: the serial such jobs have, another one, and the
 * end of waiting for it, as one that nobody can tell of, with a task and an alert; without a
 * connected CRM as one that failed, of which nobody hears.
 */
va_str_t wk_crm_serial(wk_arena_t *a, va_str_t organization, va_str_t key);
bool wk_crm_log_anew(wk_tx_t *tx, va_str_t key, wk_error_t *e);
wk_outcome_t wk_crm_give_up(wk_ctx_t *ctx, va_str_t organization, va_str_t key, wk_error_t *e);

/* A contact changed there, or is gone (hubspot.contact): it is asked for as it is now. */
wk_outcome_t wk_crm_refresh(wk_ctx_t *ctx, va_str_t organization, va_str_t contact,
                            wk_error_t *e);

#endif
