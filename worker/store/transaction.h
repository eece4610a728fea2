/*
 * The statements around every transaction, for db.c alone: no other code begins one or
 * names a tenant. (The ping is for anybody.)
 */
#ifndef WK_STORE_TRANSACTION_H
#define WK_STORE_TRANSACTION_H

#include "worker/db.h"

extern const wk_sql_t wk_sql_begin, wk_sql_commit, wk_sql_rollback, wk_sql_ping;

/* $1 the organization or '', $2 the time limit of a statement in ms. */
extern const wk_sql_t wk_sql_set_tenant;

/* $1 kind and $2 key of the directory, $3 the time limit; gives the organization or ''. */
extern const wk_sql_t wk_sql_set_tenant_by;

/*
 * $1 to $8 four pairs of kind and key, of which the first two may name the tenant, $9 the time
 * limit; gives the organization or '', and first second third fourth: whose each key is.
 */
extern const wk_sql_t wk_sql_set_tenant_by_keys;

#endif
