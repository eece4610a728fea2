/*
 * What a Postgres error means for the caller. For db.c and the commands that talk to
 * Postgres by themselves.
 */
#ifndef WK_DB_ERROR_H
#define WK_DB_ERROR_H

#include <libpq-fe.h>

#include "worker/error.h"

/*
 * Sets *e from a failed result; what names the statement. Only the primary message is
 * told: the details of Postgres hold rows.
 */
bool wk_db_error(wk_error_t *e, const PGresult *result, const char *what);

/* The class of an SQLSTATE (https://www.postgresql.org/docs/15/errcodes-appendix.html). */
wk_code_t wk_sqlstate_code(const char *sqlstate);

/* True when the connection is of no more use after such an error. */
bool wk_sqlstate_fatal(const char *sqlstate);

/*
 * True when a prepared statement is missing, or there already: a pooler gave us a connection
 * on which another client prepared (PgBouncer in transaction mode).
 */
bool wk_sqlstate_pooled(const char *sqlstate);

#endif
