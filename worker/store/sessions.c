#include "worker/store/sessions.h"

const wk_sql_t wk_sql_session_organization = {
    "session_organization", "SELECT organization_id FROM session_lookup($1)", 1};

const wk_sql_t wk_sql_session_open = {
    "session_open",
    "WITH expired AS ("
    "    DELETE FROM sessions WHERE organization_id = current_organization()"
    "       AND user_id = $1::uuid AND expires_at < now())"
    "INSERT INTO sessions (organization_id, user_id, token_hash, expires_at, ip_address,"
    "                      user_agent)"
    " VALUES (current_organization(), $1::uuid, $2, now() + $3::int * interval '1 second',"
    "         $4::inet, left($5, 400))",
    5};

const wk_sql_t wk_sql_session_lock = {
    "session_lock",
    "SELECT FROM users u"
    " WHERE u.organization_id = current_organization()"
    "   AND u.id = (SELECT user_id FROM sessions"
    "                WHERE organization_id = current_organization() AND token_hash = $1)"
    "   FOR NO KEY UPDATE",
    1};

const wk_sql_t wk_sql_session_read = {
    "session_read",
    "SELECT s.id AS session_id, s.family, s.used_at IS NOT NULL AS used,"
    "       s.revoked_at IS NOT NULL OR s.expires_at <= now() AS ended,"
    "       EXISTS (SELECT FROM sessions n WHERE n.organization_id = s.organization_id"
    "                  AND n.rotated_from = s.id AND n.token_hash = $2"
    "                  AND n.used_at IS NULL AND n.revoked_at IS NULL) AS followed,"
    "       u.is_active AND o.is_active AS user_active, u.id AS user_id, u.role, u.email,"
    "       u.first_name, u.last_name, o.id AS organization_id, o.name AS organization_name,"
    "       o.timezone AS organization_timezone"
    "  FROM sessions s"
    "  JOIN users u ON u.organization_id = s.organization_id AND u.id = s.user_id"
    "  JOIN organizations o ON o.id = s.organization_id"
    " WHERE s.organization_id = current_organization() AND s.token_hash = $1",
    2};

const wk_sql_t wk_sql_session_rotate = {
    "session_rotate",
    "WITH used AS ("
    "    UPDATE sessions SET used_at = now()"
    "     WHERE organization_id = current_organization() AND id = $1::uuid"
    "    RETURNING organization_id, user_id, family, id)"
    "INSERT INTO sessions (organization_id, user_id, family, rotated_from, token_hash,"
    "                      expires_at, ip_address, user_agent)"
    " SELECT organization_id, user_id, family, id, $2, now() + $3::int * interval '1 second',"
    "        $4::inet, left($5, 400)"
    "   FROM used",
    5};

const wk_sql_t wk_sql_session_revoke = {
    "session_revoke",
    "UPDATE sessions SET revoked_at = now()"
    " WHERE organization_id = current_organization() AND family = $1::uuid"
    "   AND revoked_at IS NULL",
    1};
