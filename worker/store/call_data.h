/* What was collected in a call, field by field. */
#ifndef WK_STORE_CALL_DATA_H
#define WK_STORE_CALL_DATA_H

#include "worker/db.h"

/* $1 call, $2 customer or null, $3 [{type, name, value, value_type, confidence}]; the last word
 * counts. */
extern const wk_sql_t wk_sql_call_data_put;

/* $1 call, $2 customer or null, $3 [{type, name, value, value_type}]: what is not known yet. */
extern const wk_sql_t wk_sql_call_data_add;

#endif
