/*
 * Postgres: one connection a thread, and the one function that runs tenant SQL.
 *
 * wk_tx() is the only place in the program that sets the tenant
 * (set_config('app.current_organization_id', …, true)); the role it logs in as
 * owns nothing and row level security is forced, so a query that forgets to
 * filter finds one shop's rows and no other's. A superuser's login is refused.
 *
 * Nothing is sent before the first statement; BEGIN, the tenant and the time limit travel
 * with it, and COMMIT with a statement told to be the last.
 *
 * No transaction is open while a provider is asked.
 */
#ifndef WK_DB_H
#define WK_DB_H

#include "core/json.h"
#include "worker/arena.h"
#include "worker/error.h"

typedef struct wk_db wk_db_t;
typedef struct wk_tx wk_tx_t;

/*
 * Does not connect. Connects when first needed and again after a failure. prepare:
 * statements are prepared once a connection; where a transaction pooler does not allow
 * that, one transaction fails with WK_UNAVAILABLE and no more are prepared. Both texts must
 * outlive it.
 */
wk_db_t *wk_db_new(const char *url, bool prepare, const char *application_name);
void wk_db_free(wk_db_t *db);

/* True when a statement can be run now; for health checks. */
bool wk_db_ping(wk_db_t *db, wk_error_t *e);

/*
 * From any thread: stops what the connection runs, and everything after it fails with
 * WK_TIMEOUT until wk_db_resume().
 */
void wk_db_cancel(wk_db_t *db);
void wk_db_resume(wk_db_t *db);

/* From now on, transactions of this connection are of bulk work, and give way (pace.h); or not.
 */
void wk_db_give_way(wk_db_t *db, bool gives_way);

/*
 * A statement, a constant of a store/ file. The name is unique in the program;
 * the text has $1, $2 … and never a value.
 */
typedef struct {
    const char *name;
    const char *text;
    int n_params;
} wk_sql_t;

#define WK_SQL_MAX_PARAMS 64

typedef struct wk_rows wk_rows_t; /* owned by the arena of the transaction */

/*
 * Runs fn within one transaction of the organization (a UUID; absent: no
 * tenant, only the directory functions and tables without tenant work). fn
 * returns true to commit. A failed statement, or false, rolls back. Serialization
 * failures and deadlocks are WK_UNAVAILABLE. deadline_ms (Unix time) becomes the
 * time limit of each statement; 0: 30 s.
 */
typedef bool (*wk_tx_fn)(wk_tx_t *tx, void *arg, wk_error_t *e);

bool wk_tx(wk_db_t *db, wk_arena_t *a, va_str_t organization, int64_t deadline_ms, wk_tx_fn fn,
           void *arg, wk_error_t *e);

/*
 * The organization is found in the round trip that begins the transaction, by the
 * directory (`organization_by(kind, key)`), and fn's first statement travels along.
 * *organization is set; absent when there is none: then that statement has run as nobody,
 * fails, is rolled back with the rest, and the result is true.
 */
bool wk_tx_by(wk_db_t *db, wk_arena_t *a, const char *kind, va_str_t key, int64_t deadline_ms,
              wk_tx_fn fn, void *arg, va_str_t *organization, wk_error_t *e);

/* A key of the directory. */
typedef struct {
    const char *kind;
    va_str_t key;          /* absent: nobody's */
    va_str_t organization; /* whose it is; absent: nobody's */
} wk_key_t;

#define WK_KEYS 5

/*
 * As wk_tx_by(), by the first of keys[0] and keys[1] that is anybody's; of the others it is
 * only asked whose they are. Once fn's first statement is answered, or has failed because
 * there is no organization, each key has its own.
 */
bool wk_tx_by_keys(wk_db_t *db, wk_arena_t *a, wk_key_t keys[WK_KEYS], int64_t deadline_ms,
                   wk_tx_fn fn, void *arg, va_str_t *organization, wk_error_t *e);

/*
 * One statement, its parameters as text; an absent string is NULL. *rows may be
 * NULL when nothing is wanted. A constraint violation is WK_CONFLICT with its
 * name in e->detail.
 */
bool wk_sql(wk_tx_t *tx, const wk_sql_t *sql, const va_str_t *params, wk_rows_t **rows,
            wk_error_t *e);

/*
 * As wk_sql(), but not waited for: it travels with the next statement that is, or with
 * COMMIT. *rows can be read once that one has succeeded; where either fails, both have.
 */
bool wk_sql_ahead(wk_tx_t *tx, const wk_sql_t *sql, const va_str_t *params, wk_rows_t **rows,
                  wk_error_t *e);

/* As wk_sql_ahead(), for a statement of which nothing is read. */
bool wk_sql_later(wk_tx_t *tx, const wk_sql_t *sql, const va_str_t *params, wk_error_t *e);

/*
 * As wk_sql(), for the last statement of a transaction: COMMIT travels with it,
 * which saves a round trip. fn must return true next.
 */
bool wk_sql_last(wk_tx_t *tx, const wk_sql_t *sql, const va_str_t *params, wk_rows_t **rows,
                 wk_error_t *e);

/*
 * The transaction writes rows of outbox; once it is committed wk_db_outbox() names its
 * organization, until the next transaction that does, or wk_db_outbox_drained().
 */
void wk_tx_fills_outbox(wk_tx_t *tx);
va_str_t wk_db_outbox(const wk_db_t *db);
void wk_db_outbox_drained(wk_db_t *db);

wk_arena_t *wk_tx_arena(wk_tx_t *tx);
/* Absent: none. One that is still being looked for is waited for. */
va_str_t wk_tx_organization(wk_tx_t *tx);

size_t wk_rows_count(const wk_rows_t *rows);
size_t wk_rows_affected(const wk_rows_t *rows);

/*
 * Absent for SQL NULL, and for a row that is not there: then the transaction fails with
 * WK_NOT_FOUND, unless it was committed. The column must exist: a wrong name ends the process
 * (a bug, found by any test).
 */
va_str_t wk_cell(const wk_rows_t *rows, size_t row, const char *column);
int64_t wk_cell_int(const wk_rows_t *rows, size_t row, const char *column, int64_t if_null);
bool wk_cell_bool(const wk_rows_t *rows, size_t row, const char *column);

/* A column of JSON; NULL for SQL NULL, and for what is larger than our limits. */
const va_json_t *wk_cell_json(wk_arena_t *a, const wk_rows_t *rows, size_t row,
                              const char *column);

#endif
