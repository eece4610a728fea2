/* Transactions: the tenant of each, round trips, failures, time limits, poolers. */
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "t/worker/lib/fixture.h"
#include "t/worker/lib/proxy.h"
#include "worker/clock.h"
#include "worker/db.h"

#define A "aaaaaaaa-0000-4000-8000-000000000001"
#define B "bbbbbbbb-0000-4000-8000-000000000002"

static t_postgres_t server;
static t_proxy_t *proxy;
static char proxy_url[160], pooler_url[160];
static wk_arena_t *a;
static wk_db_t *db;

/* ---------------------------------------------------------------- statements */

static const wk_sql_t tenant = {"tenant", "SELECT current_organization() AS org", 0};
static const wk_sql_t notes = {"notes", "SELECT * FROM t_notes ORDER BY n", 0};
static const wk_sql_t note = {
    "note", "INSERT INTO t_notes (organization_id, n, text) VALUES ($1::uuid, $2::int, $3)", 3};
static const wk_sql_t note_changed = {"note_changed",
                                      "UPDATE t_notes SET text = text WHERE n = $1::int", 1};
static const wk_sql_t sleeps = {"sleeps", "SELECT pg_sleep($1::float)", 1};
static const wk_sql_t broken = {"broken", "SELECT nonsense", 0};
static const wk_sql_t values = {
    "values",
    "SELECT $1::text AS text, $2::bigint AS number, $3::bool AS flag, $4::text AS none", 4};
static const wk_sql_t own_pid = {"own_pid", "SELECT pg_backend_pid() AS pid", 0};
static const wk_sql_t none = {"none", "SELECT n FROM t_notes WHERE n = 0", 0};
static const wk_sql_t raises = {"raises", "SELECT 1 / $1::int", 1};

typedef struct {
    const char *organization; /* of the row written */
    int n;
    bool fail_after, last, swallow;
    bool ran;
    size_t seen;
    char tenant[40];
    double seconds;
    pid_t pid;
} work_t;

static bool read_tenant(wk_tx_t *tx, void *arg, wk_error_t *e)
{
    work_t *w = arg;
    wk_rows_t *rows;
    w->ran = true;
    if (!wk_sql(tx, &tenant, NULL, &rows, e)) {
        return false;
    }
    va_str_t org = wk_cell(rows, 0, "org");
    snprintf(w->tenant, sizeof(w->tenant), "%.*s", (int)org.len,
             org.data != NULL ? org.data : "");
    if (!wk_sql(tx, &notes, NULL, &rows, e)) {
        return false;
    }
    w->seen = wk_rows_count(rows);
    for (size_t i = 0; i < w->seen; i++) {
        assert_str(wk_cell(rows, i, "organization_id"), w->tenant);
    }
    return true;
}

static bool write_note(wk_tx_t *tx, void *arg, wk_error_t *e)
{
    work_t *w = arg;
    wk_error_t failure;
    va_str_t params[] = {va_str_c(w->organization), wk_printf(a, "%d", w->n), VA_STR("text")};
    bool ok =
        (w->last ? wk_sql_last : wk_sql)(tx, &note, params, NULL, w->swallow ? &failure : e);
    return w->swallow || (ok && !w->fail_after);
}

static bool run_broken(wk_tx_t *tx, void *arg, wk_error_t *e)
{
    (void)arg;
    return wk_sql(tx, &broken, NULL, NULL, e);
}

static bool read_missing_row(wk_tx_t *tx, void *arg, wk_error_t *e)
{
    work_t *w = arg;
    wk_rows_t *rows;
    va_str_t params[] = {va_str_c(w->organization), VA_STR("10"), VA_STR("text")};
    if (!wk_sql(tx, &note, params, NULL, e) || !wk_sql(tx, &none, NULL, &rows, e)) {
        return false;
    }
    assert_null(wk_cell(rows, 0, "n").data);
    return true;
}

static bool sleep_long(wk_tx_t *tx, void *arg, wk_error_t *e)
{
    work_t *w = arg;
    va_str_t seconds = wk_printf(wk_tx_arena(tx), "%g", w->seconds);
    return wk_sql(tx, &sleeps, &seconds, NULL, e);
}

static bool read_pid(wk_tx_t *tx, void *arg, wk_error_t *e)
{
    work_t *w = arg;
    wk_rows_t *rows;
    if (!wk_sql(tx, &own_pid, NULL, &rows, e)) {
        return false;
    }
    w->pid = (pid_t)wk_cell_int(rows, 0, "pid", 0);
    return true;
}

/* ---------------------------------------------------------------- fixture */

static bool in_tx(const char *organization, wk_tx_fn fn, work_t *w)
{
    return wk_tx(db, a, va_str_c(organization), 0, fn, w, &t_e);
}

/* What an organization sees on this connection, after whatever happened on it. */
static void sees(const char *organization, size_t n)
{
    work_t w = {.n = 0};
    assert_ok(in_tx(organization, read_tenant, &w));
    assert_string_equal(w.tenant, organization != NULL ? organization : "");
    assert_int_equal(w.seen, n);
}

static void writes(const char *organization, int n)
{
    work_t w = {.organization = organization, .n = n};
    assert_ok(in_tx(organization, write_note, &w));
}

static int setup_url(const char *url, bool prepare)
{
    a = wk_arena_new();
    db = wk_db_new(url, prepare, "test");
    t_sql(&server, "TRUNCATE voiceagent.t_notes");
    writes(A, 1);
    writes(A, 2);
    writes(B, 3);
    return 0;
}

static int setup(void **state)
{
    (void)state;
    return setup_url(server.app_url, true);
}

static int setup_proxy(void **state)
{
    (void)state;
    return setup_url(proxy_url, true);
}

static int setup_pooler(void **state)
{
    (void)state;
    return setup_url(pooler_url, false);
}

static int teardown(void **state)
{
    (void)state;
    wk_db_free(db);
    wk_arena_free(a);
    return 0;
}

/* ---------------------------------------------------------------- tenants */

static void test_each_organization_sees_its_own(void **state)
{
    (void)state;
    for (int i = 0; i < 3; i++) {
        sees(A, 2);
        sees(B, 1);
        sees(NULL, 0);
    }
    work_t w = {.n = 0};
    assert_ok(in_tx("not-a-uuid", read_tenant, &w));
    assert_string_equal(w.tenant, "");
    assert_int_equal(w.seen, 0);
}

static void test_no_tenant_is_left_behind(void **state)
{
    work_t w = {.n = 0};
    (void)state;
    sees(A, 2);
    assert_false(in_tx(A, run_broken, NULL));
    assert_int_equal(t_e.code, WK_INTERNAL);
    assert_string_equal(t_e.sqlstate, "42703");
    sees(NULL, 0);
    sees(B, 1);
    w.organization = A;
    w.n = 10;
    assert_false(wk_tx(db, a, va_str_c(B), 0, write_note, &w, &t_e));
    assert_int_equal(t_e.code, WK_FORBIDDEN);
    sees(NULL, 0);
    sees(B, 1);
    w.seconds = 30;
    assert_false(wk_tx(db, a, va_str_c(A), wk_now_ms() + 100, sleep_long, &w, &t_e));
    assert_int_equal(t_e.code, WK_TIMEOUT);
    sees(NULL, 0);
    sees(B, 1);
    sees(A, 2);
}

static void test_the_directory_names_the_organization(void **state)
{
    va_str_t org;
    work_t w = {.n = 0};
    (void)state;
    assert_ok(wk_tx_by(db, a, "id", VA_STR(A), 0, read_tenant, &w, &org, &t_e));
    assert_str(org, A);
    assert_string_equal(w.tenant, A);
    assert_int_equal(w.seen, 2);
    w.ran = false;
    assert_ok(wk_tx_by(db, a, "id", VA_STR("cccccccc-0000-4000-8000-000000000003"), 0,
                       read_tenant, &w, &org, &t_e));
    assert_null(org.data);
    assert_string_equal(w.tenant, A); /* what was asked as nobody was not answered */
    sees(NULL, 0);
}

#define NOBODY "cccccccc-0000-4000-8000-000000000003"

static bool by_keys(const char *first, const char *second, const char *third, wk_tx_fn fn,
                    work_t *w, wk_key_t keys[WK_KEYS], va_str_t *org)
{
    const char *const texts[WK_KEYS] = {first, second, third};
    for (size_t i = 0; i < WK_KEYS; i++) {
        keys[i] = (wk_key_t){"id", va_str_c(texts[i]), VA_STR_NULL};
    }
    return wk_tx_by_keys(db, a, keys, 0, fn, w, org, &t_e);
}

static void test_the_first_key_that_is_anybodys_decides(void **state)
{
    va_str_t org;
    wk_key_t keys[WK_KEYS];
    work_t w = {.n = 0};
    (void)state;
    assert_ok(by_keys(A, B, NULL, read_tenant, &w, keys, &org));
    assert_str(org, A);
    assert_string_equal(w.tenant, A);
    assert_int_equal(w.seen, 2);
    assert_str(keys[1].organization, B);
    assert_ok(by_keys(NOBODY, B, A, read_tenant, &w, keys, &org));
    assert_str(org, B);
    assert_string_equal(w.tenant, B);
    assert_null(keys[0].organization.data);
    assert_str(keys[2].organization, A);
    assert_null(keys[3].organization.data);
    sees(NULL, 0);
}

/* The third key is somebody's, and names no tenant. */
static void test_without_an_organization_nothing_is_done(void **state)
{
    va_str_t org;
    wk_key_t keys[WK_KEYS];
    (void)state;
    for (int last = 0; last < 2; last++) {
        work_t w = {.organization = A, .n = 10, .last = last};
        assert_ok(by_keys(NOBODY, NULL, A, write_note, &w, keys, &org));
        assert_null(org.data);
        assert_str(keys[2].organization, A);
        assert_ok(wk_tx_by(db, a, "id", VA_STR(NOBODY), 0, write_note, &w, &org, &t_e));
        assert_null(org.data);
        sees(A, 2);
    }
}

static bool ask_whose(wk_tx_t *tx, void *arg, wk_error_t *e)
{
    work_t *w = arg;
    va_str_t organization = wk_tx_organization(tx);
    snprintf(w->tenant, sizeof(w->tenant), "%.*s", (int)organization.len,
             organization.len > 0 ? organization.data : "");
    return wk_sql(tx, &tenant, NULL, NULL, e);
}

static void test_whose_transaction_it_is_can_be_asked_at_once(void **state)
{
    va_str_t org;
    work_t w = {.n = 0};
    (void)state;
    assert_ok(wk_tx_by(db, a, "id", VA_STR(B), 0, ask_whose, &w, &org, &t_e));
    assert_string_equal(w.tenant, B);
    assert_ok(wk_tx_by(db, a, "id", VA_STR(NOBODY), 0, ask_whose, &w, &org, &t_e));
    assert_string_equal(w.tenant, "");
    assert_null(org.data);
}

static void test_a_superuser_is_refused(void **state)
{
    char url[128];
    (void)state;
    snprintf(url, sizeof(url), "postgresql://super@127.0.0.1:%d/voiceagent", server.port);
    wk_db_t *super = wk_db_new(url, true, "test");
    assert_false(wk_db_ping(super, &t_e));
    assert_int_equal(t_e.code, WK_INTERNAL);
    wk_db_free(super);
}

/* ---------------------------------------------------------------- commit, roll back */

static void test_a_row_that_is_not_there_fails_the_transaction(void **state)
{
    work_t w = {.organization = A};
    (void)state;
    assert_false(in_tx(A, read_missing_row, &w));
    assert_int_equal(t_e.code, WK_NOT_FOUND);
    sees(A, 2);
}

static void test_false_rolls_back(void **state)
{
    work_t w = {.organization = A, .n = 10, .fail_after = true};
    (void)state;
    t_e.code = WK_OK;
    assert_false(in_tx(A, write_note, &w));
    sees(A, 2);
}

static void test_the_last_statement_commits(void **state)
{
    work_t w = {.organization = A, .n = 10, .last = true};
    (void)state;
    assert_ok(in_tx(A, write_note, &w));
    sees(A, 3);
    assert_false(in_tx(A, write_note, &w));
    assert_int_equal(t_e.code, WK_CONFLICT);
    sees(A, 3);
}

static bool one_too_many(wk_tx_t *tx, void *arg, wk_error_t *e)
{
    (void)arg;
    return wk_sql_last(tx, &tenant, NULL, NULL, e) && wk_sql(tx, &tenant, NULL, NULL, e);
}

static void test_nothing_follows_the_last_statement(void **state)
{
    (void)state;
    assert_false(in_tx(A, one_too_many, NULL));
    assert_int_equal(t_e.code, WK_INTERNAL);
    sees(A, 2);
}

static void test_a_swallowed_failure_still_rolls_back(void **state)
{
    work_t w = {.organization = A, .n = 1, .swallow = true};
    (void)state;
    assert_false(in_tx(A, write_note, &w));
    assert_int_equal(t_e.code, WK_CONFLICT);
    assert_string_equal(t_e.detail, "t_notes_n_key");
    sees(A, 2);
}

static bool within(wk_tx_t *tx, void *arg, wk_error_t *e)
{
    (void)tx;
    return wk_tx(arg, a, VA_STR(A), 0, run_broken, NULL, e);
}

static void test_no_transaction_within_a_transaction(void **state)
{
    (void)state;
    assert_false(wk_tx(db, a, VA_STR(A), 0, within, db, &t_e));
    assert_int_equal(t_e.code, WK_INTERNAL);
    sees(A, 2);
}

static bool do_nothing(wk_tx_t *tx, void *arg, wk_error_t *e)
{
    (void)tx;
    (void)arg;
    (void)e;
    return true;
}

static void test_nothing_is_sent_for_nothing(void **state)
{
    (void)state;
    long before = t_proxy_round_trips(proxy);
    assert_ok(in_tx(A, do_nothing, NULL));
    assert_int_equal(t_proxy_round_trips(proxy), before);
}

/* ---------------------------------------------------------------- ahead */

typedef struct {
    int n[3];  /* of the notes to write, each ahead of the next; 0: none */
    bool last; /* with COMMIT, else alone, and COMMIT behind it */
    va_str_t tenant;
} batch_t;

static bool write_batch(wk_tx_t *tx, void *arg, wk_error_t *e)
{
    batch_t *b = arg;
    wk_rows_t *rows, *whose;
    if (!wk_sql_ahead(tx, &tenant, NULL, &whose, e)) {
        return false;
    }
    for (size_t i = 0; i < 3 && b->n[i] != 0; i++) {
        va_str_t params[] = {VA_STR(A), wk_printf(a, "%d", b->n[i]), VA_STR("text")};
        if (!wk_sql_ahead(tx, &note, params, &rows, e)) {
            return false;
        }
    }
    if (!(b->last ? wk_sql_last : wk_sql)(tx, &notes, NULL, &rows, e)) {
        return false;
    }
    b->tenant = wk_cell(whose, 0, "org");
    return true;
}

static bool batch(batch_t *b)
{
    return wk_tx(db, a, VA_STR(A), 0, write_batch, b, &t_e);
}

static void test_statements_ahead_belong_to_the_transaction(void **state)
{
    (void)state;
    for (int last = 0; last < 2; last++) {
        batch_t b = {.n = {10 + last * 10, 11 + last * 10, 12 + last * 10}, .last = last};
        assert_ok(batch(&b));
        assert_str(b.tenant, A);
        sees(A, 5 + 3 * (size_t)last);
    }
    sees(NULL, 0);
}

static void test_a_failure_within_a_batch_rolls_all_of_it_back(void **state)
{
    (void)state;
    for (int last = 0; last < 2; last++) {
        batch_t b = {.n = {10, 1, 12}, .last = last}; /* the second is there already */
        assert_false(batch(&b));
        assert_int_equal(t_e.code, WK_CONFLICT);
        assert_string_equal(t_e.detail, "t_notes_n_key");
        sees(A, 2);
        sees(NULL, 0);
    }
}

static bool write_ahead_only(wk_tx_t *tx, void *arg, wk_error_t *e)
{
    work_t *w = arg;
    wk_rows_t *rows;
    va_str_t params[] = {VA_STR(A), wk_printf(a, "%d", w->n), VA_STR("text")};
    return wk_sql_ahead(tx, &note, params, &rows, e) && !w->fail_after;
}

static void test_a_statement_ahead_of_nothing_goes_with_the_end(void **state)
{
    (void)state;
    assert_ok(in_tx(A, write_ahead_only, &(work_t){.n = 10}));
    sees(A, 3);
    assert_false(in_tx(A, write_ahead_only, &(work_t){.n = 10}));
    assert_int_equal(t_e.code, WK_CONFLICT);
    t_e.code = WK_OK;
    assert_false(in_tx(A, write_ahead_only, &(work_t){.n = 11, .fail_after = true}));
    sees(A, 3);
}

#define LATER 40 /* more than a connection queues */

static bool write_later(wk_tx_t *tx, void *arg, wk_error_t *e)
{
    work_t *w = arg;
    for (int i = 0; i < LATER; i++) {
        va_str_t params[] = {VA_STR(A), wk_printf(a, "%d", w->n + i), VA_STR("text")};
        if (!wk_sql_later(tx, &note, params, e)) {
            return false;
        }
    }
    return !w->fail_after;
}

static void test_what_nobody_reads_is_written_or_fails_with_the_rest(void **state)
{
    (void)state;
    assert_ok(in_tx(A, write_later, &(work_t){.n = 100}));
    sees(A, 2 + LATER);
    assert_false(in_tx(A, write_later, &(work_t){.n = 101}));
    assert_int_equal(t_e.code, WK_CONFLICT);
    t_e.code = WK_OK;
    assert_false(in_tx(A, write_later, &(work_t){.n = 200, .fail_after = true}));
    sees(A, 2 + LATER);
}

static void test_a_batch_is_one_round_trip(void **state)
{
    batch_t b = {.last = true};
    (void)state;
    assert_ok(batch(&b)); /* prepares */
    long before = t_proxy_round_trips(proxy);
    assert_ok(batch(&b));
    assert_int_equal(t_proxy_round_trips(proxy) - before, 1);
}

static void test_a_batch_that_is_cut_is_unavailable_and_done_or_not(void **state)
{
    (void)state;
    for (int after = 0; after < 2; after++) {
        batch_t b = {.n = {10, 11}, .last = true};
        (after ? t_proxy_cut_after : t_proxy_cut_before)(proxy, 1);
        assert_false(batch(&b));
        assert_int_equal(t_e.code, WK_UNAVAILABLE);
        sees(A, after ? 4 : 2);
    }
}

/* ---------------------------------------------------------------- values */

static bool read_values(wk_tx_t *tx, void *arg, wk_error_t *e)
{
    wk_rows_t **rows = arg;
    va_str_t params[] = {VA_STR("l'été\n\"$1"), VA_STR("-9007199254740993"), VA_STR("t"),
                         VA_STR_NULL};
    return wk_sql_last(tx, &values, params, rows, e);
}

static void test_values_arrive_as_they_are(void **state)
{
    wk_rows_t *rows;
    (void)state;
    assert_ok(wk_tx(db, a, VA_STR_NULL, 0, read_values, &rows, &t_e));
    assert_str(wk_cell(rows, 0, "text"), "l'été\n\"$1");
    assert_true(wk_cell_int(rows, 0, "number", 0) == INT64_C(-9007199254740993));
    assert_true(wk_cell_bool(rows, 0, "flag"));
    assert_null(wk_cell(rows, 0, "none").data);
    assert_int_equal(wk_cell_int(rows, 0, "none", 7), 7);
    assert_false(wk_cell_bool(rows, 0, "none"));
}

static bool write_text(wk_tx_t *tx, void *arg, wk_error_t *e)
{
    va_str_t params[] = {VA_STR(A), VA_STR("20"), *(va_str_t *)arg};
    wk_rows_t *rows;
    bool ok = wk_sql(tx, &note, params, &rows, e);
    assert_true(!ok || wk_rows_affected(rows) == 1);
    return ok;
}

static void test_texts_postgres_cannot_hold_are_refused(void **state)
{
    va_str_t texts[] = {VA_STR("a\0b"), VA_STR("\xff\xfe")};
    (void)state;
    for (size_t i = 0; i < 2; i++) {
        assert_false(wk_tx(db, a, VA_STR(A), 0, write_text, &texts[i], &t_e));
        assert_int_equal(t_e.code, WK_INVALID);
    }
    va_str_t large = {memset(wk_alloc(a, 3 << 20), 'x', 3 << 20), 3 << 20};
    assert_ok(wk_tx(db, a, VA_STR(A), 0, write_text, &large, &t_e));
    sees(A, 3);
}

static bool divide(wk_tx_t *tx, void *arg, wk_error_t *e)
{
    (void)arg;
    va_str_t zero = VA_STR("0");
    return wk_sql(tx, &raises, &zero, NULL, e);
}

static void test_bad_data_is_invalid(void **state)
{
    (void)state;
    assert_false(in_tx(A, divide, NULL));
    assert_int_equal(t_e.code, WK_INVALID);
    assert_string_equal(t_e.sqlstate, "22012");
}

static const wk_sql_t needs_number = {"needs_number", "SELECT $1::text::int", 1};

static bool misread(wk_tx_t *tx, void *arg, wk_error_t *e)
{
    (void)arg;
    va_str_t words = VA_STR("words of a caller");
    return wk_sql(tx, &needs_number, &words, NULL, e);
}

/* Postgres would quote what was sent, and the error's text goes into logs. */
static void test_bad_data_is_not_quoted(void **state)
{
    (void)state;
    assert_false(in_tx(A, misread, NULL));
    assert_string_equal(t_e.sqlstate, "22P02");
    assert_non_null(strstr(t_e.text, "22P02"));
    assert_null(strstr(t_e.text, "caller"));
}

/* ---------------------------------------------------------------- round trips */

static bool read_last(wk_tx_t *tx, void *arg, wk_error_t *e)
{
    (void)arg;
    return wk_sql_last(tx, &notes, NULL, NULL, e);
}

static bool read_twice(wk_tx_t *tx, void *arg, wk_error_t *e)
{
    return wk_sql(tx, &tenant, NULL, NULL, e) && read_last(tx, arg, e);
}

static void test_a_read_is_one_round_trip(void **state)
{
    va_str_t org;
    (void)state;
    assert_ok(in_tx(A, read_last, NULL)); /* prepares */
    long before = t_proxy_round_trips(proxy);
    assert_ok(in_tx(A, read_last, NULL));
    assert_int_equal(t_proxy_round_trips(proxy) - before, 1);
    assert_ok(in_tx(A, read_twice, NULL));
    assert_int_equal(t_proxy_round_trips(proxy) - before, 3);
    assert_ok(wk_tx_by(db, a, "id", VA_STR(A), 0, read_last, NULL, &org, &t_e));
    assert_int_equal(t_proxy_round_trips(proxy) - before, 5);
}

/* ---------------------------------------------------------------- what is kept */

static bool is_kept(wk_tx_t *tx, void *arg, wk_error_t *e)
{
    static const wk_sql_t kept = {
        "kept", "SELECT count(*) AS n FROM pg_prepared_statements WHERE name LIKE $1", 1};
    wk_rows_t *rows;
    work_t *w = arg;
    va_str_t name = va_str_c(w->tenant);
    if (!wk_sql(tx, &kept, &name, &rows, e)) {
        return false;
    }
    w->n = (int)wk_cell_int(rows, 0, "n", -1);
    return true;
}

static int kept(const char *name)
{
    work_t w = {.n = -1};
    snprintf(w.tenant, sizeof(w.tenant), "%s", name);
    assert_ok(in_tx(A, is_kept, &w));
    return w.n;
}

static void test_a_statement_is_kept_from_the_third_time_on(void **state)
{
    static const int expected[] = {0, 0, 1, 1};
    (void)state;
    for (int i = 0; i < 4; i++) {
        assert_ok(in_tx(A, read_last, NULL));
        assert_int_equal(kept("notes"), expected[i]);
    }
}

#define MANY 1100 /* more than are known at all */

static bool read_many(wk_tx_t *tx, void *arg, wk_error_t *e)
{
    wk_rows_t *rows;
    const wk_sql_t *many = arg;
    for (int i = 0; i < MANY; i++) {
        if (!wk_sql(tx, &many[i], NULL, &rows, e)) {
            return false;
        }
        assert_int_equal(wk_cell_int(rows, 0, "n", -1), i);
    }
    return true;
}

static void test_of_many_statements_some_are_kept(void **state)
{
    static wk_sql_t many[MANY];
    static char texts[MANY][2][32];
    (void)state;
    for (int i = 0; i < MANY; i++) {
        snprintf(texts[i][0], sizeof(texts[i][0]), "many_%d", i);
        snprintf(texts[i][1], sizeof(texts[i][1]), "SELECT %d AS n", i);
        many[i] = (wk_sql_t){texts[i][0], texts[i][1], 0};
    }
    for (int i = 0; i < 4; i++) {
        assert_ok(wk_tx(db, a, VA_STR(A), 0, read_many, many, &t_e));
    }
    assert_in_range(kept("%"), 150, 200);
    assert_int_equal(kept("many_0"), 1);
    assert_int_equal(kept("many_250"), 0);
}

/* ---------------------------------------------------------------- lost connections */

static void test_a_connection_closed_while_idle_is_not_noticed(void **state)
{
    (void)state;
    for (int i = 0; i < 3; i++) {
        t_sql_value(&server, "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                             " WHERE usename = 'va_app'");
        while (strcmp(t_sql_value(&server, "SELECT count(*) FROM pg_stat_activity"
                                           " WHERE usename = 'va_app'"),
                      "0") != 0) {
        }
        sees(A, 2);
    }
}

static void test_a_cut_connection_is_unavailable_and_nothing_half_done(void **state)
{
    (void)state;
    for (int after = 0; after < 2; after++) {
        for (int n = 1; n <= 2; n++) { /* with the statement, with the commit */
            work_t w = {.organization = A, .n = 100};
            (after ? t_proxy_cut_after : t_proxy_cut_before)(proxy, n);
            assert_false(in_tx(A, write_note, &w));
            assert_int_equal(t_e.code, WK_UNAVAILABLE);
            bool committed = after && n == 2;
            sees(A, committed ? 3 : 2);
        }
    }
}

static void test_a_server_that_is_down_fails_at_once(void **state)
{
    (void)state;
    wk_db_t *nobody = wk_db_new("postgresql://va_app@127.0.0.1:1/x", true, "test");
    assert_false(wk_db_ping(nobody, &t_e));
    assert_int_equal(t_e.code, WK_UNAVAILABLE);
    assert_false(wk_db_ping(nobody, &t_e));
    assert_int_equal(t_e.code, WK_UNAVAILABLE);
    wk_db_free(nobody);
}

static void test_a_plan_from_before_a_migration_is_forgotten(void **state)
{
    (void)state;
    for (int i = 0; i < 3; i++) {
        sees(A, 2);
    }
    t_sql(&server, "ALTER TABLE voiceagent.t_notes ADD COLUMN more text");
    work_t w = {.n = 0};
    assert_false(in_tx(A, read_tenant, &w));
    assert_int_equal(t_e.code, WK_UNAVAILABLE);
    sees(A, 2);
    t_sql(&server, "ALTER TABLE voiceagent.t_notes DROP COLUMN more");
}

/* ---------------------------------------------------------------- time */

static void test_a_passed_deadline_asks_nobody(void **state)
{
    work_t w = {.n = 0};
    (void)state;
    long before = t_proxy_round_trips(proxy);
    assert_false(wk_tx(db, a, VA_STR(A), wk_now_ms() - 1, read_tenant, &w, &t_e));
    assert_int_equal(t_e.code, WK_TIMEOUT);
    assert_int_equal(t_proxy_round_trips(proxy), before);
    sees(A, 2);
}

static bool sleeps_now(void *arg)
{
    return strcmp(t_sql_value(arg, "SELECT count(*) FROM pg_stat_activity"
                                   " WHERE query LIKE '%pg_sleep%' AND state = 'active'"
                                   "   AND usename = 'va_app'"),
                  "1") == 0;
}

static void *cancel_when_asleep(void *arg)
{
    t_until(sleeps_now, arg, 20000);
    wk_db_cancel(db);
    return NULL;
}

static void test_a_query_is_stopped_from_another_thread(void **state)
{
    pthread_t thread;
    work_t w = {.seconds = 60};
    (void)state;
    assert_int_equal(pthread_create(&thread, NULL, cancel_when_asleep, &server), 0);
    assert_false(in_tx(A, sleep_long, &w));
    assert_int_equal(t_e.code, WK_TIMEOUT);
    pthread_join(thread, NULL);
    assert_false(in_tx(A, read_tenant, &w)); /* whose job is this? nobody's */
    assert_int_equal(t_e.code, WK_TIMEOUT);
    wk_db_resume(db);
    sees(NULL, 0);
    sees(A, 2);
}

static void test_a_cancel_between_two_queries_counts(void **state)
{
    work_t w = {.n = 0};
    (void)state;
    wk_db_cancel(db);
    wk_db_cancel(db);
    assert_false(in_tx(A, read_tenant, &w));
    assert_int_equal(t_e.code, WK_TIMEOUT);
    wk_db_resume(db);
    sees(A, 2);
}

static void test_a_backend_that_hangs_is_given_up(void **state)
{
    work_t w = {.n = 0};
    (void)state;
    assert_ok(in_tx(A, read_pid, &w));
    t_kill(w.pid, SIGSTOP);
    bool ok = wk_tx(db, a, VA_STR(A), wk_now_ms() + 100, read_tenant, &w, &t_e);
    t_kill(w.pid, SIGCONT);
    assert_false(ok);
    assert_int_equal(t_e.code, WK_TIMEOUT);
    sees(A, 2);
}

/* ---------------------------------------------------------------- deadlock */

typedef struct {
    wk_db_t *db;
    int first, second;
    pthread_barrier_t *barrier;
    bool ok;
    wk_error_t e;
} locker_t;

static bool lock_both(wk_tx_t *tx, void *arg, wk_error_t *e)
{
    locker_t *l = arg;
    va_str_t n = wk_printf(wk_tx_arena(tx), "%d", l->first);
    bool ok = wk_sql(tx, &note_changed, &n, NULL, e);
    pthread_barrier_wait(l->barrier);
    n = wk_printf(wk_tx_arena(tx), "%d", l->second);
    return ok && wk_sql(tx, &note_changed, &n, NULL, e);
}

static void *locker_thread(void *arg)
{
    locker_t *l = arg;
    wk_arena_t *arena = wk_arena_new();
    l->ok = wk_tx(l->db, arena, VA_STR(A), 0, lock_both, l, &l->e);
    wk_arena_free(arena);
    return NULL;
}

static void test_a_deadlock_is_tried_again(void **state)
{
    pthread_barrier_t barrier;
    pthread_t threads[2];
    locker_t l[2];
    (void)state;
    pthread_barrier_init(&barrier, NULL, 2);
    for (int i = 0; i < 2; i++) {
        l[i] = (locker_t){.db = wk_db_new(server.app_url, true, "test"),
                          .first = 1 + i,
                          .second = 2 - i,
                          .barrier = &barrier};
        assert_int_equal(pthread_create(&threads[i], NULL, locker_thread, &l[i]), 0);
    }
    for (int i = 0; i < 2; i++) {
        pthread_join(threads[i], NULL);
        wk_db_free(l[i].db);
    }
    pthread_barrier_destroy(&barrier);
    assert_int_equal(l[0].ok + l[1].ok, 1);
    const wk_error_t *e = l[0].ok ? &l[1].e : &l[0].e;
    assert_int_equal(e->code, WK_UNAVAILABLE);
    assert_string_equal(e->sqlstate, "40P01");
}

/* ---------------------------------------------------------------- pooler */

static bool pooler_answers(void *arg)
{
    (void)arg;
    wk_db_t *one = wk_db_new(pooler_url, false, "test");
    bool ok = wk_db_ping(one, &t_e);
    wk_db_free(one);
    return ok;
}

/* One server connection for both. */
static void test_two_clients_of_a_pooler_keep_apart(void **state)
{
    (void)state;
    wk_db_t *mine = db, *other = wk_db_new(pooler_url, false, "test");
    for (int i = 0; i < 10; i++) {
        db = mine;
        sees(A, 2);
        sees(NULL, 0);
        db = other;
        sees(B, 1);
        assert_false(in_tx(B, run_broken, NULL));
        db = mine;
        sees(NULL, 0);
    }
    wk_db_free(other);
}

static void test_a_pooler_that_keeps_no_statements_costs_one_transaction(void **state)
{
    work_t w = {.n = 0};
    (void)state;
    wk_db_t *unprepared = db, *first = wk_db_new(pooler_url, true, "test");
    wk_db_t *second = wk_db_new(pooler_url, true, "test");
    db = first;
    for (int i = 0; i < 3; i++) {
        sees(A, 2);
    }
    db = second; /* on the first one's connection */
    sees(A, 2);
    sees(A, 2);
    assert_false(in_tx(A, read_tenant, &w));
    assert_int_equal(t_e.code, WK_UNAVAILABLE);
    assert_string_equal(t_e.sqlstate, "42P05");
    assert_true(t_e.store_away);
    sees(A, 2);
    sees(B, 1);
    t_sql_value(&server, "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity"
                         " WHERE usename = 'va_app'");
    assert_true(t_until(pooler_answers, NULL, 10000));
    db = first; /* on a connection that has none of its statements */
    assert_false(in_tx(A, read_tenant, &w));
    assert_int_equal(t_e.code, WK_UNAVAILABLE);
    assert_string_equal(t_e.sqlstate, "26000");
    sees(A, 2);
    wk_db_free(first);
    wk_db_free(second);
    db = unprepared;
}

static void test_a_pooler_that_keeps_statements_serves_as_a_server(void **state)
{
    char url[160];
    (void)state;
    if (!t_pooler_can_keep_statements()) {
        skip();
    }
    pid_t pooler = t_pooler_start(&server, true, url);
    wk_db_t *direct = db, *first = wk_db_new(url, true, "test");
    wk_db_t *second = wk_db_new(url, true, "test");
    for (int i = 0; i < 3; i++) {
        db = first;
        sees(A, 2);
        assert_false(in_tx(A, run_broken, NULL));
        db = second;
        sees(B, 1);
        sees(NULL, 0);
    }
    wk_db_free(first);
    wk_db_free(second);
    t_end(pooler);
    db = direct;
}

#define TEST(name)        cmocka_unit_test_setup_teardown(name, setup, teardown)
#define TEST_PROXY(name)  cmocka_unit_test_setup_teardown(name, setup_proxy, teardown)
#define TEST_POOLER(name) {#name "_pooled", name, setup_pooler, teardown, NULL}

static void prepare_database(void)
{
    t_sql(&server, "CREATE TABLE voiceagent.t_notes ("
                   "  organization_id uuid NOT NULL, n int UNIQUE, text text);"
                   "GRANT SELECT, INSERT, UPDATE, DELETE ON voiceagent.t_notes TO va_app;"
                   "CALL voiceagent.isolate('voiceagent.t_notes')");
    t_sql(&server,
          "SET LOCAL app.current_organization_id = '" A "';"
          "INSERT INTO voiceagent.organizations (id, name, slug) VALUES ('" A "', 'A', 'a')");
    t_sql(&server,
          "SET LOCAL app.current_organization_id = '" B "';"
          "INSERT INTO voiceagent.organizations (id, name, slug) VALUES ('" B "', 'B', 'b')");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_each_organization_sees_its_own),
        TEST(test_no_tenant_is_left_behind),
        TEST(test_the_directory_names_the_organization),
        TEST(test_the_first_key_that_is_anybodys_decides),
        TEST(test_without_an_organization_nothing_is_done),
        TEST(test_whose_transaction_it_is_can_be_asked_at_once),
        TEST(test_a_superuser_is_refused),
        TEST(test_a_row_that_is_not_there_fails_the_transaction),
        TEST(test_false_rolls_back),
        TEST(test_the_last_statement_commits),
        TEST(test_nothing_follows_the_last_statement),
        TEST(test_a_swallowed_failure_still_rolls_back),
        TEST(test_no_transaction_within_a_transaction),
        TEST_PROXY(test_nothing_is_sent_for_nothing),
        TEST(test_statements_ahead_belong_to_the_transaction),
        TEST(test_a_failure_within_a_batch_rolls_all_of_it_back),
        TEST(test_a_statement_ahead_of_nothing_goes_with_the_end),
        TEST(test_what_nobody_reads_is_written_or_fails_with_the_rest),
        TEST_PROXY(test_a_batch_is_one_round_trip),
        TEST_PROXY(test_a_batch_that_is_cut_is_unavailable_and_done_or_not),
        TEST(test_values_arrive_as_they_are),
        TEST(test_texts_postgres_cannot_hold_are_refused),
        TEST(test_bad_data_is_invalid),
        TEST(test_bad_data_is_not_quoted),
        TEST_PROXY(test_a_read_is_one_round_trip),
        TEST(test_a_statement_is_kept_from_the_third_time_on),
        TEST(test_of_many_statements_some_are_kept),
        TEST(test_a_connection_closed_while_idle_is_not_noticed),
        TEST_PROXY(test_a_cut_connection_is_unavailable_and_nothing_half_done),
        TEST(test_a_server_that_is_down_fails_at_once),
        TEST(test_a_plan_from_before_a_migration_is_forgotten),
        TEST_PROXY(test_a_passed_deadline_asks_nobody),
        TEST(test_a_query_is_stopped_from_another_thread),
        TEST(test_a_cancel_between_two_queries_counts),
        TEST(test_a_backend_that_hangs_is_given_up),
        TEST(test_a_deadlock_is_tried_again),
        TEST_POOLER(test_each_organization_sees_its_own),
        TEST_POOLER(test_no_tenant_is_left_behind),
        TEST_POOLER(test_the_directory_names_the_organization),
        TEST_POOLER(test_the_first_key_that_is_anybodys_decides),
        TEST_POOLER(test_without_an_organization_nothing_is_done),
        TEST_POOLER(test_a_failure_within_a_batch_rolls_all_of_it_back),
        TEST_POOLER(test_the_last_statement_commits),
        TEST_POOLER(test_a_query_is_stopped_from_another_thread),
        TEST_POOLER(test_two_clients_of_a_pooler_keep_apart),
        TEST_POOLER(test_a_pooler_that_keeps_no_statements_costs_one_transaction),
        TEST_POOLER(test_a_pooler_that_keeps_statements_serves_as_a_server),
    };
    cmocka_set_message_output(CM_OUTPUT_TAP);
    signal(SIGPIPE, SIG_IGN);
    t_postgres_start(&server);
    prepare_database();
    proxy = t_proxy_start(server.port);
    snprintf(proxy_url, sizeof(proxy_url), "postgresql://va_app@127.0.0.1:%d/voiceagent",
             t_proxy_port(proxy));
    pid_t pooler = t_pooler_start(&server, false, pooler_url);
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    t_end(pooler);
    t_proxy_stop(proxy);
    t_postgres_stop(&server);
    return failed;
}
