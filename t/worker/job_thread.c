/* One thread that does jobs, with its connection to Redis watched and cut. */
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>

#include "t/worker/lib/fixture.h"
#include "t/worker/lib/proxy.h"
#include "worker/clock.h"
#include "worker/http.h"
#include "worker/job_thread.h"
#include "worker/metrics.h"
#include "worker/pace.h"
#include "worker/stop.h"

#define LONG_MS 60000

static t_redis_t server;
static t_proxy_t *proxy;
static wk_redis_t *r;
static wk_arena_t *a;
static wk_config_t *config;
static wk_queue_limits_t limits;

static int setup(void **state)
{
    (void)state;
    a = wk_arena_new();
    t_redis(r, a, "FLUSHALL");
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    wk_arena_free(a);
    return 0;
}

/* ---------------------------------------------------------------- the threads */

#define MOST_THREADS 3

static wk_leases_t *leases;
static wk_job_thread_t threads[MOST_THREADS];
static pthread_t thread_ids[MOST_THREADS];
static size_t n_threads;

/* Of the first so many queues. */
static void start_threads(size_t n, size_t n_queues)
{
    leases = wk_leases_start(config, n, &t_e);
    assert_non_null(leases);
    assert_true(wk_stop_init());
    for (n_threads = 0; n_threads < n; n_threads++) {
        wk_job_thread_t *t = &threads[n_threads];
        *t = (wk_job_thread_t){.config = config,
                               .leases = leases,
                               .slot = n_threads,
                               .order = {WK_REALTIME, WK_DEFAULT, WK_BULK},
                               .n_queues = n_queues};
        assert_int_equal(pthread_create(&thread_ids[n_threads], NULL, wk_job_thread, t), 0);
    }
}

static void start_thread(void)
{
    start_threads(1, 1);
}

static void stop_thread(void)
{
    wk_stop_request();
    for (size_t i = 0; i < n_threads; i++) {
        pthread_join(thread_ids[i], NULL);
    }
    wk_leases_stop(leases);
}

static void push(int n)
{
    for (int i = 0; i < n; i++) {
        char id[16];
        snprintf(id, sizeof(id), "j%d", i);
        va_job_t job = {
            .id = va_str_c(id), .type = VA_STR("test.nothing"), .lane = VA_STR("l")};
        t_push_job(r, WK_REALTIME, &job);
    }
}

/* Leases that nobody knows of run out at once. */
static bool all_done(void *arg)
{
    wk_queue_stats_t s[WK_QUEUES];
    wk_reaped_t reaped;
    (void)arg;
    assert_ok(wk_queue_stats(r, s, &t_e));
    const wk_queue_stats_t *q = &s[WK_REALTIME];
    assert_int_equal(q->dead, 0);
    if (q->in + q->ready + q->parked == 0 && q->held > 0) {
        redisReply *held = t_redis(r, a, "ZRANGE va:{realtime}:held 0 -1");
        for (size_t i = 0; i < held->elements; i++) {
            t_redis(r, a, "ZADD va:{realtime}:held XX 0 %s", held->element[i]->str);
        }
    }
    if (q->later > 0) {
        redisReply *later = t_redis(r, a, "ZRANGE va:{realtime}:later 0 -1");
        for (size_t i = 0; i < later->elements; i++) {
            t_redis(r, a, "ZADD va:{realtime}:later XX 0 %s", later->element[i]->str);
        }
    }
    assert_ok(wk_queue_reap(r, WK_REALTIME, &limits, 0, a, &reaped, &t_e));
    return q->in + q->ready + q->parked + q->held + q->later == 0;
}

static void test_a_job_costs_one_round_trip(void **state)
{
    (void)state;
    push(300);
    start_thread();
    assert_true(t_until(all_done, NULL, LONG_MS));
    long trips = t_proxy_round_trips(proxy);
    stop_thread();
    /* Besides: connecting, sending both scripts whole, a renewal, and waiting for the bell. */
    assert_in_range(trips, 300, 330);
}

/* Wherever the connection breaks, every job comes to its end. */
static void test_a_cut_connection_loses_no_job(void **state)
{
    (void)state;
    for (int after = 0; after < 2; after++) {
        for (long n = 1; n <= 8; n++) {
            wk_arena_reset(a);
            t_redis(r, a, "FLUSHALL");
            push(5);
            (after ? t_proxy_cut_after : t_proxy_cut_before)(proxy, n);
            start_thread();
            bool done = t_until(all_done, NULL, LONG_MS);
            stop_thread();
            t_proxy_cut_after(proxy, 0);
            t_proxy_cut_before(proxy, 0);
            if (!done) {
                fail_msg("cut %s trip %ld", after ? "after" : "before", n);
            }
        }
    }
}

static const char *sample(const char *name)
{
    redisReply *reply = t_redis(r, a, "HGET va:metrics %s", name);
    return reply->type == REDIS_REPLY_STRING ? reply->str : "none";
}

static bool is_running(void *arg)
{
    (void)arg;
    return t_redis_int(r, "HGET test:runs j") == 1;
}

static bool is_gone(void *arg)
{
    (void)arg;
    return t_redis_int(r, "EXISTS va:{realtime}:job:j") == 0;
}

/* A job that is at work, and says nothing to Redis but its end. */
static void start_job(void)
{
    va_job_t job = {.id = VA_STR("j"),
                    .type = VA_STR("test.until"),
                    .lane = VA_STR("l"),
                    .body = va_str_c(t_gate(a, "j"))};
    t_push_job(r, WK_REALTIME, &job);
    start_thread();
    assert_true(t_until(is_running, NULL, LONG_MS));
}

static void test_an_end_whose_answer_was_lost_is_no_loss(void **state)
{
    (void)state;
    assert_ok(wk_metrics_flush(r, &t_e)); /* what the tests before counted */
    t_redis(r, a, "DEL va:metrics");
    start_job();
    t_proxy_cut_after(proxy, 1);
    t_let_go("j");
    assert_true(t_until(is_gone, NULL, LONG_MS));
    stop_thread();
    assert_ok(wk_metrics_flush(r, &t_e));
    assert_string_equal(sample("voiceagent_jobs_lost_total"), "none");
    assert_string_equal(sample("voiceagent_worker_errors_total{what=\"end\"}"), "1");
}

static void test_an_end_that_breaks_while_it_stops_is_told_again(void **state)
{
    (void)state;
    start_job();
    wk_stop_request();
    t_proxy_cut_before(proxy, 1);
    t_let_go("j");
    stop_thread();
    assert_true(is_gone(NULL));
}

/* ---------------------------------------------------------------- bulk jobs */

#define ASKED_MS 250 /* after which a question is forgotten */

static int64_t asked_ms, longest_ms; /* the last question, and the longest time without one */

static void ask(void)
{
    int64_t before = wk_monotonic_ms();
    wk_pace_asked();
    int64_t without = wk_monotonic_ms() - asked_ms;
    longest_ms = without > longest_ms ? without : longest_ms;
    asked_ms = before;
}

static bool have_run(void *arg)
{
    ask();
    return t_redis_int(r, "HLEN test:runs") >= *(int *)arg;
}

/* Nobody asked for a while, since the machine stood still. */
static bool was_disturbed(void)
{
    return longest_ms >= ASKED_MS - 1;
}

static bool default_is_done(void *arg)
{
    (void)arg;
    ask();
    return was_disturbed() || t_redis_int(r, "EXISTS va:{default}:job:d va:{default}:in") == 0;
}

/* How many bulk jobs are taken while somebody asks, of four that last. */
static long long taken_while_asked(void)
{
    static const char *const ids[] = {"b1", "b2", "b3", "b4"};
    int two = 2, four = 4;
    const char *gate = t_gate(a, "bulk");
    t_redis(r, a, "FLUSHALL");
    for (size_t i = 0; i < sizeof(ids) / sizeof(*ids); i++) {
        va_job_t job = {.id = va_str_c(ids[i]),
                        .type = VA_STR("test.until"),
                        .lane = va_str_c(ids[i]),
                        .body = va_str_c(gate)};
        t_push_job(r, WK_BULK, &job);
    }
    asked_ms = wk_monotonic_ms();
    longest_ms = 0;
    ask();
    start_threads(MOST_THREADS, WK_QUEUES);
    assert_true(t_until(have_run, &two, LONG_MS));
    t_push_job(
        r, WK_DEFAULT,
        &(va_job_t){.id = VA_STR("d"), .type = VA_STR("test.nothing"), .lane = VA_STR("l")});
    assert_true(t_until(default_is_done, NULL, LONG_MS));
    long long taken = t_redis_int(r, "HLEN test:runs");
    ask();
    t_let_go("bulk");
    assert_true(t_until(have_run, &four, LONG_MS));
    stop_thread();
    return taken;
}

/*
 * Theirs would only wait for their turn; who waits for another job would wait with them. A
 * trial that was disturbed says nothing.
 */
static void test_two_threads_take_bulk_jobs_while_somebody_asks(void **state)
{
    (void)state;
    long long taken = taken_while_asked();
    for (int i = 1; i < 10 && was_disturbed(); i++) {
        taken = taken_while_asked();
    }
    assert_int_equal(taken, 2);
}

/* ---------------------------------------------------------------- counters */

static void test_counters_arrive(void **state)
{
    (void)state;
    assert_ok(wk_metrics_flush(r, &t_e)); /* what the tests before counted */
    t_redis(r, a, "DEL va:metrics");
    wk_count("t_total", "a", VA_STR("x\"\\\n\xff"), "b", VA_STR("y"), 2);
    wk_count("t_total", "a", VA_STR("x\"\\\n\xff"), "b", VA_STR("y"), 3);
    wk_count("t_plain", NULL, VA_STR_NULL, NULL, VA_STR_NULL, 1);
    assert_ok(wk_metrics_flush(r, &t_e));
    assert_string_equal(sample("t_total{a=\"x\\\"\\\\??\",b=\"y\"}"), "5");
    assert_string_equal(sample("t_plain"), "1");
    wk_count("t_plain", NULL, VA_STR_NULL, NULL, VA_STR_NULL, 1);
    assert_ok(wk_metrics_flush(r, &t_e));
    assert_ok(wk_metrics_flush(r, &t_e));
    assert_string_equal(sample("t_plain"), "2");
}

static void test_histograms_arrive(void **state)
{
    (void)state;
    static const int observed[] = {0, 1, 2, 3, 150, 20000};
    for (size_t i = 0; i < sizeof(observed) / sizeof(*observed); i++) {
        wk_observe_ms("t_seconds", "q", VA_STR("d"), observed[i]);
    }
    wk_observe_ms("t_bare", NULL, VA_STR_NULL, 1);
    assert_ok(wk_metrics_flush(r, &t_e));
    assert_string_equal(sample("t_seconds_bucket{q=\"d\",le=\"0.001\"}"), "2");
    assert_string_equal(sample("t_seconds_bucket{q=\"d\",le=\"0.002\"}"), "3");
    assert_string_equal(sample("t_seconds_bucket{q=\"d\",le=\"0.005\"}"), "4");
    assert_string_equal(sample("t_seconds_bucket{q=\"d\",le=\"0.25\"}"), "5");
    assert_string_equal(sample("t_seconds_bucket{q=\"d\",le=\"10\"}"), "5");
    assert_string_equal(sample("t_seconds_bucket{q=\"d\",le=\"+Inf\"}"), "6");
    assert_string_equal(sample("t_seconds_count{q=\"d\"}"), "6");
    assert_string_equal(sample("t_seconds_sum{q=\"d\"}"), "20.156");
    assert_string_equal(sample("t_bare_bucket{le=\"0.001\"}"), "1");
    assert_string_equal(sample("t_bare_count"), "1");
    wk_observe_wait_ms("t_wait", "e", VA_STR("x"), "s", VA_STR("y"), 51);
    assert_ok(wk_metrics_flush(r, &t_e));
    assert_string_equal(sample("t_wait_bucket{e=\"x\",s=\"y\",le=\"0.05\"}"), "0");
    assert_string_equal(sample("t_wait_bucket{e=\"x\",s=\"y\",le=\"0.1\"}"), "1");
    assert_string_equal(sample("t_wait_count{e=\"x\",s=\"y\"}"), "1");
}

static void test_counters_are_kept_while_redis_is_away(void **state)
{
    (void)state;
    wk_redis_t *nobody = wk_redis_new("redis://127.0.0.1:1", 500);
    wk_count("t_kept", NULL, VA_STR_NULL, NULL, VA_STR_NULL, 1);
    wk_observe_ms("t_kept_seconds", NULL, VA_STR_NULL, 5);
    assert_false(wk_metrics_flush(nobody, &t_e));
    wk_count("t_kept", NULL, VA_STR_NULL, NULL, VA_STR_NULL, 1);
    assert_false(wk_metrics_flush(nobody, &t_e));
    assert_ok(wk_metrics_flush(r, &t_e));
    assert_string_equal(sample("t_kept"), "2");
    assert_string_equal(sample("t_kept_seconds_count"), "1");
    wk_redis_free(nobody);
}

static void test_too_many_series_are_counted(void **state)
{
    (void)state;
    for (int i = 0; i < 5000; i++) {
        char value[16];
        snprintf(value, sizeof(value), "%d", i);
        wk_count("t_many", "n", va_str_c(value), NULL, VA_STR_NULL, 1);
    }
    assert_ok(wk_metrics_flush(r, &t_e));
    assert_true(strtol(sample("voiceagent_worker_series_dropped_total"), NULL, 10) >= 1000);
    assert_string_equal(sample("t_many{n=\"100\"}"), "1");
    assert_true(t_redis_int(r, "HLEN va:metrics") < 4200);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

static wk_config_t *load_config(void)
{
    char url[64];
    snprintf(url, sizeof(url), "redis://127.0.0.1:%d", t_proxy_port(proxy));
    setenv("REDIS_URL", url, 1);
    setenv("APP_DATABASE_URL", "postgresql://nobody@127.0.0.1:1/none", 1);
    setenv("VA_LEASE_MS", "600000", 1);
    setenv("VA_MAX_STALLS", "100", 1);
    setenv("LOG_LEVEL", "error", 1);
    return wk_config_load(NULL, &t_e);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_a_job_costs_one_round_trip),
        TEST(test_a_cut_connection_loses_no_job),
        TEST(test_an_end_whose_answer_was_lost_is_no_loss),
        TEST(test_an_end_that_breaks_while_it_stops_is_told_again),
        TEST(test_two_threads_take_bulk_jobs_while_somebody_asks),
        TEST(test_counters_arrive),
        TEST(test_histograms_arrive),
        TEST(test_counters_are_kept_while_redis_is_away),
        TEST(test_too_many_series_are_counted),
    };
    char log[200];
    cmocka_set_message_output(CM_OUTPUT_TAP);
    signal(SIGPIPE, SIG_IGN);
    wk_http_global();
    t_redis_start(&server, NULL);
    snprintf(log, sizeof(log), "%s/log.jsonl", t_folder());
    wk_log_open(log, WK_INFO);
    r = wk_redis_new(server.url, 20000);
    proxy = t_proxy_start(server.port);
    config = load_config();
    limits = wk_queue_limits(config);
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    wk_config_free(config);
    t_proxy_stop(proxy);
    wk_redis_free(r);
    t_redis_stop(&server);
    return failed;
}
