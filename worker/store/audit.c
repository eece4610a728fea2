#include "worker/store/audit.h"

const wk_sql_t wk_sql_audit = {
    "audit",
    "INSERT INTO audit_log (organization_id, actor, user_id, action, entity, entity_id, data,"
    "                       ip_address, user_agent, trace_id)"
    " VALUES (current_organization(), $1, uuid_or_null($2), $3, $4,"
    "         $5, coalesce($6::jsonb, '{}'), $7::inet,"
    "         left($8, 400), $9)",
    9};
