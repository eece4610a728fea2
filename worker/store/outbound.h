/* Calls the shop makes: whether one may be made now, and what became of it. */
#ifndef WK_STORE_OUTBOUND_H
#define WK_STORE_OUTBOUND_H

#include "worker/db.h"

/*
 * $1 customer, $2 reason: the customer locked, with number name first_name spoken (language),
 * and the shop's agent number_id, the numbers it can be called from: agent_number (by the
 * platform) carrier_number; shop agent_name voicemail_action voicemail_message day; quiet_ends
 * (ISO 8601, null: not quiet), refused (wants no calls), agreed (said yes to calls), and
 * generation: how many such calls of today are over.
 */
extern const wk_sql_t wk_sql_outbound_facts;

/* $1 number: own, whether the shop is called there. */
extern const wk_sql_t wk_sql_outbound_own;

/* $1 job: key of the call that an earlier run of it claimed. */
extern const wk_sql_t wk_sql_outbound_of_job;

/* $1 key, locked: id state request result claimed (Unix time) age_ms. */
extern const wk_sql_t wk_sql_outbound_effect;

/* $1 call, $2 reason, $3 priority, $4 user or null. */
extern const wk_sql_t wk_sql_outbound_note;

/* $1 customer, $2 from, $3 to, $4 reason, $5 priority, $6 user or null, $7 why, $8 engine or
 * null: one that never rang. */
extern const wk_sql_t wk_sql_outbound_failed;

/* $1 effect, whatever it looks like: key. */
extern const wk_sql_t wk_sql_outbound_key;

/* $1 JSON list of the carrier's ids, latest first: sid of the earliest that no claim has. */
extern const wk_sql_t wk_sql_outbound_unclaimed;

#endif
