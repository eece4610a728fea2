/* The ledger of outside effects; effect.h has the rules. */
#ifndef WK_STORE_EFFECTS_H
#define WK_STORE_EFFECTS_H

#include "worker/db.h"

/* $1 kind, $2 key, $3 request; gives id state provider_id result age_ms claims. */
extern const wk_sql_t wk_sql_effect_claim;

/* $1 id, $2 state, $3 provider_id, $4 result. */
extern const wk_sql_t wk_sql_effect_finish;

#endif
