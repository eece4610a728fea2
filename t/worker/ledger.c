/* The ledger of effects and the outbox: once, whoever runs, repeats or dies. */
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "t/worker/lib/fixture.h"
#include "worker/effect.h"
#include "worker/outbox.h"

#define A         "aaaaaaaa-0000-4000-8000-000000000001"
#define B         "bbbbbbbb-0000-4000-8000-000000000002"
#define CUSTOMER  "cccccccc-0000-4000-8000-000000000003"
#define CALL      "dddddddd-0000-4000-8000-000000000004"
#define N_THREADS 12

static t_postgres_t postgres;
static t_redis_t redis;

static void open_ctx(wk_ctx_t *ctx)
{
    *ctx = (wk_ctx_t){.redis = wk_redis_new(redis.url, 20000),
                      .db = wk_db_new(postgres.app_url, true, "test"),
                      .arena = wk_arena_new()};
}

static void close_ctx(wk_ctx_t *ctx)
{
    wk_redis_free(ctx->redis);
    wk_db_free(ctx->db);
    wk_arena_free(ctx->arena);
}

static wk_ctx_t ctx;

static int setup(void **state)
{
    (void)state;
    open_ctx(&ctx);
    t_redis(ctx.redis, ctx.arena, "FLUSHALL");
    t_sql_value(&postgres, "DELETE FROM voiceagent.outbox");
    t_sql_value(&postgres, "DELETE FROM voiceagent.effects");
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    close_ctx(&ctx);
    return 0;
}

/* ---------------------------------------------------------------- effects */

typedef struct {
    wk_ctx_t *ctx;
    const char *organization, *key;
    wk_effect_t effect;
    wk_effect_state_t end;
    bool roll_back;
    wk_error_t e;
    atomic_int *ready;
} claim_t;

static bool claim_tx(wk_tx_t *tx, void *arg, wk_error_t *e)
{
    claim_t *c = arg;
    return wk_effect_claim(tx, "sms", va_str_c(c->key), VA_STR("{\"to\":\"+1\"}"), &c->effect,
                           e) &&
           !c->roll_back;
}

static wk_effect_state_t claim(const char *organization, const char *key, claim_t *c)
{
    *c = (claim_t){.key = key};
    assert_ok(wk_tx(ctx.db, ctx.arena, va_str_c(organization), 0, claim_tx, c, &t_e));
    return c->effect.state;
}

static bool finish_tx(wk_tx_t *tx, void *arg, wk_error_t *e)
{
    claim_t *c = arg;
    return wk_effect_finish(tx, c->effect.id, c->end, VA_STR("SM1"), VA_STR("{\"ok\":true}"),
                            e);
}

static bool finish(claim_t *c, wk_effect_state_t end)
{
    c->end = end;
    return wk_tx(ctx.db, ctx.arena, VA_STR(A), 0, finish_tx, c, &t_e);
}

static void test_an_effect_is_new_once(void **state)
{
    claim_t c;
    (void)state;
    assert_int_equal(claim(A, "k", &c), WK_EFFECT_NEW);
    assert_int_equal(c.effect.id.len, 36);
    assert_str(c.effect.key, "k");
    assert_int_equal(claim(A, "k", &c), WK_EFFECT_PENDING);
    assert_true(c.effect.age_ms >= 0);
    assert_null(c.effect.result.data);
    assert_int_equal(claim(A, "k2", &c), WK_EFFECT_NEW);
    assert_int_equal(claim(B, "k", &c), WK_EFFECT_NEW);
}

static void test_a_second_asker_gets_the_result(void **state)
{
    claim_t c;
    (void)state;
    claim(A, "k", &c);
    assert_ok(finish(&c, WK_EFFECT_DONE));
    assert_int_equal(claim(A, "k", &c), WK_EFFECT_DONE);
    assert_str(c.effect.provider_id, "SM1");
    assert_str(c.effect.result, "{\"ok\": true}");
    assert_ok(finish(&c, WK_EFFECT_FAILED)); /* too late: it is done */
    assert_int_equal(claim(A, "k", &c), WK_EFFECT_DONE);
    assert_false(finish(&c, WK_EFFECT_NEW));
    assert_int_equal(t_e.code, WK_INTERNAL);
}

static void test_an_unknown_effect_may_still_turn_out(void **state)
{
    claim_t c;
    (void)state;
    claim(A, "k", &c);
    assert_ok(finish(&c, WK_EFFECT_UNKNOWN));
    assert_int_equal(claim(A, "k", &c), WK_EFFECT_UNKNOWN);
    assert_ok(finish(&c, WK_EFFECT_FAILED));
    assert_int_equal(claim(A, "k", &c), WK_EFFECT_FAILED);
    assert_ok(finish(&c, WK_EFFECT_UNKNOWN));
    assert_int_equal(claim(A, "k", &c), WK_EFFECT_FAILED);
}

static void test_a_claim_rolled_back_was_none(void **state)
{
    claim_t c = {.key = "k", .roll_back = true};
    (void)state;
    t_e.code = WK_OK;
    assert_false(wk_tx(ctx.db, ctx.arena, VA_STR(A), 0, claim_tx, &c, &t_e));
    assert_int_equal(c.effect.state, WK_EFFECT_NEW);
    assert_int_equal(claim(A, "k", &c), WK_EFFECT_NEW);
}

static void *claim_thread(void *arg)
{
    claim_t *c = arg;
    wk_ctx_t own;
    open_ctx(&own);
    wk_error_t e;
    wk_db_ping(own.db, &e);
    atomic_fetch_add(c->ready, 1);
    while (atomic_load(c->ready) < N_THREADS) {
        sched_yield();
    }
    bool ok = wk_tx(own.db, own.arena, VA_STR(A), 0, claim_tx, c, &c->e);
    c->e.code = ok ? WK_OK : c->e.code;
    close_ctx(&own);
    return NULL;
}

static void test_of_many_claims_at_once_one_is_new(void **state)
{
    (void)state;
    for (int round = 0; round < 5; round++) {
        char key[16];
        pthread_t threads[N_THREADS];
        claim_t claims[N_THREADS];
        atomic_int ready = 0;
        int n[WK_EFFECT_UNKNOWN + 1] = {0};
        snprintf(key, sizeof(key), "race%d", round);
        for (int i = 0; i < N_THREADS; i++) {
            claims[i] = (claim_t){.key = key, .ready = &ready};
            assert_int_equal(pthread_create(&threads[i], NULL, claim_thread, &claims[i]), 0);
        }
        for (int i = 0; i < N_THREADS; i++) {
            pthread_join(threads[i], NULL);
            assert_int_equal(claims[i].e.code, WK_OK);
            n[claims[i].effect.state]++;
        }
        assert_int_equal(n[WK_EFFECT_NEW], 1);
        assert_int_equal(n[WK_EFFECT_PENDING], N_THREADS - 1);
    }
}

/* ---------------------------------------------------------------- outbox */

typedef struct {
    int from, n;
    bool job, roll_back;
    const char *dedup;
    size_t large;
} fill_t;

static bool fill_tx(wk_tx_t *tx, void *arg, wk_error_t *e)
{
    const fill_t *f = arg;
    for (int i = f->from; i < f->from + f->n; i++) {
        va_str_t data = wk_printf(wk_tx_arena(tx), "{\"n\":%d,\"text\":\"a\\nb\"}", i);
        if (f->large > 0) {
            data = va_str(memset(wk_alloc(wk_tx_arena(tx), f->large), ' ', f->large), f->large);
        }
        bool ok = f->job
                      ? wk_outbox_job(tx, WK_BULK, "test.nothing", VA_STR("lane"), VA_STR_NULL,
                                      va_str_c(f->dedup), data, e)
                      : wk_outbox_event(tx, "sms_sent", VA_STR(CUSTOMER), VA_STR_NULL, data, e);
        if (!ok) {
            return false;
        }
    }
    return !f->roll_back;
}

static void fill(fill_t f)
{
    assert_ok(wk_tx(ctx.db, ctx.arena, VA_STR(A), 0, fill_tx, &f, &t_e));
}

static int drain(int n)
{
    int done;
    assert_ok(wk_outbox_drain(&ctx, VA_STR(A), n, &done, &t_e));
    return done;
}

static long long events(void)
{
    return t_redis_int(ctx.redis, "XLEN va:events:{" A "}");
}

/* Field name of the i-th event, oldest first. */
static const char *event_field(size_t i, const char *name)
{
    redisReply *all = t_redis(ctx.redis, ctx.arena, "XRANGE va:events:{" A "} - +");
    assert_true(i < all->elements);
    redisReply *fields = all->element[i]->element[1];
    for (size_t k = 0; k + 1 < fields->elements; k += 2) {
        if (strcmp(fields->element[k]->str, name) == 0) {
            return fields->element[k + 1]->str;
        }
    }
    return NULL;
}

static void test_events_are_published_once_and_in_order(void **state)
{
    (void)state;
    fill((fill_t){.from = 1, .n = 25});
    assert_str(wk_db_outbox(ctx.db), A);
    wk_db_outbox_drained(ctx.db);
    assert_null(wk_db_outbox(ctx.db).data);
    assert_int_equal(drain(10), 10);
    assert_int_equal(drain(10), 10);
    assert_int_equal(drain(10), 5);
    assert_int_equal(drain(10), 0);
    assert_int_equal(events(), 25);
    for (size_t i = 0; i < 25; i++) {
        char expected[64];
        snprintf(expected, sizeof(expected), "{\"n\": %zu, \"text\": \"a\\nb\"}", i + 1);
        assert_string_equal(event_field(i, "data"), expected);
    }
    assert_string_equal(event_field(0, "type"), "sms_sent");
    assert_string_equal(event_field(0, "customer"), CUSTOMER);
    assert_string_equal(event_field(0, "call"), "");
    assert_true(t_redis_int(ctx.redis, "TTL va:events:{" A "}") > 86000);
}

static void test_a_rolled_back_event_is_none(void **state)
{
    fill_t f = {.n = 3, .roll_back = true};
    (void)state;
    assert_false(wk_tx(ctx.db, ctx.arena, VA_STR(A), 0, fill_tx, &f, &t_e));
    assert_null(wk_db_outbox(ctx.db).data);
    assert_int_equal(drain(10), 0);
}

static void test_a_row_that_is_too_large_fails_its_writer(void **state)
{
    fill_t f = {.n = 1, .large = 300000};
    (void)state;
    assert_false(wk_tx(ctx.db, ctx.arena, VA_STR(A), 0, fill_tx, &f, &t_e));
    assert_int_equal(t_e.code, WK_INVALID);
    f.job = true;
    assert_false(wk_tx(ctx.db, ctx.arena, VA_STR(A), 0, fill_tx, &f, &t_e));
    assert_int_equal(t_e.code, WK_INVALID);
}

static void test_subscribers_hear_six_lines(void **state)
{
    void *reply;
    (void)state;
    redisContext *c = redisConnect("127.0.0.1", redis.port);
    redisSetTimeout(c, (struct timeval){20, 0});
    freeReplyObject(redisCommand(c, "SUBSCRIBE va:events:{" A "}"));
    fill((fill_t){.from = 1, .n = 2});
    drain(10);
    char previous[64] = "0-0";
    for (int i = 1; i <= 2; i++) {
        char expected[300], id[64];
        assert_int_equal(redisGetReply(c, &reply), REDIS_OK);
        const char *text = ((redisReply *)reply)->element[2]->str;
        assert_int_equal(sscanf(text, "%63[^\n]", id), 1);
        snprintf(expected, sizeof(expected),
                 "%s\n%s\nsms_sent\n" CUSTOMER "\n\n{\"n\": %d, \"text\": \"a\\nb\"}", id,
                 previous, i);
        assert_string_equal(text, expected);
        memcpy(previous, id, sizeof(previous));
        freeReplyObject(reply);
    }
    redisFree(c);
}

static wk_lease_t take_bulk(bool *found)
{
    static const wk_queue_t order[] = {WK_BULK};
    wk_queue_limits_t limits = {60000, 0, 3};
    wk_lease_t lease;
    assert_ok(wk_queue_take(ctx.redis, order, 1, &limits, ctx.arena, &lease, found, &t_e));
    return lease;
}

static void test_jobs_are_pushed_once(void **state)
{
    bool found;
    va_job_t job;
    (void)state;
    fill((fill_t){.from = 1, .n = 1, .job = true});
    fill((fill_t){.from = 2, .n = 1, .job = true, .dedup = "d"});
    fill((fill_t){.from = 3, .n = 1, .job = true, .dedup = "d"});
    assert_int_equal(drain(10), 3);
    wk_lease_t lease = take_bulk(&found);
    assert_true(found);
    assert_int_equal(va_job_parse(wk_mem(ctx.arena), lease.document, &job), VA_OK);
    assert_str(job.type, "test.nothing");
    assert_str(job.org, A);
    assert_str(job.lane, "lane");
    assert_str(job.auth_scheme, "internal");
    assert_str(job.body, "{\"n\": 1, \"text\": \"a\\nb\"}");
    assert_true(job.enqueued_ms > 0);
    lease = take_bulk(&found);
    assert_int_equal(va_job_parse(wk_mem(ctx.arena), lease.document, &job), VA_OK);
    assert_str(job.body, "{\"n\": 2, \"text\": \"a\\nb\"}");
    take_bulk(&found);
    assert_false(found);
}

/* In a process of its own, which dies at the n-th visit of a point. */
static bool drain_and_die(const char *at)
{
    int status;
    fflush(NULL);
    pid_t pid = fork();
    if (pid == 0) {
        wk_ctx_t own;
        int done;
        setenv("VA_CRASH_AT", at, 1);
        open_ctx(&own);
        _exit(wk_outbox_drain(&own, VA_STR(A), 10, &done, &t_e) ? 0 : 1);
    }
    assert_true(t_wait(pid, 30000, &status));
    return WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL;
}

static void test_a_crash_anywhere_doubles_nothing(void **state)
{
    int crashes = 0, rows = 0;
    (void)state;
    static const char *const points[] = {"db.before", "db.after", "redis.before", "redis.after",
                                         "outbox.published"};
    for (size_t i = 0; i < sizeof(points) / sizeof(*points); i++) {
        for (int n = 1;; n++) {
            char at[40];
            fill((fill_t){.from = rows + 1, .n = 2});
            fill((fill_t){.from = rows + 1, .n = 1, .job = true});
            rows += 2;
            snprintf(at, sizeof(at), "%s:%d", points[i], n);
            bool died = drain_and_die(at);
            drain(100);
            assert_int_equal(events(), rows);
            crashes += died;
            if (!died) {
                break;
            }
        }
    }
    assert_true(crashes >= 11); /* 2 exchanges with Postgres, 3 replies of Redis, each twice */
    for (int i = 0; i < rows; i++) {
        char expected[64];
        snprintf(expected, sizeof(expected), "{\"n\": %d, \"text\": \"a\\nb\"}", i + 1);
        assert_string_equal(event_field((size_t)i, "data"), expected);
    }
    bool found;
    for (int i = 0; i < rows / 2; i++) {
        take_bulk(&found);
        assert_true(found);
    }
    take_bulk(&found);
    assert_false(found);
}

static void *drain_thread(void *arg)
{
    wk_ctx_t own;
    wk_error_t e;
    int done = 1;
    (void)arg;
    open_ctx(&own);
    while (done > 0 && wk_outbox_drain(&own, VA_STR(A), 7, &done, &e)) {
    }
    close_ctx(&own);
    return NULL;
}

static void test_draining_at_once_doubles_nothing(void **state)
{
    pthread_t threads[6];
    (void)state;
    fill((fill_t){.from = 1, .n = 60});
    for (int i = 0; i < 6; i++) {
        assert_int_equal(pthread_create(&threads[i], NULL, drain_thread, NULL), 0);
    }
    for (int i = 0; i < 6; i++) {
        pthread_join(threads[i], NULL);
    }
    assert_int_equal(events(), 60);
    assert_int_equal(drain(10), 0);
}

static void test_a_redis_that_is_full_keeps_the_rows(void **state)
{
    int done;
    (void)state;
    fill((fill_t){.from = 1, .n = 3});
    t_redis(ctx.redis, ctx.arena, "CONFIG SET maxmemory 1");
    bool ok = wk_outbox_drain(&ctx, VA_STR(A), 10, &done, &t_e);
    t_redis(ctx.redis, ctx.arena, "CONFIG SET maxmemory 0");
    assert_false(ok);
    assert_int_equal(t_e.code, WK_UNAVAILABLE);
    assert_int_equal(drain(10), 3);
    assert_int_equal(events(), 3);
}

static void test_the_stream_is_capped(void **state)
{
    (void)state;
    for (int i = 0; i < 15; i++) {
        fill((fill_t){.from = i * 100, .n = 100});
        drain(100);
    }
    assert_in_range(events(), 1000, 1200);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_an_effect_is_new_once),
        TEST(test_a_second_asker_gets_the_result),
        TEST(test_an_unknown_effect_may_still_turn_out),
        TEST(test_a_claim_rolled_back_was_none),
        TEST(test_of_many_claims_at_once_one_is_new),
        TEST(test_events_are_published_once_and_in_order),
        TEST(test_a_rolled_back_event_is_none),
        TEST(test_a_row_that_is_too_large_fails_its_writer),
        TEST(test_subscribers_hear_six_lines),
        TEST(test_jobs_are_pushed_once),
        TEST(test_a_crash_anywhere_doubles_nothing),
        TEST(test_draining_at_once_doubles_nothing),
        TEST(test_a_redis_that_is_full_keeps_the_rows),
        TEST(test_the_stream_is_capped),
    };
    cmocka_set_message_output(CM_OUTPUT_TAP);
    signal(SIGPIPE, SIG_IGN);
    t_postgres_start(&postgres);
    t_redis_start(&redis, NULL);
    t_sql(&postgres,
          "SET LOCAL app.current_organization_id = '" A "';"
          "INSERT INTO voiceagent.organizations (id, name, slug) VALUES ('" A "', 'A', 'a')");
    t_sql(&postgres,
          "SET LOCAL app.current_organization_id = '" B "';"
          "INSERT INTO voiceagent.organizations (id, name, slug) VALUES ('" B "', 'B', 'b')");
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    t_redis_stop(&redis);
    t_postgres_stop(&postgres);
    return failed;
}
