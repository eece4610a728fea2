/* The ledger of outside effects; effect.h has the rules. */
#ifndef WK_STORE_EFFECTS_H
#define WK_STORE_EFFECTS_H

#include "worker/db.h"

/* $1 kind, $2 key, $3 request; gives id state provider_id result age_ms claims. */
extern const wk_sql_t wk_sql_effect_claim;

/* $1 id, $2 state, $3 provider_id, $4 result. */
extern const wk_sql_t wk_sql_effect_finish;

/* $1 id. */
extern const wk_sql_t wk_sql_effect_release;

/* $1 kind, $2 key: id of it, locked; no row: it has ended, or there is none. */
extern const wk_sql_t wk_sql_effect_pending;

/* Organizations with effects that nobody has settled in time, at most $1: organization. */
extern const wk_sql_t wk_sql_effects_due;

/*
 * Those effects, the longest overdue first, at most $1: id, kind, key; requeued: a job was
 * queued for it anew before; postponed: a text that waits for the end of a takeover,
 * or the number of a shop that somebody is setting up, or whose job may come back to it
 * within two minutes of its last attempt, or that is still signing up.
 */
extern const wk_sql_t wk_sql_effects_unsettled;

/* $1 id: it is looked after again in ten minutes; $2 true: a job was queued for it anew. */
extern const wk_sql_t wk_sql_effect_settle_later;

#endif
