/* A shop's plan, and what it has used. */
#ifndef WK_STORE_PLAN_H
#define WK_STORE_PLAN_H

#include "worker/db.h"

extern const wk_sql_t wk_sql_plan; /* plan of the organization, as it holds now */

/*
 * plan, trial_ends_at, and as JSON: period (this month by the shop's clock), used (in it),
 * credits (null: there is no account).
 */
extern const wk_sql_t wk_sql_plan_used;

#endif
