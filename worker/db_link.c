#include "worker/db_link.h"

#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "worker/clock.h"
#include "worker/crash.h"
#include "worker/db_error.h"
#include "worker/log.h"

#define RETRY_MS   1000 /* between attempts to connect; what comes meanwhile fails at once */
#define MAX_KNOWN  1024
#define MAX_QUEUED 16
#define MAX_LAST   8 /* BEGIN, the tenant, a statement and COMMIT, each prepared first */

/*
 * A statement that is kept costs its backend 80 KB on average, and there are some 500: what is
 * asked for again and again is kept, and no more than so many. Before the third time a name
 * would save nothing: Postgres makes a plan of its own for each of the first five.
 */
#define PREPARED_FROM 3
#define MOST_PREPARED 200

typedef struct {
    const wk_sql_t *sql;
    int asked; /* how often, up to PREPARED_FROM */
    bool prepared;
} known_t;

/* A command sent, whose result was not read. */
typedef struct {
    const wk_sql_t *sql;
    bool prepares;
    PGresult **keep; /* NULL: the result is not wanted */
} queued_t;

struct wk_link {
    const char *url, *application_name;
    bool prepare;        /* until it is seen that a pooler does not allow it */
    PGconn *c;           /* NULL: not connected */
    int64_t retry_at_ms; /* monotonic */
    char failure[sizeof(((wk_error_t *)NULL)->text)]; /* of the last attempt to connect */
    atomic_bool cancelled;
    int wake;     /* eventfd: readable when cancelled */
    bool spoiled; /* a cancel request may still hit whatever runs next */
    queued_t queued[MAX_QUEUED];
    size_t n_queued;
    known_t known[MAX_KNOWN];
    size_t n_known, n_prepared;
};

wk_link_t *wk_link_new(const char *url, bool prepare, const char *application_name)
{
    wk_link_t *l = calloc(1, sizeof(*l));
    if (l == NULL || (l->wake = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) < 0) {
        fputs("voiceagent-worker: out of memory or of files\n", stderr);
        abort();
    }
    l->url = url;
    l->prepare = prepare;
    l->application_name = application_name;
    return l;
}

void wk_link_close(wk_link_t *l)
{
    PQfinish(l->c);
    l->c = NULL;
    l->n_known = 0;
    l->n_prepared = 0;
    l->n_queued = 0;
    l->spoiled = false;
}

void wk_link_free(wk_link_t *l)
{
    wk_link_close(l);
    close(l->wake);
    free(l);
}

void wk_link_cancel(wk_link_t *l)
{
    const uint64_t one = 1;
    atomic_store(&l->cancelled, true);
    /* Fails only when it was readable 2^64 - 1 times already. */
    (void)!write(l->wake, &one, sizeof(one));
}

void wk_link_resume(wk_link_t *l)
{
    uint64_t n;
    if (atomic_exchange(&l->cancelled, false)) {
        (void)!read(l->wake, &n, sizeof(n));
    }
}

bool wk_link_cancelled(const wk_link_t *l)
{
    return atomic_load(&l->cancelled);
}

bool wk_link_usable(const wk_link_t *l)
{
    return l->c != NULL && !l->spoiled;
}

bool wk_link_idle(const wk_link_t *l)
{
    return l->c != NULL && PQtransactionStatus(l->c) == PQTRANS_IDLE;
}

/* ---------------------------------------------------------------- connection */

static void ignore_notice(void *arg, const PGresult *result)
{
    (void)arg;
    (void)result;
}

static PGconn *open_connection(const wk_link_t *l)
{
    /* What the URL sets wins: it comes last. */
    const char *const names[] = {
        "connect_timeout",           "tcp_user_timeout", "keepalives_idle",
        "keepalives_interval",       "keepalives_count", "client_encoding",
        "fallback_application_name", "dbname",           NULL};
    const char *const values[] = {
        "5", "10000", "10", "5", "3", "UTF8", l->application_name, l->url != NULL ? l->url : "",
        NULL};
    return PQconnectdbParams(names, values, 1);
}

static bool refuse(wk_link_t *l, wk_code_t code, const char *why, wk_error_t *e)
{
    snprintf(l->failure, sizeof(l->failure), "%s", why);
    size_t len = strcspn(l->failure, "\n"); /* libpq's messages end with a line end */
    l->failure[len] = '\0';
    l->retry_at_ms = wk_monotonic_ms() + RETRY_MS;
    wk_link_close(l);
    return code == WK_UNAVAILABLE ? wk_error_away(e, "Postgres: %s", l->failure)
                                  : wk_error(e, code, "Postgres: %s", l->failure);
}

static bool connect_now(wk_link_t *l, wk_error_t *e)
{
    if (wk_monotonic_ms() < l->retry_at_ms) {
        return wk_error_away(e, "Postgres: %s", l->failure);
    }
    l->c = open_connection(l);
    if (PQstatus(l->c) != CONNECTION_OK) {
        return refuse(l, WK_UNAVAILABLE, PQerrorMessage(l->c), e);
    }
    /* Told by the server at login; a pooler may keep it to itself, `check` asks again. */
    const char *superuser = PQparameterStatus(l->c, "is_superuser");
    if (superuser != NULL && strcmp(superuser, "on") == 0) {
        return refuse(l, WK_INTERNAL,
                      "the login is a superuser: row level security would not hold", e);
    }
    PQsetNoticeReceiver(l->c, ignore_notice, NULL);
    if (PQsetnonblocking(l->c, 1) != 0 || PQenterPipelineMode(l->c) != 1) {
        return refuse(l, WK_UNAVAILABLE, PQerrorMessage(l->c), e);
    }
    return true;
}

/* An idle server has nothing to say but that it leaves (or was reconfigured). */
static bool stale(wk_link_t *l)
{
    struct pollfd p = {PQsocket(l->c), POLLIN, 0};
    return poll(&p, 1, 0) > 0;
}

bool wk_link_ready(wk_link_t *l, wk_error_t *e)
{
    if (l->c != NULL && stale(l)) {
        wk_link_close(l);
    }
    return l->c != NULL || connect_now(l, e);
}

static bool broken(wk_link_t *l, wk_error_t *e)
{
    char text[200];
    snprintf(text, sizeof(text), "%s", PQerrorMessage(l->c));
    text[strcspn(text, "\n")] = '\0';
    wk_link_close(l);
    return wk_error(e, WK_UNAVAILABLE, "Postgres: connection lost: %s", text);
}

/* ---------------------------------------------------------------- sending */

/* NULL: there are too many to be known. */
static known_t *find_known(wk_link_t *l, const wk_sql_t *sql)
{
    for (size_t i = 0; i < l->n_known; i++) {
        if (l->known[i].sql == sql) {
            return &l->known[i];
        }
    }
    if (l->n_known == MAX_KNOWN) {
        return NULL;
    }
    l->known[l->n_known] = (known_t){.sql = sql};
    return &l->known[l->n_known++];
}

static bool will_be_prepared(const wk_link_t *l, const wk_sql_t *sql)
{
    for (size_t i = 0; i < l->n_queued; i++) {
        if (l->queued[i].prepares && l->queued[i].sql == sql) {
            return true;
        }
    }
    return false;
}

bool wk_link_has_room(const wk_link_t *l)
{
    return l->n_queued + MAX_LAST < MAX_QUEUED;
}

static void expect(wk_link_t *l, const wk_sql_t *sql, bool prepares, PGresult **keep)
{
    l->queued[l->n_queued++] = (queued_t){sql, prepares, keep};
}

/* Asks for it to be prepared when it is time. *named: what is sent now may call it by its name.
 */
static bool prepare(wk_link_t *l, const wk_sql_t *sql, bool *named, wk_error_t *e)
{
    known_t *k = l->prepare ? find_known(l, sql) : NULL;
    *named = k != NULL && (k->prepared || will_be_prepared(l, sql));
    if (k == NULL || *named) {
        return true;
    }
    k->asked += k->asked < PREPARED_FROM;
    /* Others may be on their way. */
    *named = k->asked == PREPARED_FROM && l->n_prepared + MAX_QUEUED <= MOST_PREPARED;
    if (*named) {
        if (PQsendPrepare(l->c, sql->name, sql->text, sql->n_params, NULL) != 1) {
            return broken(l, e);
        }
        expect(l, sql, true, NULL);
    }
    return true;
}

bool wk_link_send(wk_link_t *l, const wk_sql_t *sql, const char *const *values, PGresult **keep,
                  wk_error_t *e)
{
    int sent;
    bool named;
    if (!prepare(l, sql, &named, e)) {
        return false;
    }
    if (named) {
        sent = PQsendQueryPrepared(l->c, sql->name, sql->n_params, values, NULL, NULL, 0);
    } else {
        sent = PQsendQueryParams(l->c, sql->text, sql->n_params, NULL, values, NULL, NULL, 0);
    }
    if (sent != 1) {
        return broken(l, e);
    }
    expect(l, sql, false, keep);
    return true;
}

/* ---------------------------------------------------------------- receiving */

/* On the owner's own thread, so that no other ever touches its connection. */
static void ask_to_stop(wk_link_t *l)
{
    char ignored[256];
    l->spoiled = true;
    PGcancel *cancel = PQgetCancel(l->c);
    if (cancel != NULL) {
        PQcancel(cancel, ignored, sizeof(ignored));
        PQfreeCancel(cancel);
    }
}

/*
 * Waits until the next result can be read without blocking. limit_ms (Unix time)
 * shrinks when the work is cancelled meanwhile.
 */
static bool await_result(wk_link_t *l, int64_t *limit_ms, bool *stopping, wk_error_t *e)
{
    for (;;) {
        int unsent = PQflush(l->c);
        if (unsent < 0) {
            return broken(l, e);
        }
        if (unsent == 0 && !PQisBusy(l->c)) {
            return true;
        }
        int64_t left = *limit_ms - wk_now_ms();
        if (left <= 0) {
            wk_link_close(l);
            return wk_error(e, WK_TIMEOUT, "Postgres: no answer in time");
        }
        struct pollfd p[] = {{PQsocket(l->c), (short)(POLLIN | (unsent ? POLLOUT : 0)), 0},
                             {*stopping ? -1 : l->wake, POLLIN, 0}};
        if (poll(p, 2, left < INT_MAX ? (int)left : INT_MAX) < 0 && errno != EINTR) {
            return broken(l, e);
        }
        if (p[1].revents != 0 && !*stopping) {
            *stopping = true;
            *limit_ms = wk_now_ms() + WK_LINK_GRACE_MS;
            ask_to_stop(l);
        }
        if (p[0].revents != 0 && PQconsumeInput(l->c) != 1) {
            return broken(l, e);
        }
    }
}

static bool succeeded(const PGresult *result)
{
    ExecStatusType status = PQresultStatus(result);
    return status == PGRES_COMMAND_OK || status == PGRES_TUPLES_OK;
}

/* Notes the first failure; what was skipped because of it says nothing. */
static void judge(wk_link_t *l, const queued_t *q, PGresult *result, wk_error_t *failure)
{
    if (succeeded(result)) {
        if (q->prepares) {
            find_known(l, q->sql)->prepared = true;
            l->n_prepared++;
        }
        if (q->keep != NULL) {
            *q->keep = result;
            return;
        }
    } else if (failure->code == WK_OK) {
        if (PQresultStatus(result) == PGRES_PIPELINE_ABORTED) {
            wk_error(failure, WK_INTERNAL, "Postgres: %s: skipped", q->sql->name);
        } else {
            wk_db_error(failure, result, q->sql->name);
        }
    }
    PQclear(result);
}

/* Reads the results of one queued command, which a NULL ends. */
static bool receive_one(wk_link_t *l, const queued_t *q, int64_t *limit_ms, bool *stopping,
                        wk_error_t *failure, wk_error_t *e)
{
    bool first = true;
    for (;;) {
        if (!await_result(l, limit_ms, stopping, e)) {
            return false;
        }
        PGresult *result = PQgetResult(l->c);
        if (result == NULL && !first) {
            return true;
        }
        if (result == NULL) {
            return broken(l, e);
        }
        if (first) {
            judge(l, q, result, failure);
        } else {
            PQclear(result);
        }
        first = false;
    }
}

static bool receive_sync(wk_link_t *l, int64_t *limit_ms, bool *stopping, wk_error_t *e)
{
    if (!await_result(l, limit_ms, stopping, e)) {
        return false;
    }
    PGresult *result = PQgetResult(l->c);
    bool sync = PQresultStatus(result) == PGRES_PIPELINE_SYNC;
    PQclear(result);
    return sync || broken(l, e);
}

/* The transaction is lost, those that follow are not. */
static void prepare_no_more(wk_link_t *l, const wk_error_t *failure)
{
    l->prepare = false;
    wk_log(WK_ALERT, "a pooler that keeps no prepared statements: set [postgres] prepare = off",
           WK_C("error", failure->text));
}

bool wk_link_exchange(wk_link_t *l, int64_t limit_ms, wk_error_t *failure, wk_error_t *e)
{
    bool stopping = false;
    failure->code = WK_OK;
    wk_crash_point("db.before");
    if (PQpipelineSync(l->c) != 1) {
        return broken(l, e);
    }
    for (size_t i = 0; i < l->n_queued; i++) {
        if (!receive_one(l, &l->queued[i], &limit_ms, &stopping, failure, e)) {
            return false;
        }
    }
    l->n_queued = 0;
    if (!receive_sync(l, &limit_ms, &stopping, e)) {
        return false;
    }
    wk_crash_point("db.after");
    if (failure->code != WK_OK && l->prepare && wk_sqlstate_pooled(failure->sqlstate)) {
        prepare_no_more(l, failure);
    }
    if (failure->code != WK_OK && wk_sqlstate_fatal(failure->sqlstate)) {
        wk_link_close(l);
    }
    return true;
}
