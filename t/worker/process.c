/* The whole program: what becomes of jobs, and of processes that die. */
#include <libpq-fe.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "t/worker/lib/fixture.h"
#include "t/worker/lib/program.h"
#include "worker/clock.h"
#include "worker/process.h"

#include "scripts.h"

#define A       "aaaaaaaa-0000-4000-8000-000000000001"
#define LEFT    "aaaaaaaa-0000-4000-8000-000000000045"
#define LONG_MS 60000 /* for what must come; never waited for when it does */
#define P       "va:{default}:"

static t_postgres_t postgres;
static t_redis_t redis;
static t_program_t program;
static wk_redis_t *r;
static wk_arena_t *a;

/* ---------------------------------------------------------------- fixture */

static int setup(void **state)
{
    (void)state;
    a = wk_arena_new();
    t_redis(r, a, "FLUSHALL");
    t_program_defaults(&redis, &postgres);
    program.pid = 0;
    return 0;
}

static int setup_running(void **state)
{
    setup(state);
    t_program_start(&program);
    return 0;
}

/* For those who wait until one has run out. */
static int setup_short_leases(void **state)
{
    setup(state);
    setenv("VA_LEASE_MS", "1000", 1);
    t_program_start(&program);
    return 0;
}

static int teardown(void **state)
{
    int status;
    (void)state;
    if (program.pid != 0 && !t_wait(program.pid, 1, &status)) {
        t_program_stop(&program, LONG_MS);
    }
    wk_arena_free(a);
    return 0;
}

static void push(wk_queue_t q, const char *id, const char *type, const char *body)
{
    va_job_t job = {.id = va_str_c(id),
                    .type = va_str_c(type),
                    .org = VA_STR(A),
                    .lane = VA_STR("lane"),
                    .body = va_str_c(body)};
    t_push_job(r, q, &job);
}

static void push_held(const char *id)
{
    push(WK_DEFAULT, id, "test.until", t_gate(a, id));
}

/* ---------------------------------------------------------------- what is waited for */

typedef struct {
    const char *what;
    long long n;
} number_t;

static bool number_is(void *arg)
{
    const number_t *wanted = arg;
    char command[128];
    snprintf(command, sizeof(command), "%s", wanted->what);
    return t_redis_int(r, "%s", command) == wanted->n;
}

/* The command (EXISTS, ZCARD, …) comes to answer n. */
static void comes(const char *command, long long n)
{
    number_t wanted = {command, n};
    if (!t_until(number_is, &wanted, LONG_MS)) {
        fail_msg("%s is %lld, not %lld", command, t_redis_int(r, "%s", command), n);
    }
}

static long long runs(const char *id)
{
    return t_redis_int(r, "HGET test:runs %s", id);
}

typedef struct {
    const char *role;
    size_t n;
    pid_t pids[16];
} family_t;

static bool children_are(void *arg)
{
    family_t *f = arg;
    return t_program_children(&program, f->role, f->pids, 16) == f->n;
}

static pid_t the_child(const char *role)
{
    family_t one = {.role = role, .n = 1};
    assert_true(t_until(children_are, &one, LONG_MS));
    return one.pids[0];
}

static bool is_gone(void *arg)
{
    return kill(*(pid_t *)arg, 0) != 0;
}

static bool has_log(void *arg)
{
    return t_program_logged(&program, arg) > 0;
}

static void logs(const char *text)
{
    if (!t_until(has_log, (void *)text, LONG_MS)) {
        fail_msg("never logged: %s", text);
    }
}

static long long ready(void)
{
    va_str_t key = VA_STR("va:alive"), age = VA_STR("5000");
    redisReply *reply = wk_redis_script(r, &wk_script_ready, &key, 1, &age, 1, &t_e);
    assert_non_null(reply);
    long long n = reply->integer;
    freeReplyObject(reply);
    return n;
}

static bool ready_is(void *arg)
{
    return ready() == *(long long *)arg;
}

/* ---------------------------------------------------------------- ends of jobs */

static void test_the_reply_reaches_who_waits(void **state)
{
    void *message;
    va_reply_t reply;
    (void)state;
    redisContext *c = redisConnect("127.0.0.1", redis.port);
    redisSetTimeout(c, (struct timeval){LONG_MS / 1000, 0});
    freeReplyObject(redisCommand(c, "SUBSCRIBE nginx"));
    va_job_t job = {.id = VA_STR("j"),
                    .type = VA_STR("test.echo"),
                    .lane = VA_STR("l"),
                    .reply = VA_STR("nginx"),
                    .body = VA_STR("hello")};
    t_push_job(r, WK_REALTIME, &job);
    assert_int_equal(redisGetReply(c, &message), REDIS_OK);
    va_str_t text = wk_redis_str(((redisReply *)message)->element[2]);
    assert_int_equal(va_reply_parse(wk_mem(a), text, &reply), VA_OK);
    assert_str(reply.id, "j");
    assert_int_equal(reply.status, 200);
    assert_str(reply.body, "hello");
    freeReplyObject(message);
    redisFree(c);
    assert_true(t_redis_int(r, "EXISTS va:{realtime}:res:j") == 1);
}

static void test_a_reply_that_is_too_large_becomes_an_error(void **state)
{
    va_reply_t reply;
    (void)state;
    push(WK_REALTIME, "j", "test.huge", "");
    comes("EXISTS va:{realtime}:res:j", 1);
    va_str_t text = wk_redis_str(t_redis(r, a, "GET va:{realtime}:res:j"));
    assert_int_equal(va_reply_parse(wk_mem(a), text, &reply), VA_OK);
    assert_int_equal(reply.status, 500);
}

static void test_every_queue_is_served(void **state)
{
    (void)state;
    for (int q = 0; q < WK_QUEUES; q++) {
        char id[16];
        snprintf(id, sizeof(id), "j%d", q);
        push((wk_queue_t)q, id, "test.echo", "x");
    }
    comes("HLEN test:runs", 3);
}

#define BULK_JOBS 5
#define ASKED_MS  20
#define RESTED_MS (BULK_JOBS * 100 + (BULK_JOBS - 1) * 200) /* with a rest behind each */

/* How long as many bulk jobs take, each with a transaction of 100 ms. */
static int64_t bulk_takes_ms(char run, bool asked)
{
    char id[16];
    if (asked) {
        push(WK_REALTIME, "first", "test.echo", "");
        comes("HDEL test:runs first", 1);
    }
    int64_t begun = wk_monotonic_ms();
    for (int i = 0; i < BULK_JOBS; i++) {
        snprintf(id, sizeof(id), "%c%d", run, i);
        push(WK_BULK, id, "test.sql_sleep", "100");
    }
    for (int i = 0; t_redis_int(r, "HLEN test:runs") < BULK_JOBS ||
                    t_redis_int(r, "HLEN va:{bulk}:running") > 0;
         i++) {
        snprintf(id, sizeof(id), "%c-%d", run, i);
        if (asked) {
            push(WK_REALTIME, id, "test.nothing", "");
        }
        assert_true(wk_monotonic_ms() - begun < LONG_MS);
        nanosleep(&(struct timespec){0, ASKED_MS * 1000000L}, NULL);
    }
    t_redis(r, a, "DEL test:runs");
    return wk_monotonic_ms() - begun;
}

/*
 * One transaction at a time, a rest behind each: and all of them are done. The machine may
 * stand still for a while, but not each time.
 */
static void test_bulk_gives_way_while_somebody_asks(void **state)
{
    (void)state;
    setenv("VA_THREADS", "8", 1);
    t_program_start(&program);
    int64_t alone = RESTED_MS, asked = 0;
    for (char run = 'a'; run < 'u' && (alone >= RESTED_MS || asked < RESTED_MS); run += 2) {
        alone = bulk_takes_ms(run, false);
        asked = bulk_takes_ms((char)(run + 1), true);
    }
    assert_true(alone < RESTED_MS);
    assert_true(asked >= RESTED_MS);
}

static void test_a_late_read_is_dropped_and_a_late_effect_is_not(void **state)
{
    (void)state;
    va_job_t job = {.id = VA_STR("late"),
                    .type = VA_STR("test.read"),
                    .lane = VA_STR("l"),
                    .deadline_ms = wk_now_ms() - 1};
    t_push_job(r, WK_REALTIME, &job);
    job.id = VA_STR("effect");
    job.type = VA_STR("test.echo");
    t_push_job(r, WK_REALTIME, &job);
    job = (va_job_t){.id = VA_STR("early"),
                     .type = VA_STR("test.read"),
                     .lane = VA_STR("l"),
                     .deadline_ms = wk_now_ms() + LONG_MS};
    t_push_job(r, WK_REALTIME, &job);
    comes("HLEN test:runs", 2);
    comes("EXISTS va:{realtime}:job:late", 0);
    assert_int_equal(runs("late"), 0);
    assert_int_equal(t_redis_int(r, "ZCARD va:{realtime}:dead"), 0);
    comes("HGET va:metrics voiceagent_jobs_total{type=\"test.read\",outcome=\"late\"}", 1);
}

static void test_a_failed_job_is_tried_again_and_then_buried(void **state)
{
    (void)state;
    push(WK_DEFAULT, "twice", "test.again", "2");
    push(WK_DEFAULT, "always", "test.again", "1000");
    push(WK_DEFAULT, "never", "test.give_up", "");
    push(WK_DEFAULT, "read", "test.read_fails", "");
    comes("ZCARD " P "dead", 2);
    comes("EXISTS " P "job:twice " P "job:read", 0);
    assert_int_equal(runs("twice"), 3);
    assert_int_equal(runs("always"), 4); /* the type's own limit */
    assert_int_equal(runs("never"), 1);
    assert_int_equal(runs("read"), 1);
    assert_int_equal(t_redis_int(r, "EXISTS " P "res:never " P "res:read"), 2);
    assert_string_equal(t_redis(r, a, "HGET " P "job:always reason")->str,
                        "unavailable: not now");
    assert_string_equal(t_redis(r, a, "HGET " P "job:never reason")->str, "invalid: never");
    logs("\"level\":\"alert\"");
}

static void test_what_nobody_can_read_is_buried(void **state)
{
    (void)state;
    /* A job for the intake, but not for the reader of jobs. */
    t_redis(r, a, "LPUSH " P "in {\"v\":1,\"id\":\"k\"}");
    comes("ZCARD " P "dead", 1);
    assert_string_equal(t_redis(r, a, "HGET " P "job:k reason")->str, "unreadable");
}

/* While workers are being replaced, one of the new version may have queued it. */
static void test_a_type_nobody_knows_yet_waits_for_a_day(void **state)
{
    (void)state;
    va_job_t job = {.id = VA_STR("new"),
                    .type = VA_STR("test.unknown"),
                    .lane = VA_STR("l"),
                    .serial = VA_STR("s"),
                    .enqueued_ms = wk_now_ms()};
    t_push_job(r, WK_DEFAULT, &job);
    comes("ZCARD " P "later", 1);
    job.id = VA_STR("behind"); /* of the same serial: does not wait for it */
    job.type = VA_STR("test.echo");
    t_push_job(r, WK_DEFAULT, &job);
    comes("HGET test:runs behind", 1);
    job.type = VA_STR("test.unknown");
    job.id = VA_STR("old");
    job.enqueued_ms -= 25 * 3600 * 1000;
    t_push_job(r, WK_DEFAULT, &job);
    comes("ZCARD " P "dead", 1);
    assert_string_equal(t_redis(r, a, "HGET " P "job:old reason")->str,
                        "no handler for its type");
    assert_int_equal(t_redis_int(r, "EXISTS " P "job:new"), 1);
}

/* One that nobody has begun by then is none of them: the next is given more time. */
static void test_a_read_past_its_deadline_is_stopped_in_postgres(void **state)
{
    (void)state;
    for (int ms = 1000; t_redis_int(r, "EXISTS test:runs") == 0; ms *= 2) {
        assert_true(ms < LONG_MS);
        va_job_t job = {.id = VA_STR("j"),
                        .type = VA_STR("test.read_sleeps"),
                        .org = VA_STR(A),
                        .lane = VA_STR("l"),
                        .body = VA_STR("600000"),
                        .deadline_ms = wk_now_ms() + ms};
        t_push_job(r, WK_REALTIME, &job);
        comes("EXISTS va:{realtime}:job:j va:{realtime}:in", 0);
    }
    comes("HGET va:metrics voiceagent_jobs_stopped_total{reason=\"deadline\"}", 1);
    assert_int_equal(runs("j"), 1);
}

static void test_counters_are_sent(void **state)
{
    (void)state;
    push(WK_DEFAULT, "j1", "test.echo", "x");
    push(WK_DEFAULT, "j2", "test.echo", "x");
    comes("HGET va:metrics voiceagent_jobs_total{type=\"test.echo\",outcome=\"done\"}", 2);
    comes("HGET va:metrics voiceagent_job_seconds_count{type=\"test.echo\"}", 2);
    comes("HGET va:metrics voiceagent_job_seconds_bucket{type=\"test.echo\",le=\"+Inf\"}", 2);
    comes("HGET va:metrics voiceagent_job_wait_seconds_count{queue=\"default\"}", 2);
}

/* ---------------------------------------------------------------- deaths */

static void test_a_job_outlives_its_worker(void **state)
{
    (void)state;
    push_held("j");
    comes("HGET test:runs j", 1);
    pid_t first = the_child("jobs");
    t_kill(first, SIGKILL);
    comes("HGET test:runs j", 2);
    t_let_go("j");
    comes("EXISTS " P "job:j", 0);
    assert_int_not_equal(the_child("jobs"), first);
    assert_int_equal(t_redis_int(r, "ZCARD " P "dead"), 0);
}

/* Of a machine that stands still for one others may take it; but it will not do so each time.
 */
static void test_a_long_job_keeps_its_lease(void **state)
{
    bool kept = false;
    char id[16];
    (void)state;
    for (int i = 0; i < 5 && !kept; i++) {
        snprintf(id, sizeof(id), "j%d", i);
        push(WK_DEFAULT, id, "test.sleep", "3500"); /* three leases and a half */
        comes(wk_printf(a, "EXISTS " P "job:%s " P "in", id).data, 0);
        kept = runs(id) == 1;
    }
    assert_true(kept);
}

static void test_poison_is_buried_and_the_others_are_done(void **state)
{
    (void)state;
    push(WK_DEFAULT, "poison", "test.poison", "");
    for (int i = 0; i < 20; i++) {
        char id[16];
        snprintf(id, sizeof(id), "j%d", i);
        push(WK_DEFAULT, id, "test.echo", "x");
    }
    comes("ZCARD " P "dead", 1);
    comes("ZCARD " P "held", 0);
    comes("HLEN test:runs", 21);
    assert_int_equal(runs("poison"), 3);
    assert_int_equal(t_redis_int(r, "ZCARD " P "dead"), 1);
    logs("\"queue\":\"default\",\"job\":\"poison\""); /* the alert names it */
}

static void test_a_frozen_worker_loses_its_job(void **state)
{
    (void)state;
    push_held("j");
    comes("HGET test:runs j", 1);
    pid_t frozen = the_child("jobs");
    t_kill(frozen, SIGSTOP);
    comes("HGET " P "job:j stalls", 1); /* its lease ran out */
    t_let_go("j");
    t_kill(frozen, SIGCONT);
    comes("HGET test:runs j", 2);
    comes("EXISTS " P "job:j", 0);
    comes("HGET va:metrics voiceagent_jobs_lost_total", 1);
}

static bool asleep_is(void *arg)
{
    return strcmp(t_sql_value(&postgres, "SELECT count(*) FROM pg_stat_activity"
                                         " WHERE usename = 'va_app' AND state = 'active'"
                                         "   AND query LIKE '%pg_sleep%'"),
                  arg) == 0;
}

/* Others may have the job soon: what it does in Postgres ends before. */
static void test_a_lease_that_cannot_be_renewed_ends_the_work(void **state)
{
    (void)state;
    push(WK_DEFAULT, "j", "test.sql_sleep", "25000");
    assert_true(t_until(asleep_is, "1", LONG_MS));
    t_kill(redis.pid, SIGSTOP);
    bool ended = t_until(asleep_is, "0", LONG_MS);
    t_kill(redis.pid, SIGCONT);
    assert_true(ended);
    comes("HGET va:metrics voiceagent_jobs_stopped_total{reason=\"lease_expired\"}", 1);
}

static void test_redis_restarts(void **state)
{
    (void)state;
    for (int i = 0; i < 50; i++) {
        char id[16];
        snprintf(id, sizeof(id), "j%d", i);
        push(WK_DEFAULT, id, "test.sleep", "50");
    }
    t_redis(r, a, "CONFIG SET appendfsync always");
    comes("HEXISTS test:runs j5", 1);
    t_redis_stop(&redis);
    t_redis_restart(&redis);
    wk_redis_free(r);
    r = wk_redis_new(redis.url, 20000);
    comes("HLEN test:runs", 50);
    comes("ZCARD " P "held", 0);
    assert_int_equal(t_redis_int(r, "ZCARD " P "dead"), 0);
    assert_int_equal(t_redis_int(r, "EXISTS " P "ready:lane " P "in"), 0);
}

/* Its absence is nothing a job could help: an attempt that met it does not count. */
static void test_postgres_is_away_for_longer_than_a_job_is_tried(void **state)
{
    (void)state;
    setenv("VA_MAX_ATTEMPTS", "1", 1);
    t_program_start(&program);
    long long one = 1;
    assert_true(t_until(ready_is, &one, LONG_MS));
    t_postgres_stop(&postgres);
    for (int i = 0; i < 20; i++) {
        char id[16];
        snprintf(id, sizeof(id), "j%d", i);
        va_job_t job = {.id = va_str_c(id),
                        .type = VA_STR("test.sql_sleep"),
                        .org = VA_STR(A),
                        .lane = VA_STR("lane"),
                        .enqueued_ms = wk_now_ms(),
                        .body = VA_STR("0")};
        t_push_job(r, WK_DEFAULT, &job);
    }
    comes("HLEN test:runs", 20);
    t_postgres_restart(&postgres);
    comes("HGET va:metrics voiceagent_jobs_total{type=\"test.sql_sleep\",outcome=\"done\"}",
          20);
    comes("ZCARD " P "held", 0);
    assert_int_equal(t_redis_int(r, "ZCARD " P "dead"), 0);
    assert_int_equal(t_redis_int(r, "ZCARD " P "later"), 0);
}

/* Unlike what the job itself does to its connection. */
static void test_who_kills_its_backend_is_given_up(void **state)
{
    (void)state;
    va_job_t job = {.id = VA_STR("j"),
                    .type = VA_STR("test.sql_kills"),
                    .org = VA_STR(A),
                    .lane = VA_STR("l"),
                    .enqueued_ms = wk_now_ms()};
    setenv("VA_MAX_ATTEMPTS", "2", 1);
    t_program_start(&program);
    t_push_job(r, WK_DEFAULT, &job);
    comes("ZCARD " P "dead", 1);
    assert_int_equal(runs("j"), 2);
}

/* Who is refused for that has to wait, and is no reason to end what runs. */
static void test_redis_has_no_room_for_another_client(void **state)
{
    (void)state;
    pid_t jobs = the_child("jobs");
    t_redis(r, a, "CONFIG SET maxclients 1");
    t_kill(jobs, SIGKILL);
    logs("max number of clients");
    assert_int_equal(kill(program.pid, 0), 0);
    t_redis(r, a, "CONFIG SET maxclients 10000");
    push(WK_DEFAULT, "j", "test.echo", "");
    comes("HGET test:runs j", 1);
    assert_int_equal(t_program_logged(&program, "refused to start"), 0);
}

/* ---------------------------------------------------------------- the end */

static void test_sigterm_lets_jobs_finish(void **state)
{
    (void)state;
    setenv("VA_DRAIN_MS", "60000", 1);
    t_program_start(&program);
    push_held("j");
    comes("HGET test:runs j", 1);
    pid_t jobs = the_child("jobs"), scheduler = the_child("scheduler");
    t_kill(program.pid, SIGTERM);
    logs("\"message\":\"draining\"");
    t_let_go("j");
    assert_int_equal(t_program_stop(&program, LONG_MS), 0);
    program.pid = 0;
    assert_int_equal(t_redis_int(r, "EXISTS " P "job:j"), 0);
    assert_true(is_gone(&jobs));
    assert_true(is_gone(&scheduler));
    assert_int_equal(t_redis_int(r, "ZCARD va:alive"), 0);
    assert_int_equal(t_redis_int(r, "EXISTS va:leader:scheduler"), 0);
}

static void test_what_does_not_finish_goes_back_uncounted(void **state)
{
    (void)state;
    t_program_stop(&program, LONG_MS);
    setenv("VA_DRAIN_MS", "100", 1);
    t_program_start(&program);
    push(WK_DEFAULT, "slow", "test.sleep", "30000");
    push(WK_DEFAULT, "query", "test.sql_sleep", "30000");
    comes("HLEN test:runs", 2);
    assert_int_equal(t_program_stop(&program, LONG_MS), 0);
    program.pid = 0;
    assert_int_equal(t_redis_int(r, "LLEN " P "ready:lane"), 2);
    assert_int_equal(t_redis_int(r, "HGET " P "job:slow attempt"), 0);
    assert_int_equal(t_redis_int(r, "HGET " P "job:slow stalls"), 0);
    assert_int_equal(t_redis_int(r, "HGET " P "job:query attempt"), 0);
}

static void test_children_follow_their_supervisor(void **state)
{
    (void)state;
    setenv("VA_DRAIN_MS", "60000", 1);
    t_program_start(&program);
    push_held("j");
    comes("HGET test:runs j", 1);
    pid_t jobs = the_child("jobs"), scheduler = the_child("scheduler");
    t_end(program.pid);
    program.pid = 0;
    assert_true(t_until(is_gone, &scheduler, LONG_MS));
    logs("\"message\":\"draining\"");
    assert_false(is_gone(&jobs));
    t_let_go("j");
    assert_true(t_until(is_gone, &jobs, LONG_MS));
    assert_int_equal(t_redis_int(r, "EXISTS " P "job:j"), 0); /* it was let finish */
}

static void starts_only(const char *part, const char *with, const char *without)
{
    pid_t pids[16];
    t_program_start_part(&program, part);
    the_child(with);
    assert_int_equal(t_program_children(&program, without, pids, 16), 0);
}

static void test_jobs_and_calls_may_be_parts(void **state)
{
    (void)state;
    setenv("VA_VOICE_PROCESSES", "1", 1);
    push(WK_DEFAULT, "j", "test.echo", "");
    starts_only("voice", "voice", "scheduler");
    assert_int_equal(t_redis_int(r, "LLEN " P "in"), 1); /* nobody does jobs */
    pid_t old = the_child("voice");
    t_kill(program.pid, SIGHUP);
    assert_true(t_until(is_gone, &old, LONG_MS));
    assert_int_not_equal(the_child("voice"), old);
    assert_int_equal(t_program_stop(&program, LONG_MS), 0);

    starts_only("jobs", "jobs", "voice");
    the_child("scheduler");
    comes("HGET test:runs j", 1);
    comes("EXISTS " P "job:j", 0);
    assert_int_equal(t_program_stop(&program, LONG_MS), 0);
    program.pid = 0;
}

static void test_sighup_starts_a_new_generation(void **state)
{
    (void)state;
    setenv("VA_DRAIN_MS", "60000", 1);
    t_program_start(&program);
    push_held("j");
    comes("HGET test:runs j", 1);
    pid_t old = the_child("jobs");
    t_kill(program.pid, SIGHUP);
    family_t both = {.role = "jobs", .n = 2};
    assert_true(t_until(children_are, &both, LONG_MS));
    push(WK_DEFAULT, "k", "test.echo", "");
    comes("HGET test:runs k", 1);
    assert_int_equal(runs("j"), 1);
    t_let_go("j");
    assert_int_not_equal(the_child("jobs"), old);
    assert_int_equal(t_redis_int(r, "EXISTS " P "job:j"), 0);
    assert_int_equal(runs("j"), 1);
    assert_int_equal(t_program_stop(&program, LONG_MS), 0);
    program.pid = 0;
}

/* What the environment does not set. */
static void write_settings(const char *path, const char *log, const char *more)
{
    FILE *f = fopen(path, "we");
    assert_non_null(f);
    fprintf(f, "[log]\nfile = %s\n%s\n", log, more);
    assert_int_equal(fclose(f), 0);
}

static void sighup_is_refused(const char *because)
{
    t_kill(program.pid, SIGHUP);
    logs(because);
    assert_true(t_program_logged(&program, "configuration not taken") > 0);
}

static void test_sighup_takes_no_bad_settings(void **state)
{
    static const struct {
        const char *settings, *because;
    } bad[] = {
        {"[worker]\nthreads = many", "threads: must be a number"},
        {"[signup]\nplan = GOLD", "VA_SIGNUP_PLAN is not"},
        {"[worker]\nmessages_dir = " T_BROKEN, "not JSON"},
        {"[voice]\nprocesses = 1\nca_file = /nowhere/ca.pem", "VA_CA_FILE cannot be read"},
        {"[voice]\nprocesses = 1\nlisten = /nowhere/sockets", "/nowhere/sockets"},
    };
    char path[300];
    (void)state;
    snprintf(path, sizeof(path), "%s/worker.conf", t_folder());
    snprintf(program.log, sizeof(program.log), "%s/sighup.jsonl", t_folder());
    unsetenv("VA_LOG_FILE");
    unsetenv("VA_THREADS");
    unsetenv("VA_VOICE_LISTEN");
    write_settings(path, program.log, "");
    program.pid =
        t_spawn("worker", (const char *const[]){t_worker_program(), "-c", path, "run", NULL});
    pid_t old = the_child("jobs");

    for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
        write_settings(path, program.log, bad[i].settings);
        sighup_is_refused(bad[i].because);
    }
    write_settings(path, "/nowhere/worker.jsonl", "");
    sighup_is_refused("/nowhere/worker.jsonl");
    push(WK_DEFAULT, "j", "test.echo", "");
    comes("HGET test:runs j", 1);
    assert_int_equal(the_child("jobs"), old);

    write_settings(path, program.log, "");
    t_kill(program.pid, SIGHUP);
    assert_true(t_until(is_gone, &old, LONG_MS));
    the_child("jobs");
    assert_int_equal(t_program_stop(&program, LONG_MS), 0);
    program.pid = 0;
}

/* At once, as a package manager does it. */
static void install(const char *from, const char *at)
{
    char command[800];
    snprintf(command, sizeof(command),
             "cp '%s' '%s.new' && chmod 755 '%s.new' && mv '%s.new' '%s'", from, at, at, at,
             at);
    const char *const argv[] = {"sh", "-c", command, NULL};
    int status;
    assert_true(t_wait(t_spawn("install", argv), LONG_MS, &status));
    assert_int_equal(status, 0);
}

static void write_text(const char *path, const char *text)
{
    FILE *f = fopen(path, "we");
    assert_non_null(f);
    fputs(text, f);
    assert_int_equal(fclose(f), 0);
}

/* Half of an upgrade: the new program lacks one of its libraries, say. */
static void test_sighup_takes_no_program_that_does_not_begin(void **state)
{
    char path[300], broken[300];
    (void)state;
    snprintf(path, sizeof(path), "%s/installed", t_folder());
    snprintf(broken, sizeof(broken), "%s/broken", t_folder());
    write_text(broken, "#!/bin/sh\nexit 127\n");
    install(t_worker_program(), path);
    snprintf(program.log, sizeof(program.log), "%s/upgrade.jsonl", t_folder());
    setenv("VA_LOG_FILE", program.log, 1);
    program.pid = t_spawn("worker", (const char *const[]){path, "run", NULL});
    pid_t old = the_child("jobs");

    install(broken, path);
    t_kill(program.pid, SIGHUP);
    logs("program not taken");
    push(WK_DEFAULT, "j", "test.echo", "");
    comes("HGET test:runs j", 1);
    assert_int_equal(the_child("jobs"), old);

    install(t_worker_program(), path);
    t_kill(program.pid, SIGHUP);
    assert_true(t_until(is_gone, &old, LONG_MS));
    the_child("jobs");
    assert_int_equal(t_program_stop(&program, LONG_MS), 0);
    program.pid = 0;
}

static bool logged_giving_up(void *arg)
{
    (void)arg;
    return t_program_logged(&program, "job given up") > 0;
}

/* Each process opens its log when the signal has reached it: what it logs before is in the old.
 */
static void test_logs_are_opened_again(void **state)
{
    char moved[300], id[8];
    struct stat s;
    (void)state;
    logs("Redis and Postgres answer");
    snprintf(moved, sizeof(moved), "%s.1", program.log);
    assert_int_equal(rename(program.log, moved), 0);
    t_kill(program.pid, SIGUSR1);
    for (int i = 0; i < 100 && !logged_giving_up(NULL); i++) {
        snprintf(id, sizeof(id), "j%d", i);
        push(WK_DEFAULT, id, "test.give_up", "");
        (void)t_until(logged_giving_up, NULL, 500);
    }
    assert_true(logged_giving_up(NULL));
    assert_int_equal(stat(moved, &s), 0);
}

static void test_a_dead_child_is_replaced(void **state)
{
    (void)state;
    for (int i = 0; i < 3; i++) {
        pid_t jobs = the_child("jobs"), scheduler = the_child("scheduler");
        t_kill(jobs, SIGKILL);
        t_kill(scheduler, SIGKILL);
        assert_true(t_until(is_gone, &jobs, LONG_MS));
        assert_true(t_until(is_gone, &scheduler, LONG_MS));
    }
    push(WK_DEFAULT, "j", "test.echo", "");
    comes("HGET test:runs j", 1);
}

static void test_a_program_that_only_dies_is_given_up(void **state)
{
    int status;
    (void)state;
    setenv("VA_CRASH_AT", "redis.before", 1);
    setenv("VA_WORKERS", "4", 1);
    /* The layout is looked at with plain commands, scripts come after. */
    t_program_start(&program);
    assert_true(t_wait(program.pid, LONG_MS, &status));
    program.pid = 0;
    assert_true(WIFEXITED(status));
    assert_int_equal(WEXITSTATUS(status), 1);
    assert_true(t_program_logged(&program, "giving up") > 0);
}

static void test_another_layout_is_refused(void **state)
{
    int status;
    (void)state;
    t_redis(r, a, "SET va:schema 99");
    t_program_start(&program);
    assert_true(t_wait(program.pid, LONG_MS, &status));
    program.pid = 0;
    assert_int_equal(WEXITSTATUS(status), WK_EXIT_CONFIG);
    assert_int_equal(t_redis_int(r, "GET va:schema"), 99);
}

static void test_bad_settings_are_refused(void **state)
{
    int status;
    (void)state;
    setenv("JWT_SECRET", "short", 1);
    t_program_start(&program);
    assert_true(t_wait(program.pid, LONG_MS, &status));
    assert_int_equal(WEXITSTATUS(status), WK_EXIT_CONFIG);
    t_program_defaults(&redis, &postgres);
    setenv("VA_MESSAGES_DIR", T_BROKEN, 1);
    t_program_start(&program);
    assert_true(t_wait(program.pid, LONG_MS, &status));
    program.pid = 0;
    unsetenv("VA_MESSAGES_DIR");
    assert_int_equal(WEXITSTATUS(status), WK_EXIT_CONFIG);
}

/* ---------------------------------------------------------------- health */

static void test_a_worker_tells_what_it_encrypts_with(void **state)
{
    char command[128];
    (void)state;
    setenv("ENCRYPTION_KEY", "k7:BwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwc=", 1);
    t_program_start(&program);
    comes("ZCARD va:alive", 1);
    unsetenv("ENCRYPTION_KEY");
    redisReply *worker = t_redis(r, a, "ZRANGE va:alive 0 -1");
    snprintf(command, sizeof(command), "HGET va:alive:%s key", worker->element[0]->str);
    assert_string_equal(t_redis(r, a, "%s", command)->str, "k7");
}

static void test_ready_says_that_postgres_answers(void **state)
{
    long long none = 0, one = 1;
    (void)state;
    assert_true(t_until(ready_is, &one, LONG_MS));
    t_postgres_stop(&postgres);
    assert_true(t_until(ready_is, &none, LONG_MS));
    t_postgres_restart(&postgres);
    assert_true(t_until(ready_is, &one, LONG_MS));
}

static void test_the_scheduler_drains_what_was_left(void **state)
{
    (void)state;
    t_sql_value(&postgres,
                "INSERT INTO voiceagent.outbox (organization_id, kind, type, created_at)"
                " VALUES ('" A "', 'event', 'sms_sent', now() - interval '1 minute')");
    comes("XLEN va:events:{" A "}", 1);
    number_t gone = {"HGET va:metrics voiceagent_outbox_leftovers_total", 1};
    assert_true(t_until(number_is, &gone, LONG_MS));
    assert_string_equal(t_sql_value(&postgres, "SELECT count(*) FROM voiceagent.outbox"), "0");
}

/* What nobody has settled in time is looked after. */
static void test_effects_that_were_left_are_settled(void **state)
{
    (void)state;
    t_sql_value(&postgres,
                "INSERT INTO voiceagent.effects (organization_id, kind, key, settle_at)"
                " VALUES ('" A "', 'sms', 'left', now())");
    comes("EXISTS va:{bulk}:seen:effects.settle:" A, 1);
    t_sql_value(&postgres, "DELETE FROM voiceagent.effects");
}

/* A sign-up that nobody came back to is undone. */
static void test_sign_ups_that_were_left_are_undone(void **state)
{
    (void)state;
    t_sql_value(&postgres, "INSERT INTO voiceagent.organizations"
                           "    (id, name, slug, is_active, provisioning_state,"
                           "     provisioning_until)"
                           " VALUES ('" LEFT "', 'Left', 'left', false, 'pending',"
                           "         now() - interval '6 minutes')");
    comes("EXISTS va:{bulk}:seen:registrations.undo:" LEFT, 1);
    t_sql_value(&postgres, "DELETE FROM voiceagent.organizations WHERE id = '" LEFT "'");
}

/* This program does not know the sweep's type, and buries it as soon as it may run. */
static void test_retention_does_not_wait_for_what_the_shop_sends(void **state)
{
    (void)state;
    t_redis(r, a, "SET va:{bulk}:serial:" A " reminders.send-1");
    t_program_start(&program);
    comes("ZCARD va:{bulk}:later", 1); /* a type that is none of the tests' */
    assert_int_equal(t_redis_int(r, "EXISTS va:{bulk}:parked:" A), 0);
}

static void test_threads_have_their_queues(void **state)
{
    (void)state;
    for (int n = 4; n <= 32; n++) {
        int realtime_only = 0, default_only = 0, bulk = 0, bulk_first = 0, any_default = 0;
        for (int i = 0; i < n; i++) {
            wk_queue_t order[WK_QUEUES];
            size_t k = wk_thread_queues(i, n, order);
            bool has_bulk = false, has_default = false;
            for (size_t q = 0; q < k; q++) {
                has_bulk = has_bulk || order[q] == WK_BULK;
                has_default = has_default || order[q] == WK_DEFAULT;
            }
            realtime_only += k == 1 && order[0] == WK_REALTIME;
            default_only += k == 1 && order[0] == WK_DEFAULT;
            bulk += has_bulk;
            any_default += has_default;
            bulk_first += order[0] == WK_BULK;
        }
        assert_true(realtime_only >= 2);
        assert_int_equal(default_only, 1);
        assert_true(any_default >= 2);
        assert_true(bulk >= 1 && bulk <= n / 2);
        assert_int_equal(bulk_first, 1);
    }
}

/* Since when a statement of the scheduler waits for the lock; "" while none does. */
static const char *waits_since(void)
{
    return t_sql_value(&postgres, "SELECT coalesce(max(xact_start)::text, '')"
                                  "  FROM pg_stat_activity"
                                  " WHERE application_name = 'voiceagent-scheduler'"
                                  "   AND wait_event_type = 'Lock'");
}

static bool waits(void *arg)
{
    (void)arg;
    return *waits_since() != '\0';
}

/* Its call is taken on while the scheduler waits for the one and the same answer. */
static void test_a_silent_voice_process_is_noticed_while_postgres_hangs(void **state)
{
    char since[64];
    (void)state;
    PGconn *locker = PQconnectdb(postgres.super_url);
    PQclear(PQexec(locker, "BEGIN; LOCK TABLE voiceagent.outbox"));
    assert_true(t_until(waits, NULL, LONG_MS));
    snprintf(since, sizeof(since), "%s", waits_since());
    t_redis(r, a, "HSET va:call:{CA1} owner p1 status live organization " A " epoch 1");
    t_redis(r, a, "ZADD va:voice:calls:p1 1 CA1");
    t_redis(r, a, "ZADD va:voice:leases 1 p1");
    comes("EXISTS va:{realtime}:job:redirect-CA1-2", 1);
    assert_string_equal(waits_since(), since);
    PQfinish(locker);
}

#define IDLE(name)         cmocka_unit_test_setup_teardown(name, setup, teardown)
#define TEST(name)         cmocka_unit_test_setup_teardown(name, setup_running, teardown)
#define SHORT_LEASES(name) cmocka_unit_test_setup_teardown(name, setup_short_leases, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        IDLE(test_threads_have_their_queues),
        TEST(test_the_reply_reaches_who_waits),
        TEST(test_a_reply_that_is_too_large_becomes_an_error),
        TEST(test_every_queue_is_served),
        IDLE(test_bulk_gives_way_while_somebody_asks),
        TEST(test_a_late_read_is_dropped_and_a_late_effect_is_not),
        TEST(test_a_failed_job_is_tried_again_and_then_buried),
        TEST(test_what_nobody_can_read_is_buried),
        TEST(test_a_type_nobody_knows_yet_waits_for_a_day),
        TEST(test_a_read_past_its_deadline_is_stopped_in_postgres),
        TEST(test_counters_are_sent),
        SHORT_LEASES(test_a_job_outlives_its_worker),
        SHORT_LEASES(test_a_long_job_keeps_its_lease),
        SHORT_LEASES(test_poison_is_buried_and_the_others_are_done),
        SHORT_LEASES(test_a_frozen_worker_loses_its_job),
        SHORT_LEASES(test_a_lease_that_cannot_be_renewed_ends_the_work),
        TEST(test_redis_restarts),
        IDLE(test_postgres_is_away_for_longer_than_a_job_is_tried),
        IDLE(test_who_kills_its_backend_is_given_up),
        TEST(test_redis_has_no_room_for_another_client),
        IDLE(test_sigterm_lets_jobs_finish),
        TEST(test_what_does_not_finish_goes_back_uncounted),
        IDLE(test_children_follow_their_supervisor),
        cmocka_unit_test_setup_teardown(test_jobs_and_calls_may_be_parts, setup, teardown),
        IDLE(test_sighup_starts_a_new_generation),
        IDLE(test_sighup_takes_no_bad_settings),
        IDLE(test_sighup_takes_no_program_that_does_not_begin),
        TEST(test_logs_are_opened_again),
        TEST(test_a_dead_child_is_replaced),
        IDLE(test_a_program_that_only_dies_is_given_up),
        IDLE(test_another_layout_is_refused),
        IDLE(test_bad_settings_are_refused),
        IDLE(test_a_worker_tells_what_it_encrypts_with),
        TEST(test_ready_says_that_postgres_answers),
        TEST(test_effects_that_were_left_are_settled),
        TEST(test_sign_ups_that_were_left_are_undone),
        TEST(test_the_scheduler_drains_what_was_left),
        TEST(test_a_silent_voice_process_is_noticed_while_postgres_hangs),
        IDLE(test_retention_does_not_wait_for_what_the_shop_sends),
    };
    cmocka_set_message_output(CM_OUTPUT_TAP);
    signal(SIGPIPE, SIG_IGN);
    t_postgres_start(&postgres);
    t_redis_start(&redis, NULL);
    t_sql(&postgres,
          "SET LOCAL app.current_organization_id = '" A "';"
          "INSERT INTO voiceagent.organizations (id, name, slug) VALUES ('" A "', 'A', 'a')");
    r = wk_redis_new(redis.url, 20000);
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    wk_redis_free(r);
    t_redis_stop(&redis);
    t_postgres_stop(&postgres);
    return failed;
}
