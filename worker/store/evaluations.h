/* How well a call went, criterion by criterion. */
#ifndef WK_STORE_EVALUATIONS_H
#define WK_STORE_EVALUATIONS_H

#include "worker/db.h"

/* $1 call, $2 source, $3 [{criterion, result, rationale}]; the last word counts, but
 * for that of rules and models against the platform's and people's. */
extern const wk_sql_t wk_sql_evaluations_put;

#endif
