#include "worker/store/integrations.h"

#include "worker/store/sql.h"

/* updated_at in microseconds: it differs after every change. */
#define GENERATION "(extract(epoch FROM updated_at) * 1000000)::bigint"

const wk_sql_t wk_sql_integration = {
    "integration",
    "SELECT status, access_token, refresh_token, " GENERATION " AS generation,"
    "       greatest(0, extract(epoch FROM expires_at - now()))::bigint AS expires_in"
    "  FROM integrations WHERE service = $1",
    1};

const wk_sql_t wk_sql_integration_connect = {
    "integration_connect",
    "INSERT INTO integrations (organization_id, service, access_token, refresh_token, scopes,"
    "                          expires_at, key_id, connected_by)"
    " VALUES (current_organization(), $1, $2::bytea, $3::bytea, string_to_array($4, ' '),"
    "         now() + make_interval(secs => $5::int), $6,"
    "         (SELECT id FROM users WHERE id = uuid_or_null($7)))"
    " ON CONFLICT (organization_id, service) DO UPDATE"
    "    SET access_token = excluded.access_token, refresh_token = excluded.refresh_token,"
    "        secret = NULL, scopes = excluded.scopes, expires_at = excluded.expires_at,"
    "        key_id = excluded.key_id, connected_by = excluded.connected_by,"
    "        connected_at = now(), status = 'connected', error = NULL",
    7};

const wk_sql_t wk_sql_integration_refreshed = {
    "integration_refreshed",
    "UPDATE integrations"
    "   SET access_token = $3::bytea, refresh_token = $4::bytea,"
    "       expires_at = now() + make_interval(secs => $5::int), key_id = $6"
    " WHERE service = $1 AND " GENERATION " = $2::bigint",
    6};

const wk_sql_t wk_sql_integration_distrust = {"integration_distrust",
                                              "UPDATE integrations SET expires_at = now()"
                                              " WHERE service = $1 AND " GENERATION
                                              " = $2::bigint",
                                              2};

const wk_sql_t wk_sql_integration_broken = {
    "integration_broken",
    "UPDATE integrations SET status = 'error', error = $3"
    " WHERE service = $1 AND status = 'connected' AND " GENERATION " = $2::bigint",
    3};

const wk_sql_t wk_sql_integration_disconnect = {
    "integration_disconnect",
    "UPDATE integrations SET status = 'disconnected', error = NULL"
    " WHERE service = $1 AND status <> 'disconnected'",
    1};

const wk_sql_t wk_sql_integration_forget = {
    "integration_forget",
    "DELETE FROM integrations WHERE service = $1 AND status = 'disconnected'", 1};

const wk_sql_t wk_sql_integrations = {
    "integrations",
    "SELECT service, status, error, " WK_SQL_ISO(
        "connected_at") " AS connected_at"
                        "  FROM integrations ORDER BY service",
    0};

const wk_sql_t wk_sql_integrations_to_rotate = {
    "integrations_to_rotate",
    "SELECT service, access_token, refresh_token, secret, " GENERATION " AS generation"
    "  FROM integrations WHERE key_id <> $1 ORDER BY service LIMIT 100",
    1};

const wk_sql_t wk_sql_integration_rotated = {"integration_rotated",
                                             "UPDATE integrations"
                                             "   SET access_token = $3::bytea, refresh_token = "
                                             "$4::bytea, secret = $5::bytea, key_id = $6"
                                             " WHERE service = $1 AND " GENERATION
                                             " = $2::bigint",
                                             6};

const wk_sql_t wk_sql_keys_due = {"keys_due", "SELECT due_keys($1, $2::int) AS organization",
                                  2};
