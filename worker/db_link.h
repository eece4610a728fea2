/*
 * The connection behind db.h: libpq in pipeline mode, where statements are queued and
 * travel together, one round trip an exchange. For db.c alone.
 */
#ifndef WK_DB_LINK_H
#define WK_DB_LINK_H

#include <libpq-fe.h>

#include "worker/db.h"

#define WK_LINK_GRACE_MS 2000 /* beyond the server's own time limit, then it is given up */

typedef struct wk_link wk_link_t;

wk_link_t *wk_link_new(const char *url, bool prepare, const char *application_name);
void wk_link_free(wk_link_t *l);

/* From any thread, see db.h. */
void wk_link_cancel(wk_link_t *l);
void wk_link_resume(wk_link_t *l);
bool wk_link_cancelled(const wk_link_t *l);

/* Connected, as far as can be told without asking; connects when it is not. */
bool wk_link_ready(wk_link_t *l, wk_error_t *e);
void wk_link_close(wk_link_t *l);

/* True when something can be sent: neither closed, nor was a query told to stop. */
bool wk_link_usable(const wk_link_t *l);

/* True when no transaction is open. */
bool wk_link_idle(const wk_link_t *l);

/* True when a statement can be queued before those that are sent at the latest. */
bool wk_link_has_room(const wk_link_t *l);

/* Queues a statement; *keep (may be NULL) gets its result when it succeeds. */
bool wk_link_send(wk_link_t *l, const wk_sql_t *sql, const char *const *values, PGresult **keep,
                  wk_error_t *e);

/*
 * Sends what is queued in one write and reads all results, until limit_ms (Unix time).
 * False when the connection is lost; otherwise *failure has the first error of a
 * statement, or WK_OK.
 */
bool wk_link_exchange(wk_link_t *l, int64_t limit_ms, wk_error_t *failure, wk_error_t *e);

#endif
