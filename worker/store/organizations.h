/* The shop itself. */
#ifndef WK_STORE_ORGANIZATIONS_H
#define WK_STORE_ORGANIZATIONS_H

#include "worker/db.h"

/* language: what its people are written to in. */
extern const wk_sql_t wk_sql_shop_language;

/* $1 number: ours, true when it is the number of any shop here. */
extern const wk_sql_t wk_sql_number_is_ours;

#endif
