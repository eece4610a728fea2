/* What `migrate` and `check` ask Postgres, as the owner and as the workers' role. */
#ifndef WK_STORE_MIGRATIONS_H
#define WK_STORE_MIGRATIONS_H

#include "worker/db.h"

/* One migration at a time in a database; given back when the connection ends. */
extern const wk_sql_t wk_sql_migration_lock;

/* Whether the table of migrations exists. */
extern const wk_sql_t wk_sql_migrations_exist;

/* Within a transaction: it waits no longer than that for a lock, and fails with 55P03. */
extern const wk_sql_t wk_sql_migration_patience;

/* version name sha256 of those applied. */
extern const wk_sql_t wk_sql_migrations_applied;

/* $1 version, $2 name, $3 sha256. */
extern const wk_sql_t wk_sql_migration_record;

/*
 * Lets the role log in, with a password when its hash is not NULL. Both are quoted
 * already: ALTER ROLE takes no parameters.
 */
va_str_t wk_sql_role_login(wk_arena_t *a, const char *role, const char *hash);

/* What the login may do: superuser bypassrls owns (tables of ours), and limits: max used. */
extern const wk_sql_t wk_sql_login_rights;
extern const wk_sql_t wk_sql_connection_limits;

#endif
