/*
 * What a call came to that no platform reports: one that our own engines held. By what its
 * caller said and what was done for him, as the rules of classify.h have it.
 */
#ifndef WK_AGENT_CALL_OWN_VERDICT_H
#define WK_AGENT_CALL_OWN_VERDICT_H

#include "worker/agent/catalogue.h"
#include "worker/db.h"

/* Once a call, when it has ended; nothing, and true, for any other. Locks the call. */
bool wk_call_judge_own(wk_tx_t *tx, const wk_catalogue_t *c, va_str_t call, wk_error_t *e);

#endif
