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

/* A contact changed there, or is gone (hubspot.contact): it is asked for as it is now. */
wk_outcome_t wk_crm_refresh(wk_ctx_t *ctx, va_str_t organization, va_str_t contact,
                            wk_error_t *e);

#endif
