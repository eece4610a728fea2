#include "worker/db.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "worker/clock.h"
#include "worker/crash.h"
#include "worker/db_link.h"
#include "worker/json.h"
#include "worker/log.h"
#include "worker/pace.h"
#include "worker/store/transaction.h"

#define DEFAULT_LIMIT_MS 30000

struct wk_db {
    wk_link_t *link;
    bool busy;       /* a transaction is open */
    bool gives_way;  /* to what somebody waits for */
    char outbox[40]; /* the organization whose outbox a transaction filled; empty: none */
};

struct wk_rows {
    wk_tx_t *tx;
    PGresult *result;
};

/* The look-up that names the tenant; it travels with BEGIN. */
typedef struct {
    const wk_sql_t *sql; /* NULL: the tenant is known */
    va_str_t params[2 * WK_KEYS];
    wk_key_t *keys; /* told what each is; may be NULL */
    wk_rows_t *rows;
    bool answered;
} search_t;

struct wk_tx {
    wk_db_t *db;
    wk_arena_t *arena;
    va_str_t organization;
    search_t search;
    int64_t deadline_ms; /* 0: none */
    bool begun, committed, fills_outbox;
    wk_error_t failure; /* the first; code WK_OK: none */
};

wk_db_t *wk_db_new(const char *url, bool prepare, const char *application_name)
{
    wk_db_t *db = calloc(1, sizeof(*db));
    if (db == NULL) {
        fputs("voiceagent-worker: out of memory\n", stderr);
        abort();
    }
    db->link = wk_link_new(url, prepare, application_name);
    return db;
}

void wk_db_free(wk_db_t *db)
{
    if (db != NULL) {
        wk_link_free(db->link);
        free(db);
    }
}

void wk_db_cancel(wk_db_t *db)
{
    wk_link_cancel(db->link);
}

void wk_db_resume(wk_db_t *db)
{
    wk_link_resume(db->link);
}

void wk_db_give_way(wk_db_t *db, bool gives_way)
{
    db->gives_way = gives_way;
}

bool wk_db_ping(wk_db_t *db, wk_error_t *e)
{
    wk_error_t failure;
    if (!wk_link_ready(db->link, e) || !wk_link_send(db->link, &wk_sql_ping, NULL, NULL, e) ||
        !wk_link_exchange(db->link, wk_now_ms() + WK_LINK_GRACE_MS, &failure, e)) {
        return false;
    }
    if (failure.code != WK_OK) {
        *e = failure;
    }
    return failure.code == WK_OK;
}

/* ---------------------------------------------------------------- transactions */

static int64_t deadline_of(const wk_tx_t *tx)
{
    return tx->deadline_ms != 0 ? tx->deadline_ms : wk_now_ms() + DEFAULT_LIMIT_MS;
}

/* When the server is given up. */
static int64_t limit_of(const wk_tx_t *tx)
{
    return deadline_of(tx) + WK_LINK_GRACE_MS;
}

/* The statement timeout, as text. */
static bool time_left(const wk_tx_t *tx, char text[24], wk_error_t *e)
{
    int64_t left = deadline_of(tx) - wk_now_ms();
    if (left <= 0) {
        return wk_error(e, WK_TIMEOUT, "Postgres: the deadline has passed");
    }
    snprintf(text, 24, "%lld", (long long)left);
    return true;
}

/* Postgres takes no NUL in a text, and libpq would cut there. */
static bool text_values(wk_tx_t *tx, const wk_sql_t *sql, const va_str_t *params,
                        const char **values, wk_error_t *e)
{
    if (sql->n_params > WK_SQL_MAX_PARAMS) {
        return wk_error(e, WK_INTERNAL, "%s: too many parameters", sql->name);
    }
    for (int i = 0; i < sql->n_params; i++) {
        if (params[i].len > 0 && memchr(params[i].data, '\0', params[i].len) != NULL) {
            return wk_error(e, WK_INVALID, "%s: a NUL in parameter %d", sql->name, i + 1);
        }
        values[i] = wk_strdup(tx->arena, params[i]);
    }
    return true;
}

static void clear_rows(void *arg)
{
    wk_rows_t *rows = arg;
    PQclear(rows->result);
}

static wk_rows_t *new_rows(wk_tx_t *tx)
{
    wk_rows_t *rows = wk_alloc(tx->arena, sizeof(*rows));
    rows->tx = tx;
    rows->result = NULL;
    wk_defer(tx->arena, clear_rows, rows);
    return rows;
}

/* Keys, and the time limit behind them. */
static bool send_search(wk_tx_t *tx, const char *limit, wk_error_t *e)
{
    search_t *s = &tx->search;
    const char *values[2 * WK_KEYS + 1];
    va_str_t params[2 * WK_KEYS + 1];
    memcpy(params, s->params, sizeof(s->params));
    params[s->sql->n_params - 1] = va_str_c(limit);
    s->rows = new_rows(tx);
    return text_values(tx, s->sql, params, values, e) &&
           wk_link_send(tx->db->link, s->sql, values, &s->rows->result, e);
}

static bool send_tenant(wk_tx_t *tx, const char *limit, wk_error_t *e)
{
    const char *organization = wk_strdup(tx->arena, tx->organization);
    const char *values[] = {organization != NULL ? organization : "", limit};
    return wk_link_send(tx->db->link, &wk_sql_set_tenant, values, NULL, e);
}

static bool send_begin(wk_tx_t *tx, wk_error_t *e)
{
    char limit[24];
    if (!time_left(tx, limit, e) || !wk_link_ready(tx->db->link, e)) {
        return false;
    }
    tx->begun = true;
    return wk_link_send(tx->db->link, &wk_sql_begin, NULL, NULL, e) &&
           (tx->search.sql != NULL ? send_search : send_tenant)(tx, limit, e);
}

static bool usable(const wk_tx_t *tx, wk_error_t *e)
{
    if (tx->failure.code != WK_OK) {
        *e = tx->failure;
        return false;
    }
    if (tx->committed) {
        return wk_error(e, WK_INTERNAL, "a statement after the last one");
    }
    if (wk_link_cancelled(tx->db->link)) {
        return wk_error(e, WK_TIMEOUT, "Postgres: cancelled");
    }
    return true;
}

static bool fail(wk_tx_t *tx, const wk_error_t *e)
{
    if (tx->failure.code == WK_OK) {
        tx->failure = *e;
    }
    return false;
}

/* Queues a statement, and before the first one what begins the transaction. */
static bool queue(wk_tx_t *tx, const wk_sql_t *sql, const va_str_t *params, wk_rows_t *answer,
                  wk_error_t *e)
{
    const char *values[WK_SQL_MAX_PARAMS];
    PGresult **keep = answer != NULL ? &answer->result : NULL;
    return (usable(tx, e) && text_values(tx, sql, params, values, e) &&
            (tx->begun || send_begin(tx, e)) &&
            wk_link_send(tx->db->link, sql, values, keep, e)) ||
           fail(tx, e);
}

static bool is_searching(const wk_tx_t *tx)
{
    return tx->search.sql != NULL && !tx->search.answered;
}

/*
 * Without an organization what was sent behind the search ran as nobody: whether it failed
 * says nothing, and it is not to be committed.
 */
static void read_search(wk_tx_t *tx, wk_error_t *failure)
{
    static const char *const columns[WK_KEYS] = {"first", "second", "third", "fourth", "fifth"};
    search_t *s = &tx->search;
    s->answered = true;
    for (size_t i = 0; s->keys != NULL && i < WK_KEYS; i++) {
        s->keys[i].organization = wk_cell(s->rows, 0, columns[i]);
    }
    va_str_t organization = wk_cell(s->rows, 0, "organization");
    tx->organization = organization.len > 0 ? organization : VA_STR_NULL;
    if (organization.len == 0) {
        wk_error(failure, WK_NOT_FOUND, "the directory knows no such organization");
    }
}

/* Sends what is queued and waits for the answers. */
static bool exchange(wk_tx_t *tx, wk_error_t *e)
{
    wk_error_t failure = {.code = WK_OK};
    if (!wk_link_exchange(tx->db->link, limit_of(tx), &failure, e)) {
        return fail(tx, e);
    }
    if (is_searching(tx) && tx->search.rows->result != NULL) {
        read_search(tx, &failure);
    }
    if (failure.code != WK_OK) {
        *e = failure;
        return fail(tx, e);
    }
    return true;
}

/* Begins, if it has not, and finds out whose transaction it is. */
static bool search(wk_tx_t *tx, wk_error_t *e)
{
    return (usable(tx, e) && (tx->begun || send_begin(tx, e))) ? exchange(tx, e) : fail(tx, e);
}

/* A COMMIT of a transaction that failed answers ROLLBACK. */
static bool really_committed(PGresult *commit, wk_error_t *failure)
{
    if (commit != NULL && strcmp(PQcmdStatus(commit), "COMMIT") == 0) {
        return true;
    }
    return wk_error(failure, WK_INTERNAL, "Postgres: the transaction was rolled back");
}

static bool finish(wk_tx_t *tx, const wk_sql_t *how, int64_t limit_ms, wk_error_t *failure,
                   wk_error_t *e)
{
    PGresult *result = NULL;
    bool ok = wk_link_send(tx->db->link, how, NULL, &result, e) &&
              wk_link_exchange(tx->db->link, limit_ms, failure, e);
    if (ok && failure->code == WK_OK && how == &wk_sql_commit) {
        tx->committed = really_committed(result, failure);
    }
    PQclear(result);
    return ok;
}

static bool commit(wk_tx_t *tx, wk_error_t *e)
{
    wk_error_t failure = {.code = WK_OK};
    if (is_searching(tx) && !search(tx, e)) {
        return false;
    }
    if (!tx->begun || tx->committed) {
        return true;
    }
    wk_crash_point("commit.before");
    if (!finish(tx, &wk_sql_commit, limit_of(tx), &failure, e)) {
        wk_error_wrap(e, "whether it was committed is not known");
        return fail(tx, e);
    }
    wk_crash_point("commit.after");
    if (failure.code != WK_OK) {
        *e = failure;
        return fail(tx, e);
    }
    return true;
}

/* The connection is idle afterwards, or gone. */
static void roll_back(wk_tx_t *tx)
{
    wk_error_t failure, ignored;
    wk_link_t *link = tx->db->link;
    bool open = tx->begun && !tx->committed;
    if (!wk_link_usable(link) || (open && wk_link_cancelled(link))) {
        wk_link_close(link);
    } else if (open && (!finish(tx, &wk_sql_rollback, wk_now_ms() + WK_LINK_GRACE_MS, &failure,
                                &ignored) ||
                        failure.code != WK_OK || !wk_link_idle(link))) {
        wk_link_close(link);
    }
}

/* ---------------------------------------------------------------- statements */

bool wk_sql_ahead(wk_tx_t *tx, const wk_sql_t *sql, const va_str_t *params, wk_rows_t **rows,
                  wk_error_t *e)
{
    if (!wk_link_has_room(tx->db->link)) {
        return wk_sql(tx, sql, params, rows, e);
    }
    *rows = new_rows(tx);
    return queue(tx, sql, params, *rows, e);
}

bool wk_sql_later(wk_tx_t *tx, const wk_sql_t *sql, const va_str_t *params, wk_error_t *e)
{
    return wk_link_has_room(tx->db->link) ? queue(tx, sql, params, NULL, e)
                                          : wk_sql(tx, sql, params, NULL, e);
}

/* Whose transaction it is has to be known before it is committed. */
static bool run(wk_tx_t *tx, const wk_sql_t *sql, const va_str_t *params, bool last,
                wk_rows_t **rows, wk_error_t *e)
{
    wk_rows_t *answer = rows != NULL ? new_rows(tx) : NULL;
    bool waits = !last || is_searching(tx);
    if (!queue(tx, sql, params, answer, e) || (waits && !exchange(tx, e)) ||
        (last && !commit(tx, e))) {
        return false;
    }
    if (rows != NULL) {
        *rows = answer;
    }
    return true;
}

bool wk_sql(wk_tx_t *tx, const wk_sql_t *sql, const va_str_t *params, wk_rows_t **rows,
            wk_error_t *e)
{
    return run(tx, sql, params, false, rows, e);
}

bool wk_sql_last(wk_tx_t *tx, const wk_sql_t *sql, const va_str_t *params, wk_rows_t **rows,
                 wk_error_t *e)
{
    return run(tx, sql, params, true, rows, e);
}

/* ---------------------------------------------------------------- whole transactions */

/* Runs fn and ends the transaction. */
static bool run_to_end(wk_tx_t *tx, wk_tx_fn fn, void *arg, wk_error_t *e)
{
    bool ok = fn(tx, arg, e);
    if (ok && tx->failure.code != WK_OK) {
        *e = tx->failure;
        ok = false;
    }
    if (ok) {
        ok = commit(tx, e);
    }
    if (ok && tx->fills_outbox && tx->organization.data != NULL) {
        snprintf(tx->db->outbox, sizeof(tx->db->outbox), "%.*s", (int)tx->organization.len,
                 tx->organization.data);
    }
    roll_back(tx);
    return ok;
}

static bool conclude(wk_tx_t *tx, wk_tx_fn fn, void *arg, wk_error_t *e)
{
    if (!tx->db->gives_way) {
        return run_to_end(tx, fn, arg, e);
    }
    int64_t begun = wk_pace_begin();
    bool ok = run_to_end(tx, fn, arg, e);
    wk_pace_end(begun);
    return ok;
}

static wk_tx_t *open_tx(wk_db_t *db, wk_arena_t *a, int64_t deadline_ms, wk_error_t *e)
{
    if (db->busy) {
        wk_error(e, WK_INTERNAL, "a transaction within a transaction");
        return NULL;
    }
    wk_tx_t *tx = wk_alloc(a, sizeof(*tx));
    tx->db = db;
    tx->arena = a;
    tx->deadline_ms = deadline_ms;
    db->busy = true;
    return tx;
}

bool wk_tx(wk_db_t *db, wk_arena_t *a, va_str_t organization, int64_t deadline_ms, wk_tx_fn fn,
           void *arg, wk_error_t *e)
{
    wk_tx_t *tx = open_tx(db, a, deadline_ms, e);
    if (tx == NULL) {
        return false;
    }
    tx->organization = wk_copy(a, organization);
    bool ok = conclude(tx, fn, arg, e);
    db->busy = false;
    return ok;
}

static bool search_tx(wk_tx_t *tx, wk_tx_fn fn, void *arg, va_str_t *organization,
                      wk_error_t *e)
{
    bool ok = conclude(tx, fn, arg, e);
    *organization = tx->organization;
    tx->db->busy = false;
    return ok || (tx->search.answered && organization->data == NULL);
}

bool wk_tx_by(wk_db_t *db, wk_arena_t *a, const char *kind, va_str_t key, int64_t deadline_ms,
              wk_tx_fn fn, void *arg, va_str_t *organization, wk_error_t *e)
{
    wk_tx_t *tx = open_tx(db, a, deadline_ms, e);
    *organization = VA_STR_NULL;
    if (tx == NULL) {
        return false;
    }
    tx->search = (search_t){.sql = &wk_sql_set_tenant_by, .params = {va_str_c(kind), key}};
    return search_tx(tx, fn, arg, organization, e);
}

bool wk_tx_by_keys(wk_db_t *db, wk_arena_t *a, wk_key_t keys[WK_KEYS], int64_t deadline_ms,
                   wk_tx_fn fn, void *arg, va_str_t *organization, wk_error_t *e)
{
    wk_tx_t *tx = open_tx(db, a, deadline_ms, e);
    *organization = VA_STR_NULL;
    if (tx == NULL) {
        return false;
    }
    tx->search = (search_t){.sql = &wk_sql_set_tenant_by_keys, .keys = keys};
    for (size_t i = 0; i < WK_KEYS; i++) {
        tx->search.params[2 * i] = va_str_c(keys[i].kind);
        tx->search.params[2 * i + 1] = keys[i].key;
    }
    return search_tx(tx, fn, arg, organization, e);
}

void wk_tx_fills_outbox(wk_tx_t *tx)
{
    tx->fills_outbox = true;
}

va_str_t wk_db_outbox(const wk_db_t *db)
{
    return db->outbox[0] != '\0' ? va_str_c(db->outbox) : VA_STR_NULL;
}

void wk_db_outbox_drained(wk_db_t *db)
{
    db->outbox[0] = '\0';
}

wk_arena_t *wk_tx_arena(wk_tx_t *tx)
{
    return tx->arena;
}

va_str_t wk_tx_organization(wk_tx_t *tx)
{
    wk_error_t e; /* is kept as the transaction's failure */
    if (is_searching(tx)) {
        (void)search(tx, &e);
    }
    return tx->organization;
}

/* ---------------------------------------------------------------- rows */

size_t wk_rows_count(const wk_rows_t *rows)
{
    return (size_t)PQntuples(rows->result);
}

size_t wk_rows_affected(const wk_rows_t *rows)
{
    return (size_t)strtoull(PQcmdTuples(rows->result), NULL, 10);
}

/* Others delete rows, a whole shop's even: that is this job's failure, and no other's. */
static va_str_t no_row(wk_tx_t *tx, const char *column)
{
    wk_error_t e;
    wk_error(&e, WK_NOT_FOUND, "Postgres: there is no row to read %s of", column);
    wk_log(WK_ERROR, "a row is missing", WK_C("column", column));
    (void)fail(tx, &e);
    return VA_STR_NULL;
}

va_str_t wk_cell(const wk_rows_t *rows, size_t row, const char *column)
{
    int field = PQfnumber(rows->result, column);
    if (field < 0) {
        wk_log(WK_ALERT, "no such column in a result: a bug", WK_C("column", column));
        abort();
    }
    if (row >= wk_rows_count(rows)) {
        return no_row(rows->tx, column);
    }
    if (PQgetisnull(rows->result, (int)row, field)) {
        return VA_STR_NULL;
    }
    return va_str(PQgetvalue(rows->result, (int)row, field),
                  (size_t)PQgetlength(rows->result, (int)row, field));
}

int64_t wk_cell_int(const wk_rows_t *rows, size_t row, const char *column, int64_t if_null)
{
    va_str_t text = wk_cell(rows, row, column);
    return text.data != NULL ? strtoll(text.data, NULL, 10) : if_null;
}

bool wk_cell_bool(const wk_rows_t *rows, size_t row, const char *column)
{
    return va_str_eq(wk_cell(rows, row, column), VA_STR("t"));
}

const va_json_t *wk_cell_json(wk_arena_t *a, const wk_rows_t *rows, size_t row,
                              const char *column)
{
    /* Postgres wrote it: it cannot fail but for its size. */
    return wk_json_parse(a, wk_cell(rows, row, column));
}
