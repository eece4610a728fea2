#include "worker/store/migrations.h"

const wk_sql_t wk_sql_migration_lock = {
    "migration_lock", "SELECT pg_advisory_lock(hashtext('voiceagent migrate'))", 0};

const wk_sql_t wk_sql_migrations_exist = {
    "migrations_exist",
    "SELECT to_regclass('voiceagent.schema_migrations') IS NOT NULL AS exist", 0};

const wk_sql_t wk_sql_migration_patience = {
    "migration_patience", "SELECT set_config('lock_timeout', '2s', true)", 0};

const wk_sql_t wk_sql_migrations_applied = {
    "migrations_applied",
    "SELECT version, name, sha256 FROM voiceagent.schema_migrations ORDER BY version", 0};

const wk_sql_t wk_sql_migration_record = {
    "migration_record",
    "INSERT INTO voiceagent.schema_migrations (version, name, sha256)"
    " VALUES ($1::int, $2, $3)",
    3};

va_str_t wk_sql_role_login(wk_arena_t *a, const char *role, const char *hash)
{
    if (hash == NULL) {
        return wk_printf(a, "ALTER ROLE %s LOGIN", role);
    }
    return wk_printf(a, "ALTER ROLE %s LOGIN PASSWORD %s", role, hash);
}

const wk_sql_t wk_sql_login_rights = {
    "login_rights",
    "SELECT rolsuper AS superuser, rolbypassrls AS bypassrls,"
    "       (SELECT count(*) FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace"
    "         WHERE n.nspname = 'voiceagent' AND pg_has_role(r.oid, c.relowner, 'MEMBER')) AS "
    "owns"
    "  FROM pg_roles r WHERE rolname = current_user",
    0};

const wk_sql_t wk_sql_connection_limits = {
    "connection_limits",
    "SELECT current_setting('max_connections')::int"
    "       - current_setting('superuser_reserved_connections')::int AS most,"
    "       current_setting('server_version_num')::int AS version",
    0};
