/* What a call cost, in USD: exact decimals, which no program here ever computes with. */
#ifndef WK_STORE_CALL_COSTS_H
#define WK_STORE_CALL_COSTS_H

#include "worker/db.h"

/*
 * $1 id, $2 prices: a JSON object of decimals as texts, by the names of the settings. Nothing
 * for a call that is not concluded, or whose cost was reported; the same again changes nothing.
 * costs gets each part the call has, null where its price or its measure is not known, cost_usd
 * their sum, null as soon as one of them is.
 */
extern const wk_sql_t wk_sql_call_costed;

/* $1 id, $2 and $3 tokens in and out: more of them. */
extern const wk_sql_t wk_sql_call_tokens;

#endif
