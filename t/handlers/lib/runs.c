#include "t/handlers/lib/runs.h"

#include <stdio.h>

static void *ask(void *arg)
{
    wk_ctx_t ctx;
    t_run_t *r = arg;
    t_ctx_open(&ctx);
    r->answer = t_ask_in(&ctx, &r->ask);
    snprintf(r->body, sizeof(r->body), "%.*s", (int)r->answer.body.len, r->answer.body.data);
    t_ctx_close(&ctx);
    r->done = true;
    return NULL;
}

void t_run(t_run_t *run)
{
    assert_int_equal(pthread_create(&run->thread, NULL, ask, run), 0);
}

void t_run_end(t_run_t *run)
{
    pthread_join(run->thread, NULL);
}

typedef struct {
    t_run_t *runs;
    size_t n;
} runs_t;

static bool are_still(void *arg)
{
    const runs_t *r = arg;
    size_t done = 0;
    for (size_t i = 0; i < r->n; i++) {
        done += r->runs[i].done;
    }
    return (int64_t)done + t_sqlf_int("SELECT count(*) FROM pg_stat_activity"
                                      " WHERE wait_event_type = 'Lock'") ==
           (int64_t)r->n;
}

void t_runs_still(t_run_t *runs, size_t n)
{
    runs_t r = {runs, n};
    assert_true(t_until(are_still, &r, 60000));
}

PGconn *t_lock(const char *table, const char *mode)
{
    PGconn *db = PQconnectdb(t_postgres.super_url);
    PQclear(PQexec(db, "BEGIN"));
    PQclear(PQexec(db, wk_printf(t_ctx.arena, "LOCK TABLE %s IN %s MODE", table, mode).data));
    assert_int_equal(PQtransactionStatus(db), PQTRANS_INTRANS);
    return db;
}

PGconn *t_lock_slots(const char *resource, const char *statements)
{
    PGconn *db = PQconnectdb(t_postgres.super_url);
    PQclear(PQexec(db, "BEGIN"));
    PQclear(PQexec(db, wk_printf(t_ctx.arena,
                                 "SET LOCAL search_path = voiceagent, public;"
                                 "SET LOCAL timezone = 'America/Toronto';"
                                 "SELECT lock_key('appointments:" DOWNTOWN ":%s'); %s",
                                 resource, statements)
                           .data));
    assert_int_equal(PQtransactionStatus(db), PQTRANS_INTRANS);
    return db;
}

const char *t_booking_of(const char *resource, const char *at)
{
    return wk_printf(t_ctx.arena,
                     "INSERT INTO appointments (organization_id, starts_at, ends_at, resource)"
                     " VALUES ('" DOWNTOWN "', timestamptz '%1$s',"
                     "    timestamptz '%1$s' + interval '1 hour', '%2$s')",
                     at, resource)
        .data;
}

void t_commit(PGconn *db)
{
    PQclear(PQexec(db, "COMMIT"));
    assert_int_equal(PQtransactionStatus(db), PQTRANS_IDLE);
    PQfinish(db);
}
