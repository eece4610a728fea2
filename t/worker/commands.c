/* The commands of the program, as an operator calls them. */
#include <fcntl.h>
#include <libpq-fe.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "t/worker/lib/fixture.h"
#include "t/worker/lib/program.h"

static t_postgres_t postgres;
static t_redis_t redis;
static wk_redis_t *r;
static wk_arena_t *a;
static char output[65536]; /* of the last command, both streams */
static char sql_dir[200];

static void read_output(const char *path)
{
    FILE *f = fopen(path, "re");
    assert_non_null(f);
    output[fread(output, 1, sizeof(output) - 1, f)] = '\0';
    fclose(f);
}

/* Words without spaces; the exit status. */
static int call(const char *words)
{
    char path[200], text[300], *rest;
    const char *argv[16] = {t_worker_program()};
    int status, n = 1;
    snprintf(text, sizeof(text), "%s", words);
    for (char *w = strtok_r(text, " ", &rest); w != NULL && n < 15;
         w = strtok_r(NULL, " ", &rest)) {
        argv[n++] = w;
    }
    snprintf(path, sizeof(path), "%s/command.log", t_folder());
    unlink(path);
    pid_t pid = t_spawn("command", argv);
    assert_true(t_wait(pid, 60000, &status));
    read_output(path);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static void says(const char *text)
{
    if (strstr(output, text) == NULL) {
        fail_msg("\"%s\" is not in:\n%s", text, output);
    }
}

static void says_not(const char *text)
{
    if (strstr(output, text) != NULL) {
        fail_msg("\"%s\" is in:\n%s", text, output);
    }
}

static int setup(void **state)
{
    (void)state;
    a = wk_arena_new();
    t_redis(r, a, "FLUSHALL");
    t_program_defaults(&redis, &postgres);
    setenv("DATABASE_URL", postgres.owner_url, 1);
    setenv("VA_MESSAGES_DIR", "conf/messages", 1);
    setenv("VA_TEMPLATES_DIR", "conf/agents", 1);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    wk_arena_free(a);
    return 0;
}

/* ---------------------------------------------------------------- usage */

static void test_wrong_calls_are_explained(void **state)
{
    static const char *const wrong[] = {"nonsense",
                                        "-x",
                                        "dead",
                                        "dead eat",
                                        "dead show",
                                        "dead replay",
                                        "dead replay --all x",
                                        "dead list x",
                                        "dead list -q none",
                                        "queue",
                                        "queue eat",
                                        "migrate x",
                                        "migrate --eat",
                                        "check x",
                                        "run x"};
    (void)state;
    for (size_t i = 0; i < sizeof(wrong) / sizeof(*wrong); i++) {
        assert_int_equal(call(wrong[i]), 64);
        says("usage:");
    }
    assert_int_equal(call("--help"), 0);
    says("migrate");
    assert_int_equal(call("version"), 0);
    says("voiceagent-worker ");
    assert_int_equal(call("-c /none queue stats"), 1);
    says("/none");
}

/* ---------------------------------------------------------------- migrate */

static void write_file(const char *name, const char *text)
{
    char path[300];
    snprintf(path, sizeof(path), "%s/%s", sql_dir, name);
    FILE *f = fopen(path, "we");
    assert_non_null(f);
    fputs(text, f);
    fclose(f);
}

/* An empty database, and a folder of migrations of its own. */
static int setup_migrate(void **state)
{
    static char url[128];
    setup(state);
    t_sql_value(&postgres, "DROP DATABASE IF EXISTS empty");
    t_sql_value(&postgres, "CREATE DATABASE empty OWNER owner");
    snprintf(url, sizeof(url), "postgresql://owner@127.0.0.1:%d/empty", postgres.port);
    setenv("DATABASE_URL", url, 1);
    static int n;
    snprintf(sql_dir, sizeof(sql_dir), "%s/sql-%d", t_folder(), ++n);
    assert_int_equal(mkdir(sql_dir, 0777), 0);
    setenv("VA_SQL_DIR", sql_dir, 1);
    write_file(
        "0001_first.sql",
        "CREATE SCHEMA voiceagent; CREATE TABLE voiceagent.schema_migrations (version int"
        " PRIMARY KEY, name text, applied_at timestamptz DEFAULT now(), sha256 text);"
        "CREATE TABLE voiceagent.one (n int);");
    write_file("0002_second.sql", "INSERT INTO voiceagent.one VALUES (1), (2);");
    write_file("README.md", "no migration");
    return 0;
}

static int teardown_migrate(void **state)
{
    setenv("VA_SQL_DIR", "sql", 1);
    return teardown(state);
}

static const char *in_empty(const char *query)
{
    t_postgres_t p = postgres;
    snprintf(p.super_url, sizeof(p.super_url), "postgresql://super@127.0.0.1:%d/empty",
             postgres.port);
    return t_sql_value(&p, query);
}

static void test_migrations_are_applied_once(void **state)
{
    (void)state;
    assert_int_equal(call("migrate --dry-run"), 0);
    says("0001 first: would be applied");
    says("0002 second: would be applied");
    assert_string_equal(
        in_empty("SELECT count(*) FROM pg_namespace WHERE nspname = 'voiceagent'"), "0");
    assert_int_equal(call("migrate"), 0);
    says("0002 second: applied");
    assert_int_equal(call("migrate"), 0);
    says("up to date");
    assert_string_equal(in_empty("SELECT count(*) FROM voiceagent.one"), "2");
    assert_string_equal(in_empty("SELECT string_agg(version || name, ',' ORDER BY version)"
                                 " FROM voiceagent.schema_migrations"),
                        "1first,2second");
    assert_string_equal(
        in_empty("SELECT DISTINCT length(sha256) FROM voiceagent.schema_migrations"), "64");
}

static void test_a_changed_file_is_refused(void **state)
{
    (void)state;
    assert_int_equal(call("migrate"), 0);
    write_file("0002_second.sql", "INSERT INTO voiceagent.one VALUES (3);");
    write_file("0003_third.sql", "INSERT INTO voiceagent.one VALUES (4);");
    assert_int_equal(call("migrate"), 1);
    says("0002_second.sql was changed");
    assert_int_equal(call("migrate --dry-run"), 1);
    assert_string_equal(in_empty("SELECT count(*) FROM voiceagent.one"), "2");
}

static void test_a_failed_migration_leaves_nothing(void **state)
{
    (void)state;
    write_file("0003_third.sql", "INSERT INTO voiceagent.one VALUES (3); SELECT nonsense;");
    assert_int_equal(call("migrate"), 1);
    says("0003");
    says("nonsense");
    assert_string_equal(in_empty("SELECT count(*) FROM voiceagent.one"), "2");
    write_file("0003_third.sql", "INSERT INTO voiceagent.one VALUES (3); COMMIT;");
    assert_int_equal(call("migrate"), 1);
    says("ends the transaction");
    write_file("0003_third.sql", "INSERT INTO voiceagent.one VALUES (3);");
    assert_int_equal(call("migrate"), 0);
}

static void test_versions_come_in_order(void **state)
{
    char path[300];
    (void)state;
    write_file("0004_fourth.sql", "SELECT 1");
    assert_int_equal(call("migrate"), 0);
    write_file("0003_third.sql", "SELECT 1");
    assert_int_equal(call("migrate"), 1);
    says("0003_third.sql has not been applied");
    snprintf(path, sizeof(path), "%s/0003_third.sql", sql_dir);
    unlink(path);
    snprintf(path, sizeof(path), "%s/0004_fourth.sql", sql_dir);
    unlink(path);
    assert_int_equal(call("migrate"), 0);
    says("0004 fourth: applied by a newer version");
    write_file("0002_again.sql", "SELECT 1");
    assert_int_equal(call("migrate"), 1);
    says("two files of version 2");
}

static void test_two_at_once_apply_once(void **state)
{
    pid_t pids[4];
    const char *argv[] = {t_worker_program(), "migrate", NULL};
    (void)state;
    write_file("0002_second.sql",
               "SELECT pg_sleep(0.3); INSERT INTO voiceagent.one VALUES (1);");
    for (int i = 0; i < 4; i++) {
        pids[i] = t_spawn("migrates", argv);
    }
    for (int i = 0; i < 4; i++) {
        int status;
        assert_true(t_wait(pids[i], 60000, &status));
        assert_int_equal(status, 0);
    }
    assert_string_equal(in_empty("SELECT count(*) FROM voiceagent.one"), "1");
}

static bool waits_for_a_table(void *arg)
{
    (void)arg;
    return *in_empty("SELECT 1 FROM pg_locks WHERE relation = 'voiceagent.one'::regclass"
                     "   AND NOT granted") != '\0';
}

/* A backup reads all tables in one long transaction. */
static void test_nobody_stands_still_behind_a_migration(void **state)
{
    char url[128];
    int status;
    const char *argv[] = {t_worker_program(), "migrate", NULL};
    (void)state;
    assert_int_equal(call("migrate"), 0);
    write_file("0003_third.sql", "ALTER TABLE voiceagent.one ADD COLUMN m int;");
    snprintf(url, sizeof(url), "postgresql://super@127.0.0.1:%d/empty", postgres.port);
    PGconn *backup = PQconnectdb(url);
    PQclear(PQexec(backup, "BEGIN; LOCK TABLE voiceagent.one IN ACCESS SHARE MODE"));
    assert_int_equal(PQtransactionStatus(backup), PQTRANS_INTRANS);
    pid_t pid = t_spawn("migrate-waits", argv);
    assert_true(t_until(waits_for_a_table, NULL, 30000));
    assert_string_equal(in_empty("SET statement_timeout = '20s';"
                                 "SELECT count(*) FROM voiceagent.one"),
                        "2");
    assert_true(t_until(waits_for_a_table, NULL, 30000)); /* it has not given up */
    PQfinish(backup);
    assert_true(t_wait(pid, 60000, &status));
    assert_int_equal(status, 0);
    in_empty("SELECT m FROM voiceagent.one");
}

static void test_the_demo_is_loaded_on_request(void **state)
{
    (void)state;
    assert_int_equal(call("migrate --demo"), 1);
    says("demo.sql");
    write_file("demo.sql", "INSERT INTO voiceagent.one VALUES (100);");
    assert_int_equal(call("migrate --demo --dry-run"), 0);
    says("demo: would be loaded");
    assert_int_equal(call("migrate --demo"), 0);
    assert_string_equal(in_empty("SELECT count(*) FROM voiceagent.one WHERE n = 100"), "1");
}

static void test_the_workers_login_gets_its_password(void **state)
{
    char url[160];
    (void)state;
    snprintf(url, sizeof(url), "postgresql://va_app:it%%27s@127.0.0.1:%d/empty", postgres.port);
    setenv("APP_DATABASE_URL", url, 1);
    assert_int_equal(call("migrate"), 0);
    says("va_app: may log in");
    assert_non_null(strstr(t_sql_value(&postgres, "SELECT rolpassword FROM pg_authid"
                                                  " WHERE rolname = 'va_app'"),
                           "SCRAM-SHA-256$"));
    t_sql_value(&postgres, "DROP ROLE IF EXISTS plain");
    t_sql_value(&postgres, "CREATE ROLE plain LOGIN; GRANT owner TO plain WITH ADMIN OPTION;"
                           "REVOKE owner FROM plain");
    t_sql_value(&postgres, "ALTER DATABASE empty OWNER TO plain");
    in_empty("GRANT USAGE ON SCHEMA voiceagent TO plain;"
             "GRANT ALL ON ALL TABLES IN SCHEMA voiceagent TO plain");
    snprintf(url, sizeof(url), "postgresql://plain@127.0.0.1:%d/empty", postgres.port);
    setenv("DATABASE_URL", url, 1);
    assert_int_equal(call("migrate"), 0);
    says("va_app: left as it is");
}

/* The server would be asked for a database of that name, and libpq's error tells it. */
static void test_no_password_is_told(void **state)
{
    static const char *const commands[] = {"migrate", "check", "rotate-keys"};
    char url[160];
    (void)state;
    snprintf(url, sizeof(url), "postgre://owner:hidden@127.0.0.1:%d/empty", postgres.port);
    for (size_t i = 0; i < sizeof(commands) / sizeof(*commands); i++) {
        setenv("DATABASE_URL", url, 1);
        setenv("APP_DATABASE_URL", url, 1);
        assert_int_equal(call(commands[i]), 1);
        says("DATABASE_URL is no address");
        says_not("hidden");
    }
}

/* ---------------------------------------------------------------- check */

static void test_check_finds_nothing_wrong(void **state)
{
    (void)state;
    t_redis(r, a, "CONFIG SET appendfsync always");
    assert_int_equal(call("check"), 0);
    says("ok       Postgres answers");
    says("ok       0 migrations to be applied");
    says("ok       durability full");
    says("ok       1 message catalogues");
    says("templates of agents");
    says("sees one organization at a time");
    says("ok       prepared statements are kept");
    says("0 errors");
    says("warning  Twilio is not configured");
    assert_int_equal(t_redis_int(r, "EXISTS va:schema"), 0); /* it only looks */
}

static void test_check_finds_what_is_wrong(void **state)
{
    char url[160];
    (void)state;
    setenv("VA_MESSAGES_DIR", T_BROKEN, 1);
    t_redis(r, a, "CONFIG SET maxmemory-policy allkeys-lru");
    t_redis(r, a, "SET va:schema 7");
    snprintf(url, sizeof(url), "postgresql://super@127.0.0.1:%d/voiceagent", postgres.port);
    setenv("APP_DATABASE_URL", url, 1);
    setenv("VA_INTERNAL_SECRET", "short", 1);
    setenv("VA_WORKERS", "100", 1);
    setenv("VA_TEMPLATES_DIR", "/nowhere", 1);
    setenv("ENCRYPTION_KEY", "k1:tooshort", 1);
    assert_int_equal(call("check"), 1);
    says("error    Redis holds layout version 7");
    says("error    VA_INTERNAL_SECRET is shorter");
    says("error    ENCRYPTION_KEY");
    says("error    " T_BROKEN "/en.json: not JSON"); /* as at the start */
    says("error    /nowhere: ");
    says("is a superuser");
    says("has BYPASSRLS");
    says("error    this host takes up to 501 connections");
    t_redis(r, a, "DEL va:schema");
    assert_int_equal(call("check"), 1);
    says("error    durability none");
    t_redis(r, a, "CONFIG SET maxmemory-policy noeviction");
    setenv("REDIS_URL", "redis://127.0.0.1:1", 1);
    setenv("APP_DATABASE_URL", "postgresql://x@127.0.0.1:1/x", 1);
    assert_int_equal(call("check"), 1);
    says("Redis at 127.0.0.1:1");
    says("error    Postgres:");
}

/*
 * A table's owner is a role that va_app is a member of. It is none of the migrations', of
 * which the owner is a member himself since PostgreSQL 16.
 */
static int check_with_keeper(const char *inherits)
{
    char text[200];
    snprintf(text, sizeof(text),
             "CREATE ROLE keeper; ALTER TABLE voiceagent.organizations OWNER TO keeper;"
             "ALTER ROLE va_app %s; GRANT keeper TO va_app",
             inherits);
    t_sql_value(&postgres, text);
    int status = call("check");
    t_sql_value(&postgres,
                "ALTER TABLE voiceagent.organizations OWNER TO owner; DROP ROLE keeper;"
                "ALTER ROLE va_app INHERIT");
    return status;
}

static void test_check_finds_a_member_of_the_owner(void **state)
{
    (void)state;
    assert_int_equal(check_with_keeper("INHERIT"), 1);
    says("owns tables, or is a member of their owner");
    assert_int_equal(check_with_keeper("NOINHERIT"), 1); /* SET ROLE is open to it */
    says("owns tables, or is a member of their owner");
}

static void test_check_finds_a_pooler_that_keeps_no_statements(void **state)
{
    char url[160];
    (void)state;
    pid_t pooler = t_pooler_start(&postgres, false, url);
    setenv("APP_DATABASE_URL", url, 1);
    int prepared = call("check");
    says("error    a pooler keeps no prepared statements");
    setenv("VA_PREPARE", "off", 1);
    int unprepared = call("check");
    unsetenv("VA_PREPARE");
    t_end(pooler);
    assert_int_equal(prepared, 1);
    assert_int_equal(unprepared, 0);
}

/* ---------------------------------------------------------------- rotate-keys */

#define KEYS "new:BwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwc="

static void test_keys_rotate_once_all_workers_have_the_new_one(void **state)
{
    (void)state;
    setenv("ENCRYPTION_KEY", KEYS, 1);
    t_redis(r, a, "ZADD va:alive 1 host:1");
    t_redis(r, a, "ZADD va:alive 1 host:2");
    t_redis(r, a, "ZADD va:alive 1 host:gone");
    t_redis(r, a, "HSET va:alive:host:1 version 1 key new");
    t_redis(r, a, "HSET va:alive:host:2 version 1 key old");
    int too_early = call("rotate-keys");
    says("host:2 does not encrypt with new");
    int forced = call("rotate-keys --force");
    t_redis(r, a, "HSET va:alive:host:2 version 1 key new");
    int in_time = call("rotate-keys");
    unsetenv("ENCRYPTION_KEY");
    assert_int_equal(too_early, 1);
    assert_int_equal(forced, 0);
    assert_int_equal(in_time, 0);
    says("0 encrypted anew");
}

/* ---------------------------------------------------------------- dead, queue */

static void bury(wk_queue_t q, const char *id)
{
    wk_lease_t lease;
    bool found, lost;
    wk_queue_limits_t limits = {60000, 0, 3};
    wk_end_t end = {.how = WK_END_BURY, .reason = VA_STR("the reason")};
    t_push(r, q, id, "lane", NULL);
    assert_ok(wk_queue_take(r, &q, 1, &limits, a, &lease, &found, &t_e));
    assert_ok(wk_queue_end(r, &lease, &end, &limits, &lost, &t_e));
    assert_true(found && !lost);
}

static void test_the_dead_are_handled(void **state)
{
    (void)state;
    for (int i = 0; i < 120; i++) {
        char id[16];
        snprintf(id, sizeof(id), "dead%03d", i);
        bury(i % 2 ? WK_BULK : WK_DEFAULT, id);
    }
    assert_int_equal(call("dead list"), 0);
    says("dead000");
    says("dead119");
    says("the reason");
    says("test.nothing");
    assert_int_equal(call("dead list -q bulk"), 0);
    says("dead119");
    assert_null(strstr(output, "dead118"));
    assert_int_equal(call("dead show dead007"), 0);
    says("\"id\":\"dead007\"");
    assert_int_equal(call("dead show dead999"), 1);
    says("no dead job dead999");
    assert_int_equal(call("dead replay dead000 dead001"), 0);
    assert_int_equal(t_redis_int(r, "LLEN va:{default}:in"), 1);
    assert_int_equal(t_redis_int(r, "LLEN va:{bulk}:in"), 1);
    assert_int_equal(call("dead replay dead000"), 1);
    assert_int_equal(call("dead drop dead002"), 0);
    assert_int_equal(t_redis_int(r, "EXISTS va:{default}:job:dead002"), 0);
    assert_int_equal(call("dead replay --all -q default"), 0);
    says("58 jobs");
    assert_int_equal(t_redis_int(r, "ZCARD va:{bulk}:dead"), 59);
    assert_int_equal(call("dead drop --all"), 0);
    says("59 jobs");
    assert_int_equal(t_redis_int(r, "ZCARD va:{bulk}:dead"), 0);
}

static void test_the_queues_are_told(void **state)
{
    (void)state;
    t_push(r, WK_BULK, "j", "l", NULL);
    assert_int_equal(call("queue stats"), 0);
    says("bulk             1        0        0        0        0        0        0");
    says("realtime         0");
    setenv("REDIS_URL", "redis://127.0.0.1:1", 1);
    assert_int_equal(call("queue stats"), 1);
    says("Redis at 127.0.0.1:1");
}

#define TEST(name)    cmocka_unit_test_setup_teardown(name, setup, teardown)
#define MIGRATE(name) cmocka_unit_test_setup_teardown(name, setup_migrate, teardown_migrate)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_wrong_calls_are_explained),
        MIGRATE(test_migrations_are_applied_once),
        MIGRATE(test_a_changed_file_is_refused),
        MIGRATE(test_a_failed_migration_leaves_nothing),
        MIGRATE(test_versions_come_in_order),
        MIGRATE(test_two_at_once_apply_once),
        MIGRATE(test_nobody_stands_still_behind_a_migration),
        MIGRATE(test_the_demo_is_loaded_on_request),
        MIGRATE(test_the_workers_login_gets_its_password),
        TEST(test_no_password_is_told),
        TEST(test_check_finds_nothing_wrong),
        TEST(test_check_finds_what_is_wrong),
        TEST(test_check_finds_a_member_of_the_owner),
        TEST(test_check_finds_a_pooler_that_keeps_no_statements),
        TEST(test_keys_rotate_once_all_workers_have_the_new_one),
        TEST(test_the_dead_are_handled),
        TEST(test_the_queues_are_told),
    };
    cmocka_set_message_output(CM_OUTPUT_TAP);
    signal(SIGPIPE, SIG_IGN);
    t_postgres_start(&postgres);
    t_redis_start(&redis, NULL);
    r = wk_redis_new(redis.url, 20000);
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    wk_redis_free(r);
    t_redis_stop(&redis);
    t_postgres_stop(&postgres);
    return failed;
}
