#include "worker/store/transaction.h"

const wk_sql_t wk_sql_begin = {"begin", "BEGIN", 0};
const wk_sql_t wk_sql_commit = {"commit", "COMMIT", 0};
const wk_sql_t wk_sql_rollback = {"rollback", "ROLLBACK", 0};
const wk_sql_t wk_sql_ping = {"ping", "SELECT 1", 0};

const wk_sql_t wk_sql_set_tenant = {
    "set_tenant",
    "SELECT set_config('app.current_organization_id', $1, true),"
    "       set_config('statement_timeout', $2, true)",
    2};

const wk_sql_t wk_sql_set_tenant_by = {
    "set_tenant_by",
    "SELECT set_config('app.current_organization_id',"
    "                  coalesce(organization_by($1, $2)::text, ''), true) AS organization,"
    "       set_config('statement_timeout', $3, true)",
    3};

#define OF_KEY(kind, key)                                                                      \
    "CASE WHEN " key "::text IS NOT NULL THEN organization_by(" kind ", " key ")::text END"

/* OFFSET 0: each key is looked up once, however often its column is used. */
const wk_sql_t wk_sql_set_tenant_by_keys = {
    "set_tenant_by_keys",
    "SELECT set_config('app.current_organization_id', coalesce(first, second, ''), true)"
    "           AS organization,"
    "       set_config('statement_timeout', $11, true), first, second, third, fourth, fifth"
    "  FROM (SELECT " OF_KEY("$1", "$2") " AS first, " OF_KEY("$3", "$4") " AS second, " OF_KEY(
        "$5", "$6") " AS third, " OF_KEY("$7", "$8") " AS fourth, " OF_KEY("$9", "$10") " AS fifth OFFSET 0) k",
    11};
