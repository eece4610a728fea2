/* Who did what: audit_log. */
#ifndef WK_STORE_AUDIT_H
#define WK_STORE_AUDIT_H

#include "worker/db.h"

/*
 * $1 actor, $2 user or null, $3 action, $4 entity, $5 its id, $6 data, $7 address, $8 user
 * agent, $9 trace; all but $1 and $3 may be null.
 */
extern const wk_sql_t wk_sql_audit;

#endif
