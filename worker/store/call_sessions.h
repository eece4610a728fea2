/* Calls as the API tells of them. */
#ifndef WK_STORE_CALL_SESSIONS_H
#define WK_STORE_CALL_SESSIONS_H

#include "worker/db.h"

/*
 * A page, latest start first: $1 rows, $2 key_us, $3 key_id, $4 status, $5 search words, $6
 * and $7 from and its zone, $8 and $9 to and its zone (of the start); all but $1 may be
 * null. item key_us key_id.
 */
extern const wk_sql_t wk_sql_calls;

/* $1 id: item, with more members than in a list. */
extern const wk_sql_t wk_sql_call;

/* $1 id: item, as in a list, and customer_id. */
extern const wk_sql_t wk_sql_call_summary;

/* $1 customer, or null for all, $2 rows: item of each call that goes on, latest first. */
extern const wk_sql_t wk_sql_calls_live;

/* $1 CallSid, or id of a conversation at ElevenLabs: id. */
extern const wk_sql_t wk_sql_call_named;

/* $1 id: a row when there is such a call. */
extern const wk_sql_t wk_sql_call_exists;

/* $1 id, $2 outcome, as a person says it. A row when there is such a call. */
extern const wk_sql_t wk_sql_call_outcome;

#endif
