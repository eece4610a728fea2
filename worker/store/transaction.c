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
