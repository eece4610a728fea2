/*
 * Effects are carried out once, wherever the program dies: at every place of its own
 * choosing (crash.h), and at any time.
 */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "t/worker/lib/fixture.h"
#include "t/worker/lib/program.h"

#define A       "aaaaaaaa-0000-4000-8000-000000000001"
#define LONG_MS 60000

static t_postgres_t postgres;
static t_redis_t redis;
static t_program_t program;
static wk_redis_t *r;
static wk_arena_t *a;
static int pushed;

static int setup(void **state)
{
    (void)state;
    a = wk_arena_new();
    t_redis(r, a, "FLUSHALL");
    t_sql_value(&postgres, "DELETE FROM voiceagent.outbox");
    t_sql_value(&postgres, "DELETE FROM voiceagent.effects");
    t_program_defaults(&redis, &postgres);
    setenv("VA_LEASE_MS", "1000", 1);
    setenv("VA_MAX_STALLS", "100", 1);
    pushed = 0;
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    wk_arena_free(a);
    return 0;
}

static void push(int n)
{
    for (int i = 0; i < n; i++) {
        char id[16], serial[16];
        snprintf(id, sizeof(id), "job%d", pushed++);
        snprintf(serial, sizeof(serial), "s%d", pushed % 5);
        va_job_t job = {.id = va_str_c(id),
                        .type = VA_STR("test.effect"),
                        .org = VA_STR(A),
                        .lane = VA_STR("lane"),
                        .serial = i % 2 ? va_str_c(serial) : VA_STR_NULL};
        t_push_job(r, (wk_queue_t)(i % WK_QUEUES), &job);
    }
}

/* Like a power cut. */
static void kill_all(void)
{
    pid_t pids[8];
    size_t n = t_program_children(&program, "jobs", pids, 4);
    n += t_program_children(&program, "scheduler", pids + n, 4);
    t_end(program.pid);
    for (size_t i = 0; i < n; i++) {
        t_kill(pids[i], SIGKILL);
    }
}

static bool died(void *arg)
{
    (void)arg;
    return t_program_logged(&program, "\"signal\":9") > 0;
}

/* Before, a signal ends it as any program that has just begun. */
static bool at_work(void *arg)
{
    pid_t pid;
    (void)arg;
    return t_program_children(&program, "jobs", &pid, 1) > 0;
}

static bool all_done(void *arg)
{
    (void)arg;
    wk_queue_stats_t s[WK_QUEUES];
    assert_ok(wk_queue_stats(r, s, &t_e));
    for (int q = 0; q < WK_QUEUES; q++) {
        if (s[q].in + s[q].ready + s[q].parked + s[q].held + s[q].later > 0) {
            return false;
        }
    }
    return strcmp(t_sql_value(&postgres, "SELECT count(*) FROM voiceagent.outbox"), "0") == 0;
}

static void finish_and_check(void)
{
    t_program_start(&program);
    assert_true(t_until(at_work, NULL, LONG_MS));
    assert_true(t_until(all_done, NULL, LONG_MS));
    assert_int_equal(t_program_stop(&program, LONG_MS), 0);

    wk_queue_stats_t s[WK_QUEUES];
    assert_ok(wk_queue_stats(r, s, &t_e));
    for (int q = 0; q < WK_QUEUES; q++) {
        assert_int_equal(s[q].dead, 0);
    }
    assert_int_equal(t_redis_int(r, "HLEN test:provider"), pushed);
    redisReply *counts = t_redis(r, a, "HVALS test:provider");
    for (size_t i = 0; i < counts->elements; i++) {
        assert_string_equal(counts->element[i]->str, "1");
    }
    assert_int_equal(t_redis_int(r, "XLEN va:events:{" A "}"), pushed);
    char expected[16];
    snprintf(expected, sizeof(expected), "%d", pushed);
    assert_string_equal(t_sql_value(&postgres, "SELECT count(*) FROM voiceagent.effects"
                                               " WHERE state = 'done'"),
                        expected);
}

static void test_effects_are_done_once_wherever_it_dies(void **state)
{
    static const char *const points[] = {
        "redis.before",  "redis.after",    "db.before",       "db.after",
        "job.taken",     "handler.before", "provider.before", "provider.after",
        "handler.after", "end.before",     "end.after",       "outbox.published"};
    static const int visits[] = {1, 3, 8};
    int deaths = 0;
    (void)state;
    for (size_t i = 0; i < sizeof(points) / sizeof(*points); i++) {
        for (size_t k = 0; k < sizeof(visits) / sizeof(*visits); k++) {
            char at[40];
            snprintf(at, sizeof(at), "%s:%d", points[i], visits[k]);
            setenv("VA_CRASH_AT", at, 1);
            t_program_start(&program);
            unsetenv("VA_CRASH_AT"); /* this program walks the same places */
            push(9);
            bool at_it = t_until(died, NULL, LONG_MS);
            kill_all();
            if (!at_it) {
                fail_msg("never died at %s", at);
            }
            deaths++;
        }
    }
    assert_int_equal(deaths, 36);
    finish_and_check();
}

static void test_effects_are_done_once_whenever_it_dies(void **state)
{
    unsigned seed = (unsigned)getpid();
    (void)state;
    printf("# seed %u\n", seed);
    for (int i = 0; i < 25; i++) {
        t_program_start(&program);
        push(9);
        usleep((useconds_t)(rand_r(&seed) % 400000));
        kill_all();
    }
    finish_and_check();
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_effects_are_done_once_wherever_it_dies),
        TEST(test_effects_are_done_once_whenever_it_dies),
    };
    cmocka_set_message_output(CM_OUTPUT_TAP);
    signal(SIGPIPE, SIG_IGN);
    t_postgres_start(&postgres);
    t_redis_start(&redis, NULL);
    t_sql(
        &postgres,
        "SET LOCAL app.current_organization_id = '" A "';"
        "INSERT INTO voiceagent.organizations (id, name, slug) VALUES ('" A "', 'A', 'a');"
        "UPDATE voiceagent.privacy_settings SET swept_at = 'infinity'"); /* no job of its own */
    r = wk_redis_new(redis.url, 20000);
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    wk_redis_free(r);
    t_redis_stop(&redis);
    t_postgres_stop(&postgres);
    return failed;
}
