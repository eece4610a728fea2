/* What is kept no longer than it may be. */
#ifndef WK_STORE_PRIVACY_H
#define WK_STORE_PRIVACY_H

#include "worker/db.h"

/* Without a tenant. $1 at most: organization, of shops that were not swept today. */
extern const wk_sql_t wk_sql_privacy_due;

/* It was swept now, to the end. */
extern const wk_sql_t wk_sql_privacy_swept;

/* What has served its time; each: $1 rows at most; done: how many they were. */
extern const wk_sql_t wk_sql_sweep_widget_keys, wk_sql_sweep_proofs, wk_sql_sweep_chat_effects;

#endif
