/* The connection to Redis: pipelines, forgotten scripts, failures, Sentinel. */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "t/worker/lib/fixture.h"

static t_redis_t server;
static wk_redis_t *r;
static wk_arena_t *a;

#define SCRIPT(name, text) static const wk_script_t name = {#name, text, sizeof(text) - 1}

SCRIPT(incr, "return redis.call('INCRBY', KEYS[1], ARGV[1])");
SCRIPT(append_to, "return redis.call('APPEND', KEYS[1], ARGV[1])");
SCRIPT(fails, "redis.call('SET', KEYS[1], 'x') return redis.call('INCR', KEYS[1])");

static int setup(void **state)
{
    (void)state;
    a = wk_arena_new();
    t_redis(r, a, "FLUSHALL");
    t_redis(r, a, "SCRIPT FLUSH");
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    wk_arena_free(a);
    return 0;
}

static bool send(const wk_script_t *script, const char *key, const char *arg)
{
    va_str_t k = va_str_c(key), v = va_str_c(arg);
    return wk_redis_script_append(r, script, &k, 1, &v, 1, &t_e);
}

static long long receive(void)
{
    redisReply *reply = wk_redis_reply(r, &t_e);
    long long n = reply != NULL ? reply->integer : -1;
    freeReplyObject(reply);
    return n;
}

static void test_replies_come_in_order(void **state)
{
    (void)state;
    for (int i = 0; i < 50; i++) {
        assert_ok(send(&incr, "n", "1"));
    }
    for (int i = 1; i <= 50; i++) {
        assert_int_equal(receive(), i);
    }
    assert_int_equal(receive(), -1);
    assert_int_equal(t_e.code, WK_INTERNAL);
}

static void test_arguments_are_copied(void **state)
{
    char key[] = "k", value[] = "5";
    va_str_t k = va_str_c(key), v = va_str_c(value);
    (void)state;
    assert_ok(wk_redis_script_append(r, &incr, &k, 1, &v, 1, &t_e));
    key[0] = 'x';
    value[0] = 'x';
    assert_int_equal(receive(), 5);
    assert_int_equal(t_redis_int(r, "GET k"), 5);
}

static void test_a_forgotten_script_runs_all_the_same(void **state)
{
    (void)state;
    for (int i = 0; i < 3; i++) {
        t_redis(r, a, "SCRIPT FLUSH");
        assert_ok(send(&incr, "n", "1"));
        assert_ok(send(&append_to, "s", "ab"));
        assert_ok(send(&incr, "n", "10"));
        assert_int_equal(receive(), 1 + i * 11);
        assert_int_equal(receive(), 2 * (i + 1));
        assert_int_equal(receive(), 11 + i * 11);
    }
}

/* Known ones are executed before the one that has to be sent again. */
static void test_one_forgotten_script_does_not_mix_the_replies(void **state)
{
    (void)state;
    assert_ok(send(&incr, "n", "1"));
    assert_int_equal(receive(), 1);
    assert_ok(send(&append_to, "s", "abc"));
    assert_ok(send(&incr, "n", "1"));
    assert_ok(send(&incr, "m", "7"));
    assert_int_equal(receive(), 3);
    assert_int_equal(receive(), 2);
    assert_int_equal(receive(), 7);
}

static void test_an_error_is_of_its_script_alone(void **state)
{
    (void)state;
    assert_ok(send(&incr, "n", "1"));
    assert_ok(send(&fails, "f", "1"));
    assert_ok(send(&incr, "n", "1"));
    assert_int_equal(receive(), 1);
    assert_int_equal(receive(), -1);
    assert_int_equal(t_e.code, WK_INTERNAL);
    assert_non_null(strstr(t_e.text, "fails"));
    assert_int_equal(receive(), 2);
}

static void test_no_command_within_a_pipeline(void **state)
{
    va_str_t ping = VA_STR("PING");
    (void)state;
    assert_ok(send(&incr, "n", "1"));
    assert_null(wk_redis_command(r, 0, &ping, 1, &t_e));
    assert_int_equal(t_e.code, WK_INTERNAL);
    assert_int_equal(receive(), 1);
}

static void test_a_lost_connection_loses_the_rest(void **state)
{
    (void)state;
    assert_ok(send(&incr, "n", "1"));
    assert_ok(send(&incr, "n", "1"));
    assert_ok(send(&incr, "n", "1"));
    t_redis_stop(&server);
    assert_int_equal(receive(), -1);
    assert_int_equal(t_e.code, WK_UNAVAILABLE);
    assert_false(send(&incr, "n", "1"));
    assert_int_equal(receive(), -1);
    assert_int_equal(receive(), -1);
    assert_int_equal(t_e.code, WK_UNAVAILABLE);
    assert_false(send(&incr, "n", "1"));
    assert_int_equal(t_e.code, WK_UNAVAILABLE);
    t_redis_restart(&server);
    assert_ok(send(&incr, "n", "1"));
    assert_true(receive() > 0);
}

static void test_a_restart_is_survived(void **state)
{
    va_str_t get[] = {VA_STR("GET"), VA_STR("k")};
    (void)state;
    t_redis(r, a, "SET k 1");
    t_redis(r, a, "CONFIG SET appendfsync always");
    t_redis(r, a, "SET k 2");
    t_redis_stop(&server);
    t_redis_restart(&server);
    /* The first may still find the old connection, and is told so. */
    redisReply *reply = wk_redis_command(r, 0, get, 2, &t_e);
    if (reply == NULL) {
        assert_int_equal(t_e.code, WK_UNAVAILABLE);
        reply = wk_redis_command(r, 0, get, 2, &t_e);
    }
    assert_non_null(reply);
    assert_str(wk_redis_str(reply), "2");
    freeReplyObject(reply);
}

typedef struct {
    wk_redis_t *redis;
    const char *word;
} echo_t;

/* A busy server may be too late as well. */
static bool says_it_again(void *arg)
{
    const echo_t *echo = arg;
    va_str_t argv[] = {VA_STR("ECHO"), va_str_c(echo->word)};
    redisReply *reply = wk_redis_command(echo->redis, 0, argv, 2, &t_e);
    if (reply != NULL) {
        assert_str(wk_redis_str(reply), echo->word);
    }
    freeReplyObject(reply);
    return reply != NULL;
}

static void test_a_silent_server_is_given_up(void **state)
{
    echo_t echo = {wk_redis_new(server.url, 200), "first"};
    (void)state;
    assert_true(t_until(says_it_again, &echo, 20000));
    t_kill(server.pid, SIGSTOP);
    echo.word = "second";
    bool said = says_it_again(&echo);
    t_kill(server.pid, SIGCONT);
    assert_false(said);
    assert_int_equal(t_e.code, WK_UNAVAILABLE);
    echo.word = "third"; /* and not the late reply of before */
    assert_true(t_until(says_it_again, &echo, 20000));
    wk_redis_free(echo.redis);
}

static void test_a_blocking_command_has_its_own_time(void **state)
{
    va_str_t blpop[] = {VA_STR("BLPOP"), VA_STR("none"), VA_STR("0.5")};
    echo_t echo = {wk_redis_new(server.url, 200), "there"};
    (void)state;
    assert_true(t_until(says_it_again, &echo, 20000));
    wk_redis_t *hasty = echo.redis;
    redisReply *reply = wk_redis_command(hasty, 60000, blpop, 3, &t_e);
    assert_non_null(reply);
    assert_int_equal(reply->type, REDIS_REPLY_NIL);
    freeReplyObject(reply);
    wk_redis_free(hasty);
}

static void test_errors_that_pass_are_told_from_others(void **state)
{
    static const struct {
        const char *text;
        wk_code_t code;
    } cases[] = {
        {"OOM command not allowed when used memory > 'maxmemory'.", WK_UNAVAILABLE},
        {"OOM command not allowed when used memory > 'maxmemory'. script: 1a, on "
         "@user_script:1.",
         WK_UNAVAILABLE},
        {"ERR Error running script (call to f_1a): @user_script:1: @user_script: 1: -OOM "
         "command "
         "not allowed when used memory > 'maxmemory'. ",
         WK_UNAVAILABLE}, /* Redis 6.2 */
        {"LOADING Redis is loading the dataset in memory", WK_UNAVAILABLE},
        {"READONLY You can't write against a read only replica.", WK_UNAVAILABLE},
        {"MASTERDOWN Link with MASTER is down", WK_UNAVAILABLE},
        {"NOAUTH Authentication required.", WK_UNAVAILABLE},
        {"NOREPLICAS Not enough good replicas to write.", WK_UNAVAILABLE},
        {"MISCONF Redis is configured to save RDB snapshots", WK_UNAVAILABLE},
        {"UNBLOCKED force unblock from blocking operation, instance state changed",
         WK_UNAVAILABLE},
        {"ERR max number of clients reached", WK_UNAVAILABLE},
        {"ERR unknown command", WK_INTERNAL},
        {"WRONGTYPE Operation against a key", WK_INTERNAL},
        {"ERR Error running script (call to f_1a): @user_script:1: -WRONGTYPE Operation",
         WK_INTERNAL},
    };
    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
        assert_int_equal(wk_redis_error_code(cases[i].text), cases[i].code);
    }
}

static void test_a_replica_refuses_writes_for_now(void **state)
{
    char port[8];
    t_redis_t replica;
    va_str_t set[] = {VA_STR("SET"), VA_STR("k"), VA_STR("v")};
    va_str_t k = VA_STR("n"), v = VA_STR("1");
    (void)state;
    snprintf(port, sizeof(port), "%d", server.port);
    const char *options[] = {"--replicaof", "127.0.0.1", port, NULL};
    t_redis_start(&replica, options);
    wk_redis_t *c = wk_redis_new(replica.url, 20000);
    assert_null(wk_redis_command(c, 0, set, 3, &t_e));
    assert_int_equal(t_e.code, WK_UNAVAILABLE);
    assert_non_null(strstr(t_e.text, "READONLY"));
    assert_null(wk_redis_script(c, &incr, &k, 1, &v, 1, &t_e));
    assert_int_equal(t_e.code, WK_UNAVAILABLE);
    wk_redis_free(c);
    t_redis_stop(&replica);
}

/* Restarted with keys that take longer to load than anybody stands still. */
static void test_a_loading_server_is_away_for_now(void **state)
{
    static const char *const slow[] = {"--key-load-delay", "200000",
                                       "--loading-process-events-interval-bytes", "1024", NULL};
    va_str_t get[] = {VA_STR("GET"), VA_STR("k1")};
    t_redis_t s;
    (void)state;
    t_redis_start(&s, NULL);
    wk_redis_t *c = wk_redis_new(s.url, 5000);
    for (int i = 0; i < 100; i++) {
        t_redis(c, a, "SET k%d %0500d", i, i);
    }
    t_redis(c, a, "CONFIG SET appendonly no");
    t_redis(c, a, "CONFIG SET appendonly yes"); /* writes a base file anew */
    while (strstr(t_redis(c, a, "INFO persistence")->str, "aof_rewrite_in_progress:1") !=
           NULL) {
        usleep(10000);
    }
    t_redis_stop(&s);
    s.options = slow;
    t_redis_restart_unready(&s);
    redisReply *reply;
    for (int i = 0; (reply = wk_redis_command(c, 0, get, 2, &t_e)) == NULL && i < 2000; i++) {
        assert_int_equal(t_e.code, WK_UNAVAILABLE);
        if (strstr(t_e.text, "LOADING") != NULL) {
            break;
        }
        usleep(10000);
    }
    assert_null(reply);
    assert_non_null(strstr(t_e.text, "LOADING"));
    wk_redis_free(c);
    t_redis_stop(&s);
}

static void test_a_password_a_database_and_a_socket(void **state)
{
    char url[300], socket[200];
    t_redis_t s;
    va_str_t ping = VA_STR("PING");
    (void)state;
    snprintf(socket, sizeof(socket), "%s/redis.sock", t_folder());
    const char *options[] = {"--unixsocket", socket,        "--user",  "alice", "on",
                             ">p@ss:w/rd",   "allcommands", "allkeys", NULL};
    t_redis_start(&s, options);
    wk_redis_t *plain = wk_redis_new(s.url, 20000);
    t_redis(plain, a, "SELECT 3");
    t_redis(plain, a, "SET where three");

    snprintf(url, sizeof(url), "redis://alice:p%%40ss%%3aw%%2Frd@127.0.0.1:%d/3", s.port);
    wk_redis_t *c = wk_redis_new(url, 20000);
    assert_str(wk_redis_str(t_redis(c, a, "GET where")), "three");
    assert_str(wk_redis_str(t_redis(c, a, "ACL WHOAMI")), "alice");
    wk_redis_free(c);

    snprintf(url, sizeof(url), "redis://alice:wrong@127.0.0.1:%d", s.port);
    c = wk_redis_new(url, 20000);
    assert_null(wk_redis_command(c, 0, &ping, 1, &t_e));
    assert_int_equal(t_e.code, WK_UNAVAILABLE);
    assert_null(strstr(t_e.text, "wrong@"));
    wk_redis_free(c);

    snprintf(url, sizeof(url), "unix:%s?db=3", socket);
    c = wk_redis_new(url, 20000);
    assert_str(wk_redis_str(t_redis(c, a, "GET where")), "three");
    wk_redis_free(c);
    wk_redis_free(plain);
    t_redis_stop(&s);
}

/* ---------------------------------------------------------------- Sentinel */

static pid_t start_sentinel(int port, int primary_port)
{
    char path[200], number[8];
    snprintf(path, sizeof(path), "%s/sentinel-%d.conf", t_folder(), port);
    snprintf(number, sizeof(number), "%d", port);
    FILE *f = fopen(path, "we");
    assert_non_null(f);
    fprintf(f,
            "dir %s\nsentinel monitor shop 127.0.0.1 %d 1\n"
            "sentinel down-after-milliseconds shop 600000\n"
            "sentinel failover-timeout shop 5000\n",
            t_folder(), primary_port);
    fclose(f);
    return t_spawn("sentinel", (const char *const[]){"redis-server", path, "--sentinel",
                                                     "--port", number, NULL});
}

/* Before, a primary that is silent for a while on a busy machine would have a successor. */
static void hurry(int port)
{
    redisContext *c = redisConnect("127.0.0.1", port);
    redisReply *reply = redisCommand(c, "SENTINEL SET shop down-after-milliseconds 500");
    assert_non_null(reply);
    assert_int_equal(reply->type, REDIS_REPLY_STATUS);
    freeReplyObject(reply);
    redisFree(c);
}

typedef struct {
    wk_redis_t *redis;
    const char *value;
} write_t;

static bool writes(void *arg)
{
    write_t *w = arg;
    va_str_t set[] = {VA_STR("SET"), VA_STR("k"), va_str_c(w->value)};
    redisReply *reply = wk_redis_command(w->redis, 0, set, 3, &t_e);
    freeReplyObject(reply);
    return reply != NULL;
}

static bool knows_replica(void *arg)
{
    redisReply *reply = redisCommand(arg, "SENTINEL replicas shop");
    bool known = reply != NULL && reply->type == REDIS_REPLY_ARRAY && reply->elements == 1 &&
                 strcmp(reply->element[0]->element[9]->str, "slave") == 0;
    freeReplyObject(reply);
    return known;
}

static bool connects(void *arg)
{
    redisContext *c = redisConnect("127.0.0.1", *(int *)arg);
    bool ok = c != NULL && c->err == 0;
    if (c != NULL) {
        redisFree(c);
    }
    return ok;
}

static void test_sentinel_names_the_primary_and_its_successor(void **state)
{
    char port[8], url[200];
    t_redis_t primary, replica;
    (void)state;
    t_redis_start(&primary, NULL);
    snprintf(port, sizeof(port), "%d", primary.port);
    const char *options[] = {"--replicaof", "127.0.0.1", port, NULL};
    t_redis_start(&replica, options);
    int sentinel_port = t_free_port(), dead_port = t_free_port();
    pid_t sentinel = start_sentinel(sentinel_port, primary.port);
    assert_true(t_until(connects, &sentinel_port, 10000));
    redisContext *c = redisConnect("127.0.0.1", sentinel_port);
    assert_true(t_until(knows_replica, c, 20000));
    redisFree(c);

    /* One of the Sentinels is away. */
    snprintf(url, sizeof(url), "redis+sentinel://127.0.0.1:%d,127.0.0.1:%d/shop", dead_port,
             sentinel_port);
    write_t w = {wk_redis_new(url, 2000), "before"};
    assert_true(t_until(writes, &w, 60000));
    wk_redis_t *straight = wk_redis_new(primary.url, 20000);
    assert_str(wk_redis_str(t_redis(straight, a, "GET k")), "before");
    wk_redis_free(straight);

    t_redis_stop(&primary);
    hurry(sentinel_port);
    w.value = "after"; /* a Sentinel that has stood still does nothing for half a minute */
    assert_true(t_until(writes, &w, 180000));
    straight = wk_redis_new(replica.url, 20000);
    assert_str(wk_redis_str(t_redis(straight, a, "GET k")), "after");
    wk_redis_free(straight);
    wk_redis_free(w.redis);

    snprintf(url, sizeof(url), "redis+sentinel://127.0.0.1:%d/unknown", sentinel_port);
    w.redis = wk_redis_new(url, 2000);
    assert_false(writes(&w));
    assert_int_equal(t_e.code, WK_UNAVAILABLE);
    wk_redis_free(w.redis);
    t_end(sentinel);
    t_redis_stop(&replica);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_replies_come_in_order),
        TEST(test_arguments_are_copied),
        TEST(test_a_forgotten_script_runs_all_the_same),
        TEST(test_one_forgotten_script_does_not_mix_the_replies),
        TEST(test_an_error_is_of_its_script_alone),
        TEST(test_no_command_within_a_pipeline),
        TEST(test_a_lost_connection_loses_the_rest),
        TEST(test_a_restart_is_survived),
        TEST(test_a_silent_server_is_given_up),
        TEST(test_a_blocking_command_has_its_own_time),
        TEST(test_errors_that_pass_are_told_from_others),
        TEST(test_a_replica_refuses_writes_for_now),
        TEST(test_a_loading_server_is_away_for_now),
        TEST(test_a_password_a_database_and_a_socket),
        TEST(test_sentinel_names_the_primary_and_its_successor),
    };
    cmocka_set_message_output(CM_OUTPUT_TAP);
    signal(SIGPIPE, SIG_IGN);
    t_redis_start(&server, NULL);
    r = wk_redis_new(server.url, 20000);
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    wk_redis_free(r);
    t_redis_stop(&server);
    return failed;
}
