/* The shop itself. */
#ifndef WK_STORE_ORGANIZATIONS_H
#define WK_STORE_ORGANIZATIONS_H

#include "worker/db.h"

/* language: what its people are written to in. */
extern const wk_sql_t wk_sql_shop_language;

/* agent: its id at ElevenLabs; null: none. */
extern const wk_sql_t wk_sql_shop_agent;

/*
 * name phone email website_url directions description services address policies promotions hours
 * (JSON) timezone language today (YYYY-MM-DD) open closing (HH:MM) next_opening (YYYY-MM-DD HH:MM).
 */
extern const wk_sql_t wk_sql_shop_facts;

/* $1 number: ours, true when it is the number of any shop here. */
extern const wk_sql_t wk_sql_number_is_ours;

#endif
