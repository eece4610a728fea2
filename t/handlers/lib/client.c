#define _GNU_SOURCE
#include "t/handlers/lib/client.h"

#include <crypt.h>
#include <libpq-fe.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "worker/call_state.h"
#include "worker/clock.h"
#include "worker/file.h"

t_postgres_t t_postgres;
t_redis_t t_redis_server;
wk_config_t t_config;
wk_ctx_t t_ctx;

/* ---------------------------------------------------------------- counting hashes */

static atomic_int hashes;

char *__real_crypt_r(const char *phrase, const char *setting, struct crypt_data *data);
char *__wrap_crypt_r(const char *phrase, const char *setting, struct crypt_data *data);

char *__wrap_crypt_r(const char *phrase, const char *setting, struct crypt_data *data)
{
    atomic_fetch_add(&hashes, 1);
    return __real_crypt_r(phrase, setting, data);
}

int t_hashes(void)
{
    return atomic_exchange(&hashes, 0);
}

/* ---------------------------------------------------------------- the log */

static char log_path[256];

static void open_log(void)
{
    snprintf(log_path, sizeof(log_path), "%s/log.jsonl", t_folder());
    wk_log_open(log_path, WK_DEBUG);
}

int t_logged(const char *text)
{
    char line[20000];
    int n = 0;
    FILE *f = fopen(log_path, "re");
    while (f != NULL && fgets(line, sizeof(line), f) != NULL) {
        n += strstr(line, text) != NULL;
    }
    if (f != NULL) {
        fclose(f);
    }
    return n;
}

void t_log_forget(void)
{
    assert_int_equal(truncate(log_path, 0), 0);
}

/* ---------------------------------------------------------------- around the tests */

void t_ctx_open(wk_ctx_t *ctx)
{
    *ctx = (wk_ctx_t){.config = &t_config,
                      .redis = wk_redis_new(t_redis_server.url, 20000),
                      .db = wk_db_new(t_postgres.app_url, true, "test"),
                      .http = wk_http_new(),
                      .arena = wk_arena_new()};
}

void t_ctx_close(wk_ctx_t *ctx)
{
    wk_arena_free(ctx->arena);
    wk_http_free(ctx->http);
    wk_db_free(ctx->db);
    wk_redis_free(ctx->redis);
}

static void load_demo(void)
{
    va_str_t text;
    if (!wk_file_read(t_ctx.arena, "sql/demo.sql", 1 << 20, &text, &t_e)) {
        printf("Bail out! sql/demo.sql: %s\n", t_e.text);
        exit(EXIT_FAILURE);
    }
    t_sql_value(&t_postgres, "ALTER ROLE super SET search_path = voiceagent, public;"
                             "SET search_path = voiceagent, public");
    t_sql_value(&t_postgres, text.data);
}

static wk_config_t *loaded; /* owns the texts of t_config */

static void configure(void)
{
    const char *const settings[][2] = {
        {"REDIS_URL", t_redis_server.url},
        {"APP_DATABASE_URL", t_postgres.app_url},
        {"VA_PUBLIC_URL", "https://agent.example.com"},
        {"JWT_SECRET", "0123456789abcdef0123456789abcdef"},
        {"VA_INTERNAL_SECRET", "fedcba9876543210fedcba9876543210"},
        {"ENCRYPTION_KEY", "k1:MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY="},
        {"VA_PASSWORD_COST", "1"},
        {"VA_MESSAGES_DIR", "conf/messages"},
        {"VA_TEMPLATES_DIR", "conf/agents"},
    };
    for (size_t i = 0; i < sizeof(settings) / sizeof(*settings); i++) {
        setenv(settings[i][0], settings[i][1], 1);
    }
    loaded = wk_config_load(NULL, &t_e);
    if (loaded == NULL) {
        printf("Bail out! configuration: %s\n", t_e.text);
        exit(EXIT_FAILURE);
    }
    t_config = *loaded;
}

void (*t_after_each)(void);

static int after_each(void **state)
{
    (void)state;
    if (t_after_each != NULL) {
        t_after_each();
    }
    wk_arena_reset(t_ctx.arena);
    return 0;
}

int t_client_main(const struct CMUnitTest *tests, size_t n, CMFixtureFunction setup)
{
    struct CMUnitTest all[64];
    if (n > sizeof(all) / sizeof(*all)) {
        printf("Bail out! more than %zu tests\n", sizeof(all) / sizeof(*all));
        return EXIT_FAILURE;
    }
    for (size_t i = 0; i < n; i++) {
        all[i] = tests[i];
        all[i].setup_func = setup;
        all[i].teardown_func = after_each;
    }
    wk_http_global();
    t_redis_start(&t_redis_server, NULL);
    t_postgres_start(&t_postgres);
    configure();
    t_ctx_open(&t_ctx);
    load_demo();
    open_log();
    int failed = _cmocka_run_group_tests("handlers", all, n, NULL, NULL);
    t_ctx_close(&t_ctx);
    wk_config_free(loaded);
    t_postgres_stop(&t_postgres);
    t_redis_stop(&t_redis_server);
    return failed;
}

/* ---------------------------------------------------------------- asking */

static void add_header(va_job_t *job, const char *name, const char *value)
{
    job->headers[job->n_headers++] = (va_header_t){va_str_c(name), va_str_c(value)};
}

static void add_members(va_job_t *job, const t_ask_t *ask)
{
    for (size_t i = 0; i + 1 < 8 && ask->members[i] != NULL; i += 2) {
        job->members[job->n_members++] =
            (va_header_t){va_str_c(ask->members[i]), va_str_c(ask->members[i + 1])};
    }
}

#define OMITTED_SHA256 "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"

static va_str_t document(wk_ctx_t *ctx, const t_ask_t *ask)
{
    static atomic_int n;
    va_header_t headers[8], members[4];
    va_buf_t text;
    va_job_t job = {
        .id = ask->id != NULL ? va_str_c(ask->id)
                              : wk_printf(ctx->arena, "job-%d", atomic_fetch_add(&n, 1)),
        .type = va_str_c(ask->type),
        .org = va_str_c(ask->org),
        .enqueued_ms = wk_now_ms() - ask->age_ms,
        .deadline_ms = ask->deadline_ms != 0 ? ask->deadline_ms : wk_now_ms() + 60000,
        .trace = VA_STR("trace"),
        .auth_scheme = va_str_c(ask->scheme != NULL   ? ask->scheme
                                : ask->claims != NULL ? "jwt"
                                                      : "public"),
        .auth_account = va_str_c(ask->account),
        .auth_claims = va_str_c(ask->claims),
        .http_method = ask->method != NULL ? va_str_c(ask->method)
                       : ask->body != NULL ? VA_STR("POST")
                                           : VA_STR("GET"),
        .http_uri = va_str_c(ask->uri != NULL ? ask->uri : "/"),
        .http_args = va_str_c(ask->args),
        .http_peer = va_str_c(ask->peer != NULL ? ask->peer : "192.0.2.7"),
        .http_connection = va_str_c(ask->connection),
        .headers = headers,
        .body = va_str_c(ask->body),
        .body_omitted = ask->omitted,
        .body_length = ask->omitted ? 300000 : 0,
        .body_sha256 = ask->omitted ? va_str_c(OMITTED_SHA256) : VA_STR_NULL,
        .members = members,
    };
    add_members(&job, ask);
    if (ask->body != NULL) {
        add_header(&job, "content-type",
                   ask->content_type != NULL ? ask->content_type : "application/json");
    }
    add_header(&job, "user-agent", "test");
    for (size_t i = 0; i + 1 < 6 && ask->headers[i] != NULL; i += 2) {
        add_header(&job, ask->headers[i], ask->headers[i + 1]);
    }
    va_buf_init(&text, wk_mem(ctx->arena), 1024);
    assert_int_equal(va_job_write(&text, &job), VA_OK);
    return va_buf_str(&text);
}

static void read_reply(wk_ctx_t *ctx, t_answer_t *answer)
{
    const va_json_limits_t limits = {VA_REPLY_MAX_BYTES, 32, 500000};
    if (answer->end.reply.len == 0) {
        return;
    }
    assert_int_equal(va_reply_parse(wk_mem(ctx->arena), answer->end.reply, &answer->reply),
                     VA_OK);
    answer->status = answer->reply.status;
    answer->type = answer->reply.type;
    answer->body = answer->reply.body;
    if (va_str_eq(answer->type, VA_STR("application/json"))) {
        assert_int_equal(
            va_json_parse(wk_mem(ctx->arena), answer->body, &limits, &answer->json), VA_OK);
    }
}

t_answer_t t_ask_in(wk_ctx_t *ctx, const t_ask_t *ask)
{
    wk_work_t work;
    wk_lease_t lease = {.queue = WK_REALTIME, .attempt = ask->attempt > 0 ? ask->attempt : 1};
    lease.document = document(ctx, ask);
    wk_work_read(&work, ctx->arena, &lease);
    assert_non_null(work.handler);
    lease.id = work.job.id;
    wk_work_run(&work, ctx, &lease);
    t_answer_t answer = {.end = work.end};
    read_reply(ctx, &answer);
    return answer;
}

t_answer_t t_ask(const t_ask_t *ask)
{
    return t_ask_in(&t_ctx, ask);
}

typedef struct {
    const t_ask_t *ask;
    pthread_barrier_t *begin;
    int status;
} request_t;

static void *ask_thread(void *arg)
{
    request_t *r = arg;
    wk_ctx_t own;
    wk_error_t e;
    t_ctx_open(&own);
    wk_db_ping(own.db, &e);
    pthread_barrier_wait(r->begin);
    r->status = t_ask_in(&own, r->ask).status;
    t_ctx_close(&own);
    return NULL;
}

void t_ask_at_once(const t_ask_t *asks, int *status, unsigned n)
{
    request_t requests[T_AT_ONCE];
    pthread_t threads[T_AT_ONCE];
    pthread_barrier_t begin;
    assert_in_range(n, 1, T_AT_ONCE);
    assert_int_equal(pthread_barrier_init(&begin, NULL, n), 0);
    for (unsigned i = 0; i < n; i++) {
        requests[i] = (request_t){.ask = &asks[i], .begin = &begin};
        assert_int_equal(pthread_create(&threads[i], NULL, ask_thread, &requests[i]), 0);
    }
    for (unsigned i = 0; i < n; i++) {
        pthread_join(threads[i], NULL);
        status[i] = requests[i].status;
    }
    pthread_barrier_destroy(&begin);
}

const va_json_t *t_briefing(const char *sid)
{
    bool begun;
    wk_call_state_t s;
    const va_json_t *briefing;
    wk_call_field_t fields[] = {{"organization", VA_STR(DOWNTOWN)},
                                {"engine", VA_STR("realtime")}};
    t_config.openai_api_key = "a key";
    assert_ok(wk_call_state_begin(t_ctx.redis, t_ctx.arena, va_str_c(sid), fields, 2, &s,
                                  &begun, &t_e));
    t_answer_t a =
        t_ask(&(t_ask_t){.type = "media.begin",
                         .org = DOWNTOWN,
                         .scheme = "internal",
                         .body = wk_printf(t_ctx.arena, "{\"call\":\"%s\"}", sid).data});
    assert_status(&a, 200);
    assert_int_equal(
        va_json_parse(wk_mem(t_ctx.arena), a.body, &VA_JSON_LIMITS_DEFAULT, &briefing), VA_OK);
    return briefing;
}

void t_push_ask(const t_ask_t *ask)
{
    bool known;
    va_job_t job;
    wk_arena_t *a = t_ctx.arena;
    assert_int_equal(va_job_parse(wk_mem(a), document(&t_ctx, ask), &job), VA_OK);
    assert_ok(wk_queue_push(t_ctx.redis, WK_REALTIME, &job, 0, a, &known, &t_e));
}

const char *t_claims(const char *user, const char *organization, const char *role)
{
    return wk_printf(
               t_ctx.arena,
               "{\"sub\":\"%s\",\"userId\":\"%s\",\"organizationId\":\"%s\",\"role\":\"%s\","
               "\"exp\":%lld}",
               user, user, organization, role, (long long)(wk_now_ms() / 1000 + 900))
        .data;
}

t_answer_t t_get_as(const char *user, const char *organization, const char *role,
                    const char *type, const char *uri, const char *args)
{
    return t_ask(&(t_ask_t){.type = type,
                            .uri = uri,
                            .args = args,
                            .org = organization,
                            .claims = t_claims(user, organization, role)});
}

t_answer_t t_get(const char *type, const char *uri, const char *args)
{
    return t_get_as(DANA, DOWNTOWN, "admin", type, uri, args);
}

t_answer_t t_put_settings(const char *role, const char *body)
{
    return t_ask(
        &(t_ask_t){.type = "settings.handle",
                   .method = "PUT",
                   .uri = "/api/settings",
                   .body = body,
                   .claims = t_claims(strcmp(role, "admin") == 0 ? DANA : JOHN, DOWNTOWN, role),
                   .org = DOWNTOWN});
}

/* ---------------------------------------------------------------- looking */

const char *t_text(const t_answer_t *answer, const char *pointer)
{
    const va_json_t *value = va_json_pointer(answer->json, va_str_c(pointer));
    va_str_t text = va_json_is(value, VA_JSON_NULL) ? VA_STR("null") : va_json_scalar(value);
    return text.data != NULL ? wk_strdup(t_ctx.arena, text) : "";
}

const char *t_header(const t_answer_t *a, const char *name)
{
    for (size_t i = 0; i < a->reply.n_headers; i++) {
        if (va_str_eq(a->reply.headers[i].name, va_str_c(name))) {
            return wk_strdup(t_ctx.arena, a->reply.headers[i].value);
        }
    }
    return "";
}

int64_t t_number(const t_answer_t *answer, const char *pointer)
{
    int64_t n = INT64_MIN;
    va_json_int(va_json_pointer(answer->json, va_str_c(pointer)), &n);
    return n;
}

size_t t_count(const t_answer_t *answer, const char *pointer)
{
    const va_json_t *value = va_json_pointer(answer->json, va_str_c(pointer));
    assert_true(va_json_is(value, VA_JSON_ARRAY));
    return value->count;
}

const char *t_cookie(const t_answer_t *answer, const char *name)
{
    size_t len = strlen(name);
    for (size_t i = 0; i < answer->reply.n_headers; i++) {
        const va_header_t *h = &answer->reply.headers[i];
        if (va_str_eq(h->name, VA_STR("set-cookie")) && h->value.len > len &&
            memcmp(h->value.data, name, len) == 0 && h->value.data[len] == '=') {
            return wk_strdup(t_ctx.arena,
                             va_str(h->value.data + len + 1, h->value.len - len - 1));
        }
    }
    return "";
}

const char *t_sqlf(const char *format, ...)
{
    char *text;
    va_list args;
    va_start(args, format);
    assert_true(vasprintf(&text, format, args) >= 0);
    va_end(args);
    const char *value = t_sql_value(&t_postgres, text);
    free(text);
    return wk_strdup(t_ctx.arena, va_str_c(value));
}

int64_t t_sqlf_int(const char *format, ...)
{
    char *text;
    va_list args;
    va_start(args, format);
    assert_true(vasprintf(&text, format, args) >= 0);
    va_end(args);
    int64_t n = strtoll(t_sql_value(&t_postgres, text), NULL, 10);
    free(text);
    return n;
}

static va_str_t execution(const wk_sql_t *sql)
{
    va_buf_t text;
    va_buf_init(&text, wk_mem(t_ctx.arena), 256);
    va_buf_add_c(&text, "EXPLAIN EXECUTE asked");
    for (int i = 0; i < sql->n_params; i++) {
        va_buf_add_c(&text, i == 0 ? "(NULL" : ", NULL");
    }
    va_buf_add_c(&text, sql->n_params > 0 ? ")" : "");
    return va_buf_str(&text);
}

void t_index_answers(const wk_sql_t *sql, const char *condition)
{
    bool found = false;
    PGconn *db = PQconnectdb(t_postgres.super_url);
    PQclear(PQexec(db, "SET search_path = voiceagent, public; SET ROLE va_app;"
                       "SET plan_cache_mode = force_generic_plan;"
                       "SET app.current_organization_id = '" DOWNTOWN "'"));
    PQclear(PQexec(db, wk_printf(t_ctx.arena, "PREPARE asked AS %s", sql->text).data));
    PGresult *plan = PQexec(db, wk_strdup(t_ctx.arena, execution(sql)));
    assert_int_equal(PQresultStatus(plan), PGRES_TUPLES_OK);
    for (int i = 0; i < PQntuples(plan); i++) {
        const char *line = PQgetvalue(plan, i, 0);
        found |= strstr(line, "Index Cond") != NULL && strstr(line, condition) != NULL;
    }
    PQclear(plan);
    PQfinish(db);
    assert_true(found);
}
